"""The FLOPs of operations and models, against formulas written out here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.core.functional as F
import tinytorch.language as tl
import tinytorch.language.functional as LF
import tinytorch.systems
import tinytorch.vision as tv
import tinytorch.vision.functional as VF
from hypothesis import given, settings, strategies as st
from tinytorch.systems import has_flop_formula, profile, record_function, register_flop_formula

for track in (tt, tv, tl, tinytorch.systems):
    for room in sorted(Path(track.__file__ or "").parent.glob("m[0-9]*")):
        importlib.import_module(f"{track.__name__}.{room.name}")
TRACKS = ("tinytorch.core", "tinytorch.vision", "tinytorch.language", "tinytorch.systems")


def numbers(*shape: int) -> tt.Tensor:
    return tt.from_numpy(np.random.default_rng(0).standard_normal(shape).astype(np.float32))


def counts(function: Callable[..., Any], *inputs: Any, needs: Any = None) -> tuple[int, int, int, int]:
    """Return the FLOPs and the elementwise ones, forward, then backward."""
    tensors = [x for x in inputs if isinstance(x, tt.Tensor) and x.dtype.kind == "f"]
    for x, need in zip(tensors, [True] * len(tensors) if needs is None else needs, strict=True):
        x.requires_grad_(need)
    with profile() as forward:
        out = function(*inputs)
    with profile() as both:
        out = function(*inputs)
        if out.requires_grad:
            out.backward(tt.ones_like(out))
    assert not both.without_formula
    f, e = forward.total_flops, forward.total_elementwise_flops
    return f, e, both.total_flops - f, both.total_elementwise_flops - e


def test_every_operation_of_the_tracks_has_a_formula() -> None:
    names = {op.name for op in tt.ops.values() if op.__module__.startswith(TRACKS)}
    assert len(names) > 150
    assert not [name for name in names if not has_flop_formula(name)]


@settings(max_examples=30, deadline=None)
@given(m=st.integers(0, 5), k=st.integers(0, 5), n=st.integers(0, 5), a=st.booleans(), b=st.booleans())
def test_products_of_matrices(m: int, k: int, n: int, a: bool, b: bool) -> None:
    work = 2 * m * k * n
    got = counts(lambda x, y: x @ y, numbers(m, k), numbers(k, n), needs=(a, b))
    assert got == (work, 0, work * (a + b), 0)
    got = counts(F.linear, numbers(2, m, k), numbers(n, k), numbers(n), needs=(a, b, True))
    assert got == (2 * work, 2 * m * n, 2 * work * (a + b), 2 * m * n)


PRODUCTS = [
    (tt.bmm, [(4, 2, 3), (4, 3, 5)], 4 * 2 * 3 * 5),
    (tt.matmul, [(7, 1, 2, 3), (4, 3, 5)], 7 * 4 * 2 * 3 * 5),  # broadcast
    (tt.mv, [(4, 3), (3,)], 4 * 3),
    (tt.dot, [(5,), (5,)], 5),
    (tt.matmul, [(3,), (3, 4)], 3 * 4),
    (lambda x, y: tt.einsum("bhqd,bhkd->bhqk", x, y), [(2, 3, 4, 5), (2, 3, 6, 5)], 2 * 3 * 4 * 5 * 6),
    (lambda x, y: tt.einsum("ij,jk->ki", x, y), [(2, 3), (3, 4)], 2 * 3 * 4),
    (VF.conv2d, [(2, 3, 8, 9), (4, 3, 3, 2)], 2 * 4 * 6 * 8 * 3 * 3 * 2),
    (lambda x, w: VF.conv2d(x, w, None, 2, 1, 1, 2), [(2, 6, 9, 9), (4, 3, 3, 3)], 2 * 4 * 25 * 3 * 9),
    (lambda x, w: VF.conv1d(x, w, None, dilation=2), [(2, 3, 9), (4, 3, 3)], 2 * 4 * 5 * 3 * 3),
    (lambda x, w: VF.conv_transpose2d(x, w, stride=2), [(2, 3, 4, 5), (3, 6, 2, 2)], 2 * 3 * 20 * 6 * 4),
]


@pytest.mark.parametrize(("function", "shapes", "multiplications"), PRODUCTS)
def test_products(function: Any, shapes: list[tuple[int, ...]], multiplications: int) -> None:
    for needs in ((False, True), (True, False), (True, True)):
        flops, _, backward, _ = counts(function, *(numbers(*s) for s in shapes), needs=needs)
        assert (flops, backward) == (2 * multiplications, 2 * multiplications * sum(needs))


def test_products_of_several_operands() -> None:
    flops, elementwise, *_ = counts(
        lambda a, b, c: tt.einsum("ij,jk,kl->il", a, b, c), numbers(2, 3), numbers(3, 4), numbers(4, 5)
    )
    assert (flops, elementwise) == (2 * 2 * 3 * 4 + 2 * 2 * 4 * 5, 0)
    flops, elementwise, *_ = counts(lambda a: tt.einsum("ij->i", a), numbers(2, 3))
    assert (flops, elementwise) == (0, 4)
    out = counts(F.bilinear, numbers(7, 2), numbers(7, 3), numbers(5, 2, 3), numbers(5))
    assert out == (2 * 7 * 5 * (2 * 3 + 3), 35, 2 * 7 * 5 * (3 * 2 * 3 + 2 + 3), 7 * 2 * 3 + 35)
    assert counts(tt.addmm, numbers(4), numbers(2, 3), numbers(3, 4)) == (48, 8, 96, 4)


@pytest.mark.parametrize("length", [5, 300])  # the long ones compute the weights again
def test_attention(length: int) -> None:
    n, heads, width = 2, 3, 4
    pairs = n * heads * length * length
    q, k, v = (numbers(n, heads, length, width) for _ in range(3))
    for causal in (False, True):
        flops, _, backward, _ = counts(
            lambda q, k, v, causal=causal: LF.scaled_dot_product_attention(q, k, v, is_causal=causal), q, k, v
        )
        assert flops == 4 * pairs * width
        assert backward in (8 * pairs * width, 10 * pairs * width)
    module = tl.SelfAttention(heads * width, heads)
    x = numbers(n, length, heads * width)
    projections = 2 * n * length * 4 * (heads * width) ** 2
    flops, _, backward, _ = counts(module, x)
    assert flops == projections + 4 * pairs * width
    assert backward - 2 * projections in (8 * pairs * width, 10 * pairs * width)


ELEMENTWISE = [
    (lambda x: x + 1, 1, 0),
    (lambda x: x * x, 1, 2),
    (tt.exp, 1, 1),
    (tt.relu, 1, 1),
    (F.gelu, 5, 1),
    (lambda x: F.gelu(x, approximate="tanh"), 8, 1),
    (tt.tanh, 1, 3),
    (lambda x: tt.softmax(x, -1), 5, 4),
    (lambda x: tt.log_softmax(x, -1), 5, 4),
    (lambda x: LF.layer_norm(x, (6,)), 5, 8),
    (lambda x: LF.rms_norm(x, (6,)), 3, 5),
    (tt.permute, 0, 0),
    (lambda x: tt.clamp(x, -1, 1), 2, 1),
]


@pytest.mark.parametrize(("function", "forward", "backward"), ELEMENTWISE)
def test_elementwise(function: Any, forward: int, backward: int) -> None:
    x = numbers(4, 5, 6)
    call = (lambda x: x.permute(2, 0, 1)) if function is tt.permute else function
    assert counts(call, x) == (0, forward * 120, 0, backward * 120)


def test_reductions_losses_and_pools() -> None:
    x = numbers(4, 6)
    assert counts(tt.sum, x) == (0, 23, 0, 0)
    assert counts(lambda x: x.sum(1), x) == (0, 20, 0, 0)
    assert counts(lambda x: x.mean(0), x) == (0, 24, 0, 6)
    assert counts(F.cross_entropy, x, tt.tensor([0, 1, 2, 3])) == (0, 5 * 24 + 4, 0, 2 * 24 + 4)
    assert counts(F.mse_loss, x, numbers(4, 6), needs=(True, False)) == (0, 3 * 24, 0, 3 * 24)
    image = numbers(2, 3, 8, 8)
    assert counts(lambda x: VF.max_pool2d(x, 2), image) == (0, 96 * 3, 0, 96)
    assert counts(lambda x: VF.avg_pool2d(x, 2), image) == (0, 96 * 4, 0, 96 * 5)
    assert counts(lambda x: VF.adaptive_avg_pool2d(x, 1), image)[1] == 384
    # where an input was broadcast, its gradient is a sum
    assert counts(lambda x, y: x + y, numbers(4, 6), numbers(6)) == (0, 24, 0, 18)
    # an embedding reads; its gradient adds each row that was read
    module = tl.Embedding(10, 6)
    assert counts(module, tt.tensor([[1, 2, 2]])) == (0, 0, 0, 18)


def test_a_gpt_takes_six_flops_per_parameter_and_token_and_twelve_for_attention() -> None:
    layers, heads, width, length, vocabulary, batch = 3, 2, 16, 12, 20, 4
    model = tl.GPT(tl.GPTConfig(length, vocabulary, layers, heads, width))
    ids, targets = tt.from_numpy(np.random.default_rng(0).integers(0, vocabulary, (2, batch, length)))
    with profile() as prof:
        model(ids, targets)[1].backward()
    tokens, weights = batch * length, 12 * layers * width**2 + vocabulary * width
    assert prof.total_flops == 6 * weights * tokens + 12 * layers * width * length * tokens
    assert prof.without_formula == {}
    with profile() as prof, tt.no_grad():
        model(ids)
    assert prof.total_flops == 2 * weights * tokens + 4 * layers * width * length * tokens


def test_a_cnn_and_an_mlp() -> None:
    cnn = tt.Sequential(
        tv.Conv2d(1, 4, 3, padding=1),
        tt.ReLU(),
        tv.MaxPool2d(2),
        tv.Conv2d(4, 8, 3),
        tt.Flatten(),
        tt.Linear(288, 5),
    )
    first, second, last = 4 * 16 * 16 * 9, 8 * 6 * 6 * 4 * 9, 288 * 5
    with profile() as prof:
        cnn(numbers(3, 1, 16, 16)).sum().backward()
    assert prof.total_flops == 3 * 2 * (2 * first + 3 * second + 3 * last)  # no gradient for the images
    mlp = tt.Sequential(tt.Linear(20, 30), tt.ReLU(), tt.Linear(30, 4))
    with profile() as prof:
        mlp(numbers(7, 20)).sum().backward()
    assert prof.total_flops == 2 * 7 * (2 * 20 * 30 + 3 * 30 * 4)


def test_an_operation_without_a_formula_is_reported() -> None:
    @tt.op
    def unheard_of(input: tt.Array) -> Any:
        return input * 2

    @unheard_of.backward
    def unheard_of_backward(g: Any) -> Any:
        return lambda: g * 2

    try:
        x = numbers(3).requires_grad_()
        with profile(with_flops=True) as prof, record_function("all"):
            unheard_of(x).sum().backward()
        assert prof.without_formula == {"unheard_of": 1, "UnheardOfBackward": 1}
        rows = {row.key: row for row in prof.key_averages()}
        assert rows["unheard_of"].flops is None
        assert not rows["unheard_of"].has_formula
        table = prof.key_averages().table()
        assert "no formula" in table
        assert "unheard_of, UnheardOfBackward" in table

        @register_flop_formula("unheard_of", backward=lambda call: (0, call.size()))
        def formula(call: Any) -> tuple[int, int]:
            return 10 * prod(call["input"]), call.size("input")

        assert prof.without_formula == {}
        assert (prof.total_flops, prof.total_elementwise_flops) == (30, 3 + 2 + 3)
    finally:
        del tt.ops["unheard_of"]


def test_of_a_rule_whose_operation_came_before_the_profile_nothing_is_known() -> None:
    x = numbers(3).requires_grad_()
    y = x.exp()
    with profile() as prof:
        y.sum().backward()
    assert prof.without_formula == {"ExpBackward": 1}
