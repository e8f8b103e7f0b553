"""Shims: packages at the old paths that forward imports to the new ones and say so."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .tree import TreeScan

TEMPLATE = '''"""Forwards imports of {old} to {new}."""  # tinytorch-renumber: shim

import sys
import warnings
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

OLD = __name__
NEW = OLD.removesuffix("{old}") + "{new}"


class _Same(Loader):
    """Lets a module be known under its old name too, instead of being loaded twice."""

    def __init__(self, name: str) -> None:
        self.module = import_module(name)
        self.spec = self.module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


class _Finder(MetaPathFinder):
    """Finds the submodules of the old path at the new one."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if not name.startswith(OLD + "."):
            return None
        return ModuleSpec(name, _Same(NEW + name[len(OLD) :]))


warnings.warn(f"{{OLD}} is {{NEW}} now", DeprecationWarning, stacklevel=2)
sys.meta_path.insert(0, _Finder())
sys.modules[OLD] = import_module(NEW)
'''


class Shim(NamedTuple):
    """A file that is written after the renaming, by its path then."""

    path: str
    content: bytes
    in_new_folder: bool = True  # which must not exist yet


def plan_shims(scan: TreeScan) -> list[Shim]:
    """Return a shim for each numbered package that moves."""
    packages = {entry.path.rpartition("/")[0] for entry in scan.entries if entry.name == "__init__.py"}
    shims = []
    for rename in scan.renames:
        old = rename.before.rpartition("/")[2]
        if rename.before not in packages or rename.after is None:
            continue
        if not (old.isidentifier() and rename.after.isidentifier()):
            continue
        home = scan.new_path(posixpath.dirname(rename.before)) if "/" in rename.before else ""
        if home is None:
            continue
        path = posixpath.join(home, old, "__init__.py")
        shims.append(Shim(path, TEMPLATE.format(old=old, new=rename.after).encode("ascii")))
    return shims
