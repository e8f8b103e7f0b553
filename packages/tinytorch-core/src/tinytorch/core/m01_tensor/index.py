"""Taking parts of a tensor by `x[...]`, and setting them by `x[...] = value`.

An index is done in two steps, as in PyTorch. First the ints, slices, None and Ellipsis, which give a
view (`select`). Then masks and integer tensors, which gather a copy (`index`). NumPy does both in one
step and so orders the dimensions of `x[0, :, [1, 2]]` in another way.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import op as _op
from .convert import as_array
from .op import Array, op
from .record import mode
from .views import check_changeable, mark_changed, write_in_place

if TYPE_CHECKING:
    from .tensor import Tensor

_ALL = slice(None)
_EMPTY = np.empty(0, np.int64)


# The operations


@op(view=True)
def select(input: Array, index: Any) -> Array:
    """Return the view that a tuple of ints, slices, None and one Ellipsis describes."""
    try:
        return input[index]
    except IndexError as error:
        text = str(error)
        if text.startswith("too many"):
            text = f"too many indices for tensor of dimension {input.ndim}"
        raise IndexError(text.replace("axis", "dimension")) from None


@op
def index(input: Array, indices: Any, unique: bool = False) -> Array:
    """Return a copy of the elements that integer arrays point at.

    Args:
        input: the tensor.
        indices: for each dimension, up to the last one indexed, `slice(None)` or an array of integers;
            the arrays are broadcast to one shape. Or one bool array among slices.
        unique: no element is taken twice, because a bool array tells which (and the gradient is cheaper).
    """
    try:
        if not unique and input.flags.c_contiguous and all(i is _ALL for i in indices[:-1]):
            return input.take(indices[-1], len(indices) - 1)  # several times faster, if nothing is copied
        return input[tuple(indices)]
    except IndexError as error:
        raise IndexError(_explained(error)) from None


@op
def index_put(input: Array, values: Array, indices: Any, unique: bool = False) -> Array:
    """Return a copy in which `values` stand where integer arrays point; see `index`.

    Where several values go to one place, the last one stays.
    """
    out = input.copy()
    _assign(out, list(indices), values)
    return out


# What x[...] does


def getitem(input: Tensor, item: Any) -> Tensor:
    """Return `input[item]`: a view if the index has no tensors or lists in it, else a copy.

    Raises:
        IndexError: out of range, too many indices, or something that can't be an index.
        ValueError: a slice with a step that isn't positive.
    """
    basic, advanced, unique = parse(item, input.array.shape)
    if basic is not None:
        input = select(input, basic)
    return input if advanced is None else index(input, advanced, unique)


def setitem(input: Tensor, item: Any, value: Any) -> None:
    """Do `input[item] = value`; the value is broadcast, and both get their gradients.

    Raises:
        TypeError: the value is neither a number nor a Tensor.
        RuntimeError: shapes or dtypes don't fit, or the tensor is a leaf that requires a gradient.
    """
    is_tensor = isinstance(value, _op.Tensor)
    if not is_tensor and not isinstance(value, (bool, int, float, np.generic)):
        raise TypeError(f"can't assign a {type(value).__name__} to a Tensor; use tensor() to make it one")
    basic, advanced, unique = parse(item, input.array.shape)
    dtype = input.array.dtype
    if advanced is not None and is_tensor and value.array.dtype != dtype:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, "
            f"got {dtype} for the destination and {value.array.dtype} for the source."
        )
    if mode.grad and (input.requires_grad or (is_tensor and value.requires_grad)):
        part = input if basic is None else select(input, basic)
        if not is_tensor:
            value = part.new_tensor(value)
        ndim = _dimensions_left(part.ndim, advanced)
        while value.ndim > ndim and value.shape[0] == 1:
            value = value.squeeze(0)
        if advanced is None:
            _check_fits(value.shape, part.shape)
            part.copy_(value)
        else:
            write_in_place(part, index_put, value, advanced, unique)
        return
    # Nothing to record, so the values go straight to their place and nothing else is touched.
    check_changeable(input, recorded=False)
    target = input.array if basic is None else select.forward(input.array, basic)
    source = value.array if is_tensor else np.asarray(value)
    if not is_tensor and dtype.kind in "iu":
        source = as_array(value, dtype)  # which refuses what the dtype can't hold
    ndim = _dimensions_left(target.ndim, advanced)
    while source.ndim > ndim and source.shape[0] == 1:
        source = source[0]
    mode.quiet.run(_assign, target, advanced, source.astype(dtype, copy=False))
    mark_changed(target)


def _dimensions_left(ndim: int, indices: Any) -> int:
    """Return how many dimensions `x[indices]` has; further ones of a value must have length 1."""
    arrays = [i for i in indices or () if i is not _ALL]
    if not arrays:
        return ndim
    if arrays[0].dtype.kind == "b":
        return ndim - int(arrays[0].ndim) + 1
    return ndim - len(arrays) + max(int(i.ndim) for i in arrays)


def _assign(target: Any, indices: Any, values: Any) -> None:
    try:
        target[... if indices is None else tuple(indices)] = values
    except IndexError as error:
        raise IndexError(_explained(error)) from None
    except (ValueError, TypeError):  # TypeError: more dimensions than a mask leaves
        _check_fits(values.shape, (target if indices is None else target[tuple(indices)]).shape)
        raise


def _check_fits(shape: tuple[int, ...], place: tuple[int, ...]) -> None:
    if len(shape) > len(place) or any(n not in (1, m) for n, m in zip(shape[::-1], place[::-1])):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(shape)} cannot be broadcast to indexing result "
            f"of shape {list(place)}"
        )


def _explained(error: IndexError) -> str:
    return str(error).replace("axis", "dimension").replace("indexing arrays", "indexing tensors")


# From what stands in the brackets to what the operations take


def parse(item: Any, shape: tuple[int, ...]) -> tuple[Any, Any, bool]:
    """Split an index into its two steps.

    Returns:
        The index for `select`, or None if that would take everything; the list of arrays and slices
        for `index`, or None; and whether `index` takes no element twice, as with a mask.
    """
    if isinstance(item, _op.Tensor) and item.array.ndim and item.array.dtype == np.int64 and shape:
        return None, [item.array], False
    items = item if item.__class__ is tuple else (item,)
    whole = False
    for x in items:  # the common case needs only a look
        kind = x.__class__
        if kind is slice:
            if x.step is not None and operator.index(x.step) <= 0:
                raise ValueError("step must be greater than zero")
        elif x is ... and not whole:
            whole = True
        elif kind is not int and x is not None:
            return _parse_mixed(items, shape)
    if not shape and any(x.__class__ is int for x in items):
        raise IndexError("invalid index of a 0-dim tensor; use tensor.item()")
    return (items if whole else (*items, ...)), None, False


def _parse_mixed(items: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, Any, bool]:
    parts = [_part(x) for x in items]
    consumed = sum(_dimensions(x) for x in parts)
    if consumed > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    basic: list[Any] = []
    advanced: dict[int, Any] = {}  # arrays by dimension of the view that `basic` gives
    unique = sum(isinstance(x, np.ndarray) for x in parts) == 1
    axis = place = 0  # how many dimensions of the tensor, and of the view, are behind us
    missing = len(shape) - consumed  # what the first Ellipsis stands for
    for x in parts:
        if x is ...:
            basic += [_ALL] * missing
            axis, place, missing = axis + missing, place + missing, 0
        elif isinstance(x, np.ndarray):
            n = _dimensions(x)
            arrays: tuple[Any, ...] = (x,)
            if x.dtype.kind == "b":
                _check_mask(x, shape, axis)
                if not x.ndim:
                    arrays = (np.zeros(int(x), np.int64),)
                elif not unique:
                    arrays = x.nonzero()
            else:
                unique = False
            basic += [_ALL] * n if n else [None]
            advanced.update(enumerate(arrays, place))
            axis, place = axis + n, place + (n or 1)
        else:
            basic.append(x)
            axis += x is not None
            place += not isinstance(x, int)
    if not advanced:
        return (*basic, ...), None, False
    trivial = all(x is _ALL for x in basic)
    indices = [advanced.get(i, _ALL) for i in range(max(advanced) + 1)]
    return (None if trivial else (*basic, ...)), indices, unique


def _part(x: Any) -> Any:
    """Return one item of an index as an int, slice, None, Ellipsis, or an array of ints or bools."""
    if x is None or x is ...:
        return x
    if x.__class__ is slice:
        if x.step is not None and operator.index(x.step) <= 0:
            raise ValueError("step must be greater than zero")
        return _ALL if x == _ALL else x
    if isinstance(x, _op.Tensor):
        x = x.array
    elif isinstance(x, (list, tuple, range)):
        x = as_array(x) if len(x) else _EMPTY
    elif isinstance(x, (bool, np.bool_)):
        return np.asarray(x)
    if isinstance(x, np.ndarray):
        if x.dtype.kind == "b":
            return x
        if x.dtype not in (np.int64, np.int32):
            raise IndexError(f"tensors used as indices must be int64, int32 or bool tensors, not {x.dtype}")
        return x if x.ndim else int(x)
    try:
        return operator.index(x)
    except TypeError:
        kind = TypeError if isinstance(x, str) else IndexError
        raise kind(
            "only integers, slices (`:`), ellipsis (`...`), None and integer or bool Tensors are valid "
            f"indices (got {type(x).__name__})"
        ) from None


def _dimensions(x: Any) -> int:
    """Return how many dimensions of the tensor a part of an index uses up."""
    if isinstance(x, np.ndarray):
        return x.ndim if x.dtype.kind == "b" else 1
    return int(x is not None and x is not ...)


def _check_mask(mask: Any, shape: tuple[int, ...], axis: int) -> None:
    if mask.shape != shape[axis : axis + mask.ndim]:
        raise IndexError(
            f"The shape of the mask {list(mask.shape)} at index {axis} does not match "
            f"the shape of the indexed tensor {list(shape)} at index {axis}"
        )
