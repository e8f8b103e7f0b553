"""Gradient rules of module 01's arithmetic."""

from __future__ import annotations

from typing import Any

from ..m01_tensor.math import add, exp, mul


@add.backward
def add_backward(g: Any, alpha: Any) -> Any:
    return lambda: g, lambda: g if alpha == 1 else g * alpha


@mul.backward
def mul_backward(g: Any, input: Any, other: Any) -> Any:
    return lambda: g * other, lambda: g * input


@exp.backward
def exp_backward(g: Any, out: Any) -> Any:
    return lambda: g * out
