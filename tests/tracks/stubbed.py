"""Run a module's checks against its stub, as a learner finds it: no function has a body yet.

    python stubbed.py tinytorch.core.m01_tensor

prints a JSON object: for each check the error it ended with, or null where it passed. Functions that run
while the module is imported (the decorator of operations, say) keep their bodies, because otherwise the
import would fail and no check would be put to the test.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, FrameType, ModuleType
from typing import Any


def called_while_importing(room: str) -> set[tuple[str, int]]:
    """Import a module and return the file and first line of every function that it called."""
    called = set()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            called.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    sys.setprofile(note)
    importlib.import_module(room)
    sys.setprofile(None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "tinytorch"]:
        del sys.modules[name]
    return called


class Emptied(ast.NodeTransformer):
    """Replaces the body of every function that isn't among those to keep."""

    def __init__(self, path: str, keep: set[tuple[str, int]]) -> None:
        self.path = path
        self.keep = keep

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        if (self.path, first) in self.keep:
            return self.generic_visit(node)
        node.body = ast.parse("raise NotImplementedError").body
        return node


class StubLoader(SourceFileLoader):
    """Compiles a file without the bodies of its functions, and never from the cache."""

    keep: set[tuple[str, int]]

    def get_code(self, fullname: str) -> CodeType:
        tree = Emptied(self.path, self.keep).visit(ast.parse(self.get_data(self.path)))
        return compile(ast.fix_missing_locations(tree), self.path, "exec")


class StubFinder:
    """Finds the files of one module as stubs, its checks excepted."""

    def __init__(self, room: str, keep: set[tuple[str, int]]) -> None:
        self.room = room
        self.keep = keep

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not f"{name}.".startswith(f"{self.room}.") or name == f"{self.room}.checks":
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and spec.origin is not None:
            spec.loader = loader = StubLoader(name, spec.origin)
            loader.keep = self.keep
        return spec


def main(room: str) -> None:
    sys.meta_path.insert(0, StubFinder(room, called_while_importing(room)))
    checks = importlib.import_module(f"{room}.checks")
    outcomes: dict[str, str | None] = {}
    for name, check in list(vars(checks).items()):
        if name.startswith("check_"):
            try:
                check()
            except Exception as error:
                outcomes[name] = f"{type(error).__name__}: {error}"
            else:
                outcomes[name] = None
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main(sys.argv[1])
