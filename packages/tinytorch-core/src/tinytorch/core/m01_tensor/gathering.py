"""Picking and placing elements along one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .accumulate import add_at
from .op import Array, Operand, op
from .shape import axis_of, checked_dim, expand, flatten

if TYPE_CHECKING:
    from .tensor import Tensor


@op
def gather(input: Array, dim: int, index: Array) -> Array:
    """Pick elements along a dimension: `out[i][j] = input[index[i][j]][j]` for dim 0.

    Args:
        input: the tensor to pick from.
        dim: the dimension that `index` replaces.
        index: integers, with as many dimensions as `input`, in the others not longer than it.

    Raises:
        RuntimeError: shapes that don't fit, or an index out of bounds (negative ones are).

    Examples:
        >>> probabilities = tt.tensor([[0.1, 0.9], [0.8, 0.2]])
        >>> probabilities.gather(1, tt.tensor([[1], [0]]))
        tensor([[0.9000],
                [0.8000]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.gather.html
    """
    axis = _checked("gather", input, dim, index)
    if index.size == 0:
        return np.empty(index.shape, input.dtype)
    return np.atleast_1d(input)[locations(np.atleast_1d(index), axis)].reshape(index.shape)


@op
def scatter(input: Array, dim: int, index: Array, src: Operand) -> Array:
    """Return a copy with values placed along a dimension: `out[index[i][j]][j] = src[i][j]` for dim 0.

    Where several values go to one place, the last one stays.

    Args:
        input: the tensor to copy.
        dim: the dimension that `index` replaces.
        index: integers, with as many dimensions as `input`.
        src: a number, or a tensor of the dtype of `input` that is at least as long as `index`.

    Raises:
        RuntimeError: shapes or dtypes that don't fit, or an index out of bounds.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
    """
    axis = _checked("scatter", input, dim, index)
    values = _source("scatter", input, index, src)
    out = np.atleast_1d(input.copy())
    out[locations(np.atleast_1d(index), axis)] = values
    return out.reshape(input.shape)


@op
def scatter_add(input: Array, dim: int, index: Array, src: Array) -> Array:
    """Return a copy with values added along a dimension: `out[index[i][j]][j] += src[i][j]` for dim 0.

    Raises:
        RuntimeError: shapes or dtypes that don't fit, or an index out of bounds.

    Examples:
        >>> tt.zeros(3).scatter_add(0, tt.tensor([0, 2, 2]), tt.ones(3))
        tensor([1., 0., 2.])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
    """
    axis = _checked("scatter_add", input, dim, index)
    values = _source("scatter_add", input, index, src)
    return input + add_along(np.atleast_1d(input).shape, axis, index, values).reshape(input.shape)


@op
def index_select(input: Array, dim: int, index: Array) -> Array:
    """Return the slices along a dimension that a 1-D tensor of integers names.

    Raises:
        IndexError: the index isn't 1-D, or out of range (negative numbers are).
        RuntimeError: the index isn't of an integer dtype.

    Examples:
        >>> tt.arange(6).reshape(3, 2).index_select(0, tt.tensor([2, 0]))
        tensor([[4, 5],
                [0, 1]])
    """
    axis = axis_of(dim, input.ndim)
    if index.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    check_integers("index_select", index)
    source = np.atleast_1d(input)
    if index.size and not (index.min() >= 0 and index.max() < source.shape[axis]):
        raise IndexError(f"index_select(): index out of range for dimension {axis} of {list(input.shape)}")
    picked = source.take(np.atleast_1d(index), axis)
    return picked if input.ndim else picked.reshape(())


@op
def index_add(input: Array, dim: int, index: Array, source: Array, *, alpha: float = 1) -> Array:
    """Return a copy to whose slices along a dimension those of `alpha * source` are added.

    Raises:
        RuntimeError: shapes or dtypes that don't fit, or an index out of bounds.
    """
    axis = axis_of(dim, input.ndim)
    check_integers("index_add", index)
    where, places = np.atleast_1d(index), np.atleast_1d(input)
    values = np.atleast_1d(source)
    if input.dtype != source.dtype:
        raise RuntimeError(
            f"index_add(): self ({input.dtype}) and source ({source.dtype}) must have the same scalar type"
        )
    expected = places.shape[:axis] + where.shape + places.shape[axis + 1 :]
    if values.shape != expected:
        raise RuntimeError(
            f"index_add(): {where.size} indices along dimension {axis} of a tensor of shape "
            f"{list(input.shape)} need a source of shape {list(expected)}, not {list(source.shape)}"
        )
    _check_bounds(where, axis, places.shape[axis])
    added = add_at(places.shape, [*[slice(None)] * axis, where], values).reshape(input.shape)
    return input + (added if alpha == 1 else input.dtype.type(alpha) * added)


def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Pick elements along a dimension, like `gather` but with the other dimensions broadcast.

    Without `dim`, both are taken as flat. It undoes what `argsort` and `argmax(keepdim=True)` found.

    Raises:
        RuntimeError: different numbers of dimensions, lengths that don't broadcast, or an index out of
            bounds.
    """
    if dim is None:
        return gather(flatten(input), 0, flatten(indices))
    if input.ndim != indices.ndim:
        raise RuntimeError(
            "take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{input.ndim} dimensions for input, and {indices.ndim} dimensions for indices"
        )
    axis = checked_dim(dim, input.ndim)
    shapes = [[*x.shape[:axis], *x.shape[axis + 1 :]] for x in (input, indices)]
    try:
        common = np.broadcast_shapes(*map(tuple, shapes))
    except ValueError:
        raise RuntimeError(
            f"take_along_dim(): shapes {input.shape} and {indices.shape} don't broadcast apart from "
            f"dimension {axis}"
        ) from None
    input, indices = (
        expand(x, (*common[:axis], *x.shape[axis : axis + 1], *common[axis:])) for x in (input, indices)
    )
    return gather(input, dim, indices)


# What they share


def locations(index: Any, axis: int) -> tuple[Any, ...]:
    """Return the index arrays that point where `index` points along one axis and to itself along others."""
    n = index.ndim
    return tuple(
        index if i == axis else np.arange(length).reshape((-1,) + (1,) * (n - i - 1))
        for i, length in enumerate(index.shape)
    )


def add_along(shape: tuple[int, ...], axis: int, index: Any, values: Any) -> Any:
    """Return zeros of a shape to which `values` have been added where `index` points along an axis."""
    index = np.atleast_1d(index)
    return add_at(shape, list(np.broadcast_arrays(*locations(index, axis))), values.reshape(index.shape))


def check_integers(name: str, index: Any) -> None:
    """Raise PyTorch's error if an index tensor isn't of dtype int32 or int64."""
    if index.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{name}(): Expected dtype int32 or int64 for index, not {index.dtype}")


def _check_bounds(index: Any, axis: int, length: int) -> None:
    if index.size:
        low, high = index.min(), index.max()
        if low < 0 or high >= length:
            wrong = low if low < 0 else high
            raise RuntimeError(f"index {wrong} is out of bounds for dimension {axis} with size {length}")


def _checked(name: str, input: Any, dim: int, index: Any) -> int:
    """Check the arguments that gather and scatter share; return the axis."""
    axis = axis_of(dim, input.ndim)
    check_integers(name, index)
    if index.size == 0:
        return axis
    if (index.ndim or 1) != (input.ndim or 1):
        raise RuntimeError(
            f"{name}(): Index tensor must have the same number of dimensions as input tensor, "
            f"got {index.ndim} and {input.ndim}"
        )
    for i, (n, m) in enumerate(zip(index.shape, input.shape)):
        if i != axis and n > m:
            raise RuntimeError(
                f"{name}(): Size does not match at dimension {i} expected index {list(index.shape)} to be "
                f"no larger than self {list(input.shape)} apart from dimension {axis}"
            )
    _check_bounds(index, axis, input.shape[axis] if input.ndim else 1)
    return axis


def _source(name: str, input: Any, index: Any, src: Any) -> Any:
    """Return the part of `src` that `index` places."""
    if not isinstance(src, np.ndarray):
        return np.asarray(src).astype(input.dtype)
    if src.dtype != input.dtype:
        raise RuntimeError(
            f"{name}(): Expected self.dtype to be equal to src.dtype: {input.dtype}, {src.dtype}"
        )
    shapes = np.atleast_1d(index).shape, np.atleast_1d(src).shape
    if len(shapes[0]) != len(shapes[1]) or any(n > m for n, m in zip(*shapes)):
        raise RuntimeError(
            f"{name}(): Expected index {list(index.shape)} to be no larger size than src {list(src.shape)}"
        )
    return np.atleast_1d(src)[tuple(map(slice, shapes[0]))]
