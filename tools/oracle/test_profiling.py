"""The profiler's FLOPs are those of PyTorch's `FlopCounterMode`, forward and backward.

Where PyTorch counts something else: attention on the CPU, which it leaves out, is computed by its formula there; the
gradient of a grouped convolution's weight, for which it forgets the groups, isn't compared.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import tinytorch.core as core
import tinytorch.core.functional as cf
import tinytorch.language as language
import tinytorch.language.functional as lf
import tinytorch.vision as vision
import tinytorch.vision.functional as vf
import torch
from tinytorch.systems import profile
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    return (q @ k.transpose(-1, -2)).softmax(-1) @ v


CASES: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[tuple[int, ...]]]] = {
    "matmul": (core.matmul, torch.matmul, [(7, 5), (5, 3)]),
    "matmul, batched": (core.matmul, torch.matmul, [(4, 7, 5), (4, 5, 3)]),
    "matmul, broadcast": (core.matmul, torch.matmul, [(2, 4, 7, 5), (5, 3)]),
    "addmm": (core.addmm, torch.addmm, [(3,), (7, 5), (5, 3)]),
    "einsum": (
        lambda a, b: core.einsum("bhqd,bhkd->bhqk", a, b),
        lambda a, b: torch.einsum("bhqd,bhkd->bhqk", a, b),
        [(2, 3, 4, 5), (2, 3, 6, 5)],
    ),
    "linear": (cf.linear, F.linear, [(6, 9, 5), (8, 5), (8,)]),
    "conv1d": (
        lambda *x: vf.conv1d(*x, dilation=2),
        lambda *x: F.conv1d(*x, dilation=2),
        [(2, 6, 9), (4, 6, 3), (4,)],
    ),
    "conv2d": (
        lambda *x: vf.conv2d(*x, stride=2, padding=1),
        lambda *x: F.conv2d(*x, stride=2, padding=1),
        [(2, 6, 9, 8), (4, 6, 3, 2), (4,)],
    ),
    "conv_transpose2d": (
        lambda *x: vf.conv_transpose2d(*x, stride=2),
        lambda *x: F.conv_transpose2d(*x, stride=2),
        [(2, 6, 5, 5), (6, 4, 3, 3), (4,)],
    ),
}


def ours(function: Callable[..., Any], *inputs: Any) -> int:
    with profile() as prof:
        out = function(*inputs)
        if out.requires_grad:
            out.sum().backward()
    assert not prof.without_formula
    return prof.total_flops


def theirs(function: Callable[..., Any], *inputs: Any) -> int:
    with FlopCounterMode(display=False) as counter:
        out = function(*inputs)
        if out.requires_grad:
            out.sum().backward()
    return int(counter.get_total_flops())


@pytest.mark.parametrize("name", CASES)
def test_an_operation(name: str) -> None:
    our, their, shapes = CASES[name]
    for needs in product([False, True], repeat=len(shapes)):
        a = [core.ones(*shape).requires_grad_(need) for shape, need in zip(shapes, needs, strict=True)]
        b = [torch.ones(shape, requires_grad=need) for shape, need in zip(shapes, needs, strict=True)]
        assert ours(our, *a) == theirs(their, *b), needs


def test_attention() -> None:
    shapes = (2, 3, 7, 4), (2, 3, 9, 4), (2, 3, 9, 6)
    a = [core.ones(*shape, requires_grad=True) for shape in shapes]
    b = [torch.ones(shape, requires_grad=True) for shape in shapes]
    assert ours(lf.scaled_dot_product_attention, *a) == theirs(attention, *b)


def cnn(lib: Any, images: Any) -> Any:
    return lib.Sequential(
        images.Conv2d(1, 8, 3, padding=1), lib.ReLU(), images.MaxPool2d(2), images.Conv2d(8, 16, 3), lib.ReLU(),
        images.MaxPool2d(2), lib.Flatten(), lib.Linear(16 * 36, 10),
    )  # fmt: skip


def mlp(lib: Any, images: Any) -> Any:
    return lib.Sequential(lib.Linear(784, 128), lib.ReLU(), lib.Linear(128, 10))


@pytest.mark.parametrize(("make", "shape"), [(cnn, (4, 1, 28, 28)), (mlp, (8, 784))])
def test_a_model(make: Callable[..., Any], shape: tuple[int, ...]) -> None:
    assert ours(make(core, vision), core.ones(*shape)) == theirs(make(nn, nn), torch.ones(shape))


def test_a_block() -> None:
    block = language.TransformerBlock(16, 2, bias=False)
    matrices = [p for p in block.parameters() if p.ndim == 2]

    def its_products(x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        qkv, out, up, down = weights
        q, k, v = (y.view(3, 5, 2, 8).transpose(1, 2) for y in (x @ qkv.T).chunk(3, dim=-1))
        x = attention(q, k, v).transpose(1, 2).reshape(3, 5, 16) @ out.T
        return x @ up.T @ down.T

    weights = [torch.tensor(np.array(p.detach().numpy()), requires_grad=True) for p in matrices]
    a, b = core.ones(3, 5, 16, requires_grad=True), torch.ones(3, 5, 16, requires_grad=True)
    assert ours(block, a) == theirs(its_products, b, *weights)
