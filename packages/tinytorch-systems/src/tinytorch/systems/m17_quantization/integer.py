"""Products with whole numbers, by the fast product of floats."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tinytorch.core import Array, op

CHUNK = 256  # 256 * 255 * 255 < 2**24: up to there float32 counts without a gap


@op
def scaled_linear(
    input: Array, weight: Array, scale: Array, bias: Array | None = None, middle: int = 0
) -> Array:
    """Return `input @ (weight - middle).T * scale + bias`: a `linear` whose weight is whole numbers.

    Scaling the result takes less than scaling the weight, where there are fewer rows than features.

    Args:
        input: (*, in_features), floating-point.
        weight: (out_features, in_features), int8 or uint8.
        scale: (out_features) or (), floating-point.
        bias: (out_features), or nothing.
        middle: the whole number that stands for zero.

    Returns:
        (*, out_features).

    Raises:
        RuntimeError: shapes don't go together, or the input isn't as precise as the scale.
    """
    _check(input, weight)
    if input.dtype.kind != "f" or (scale.dtype != input.dtype and scale.dtype != np.float16):
        raise RuntimeError(
            f"linear(): input and weight must have the same dtype, but got {input.dtype} and {scale.dtype}"
        )
    real = _real(weight, middle, input.dtype)
    out = (input.reshape(math.prod(input.shape[:-1]), weight.shape[1]) @ real.T).reshape(
        *input.shape[:-1], len(weight)
    )
    out *= scale
    if bias is not None:
        out += bias
    return out


@scaled_linear.backward
def scaled_linear_backward(g: Any, weight: Any, scale: Any, middle: Any) -> Any:
    return lambda: (g * scale) @ _real(weight, middle, g.dtype), None, None, lambda: g * 1


@op(differentiable=False)
def integer_linear(input: Array, weight: Array, input_zero: Any = 0, weight_zero: int = 0) -> Array:
    """Return `(input - input_zero) @ (weight - weight_zero).T` in int32, exactly.

    NumPy's product of integers is a plain loop; BLAS knows floats alone. But float32 holds every whole number
    up to 2**24, so a sum of 256 products of two bytes is exact in it.

    Args:
        input: (*, in_features), int8 or uint8.
        weight: (out_features, in_features), int8 or uint8.
        input_zero: the whole number that stands for zero in the input; an array (*, 1) has one for each row.
        weight_zero: the same for the weight.

    Returns:
        (*, out_features), int32.

    Raises:
        RuntimeError: shapes or dtypes don't go together.
    """
    if input.dtype.itemsize != 1 or weight.dtype.itemsize != 1 or weight.ndim != 2:
        raise RuntimeError(
            f"integer_linear(): int8 or uint8 and a matrix are expected, got {input.dtype} and "
            f"{weight.dtype} of shape {weight.shape}"
        )
    if input.ndim == 0 or input.shape[-1] != weight.shape[1]:
        raise RuntimeError(f"integer_linear(): shapes don't go together: {input.shape} and {weight.shape}")
    rows = input.reshape(math.prod(input.shape[:-1]), weight.shape[1])
    zeros = np.broadcast_to(input_zero, (*input.shape[:-1], 1)).reshape(-1, 1)
    out = np.zeros((len(rows), len(weight)), np.int32)
    for start in range(0, weight.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        a, b = rows[:, part].astype(np.float32), weight[:, part].astype(np.float32)
        a -= zeros
        b -= weight_zero
        out += (a @ b.T).astype(np.int32)
    return out.reshape(*input.shape[:-1], len(weight))


def _real(weight: Any, middle: int, dtype: Any) -> Any:
    real = weight.astype(dtype)
    if middle:
        real -= middle
    return real


def _check(input: Any, weight: Any) -> None:
    if weight.dtype.itemsize != 1 or weight.ndim != 2:
        raise RuntimeError(
            f"linear(): a matrix of int8 or uint8 is expected, got {weight.dtype} of shape {weight.shape}"
        )
    if input.ndim == 0 or input.shape[-1] != weight.shape[1]:
        raise RuntimeError(f"linear(): shapes don't go together: {input.shape} and {weight.shape}")
