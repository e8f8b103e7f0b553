"""Arithmetic, element by element."""

from __future__ import annotations

import numpy as np

from .op import Array, Operand, op


@op(promote="same")
def add(input: Operand, other: Operand, *, alpha: float = 1) -> Array:
    """Return `input + alpha * other`, element by element, broadcast to one shape."""
    return input + other if alpha == 1 else input + alpha * other


@op(promote="same")
def mul(input: Operand, other: Operand) -> Array:
    """Return `input * other`, element by element, broadcast to one shape."""
    return input * other


@op(promote="float")
def exp(input: Array) -> Array:
    """Return e to the power of each element."""
    return np.exp(input)
