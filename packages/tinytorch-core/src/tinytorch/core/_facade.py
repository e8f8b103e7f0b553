"""How a package offers public names without importing the modules that they come from."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

Lazy: TypeAlias = tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]


def lazy(package: str) -> Lazy:
    """Return `__getattr__`, `__dir__` and `__all__` for a package whose stub lists its public names.

    The stub beside the package, `__init__.pyi`, is the one list of names. Type checkers read it as it is;
    here it says what to import when a name is used for the first time (PEP 562). So importing the package
    is cheap, and a module that can't be imported takes only its own names down.

    Args:
        package: `__name__` of the package that calls this.
    """
    module = sys.modules[package]
    origins = _origins(Path(str(module.__file__)).with_suffix(".pyi"))
    names = sorted(origins)

    def __getattr__(name: str) -> Any:
        if name not in origins:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        source, original = origins[name]
        try:
            if source.strip("."):
                value = getattr(import_module(source, package), original)
            else:
                value = import_module(source + original, package)  # the name of a submodule
        except AttributeError as error:
            # Left as it is, hasattr() would take a broken module for a name that doesn't exist.
            raise ImportError(f"cannot import {package}.{name}: {error}") from error
        setattr(module, name, value)  # from now on an ordinary attribute
        return value

    def __dir__() -> list[str]:
        return sorted({*names, *(name for name in vars(module) if name.startswith("__"))})

    return __getattr__, __dir__, names


def _origins(stub: Path) -> dict[str, tuple[str, str]]:
    """Return for each name that a stub re-exports the relative module it comes from, and its name there.

    The lines have the form `from .m01_tensor import Tensor as Tensor`, or `from . import functional as
    functional` for a submodule.
    """
    return {
        alias.asname or alias.name: ("." * line.level + (line.module or ""), alias.name)
        for line in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(line, ast.ImportFrom) and line.level
        for alias in line.names
    }
