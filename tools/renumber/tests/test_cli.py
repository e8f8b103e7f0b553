"""The commands as a user meets them: refusals, edits in between, shims, output on a poor terminal."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tinytorch_renumber.cli import main
from tinytorch_renumber.impact import LABELS

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
    rows = [line.split("|")[1].strip() for line in output.splitlines()[2:]]
    assert rows == list(LABELS.values())
    code, drawn = run("impact", "option-1", "option-2")
    assert (code, drawn.isascii()) == (0, True)
    (course / "plan.toml").write_text('target = ["activations", "tensor"]', encoding="utf-8")
    column = json.loads(run("impact", course / "plan.toml", "--json")[1])[0]
    assert (column["folders"], column["imports"], column["documents"]) == (2, 1, 1)
    assert column["numbered_imports"] == ["a.m01_tensor", "a.m02_activations"]
    assert column["facade_imports"] == 0
    assert column["shims"] == "none; 2 work, with a DeprecationWarning"
    assert column["learner"] == "2 modules get another number"


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


def test_impact_says_which_plan_does_not_fit(course, run):
    """The others are compared all the same."""
    good, bad = course / "good.toml", course / "bad.toml"
    good.write_text('target = ["activations", "tensor"]', encoding="utf-8")
    bad.write_text('[removed]\nspace = "delete"\n', encoding="utf-8")
    code, output = run("impact", good, bad, "--markdown")
    assert code == 1
    assert (
        "| module folders renamed | 2 | the plan doesn't fit this tree: bad.toml: there is no module"
        in output
    )
    assert run("impact", bad)[0] == 2


def test_the_similarity_is_git_s(course, run, helpers):
    """The table says by how much git will think that the file that changes most is another one."""
    text = "".join(f"x_{i} = {i}\n" for i in range(60)) + "y = '01_tensor'\n" * 20
    helpers.write_tree(course, {"a/m01_tensor/much.py": text})
    (course / "plan.toml").write_text('target = ["activations", "tensor"]', encoding="utf-8")
    told = json.loads(run("impact", course / "plan.toml", "--json")[1])[0]["similarity"]
    git(course, "init")
    git(course, "add", "--all")
    git(course, "commit", "-m", "first")
    assert run("apply", course / "plan.toml")[0] == 1
    git(course, "add", "--all")
    shown = subprocess.run(
        ["git", "-C", str(course), "diff", "--cached", "--summary", "--find-renames=1%"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = [int(share) for share in re.findall(r"\((\d+)%\)", shown)]
    assert len(found) == 4
    assert abs(min(found) - int(told.rstrip("%"))) <= 3, shown


def test_the_doctor_compares_sources_tests_docs_and_homework(course, run, helpers):
    helpers.write_tree(
        course,
        {
            "tests/test_01_activations.py": "",
            "tests/test_02_tensor.py": "",
            "docs/01-tensor.md": "",
            "docs/02-activations.md": "",
            "homework/02_tensor/x.py": "import a.m01_tensor, a.m05_nothing\n",
        },
    )
    code, output = run("doctor")
    assert code == 1
    assert "a: 2 folders; agrees\n" in output
    assert "docs: 2 files; agrees\n" in output
    assert "homework: 1 folder; disagrees in 02 tensor\n" in output
    assert "tests: 2 files; disagrees in 01 activations, 02 tensor\n" in output
    assert "homework/02_tensor/x.py:1:24: m05_nothing: no module of the plan has this name" in output


@pytest.mark.parametrize("words", [(), ("--bump",), ("--bump", "--shims")])
def test_preview_shows_what_apply_does(words, tree, run, helpers):
    """Versions and entries of change logs, too; nothing is written by it."""
    helpers.write_tree(
        tree,
        {
            "pyproject.toml": '[project]\nname = "a"\nversion = "1.2.3"\n',
            **{path: text for path, text in FILES.items() if path != "README.md"},
        },
    )
    before = helpers.picture(tree)
    code, output = run("preview", "--swap", "1", "2", *words)
    assert code == 0
    part, new = ("minor", "1.3.0") if "--shims" in words else ("major", "2.0.0")
    assert f"version a: {part} (1.2.3 -> {new})\n" in output
    assert ("with --bump, which" in output) == (not words)
    shown = json.loads(run("preview", "--swap", "1", "2", "--json", *words)[1])
    assert shown["bumps"][0]["entry"].startswith(f"## [{new}] - Unreleased\n")
    assert helpers.picture(tree) == before
    assert run("apply", "--swap", "1", "2", *words)[0] == 0
    after = helpers.picture(tree)
    assert sorted(shown["created"]) == sorted(
        path for path in after if path.endswith((".py", ".md")) and path not in moved(before)
    )
    for path in shown["created"]:
        content = after[path][0].decode()
        added = "".join(f"+{line}".rstrip() + "\n" for line in content.splitlines())
        assert f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{content.count(chr(10))} @@\n{added}" in output
    assert ('+version = "2.0.0"\n' in output) == (words == ("--bump",))


def moved(paths):
    """Return the paths of the course after the swap."""
    return [path.replace("m01_t", "m02_t").replace("m02_a", "m01_a") for path in paths]


def test_a_case_of_letters_that_is_in_the_way(course, run, helpers):
    """On a disk that doesn't tell A from a, one name would overwrite the other."""
    (course / "a" / "M02_TENSOR").mkdir()
    before = helpers.picture(course)
    code, output = run("apply", "--swap", "1", "2")
    assert (code, "M02_TENSOR" in output) == (2, True)
    assert helpers.picture(course) == before


if hasattr(os, "fork"):  # to give up the rights of root, who may write anywhere

    @pytest.mark.parametrize(
        ("path", "mode", "complaint"),
        [
            ("a", 0o555, "the folder a can't be written"),
            ("a/m02_activations", 0o555, "the folder a/m02_activations can't be written"),
            (".", 0o555, "the folder . can't be written"),
            ("README.md", 0o000, "Permission denied"),
        ],
    )
    def test_what_cannot_be_written_or_read_is_found_first(path, mode, complaint, helpers):
        """As a user without rights: exit code 2, and nothing was touched."""
        import encodings.ascii  # noqa: F401 - what is imported late couldn't be read any more

        import tinytorch_renumber.undo  # noqa: F401

        root = Path(tempfile.mkdtemp())
        helpers.write_tree(root, FILES)
        for item in (root, *root.rglob("*")):
            item.chmod(0o777 if item.is_dir() else 0o666)
        (root / path).chmod(mode)
        before = helpers.picture(root)
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            code = 70
            try:
                os.dup2(writer, 1)
                os.dup2(writer, 2)
                sys.stdout = sys.stderr = io.TextIOWrapper(io.FileIO(writer, "w"), encoding="utf-8")
                if os.getuid() == 0:
                    os.setgid(65534)
                    os.setuid(65534)
                code = main(["apply", "--no-git", "--swap", "1", "2", "--root", str(root)])
                sys.stdout.flush()
            finally:
                os._exit(code)
        os.close(writer)
        with open(reader, encoding="utf-8") as file:
            output = file.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2, output
        assert complaint in output
        (root / "README.md").chmod(0o666 if path != "README.md" else mode)
        assert helpers.picture(root) == before
        assert not (root / ".renumber").exists()
        (root / path).chmod(0o777)
        shutil.rmtree(root)


SITE = {
    "modules/01_tensor/LESSON.md": "# Tensor\n\n## Module 01: Tensor\n",
    "modules/02_layers/LESSON.md": "[back](../01_tensor/LESSON.md#module-01-tensor)\n",
    "modules/03_losses/LESSON.md": "x\n",
    "docs/01-tensor.md": "# 01. Tensor\n\n[own](#01-tensor) [next](02-layers.html)\n",
    "docs/02-layers.md": "<a href='01-tensor.html#01-tensor'>x</a> [none](nowhere.md)\n\n"
    "[ref]: 01-tensor.md#01-tensor\n",
    "mkdocs.yml": "nav:\n  - One: 01-tensor.md\n  - Two: 02-layers\n",
    "docs/index.rst": ".. toctree::\n\n   01-tensor\n   Layers <02-layers>\n",
}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("modules/01_layers/LESSON.md", b"#module-02-tensor", b"#module-01-tensor"),
        ("docs/01-layers.md", b"href='02-tensor.html", b"href='02-tensors.html"),
        ("docs/01-layers.md", b"]: 02-tensor.md#02", b"]: 02-tensor.md#2"),
        ("docs/02-tensor.md", b"(01-layers.html)", b"(02-layers.html)"),
        ("mkdocs.yml", b"One: 02-tensor.md", b"One: 01-tensor.md"),
        ("mkdocs.yml", b"Two: 01-layers", b"Two: 02-layers"),
        ("docs/index.rst", b"   02-tensor\n", b"   01-tensor\n"),
        ("docs/index.rst", b"<01-layers>", b"<02-layers>"),
    ],
)
def test_verify_follows_links(path, old, new, tree, run, helpers):
    """What led somewhere leads somewhere: links of pages, their anchors, and what a navigation names."""
    helpers.write_tree(tree, SITE)
    assert run("apply", "--swap", "tensor", "layers")[0] == 0
    assert run("verify") == (0, "everything agrees\n")
    content = (tree / path).read_bytes()
    assert content.count(old) == 1, content
    (tree / path).write_bytes(content.replace(old, new))
    code, output = run("verify")
    assert code == 1
    assert "leads nowhere" in output
