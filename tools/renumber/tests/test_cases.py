"""Every folder in cases/ is a tree before and after; `plan` in it holds the words of the command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def words(case):
    """Return the plan of a case as words of the command line: option-1 unless it says otherwise."""
    file = CASES / case / "plan"
    text = file.read_text(encoding="utf-8") if file.exists() else "option-1"
    return [str(CASES / case / word) if word.endswith(".toml") else word for word in text.split()]


def test_pairs_in_json_that_disagree_are_stale(helpers):
    """They are left, and the report says so."""
    scan = helpers.scan(CASES / "pairs_in_json" / "before")
    found = {(r.file, r.line, r.before, r.after) for r in scan.references() if r.status == "stale"}
    assert found == {("nested.json", 10, "16", "16"), ("siblings.json", 8, "12", "12")}


@pytest.mark.parametrize("case", NAMES)
def test_case(case, tree, run, helpers):
    """Apply gives the tree `after`; undo gives the tree before, byte by byte."""
    shutil.copytree(CASES / case / "before", tree, dirs_exist_ok=True, symlinks=True)
    before = helpers.picture(tree)
    code, output = run("apply", *words(case))
    assert code in (0, 1), output
    found, expected = helpers.picture(tree), helpers.picture(CASES / case / "after")
    assert sorted(found) == sorted(expected)
    for path, content in expected.items():
        assert found[path][0] == content[0], path
    assert run("verify") == (0, "everything agrees\n")
    again, output = run("apply", *words(case))
    assert (again, helpers.picture(tree)) == (0, found), output
    assert run("undo")[0] == 0
    assert helpers.picture(tree) == before
