"""Reductions that choose: largest and smallest elements and where they are; any and all."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from . import math, op as _op
from .op import Array, op
from .reduce import Dims, axes, largest, smallest


class Extreme(NamedTuple):
    """Values along a dimension, and where they were found: what `max(dim)` and `min(dim)` return."""

    values: Any
    indices: Any


@op
def amax(input: Array, dim: Dims = (), keepdim: bool = False) -> Array:
    """Return the largest element, over all dimensions or over `dim`; ties share the gradient equally.

    Raises:
        IndexError: the dimension has no elements.
    """
    return largest(input, _filled_axes("amax", input, dim), keepdims=keepdim)


@op
def amin(input: Array, dim: Dims = (), keepdim: bool = False) -> Array:
    """Return the smallest element, over all dimensions or over `dim`; ties share the gradient equally.

    Raises:
        IndexError: the dimension has no elements.
    """
    return smallest(input, _filled_axes("amin", input, dim), keepdims=keepdim)


@op(differentiable=False)
def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Return where the largest element is (the first one, or the first nan), along `dim` or flattened.

    Raises:
        IndexError: there are no elements.

    Examples:
        >>> scores = tt.tensor([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]])
        >>> scores.argmax(dim=1)
        tensor([1, 0])
    """
    return _position("argmax", np.argmax, input, dim, keepdim)


@op(differentiable=False)
def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Return where the smallest element is (the first one, or the first nan), along `dim` or flattened.

    Raises:
        IndexError: there are no elements.
    """
    return _position("argmin", np.argmin, input, dim, keepdim)


def _position(name: str, find: Any, x: Any, dim: Any, keepdim: bool) -> Any:
    if dim is not None and not isinstance(dim, int):
        raise TypeError(f"{name}(): argument 'dim' must be an int, not {type(dim).__name__}")
    if x.dtype.kind == "b":
        raise RuntimeError(f"{name}() isn't supported for bool")
    axis = _filled_axes(name, x, dim)
    place = find(x, axis, keepdims=True) if keepdim else find(x, axis)  # keepdims costs some microseconds
    return np.asarray(place, np.int64)


def _filled_axes(name: str, x: Any, dim: Dims) -> Any:
    """Return `dim` as NumPy's `axis`, sure that there is something to choose from."""
    axis = axes(name, x, dim)
    if x.size:
        return axis
    if axis is None:
        kind = IndexError if name.startswith("arg") else RuntimeError
        raise kind(f"{name}(): expected reduction dim to be specified, as the input has no elements")
    for d in axis if isinstance(axis, tuple) else (axis,):
        if -x.ndim <= d < x.ndim and x.shape[d] == 0:
            raise IndexError(f"{name}(): expected reduction dim {d} to have non-zero size")
    return axis


@op
def found(input: Array, index: Array, dim: int, keepdim: bool, choose: Any) -> Array:
    """Return the extremes along `dim`, of which `index` tells the places, so that the gradient goes there."""
    return choose(input, axes("max", input, dim), keepdims=keepdim)


@op
def of_all(input: Array, name: str) -> Array:
    """Return the "max" or "min" of all elements; ties, or the nans if there are any, share its gradient."""
    choose = largest if name == "max" else smallest
    return choose(input, _filled_axes(name, input, None))


def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """Return the largest element; along `dim` the largest ones and their indices; or `maximum`.

    Args:
        input: the tensor.
        dim: None for the largest of all elements (ties share its gradient); a dimension for a named tuple
            `(values, indices)`, whose gradient goes to the chosen elements; a tensor for `maximum`.
        keepdim: keep the reduced dimension, with length 1.
        other: another name for a tensor in the place of `dim`.

    Raises:
        IndexError: the dimension has no elements.
        RuntimeError: there are no elements at all.

    Examples:
        >>> values, indices = tt.tensor([[1, 5, 2], [7, 3, 4]]).max(dim=1)
        >>> values, indices
        (tensor([5, 7]), tensor([1, 0]))

    Source: https://docs.pytorch.org/docs/stable/generated/torch.max.html
    """
    return _extreme("max", input, dim, keepdim, other)


def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """Return the smallest element; along `dim` the smallest ones and their indices; or `minimum`.

    The arguments are those of `max`.
    """
    return _extreme("min", input, dim, keepdim, other)


def _extreme(name: str, input: Any, dim: Any, keepdim: bool, other: Any) -> Any:
    if name == "max":
        find, choose, pairwise = argmax, largest, math.maximum
    else:
        find, choose, pairwise = argmin, smallest, math.minimum
    if other is not None or isinstance(dim, _op.Tensor):
        return pairwise(input, dim if other is None else other)
    if dim is None:
        return of_all(input, name)
    if not isinstance(dim, int):
        raise TypeError(f"{name}(): argument 'dim' must be an int or a Tensor, not {type(dim).__name__}")
    indices = find(input.to(np.uint8) if input.dtype == bool else input, dim, keepdim)
    return Extreme(found(input, indices, dim, keepdim, choose), indices)


@op(differentiable=False)
def any(input: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    """Tell whether any element is true (not 0), over all dimensions or over `dim`.

    The result is bool, except for uint8, which stays what it is.
    """
    return _truth(np.logical_or, "any", input, dim, keepdim)


@op(differentiable=False)
def all(input: Array, dim: Dims = None, keepdim: bool = False) -> Array:
    """Tell whether all elements are true (not 0), over all dimensions or over `dim`.

    The result is bool, except for uint8, which stays what it is.
    """
    return _truth(np.logical_and, "all", input, dim, keepdim)


def _truth(ufunc: np.ufunc, name: str, x: Any, dim: Dims, keepdim: bool) -> Any:
    axis = () if dim == () else axes(name, x, dim)  # here alone, PyTorch takes () for no dimension
    result: Any = ufunc.reduce(x, axis, keepdims=keepdim)
    return result.astype(np.uint8) if x.dtype == np.uint8 else result
