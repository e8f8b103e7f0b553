"""Structured pruning: smaller models compute what the masked ones did, whatever they are made of."""

import copy
import time

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import functional as F
from tinytorch.language import GPT, GPTConfig
from tinytorch.systems import (
    finish_pruning,
    load_compressed,
    model_nbytes,
    prune,
    prune_channels,
    save_compressed,
    shrink,
    sparsity,
)
from tinytorch.vision import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv1d,
    Conv2d,
    MaxPool2d,
)
from tinytorch.vision.functional import max_pool2d


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def difference(a, b, x):
    with tt.no_grad():
        return (a(x) - b(x)).abs().max().item()


class Functional(tt.Module):
    """Layers registered in another order than they run, and functions in between."""

    def __init__(self):
        super().__init__()
        self.last = tt.Linear(24 * 4, 3)
        self.second = Conv2d(8, 24, 3, padding=1)
        self.first = Conv2d(1, 8, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.first(x))
        x = F.gelu(self.second(x)).clamp(-0.1, 2.0)
        return self.last(max_pool2d(x, 4).flatten(1))


class Residual(tt.Module):
    """Only what is inside the branch can go; what is added to the input can't."""

    def __init__(self):
        super().__init__()
        self.wide, self.narrow, self.head = tt.Linear(6, 32), tt.Linear(32, 6), tt.Linear(6, 2)

    def forward(self, x):
        return self.head(x + self.narrow(F.silu(self.wide(x))))


class TwoHeads(tt.Module):
    """One layer is read by two."""

    def __init__(self):
        super().__init__()
        self.body, self.left, self.right = tt.Linear(5, 12), tt.Linear(12, 2), tt.Linear(12, 3, bias=False)

    def forward(self, x):
        h = self.body(x).tanh()
        return tt.cat([self.left(h), self.right(h)], dim=-1)


def cnn():
    return tt.Sequential(
        tt.Sequential(Conv2d(1, 8, 3, padding=1, bias=False), BatchNorm2d(8), tt.ReLU(), MaxPool2d(2)),
        tt.Sequential(Conv2d(8, 16, 3, padding=1), tt.ReLU(), AvgPool2d(2), tt.Dropout(0.3)),
        tt.Flatten(),
        tt.Linear(64, 10),
    )


def depthwise():
    return tt.Sequential(
        *(Conv2d(1, 8, 1), BatchNorm2d(8), tt.ReLU(), Conv2d(8, 8, 3, padding=1, groups=8), tt.ReLU()),
        *(Conv2d(8, 16, 1), tt.ReLU(), AdaptiveAvgPool2d(1), tt.Flatten(), tt.Linear(16, 3)),
    )


IMAGES, ROWS = (6, 1, 8, 8), (6, 6)
MODELS = {
    "mlp": (
        lambda: tt.Sequential(tt.Linear(6, 32), tt.ReLU(), tt.Linear(32, 16), tt.GELU(), tt.Linear(16, 4)),
        ROWS,
    ),
    "sigmoid": (lambda: tt.Sequential(tt.Linear(6, 8), tt.Sigmoid(), tt.Linear(8, 4, bias=False)), ROWS),
    "batch norm": (lambda: tt.Sequential(tt.Linear(6, 8), BatchNorm1d(8), tt.ReLU(), tt.Linear(8, 4)), ROWS),
    "cnn": (cnn, IMAGES),
    "depthwise": (depthwise, IMAGES),
    "functional": (Functional, IMAGES),
    "residual": (Residual, ROWS),
    "two heads": (TwoHeads, (6, 5)),
    "lines": (lambda: tt.Sequential(Conv1d(2, 8, 3), tt.ReLU(), tt.Flatten(), tt.Linear(48, 2)), (4, 2, 8)),
}


def used(name, seed=0):
    """Return a model whose batch norms have seen something, and an input."""
    tt.manual_seed(seed)
    make, shape = MODELS[name]
    model, x = make(), tt.randn(*shape)
    with tt.no_grad():
        for _ in range(3):
            model(x)
    return model, x


@pytest.mark.parametrize("name", MODELS)
def test_the_small_model_computes_what_the_masked_one_does(name):
    model, x = used(name)
    full = parameters(model)
    assert prune_channels(model, 0.5, x) is model
    model.eval()
    masked = model(x)
    small = shrink(model, x)
    assert parameters(small) < 0.75 * full
    assert not prune.is_pruned(small)
    assert prune.is_pruned(model)
    assert difference(model, small, tt.randn(*x.shape)) < 1e-5
    assert np.array_equal(model(x).detach().numpy(), masked.detach().numpy()), "the given model changed"
    small.train()  # and it can be trained
    small(x).square().sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in small.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_masks_hold_while_the_channels_are_trained(name):
    model, x = used(name)
    prune_channels(model, 0.4, x)
    before = sparsity(model)
    optimizer = tt.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model.train()(x).square().mean().backward()
        optimizer.step()
    assert sparsity(model) == before
    assert difference(model.eval(), shrink(model, x), x) < 1e-5


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bias": False, "norm": "rms", "mlp": "relu", "rotary": True},
        {"mlp": "swiglu", "n_kv_head": 2, "dropout": 0.1},
        {"mlp": "silu", "norm_first": False, "tie_weights": False},
    ],
)
def test_gpt_loses_heads_and_hidden_features(options):
    tt.manual_seed(0)
    model = GPT(GPTConfig(16, 50, 2, 4, 32, **options)).eval()
    with tt.no_grad():
        for p in model.parameters():
            p.add_(tt.randn(*p.shape) * 0.05)  # biases aren't zero any more
    full, ids = parameters(model), tt.randint(0, 50, (2, 12))
    prune_channels(model, 0.5)
    small = shrink(model)
    assert parameters(small) < 0.66 * full
    assert difference(model, small, ids) < 1e-5
    for block in small.transformer["h"]:
        assert block.attn.num_heads == 2
    written = model.generate([1, 2, 3], 6, temperature=0).tolist()
    for use_cache in (False, True):
        assert small.generate([1, 2, 3], 6, temperature=0, use_cache=use_cache).tolist() == written


def test_heads_have_a_share_of_their_own():
    tt.manual_seed(0)
    model = GPT(GPTConfig(8, 20, 1, 4, 32))
    small = shrink(prune_channels(model, 0.75, heads=0))
    block = small.transformer["h"][0]
    assert (block.attn.num_heads, block.mlp.c_fc.out_features) == (4, 32)


def test_each_layer_keeps_a_channel():
    model, x = used("mlp")
    small = shrink(prune_channels(model, 0.99))
    assert [layer.out_features for layer in small if isinstance(layer, tt.Linear)] == [1, 1, 4]
    assert difference(model, small, x) < 1e-5


def test_zeros_need_no_masks_and_constants_move_into_the_bias():
    """Weights alone are zero, as after `ln_structured`: the channel is its bias, bent, for every input."""
    tt.manual_seed(0)
    model = tt.Sequential(tt.Linear(6, 8), tt.Sigmoid(), tt.Linear(8, 3, bias=False))
    prune.ln_structured(model[0], "weight", 0.5, n=2, dim=0)
    finish_pruning(model)
    small = shrink(model)
    assert small[0].out_features == 4
    assert small[2].bias is not None
    assert difference(model, small, tt.randn(5, 6)) < 1e-6
    convolutions = tt.Sequential(Conv2d(1, 4, 3), tt.Sigmoid(), Conv2d(4, 2, 3), tt.Flatten())
    x = tt.randn(2, 1, 7, 7)
    prune.ln_structured(convolutions[0], "weight", 0.5, n=2, dim=0)
    small = shrink(convolutions, x)
    assert small[2].in_channels == 2
    assert difference(convolutions, small, x) < 1e-6


def test_constants_move_through_layers_that_lose_channels_themselves():
    tt.manual_seed(0)
    model = tt.Sequential(
        *(
            tt.Linear(5, 8),
            tt.Sigmoid(),
            tt.Linear(8, 6, bias=False),
            tt.Sigmoid(),
            tt.Linear(6, 3, bias=False),
        )
    )
    for layer in (model[0], model[2]):
        prune.ln_structured(layer, "weight", 0.5, n=2, dim=0)
    small = shrink(model)
    assert [small[i].bias.shape for i in (0, 2, 4)] == [(4,), (3,), (3,)]
    assert difference(model, small, tt.randn(5, 5)) < 1e-6


def test_a_constant_at_a_padded_edge_is_refused():
    model = tt.Sequential(Conv2d(1, 4, 3, padding=1), tt.ReLU(), Conv2d(4, 2, 3, padding=1))
    with tt.no_grad():
        model[0].bias.fill_(1.0)
    prune.ln_structured(model[0], "weight", 0.5, n=2, dim=0)
    with pytest.raises(ValueError, match="0 has channels that are constant but not zero"):
        shrink(model, tt.randn(2, 1, 6, 6))


def test_repeated_pruning_counts_what_is_left():
    model, x = used("mlp")
    prune_channels(prune_channels(model, 0.5, x), 0.5, x)
    small = shrink(model)
    assert [layer.out_features for layer in small if isinstance(layer, tt.Linear)] == [8, 4, 4]
    smaller = shrink(prune_channels(small, 0.5, x))
    assert smaller[0].out_features == 4
    assert difference(small.eval(), smaller.eval(), x) < 1e-5


def test_nothing_to_prune_and_wrong_amounts():
    class Twice(tt.Module):
        def __init__(self):
            super().__init__()
            self.layer = tt.Linear(4, 4)

        def forward(self, x):
            return self.layer(self.layer(x))

    with pytest.raises(ValueError, match="no layer's channels can be taken away"):
        prune_channels(Twice(), 0.5)
    with pytest.raises(ValueError, match="no layer's channels"):
        shrink(tt.Linear(3, 3))
    model, x = used("cnn")
    with pytest.raises(TypeError, match="give example_inputs, such as a batch of images"):
        prune_channels(model, 0.5)
    for amount in (1.0, 1, -0.5, 2.0):
        with pytest.raises(ValueError, match="amount="):
            prune_channels(model, amount, x)
    with tt.no_grad():
        model[3].weight[0, 0] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        prune_channels(model, 0.5, x)
    assert not prune.is_pruned(model), "an error must change nothing"


def test_modes_and_frozen_weights_come_back():
    model, x = used("cnn")
    model.train()
    model[1].eval()
    model[3].requires_grad_(False)
    modes = [m.training for m in model.modules()]
    prune_channels(model, 0.5, x)
    small = shrink(model, x)
    assert [m.training for m in model.modules()] == modes == [m.training for m in small.modules()]
    assert not small[3].weight.requires_grad
    assert model(x).grad_fn is not None


def test_a_file_of_a_small_model(tmp_path):
    for name in MODELS:
        model, x = used(name)
        fresh = copy.deepcopy(model)
        small = shrink(prune_channels(model, 0.5, x), x)
        file = tmp_path / f"{name}.safetensors"
        assert save_compressed(small, file) == file.stat().st_size
        loaded = load_compressed(file, fresh.eval())
        assert parameters(loaded) == parameters(small)
        assert difference(loaded, small.eval(), x) == 0


def test_half_the_channels_take_less_memory_and_less_time():
    tt.manual_seed(0)
    model = tt.Sequential(
        *(tt.Linear(256, 1024), tt.ReLU(), tt.Linear(1024, 1024), tt.ReLU(), tt.Linear(1024, 10))
    )
    small = shrink(prune_channels(copy.deepcopy(model), 0.5))
    assert model_nbytes(small) < 0.4 * model_nbytes(model)
    x = tt.randn(128, 256)
    fastest = dict.fromkeys((model, small), float("inf"))
    with tt.no_grad():
        for _ in range(15):  # in turn, so that both have the same company
            for net in fastest:
                start = time.perf_counter()
                net(x)
                fastest[net] = min(fastest[net], time.perf_counter() - start)
    ratio = fastest[small] / fastest[model]
    assert ratio < 0.75, f"{ratio:.2f} of the time"
