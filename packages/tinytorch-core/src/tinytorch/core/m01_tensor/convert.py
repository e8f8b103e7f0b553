"""From Python's numbers and NumPy's arrays to the arrays that tensors hold."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import op as _op
from .dtypes import SUPPORTED, as_dtype, bool_, get_default_dtype, int64, promote_types
from .record import mode

if TYPE_CHECKING:
    from .tensor import Tensor

_NUMBERS: dict[type, np.dtype[Any]] = {bool: bool_, int: int64}


def as_array(data: Any, dtype: Any = None) -> np.ndarray:
    """Copy data to a new array of a dtype that tensors can have; see `tensor` for the rules."""
    target = None if dtype is None else as_dtype(dtype)
    if isinstance(data, _op.Tensor):
        data = data.array
    elif not isinstance(data, (list, tuple, np.ndarray, np.generic)) and hasattr(data, "__array__"):
        data = np.asarray(data)
    if isinstance(data, (np.ndarray, np.generic)):
        array = checked(np.asarray(data))
        copy: np.ndarray = mode.quiet.run(np.array, array, target or array.dtype)
        return copy
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}': a tensor holds numbers")

    dtypes: set[np.dtype[Any]] = set()
    if isinstance(data, Sequence):
        data = _surveyed(data, [], 0, dtypes)
    else:
        dtypes.add(_number_dtype(type(data)))
    natural = get_default_dtype()
    for i, found in enumerate(dtypes):
        natural = promote_types(natural, found) if i else found
    target = target or natural
    try:
        if target.kind == "f":
            made: np.ndarray = mode.quiet.run(np.array, data, target)
            return made
        array = np.array(data, np.float64 if natural.kind == "f" else natural)
    except OverflowError as error:
        raise ValueError(f"Overflow when unpacking long long: {error}") from error
    except ValueError as error:
        raise TypeError("not a sequence: some of the data is nested more deeply than the rest") from error
    if target.kind in "iu" and natural.kind in "if" and array.size:
        limit = np.iinfo(target).max
        if not (array.max() <= limit and array.min() >= -limit - 1):
            raise RuntimeError(f"value cannot be converted to type {target.name} without overflow")
    return array.astype(target, copy=False)


def legacy_array(data: Any, sizes: tuple[Any, ...]) -> np.ndarray:
    """Give `Tensor(...)` its array: floats from a sequence or an array, zeros from sizes."""
    if sizes or (isinstance(data, (int, np.integer)) and not isinstance(data, bool)):
        return np.zeros(as_size((data, *sizes), "Tensor"), get_default_dtype())
    if isinstance(data, _op.Tensor):
        return data.array
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(data).__name__}': a tensor holds numbers")
    if isinstance(data, np.generic) or not (isinstance(data, Sequence) or hasattr(data, "__array__")):
        raise TypeError(
            f"new(): data must be a sequence (got {type(data).__name__}); use tensor() for a number"
        )
    try:
        return as_array(data, get_default_dtype())
    except RuntimeError as error:  # this oldest way of making tensors has an error type of its own
        raise TypeError(str(error)) from error


def _surveyed(data: Any, lengths: list[int], depth: int, dtypes: set[np.dtype[Any]]) -> Any:
    """Check that nested sequences are rectangular and note the dtypes of their numbers.

    Returns the data with Tensors replaced by numbers. `lengths` holds the first length seen at each
    depth.
    """
    if depth == len(lengths):
        lengths.append(len(data))
    elif lengths[depth] != len(data):
        raise ValueError(f"expected sequence of length {lengths[depth]} at dim {depth} (got {len(data)})")
    if isinstance(data, np.ndarray) and data.ndim:
        for n in data.shape[1:]:
            depth += 1
            if depth == len(lengths):
                lengths.append(n)
            elif lengths[depth] != n:
                raise ValueError(f"expected sequence of length {lengths[depth]} at dim {depth} (got {n})")
        dtypes.add(checked(data).dtype)
        return data
    types = set(map(type, data))
    if any(issubclass(t, _op.Tensor) for t in types):
        data = [_one_number(x, dtypes) if isinstance(x, _op.Tensor) else x for x in data]
        types = {t for t in types if not issubclass(t, _op.Tensor)}
    nested = [t for t in types if issubclass(t, (Sequence, np.ndarray)) and not issubclass(t, (str, bytes))]
    if not nested:
        dtypes.update(map(_number_dtype, types))
        return data
    if len(nested) < len(types):
        names = ", ".join(sorted(t.__name__ for t in types))
        raise TypeError(f"not a sequence: numbers and sequences are mixed at dim {depth} ({names})")
    return [_surveyed(x, lengths, depth + 1, dtypes) for x in data]


def _one_number(x: Tensor, dtypes: set[np.dtype[Any]]) -> Any:
    if x.array.size != 1:
        raise ValueError(
            "only one element tensors can be converted to Python scalars; "
            f"use stack() to join tensors of shape {x.shape}"
        )
    dtypes.add(x.array.dtype)
    return x.array.item()


def _number_dtype(kind: type) -> np.dtype[Any]:
    """Return the dtype for numbers of this Python or NumPy type."""
    if kind in _NUMBERS:
        return _NUMBERS[kind]
    if issubclass(kind, np.generic) and np.dtype(kind) in SUPPORTED:
        return np.dtype(kind)
    if issubclass(kind, float):
        return get_default_dtype()
    if issubclass(kind, int):
        return int64
    if issubclass(kind, (str, bytes)):
        raise ValueError(f"too many dimensions '{kind.__name__}': a tensor holds numbers, not text")
    raise RuntimeError(f"Could not infer dtype of {kind.__name__}: a tensor holds numbers")


def checked(array: np.ndarray) -> np.ndarray:
    """Return the array as a plain one in native byte order.

    Raises:
        TypeError: it has a dtype that tensors don't have.
    """
    if array.dtype not in SUPPORTED:
        if array.dtype.newbyteorder("=") in SUPPORTED:
            return array.astype(array.dtype.newbyteorder("="))
        names = ", ".join(d.name for d in SUPPORTED)
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype}. The only supported types are: {names}."
        )
    return np.asarray(array)


def as_size(args: Sequence[Any], name: str, size: Any = None) -> tuple[int, ...]:
    """Read a size that was given as several ints, as one sequence of them, or by keyword.

    Raises:
        TypeError: no size, or something that isn't an int.
        RuntimeError: a negative length.
    """
    if size is not None:
        if args:
            raise TypeError(f"{name}() got multiple values for argument 'size'")
        args = (size,)
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = args[0]
    elif not args:
        raise TypeError(f"{name}() missing 1 required positional arguments: 'size'")
    result = []
    for n in args:
        if n.__class__ is not int:
            try:
                if isinstance(n, bool):
                    raise TypeError
                n = operator.index(n)
            except TypeError:
                raise TypeError(
                    f"{name}(): argument 'size' must be ints or one tuple of ints, not {type(n).__name__}"
                ) from None
        if n < 0:
            raise RuntimeError(f"{name}: Dimension size must be non-negative, got {n}")
        result.append(n)
    return tuple(result)
