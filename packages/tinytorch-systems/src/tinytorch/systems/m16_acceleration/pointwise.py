"""Operations on one number at a time by the compiled kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import is_grad_enabled

from .arrays import FLOAT32, ready, whole
from .kernel import Kernel
from .library import Library

LONG = 2**15  # numbers from which a sum of two arrays is faster here than in NumPy


def kernels(lib: Library) -> list[Kernel]:
    """Return the kernels of pointwise operations."""

    def relu(input: Any) -> Any:
        if not ready(input):
            return NotImplemented
        out = np.empty(input.shape, FLOAT32)
        lib.relu_forward(out, input, input.size)
        return out

    def relu_rule(g: Any, out: Any) -> Any:
        def derivative() -> Any:
            d = np.empty(out.shape, FLOAT32)
            lib.relu_backward(d, whole(g), out, out.size)
            return d

        return derivative

    def gelu(input: Any, *, approximate: str = "none") -> Any:
        if not ready(input) or approximate not in ("none", "tanh"):
            return NotImplemented
        out = np.empty(input.shape, FLOAT32)
        slopes = np.empty(input.shape, FLOAT32) if is_grad_enabled() else None
        lib.gelu_forward(out, slopes, slopes is not None, input, approximate == "tanh", input.size)
        return out, {"slopes": slopes}

    def gelu_rule(g: Any, slopes: Any) -> Any:
        def derivative() -> Any:
            d = np.empty(slopes.shape, FLOAT32)
            lib.mul(d, whole(g), slopes, slopes.size)
            return d

        return derivative

    def both(input: Any, other: Any) -> bool:
        return (
            input.__class__ is np.ndarray
            and other.__class__ is np.ndarray
            and input.size >= LONG
            and input.shape == other.shape
            and ready(input)
            and ready(other)
        )

    def add(input: Any, other: Any) -> Any:
        if not both(input, other):
            return NotImplemented
        out = np.empty(input.shape, FLOAT32)
        lib.add(out, input, other, input.size)
        return out

    def mul(input: Any, other: Any) -> Any:
        if not both(input, other):
            return NotImplemented
        out = np.empty(input.shape, FLOAT32)
        lib.mul(out, input, other, input.size)
        return out

    return [
        Kernel("relu", relu, relu_rule),
        Kernel("gelu", gelu, gelu_rule),
        Kernel("add", add),
        Kernel("mul", mul),
    ]
