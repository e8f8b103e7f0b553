"""The commands as a user meets them: refusals, edits in between, shims, output on a poor terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from tinytorch_renumber.cli import main

FILES = {
    "a/__init__.py": "",
    "a/m01_tensor/__init__.py": "from .parts import Part as Part\n",
    "a/m01_tensor/parts.py": "class Part: ...\n",
    "a/m02_activations/__init__.py": "from ..m01_tensor.parts import Part\nlayer = Part()\n",
    "README.md": "01_tensor, 02_activations\r\nModule 02\r\n",
}


@pytest.fixture
def course(tree, helpers):
    """Two packages."""
    helpers.write_tree(tree, FILES)
    return tree


def git(root, *words):
    """Run git in a folder."""
    names = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run(["git", "-C", str(root), *names, *words], check=True, capture_output=True)


def test_git_has_to_know_the_tree(course, helpers, capsys):
    words = ["apply", "--swap", "1", "2", "--root", str(course)]
    before = helpers.picture(course)
    assert main(words) == 2
    assert "--no-git" in capsys.readouterr().err
    git(course, "init")
    assert main(words) == 2
    assert "--dirty" in capsys.readouterr().err
    git(course, "add", "--all")
    git(course, "commit", "-m", "first")
    (course / "new.txt").write_text("x", encoding="utf-8")
    assert main(words) == 2
    (course / "new.txt").unlink()
    assert {path: entry for path, entry in helpers.picture(course).items() if ".git" not in path} == before
    assert main(words) == 1  # "Module 02" is left for a person
    assert main(["undo", "--root", str(course)]) == 0
    assert (course / "README.md").read_bytes() == FILES["README.md"].encode()


def test_the_same_request_twice_is_refused_politely(course, run, helpers):
    assert run("apply", "--swap", "1", "2")[0] == 1
    after = helpers.picture(course)
    code, output = run("apply", "--swap", "1", "2")
    assert (code, "applied already" in output) == (0, True)
    assert helpers.picture(course) == after


def test_two_changes_are_undone_in_turn(course, run, helpers):
    first = helpers.picture(course)
    assert run("apply", "--swap", "1", "2")[0] == 1
    second = helpers.picture(course)
    assert run("apply", "--insert", "zero@01")[0] == 1
    assert sorted(path.name for path in (course / "a").iterdir()) == [
        "__init__.py",
        "m02_activations",
        "m03_tensor",
    ]
    assert run("undo")[0] == 0
    assert helpers.picture(course) == second
    assert run("undo")[0] == 0
    assert helpers.picture(course) == first
    assert run("undo") == (0, "there is nothing to undo\n")


def test_undo_keeps_what_was_written_since(course, run, helpers):
    before = helpers.picture(course)
    assert run("apply", "--swap", "1", "2")[0] == 1
    path = course / "README.md"
    edited = path.read_bytes() + b"more of 02_tensor\r\n"
    path.write_bytes(edited)
    after = helpers.picture(course)
    code, output = run("undo")
    assert (code, "README.md" in output) == (2, True)
    assert helpers.picture(course) == after
    assert run("undo", "--keep-edits")[0] == 1
    assert path.read_bytes() == before["README.md"][0] + b"more of 01_tensor\r\n"
    path.write_bytes(before["README.md"][0])
    assert helpers.picture(course) == before


def test_undo_refuses_when_a_file_is_gone(course, run):
    assert run("apply", "--swap", "1", "2")[0] == 1
    (course / "README.md").unlink()
    code, output = run("undo", "--keep-edits")
    assert (code, "README.md" in output) == (2, True)


def test_shims_forward_old_imports_to_the_same_objects(course, run, helpers):
    before = helpers.picture(course)
    assert run("apply", "--swap", "1", "2", "--shims")[0] == 1
    code = """
import warnings
with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter("always")
    import a.m01_tensor
    from a.m01_tensor.parts import Part
    from a.m02_activations import layer
import a.m02_tensor.parts
assert Part is a.m02_tensor.parts.Part and isinstance(layer, Part)
assert a.m02_tensor.parts.__spec__.name == "a.m02_tensor.parts"
texts = [str(warning.message) for warning in found]
assert texts == ["a.m01_tensor is a.m02_tensor now", "a.m02_activations is a.m01_activations now"], texts
assert {warning.category for warning in found} == {DeprecationWarning}
"""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    subprocess.run([sys.executable, "-c", code], cwd=course, check=True, env=environment)
    found = json.loads(run("doctor", "--json")[1])
    assert found["conflicts"] == []
    assert run("undo")[0] == 0
    for cache in course.rglob("__pycache__"):
        for item in cache.iterdir():
            item.unlink()
        cache.rmdir()
    assert helpers.picture(course) == before


def test_an_ascii_terminal_is_enough(course):
    (course / "caf\u00e9 01_tensor \u2502.md").write_text("\u2502 01_tensor \u2502\n", encoding="utf-8")
    words = [sys.executable, "-m", "tinytorch_renumber", "preview", "--swap", "1", "2", "--root", str(course)]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(words, capture_output=True, env=environment)
    assert done.returncode == 1, done.stderr
    assert done.stdout.isascii()


def test_impact_compares_plans(course, run):
    code, output = run("impact", "option-1", "option-2", "--markdown")
    assert code == 0
    assert output.startswith(
        "|  | option-1 | option-2 |\n|---|---|---|\n| module folders renamed | 0 | 0 |\n"
    )
    (course / "plan.toml").write_text('target = ["activations", "tensor"]', encoding="utf-8")
    column = json.loads(run("impact", course / "plan.toml", "--json")[1])[0]
    assert (column["folders"], column["imports"], column["documents"]) == (2, 1, 1)
    assert column["numbered_imports"] == ["a.m01_tensor", "a.m02_activations"]
    assert column["facade_imports"] == 0


def test_a_name_in_the_way_is_found_before_anything_is_touched(course, run, helpers):
    (course / "a" / "m02_Tensor").write_bytes(b"")
    before = helpers.picture(course)
    code, output = run("apply", "--swap", "tensor", "activations")
    assert code == 2
    assert "m02_Tensor" in output
    assert helpers.picture(course) == before


def test_links_out_of_the_tree_are_neither_followed_nor_changed(course, run, tmp_path):
    outside = tmp_path / "01_tensor"
    outside.mkdir()
    (outside / "x.txt").write_text("01_tensor", encoding="utf-8")
    (course / "out").symlink_to(outside)
    (course / "up").symlink_to("../01_tensor")
    (course / "in").symlink_to("a/m01_tensor")
    assert run("apply", "--swap", "1", "2")[0] == 1
    assert (outside / "x.txt").read_text(encoding="utf-8") == "01_tensor"
    assert os.readlink(course / "out") == str(outside)
    assert os.readlink(course / "up") == "../01_tensor"
    assert os.readlink(course / "in") == "a/m02_tensor"
    assert run("undo")[0] == 0
    assert os.readlink(course / "in") == "a/m01_tensor"


def test_modes_stay_and_read_only_files_are_rewritten(course, run):
    path = course / "README.md"
    path.chmod(0o444)
    assert run("apply", "--swap", "1", "2")[0] == 1
    assert path.stat().st_mode & 0o777 == 0o444
    assert path.read_bytes().startswith(b"02_tensor, 01_activations")
    assert run("undo")[0] == 0
    assert path.stat().st_mode & 0o777 == 0o444


def test_a_folder_may_ask_to_be_left_alone(course, run, helpers):
    helpers.write_tree(course, {"x/.renumberignore": "", "x/01_tensor.txt": "01_tensor"})
    assert run("apply", "--swap", "1", "2")[0] == 1
    assert (course / "x" / "01_tensor.txt").read_bytes() == b"01_tensor"
