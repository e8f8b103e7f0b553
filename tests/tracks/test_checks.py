"""Every module has checks of a learner's own version: the reference passes them, an untouched stub none."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from pathlib import Path


def tree_of(room):
    return ast.parse((room.folder / "checks.py").read_text(encoding="utf-8"))


def test_the_reference_passes_every_check(room):
    checks = vars(importlib.import_module(f"{room.name}.checks"))
    functions = [value for name, value in checks.items() if name.startswith("check_")]
    assert len(functions) >= 3, "a module has more to it than fewer than three checks can tell"
    for check in functions:
        check()


def test_an_untouched_stub_fails_every_check(room):
    command = [sys.executable, str(Path(__file__).with_name("stubbed.py")), room.name]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert outcomes
    passed = [name for name, error in outcomes.items() if error is None]
    assert not passed, "these pass though nothing is written (NotImplementedError is a RuntimeError)"


def test_a_check_says_what_it_expects(room):
    """Each has a sentence that says what it checks, takes nothing, and each assert has a message."""
    tree = tree_of(room)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
            assert ast.get_docstring(node), node.name
            assert ast.unparse(node.args) == "", node.name
    silent = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert) and node.msg is None]
    assert not silent, f"checks.py, lines {silent}: an assert without a message"


def test_checks_import_only_numpy_and_the_facade(room):
    """A check must not know in which module or under which number a thing lives."""
    imported = set()
    for node in ast.walk(tree_of(room)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "checks import what a learner imports: the facade"
            imported.add(node.module)
    pattern = r"numpy(\.\w+)*|tinytorch\.[a-z]+(\.functional)?"
    other = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert room.track.name in imported
    assert not [name for name in other if not re.fullmatch(pattern, name)]
