"""Other shapes for the same numbers: all of these share memory with their input where they can."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from .op import Array, op

if TYPE_CHECKING:
    from .tensor import Tensor


def axis_of(dim: int, ndim: int) -> int:
    """Return a dim that may be negative as an axis from 0; a 0-d tensor has the dims 0 and -1.

    Raises:
        AxisError: out of range. An operation turns it into PyTorch's IndexError.
    """
    return normalize_axis_index(dim, ndim or 1)


def distinct_axes(dims: Sequence[int], ndim: int) -> set[int]:
    """Return several dims as axes from 0.

    Raises:
        AxisError: one is out of range.
        RuntimeError: one is given twice.
    """
    axes = [axis_of(dim, ndim) for dim in dims]
    for axis in axes:
        if axes.count(axis) > 1:
            raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
    return set(axes)


@op(view=True)
def reshape(input: Array, shape: Any) -> Array:
    """Return the same numbers in another shape, as a view if possible and a copy if not.

    One length may be -1: it is whatever makes the number of elements right.

    Raises:
        RuntimeError: the shape has another number of elements.

    Examples:
        >>> tt.arange(6).reshape(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
    """
    return _reshaped(input, shape)


@op(view=True)
def view(input: Array, shape: Any) -> Array:
    """Return a view of the same numbers in another shape (`Tensor.view`).

    Raises:
        RuntimeError: that would need a copy, or the shape has another number of elements.
    """
    out = _reshaped(input, shape)
    if out.size and not np.may_share_memory(out, input):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension "
            "spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return out


def _reshaped(array: Any, shape: Any) -> Any:
    if not isinstance(shape, (tuple, list)):
        raise TypeError(f"argument 'shape' must be ints or a tuple of ints, not {type(shape).__name__}")
    try:
        if any(n.__class__ is int and n < -1 for n in shape):  # NumPy takes it for -1
            raise ValueError
        return array.reshape(shape)
    except ValueError:
        given = list(map(int, shape))
        if min(given, default=0) < -1:
            text = f"invalid shape dimension {min(given)} in shape {given}"
        elif given.count(-1) > 1:
            text = f"only one dimension can be inferred, got shape {given}"
        elif -1 in given and 0 in given:
            text = f"cannot reshape tensor of {array.size} elements into shape {given}: -1 is ambiguous"
        else:
            text = f"shape '{given}' is invalid for input of size {array.size}"
        raise RuntimeError(text) from None


@op(view=True)
def permute(input: Array, dims: Any) -> Array:
    """Return a view with the dimensions in the order `dims`.

    Examples:
        >>> tt.zeros(2, 3, 4).permute(2, 0, 1).shape
        (4, 2, 3)
    """
    if len(dims) != input.ndim:
        raise RuntimeError(
            "permute(): number of dimensions in the tensor input does not match the length of the "
            f"desired ordering of dimensions i.e. input.dim() = {input.ndim} is not equal to "
            f"len(dims) = {len(dims)}"
        )
    return input.transpose(dims)


@op(view=True)
def transpose(input: Array, dim0: int, dim1: int) -> Array:
    """Return a view with two dimensions swapped.

    Examples:
        >>> tt.zeros(2, 3, 4).transpose(1, 2).shape
        (2, 4, 3)
    """
    if input.ndim == 0:
        axis_of(dim0, 0), axis_of(dim1, 0)
        return input[...]
    return input.swapaxes(dim0, dim1)


@op(view=True)
def movedim(input: Array, source: Any, destination: Any) -> Array:
    """Return a view with dimensions moved to other places, the others staying in their order."""
    if input.ndim == 0:
        axis_of(source, 0), axis_of(destination, 0)
        return input[...]
    return np.moveaxis(input, source, destination)


@op(view=True)
def squeeze(input: Array, dim: Any = None) -> Array:
    """Return a view without dimensions of length 1: all of them, or those in `dim` that have it.

    Examples:
        >>> tt.zeros(2, 1, 3).squeeze(1).shape
        (2, 3)
    """
    if dim is None:
        return input.squeeze()
    dims = (dim,) if not isinstance(dim, (tuple, list)) else dim
    axes = distinct_axes(dims, input.ndim)
    return input.reshape([n for i, n in enumerate(input.shape) if n != 1 or i not in axes])


@op(view=True)
def unsqueeze(input: Array, dim: int) -> Array:
    """Return a view with a new dimension of length 1 at `dim`, which may be -ndim-1 to ndim.

    Examples:
        >>> tt.zeros(2, 3).unsqueeze(1).shape
        (2, 1, 3)
    """
    axis = axis_of(dim, input.ndim + 1)
    return input.reshape((*input.shape[:axis], 1, *input.shape[axis:]))


@op(view=True)
def expand(input: Array, sizes: Any) -> Array:
    """Return a view with dimensions of length 1 stretched, without using memory (`Tensor.expand`).

    Args:
        input: the tensor.
        sizes: the new shape; new dimensions come first, -1 keeps a length.

    Raises:
        RuntimeError: fewer sizes than dimensions, or another length than 1 would have to change.
    """
    extra = len(sizes) - input.ndim
    if extra < 0:
        raise RuntimeError(
            f"expand({list(input.shape)}, size={list(sizes)}): the number of sizes provided ({len(sizes)}) "
            f"must be greater or equal to the number of dimensions in the tensor ({input.ndim})"
        )
    kept = (1,) * extra + input.shape
    shape = [kept[i] if n == -1 and i >= extra else n for i, n in enumerate(sizes)]
    for i, (old, new) in enumerate(zip(kept, shape)):
        if new < 0 or (old != new and old != 1):
            raise RuntimeError(
                f"The expanded size of the tensor ({new}) must match the existing size ({old}) at "
                f"non-singleton dimension {i}. Target sizes: {shape}. Tensor sizes: {list(input.shape)}"
            )
    return np.broadcast_to(input, shape)


@op(view=True)
def diagonal(input: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """Return a view of a diagonal of each matrix in dimensions `dim1` and `dim2`; it is the last dimension.

    Args:
        input: a tensor of at least two dimensions.
        offset: 0 for the main diagonal, positive above it, negative below.
        dim1: the dimension of the rows.
        dim2: the dimension of the columns.

    Raises:
        RuntimeError: `dim1` and `dim2` are the same.
    """
    axes = axis_of(dim1, input.ndim), axis_of(dim2, input.ndim)
    if axes[0] == axes[1]:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    out = input.diagonal(offset, *axes)
    if input.flags.writeable:
        out.flags.writeable = True  # NumPy gives a read-only view, but says that it may be changed
    return out


@op(view=True)
def contiguous(input: Array) -> Array:
    """Return the tensor with its elements in row order, a copy if they aren't (`Tensor.contiguous`)."""
    return np.asarray(input, order="C")


@op
def clone(input: Array) -> Array:
    """Return a copy; the gradient flows through it to the input."""
    return input.copy("K")


# Made of the operations above


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """Return a view stretched to the shape `size`; the same as `input.expand(size)`.

    Examples:
        >>> tt.broadcast_to(tt.tensor([1, 2]), (3, 2))
        tensor([[1, 2],
                [1, 2],
                [1, 2]])
    """
    return expand(input, size)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the dimensions from `start_dim` to `end_dim`, both included, into one.

    Raises:
        RuntimeError: `start_dim` comes after `end_dim`.
        IndexError: a dim is out of range.

    Examples:
        >>> tt.zeros(8, 3, 4, 4).flatten(1).shape
        (8, 48)
    """
    shape = input.shape
    first, last = checked_dim(start_dim, len(shape)), checked_dim(end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    if first == last:
        return input
    return reshape(input, (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split dimension `dim` into several, of the lengths `sizes`, of which one may be -1.

    Raises:
        RuntimeError: the sizes don't multiply up to the length of the dimension.

    Examples:
        >>> tt.zeros(8, 48).unflatten(1, (3, 4, 4)).shape
        (8, 3, 4, 4)
    """
    shape = input.shape
    axis, sizes = checked_dim(dim, len(shape)), list(sizes)
    length = shape[axis] if shape else 1
    known = prod(n for n in sizes if n != -1)
    if sizes.count(-1) == 1 and known and length % known == 0:
        sizes[sizes.index(-1)] = length // known
    if not shape or not sizes or min(sizes) < 0 or prod(sizes) != length:
        raise RuntimeError(
            f"unflatten: Provided sizes {sizes} don't multiply up to the size of dim {axis} "
            f"({length}) of a {len(shape)}-D tensor"
        )
    return reshape(input, (*shape[:axis], *sizes, *shape[axis + 1 :]))


def checked_dim(dim: int, ndim: int) -> int:
    """Return a dim that may be negative as an axis from 0.

    Raises:
        IndexError: it is out of range.
    """
    n = ndim or 1
    if not isinstance(dim, int):
        dim = normalize_axis_index(dim, n)
    if not -n <= dim < n:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})"
        )
    return dim % n


def numel(input: Tensor) -> int:
    """Return the number of elements."""
    if not hasattr(input, "array"):
        raise TypeError(f"numel(): argument 'input' must be Tensor, not {type(input).__name__}")
    return int(input.array.size)
