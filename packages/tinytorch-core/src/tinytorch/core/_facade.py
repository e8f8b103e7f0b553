"""How a track's `__init__.py` offers names without importing the rooms that they come from."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Lazy = tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]


def lazy(package: str) -> Lazy:
    """Return `__getattr__`, `__dir__` and `__all__` for a package whose stub lists its public names.

    The stub beside the package, `__init__.pyi`, is the one list of names: type checkers read it as it
    is, and here it says which room to import when a name is used for the first time (PEP 562). Lines
    have the form `from .m01_tensor import Tensor as Tensor`; a line `from . import functional as
    functional` names a submodule.

    Args:
        package: `__name__` of the package that calls this.
    """
    home = Path(str(sys.modules[package].__file__)).parent
    source = (home / "__init__.pyi").read_text(encoding="utf-8")
    origin: dict[str, tuple[str, str]] = {}
    for line in ast.parse(source).body:
        if isinstance(line, ast.ImportFrom) and line.level:
            room = "." * line.level + (line.module or "")
            origin.update({alias.asname or alias.name: (room, alias.name) for alias in line.names})
    names = sorted(origin)

    def __getattr__(name: str) -> Any:
        if name not in origin:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        room, original = origin[name]
        if room == ".":
            value: Any = importlib.import_module(f".{original}", package)
        else:
            value = getattr(importlib.import_module(room, package), original)
        setattr(sys.modules[package], name, value)  # found once, an ordinary attribute from then on
        return value

    return __getattr__, lambda: [*names, *(["__version__"] if hasattr(sys.modules[package], "__version__") else [])], names
