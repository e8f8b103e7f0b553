"""Data types: their names, the default one, and PyTorch's rules for mixing them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

float16 = half = np.dtype(np.float16)
float32 = np.dtype(np.float32)
float64 = double = np.dtype(np.float64)
int8 = np.dtype(np.int8)
int16 = short = np.dtype(np.int16)
int32 = np.dtype(np.int32)
int64 = long = np.dtype(np.int64)
uint8 = np.dtype(np.uint8)
bool_ = np.dtype(np.bool_)  # public as `bool`; this name leaves Python's own bool usable in here

SUPPORTED = (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)

NUMBERS = (bool, int, float, np.number, np.bool_)  # what may stand beside a tensor

_default = float32

BOOL, INT, FLOAT = 0, 1, 2
CATEGORY = {"b": BOOL, "i": INT, "u": INT, "f": FLOAT}


def get_default_dtype() -> np.dtype[Any]:
    """Return the dtype that Python floats become (float32 unless changed)."""
    return _default


def set_default_dtype(d: Any) -> None:
    """Set the dtype that Python floats become.

    Raises:
        TypeError: `d` is not a floating-point dtype.
    """
    global _default
    d = as_dtype(d)
    if d.kind != "f":
        raise TypeError(f"only floating-point types are supported as the default type, got {d}")
    _default = d


def as_dtype(dtype: Any) -> np.dtype[Any]:
    """Turn a dtype, a NumPy type or Python's `float`, `int`, `bool` into one of the supported dtypes.

    Raises:
        TypeError: the dtype is not one that tensors can have; the message lists those.
    """
    found: np.dtype[Any] | None
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if dtype is None or found is None or found not in SUPPORTED:  # NumPy says that float64 == None
        names = ", ".join(d.name for d in SUPPORTED)
        raise TypeError(f"tensors can't have dtype {dtype!r}; supported are {names}")
    return found


def is_integral(dtype: np.dtype[Any]) -> bool:
    """Tell whether the dtype is an integer one (bool is not)."""
    return dtype.kind in "iu"


def promote_types(type1: Any, type2: Any) -> np.dtype[Any]:
    """Return the smallest dtype that both can be converted to (torch.promote_types).

    A float and an integer give the float, whatever their widths: int64 and float16 give float16.
    """
    a, b = as_dtype(type1), as_dtype(type2)
    if a.kind == "f" and b.kind != "f":
        return a
    if b.kind == "f" and a.kind != "f":
        return b
    return np.promote_types(a, b)


def scalar_dtype(value: Any) -> np.dtype[Any]:
    """Return the dtype that a Python or NumPy number has as an operand."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    if isinstance(value, (int, np.integer)):
        return int64
    return _default


def common_dtype(values: Any) -> np.dtype[Any]:
    """Return the dtype in which an operation on these arrays and numbers is done.

    Arrays with dimensions decide; 0-d arrays, then Python numbers, only raise the category
    (bool < integer < float). So float16 array * 2.5 stays float16, int64 array * 2.5 becomes float32.
    Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
    """
    strongest: list[np.dtype[Any] | None] = [None, None, None]  # with dimensions, 0-d, numbers
    for value in values:
        if isinstance(value, np.ndarray):
            dtype, rank = value.dtype, 0 if value.ndim else 1
        else:
            dtype, rank = scalar_dtype(value), 2
        seen = strongest[rank]
        strongest[rank] = dtype if seen is None else promote_types(seen, dtype)
    result = None
    for weaker in reversed(strongest):
        result = _combine(weaker, result)
    assert result is not None
    return result


def _combine(higher: np.dtype[Any] | None, lower: np.dtype[Any] | None) -> np.dtype[Any] | None:
    if higher is None or lower is None:
        return higher if lower is None else lower
    if CATEGORY[lower.kind] > CATEGORY[higher.kind]:
        return promote_types(higher, lower)
    return higher


@lru_cache(maxsize=64)
def constant(value: float, dtype: Any) -> Any:
    """Return a number as a 0-d array, which must not be changed: NumPy takes it faster than a Python number.

    On a short array a third of a microsecond faster, which is half of the operation.
    """
    array = np.array(value, dtype)
    array.flags.writeable = False
    return array
