"""Reductions: sums, products and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import as_dtype, float16, int64
from .op import Array, op

Dims = Any  # None for all dimensions, an int, or a tuple of ints


def axes(name: str, x: Any, dim: Dims) -> Any:
    """Return `dim` as NumPy's `axis`.

    PyTorch lets () mean all dimensions, and lets 0-d tensors be reduced over dimension 0 or -1.
    """
    if dim is None or dim == () or dim == []:
        return None
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if x.ndim == 0:
        for d in dims:
            if d not in (0, -1):
                raise IndexError(
                    f"{name}(): Dimension out of range (expected to be in range of [-1, 0], but got {d})"
                )
        return None
    return dims if isinstance(dim, (tuple, list)) else dim


def spread(g: Any, shape: tuple[int, ...], dim: Dims) -> Any:
    """Show the gradient of a reduction as if copied along the dimensions that were reduced."""
    if g.size == 1:
        # What np.broadcast_to does, in a tenth of the time.
        return np.ndarray(shape, g.dtype, np.asarray(g), 0, (0,) * len(shape))
    reduced = {d % len(shape) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))}
    return np.broadcast_to(g.reshape([1 if i in reduced else n for i, n in enumerate(shape)]), shape)


@op
def sum(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """Return the sum of the elements, over all dimensions or over `dim`; integers are summed as int64.

    Args:
        input: the tensor.
        dim: a dimension, or a tuple of them; None for all.
        keepdim: keep the reduced dimensions, with length 1.
        dtype: convert to this dtype before summing.
    """
    axis = dim if dim is None or (dim.__class__ is int and input.ndim) else axes("sum", input, dim)
    if dtype is not None:
        input = input.astype(as_dtype(dtype), copy=False)
    if input.dtype.char == "f" or input.dtype.char == "d":
        return np.add.reduce(input, axis, None, None, keepdim)
    return _accurate_sum(input, axis, keepdim)


def _accurate_sum(x: Any, axis: Any, keepdim: bool) -> Any:
    """Sum in a type that is wider than that of the elements."""
    if x.dtype.kind == "f":
        return np.add.reduce(x, axis, np.float32, None, keepdim).astype(x.dtype)
    return np.add.reduce(x, axis, int64, None, keepdim)


@op
def mean(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """Return the mean of the elements, over all dimensions or over `dim`; nan if there are none.

    Args:
        input: the tensor.
        dim: a dimension, or a tuple of them; None for all.
        keepdim: keep the reduced dimensions, with length 1.
        dtype: convert to this dtype before.

    Raises:
        RuntimeError: the dtype isn't a floating-point one.
    """
    axis = axes("mean", input, dim)
    if dtype is not None:
        input = input.astype(as_dtype(dtype), copy=False)
    if input.dtype.kind != "f":
        raise RuntimeError(f"mean(): the dtype must be a floating-point one, but got {input.dtype}")
    half = input.dtype == float16  # its sum could overflow where the mean does not
    total = np.add.reduce(input, axis, np.float32 if half else None, None, keepdim)
    out = total / (input.size // max(total.size, 1))
    return out.astype(float16) if half else out
