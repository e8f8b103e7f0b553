"""Softmax and its logarithm: scores to probabilities along one dimension."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..m01_tensor.dtypes import as_dtype
from ..m01_tensor.op import Array, op
from ..m01_tensor.shape import axis_of
from .kernels import floating, maxima, sums


@op
def softmax(input: Array, dim: int | None = None, dtype: Any = None) -> Array:
    """Return `exp(input) / exp(input).sum(dim)`: positive numbers that add up to 1 along `dim`.

    Args:
        input: any shape, floating-point unless `dtype` is given.
        dim: the dimension along which the result adds up to 1.
        dtype: a floating-point dtype that the input is converted to first.

    Raises:
        IndexError: `dim` is out of range.
        NotImplementedError: the input holds integers and no `dtype` is given.

    Examples:
        >>> tt.softmax(tt.tensor([[0.0, 0.0], [0.0, -1000.0]]), dim=1)
        tensor([[0.5000, 0.5000],
                [1.0000, 0.0000]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """
    x, axis = _prepared("softmax", input, dim, dtype)
    out = _shifted(x, axis)
    np.exp(out, out)
    out /= sums(out, axis)
    return _rounded(out, input, dtype), {"axis": axis}


@op
def log_softmax(input: Array, dim: int | None = None, dtype: Any = None) -> Array:
    """Return `log(softmax(input, dim))`, without the softmax's underflow to 0.

    Args:
        input: any shape, floating-point unless `dtype` is given.
        dim: the dimension along which the exponentials of the result add up to 1.
        dtype: a floating-point dtype that the input is converted to first.

    Raises:
        IndexError: `dim` is out of range.
        NotImplementedError: the input holds integers and no `dtype` is given.

    Examples:
        >>> tt.log_softmax(tt.tensor([0.0, -1000.0]), dim=0)
        tensor([    0., -1000.])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
    """
    x, axis = _prepared("log_softmax", input, dim, dtype)
    out = _shifted(x, axis)
    out -= np.log(sums(np.exp(out), axis))
    return _rounded(out, input, dtype), {"axis": axis}


def _shifted(x: Any, axis: Any) -> Any:
    """Subtract the maximum, so that exp can't overflow; the result of softmax stays the same."""
    return np.subtract(x, maxima(x, axis), np.empty(x.shape, x.dtype))


def _prepared(name: str, input: Any, dim: Any, dtype: Any) -> tuple[Any, Any]:
    """Return the input in the dtype to compute in, and the axis for NumPy: () for a 0-d input."""
    x = floating(name, input if dtype is None else input.astype(as_dtype(dtype), copy=False))
    if dim is None:
        warnings.warn(
            f"Implicit dimension choice for {name} has been deprecated. "
            "Change the call to include dim=X as an argument.",
            stacklevel=4,
        )
        dim = 0 if x.ndim in (0, 1, 3) else 1
    axis = axis_of(dim, x.ndim)
    return x, axis if x.ndim else ()


def _rounded(out: Any, input: Any, dtype: Any) -> Any:
    return out.astype(input.dtype if dtype is None else as_dtype(dtype), copy=False)
