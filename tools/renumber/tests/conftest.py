"""Fixtures and helpers: trees on disk, and the command as a user runs it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tinytorch_renumber import disk
from tinytorch_renumber.cli import main
from tinytorch_renumber.order import find_orders
from tinytorch_renumber.plan import load_plan
from tinytorch_renumber.resolve import resolve
from tinytorch_renumber.tree import scan_tree


def picture(root):
    """Return all that a tree is: contents, modes, links, by path; without the journal."""
    found = {}
    for folder, subfolders, files in os.walk(root):
        if ".renumber" in subfolders:
            subfolders.remove(".renumber")
        for name in (*subfolders, *files):
            path = Path(folder, name)
            key = path.relative_to(root).as_posix()
            if path.is_symlink():
                found[key] = ("link", os.readlink(path))
            elif path.is_dir():
                found[key] = ("folder", path.stat().st_mode)
            else:
                found[key] = (path.read_bytes(), path.stat().st_mode)
    return found


def write_tree(root, files):
    """Write files by path; a text is UTF-8."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))


def scan(root, plan="option-1", prose=False):
    """Scan a tree under a plan."""
    spec = load_plan(str(plan))
    orders = find_orders(root, spec.roots, spec.ignore)
    return scan_tree(root, resolve(spec, orders.numbers, orders.titles, orders.width), prose)


@pytest.fixture(scope="session")
def helpers():
    """What tests share."""

    class Helpers:
        picture = staticmethod(picture)
        write_tree = staticmethod(write_tree)
        scan = staticmethod(scan)

    return Helpers


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command on a folder; return exit code and output."""

    def call(command, *words, root=tmp_path / "tree"):
        if command == "apply":
            words = ("--no-git", *words)
        place = [str(root)] if command == "doctor" else ["--root", str(root)]
        code = main([command, *map(str, words), *place])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return call


@pytest.fixture
def tree(tmp_path):
    """An empty folder for a tree."""
    root = tmp_path / "tree"
    root.mkdir()
    return root


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk():
    """A kill of the process loses nothing that was written, only a power cut would."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True)
def _no_failpoint(monkeypatch):
    monkeypatch.delenv(disk.FAILPOINT, raising=False)
    monkeypatch.setattr(disk, "_passed", 0)
