"""What things are called: the operation of a forward, work that is no operation's, modules."""

from __future__ import annotations

from typing import Any

from tinytorch.core import ops

# What core does on arrays outside of operations, by the name of the function that does it.
WORKS = {"_assign": "assignment", "array": "copy"}
WORKS |= dict.fromkeys(("_run_here", "share"), "optimizer update")
UNKNOWN = object()
operations: dict[Any, Any] = {}  # by their forwards; None for a function that is no operation's


def operation_of(function: Any) -> Any:
    """Return the operation whose forward this is, or None, and remember it."""
    operations.update((op.forward, op) for op in list(ops.values()))
    return operations.setdefault(function, None)


def name_of_work(function: Any) -> str:
    """Return what work on arrays is called that isn't an operation's."""
    name = getattr(function, "__name__", type(function).__name__)
    return WORKS.get(name, name)


def name_modules(module: Any, paths: dict[int, str]) -> None:
    """Name a module that isn't part of one that has been named, and all in it."""
    base = root = type(module).__name__
    taken = set(paths.values())
    number = 2
    while root in taken:
        root, number = f"{base}#{number}", number + 1
    for name, part in module.named_modules():
        paths.setdefault(id(part), f"{root}.{name}" if name else root)
