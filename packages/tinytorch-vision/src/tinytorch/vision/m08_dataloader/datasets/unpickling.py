"""Reads the pickles of CIFAR, and nothing else that a pickle could hold.

A pickle is a program: it names functions, and the reader imports and calls them. Here every name is refused
except the few with which NumPy's arrays and old strings are written, and even these don't lead to NumPy but
to stand-ins of this file, which check what they are given.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .vision import DamagedFile

_PLAIN = (str, bytes, int, float, bool, type(None), np.ndarray)


def read_pickle(path: Path, content: bytes) -> dict[str, Any]:
    """Read a dict of arrays, lists, numbers and strings, written by Python 2 or 3.

    Args:
        path: the file, for messages.
        content: what is in it.

    Returns:
        The dict; its keys are str, whichever kind of string they were.

    Raises:
        DamagedFile: it isn't a pickle of that kind.
    """
    try:
        value = _Reader(io.BytesIO(content), encoding="latin1").load()
    except _Refused as refused:
        raise DamagedFile(path, f"isn't read: {refused}") from None
    except Exception as error:  # a broken pickle can fail in any way
        raise DamagedFile(path, f"is damaged, it is no complete pickle: {error!r}") from error
    if not isinstance(value, dict):
        raise DamagedFile(path, f"holds a {type(value).__name__}, expected a dict")
    return {
        key.decode("latin1") if isinstance(key, bytes) else str(key): _plain(path, part)
        for key, part in value.items()
    }


class _Refused(Exception):
    """The pickle wants something that it doesn't get."""


# The reader that is written in Python: what a crafted pickle can do to it, it does to Python's own objects.
class _Reader(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        make = _ADMITTED.get((module.replace("numpy.core.", "numpy._core."), name))
        if make is None:
            raise _Refused(f"it asks for {module}.{name}, and only plain arrays are admitted")
        return _Admitted(make)


class _Admitted:
    """What stands in for an admitted function: it can be called, and nothing else can be done to it."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make

    def __call__(self, *args: Any) -> Any:
        return self.make(*args)

    def __setstate__(self, state: Any) -> None:
        raise _Refused("it tries to change a function")


class _Dtype:
    """Stands in for a dtype of plain numbers."""

    __slots__ = ("dtype",)

    def __init__(self, code: Any, align: Any = False, copy: Any = False) -> None:
        code = code.decode("latin1") if isinstance(code, bytes) else code
        if code not in {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "b1"}:
            raise _Refused(f"it holds an array of dtype {code!r}, and only numbers are admitted")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        order = state[1].decode("latin1") if isinstance(state[1], bytes) else state[1]
        if order not in {"|", "<", ">", "="} or any(part is not None for part in state[2:5]):
            raise _Refused("it holds an array of a dtype that isn't a plain number")
        self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stands in for an array until the pickle has said what is in it."""

    __slots__ = ("array",)

    def __init__(self, *args: Any) -> None:
        self.array = np.zeros(0, np.uint8)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        self.array = _filled(content, dtype, shape, "F" if fortran else "C")


def _filled(content: Any, dtype: Any, shape: Any, order: str = "C") -> np.ndarray:
    """Return the array of these bytes."""
    content = content.encode("latin1") if isinstance(content, str) else content  # Python 2 called them str
    if not isinstance(content, (bytes, bytearray)) or not isinstance(dtype, _Dtype):
        raise _Refused("it holds an array that isn't made of bytes")
    if len(content) != math.prod(shape) * dtype.dtype.itemsize:
        raise _Refused(f"it holds an array of shape {shape} with {len(content)} bytes")
    array = np.frombuffer(content, dtype.dtype).reshape(shape, order="F" if order == "F" else "C")
    return array.astype(dtype.dtype.newbyteorder("="))  # a copy, which can be written to


def _frombuffer(content: Any, dtype: Any, shape: Any, order: Any) -> _Array:
    result = _Array()
    result.array = _filled(content, dtype, shape, order)
    return result


def _scalar(dtype: Any, content: Any) -> Any:
    return _filled(content, dtype, ()).item()


def _encode(text: Any, encoding: Any = "latin1", *rest: Any) -> bytes:
    if not isinstance(text, str) or encoding not in {"latin1", "latin-1", "utf8", "utf-8", "ascii"}:
        raise _Refused("it holds a string that is no string")
    return text.encode(encoding)


def _empty(*args: Any) -> bytes:
    if args:
        raise _Refused("it computes bytes")
    return b""


# NumPy 2 writes numpy._core, NumPy 1 and Python 2 numpy.core; bytes come as _codecs.encode in old protocols.
_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "bytes"): _empty,
}


def _plain(path: Path, value: Any) -> Any:
    """Return a value of the dict without stand-ins."""
    if isinstance(value, _Array):
        return value.array
    if isinstance(value, (list, tuple)):
        return [_plain(path, part) if isinstance(part, _Array) else _one(path, part) for part in value]
    return _one(path, value)


def _one(path: Path, value: Any) -> Any:
    if not isinstance(value, _PLAIN):
        raise DamagedFile(
            path, f"isn't read: it holds a {type(value).__name__}, expected numbers and strings"
        )
    return value
