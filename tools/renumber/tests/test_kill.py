"""A process that is killed, or fails, at any step leaves a tree that can be finished and restored."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tinytorch_renumber import disk
from tinytorch_renumber.cli import main
from tinytorch_renumber.journal import current

SPEC = importlib.util.spec_from_file_location("foreign", Path(__file__).with_name("foreign.py"))
foreign = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(foreign)

EVERY = int(os.environ.get("RENUMBER_KILL_EVERY", "61"))  # of the foreign tree's steps
SMALL = {
    "modules/01_tensor/tensor.py": "from a.m02_layers import x  # 02_layers\n",
    "modules/02_layers/02_layers.md": "# Module 02: Layers\n\n[x](../01_tensor/tensor.py)\n",
    "modules/03_losses/x.txt": "nothing\n",
    "a/m01_tensor/__init__.py": "",
    "a/m02_layers/__init__.py": "x = '03_losses'\n",
    "pyproject.toml": '[project]\nname = "a"\nversion = "0.1"\n',
    "README.md": "01_tensor 02_layers 03_losses\r\n",
    "plan.toml": 'target = ["losses", "tensor", "layers"]\n',
}
APPLY = ["apply", "--no-git", "--shims", "--bump"]
OTHER = 'target = ["layers", "losses", "tensor"]\n'


def die(root, at, *words):
    """Run the command in a process of its own that is killed at a step; return whether it was."""
    words = [*words, "--root", str(root)]
    if hasattr(os, "fork"):
        child = os.fork()
        if child == 0:
            os.environ[disk.FAILPOINT] = str(at)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            try:
                main(words)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    environment = {**os.environ, disk.FAILPOINT: str(at)}
    code = [sys.executable, "-m", "tinytorch_renumber", *words]
    return subprocess.run(code, env=environment, capture_output=True).returncode not in (0, 1, 2)


@pytest.fixture(params=["small", "foreign"])
def original(request, tmp_path, helpers):
    """A tree to copy from, what it is, what it becomes, and which steps are tried."""
    root = tmp_path / "original"
    root.mkdir()
    helpers.write_tree(root, SMALL if request.param == "small" else foreign.files())
    (root / "link").symlink_to("modules/02_layers" if request.param == "small" else "modules/07_sampling")
    (root / "README.md").touch()
    (root / "README.md").chmod(0o640)
    before = helpers.picture(root)
    done = tmp_path / "done"
    shutil.copytree(root, done, symlinks=True)
    assert main([*APPLY, str(root / "plan.toml"), "--root", str(done)]) in (
        0,
        1,
    )
    return root, before, helpers.picture(done), 1 if request.param == "small" else EVERY


def copies(original, tmp_path):
    """Yield fresh copies of the tree."""
    at = 0
    while True:
        at += 1
        copy = tmp_path / f"copy{at}"
        shutil.copytree(original, copy, symlinks=True)
        yield copy
        shutil.rmtree(copy)


def test_killed_while_applying(original, tmp_path, helpers, capsys):
    root, before, after, every = original
    words = [*APPLY, str(root / "plan.toml")]
    trees = copies(root, tmp_path)
    states = set()
    for at in range(1, 10_000, every):
        for command in ("resume", "undo"):
            tree = next(trees)
            if not die(tree, at, *words):
                assert at > 30
                assert states == {True, False}
                return
            begun = any((tree / ".renumber").glob("*/journal.json"))
            states.add(begun)
            if not begun:
                assert helpers.picture(tree) == before
            elif current(tree).told()[0] != "applied":  # not at the very last step
                assert main(["apply", "--no-git", "--root", str(tree), "--swap", "1", "2"]) == 2
            assert main([command, "--root", str(tree)]) == 0
            assert helpers.picture(tree) == (after if command == "resume" and begun else before), (
                at,
                command,
            )
            if command == "resume" and begun:
                assert main(["verify", "--root", str(tree)]) == 0
                assert main(["undo", "--root", str(tree)]) == 0
                assert helpers.picture(tree) == before
            assert not (tree / ".renumber").exists()
            capsys.readouterr()


def test_killed_while_undoing(original, tmp_path, helpers, capsys):
    root, before, _, every = original
    trees = copies(root, tmp_path)
    for at in range(1, 10_000, every):
        for command in ("resume", "undo"):
            tree = next(trees)
            main([*APPLY, str(root / "plan.toml"), "--root", str(tree)])
            if not die(tree, at, "undo"):
                assert at > 10
                return
            assert main([command, "--root", str(tree)]) == 0
            assert helpers.picture(tree) == before, (at, command)
            assert not (tree / ".renumber").exists()
            capsys.readouterr()


def test_killed_again_and_again(original, tmp_path, helpers, capsys):
    """Kill the apply, and then every attempt to finish it, a few steps later each time."""
    root, _, after, _ = original
    trees = copies(root, tmp_path)
    for at in (20, 40, 400):
        tree = next(trees)
        if not die(tree, at, *APPLY, str(root / "plan.toml")):
            break
        if not any((tree / ".renumber").glob("*/journal.json")):
            continue
        for _ in range(10_000):
            if not die(tree, 3, "resume"):
                break
        assert helpers.picture(tree) == after
    capsys.readouterr()


@pytest.mark.parametrize("error", ["ENOSPC", "EACCES", "EIO"])
def test_a_failing_disk_puts_everything_back(error, tmp_path, helpers, monkeypatch, capsys):
    """Whatever step fails, the tree is as it was, and the exit code says so."""
    root = tmp_path / "original"
    root.mkdir()
    helpers.write_tree(root, SMALL)
    before = helpers.picture(root)
    for at in range(1, 10_000):
        tree = tmp_path / "copy"
        shutil.copytree(root, tree, symlinks=True)
        monkeypatch.setenv(disk.FAILPOINT, f"{at}:{error}")
        monkeypatch.setattr(disk, "_passed", 0)
        code = main([*APPLY, str(root / "plan.toml"), "--root", str(tree)])
        if code != 2:
            assert at > 30
            break
        assert helpers.picture(tree) == before, at
        assert not (tree / ".renumber").exists()
        shutil.rmtree(tree)
    capsys.readouterr()
