"""Reductions: sums, products and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import as_dtype, float16, int64
from .op import Array, op

# The same as x.sum() and so on, at half the cost; typed as Any, as NumPy's stubs want a literal keepdims.
add_up: Any = np.add.reduce
multiply_up: Any = np.multiply.reduce
largest: Any = np.maximum.reduce
smallest: Any = np.minimum.reduce

Dims = Any  # None for all dimensions, an int, or a tuple of ints


def axes(name: str, x: Any, dim: Dims) -> Any:
    """Return `dim` as NumPy's `axis`.

    PyTorch lets () mean all dimensions, and lets 0-d tensors be reduced over dimension 0 or -1.
    """
    if dim is None or (dim.__class__ is int and x.ndim):  # NumPy itself checks the range
        return dim
    if dim == () or dim == []:
        return None
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if x.ndim == 0:
        for d in dims:
            if d not in (0, -1):
                raise IndexError(
                    f"{name}(): Dimension out of range (expected to be in range of [-1, 0], but got {d})"
                )
        if len(dims) > 1:
            raise RuntimeError(f"{name}(): dim 0 appears multiple times in {list(dims)}")
        return None
    return dims if isinstance(dim, (tuple, list)) else dim


def spread(g: Any, shape: tuple[int, ...], dim: Dims) -> Any:
    """Show the gradient of a reduction as if copied along the dimensions that were reduced."""
    if g.size == 1:
        # What np.broadcast_to does, in a tenth of the time.
        return np.ndarray(shape, g.dtype, np.asarray(g), 0, (0,) * len(shape))
    return np.broadcast_to(restored(g, shape, dim), shape)


def restored(x: Any, shape: tuple[int, ...], dim: Dims) -> Any:
    """Give a reduced array its dimensions back, with length 1, as `keepdim` does."""
    if x.size == 1:
        return np.reshape(x, (1,) * len(shape))
    reduced = {d % len(shape) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))}
    return x.reshape([1 if i in reduced else n for i, n in enumerate(shape)])


@op
def sum(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """Return the sum of the elements, over all dimensions or over `dim`; integers are summed as int64.

    Args:
        input: the tensor.
        dim: a dimension, or a tuple of them; None for all.
        keepdim: keep the reduced dimensions, with length 1.
        dtype: convert to this dtype before summing.

    Examples:
        >>> x = tt.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> x.sum()
        tensor(10.)
        >>> x.sum(dim=0)
        tensor([4., 6.])
        >>> x.sum(dim=1, keepdim=True).shape
        (2, 1)
    """
    axis = axes("sum", input, dim)
    if dtype is not None:
        input = input.astype(as_dtype(dtype), copy=False)
    if input.dtype.kind != "f":
        return add_up(input, axis, int64 if dtype is None else input.dtype, None, keepdim)
    if input.dtype == float16:
        return add_up(input, axis, np.float32, None, keepdim).astype(float16)
    return add_up(input, axis, None, None, keepdim)


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

    Examples:
        >>> tt.tensor([[1.0, 2.0], [3.0, 4.0]]).mean(dim=1)
        tensor([1.5000, 3.5000])
    """
    if dtype is not None:
        input = input.astype(as_dtype(dtype), copy=False)
    if input.dtype.kind != "f":
        raise RuntimeError(f"mean(): the dtype must be a floating-point one, but got {input.dtype}")
    axis = axes("mean", input, dim)
    half = input.dtype == float16  # its sum could overflow where the mean does not
    total = add_up(input, axis, np.float32 if half else None, None, keepdim)
    out = total / (input.size // (total.size or 1))
    return out.astype(float16) if half else out


@op
def prod(input: Array, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """Return the product of the elements, over all dimensions or over one; integers multiply as int64."""
    if dim is not None and not isinstance(dim, (int, np.integer)):
        raise TypeError(f"prod(): argument 'dim' must be an int, not {type(dim).__name__}")
    axis = axes("prod", input, dim)
    input = _widened(input, dtype)
    if input.dtype == float16:
        return multiply_up(input, axis, np.float32, None, keepdim).astype(float16)
    return multiply_up(input, axis, input.dtype, None, keepdim)


@op
def cumsum(input: Array, dim: int, *, dtype: Any = None) -> Array:
    """Return the sums of the elements up to each one along `dim`; integers are summed as int64.

    Examples:
        >>> tt.tensor([1, 2, 3, 4]).cumsum(0)
        tensor([ 1,  3,  6, 10])
    """
    return _accumulated("cumsum", np.add, input, dim, dtype)


@op
def cumprod(input: Array, dim: int, *, dtype: Any = None) -> Array:
    """Return the products of the elements up to each one along `dim`; integers multiply as int64."""
    return _accumulated("cumprod", np.multiply, input, dim, dtype)


def _accumulated(name: str, ufunc: np.ufunc, x: Any, dim: Any, dtype: Any) -> Any:
    if not isinstance(dim, (int, np.integer)):
        raise TypeError(f"{name}(): argument 'dim' must be an int, not {type(dim).__name__}")
    axis = axes(name, x, dim)
    x = _widened(x, dtype)
    if axis is None:
        return x.copy()
    half = x.dtype == float16
    out = ufunc.accumulate(x, axis, np.float32 if half else x.dtype)
    return out.astype(float16) if half else out


def _widened(x: Any, dtype: Any) -> Any:
    """Convert to the dtype asked for, or integers to int64, so that they don't overflow."""
    if dtype is not None:
        return x.astype(as_dtype(dtype), copy=False)
    return x if x.dtype.kind == "f" else x.astype(int64, copy=False)


@op(promote="float")
def logsumexp(input: Array, dim: Dims, keepdim: bool = False) -> Array:
    """Return `log(exp(input).sum(dim))`, without overflow for large inputs.

    Examples:
        >>> tt.tensor([1000.0, 1000.0]).logsumexp(0)
        tensor(1000.6932)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html
    """
    axis = axes("logsumexp", input, dim)
    if dim == () and input.ndim:
        raise RuntimeError("logsumexp(): dim must name at least one dimension, not ()")
    peak = largest(input, axis, keepdims=True, initial=-np.inf)
    peak = np.where(np.isfinite(peak), peak, input.dtype.type(0))  # as inf - inf would be nan
    out = np.log(add_up(np.exp(input - peak), axis, keepdims=True)) + peak
    return out if keepdim else np.squeeze(out, axis)
