"""The examples in docstrings run, in the source of every track, and print what they say."""

from __future__ import annotations

import ast
import doctest
import importlib
from importlib.util import find_spec

import numpy as np
import tinytorch.core as tt


def given() -> dict[str, object]:
    """Return the names that an example may use: `np`, `tt` for core, and the other tracks by their names."""
    tracks = ("training", "vision", "language", "systems")
    found = {name: f"tinytorch.{name}" for name in tracks if find_spec(f"tinytorch.{name}")}
    return {"np": np, "tt": tt, **{name: importlib.import_module(path) for name, path in found.items()}}


def docstrings(file):
    """Yield the docstring of each module, class and function of a file, with its name and first line."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node, clean=True)
            if text and ">>>" in text:
                yield getattr(node, "name", file.stem), text, node.body[0].lineno - 1


def test_the_examples_in_docstrings_run(track, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # none of them leaves a file behind
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    report: list[str] = []
    for file in sorted(track.folder.rglob("*.py")):
        for name, text, line in docstrings(file):
            test = parser.get_doctest(text, given(), name, str(file), line)
            assert all(f"{it.source}{it.want}".isascii() for it in test.examples), f"{file}: {name}"
            runner.run(test, out=report.append)
    assert not report, "".join(report)
    assert not list(tmp_path.iterdir())


def test_every_room_has_examples(room):
    assert any(docs for file in room.folder.rglob("*.py") for docs in docstrings(file))


def test_a_wrong_example_is_found():
    test = doctest.DocTestParser().get_doctest(">>> tt.ones(1)\ntensor([2.])", given(), "wrong", "here", 0)
    assert doctest.DocTestRunner(verbose=False).run(test, out=lambda _: None).failed == 1
