"""The compiled kernels, as functions that take NumPy arrays."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tinytorch.core import number_of_threads

from .compiler import SOURCE, NoKernels, built

TYPES: dict[str, Any] = {
    "array": ctypes.py_object,
    "long": ctypes.c_long,
    "int": ctypes.c_int,
    "float": ctypes.c_float,
    "const int64_t *": ctypes.c_void_p,
    "uintptr_t": ctypes.c_size_t,
    "void": None,
}


class Library:
    """The functions of a compiled library, by name; their types are read from the source.

    Args:
        file: the library.

    Raises:
        OSError: it can't be loaded.
        AttributeError: a function is missing.
    """

    def __init__(self, file: str | Path) -> None:
        self.file = Path(file)
        self._functions = ctypes.CDLL(str(file))
        for name, (result, parameters) in declarations().items():
            function = self._functions[name]
            function.restype = TYPES[result]
            function.argtypes = [TYPES[kind] for kind in parameters]
            setattr(self, name, function)
        self.set_threads(number_of_threads())

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(f"the kernels have no function {name}")

    def check(self) -> None:
        """Raise an error unless arrays lie in memory as the kernels suppose, and a product is right."""
        x = np.arange(12 * 40, dtype=np.float32).reshape(12, 40)
        if self.address_of(x) != x.ctypes.data:
            raise OSError("this Python, or this NumPy, keeps arrays in another way than the kernels suppose")
        out = np.empty((12, 12), np.float32)
        self.linear_forward(out, x, x, None, 0, 12, 40, 12)
        if not np.allclose(out, x @ x.T):
            raise OSError("the kernels multiply wrongly")


_loaded: dict[str | None, Library] = {}
_lock = threading.Lock()


def shared_library(compiler: str | None = None) -> Library:
    """Return the library that `compiler` makes, loaded once.

    Raises:
        NoKernels: there is none; the message says why in one line.
    """
    with _lock:
        if compiler not in _loaded:
            try:
                library = Library(built(compiler))
                library.check()
            except (OSError, AttributeError) as error:
                raise NoKernels(str(error)) from None
            _loaded[compiler] = library
        return _loaded[compiler]


def declarations() -> dict[str, tuple[str, list[str]]]:
    """Return for each exported function of the source the types of its result and its parameters."""
    found = {}
    for source in sorted(SOURCE.glob("*.c")):
        text = source.read_text(encoding="utf-8")
        for result, name, parameters in re.findall(r"^EXPORT (\w+) (\w+)\(([^)]*)\)", text, re.M):
            given = [] if parameters == "void" else parameters.split(",")
            found[name] = result, [re.sub(r"\w+$", "", p.strip()).strip() for p in given]
    return found
