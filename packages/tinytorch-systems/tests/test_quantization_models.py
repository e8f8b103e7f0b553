"""Whole models: what is quantized, what stays, how much smaller it gets, and what it costs in accuracy."""

from __future__ import annotations

import copy
import gc
import tracemalloc

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.systems as ts
from tinytorch.core import functional as F
from tinytorch.language import GPT, Embedding, GPTConfig, LayerNorm, MultiheadAttention
from tinytorch.vision import AdaptiveAvgPool2d, BatchNorm2d, Conv1d, Conv2d, ConvTranspose2d, MaxPool2d
from tinytorch.vision.datasets import Digits

TEXT = (
    "the quick brown fox jumps over the lazy dog and runs into the dark wood where nobody goes at night. "
    * 30
)


def digits_net():
    """Return the network of milestone 04 for the digits: 6,586 parameters."""
    layers = [Conv2d(1, 12, 3, padding=1), tt.ReLU(), Conv2d(12, 24, 3, padding=1), tt.ReLU(), MaxPool2d(2)]
    return tt.Sequential(*layers, tt.Flatten(), tt.Linear(24 * 4 * 4, 10))


def images(train):
    data = Digits(train=train)
    return tt.from_numpy(data.data.numpy()[:, None].astype(np.float32) / 255 - 0.3), data.targets


@pytest.fixture(scope="module")
def cnn():
    """A network that has learnt the digits for a few seconds."""
    tt.manual_seed(0)
    net = digits_net()
    x, y = images(train=True)
    optimizer = tt.AdamW(net.parameters(), lr=0.004)
    random = np.random.default_rng(0)
    for _ in range(5):
        order = random.permutation(len(y))
        for i in range(0, len(y), 32):
            some = tt.from_numpy(order[i : i + 32])
            optimizer.zero_grad()
            F.cross_entropy(net(x[some]), y[some]).backward()
            optimizer.step()
    net.zero_grad()
    return net.eval()


def accuracy(net):
    x, y = images(train=False)
    with tt.no_grad():
        return (net(x).argmax(dim=1) == y).float().mean().item()


@pytest.fixture(scope="module")
def gpt():
    """A small GPT that has learnt some text for a few seconds."""
    tt.manual_seed(0)
    letters = sorted(set(TEXT))
    ids = np.array([letters.index(c) for c in TEXT])
    model = GPT(GPTConfig(32, len(letters), 2, 4, 64))
    optimizer = tt.AdamW(model.parameters(), lr=3e-3)
    random = np.random.default_rng(0)
    for _ in range(45):
        places = random.integers(0, len(ids) - 33, (8, 1)) + np.arange(33)
        optimizer.zero_grad()
        model(tt.from_numpy(ids[places[:, :-1]]), tt.from_numpy(ids[places[:, 1:]]))[1].backward()
        optimizer.step()
    model.zero_grad()
    return model.eval(), ids


def loss(model, ids):
    places = np.arange(0, len(ids) - 33, 32)[:, None] + np.arange(33)
    with tt.no_grad():
        return model(tt.from_numpy(ids[places[:, :-1]]), tt.from_numpy(ids[places[:, 1:]]))[1].item()


def weights(model):
    """Return the bytes of all arrays that a model reaches, found by walking through its objects."""
    arrays, seen, waiting = {}, set(), [model]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            base = item if item.base is None else item.base
            arrays[id(base)] = base
        elif isinstance(item, (dict, list, tuple, set)):
            waiting += [*item.values()] if isinstance(item, dict) else [*item]
        elif isinstance(item, (tt.Module, tt.Tensor)):
            waiting += list(getattr(item, "__dict__", {}).values())
            waiting += [
                getattr(item, s)
                for k in type(item).__mro__
                for s in getattr(k, "__slots__", ())
                if hasattr(item, s)
            ]
    return sum(a.nbytes for a in arrays.values() if hasattr(a, "nbytes"))


def test_cnn_is_3_9_times_smaller_and_as_good(cnn, tmp_path):
    before = accuracy(cnn)
    assert before > 0.95
    small = ts.quantize(cnn)
    assert ts.model_nbytes(cnn) == 4 * 6586 == weights(cnn)
    assert weights(small) == ts.model_nbytes(small) <= 4 * 6586 / 3.9
    assert abs(accuracy(small) - before) <= 0.005
    four = ts.quantize(cnn, "int4", calibration="mse")
    assert weights(four) <= 4 * 6586 / 6.5
    assert accuracy(four) > before - 0.02
    for options in (
        {"activations": "dynamic"},
        {"activations": "static", "data": [images(train=True)[0][:200]]},
    ):
        assert abs(accuracy(ts.quantize(cnn, **options)) - before) <= 0.006


@pytest.mark.parametrize("calibration", ["minmax", "percentile", "mse"])
@pytest.mark.parametrize("granularity", ["tensor", "channel", "group"])
@pytest.mark.parametrize("symmetric", [True, False])
def test_every_way_keeps_the_loss(gpt, calibration, granularity, symmetric):
    model, ids = gpt
    small = ts.quantize(model, calibration=calibration, granularity=granularity, symmetric=symmetric)
    assert loss(small, ids) < loss(model, ids) * 1.01


def test_gpt_is_3_9_times_smaller_and_as_good(gpt):
    model, ids = gpt
    before = loss(model, ids)
    assert before < 2.4
    small = ts.quantize(model)
    assert weights(model) == ts.model_nbytes(model)
    assert weights(small) == ts.model_nbytes(small) <= weights(model) / 3.9
    assert loss(small, ids) < before * 1.01
    assert loss(ts.quantize(model, activations="dynamic"), ids) < before * 1.01
    four = ts.quantize(model, "int4", calibration="mse")
    assert weights(four) <= weights(model) / 6.5
    assert loss(four, ids) < before * 1.1


def test_no_float_copy_stays_alive(gpt):
    model, ids = gpt
    small = ts.quantize(model)
    for item in (*small.parameters(), *small.buffers()):
        assert item.numel() < 500 or item.dtype == np.int8
    x = tt.from_numpy(ids[None, :20])
    with tt.no_grad():
        small(x)
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        small(x)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    assert grown < 20_000
    assert weights(small) == ts.model_nbytes(small)
    tracemalloc.start()
    layer = ts.quantize(tt.Linear(1000, 1000), inplace=True)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 1_000_000 < held < 1_100_000
    assert layer(tt.randn(2, 1000)).shape == (2, 1000)


def test_the_model_itself_stays_as_it_is_unless_in_place(gpt):
    model = gpt[0]
    state = {name: x.clone() for name, x in model.state_dict().items()}
    ts.quantize(model)
    assert all(tt.equal(x, state[name]) for name, x in model.state_dict().items())
    assert list(model.state_dict()) == list(state)
    same = copy.deepcopy(model)
    assert ts.quantize(same, inplace=True) is same
    assert isinstance(same.lm_head, ts.QuantizedLinear)
    assert not list(same.parameters())


def test_tied_weights_stay_tied(gpt):
    small = ts.quantize(gpt[0])
    table = small.transformer["wte"]
    assert small.lm_head.weight_data is table.weight_data
    assert small.lm_head.weight_scale is table.weight_scale
    again = copy.deepcopy(small)
    assert again.lm_head.weight_data is again.transformer["wte"].weight_data
    assert again.lm_head.weight_data is not table.weight_data
    kept = ts.quantize(gpt[0], skip=["lm_head.weight"])
    assert kept.lm_head.weight is kept.transformer["wte"].weight
    assert type(kept.transformer["wte"]) is Embedding


def test_generating_with_and_without_a_cache(gpt):
    small = ts.quantize(gpt[0])
    prompt = gpt[1][:10].tolist()
    plain = small.generate(prompt, 20, temperature=0).tolist()
    assert plain[:10] == prompt
    assert small.generate(prompt, 20, temperature=0, cache=ts.KVCache(small)).tolist() == plain
    assert list(small.parameters()) == []


def test_logits_do_not_depend_on_what_else_is_in_the_batch(gpt):
    small = ts.quantize(gpt[0], activations="dynamic")
    ids = tt.from_numpy(gpt[1][:60].reshape(3, 20))
    with tt.no_grad():
        together, alone = small(ids), small(ids[1:2])
    np.testing.assert_allclose(together[1].numpy(), alone[0].numpy(), atol=1e-5)


def test_nan_is_refused_by_name_and_nothing_changes(gpt):
    model = copy.deepcopy(gpt[0])
    with tt.no_grad():
        model.transformer["h"][1].mlp.c_fc.weight[3, 4] = float("nan")
    with pytest.raises(
        ValueError, match=r"transformer\.h\.1\.mlp\.c_fc\.weight can't be quantized.*nan at \[3, 4\]"
    ):
        ts.quantize(model, inplace=True)
    assert type(model.lm_head) is tt.Linear
    assert len(list(model.parameters())) == 28
    with tt.no_grad():
        model.transformer["h"][1].mlp.c_fc.weight[3, 4] = 0.0
        model.transformer["ln_f"].bias[2] = float("inf")
    with pytest.raises(ValueError, match=r"transformer\.ln_f\.bias can't be quantized"):
        ts.quantize(model)


def test_choosing_what_is_quantized(gpt):
    model, ids = gpt
    some = ts.quantize(model, "int4", only=["transformer.h.*.mlp"])
    assert some.transformer["h"][0].mlp.c_fc.weight.dtype is ts.qint4x2
    assert type(some.lm_head) is tt.Linear
    all_of_it = ts.quantize(some)
    assert all_of_it.transformer["h"][0].mlp.c_fc.weight.dtype is ts.qint4x2
    assert all_of_it.lm_head.weight.dtype is ts.qint8
    assert not list(all_of_it.parameters())
    assert loss(all_of_it, ids) < loss(model, ids) * 1.1
    biased = ts.quantize(model, skip=["*.bias"])
    assert {name.rpartition(".")[2] for name, _ in biased.named_parameters()} == {"bias"}
    rest = ts.quantize(biased)
    assert not list(rest.parameters())
    assert loss(rest, ids) < loss(model, ids) * 1.01
    for options in ({"only": ["transformer.g"]}, {"skip": ["lm_hat"]}):
        with pytest.raises(
            ValueError, match=r"no parameter is called '(transformer\.g|lm_hat)'; there are transformer"
        ):
            ts.quantize(model, **options)
    with pytest.raises(TypeError, match="lists of patterns"):
        ts.quantize(model, skip="lm_head")


def test_a_copy_takes_no_more_memory_than_it_must():
    """The floats of the model aren't copied on the way, though the model stays as it is."""
    model = tt.Sequential(*(tt.Linear(500, 500) for _ in range(6)))  # 6 MB
    tracemalloc.start()
    small = ts.quantize(model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ts.model_nbytes(small) > 1_500_000
    assert peak < 9_000_000  # 1.5 MB, and one layer in float64 with what it is compared with
    assert ts.model_nbytes(model) > 6_000_000


def test_options_that_make_no_sense(cnn):
    for options, message in (
        ({"granularity": "row"}, "granularity must be one of"),
        ({"group_size": 8, "granularity": "tensor"}, "group_size goes with"),
        ({"activations": "both"}, "activations must be None"),
        ({"activations": "static"}, "go together"),
        ({"data": []}, "go together"),
        ({"calibration": "guess"}, "calibration must be one of"),
        ({"calibration": "percentile", "percentile": 20}, "percentile must be above 50"),
    ):
        with pytest.raises(ValueError, match=message):
            ts.quantize(cnn, **options)


def test_any_module_with_parameters():
    """Those without a quantized class of their own compute the same with parameters read through it."""
    tt.manual_seed(0)

    class Own(tt.Module):
        def __init__(self):
            super().__init__()
            self.gain = tt.Parameter(tt.rand(6, 16) + 0.5)
            self.steps = tt.Parameter(tt.arange(4), requires_grad=False)

        def forward(self, x):
            return x * self.gain.sum(dim=0)

    x = tt.randn(2, 6, 16)
    for module in (
        Own(),
        LayerNorm(16),
        Conv1d(6, 8, 3),
        ConvTranspose2d(2, 6, 3),
        BatchNorm2d(2),
        MultiheadAttention(16, 2, batch_first=True),
    ):
        module.eval()
        small = ts.quantize(tt.Sequential(module))
        args = (x, x, x) if isinstance(module, MultiheadAttention) else (x,)
        given = args if args != (x,) or not isinstance(module, (ConvTranspose2d, BatchNorm2d)) else (x[None],)
        expected, found = module(*given), small[0](*given)
        if isinstance(expected, tuple):
            expected, found = expected[0], found[0]
        assert np.abs(found.detach().numpy() - expected.detach().numpy()).max() < 0.05
        assert isinstance(small[0], type(module))
        assert type(small[0]).__name__ == f"Quantized{type(module).__name__}"
    assert ts.quantize(Own()).steps.dtype == tt.int64


def test_what_stays_as_it_is():
    net = tt.Sequential(Embedding(50, 16, max_norm=1.0), tt.Linear(16, 4))
    small = ts.quantize(net)
    assert type(small[0]) is Embedding
    assert isinstance(small[1], ts.QuantizedLinear)
    deep = tt.Sequential(Conv2d(3, 32, 3), BatchNorm2d(32), Conv2d(32, 64, 3), BatchNorm2d(64))
    small = ts.quantize(deep)
    assert small[1].running_var.dtype == np.float32
    wide = ts.quantize(tt.Linear(512, 512))
    assert [name for name, _ in wide.named_parameters()] == ["bias"], "one in 513: it isn't worth it"
    assert ts.quantize(tt.Sequential(tt.ReLU()))[0] is not None
    shared = tt.Linear(64, 64)
    small = ts.quantize(tt.Sequential(shared, tt.ReLU(), shared))
    assert small[0] is small[2]


def test_convolutions_of_all_kinds():
    tt.manual_seed(0)
    x = tt.randn(2, 4, 9, 9)
    for options in (
        {"stride": 2, "padding": 1},
        {"padding": "same", "dilation": 2},
        {"groups": 2, "bias": False},
        {"padding": (1, 2), "padding_mode": "reflect"},
        {"padding": "same", "padding_mode": "circular"},
    ):
        conv = Conv2d(4, 6, 3, **options)
        for more in ({}, {"activations": "dynamic"}, {"dtype": "int4", "group_size": 9}):
            small = ts.quantize(tt.Sequential(conv), **more)
            bound = 0.35 if "dtype" in more else 0.05
            assert np.abs((small(x) - conv(x)).detach().numpy()).max() < bound
            assert isinstance(small[0], ts.QuantizedConv2d)
    layer = ts.QuantizedConv2d.from_float(conv)
    assert layer.weight.qscheme() == "per_channel_symmetric"
    assert layer.bias is not conv.bias
    assert repr(layer) == "QuantizedConv2d(weight=[6, 4, 3, 3], qint8, per_channel_symmetric)"


def test_layers_one_by_one():
    tt.manual_seed(0)
    linear, table = tt.Linear(20, 7), Embedding(9, 6)
    for options in ({}, {"axis": 0}, {"group_size": 8}, {"symmetric": False}):
        for dtype in ("qint8", "quint8", "qint4x2", "quint4x2"):
            small = ts.QuantizedLinear.from_float(linear, dtype, **options)
            x = tt.randn(3, 2, 20)
            exact = F.linear(x, small.weight.dequantize(), linear.bias)
            np.testing.assert_allclose(small(x).detach().numpy(), exact.detach().numpy(), atol=1e-5)
            rows = ts.QuantizedEmbedding.from_float(table, dtype, **options)
            ids = tt.tensor([[0, 8], [3, 3]])
            assert tt.equal(rows(ids), rows.weight.dequantize()[ids])
    for bad in ([9], [-1]):
        with pytest.raises(IndexError, match="index out of range in self"):
            rows(tt.tensor(bad))
    with pytest.raises(RuntimeError, match="the ids must be int64 or int32"):
        rows(tt.tensor([1.0]))


def test_gradients_flow_to_the_input():
    small = ts.quantize(tt.Sequential(tt.Linear(20, 7), tt.Tanh(), tt.Linear(7, 2)))
    x = tt.randn(3, 20, requires_grad=True)
    small(x).sum().backward()
    assert x.grad.abs().sum().item() > 0


def test_double_and_float_still_mean_something(gpt):
    small = ts.quantize(gpt[0])
    ids = tt.from_numpy(gpt[1][None, :20])
    with tt.no_grad():
        single, double = small(ids), copy.deepcopy(small).double()(ids)
    assert double.dtype == tt.float64
    np.testing.assert_allclose(single.numpy(), double.numpy(), atol=1e-4)


def test_prepare_and_convert(cnn):
    before = accuracy(cnn)
    watched = ts.prepare(cnn, observer=ts.MSEObserver)
    assert type(watched[0]).__name__ == "ObservedConv2d"
    with tt.no_grad():
        assert tt.equal(watched(images(True)[0][:50]), cnn(images(True)[0][:50]))
    small = ts.convert(watched)
    assert type(watched[0]).__name__ == "ObservedConv2d"
    assert small[0].input_quantizer.steps is not None
    assert abs(accuracy(small) - before) <= 0.006
    with pytest.raises(ValueError, match="prepared already"):
        ts.prepare(watched)
    with pytest.raises(ValueError, match=r"prepared; convert\(\) makes"):
        ts.quantize(watched)
    with pytest.raises(TypeError, match="unexpected keyword argument 'bits'"):
        ts.prepare(cnn, bits=3)
    with pytest.raises(TypeError, match="quantize takes a Module, not a Tensor"):
        ts.quantize(tt.ones(3))
    with pytest.raises(ValueError, match="isn't prepared"):
        ts.convert(cnn)


def test_training_with_rounding_in_view(cnn):
    """Three bits are too few for a network that doesn't know of them, and enough for one that does."""
    tt.manual_seed(0)
    x, y = images(train=True)
    bits = {"dtype": "int4", "granularity": "tensor"}
    before, after_only = accuracy(cnn), accuracy(ts.quantize(cnn, **bits))
    aware = ts.prepare_qat(cnn, activations="static", **bits)
    assert [n for n, _ in aware.named_parameters()] == [n for n, _ in cnn.named_parameters()]
    optimizer = tt.AdamW(aware.parameters(), lr=5e-4)
    aware.train()
    for i in range(0, 1440, 48):
        optimizer.zero_grad()
        F.cross_entropy(aware(x[i : i + 48]), y[i : i + 48]).backward()
        optimizer.step()
    aware.eval()
    small = ts.convert(aware)
    with tt.no_grad():
        np.testing.assert_allclose(small(x[:100]).numpy(), aware(x[:100]).numpy(), atol=1e-3)
    assert accuracy(small) >= max(after_only, before - 0.02)
    assert type(aware[0]).__name__ == "FakeQuantizedObservedConv2d"
    assert not list(small.parameters())
    with pytest.raises(ValueError, match='activations must be None or "static"'):
        ts.prepare_qat(cnn, activations="dynamic")


def test_tied_weights_train_as_one(gpt):
    aware = ts.prepare_qat(gpt[0], "int4")
    ids = tt.from_numpy(gpt[1][None, :21])
    aware(ids[:, :-1], ids[:, 1:])[1].backward()
    table = dict(aware.named_parameters())["transformer.wte.weight"]
    assert table.grad is not None
    small = ts.convert(aware)
    assert small.lm_head.weight_data is small.transformer["wte"].weight_data
    with tt.no_grad():
        np.testing.assert_allclose(small(ids).numpy(), aware(ids).numpy(), atol=1e-4)


def test_a_model_of_every_shape_is_smaller():
    """Also widths that no milestone has; the small overheads must not add up."""
    for width, layers in ((32, 1), (48, 2), (96, 3)):
        model = GPT(GPTConfig(16, 40, layers, 2, width))
        assert ts.model_nbytes(model) / ts.model_nbytes(ts.quantize(model)) > 3.9
    for a, b in ((4, 8), (8, 16)):
        net = tt.Sequential(
            Conv2d(1, a, 3),
            tt.ReLU(),
            Conv2d(a, b, 3),
            AdaptiveAvgPool2d(4),
            tt.Flatten(),
            tt.Linear(16 * b, 10),
        )
        assert ts.model_nbytes(net) / ts.model_nbytes(ts.quantize(net)) > 3.8
