"""Random tensors and initial values: shapes, dtypes, ranges, moments, repeatability, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from . import compare
from .libraries import BOTH, Library, dtype_name, to_array

# Code that makes many random values; PyTorch's distribution is what ours must have.
SAMPLES = (
    "t.rand(200, 100)", "t.rand((200, 100), dtype=t.float64)", "t.rand(20000, generator=g)", "t.rand(20000, dtype=t.float16)",
    "t.randn(200, 100)", "t.randn((20000,), dtype=t.float64)", "t.randn(20000, generator=g)", "t.randn(20000, dtype=t.float16)",
    "t.randint(10, (20000,))", "t.randint(-5, 5, (200, 100))", "t.randint(low=0, high=3, size=(20000,), dtype=t.int32)",
    "t.randint(0, 255, (20000,), dtype=t.uint8)", "t.randint(2, (20000,), dtype=t.bool)", "t.randint(10, (20000,), dtype=t.float32)",
    "t.randint(10, (20000,), generator=g)", "t.randint(-2**40, 2**40, (20000,))", "t.randint(-2, 3, (20000,), dtype=t.int8)",
    "t.rand_like(t.zeros(200, 100))", "t.rand_like(t.zeros(20000, dtype=t.float64))", "t.rand_like(t.zeros(20000), dtype=t.float64)",
    "t.randn_like(t.zeros(200, 100))", "t.randn_like(t.zeros(20000), dtype=t.float64)", "t.randint_like(t.zeros(20000), 7)",
    "t.randint_like(t.zeros(20000, dtype=t.int64), -3, 4)", "t.randint_like(t.zeros(20000), 2, 9, dtype=t.int32)", "t.randint_like(t.zeros(20000), low=2, high=9)",
    "t.normal(2.0, 3.0, (20000,))", "t.normal(t.arange(4.0).repeat(5000), 0.5)", "t.normal(1.0, t.full((20000,), 0.5))", "t.normal(mean=t.zeros(20000), std=t.ones(20000))",
    "t.normal(t.zeros(20000))", "t.normal(0, 2, size=(20000,), generator=g)", "t.normal(0.0, 1.0, (20000,), dtype=t.float64)", "t.normal(t.zeros(20000, dtype=t.float64), 1.0)",
    "t.bernoulli(t.full((20000,), 0.3))", "t.bernoulli(t.full((20000,), 0.7, dtype=t.float64), generator=g)", "t.bernoulli(t.zeros(20000), 0.25)", "t.bernoulli(t.zeros(20000), p=0.6)",
    "t.bernoulli(t.tensor([0.0, 1.0]).repeat(10000))",
    "t.multinomial(t.tensor([1.0, 2.0, 3.0, 4.0]), 20000, replacement=True)", "t.multinomial(t.tensor([1.0, 0.0, 3.0]), 20000, True, generator=g)",
    "t.multinomial(t.tensor([[1.0, 2.0], [5.0, 1.0]]), 10000, replacement=True)[0]", "t.multinomial(t.tensor([[1.0, 2.0], [5.0, 1.0]], dtype=t.float64), 10000, replacement=True)[1]",
    "t.stack([t.multinomial(t.tensor([1.0, 2.0, 7.0]), 2)[0] for _ in range(4000)])", "t.stack([t.multinomial(t.tensor([1.0, 2.0, 7.0]), num_samples=2)[1] for _ in range(4000)])",
    "t.stack([t.randperm(5)[0] for _ in range(8000)])", "t.randperm(20000)", "t.randperm(200, dtype=t.int32)", "t.randperm(20000, generator=g)", "t.randperm(n=50, dtype=t.float32)",
    "t.zeros(20000).uniform_()", "t.zeros(20000).uniform_(-2, 5)", "t.zeros(20000, dtype=t.float64).uniform_(2, 3, generator=g)",
    "t.zeros(20000).normal_()", "t.zeros(20000).normal_(2, 3)", "t.zeros(20000).normal_(mean=-1, std=0.5, generator=g)",
    "t.zeros(20000).bernoulli_(0.3)", "t.zeros(20000).bernoulli_()", "t.zeros(20000, dtype=t.int64).bernoulli_(0.6, generator=g)", "t.zeros(20000).bernoulli_(t.full((20000,), 0.2))",
    "t.full((20000,), 0.4).bernoulli()",
    "t.zeros(20000, dtype=t.int64).random_(3, 9)", "t.zeros(20000, dtype=t.int64).random_(7)", "t.zeros(20000, dtype=t.int64).random_(2, to=5, generator=g)", "t.zeros(20000).random_(0, 5)",
    "F.dropout(t.ones(20000), 0.3)", "F.dropout(t.ones(200, 100), p=0.8, training=True)", "F.dropout(t.ones(20000, dtype=t.float64))", "nn.Dropout(0.25)(t.ones(20000))", "nn.Dropout()(t.ones(20000))",
    "F.dropout(t.ones(20000), 0.3, inplace=True)",
    "init.uniform_(t.empty(200, 100))", "init.uniform_(t.empty(200, 100), -2, 3)", "init.uniform_(tensor=t.empty(200, 100), a=-1.0, b=0.5, generator=g)",
    "init.normal_(t.empty(200, 100))", "init.normal_(t.empty(200, 100), 2.0, 0.5)", "init.normal_(t.empty(200, 100), mean=1.0, std=0.1, generator=g)",
    "init.constant_(t.empty(20, 10), 2.5)", "init.ones_(t.empty(20, 10))", "init.zeros_(t.empty(20, 10))", "init.eye_(t.empty(20, 10))",
    "init.xavier_uniform_(t.empty(200, 100))", "init.xavier_uniform_(t.empty(200, 100), gain=2.0)", "init.xavier_uniform_(t.empty(200, 10, 3, 3), 0.5, g)",
    "init.xavier_normal_(t.empty(200, 100))", "init.xavier_normal_(t.empty(200, 100), gain=2.0, generator=g)", "init.xavier_normal_(t.empty(50, 20, 5))",
    "init.kaiming_uniform_(t.empty(200, 100))", "init.kaiming_uniform_(t.empty(200, 100), a=5**0.5)", "init.kaiming_uniform_(t.empty(200, 100), mode='fan_out', nonlinearity='relu')",
    "init.kaiming_uniform_(t.empty(200, 100), 0.1, 'fan_in', 'tanh', g)", "init.kaiming_uniform_(t.empty(50, 20, 3, 3), nonlinearity='linear')",
    "init.kaiming_normal_(t.empty(200, 100))", "init.kaiming_normal_(t.empty(200, 100), a=0.2, mode='fan_out')", "init.kaiming_normal_(t.empty(200, 100), nonlinearity='selu', generator=g)",
    "init.kaiming_normal_(t.empty(50, 20, 3, 3), nonlinearity='relu')",
    "init.trunc_normal_(t.empty(200, 100))", "init.trunc_normal_(t.empty(200, 100), 0.5, 2.0, -1.0, 1.5)", "init.trunc_normal_(t.empty(200, 100), mean=0.0, std=0.02, a=-2.0, b=2.0, generator=g)",
    "init.trunc_normal_(t.empty(200, 100), std=5.0, a=1.0, b=2.0)", "init.orthogonal_(t.empty(100, 50))", "init.orthogonal_(t.empty(50, 100), gain=2.0)", "init.orthogonal_(t.empty(40, 5, 4), 1.0, g)",
    "init.orthogonal_(t.empty(100, 50), generator=g)",
    "nn.Linear(50, 400).weight", "nn.Linear(50, 4000).bias", "nn.Bilinear(10, 20, 100).weight", "nn.Bilinear(10, 20, 4000).bias",
)  # fmt: skip


def sample(library: Library, source: str) -> Any:
    names = dict(library.namespace)
    names["t"].manual_seed(1)
    names["g"] = names["t"].Generator().manual_seed(2)
    return compare.listening(lambda: eval(source, names), [])


@pytest.mark.parametrize("source", SAMPLES)
def test_distribution(source: str) -> None:
    ours, theirs = sample(BOTH.ours, source), sample(BOTH.theirs, source)
    assert dtype_name(ours.dtype) == dtype_name(theirs.dtype)
    assert tuple(ours.shape) == tuple(theirs.shape)
    assert ours.requires_grad == theirs.requires_grad
    again = to_array(sample(BOTH.ours, source))
    a, b = to_array(ours).astype(np.float64).ravel(), to_array(theirs).astype(np.float64).ravel()
    np.testing.assert_array_equal(again.astype(np.float64).ravel(), a, "another result from the same seed")
    if set(np.unique(b)) <= {0.0, 1.0} or len(np.unique(b)) < 12:
        values = np.unique(b)
        np.testing.assert_allclose(np.unique(a), values, rtol=1e-6)
        shares = [[np.mean(np.isclose(x, v)) for v in values] for x in (a, b)]
        np.testing.assert_allclose(*shares, atol=5 * 0.5 * (2 / len(a)) ** 0.5)
        return
    # Kolmogorov-Smirnov: the largest distance of the two distribution functions, at a level of about 1e-6.
    grid = np.sort(np.concatenate([a, b]))
    distance = np.abs(
        np.searchsorted(np.sort(a), grid, "right") / len(a) - np.searchsorted(np.sort(b), grid, "right") / len(b)
    ).max()
    assert distance < 2.7 * (2 / len(a)) ** 0.5, f"the distributions are {distance} apart"
    span = b.max() - b.min()
    if not any(name in source for name in ("norm", "randn", "orthogonal")):  # those have long tails
        assert a.min() >= b.min() - 0.05 * span
        assert a.max() <= b.max() + 0.05 * span


def test_bounds() -> None:
    for library in (BOTH.ours, BOTH.theirs):
        assert (to_array(sample(library, "t.rand(200000)")) < 1).all()
        assert (to_array(sample(library, "t.rand(200000, dtype=t.float16)")) < 1).all()
        x = to_array(sample(library, "init.trunc_normal_(t.empty(1000, 100), 0.0, 1.0, -0.5, 0.25)"))
        assert x.min() >= -0.5
        assert x.max() <= 0.25
        assert sorted(to_array(sample(library, "t.randperm(100)"))) == list(range(100))
        picked = to_array(sample(library, "t.multinomial(t.ones(50, 9), 9)"))
        assert (np.sort(picked, axis=1) == np.arange(9)).all()
        q = to_array(sample(library, "init.orthogonal_(t.empty(30, 80), gain=3.0)"))
        np.testing.assert_allclose(q @ q.T, 9 * np.eye(30), atol=1e-4)


def test_dropout_gradient_and_scale() -> None:
    for library in (BOTH.ours, BOTH.theirs):
        names = {**library.namespace, "x": library.tensor(np.ones(1000, np.float32)).requires_grad_()}
        exec("y = F.dropout(x, 0.5)\ny.sum().backward()\ng = x.grad", names)
        np.testing.assert_array_equal(to_array(names["y"]), to_array(names["g"]))
        assert set(np.unique(to_array(names["g"]))) == {0.0, 2.0}
