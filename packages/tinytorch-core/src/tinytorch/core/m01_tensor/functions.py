"""Functions of one tensor, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from .error_function import erf_array
from .op import Array, op


@op
def neg(input: Array) -> Array:
    """Return `-input`."""
    if input.dtype.kind == "b":
        raise RuntimeError("neg(): a bool tensor can't be negated; use ~ or logical_not() to invert a mask")
    return np.negative(input)


@op
def abs(input: Array) -> Array:
    """Return the absolute value; its gradient at 0 is 0."""
    _no_bool("abs", input)
    return np.abs(input)


@op
def sign(input: Array) -> Array:
    """Return -1, 0 or 1; its gradient is zero."""
    if input.dtype.kind == "b":
        return input.copy()
    return np.subtract(input > 0, input < 0, dtype=input.dtype)  # unlike np.sign, 0 for nan, as in PyTorch


@op
def square(input: Array) -> Array:
    """Return `input * input`."""
    return input * input if input.dtype.kind != "b" else input.astype(np.int64)


@op(promote="float")
def reciprocal(input: Array) -> Array:
    """Return `1 / input`."""
    return 1 / input


@op(promote="float")
def sqrt(input: Array) -> Array:
    """Return the square root; nan for negative numbers."""
    return np.sqrt(input)


@op(promote="float")
def rsqrt(input: Array) -> Array:
    """Return `1 / sqrt(input)`."""
    return 1 / np.sqrt(input)


@op(promote="float")
def exp(input: Array) -> Array:
    """Return e to the power of each element."""
    return np.exp(input)


@op(promote="float")
def expm1(input: Array) -> Array:
    """Return `exp(input) - 1`, exact also near 0."""
    return np.expm1(input)


@op(promote="float")
def log(input: Array) -> Array:
    """Return the natural logarithm."""
    return np.log(input)


@op(promote="float")
def log1p(input: Array) -> Array:
    """Return `log(1 + input)`, exact also near 0."""
    return np.log1p(input)


@op(promote="float")
def log2(input: Array) -> Array:
    """Return the logarithm to base 2."""
    return np.log2(input)


@op(promote="float")
def log10(input: Array) -> Array:
    """Return the logarithm to base 10."""
    return np.log10(input)


@op(promote="float")
def sin(input: Array) -> Array:
    """Return the sine of an angle in radians."""
    return np.sin(input)


@op(promote="float")
def cos(input: Array) -> Array:
    """Return the cosine of an angle in radians."""
    return np.cos(input)


@op(promote="float")
def tan(input: Array) -> Array:
    """Return the tangent of an angle in radians."""
    return np.tan(input)


@op(promote="float")
def asin(input: Array) -> Array:
    """Return the angle in radians whose sine is `input`; nan outside [-1, 1]."""
    return np.arcsin(input)


@op(promote="float")
def acos(input: Array) -> Array:
    """Return the angle in radians whose cosine is `input`; nan outside [-1, 1]."""
    return np.arccos(input)


@op(promote="float")
def atan(input: Array) -> Array:
    """Return the angle in radians whose tangent is `input`."""
    return np.arctan(input)


@op(promote="float")
def sinh(input: Array) -> Array:
    """Return the hyperbolic sine."""
    return np.sinh(input)


@op(promote="float")
def cosh(input: Array) -> Array:
    """Return the hyperbolic cosine."""
    return np.cosh(input)


@op(promote="float")
def tanh(input: Array) -> Array:
    """Return the hyperbolic tangent."""
    return np.tanh(input)


@op(promote="float")
def erf(input: Array) -> Array:
    """Return the error function, 2/sqrt(pi) times the integral of exp(-t*t) from 0 to `input`."""
    return erf_array(input)


@op
def floor(input: Array) -> Array:
    """Round down; the gradient is zero."""
    return _rounded("floor", np.floor, input)


@op
def ceil(input: Array) -> Array:
    """Round up; the gradient is zero."""
    return _rounded("ceil", np.ceil, input)


@op
def trunc(input: Array) -> Array:
    """Round towards zero; the gradient is zero."""
    return _rounded("trunc", np.trunc, input)


@op
def round(input: Array, *, decimals: int = 0) -> Array:
    """Round to the nearest number with that many decimals, halves to even; the gradient is zero."""
    if decimals and input.dtype.kind != "f":
        raise NotImplementedError(f"round() with decimals isn't implemented for {input.dtype}")
    if decimals and input.dtype == np.float16:  # whose steps are too coarse for multiplying by 10**decimals
        return np.round(input.astype(np.float32), decimals).astype(np.float16)
    return _rounded("round", lambda x: np.round(x, decimals), input)


@op
def cast(input: Array, dtype: Any) -> Array:
    """Return a copy with another dtype; between floating-point dtypes the gradient passes through."""
    return input.astype(dtype)


absolute, negative = abs, neg


def _no_bool(name: str, x: Any) -> None:
    if x.dtype.kind == "b":
        raise NotImplementedError(f"{name}() isn't implemented for bool")


def _rounded(name: str, rounding: Any, x: Any) -> Any:
    _no_bool(name, x)
    return rounding(x) if x.dtype.kind == "f" else x.copy()
