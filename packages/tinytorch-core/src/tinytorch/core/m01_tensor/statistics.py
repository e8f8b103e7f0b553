"""Statistics: variance, norms, counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .dtypes import as_dtype, float16, int64
from .op import Array, op
from .reduce import Dims, add_up, axes, largest, smallest

if TYPE_CHECKING:
    from .tensor import Tensor


def var(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Return the mean squared distance from the mean, over all dimensions or over `dim`.

    Args:
        input: a floating-point tensor.
        dim: a dimension, or a tuple of them; None for all. (PyTorch takes `unbiased` in this place, too.)
        unbiased: False is the same as `correction=0`, True as `correction=1`.
        keepdim: keep the reduced dimensions, with length 1.
        correction: what is taken off the number of elements when dividing by it; 1 if nothing is said.

    Raises:
        RuntimeError: the dtype isn't a floating-point one.
        TypeError: both `unbiased` and `correction` are given.

    Examples:
        >>> x = tt.tensor([1.0, 2.0, 3.0, 4.0])
        >>> x.var(correction=0)
        tensor(1.2500)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.var.html
    """
    return variance(input, *_options("var", dim, unbiased, correction), keepdim)


def std(
    input: Tensor,
    dim: Dims = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Return the square root of `var`, with the same arguments.

    Examples:
        >>> tt.tensor([1.0, 3.0]).std(correction=0)
        tensor(1.)
    """
    return deviation(input, *_options("std", dim, unbiased, correction), keepdim)


def _options(name: str, dim: Dims, unbiased: bool | None, correction: float | None) -> tuple[Dims, float]:
    if isinstance(dim, bool):  # var(False)
        dim, unbiased = None, dim
    if unbiased is None:
        return dim, 1 if correction is None else correction
    if correction is not None:
        raise TypeError(f"{name}(): give either 'unbiased' or 'correction', not both")
    if not isinstance(unbiased, bool):
        raise TypeError(f"{name}(): argument 'unbiased' must be a bool, not {type(unbiased).__name__}")
    return dim, int(unbiased)


@op
def variance(input: Array, dim: Dims, correction: float, keepdim: bool) -> Array:
    """Return the variance; `var` has the arguments as PyTorch's users know them."""
    return _variance("var", input, dim, correction, keepdim).astype(input.dtype, copy=False)


@op
def deviation(input: Array, dim: Dims, correction: float, keepdim: bool) -> Array:
    """Return the standard deviation; `std` has the arguments as PyTorch's users know them."""
    return np.sqrt(_variance("std", input, dim, correction, keepdim)).astype(input.dtype, copy=False)


def _variance(name: str, x: Any, dim: Dims, correction: float, keepdim: bool) -> Any:
    if x.dtype.kind != "f":
        raise RuntimeError(f"{name}(): only floating-point dtypes are supported, not {x.dtype}")
    distance, count = centred(x, dim)
    total = add_up(distance * distance, axes(name, x, dim), keepdims=keepdim)
    return total / max(count - correction, 0)


def centred(x: Any, dim: Dims) -> tuple[Any, int]:
    """Return the distances from the mean, in float32 at least, and the number of elements it is of."""
    axis = axes("var", x, dim)
    wide = x.astype(np.float32) if x.dtype == float16 else x
    total = add_up(wide, axis, keepdims=True)
    count = x.size // max(total.size, 1)
    return wide - total / count, count


@op
def norm(input: Array, p: Any = "fro", dim: Dims = None, keepdim: bool = False, dtype: Any = None) -> Array:
    """Return the p-norm, `(|input|**p).sum() ** (1/p)`, over all dimensions or over `dim`.

    Args:
        input: a floating-point tensor.
        p: the order: any number; inf for the largest absolute value, -inf for the smallest, 0 for the
            number of elements that aren't 0; "fro" is 2.
        dim: a dimension, or a tuple of them; None for all.
        keepdim: keep the reduced dimensions, with length 1.
        dtype: convert to this dtype before.

    Raises:
        RuntimeError: the dtype isn't a floating-point one, or there are no elements where a norm of none
            doesn't exist.

    Examples:
        >>> tt.norm(tt.tensor([3.0, 4.0]))
        tensor(5.)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.norm.html
    """
    x = input if dtype is None else input.astype(as_dtype(dtype), copy=False)
    if x.dtype.kind != "f":
        raise RuntimeError(f"norm(): expected a floating-point tensor, but got {x.dtype}")
    result_dtype = x.dtype
    x = x.astype(np.float32) if result_dtype == float16 else x
    return _norm(x, norm_order(p), norm_axes(x, dim), keepdim).astype(result_dtype, copy=False)


def _norm(x: Any, p: float, axis: Any, keepdim: bool) -> Any:
    if p == 2:
        return np.sqrt(add_up(x * x, axis, keepdims=keepdim))
    if p == np.inf:
        return largest(np.abs(x), axis, keepdims=keepdim)
    if p == -np.inf:
        return smallest(np.abs(x), axis, keepdims=keepdim)
    if p == 0:
        return add_up(x != 0, axis, x.dtype, keepdims=keepdim)
    if p == 1:
        return add_up(np.abs(x), axis, keepdims=keepdim)
    total = add_up(np.abs(x) ** p, axis, keepdims=keepdim)
    if p < 0 and x.size == 0 and total.size:
        raise RuntimeError(f"norm(): the norm of order {p} of no elements doesn't exist")
    return total ** (1 / p)


def norm_order(p: Any) -> float:
    """Return the order of a norm as a number."""
    if p is None or p == "fro":
        return 2
    if p == "nuc":
        raise NotImplementedError("norm(): the nuclear norm isn't supported")
    if not isinstance(p, (int, float)):
        raise RuntimeError(f"norm(): the order must be a number or 'fro', not {p!r}")
    return p


def norm_axes(x: Any, dim: Dims) -> Any:
    """Return `dim` as NumPy's `axis`."""
    return axes("norm", x, dim)


@op(differentiable=False)
def count_nonzero(input: Array, dim: Dims = None) -> Array:
    """Return the number of elements that aren't 0, over all dimensions or over `dim`."""
    return add_up(input != 0, axes("count_nonzero", input, dim), int64)


@op
def bincount(input: Array, weights: Array | None = None, minlength: int = 0) -> Array:
    """Count how often each of the numbers 0, 1, 2, ... occurs, or add up the weights of its occurrences.

    Args:
        input: shape (N,), integers that aren't negative.
        weights: shape (N,); the result has their dtype if it is a float one, float64 otherwise.
        minlength: the result has at least this length.

    Raises:
        RuntimeError: a shape or dtype is another one, or an element is negative.

    Examples:
        >>> tt.bincount(tt.tensor([0, 2, 2]), minlength=4)
        tensor([1, 0, 2, 0])
    """
    if input.dtype.kind not in "iu":
        raise NotImplementedError(f"bincount() isn't implemented for {input.dtype}")
    if input.ndim != 1 or (input < 0).any():
        raise RuntimeError(
            f"bincount(): expected one dimension of integers that aren't negative, got shape {input.shape}"
        )
    if minlength < 0:
        raise RuntimeError(f"bincount(): minlength should be >= 0, got {minlength}")
    if weights is None:
        return np.bincount(input.astype(np.intp), None, minlength).astype(int64, copy=False)
    if weights.shape != input.shape:
        raise RuntimeError(
            f"bincount(): weights should have the shape of the input, {input.shape}, not {weights.shape}"
        )
    sums = np.bincount(input.astype(np.intp), weights, minlength)
    return sums.astype(weights.dtype) if weights.dtype.kind == "f" else sums
