"""Comparisons, logic, bits and choice, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import common_dtype
from .op import Array, Operand, op


@op(promote="same", differentiable=False)
def eq(input: Operand, other: Operand) -> Array:
    """Tell where `input == other`."""
    return np.equal(input, other)


@op(promote="same", differentiable=False)
def ne(input: Operand, other: Operand) -> Array:
    """Tell where `input != other`."""
    return np.not_equal(input, other)


@op(promote="same", differentiable=False)
def lt(input: Operand, other: Operand) -> Array:
    """Tell where `input < other`."""
    return np.less(input, other)


@op(promote="same", differentiable=False)
def le(input: Operand, other: Operand) -> Array:
    """Tell where `input <= other`."""
    return np.less_equal(input, other)


@op(promote="same", differentiable=False)
def gt(input: Operand, other: Operand) -> Array:
    """Tell where `input > other`."""
    return np.greater(input, other)


@op(promote="same", differentiable=False)
def ge(input: Operand, other: Operand) -> Array:
    """Tell where `input >= other`."""
    return np.greater_equal(input, other)


@op(differentiable=False)
def isnan(input: Array) -> Array:
    """Tell which elements are nan."""
    return np.isnan(input)


@op(differentiable=False)
def isinf(input: Array) -> Array:
    """Tell which elements are infinite, positive or negative."""
    return np.isinf(input)


@op(differentiable=False)
def isfinite(input: Array) -> Array:
    """Tell which elements are neither infinite nor nan."""
    return np.isfinite(input)


@op(differentiable=False)
def logical_and(input: Array, other: Array) -> Array:
    """Tell where both elements are true, that is, not zero."""
    return np.logical_and(input, other)


@op(differentiable=False)
def logical_or(input: Array, other: Array) -> Array:
    """Tell where at least one element is true, that is, not zero."""
    return np.logical_or(input, other)


@op(differentiable=False)
def logical_xor(input: Array, other: Array) -> Array:
    """Tell where exactly one element is true, that is, not zero."""
    return np.logical_xor(input, other)


@op(differentiable=False)
def logical_not(input: Array) -> Array:
    """Tell which elements are zero."""
    return np.logical_not(input)


@op(promote="same", differentiable=False)
def bitwise_and(input: Operand, other: Operand) -> Array:
    """Return the bits that are set in both integers (or bools)."""
    return _on_bits(np.bitwise_and, input, other)


@op(promote="same", differentiable=False)
def bitwise_or(input: Operand, other: Operand) -> Array:
    """Return the bits that are set in at least one of two integers (or bools)."""
    return _on_bits(np.bitwise_or, input, other)


@op(promote="same", differentiable=False)
def bitwise_xor(input: Operand, other: Operand) -> Array:
    """Return the bits that are set in exactly one of two integers (or bools)."""
    return _on_bits(np.bitwise_xor, input, other)


@op(differentiable=False)
def bitwise_not(input: Array) -> Array:
    """Return integers with all bits flipped, or inverted bools."""
    return _on_bits(np.invert, input)


def _on_bits(ufunc: Any, *operands: Any) -> Any:
    dtype = np.result_type(*operands)
    if dtype.kind == "f":
        raise NotImplementedError(f"{ufunc.__name__}() takes integers or bools, not {dtype}")
    return ufunc(*operands)


@op(differentiable=False)
def isclose(
    input: Array, other: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Array:
    """Tell where `|input - other| <= atol + rtol * |other|`.

    Raises:
        RuntimeError: the dtypes differ.
    """
    if input.dtype != other.dtype:
        raise RuntimeError(f"isclose(): the dtypes differ: {input.dtype} and {other.dtype}")
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"isclose(): rtol and atol must not be negative, got {rtol} and {atol}")
    return np.isclose(input, other, rtol, atol, equal_nan)


@op
def choose(condition: Array, input: Operand, other: Operand) -> Array:
    """Return `input` where the condition is true, elsewhere `other`."""
    if condition.dtype.kind != "b" and condition.dtype != np.uint8:
        raise RuntimeError(f"where(): expected a bool tensor as condition, but got {condition.dtype}")
    dtype = common_dtype((input, other))
    chosen, rejected = (
        x.astype(dtype, copy=False) if isinstance(x, np.ndarray) else as_element("where", x, dtype)
        for x in (input, other)
    )
    return np.where(condition, chosen, rejected)


@op
def masked_fill(input: Array, mask: Array, value: Operand) -> Array:
    """Return `input` with `value`, a number or 0-d tensor, where the mask is true.

    Raises:
        RuntimeError: the mask isn't bool, or the value doesn't fit into the dtype of `input`.

    Examples:
        >>> mask = tt.tensor([[False, True], [False, False]])
        >>> tt.zeros(2, 2).masked_fill(mask, -1.0)
        tensor([[ 0., -1.],
                [ 0.,  0.]])
    """
    if mask.dtype.kind != "b":
        raise RuntimeError(f"masked_fill(): expected a bool mask, but got {mask.dtype}")
    if np.ndim(value):
        raise RuntimeError(f"masked_fill(): expected a number or a 0-d tensor, but got {np.ndim(value)} dims")
    return np.where(mask, as_element("masked_fill", value, input.dtype), input)


def as_element(name: str, value: Any, dtype: np.dtype[Any]) -> Any:
    """Return the number as a 0-d array of that dtype; an integer dtype must be able to hold it.

    As in PyTorch, an unsigned dtype takes negative numbers, too, and wraps them around.
    """
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not (limits.min or -limits.max) <= value <= limits.max:
            raise RuntimeError(f"{name}(): the value {value} doesn't fit into {dtype}")
    return np.asarray(value).astype(dtype)
