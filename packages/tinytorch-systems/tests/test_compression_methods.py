"""Low rank, shared weights, distillation: their bounds and gradients, and what they save in bytes."""

import copy
import math
from functools import partial

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, settings, strategies as st
from tinytorch.core import functional as F
from tinytorch.language import GPT, GPTConfig
from tinytorch.systems import (
    LowRankLinear,
    distillation_loss,
    factorize,
    low_rank,
    model_nbytes,
    prune,
    prune_model,
    share_weights,
    unshare_weights,
)


def linear(out=24, columns=32, decay=0.8, seed=0, bias=True):
    """Return a layer whose singular values fall."""
    rng = np.random.default_rng(seed)
    n = min(out, columns)
    u, v = (np.linalg.qr(rng.standard_normal((size, n)))[0] for size in (out, columns))
    made = tt.Linear(columns, out, bias=bias)
    with tt.no_grad():
        made.weight.copy_(tt.from_numpy(((u * decay ** np.arange(n)) @ v.T).astype(np.float32)))
    return made


def matrix(thin):
    return thin.second.weight.detach().numpy() @ thin.first.weight.detach().numpy()


@given(st.integers(1, 13), st.integers(0, 1000))
@settings(max_examples=30)
def test_no_matrix_of_this_rank_is_nearer(rank, seed):
    """Eckart and Young: the error is that of the singular values left out, in both norms."""
    layer = linear(seed=seed)
    weight = layer.weight.detach().numpy().astype(np.float64)
    s = np.linalg.svd(weight, compute_uv=False)
    thin = low_rank(layer, rank=rank)
    assert isinstance(thin, LowRankLinear)
    missing = weight - matrix(thin)
    total = np.linalg.norm(weight)
    assert thin.error == pytest.approx(math.sqrt((s[rank:] ** 2).sum()) / total, rel=1e-6)
    assert np.linalg.norm(missing) / total == pytest.approx(thin.error, abs=1e-5)
    assert np.linalg.norm(missing, 2) == pytest.approx(thin.spectral_error, abs=1e-5)
    rng = np.random.default_rng(seed)
    other = rng.standard_normal((24, rank)) @ rng.standard_normal((rank, 32))
    other *= (other * weight).sum() / (other * other).sum()
    assert np.linalg.norm(weight - other) >= np.linalg.norm(missing) - 1e-6
    x = tt.from_numpy(rng.standard_normal((5, 32)).astype(np.float32))
    apart = (thin(x) - layer(x)).detach().numpy()
    assert (
        np.linalg.norm(apart, axis=1) <= thin.spectral_error * np.linalg.norm(x.numpy(), axis=1) + 1e-5
    ).all()


def test_the_rank_is_the_smallest_that_will_do():
    layer = linear()
    s = np.linalg.svd(layer.weight.detach().numpy().astype(np.float64), compute_uv=False)
    for error in (0.1, 0.3, 0.6):
        thin = low_rank(layer, error=error)
        assert thin.error <= error < math.sqrt((s[thin.rank - 1 :] ** 2).sum() / (s**2).sum())
    for energy in (0.5, 0.9, 0.99):
        thin = low_rank(layer, energy=energy)
        assert (
            (s[: thin.rank] ** 2).sum() / (s**2).sum()
            >= energy
            > (s[: thin.rank - 1] ** 2).sum() / (s**2).sum()
        )


def test_a_product_that_is_not_smaller_is_not_made():
    layer = linear()
    assert low_rank(layer, rank=13).first.weight.shape == (13, 32)  # 13 * 56 < 24 * 32
    assert low_rank(layer, rank=14) is layer
    assert low_rank(layer, error=0) is layer
    assert low_rank(tt.Linear(1, 1), rank=1).in_features == 1


def test_low_rank_layers_keep_bias_dtype_and_mode():
    layer = linear(bias=False).double().eval()
    thin = low_rank(layer, rank=3)
    assert thin.second.bias is None
    assert thin.first.weight.dtype == tt.float64
    assert not thin.training
    assert "rank=3, error=" in repr(thin)
    thin(tt.randn(2, 32, dtype=tt.float64)).sum().backward()
    assert thin.first.weight.grad.shape == (3, 32)


def test_whole_models_of_low_rank():
    tt.manual_seed(0)
    model = GPT(GPTConfig(8, 30, 1, 2, 32))
    before = model_nbytes(model)
    assert factorize(model, rank=4) is model
    assert isinstance(model.transformer["h"][0].mlp.c_fc, LowRankLinear)
    assert model.lm_head.weight is model.transformer["wte"].weight  # tied: stays
    assert model_nbytes(model) < 0.45 * before
    model(tt.randint(0, 30, (2, 8))).sum().backward()
    assert isinstance(factorize(linear(), rank=2), LowRankLinear)


def test_what_low_rank_refuses():
    layer = linear()
    for wrong in ({}, {"rank": 2, "error": 0.1}):
        with pytest.raises(TypeError, match="exactly one of rank, energy and error"):
            low_rank(layer, **wrong)
        with pytest.raises(TypeError, match="exactly one"):
            factorize(layer, **wrong)
    for wrong in (
        {"rank": 0},
        {"rank": 25},
        {"energy": 0.0},
        {"energy": 1.1},
        {"error": 1.0},
        {"error": -0.1},
    ):
        with pytest.raises(ValueError, match="must be"):
            low_rank(layer, **wrong)
    with pytest.raises(TypeError, match="must be an int"):
        low_rank(layer, rank=2.5)
    with pytest.raises(TypeError, match="takes a Linear layer, not ReLU"):
        low_rank(tt.ReLU(), rank=1)
    with pytest.raises(ValueError, match="finish_pruning"):
        low_rank(prune.l1_unstructured(linear(), "weight", 0.5), rank=2)
    with tt.no_grad():
        layer.weight[0, 0] = float("nan")
    with pytest.raises(ValueError, match="NaN or infinite"):
        low_rank(layer, rank=2)


@pytest.mark.parametrize("bits", range(1, 9))
def test_shared_weights_take_few_bits(bits):
    tt.manual_seed(0)
    layer, x = tt.Linear(100, 70), tt.randn(4, 100)
    exact, before = layer(x), layer.weight.detach().clone()
    share_weights(layer, bits)
    assert layer.weight_indices.nbytes == -(-7000 * bits // 8)
    assert model_nbytes(layer) == layer.weight_indices.nbytes + 4 * len(layer.weight_codebook) + 4 * 70
    assert not hasattr(layer, "weight")
    off = (layer(x) - exact).abs().max().item()
    assert not hasattr(layer, "weight"), "it takes memory only while forward runs"
    unshare_weights(layer)
    assert len(np.unique(layer.weight.detach().numpy())) <= 2**bits
    spacing = (before.max() - before.min()).item() / 2**bits
    assert (layer.weight - before).abs().max().item() < spacing
    assert off < 100 * spacing


def test_few_different_weights_are_kept_exactly():
    layer = tt.Linear(6, 5)
    with tt.no_grad():
        layer.weight.copy_(tt.from_numpy(np.resize(np.array([0.5, -1, 0, 3], np.float32), (5, 6))))
    x = tt.randn(3, 6)
    exact = layer(x).tolist()
    assert share_weights(layer, 2)(x).tolist() == exact


def test_a_values_gradient_is_the_sum_over_its_weights():
    tt.manual_seed(0)
    for bits in (2, 4):
        layer, x = tt.Linear(9, 7), tt.randn(4, 9)
        share_weights(layer, bits)
        plain = unshare_weights(copy.deepcopy(layer))
        layer(x).square().sum().backward()
        plain(x).square().sum().backward()
        values = plain.weight.detach().numpy()
        for value, gradient in zip(layer.weight_codebook.tolist(), layer.weight_codebook.grad.tolist()):
            expected = plain.weight.grad.numpy()[values == np.float32(value)].sum()
            assert gradient == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_shared_values_can_be_trained():
    tt.manual_seed(0)
    model = tt.Sequential(tt.Linear(8, 32), tt.ReLU(), tt.Linear(32, 8))
    x = tt.randn(64, 8)
    share_weights(model, 2)
    optimizer = tt.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), x.flip(1))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
    assert len(model[0].weight_codebook) == 4
    copied = copy.deepcopy(model)
    assert copied(x).tolist() == model(x).tolist()
    plain = unshare_weights(copied)
    assert plain(x).tolist() == model(x).tolist()
    assert list(plain[0].state_dict()) == ["bias", "weight"]


def test_what_sharing_refuses():
    for bits in (0, 9, 2.0, True):
        with pytest.raises(ValueError, match="from 1 to 8"):
            share_weights(tt.Linear(3, 3), bits)
    with pytest.raises(ValueError, match="finish_pruning"):
        share_weights(prune_model(tt.Sequential(tt.Linear(4, 4)), 0.5))
    with pytest.raises(ValueError, match="shared already"):
        share_weights(share_weights(tt.Linear(4, 4)))
    with pytest.raises(ValueError, match="no weights of its own"):
        share_weights(tt.Sequential(tt.ReLU()))
    layer = tt.Linear(4, 4)
    with tt.no_grad():
        layer.weight[0, 0] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        share_weights(layer)


def logits(*shape, seed=0):
    return tt.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def test_distillation_is_its_formula():
    student, teacher, labels = logits(5, 4), logits(5, 4, seed=1), tt.tensor([0, 3, 1, 2, 2])

    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    for T in (1.0, 3.0):
        p, q = softmax(teacher.numpy() / T), softmax(student.numpy() / T)
        soft = T * T * (p * np.log(p / q)).sum(axis=1).mean()
        hard = -np.log(softmax(student.numpy())[np.arange(5), labels.numpy()]).mean()
        for alpha in (0.0, 0.3, 1.0):
            loss = distillation_loss(student, teacher, labels, temperature=T, alpha=alpha)
            assert loss.item() == pytest.approx(alpha * soft + (1 - alpha) * hard, rel=1e-9)
        assert distillation_loss(student, teacher, temperature=T).item() == pytest.approx(soft, rel=1e-9)
    assert distillation_loss(teacher, teacher).item() == pytest.approx(0, abs=1e-12)


def test_distillations_gradient():
    teacher, labels = logits(3, 4, seed=1).requires_grad_(), tt.tensor([0, 3, -100])
    for given_labels in (labels, None):
        student = logits(3, 4).requires_grad_()
        loss = partial(
            distillation_loss, teacher_logits=teacher, labels=given_labels, temperature=2.5, alpha=0.6
        )
        assert tt.gradcheck(loss, (student,))
    distillation_loss(student, teacher, labels).backward()
    assert teacher.grad is None
    assert student.grad.numpy()[2].tolist() == [0] * 4


def test_distillation_of_sequences():
    student, teacher, labels = (
        logits(2, 3, 5),
        logits(2, 3, 5, seed=1),
        tt.tensor([[1, -100, 0], [4, 4, -100]]),
    )
    rows = [(0, 0), (0, 2), (1, 0), (1, 1)]
    expected = np.mean(
        [
            distillation_loss(student[i, j][None], teacher[i, j][None], labels[i, j][None]).item()
            for i, j in rows
        ]
    )
    assert distillation_loss(student, teacher, labels).item() == pytest.approx(expected, rel=1e-9)


def test_what_distillation_refuses():
    student, labels = logits(3, 4), tt.tensor([0, 1, 2])
    for wrong, words in (
        ((student, logits(3, 5), labels), "one shape"),
        ((student, student, tt.tensor([0, 1])), r"labels must be of shape \(3,\)"),
        ((student, student, labels, 0.0), "temperature"),
        ((student, student, labels, float("nan")), "temperature"),
        ((student, student, labels, 1.0, 1.5), "alpha"),
    ):
        with pytest.raises(ValueError, match=words):
            distillation_loss(*wrong)
