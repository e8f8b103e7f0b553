"""A tree that somebody else wrote: all that the tool promises holds for it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location("foreign", Path(__file__).with_name("foreign.py"))
foreign = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(foreign)


@pytest.fixture
def course(tree, helpers):
    """The foreign tree on disk."""
    helpers.write_tree(tree, foreign.files())
    return tree


def test_it_has_about_a_hundred_files():
    assert 95 <= len(foreign.files()) <= 120


def test_the_doctor_sees_what_is_wrong(course, run):
    code, output = run("doctor", "--json")
    found = json.loads(output)
    assert code == 1
    assert found["used_twice"] == {"11": ["attention", "decoding"]}
    stale = {item["text"] for item in found["stale"]}
    assert {f"{number:02d}_{slug}" for slug, number in foreign.OLD.items()} <= stale
    assert [item["file"] for item in found["dynamic"]] == ["course/dynamic.py"] * 2
    code, output = run("doctor")
    assert "11 is used twice: attention, decoding" in output


def test_apply_verify_undo(course, run, helpers):
    before = helpers.picture(course)
    code, output = run("apply", course / "plan.toml")
    assert code == 1, output
    names = sorted(path.name for path in (course / "modules").iterdir())
    expected = [*foreign.TARGET, "training"]
    assert names == [f"{number:02d}_{slug}" for number, slug in enumerate(expected, 1)]
    assert run("verify") == (0, "everything agrees\n")
    after = helpers.picture(course)
    for path in (
        "CHANGELOG.md",
        "course.lock",
        "figure.png",
        "course/dynamic.py",
        "milestones/01_1957_neurons/run.py",
    ):
        assert after[path] == before[path]
    assert (
        after["milestones/06_2017_attention/run.py"][0]
        == b'"""Milestone 06: Attention, after 10_attention."""\n'
    )
    registry = after["course/registry.py"][0].decode()
    assert '"06": "06_sampling"' in registry  # moved with its key
    assert (
        registry.count('"06": "06_sampling"') == 2
    )  # a stale pair that happens to be right now stays as it was
    page = after["docs/10-attention.md"][0].decode()
    assert "[the start](#module-10-attention)" in page
    assert "[attention](10-attention.md#module-10-attention)" in page
    assert run("apply", course / "plan.toml")[0] == 0
    assert helpers.picture(course) == after
    assert run("undo")[0] == 0
    assert helpers.picture(course) == before
    assert not (course / ".renumber").exists()


def test_outputs_and_metadata_of_notebooks_stay(course, run, helpers):
    before = helpers.picture(course)
    assert run("apply", course / "plan.toml")[0] == 1
    old = json.loads(before["modules/11_attention/11_attention.ipynb"][0])
    new = json.loads((course / "modules/10_attention/10_attention.ipynb").read_bytes())
    assert new["cells"][0]["source"][0] == "# Module 10: Attention\n"
    assert new["cells"][1]["source"] == [
        "from course.m10_attention import make\n",
        "print('\\n10_attention')",
    ]
    for cell in (*old["cells"], *new["cells"]):
        del cell["source"]
    assert old == new


def test_it_counts_what_it_would_change(course, run):
    code, output = run("preview", course / "plan.toml", "--json")
    found = json.loads(output)
    assert code == 1
    changed = [r for r in found["references"] if r["before"] != r["after"]]
    assert len(changed) > 150
    assert {r["status"] for r in changed} == {"sure", "unparsable"}
    assert all(r["line"] > 0 for r in changed if r["kind"] not in ("name", "link target"))
    assert {r["file"] for r in changed if r["status"] == "unparsable"} == {"homework/half_finished.py"}


def test_the_imports_still_work(course, run, monkeypatch):
    """The renumbered course runs: its packages import each other."""
    assert run("apply", course / "plan.toml")[0] == 1
    monkeypatch.syspath_prepend(course)
    for slug in ("sampling", "training"):
        module = importlib.import_module(
            f"course.m{[*foreign.TARGET, 'training'].index(slug) + 1:02d}_{slug}.parts"
        )
        assert module.own == module.__name__.split(".")[1][1:]
    for name in [name for name in __import__("sys").modules if name.partition(".")[0] == "course"]:
        monkeypatch.delitem(__import__("sys").modules, name)
