"""Arithmetic of two operands, element by element, broadcast to one shape.

The operators of `Tensor` are these operations. `arithmetic.py` adds the options that only the named
functions have (`alpha`, `rounding_mode`), so that `x + y` needn't look at options.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import Array, Operand, op


@op(promote="same")
def add(input: Operand, other: Operand) -> Array:
    """Return `input + other`."""
    return input + other


def check_no_bools(input: Any, other: Any) -> None:
    if np.bool_ in (np.asarray(input).dtype, np.asarray(other).dtype):
        raise RuntimeError(
            "sub(): bools can't be subtracted; use ^ or logical_xor() to compare masks, ~ to invert one"
        )


@op(promote="same", check=check_no_bools)
def sub(input: Operand, other: Operand) -> Array:
    """Return `input - other`.

    Raises:
        RuntimeError: one of them is bool.
    """
    return input - other


@op(promote="same")
def mul(input: Operand, other: Operand) -> Array:
    """Return `input * other`."""
    return input * other


@op(promote="float")
def div(input: Operand, other: Operand) -> Array:
    """Return `input / other`; integers are divided as floats (torch.true_divide)."""
    return input / other


@op(promote="same")
def floor_divide(input: Operand, other: Operand) -> Array:
    """Return `input / other` rounded down; its gradient is zero, as it is flat between its steps.

    Raises:
        RuntimeError: an integer is divided by zero.
    """
    _check_divisor("floor_divide", input, other)
    return input // other


@op(promote="same")
def trunc_divide(input: Operand, other: Operand) -> Array:
    """Return `input / other` rounded towards zero; its gradient is zero.

    Raises:
        RuntimeError: an integer is divided by zero.
    """
    _check_divisor("trunc_divide", input, other)
    if np.result_type(input, other).kind == "f":
        return np.trunc(input / other)
    quotient, rest = np.divmod(input, other)
    return quotient + ((rest != 0) & ((rest < 0) != (np.asarray(input) < 0)))


@op(promote="same")
def remainder(input: Operand, other: Operand) -> Array:
    """Return what `floor_divide` leaves over; it has the sign of `other`, as Python's `%`.

    Raises:
        RuntimeError: an integer is divided by zero.
    """
    _check_divisor("remainder", input, other)
    return input % other


def _check_divisor(name: str, input: Any, other: Any) -> None:
    kind = np.result_type(input, other).kind
    if kind == "b":
        raise NotImplementedError(f"{name}() isn't implemented for bool")
    if kind != "f" and not np.all(other):
        raise RuntimeError(f"ZeroDivisionError: {name}() of integers by zero")


def _no_negative_exponent(input: Any, exponent: Any) -> None:
    if isinstance(exponent, int) and exponent < 0 and input.dtype.kind != "f":
        raise RuntimeError("pow(): integers to negative integer powers are not allowed")


@op(promote="same", check=_no_negative_exponent)
def pow(input: Operand, exponent: Operand) -> Array:
    """Return `input` to the power of `exponent`.

    Raises:
        RuntimeError: integers are raised to a negative Python integer.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.pow.html
    """
    if not isinstance(exponent, np.ndarray):
        return _number_power(input, exponent)
    kind = exponent.dtype.kind
    if kind == "f":
        return np.power(input, exponent)
    return _integer_power(np.asarray(input), exponent)


def _number_power(x: Any, exponent: Any) -> Any:
    """Small whole exponents are multiplied out: NumPy's float32 power is 30 times slower."""
    if x.dtype.kind == "b":
        return x | (not exponent)
    n = abs(exponent)
    if n == 2:
        out = x * x
    elif n == 3:
        out = x * x * x
    elif n == 4:
        out = x * x
        out = out * out
    elif n == 1:
        return x.copy() if exponent == 1 else 1 / x
    elif exponent == 0.5:
        return np.sqrt(x)
    else:
        return np.power(x, exponent)
    return out if exponent > 0 else 1 / out


def _integer_power(x: Any, exponent: Any) -> Any:
    if exponent.dtype.kind == "b":
        raise NotImplementedError("pow() isn't implemented for bool")
    if not (exponent < 0).any():
        return np.power(x, exponent)
    # 1/x is a whole number for 1 and -1 only; PyTorch gives 0 for all the others.
    return np.where((exponent < 0) & (x != 1) & (x != -1), x.dtype.type(0), np.power(x, np.abs(exponent)))


@op(promote="same")
def maximum(input: Array, other: Array) -> Array:
    """Return the larger one of two elements; nan if one is nan. At ties each gets half the gradient."""
    return np.maximum(input, other)


@op(promote="same")
def minimum(input: Array, other: Array) -> Array:
    """Return the smaller one of two elements; nan if one is nan. At ties each gets half the gradient."""
    return np.minimum(input, other)


@op(promote="same")
def clamp(input: Array, min: Operand | None = None, max: Operand | None = None) -> Array:
    """Limit the elements to `min` and `max`, numbers or tensors; `max` wins where `min > max`.

    Raises:
        RuntimeError: neither bound is given.
        TypeError: one is a number, the other a tensor with dimensions.

    Examples:
        >>> tt.tensor([-2.0, 0.5, 3.0]).clamp(0, 1)
        tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None:
        if max is None:
            raise RuntimeError("clamp(): at least one of 'min' or 'max' must not be None")
        return np.minimum(input, max)
    out = np.maximum(input, min)
    if max is None:
        return out
    if np.ndim(min) + np.ndim(max) and isinstance(min, np.ndarray) != isinstance(max, np.ndarray):
        raise TypeError("clamp(): 'min' and 'max' must both be tensors or both be numbers")
    return np.minimum(out, max)


@op
def lerp(input: Array, end: Array, weight: Operand) -> Array:
    """Return the point between `input` (weight 0) and `end` (weight 1): `input + weight * (end - input)`.

    Raises:
        RuntimeError: the dtypes differ or aren't floating-point ones.
    """
    dtype = input.dtype
    if dtype.kind != "f":
        raise NotImplementedError(f"lerp() isn't implemented for {dtype}")
    for name, x in (("end", end), ("weight", weight)):
        if isinstance(x, np.ndarray) and x.dtype != dtype and (name == "end" or x.ndim):
            raise RuntimeError(f"lerp(): expected {dtype} for `{name}`, as input has, but got {x.dtype}")
    w = np.asarray(weight, dtype)
    # From the nearer end, so that the far one is met exactly.
    return np.where(w < 0.5, input + w * (end - input), end - (end - input) * (1 - w))


multiply, true_divide, clip = mul, div, clamp
