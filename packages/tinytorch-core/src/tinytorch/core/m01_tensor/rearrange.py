"""Joining, splitting, repeating and shifting tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .index import select
from .op import Array, Arrays, op
from .shape import axis_of, checked_dim, distinct_axes, expand, reshape

if TYPE_CHECKING:
    from .tensor import Tensor


@op(promote="same")
def cat(tensors: Arrays, dim: int = 0) -> Array:
    """Join tensors along an existing dimension.

    Args:
        tensors: a list of tensors that agree in all other dimensions; tensors of shape (0,) are left out.
        dim: the dimension along which they are joined.

    Raises:
        RuntimeError: shapes that don't fit, or a 0-d tensor.

    Examples:
        >>> tt.cat([tt.zeros(2, 3), tt.ones(1, 3)]).shape
        (3, 3)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """
    kept = [x for x in tensors if x.shape != (0,)] or tensors
    shape = list(kept[0].shape)
    if not shape:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated; use stack()")
    axis = axis_of(dim, len(shape))
    for i, x in enumerate(tensors):
        if x.ndim != len(shape) and x.shape != (0,):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(shape)} and {x.ndim} (number {i})"
            )
        if x.shape != (0,) and x.shape[:axis] + x.shape[axis + 1 :] != (*shape[:axis], *shape[axis + 1 :]):
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {axis}. Expected "
                f"{shape} but got {list(x.shape)} for tensor number {i} in the list."
            )
    return np.ascontiguousarray(np.concatenate(kept, axis)), {"shapes": [x.shape for x in tensors]}


concat = cat


@op(promote="same")
def stack(tensors: Arrays, dim: int = 0) -> Array:
    """Join tensors of one shape along a new dimension.

    Raises:
        RuntimeError: the shapes differ.

    Examples:
        >>> tt.stack([tt.tensor([1, 2]), tt.tensor([3, 4])])
        tensor([[1, 2],
                [3, 4]])
    """
    for i, x in enumerate(tensors):
        if x.shape != tensors[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at entry 0 "
                f"and {list(x.shape)} at entry {i}"
            )
    return np.stack(tensors, axis_of(dim, tensors[0].ndim + 1))


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a view of `length` slices along a dimension, from `start` on (`Tensor.narrow`).

    Raises:
        RuntimeError: a negative length, or more slices than there are.
        IndexError: the dim or the start is out of range.
    """
    if input.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    axis = checked_dim(dim, input.ndim)
    n = input.shape[axis]
    if length < 0:
        raise RuntimeError(f"narrow(): length must be non-negative, got {length}")
    if not -n <= start <= n:
        raise IndexError(
            f"narrow(): start out of range (expected to be in range of [{-n}, {n}], but got {start})"
        )
    start += n if start < 0 else 0
    if start + length > n:
        raise RuntimeError(f"narrow(): start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return select(input, (*(slice(None),) * axis, slice(start, start + length), ...))


def select_along(input: Tensor, dim: int, index: int) -> Tensor:
    """Return a view of one slice along a dimension, without that dimension (`Tensor.select`)."""
    if input.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    return select(input, (*(slice(None),) * checked_dim(dim, input.ndim), index, ...))


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of the pieces of a tensor along a dimension.

    Args:
        tensor: the tensor to split.
        split_size_or_sections: the length of each piece (the last may be shorter), or a list of lengths.
        dim: the dimension along which to split.

    Raises:
        RuntimeError: a negative length, or lengths that don't sum up to the dimension's.

    Examples:
        >>> [piece.shape for piece in tt.zeros(5, 2).split(2)]
        [(2, 2), (2, 2), (1, 2)]
    """
    axis = checked_dim(dim, tensor.ndim)
    if tensor.ndim == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    length = tensor.shape[axis]
    if isinstance(split_size_or_sections, (list, tuple)):
        sizes = list(split_size_or_sections)
        if sum(sizes) != length or any(n < 0 for n in sizes):
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {length} (input tensor's size at "
                f"dimension {axis}), but got split_sizes={sizes}"
            )
    else:
        size = split_size_or_sections
        if size < 0 or (size == 0 and length):
            raise RuntimeError(f"split expects split_size be non-negative (0 only for length 0), got {size}")
        sizes = [min(size, length - i) for i in range(0, length, size)] if length else [0]
    starts = np.cumsum([0, *sizes]).tolist()
    return tuple(narrow(tensor, axis, start, n) for start, n in zip(starts, sizes))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of at most `chunks` pieces of equal length along a dimension; the last may be shorter.

    Raises:
        RuntimeError: `chunks` isn't positive.

    Examples:
        >>> q, k, v = tt.zeros(4, 12).chunk(3, dim=1)
        >>> q.shape
        (4, 4)
    """
    if input.ndim == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    length = input.shape[checked_dim(dim, input.ndim)]
    if length == 0:
        return split(input, [0] * chunks, dim)
    return split(input, -(-length // chunks), dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of all slices along a dimension, each without that dimension."""
    if input.ndim == 0:
        raise IndexError("unbind(): a 0-d tensor has no dimension to take apart")
    before = (slice(None),) * checked_dim(dim, input.ndim)
    return tuple(select(input, (*before, i, ...)) for i in range(input.shape[len(before)]))


@op
def repeat(input: Array, repeats: Any) -> Array:
    """Return copies of the tensor side by side, `repeats[i]` of them along dimension i (`Tensor.repeat`).

    Raises:
        RuntimeError: fewer numbers than dimensions, or a negative one.
    """
    if len(repeats) < input.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"{len(repeats)} and {input.ndim}"
        )
    if any(n < 0 for n in repeats):
        raise RuntimeError(f"repeat(): the numbers of repeats can't be negative: {list(repeats)}")
    return np.tile(input, repeats)


def tile(input: Tensor, dims: Any) -> Tensor:
    """Return copies of the tensor side by side; where `dims` is shorter, ones are put before it."""
    if not isinstance(dims, (tuple, list)):
        raise TypeError(f"tile(): argument 'dims' must be tuple of ints, not {type(dims).__name__}")
    return repeat(input, (1,) * (input.ndim - len(dims)) + tuple(dims))


@op
def roll(input: Array, shifts: Any, dims: Any = None) -> Array:
    """Return the tensor with its elements shifted along `dims`; what leaves at the end enters at the start.

    Without `dims` the tensor is rolled as if it were flat.

    Examples:
        >>> tt.roll(tt.arange(4), 1)
        tensor([3, 0, 1, 2])
    """
    counts = [len(x) if isinstance(x, (tuple, list)) else 1 for x in (shifts, dims)]
    if counts[0] != counts[1]:
        raise RuntimeError(f"shifts and dimensions must align. shifts: {counts[0]}, dims:{counts[1]}")
    return np.roll(input, shifts, dims)


@op
def flip(input: Array, dims: Any) -> Array:
    """Return a copy with the order of the elements reversed along each of `dims`.

    Examples:
        >>> tt.flip(tt.arange(4), (0,))
        tensor([3, 2, 1, 0])
    """
    if not isinstance(dims, (tuple, list)):
        raise TypeError(f"flip(): argument 'dims' must be tuple of ints, not {type(dims).__name__}")
    axes = distinct_axes(dims, input.ndim)
    return np.flip(input, tuple(axes)).copy() if input.ndim else input.copy()


@op
def tril(input: Array, diagonal: int = 0) -> Array:
    """Return the elements on and below a diagonal of the last two dimensions, zeros elsewhere.

    Examples:
        >>> tt.tril(tt.ones(3, 3))
        tensor([[1., 0., 0.],
                [1., 1., 0.],
                [1., 1., 1.]])
    """
    if input.ndim < 2:
        raise RuntimeError(f"tril: input tensor must have at least 2 dimensions, got {input.ndim}")
    return np.tril(input, diagonal)


@op
def triu(input: Array, diagonal: int = 0) -> Array:
    """Return the elements on and above a diagonal of the last two dimensions, zeros elsewhere."""
    if input.ndim < 2:
        raise RuntimeError(f"triu: input tensor must have at least 2 dimensions, got {input.ndim}")
    return np.triu(input, diagonal)


@op
def diag(input: Array, diagonal: int = 0) -> Array:
    """Return the matrix with a vector on a diagonal, or the vector on a diagonal of a matrix.

    Raises:
        RuntimeError: the input is neither 1-D nor 2-D.
    """
    if input.ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return np.array(np.diag(input, diagonal))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return the coordinates of all points of a grid, from the coordinates along each axis.

    Args:
        tensors: 1-D (or 0-d) tensors, or one list of them; n of them give n results of n dimensions.
        indexing: "ij" for the order (rows, columns), "xy" for (x, y) as in a plot.

    Raises:
        RuntimeError: another `indexing`, or tensors of two or more dimensions.

    Examples:
        >>> rows, columns = tt.meshgrid(tt.arange(2), tt.arange(3))
        >>> rows
        tensor([[0, 0, 0],
                [1, 1, 1]])
        >>> columns
        tensor([[0, 1, 2],
                [0, 1, 2]])
    """
    axes: Sequence[Tensor] = (
        tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    )
    if indexing not in ("ij", "xy"):
        raise RuntimeError(f'meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    if not axes:
        raise RuntimeError("meshgrid expects a non-empty list of Tensors")
    if any(x.ndim > 1 for x in axes):
        raise RuntimeError("meshgrid: expected scalar or 1-D tensors")
    if any(x.dtype != axes[0].dtype for x in axes):
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    order = list(range(len(axes)))
    if indexing == "xy" and len(axes) > 1:
        order[:2] = 1, 0
    shape = [0] * len(axes)
    for x, place in zip(axes, order):
        shape[place] = x.numel()
    return tuple(
        expand(reshape(x, [-1 if i == place else 1 for i in range(len(axes))]), shape)
        for x, place in zip(axes, order)
    )
