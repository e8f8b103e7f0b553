"""Ordering and finding elements: their places are integers, so gradients flow through the values alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .dtypes import int64
from .gathering import gather
from .index import getitem
from .op import Array, op
from .record import Node, mode
from .shape import axis_of, checked_dim, expand, reshape

if TYPE_CHECKING:
    from .tensor import Tensor


class SortResult(NamedTuple):
    """What `sort` and `topk` return."""

    values: Tensor
    indices: Tensor


@op(differentiable=False)
def argsort(input: Array, dim: int = -1, descending: bool = False, stable: bool = False) -> Array:
    """Return the indices that put the elements along a dimension in order: int64, the input's shape.

    NaN counts as the largest number. Equal elements always keep their order, as `stable=True` asks for.
    """
    axis = axis_of(dim, input.ndim)
    if input.ndim == 0:
        return np.zeros((), int64)
    if not descending:
        return input.argsort(axis, kind="stable").astype(int64, copy=False)
    # From the end, so that equal elements keep their order and NaN comes first.
    order = np.flip(input, axis).argsort(axis, kind="stable")
    return input.shape[axis] - 1 - np.flip(order, axis).astype(int64, copy=False)


def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> SortResult:
    """Sort along a dimension; return `(values, indices)`, both of the input's shape.

    NaN counts as the largest number. Equal elements always keep their order, as `stable=True` asks for.

    Raises:
        IndexError: the dim is out of range.

    Examples:
        >>> values, indices = tt.tensor([3, 1, 2]).sort()
        >>> values, indices
        (tensor([1, 2, 3]), tensor([1, 2, 0]))

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sort.html
    """
    indices = argsort(input, dim, descending, stable)
    return SortResult(gather(input, dim, indices), indices)


@op(differentiable=False)
def _topk_indices(input: Array, k: int, dim: int, largest: bool, sorted: bool) -> Array:
    axis = axis_of(dim, input.ndim)
    n = input.shape[axis] if input.ndim else 1
    if not 0 <= k <= n:
        raise RuntimeError(f"selected index k out of range: {k} of {n} elements")
    if input.dtype.kind == "b":
        raise RuntimeError("topk() does not support dtype bool")
    if input.ndim == 0:
        return np.zeros((), int64)
    if 4 * k >= n:
        found = argsort.forward(input, axis, largest, True)
        return found.take(np.arange(k), axis)
    if largest:
        part = input.argpartition(n - k - 1, axis).take(np.arange(n - k, n), axis)
    else:
        part = input.argpartition(k, axis).take(np.arange(k), axis)
    part.sort(axis)  # equal elements in order, whatever the partition did
    order = argsort.forward(np.take_along_axis(input, part, axis), axis, largest, True)
    return np.take_along_axis(part, order, axis).astype(int64, copy=False)


def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> SortResult:
    """Return the `k` largest (or smallest) elements along a dimension, as `(values, indices)`.

    They come in order even without `sorted`. NaN counts as the largest number.

    Raises:
        RuntimeError: `k` is negative or more than there are, or the dtype is bool.

    Examples:
        >>> values, indices = tt.tensor([3.0, 1.0, 5.0, 2.0]).topk(2)
        >>> values, indices
        (tensor([5., 3.]), tensor([2, 0]))

    Source: https://docs.pytorch.org/docs/stable/generated/torch.topk.html
    """
    indices = _topk_indices(input, k, dim, largest, sorted)
    return SortResult(gather(input, dim, indices), indices)


def _no_derivative(g: Any) -> Any:
    raise NotImplementedError("the derivative of unique() isn't implemented")


def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Return the distinct elements in ascending order, or with `dim` the distinct slices.

    Args:
        input: the tensor; the values found have no derivative, `backward` through them is an error.
        sorted: they are in order even without it.
        return_inverse: return also, for each element (or slice), the place of its equal in the result.
        return_counts: return also how often each occurs.
        dim: the dimension of the slices; without it the tensor is taken as flat.

    Examples:
        >>> tt.unique(tt.tensor([3, 1, 3, 2]))
        tensor([1, 2, 3])
    """
    from .tensor import wrap  # when this module is imported, tensor.py isn't ready

    axis = None if dim is None else checked_dim(dim, input.ndim)
    values, inverse, counts = np.unique(
        input.array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    found = [values]
    history = None
    if mode.grad and input.requires_grad:
        history = Node("unique", _no_derivative, [input._node or input], [], values.shape, values.dtype)
    if return_inverse:
        found.append(inverse.reshape(input.shape if axis is None else -1))
    if return_counts:
        found.append(counts)
    tensors = tuple(map(wrap, found))
    if history is not None:
        tensors[0]._node, tensors[0]._requires_grad = history, True
    return tensors if len(tensors) > 1 else tensors[0]


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """Return the elements where `mask` is True, as a 1-D tensor; both are broadcast to one shape.

    Raises:
        RuntimeError: the mask isn't of dtype bool, or the shapes don't broadcast.
    """
    if mask.dtype.kind != "b":
        raise RuntimeError(f"masked_select: expected a mask of dtype bool, got {mask.dtype}")
    try:
        shape = np.broadcast_shapes(input.shape, mask.shape)
    except ValueError:
        raise RuntimeError(
            f"masked_select: shapes {input.shape} and {mask.shape} can't be broadcast together"
        ) from None
    return getitem(expand(input, shape), expand(mask, shape))


@op(differentiable=False)
def _nonzero(input: Array) -> Array:
    return np.argwhere(input).astype(int64, copy=False)


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Return the indices of the elements that aren't zero, in row order.

    Returns:
        An int64 tensor of shape (number found, ndim); with `as_tuple`, a 1-D tensor for each dimension.

    Examples:
        >>> tt.nonzero(tt.tensor([0, 7, 0, 9]))
        tensor([[1],
                [3]])
    """
    if not as_tuple:
        return _nonzero(input)
    return _nonzero(input if input.ndim else reshape(input, (1,))).unbind(1)


@op(differentiable=False)
def one_hot(tensor: Array, num_classes: int = -1) -> Array:
    """Return, for each class number, a row of zeros with a 1 at that class: shape (..., num_classes).

    Args:
        tensor: class numbers from 0, int64.
        num_classes: length of the rows; -1 takes one more than the largest number.

    Raises:
        RuntimeError: another dtype, a negative number, or one that isn't below `num_classes`.

    Examples:
        >>> tt.one_hot(tt.tensor([0, 2]), num_classes=3)
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    if tensor.dtype != int64:
        raise RuntimeError(f"one_hot is only applicable to index tensors of dtype int64, not {tensor.dtype}")
    if tensor.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if tensor.size and tensor.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    elif tensor.size and tensor.max() >= num_classes:
        raise RuntimeError(f"Class values must be smaller than num_classes ({num_classes}).")
    return (tensor[..., None] == np.arange(num_classes)).astype(int64)
