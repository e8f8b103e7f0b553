"""Pruning: masks as in PyTorch, shares of what is left, schedules, and masks that hold while training."""

import copy
import itertools

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, strategies as st
from tinytorch.systems import (
    GradualPruner,
    cubic_sparsity,
    finish_pruning,
    prunable,
    prune,
    prune_model,
    sparsity,
)


def layer(rows=4, columns=6, seed=0):
    made = tt.Linear(columns, rows)
    values = np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)
    with tt.no_grad():
        made.weight.copy_(tt.from_numpy(values))
    return made


def net():
    tt.manual_seed(0)
    return tt.Sequential(tt.Linear(8, 16), tt.ReLU(), tt.Linear(16, 12), tt.ReLU(), tt.Linear(12, 4))


def mask_of(module, name="weight"):
    return getattr(module, f"{name}_mask").numpy()


def test_the_smallest_magnitudes_go():
    made = layer()
    magnitudes = np.sort(np.abs(made.weight.detach().numpy()).ravel())
    assert prune.l1_unstructured(made, "weight", amount=7) is made
    kept = np.abs(made.weight.detach().numpy())
    assert (kept == 0).sum() == 7
    assert kept[kept > 0].min() == magnitudes[7]


def test_names_of_the_state_are_pytorchs():
    made = prune.l1_unstructured(layer(), "weight", 0.5)
    assert list(made.state_dict()) == ["bias", "weight_orig", "weight_mask"]
    assert dict(made.named_parameters()).keys() == {"bias", "weight_orig"}
    prune.remove(made, "weight")
    assert list(made.state_dict()) == ["bias", "weight"]


def test_the_parameter_stays_the_same_object():
    made = layer()
    weight = made.weight
    prune.l1_unstructured(made, "weight", 0.5)
    assert made.weight_orig is weight
    prune.remove(made, "weight")
    assert made.weight is weight
    assert sparsity(weight) == 0.5


def test_equal_magnitudes_go_in_order():
    made = layer()
    with tt.no_grad():
        made.weight.fill_(1.0)
    prune.l1_unstructured(made, "weight", 5)
    assert mask_of(made).ravel().tolist() == [0] * 5 + [1] * 19


def test_a_share_counts_what_is_left():
    made = layer()
    prune.l1_unstructured(made, "weight", 0.5)
    prune.random_unstructured(made, "weight", 0.5)
    assert mask_of(made).sum() == 6
    assert isinstance(made.__dict__["_pruned"]["weight"][0], prune.PruningContainer)


def test_a_second_pruning_looks_at_the_weights_of_now():
    made = prune.l1_unstructured(layer(), "weight", 12)
    with tt.no_grad():  # as an optimizer's step does, without a forward in between
        made.weight_orig.copy_(1 / made.weight_orig)
    before, values = mask_of(made).copy(), np.abs(made.weight_orig.detach().numpy())
    prune.l1_unstructured(made, "weight", 1)
    gone = (before == 1) & (mask_of(made) == 0)
    assert values[gone].item() == values[before == 1].min()


def test_channels_go_by_their_norm():
    made = layer()
    norms = np.linalg.norm(made.weight.detach().numpy(), axis=1)
    prune.ln_structured(made, "weight", 1, n=2, dim=0)
    assert (mask_of(made).sum(axis=1) == 0).nonzero()[0].tolist() == [norms.argmin()]
    prune.ln_structured(made, "weight", 0.34, n=1, dim=-1)  # 2 of 6
    assert (mask_of(made).sum(axis=0) == 0).sum() == 2


def test_random_channels():
    tt.manual_seed(0)
    made = prune.random_structured(layer(8, 5), "weight", 0.5, dim=0)
    assert sorted(mask_of(made).sum(axis=1)) == [0] * 4 + [5] * 4


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_n_of_every_m_are_left(n, more, groups, seed):
    m = n + more
    made = layer(3, groups * m, seed)
    values = np.abs(made.weight.detach().numpy()).reshape(-1, m)
    prune.n_m_structured(made, "weight", n, m)
    mask = mask_of(made).reshape(-1, m)
    assert (mask.sum(axis=1) == n).all()
    assert (np.where(mask, values, np.inf).min(axis=1) >= np.where(mask, -np.inf, values).max(axis=1)).all()


def test_n_of_m_after_another_pruning_keeps_what_is_left():
    made = layer(4, 8)
    prune.l1_unstructured(made, "weight", 0.5)
    before = mask_of(made).copy()
    prune.n_m_structured(made, "weight")
    assert ((mask_of(made) == 0) >= (before == 0)).all()
    assert (mask_of(made).reshape(-1, 4).sum(axis=1) <= 2).all()


def test_importance_scores_take_the_weights_place():
    made = layer()
    scores = tt.arange(24.0).reshape(4, 6)
    prune.l1_unstructured(made, "weight", 3, importance_scores=scores)
    assert mask_of(made).ravel().tolist() == [0] * 3 + [1] * 21


def test_global_pruning_compares_all_layers():
    model = net()
    with tt.no_grad():
        model[0].weight.mul_(100)
    prune.global_unstructured(prunable(model), prune.L1Unstructured, amount=0.3)
    assert mask_of(model[0]).all()
    assert sparsity(model) == pytest.approx(0.3, abs=0.002)


def test_global_pruning_warns_when_a_layer_is_gone():
    model = net()
    with tt.no_grad():
        model[4].weight.mul_(1e-6)
    with pytest.warns(UserWarning, match=r"Linear.weight of shape \(4, 12\) has lost all its weights"):
        prune.global_unstructured(prunable(model), prune.L1Unstructured, amount=0.5)


@pytest.mark.parametrize("make", [lambda p: tt.SGD(p, lr=0.1, momentum=0.9), lambda p: tt.AdamW(p, lr=0.01)])
def test_masks_hold_through_training(make):
    model = prune_model(net(), 0.7)
    masks = [mask_of(module).copy() for module, _ in prunable(model)]
    optimizer = make(model.parameters())
    x = tt.randn(32, 8)
    for _ in range(10):
        optimizer.zero_grad()
        (model(x) - x[:, :4]).square().mean().backward()
        for module, _ in prunable(model):
            assert not module.weight_orig.grad.numpy()[mask_of(module) == 0].any()
        optimizer.step()
    model(x)
    for (module, _), mask in zip(prunable(model), masks):
        assert ((module.weight.detach().numpy() != 0) == (mask != 0)).all()
    before = model(x)
    finish_pruning(model)
    assert not prune.is_pruned(model)
    assert np.array_equal(model(x).detach().numpy(), before.detach().numpy())
    assert sparsity(model) == pytest.approx(0.7, abs=0.002)


def test_a_pruned_model_can_be_copied():
    model = prune_model(net(), 0.5)
    x = tt.randn(3, 8)
    model(x).sum().backward()
    copied = copy.deepcopy(model)
    with tt.no_grad():
        copied[0].weight_orig.mul_(2.0)
    assert not np.array_equal(copied(x).detach().numpy(), model(x).detach().numpy())
    finish_pruning(copied)
    assert prune.is_pruned(model)


def test_the_state_of_a_pruned_model_can_be_loaded():
    model, other = prune_model(net(), 0.5), prune_model(net(), 0.2)
    x = tt.randn(3, 8)
    other.load_state_dict(model.state_dict())
    assert np.array_equal(other(x).detach().numpy(), model(x).detach().numpy())


@pytest.mark.parametrize(
    ("amount", "error", "words"),
    [
        (1.0, ValueError, "would prune everything"),
        (24, ValueError, "would prune all 24 parameters"),
        (0.999, ValueError, "would prune all 24 parameters"),
        (25, ValueError, "smaller than the number"),
        (-1, ValueError, "negative"),
        (1.5, ValueError, "share"),
        (float("nan"), ValueError, "share"),
        ("half", TypeError, "int or float"),
        (True, TypeError, "int or float"),
    ],
)
def test_amounts_out_of_range(amount, error, words):
    made = layer()
    for do in (prune.l1_unstructured, prune.random_unstructured):
        with pytest.raises(error, match=words):
            do(made, "weight", amount)
    assert not prune.is_pruned(made)
    assert list(made.state_dict()) == ["weight", "bias"]


def test_pruning_all_of_what_is_left_is_an_error_that_changes_nothing():
    made = prune.l1_unstructured(layer(), "weight", 0.5)
    before = mask_of(made).copy()
    with pytest.raises(ValueError, match="all 12 parameters that are left"):
        prune.l1_unstructured(made, "weight", 12)
    assert np.array_equal(mask_of(made), before)
    made(tt.randn(2, 6))
    prune.remove(made, "weight")
    for method in ("global", "layer", "channel"):
        with pytest.raises(ValueError, match="computes nothing"):
            prune_model(net(), 1.0, method)


def test_other_errors():
    made = layer()
    with pytest.raises(AttributeError, match="no parameter 'wieght' to prune; it has: weight, bias"):
        prune.l1_unstructured(made, "wieght", 0.5)
    with pytest.raises(AttributeError, match="'bias' to prune; it has: weight"):
        prune.identity(tt.Linear(2, 2, bias=False), "bias")
    with pytest.raises(ValueError, match="has to be pruned before"):
        prune.remove(made, "weight")
    with pytest.raises(ValueError, match="multidimensional"):
        prune.ln_structured(made, "bias", 0.5, 2, 0)
    with pytest.raises(IndexError, match="Invalid index 2"):
        prune.random_structured(made, "weight", 0.5, 2)
    with pytest.raises(ValueError, match="n='nuclear'"):
        prune.ln_structured(made, "weight", 0.5, "nuclear", 0)
    with pytest.raises(ValueError, match="groups of 4"):
        prune.n_m_structured(made, "weight")
    with pytest.raises(ValueError, match="at least 1 and at most 4"):
        prune.n_m_structured(made, "weight", 0, 4)
    with pytest.raises(ValueError, match="zeros and ones"):
        prune.custom_from_mask(made, "weight", tt.full((4, 6), 0.5))
    with pytest.raises(ValueError, match="the mask's shape"):
        prune.custom_from_mask(made, "weight", tt.ones(6, 4))
    with pytest.raises(ValueError, match="shape of weight"):
        prune.l1_unstructured(made, "weight", 0.5, importance_scores=tt.ones(6, 4))
    with pytest.raises(TypeError, match="channels of different layers"):
        prune.global_unstructured([(made, "weight")], prune.LnStructured, amount=0.5, n=2)
    with pytest.raises(ValueError, match="given twice"):
        prune.global_unstructured([(made, "weight")] * 2, prune.L1Unstructured, amount=0.5)
    with pytest.raises(ValueError, match="no parameters"):
        prune.global_unstructured([], prune.L1Unstructured, amount=0.5)
    with pytest.raises(ValueError, match="no Linear layer"):
        prune_model(tt.ReLU(), 0.5)
    with pytest.raises(ValueError, match='must be "global"'):
        prune_model(net(), 0.5, "blocks")
    with pytest.raises(TypeError, match="needs an amount"):
        prune_model(net())
    assert not prune.is_pruned(made)


def test_nan_weights_are_named():
    model = net()
    with tt.no_grad():
        model[2].weight[0, 0] = float("nan")
    for method in ("global", "layer"):
        with pytest.raises(ValueError, match=r"Linear\.weight has 1 NaN among its 192 values"):
            prune_model(model, 0.5, method)
        assert not prune.is_pruned(model), "an error must change nothing"


def test_a_mask_of_zeros_is_taken_at_its_word():
    made = prune.custom_from_mask(layer(), "weight", tt.zeros(4, 6).bool())
    assert sparsity(made) == 1
    assert made(tt.randn(2, 6)).tolist() == [made.bias.tolist()] * 2


def test_identity_prunes_nothing():
    made = prune.identity(layer(), "bias")
    assert mask_of(made, "bias").all()
    assert prune.is_pruned(made)


def test_methods_as_objects():
    t = tt.tensor([3.0, -1.0, 2.0, 0.5])
    assert prune.L1Unstructured(amount=2).prune(t).tolist() == [3, 0, 2, 0]
    left = tt.tensor([1.0, 1.0, 0.0, 1.0])
    assert prune.L1Unstructured(amount=1).prune(t, default_mask=left).tolist() == [3, -1, 0, 0]
    container = prune.PruningContainer()
    with pytest.raises(TypeError):
        container.add_pruning_method("l1")


class EverySecond(prune.BasePruningMethod):
    """A method of one's own, as PyTorch's tutorial writes it."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone()
        mask.view(-1)[::2] = 0
        return mask


def test_a_method_of_ones_own():
    made = layer()
    EverySecond.apply(made, "bias")
    assert mask_of(made, "bias").tolist() == [0, 1, 0, 1]
    EverySecond.apply(made, "bias")
    assert mask_of(made, "bias").tolist() == [0, 0, 0, 1]
    prune.global_unstructured([(made, "weight")], EverySecond)
    assert mask_of(made).ravel().tolist() == [0, 1] * 12


def test_whole_models_in_each_way():
    for method, amount in (("global", 0.5), ("layer", 0.5), ("channel", 0.5), ("2:4", None), ("1:4", None)):
        model = prune_model(net(), amount, method)
        expected = {"channel": pytest.approx(0.43, abs=0.02), "1:4": 0.75}.get(method, 0.5)
        assert sparsity(model) == expected, method


def test_weights_with_two_homes_are_left_alone():
    model = net()
    model.append(tt.Linear(4, 16, bias=False))
    model[5].weight = tt.Parameter(model[4].weight.detach().T.clone())
    tied = tt.Sequential(tt.Linear(4, 4), tt.Linear(4, 4))
    tied[1].weight = tied[0].weight
    assert prunable(tied) == []
    assert len(prunable(model)) == 4


def test_the_cubic_schedule():
    shares = [cubic_sparsity(step, 10, 110, 0.8, 0.2) for step in range(130)]
    assert shares[9] == 0
    assert shares[10] == pytest.approx(0.2)
    assert shares[60] == pytest.approx(0.8 - 0.6 / 8)
    assert shares[110] == shares[129] == 0.8
    assert all(a <= b for a, b in itertools.pairwise(shares))
    with pytest.raises(ValueError, match="can't undo itself"):
        cubic_sparsity(0, 0, 1, 0.2, 0.5)
    with pytest.raises(ValueError, match="must come after"):
        cubic_sparsity(0, 5, 5, 0.2)


@pytest.mark.parametrize("scope", ["global", "layer"])
def test_gradual_pruning_follows_the_schedule(scope):
    model = net()
    pruner = GradualPruner(model, final=0.6, end=20, begin=2, every=3, scope=scope)
    shares = [pruner.step() for _ in range(25)]
    assert shares[0] == 0
    assert shares[4] == pytest.approx(cubic_sparsity(5, 2, 20, 0.6), abs=0.01)
    assert shares[5] == shares[4]  # between two prunings
    assert shares[19] == shares[24] == pytest.approx(0.6, abs=0.01)
    assert sparsity(model) == pytest.approx(0.6, abs=0.01)
    if scope == "layer":
        assert all(sparsity(module) == pytest.approx(0.6, abs=0.02) for module, _ in prunable(model))
    for wrong in ({"final": 1.0}, {"every": 0}, {"scope": "all"}, {"end": 0}):
        with pytest.raises(ValueError, match=r"amount=|every=|scope must|end="):
            GradualPruner(net(), **{"final": 0.5, "end": 5, **wrong})
    with pytest.raises(ValueError, match="no weight to prune"):
        GradualPruner(tt.ReLU(), 0.5, 10)


def test_small_layers_keep_a_weight_while_training():
    model = tt.Sequential(tt.Linear(2, 1), tt.ReLU(), tt.Linear(1, 30))
    pruner = GradualPruner(model, final=0.9, end=5, scope="layer")
    for _ in range(6):
        pruner.step()
    assert [int(mask_of(module).sum()) for module, _ in prunable(model)] == [1, 3]
