"""`apply --bump`: versions, change logs and the ranges of siblings, journalled like all else."""

from __future__ import annotations

import json
import shutil

import pytest
from packaging.version import Version
from tinytorch_renumber.bump import following
from tinytorch_renumber.changelog import plan_map
from tinytorch_renumber.packages import Package
from tinytorch_renumber.plan import Plan
from tinytorch_renumber.ranges import widened

PROJECT = '[project]\nname = "{name}"\ndynamic = ["version"]\ndependencies = [{needs}]\n'
NEEDS = '\'my-core[all] >=0.1, <0.2; os_name == "nt"\', "rich<9"'
LOG = "# Changelog\r\n\r\n## [Unreleased]\r\n\r\n- more\r\n\r\n## [0.1.0] - 2026-01-01\r\n\r\n- 01_tensor\r\n"
FILES = {
    "core/pyproject.toml": PROJECT.format(name="My_Core", needs='"numpy>=2"')
    + '\n[tool.hatch.version]\npath = "src/my/core/__init__.py"\n',
    "core/src/my/core/__init__.py": '"""Core."""\n\n__version__ = "0.1.0"\nfrom .m01_tensor import T\n',
    "core/src/my/core/m01_tensor/__init__.py": "T = 1\n",
    "core/src/my/core/m02_layers/__init__.py": "from ..m01_tensor import T\n",
    "core/CHANGELOG.md": LOG,
    "app/pyproject.toml": PROJECT.format(name="my-app", needs=NEEDS).replace(
        'dynamic = ["version"]', 'version = "1.2.3"'
    ),
    "app/my_app.py": "from my.core import T\n",
    "far/pyproject.toml": PROJECT.format(name="far", needs='"my-core>=0.1"'),
    "far/far.py": "__version__ = '3'\n",
    "nameless/pyproject.toml": "[tool.x]\n",
    "broken/pyproject.toml": "[project\n",
}
SWAP = ("--swap", "tensor", "layers")


@pytest.fixture
def course(tree, helpers):
    """A package that breaks, a sibling that no longer admits it, and one that still does."""
    helpers.write_tree(tree, FILES)
    return tree


def read(root, path):
    """Return a file's text with its line ends."""
    return (root / path).read_bytes().decode("utf-8")


def test_a_package_that_breaks_gets_its_next_version(course, run, helpers):
    before = helpers.picture(course)
    code, output = run("apply", "--bump", *SWAP)
    assert code == 0, output
    assert "version my-core: minor (0.1.0 -> 0.2.0)" in output
    assert read(course, "core/src/my/core/__init__.py") == (
        '"""Core."""\n\n__version__ = "0.2.0"\nfrom .m02_tensor import T\n'
    )
    entry = """## [0.2.0] - Unreleased

### Changed

- The modules are renumbered by the plan swap-tensor-layers:
  - 01 tensor -> 02 tensor
  - 02 layers -> 01 layers

### Removed

- Old import paths, each with its new one; imports from the facade stay as they are:
  - `my.core.m01_tensor` -> `my.core.m02_tensor`
  - `my.core.m02_layers` -> `my.core.m01_layers`

""".replace("\n", "\r\n")
    assert read(course, "core/CHANGELOG.md") == LOG.replace("## [0.1.0]", entry + "## [0.1.0]")
    app = read(course, "app/pyproject.toml")
    assert app == FILES["app/pyproject.toml"].replace(">=0.1, <0.2", ">=0.2, <0.3").replace("1.2.3", "1.2.4")
    assert "## [1.2.4] - Unreleased" in read(course, "app/CHANGELOG.md")
    for path in ("far/pyproject.toml", "far/far.py", "nameless/pyproject.toml", "broken/pyproject.toml"):
        assert read(course, path) == FILES[path]
    assert run("verify") == (0, "everything agrees\n")
    after = helpers.picture(course)
    code, output = run("apply", "--bump", *SWAP)
    assert (code, "applied already" in output) == (0, True)
    assert helpers.picture(course) == after
    assert run("undo")[0] == 0
    assert helpers.picture(course) == before


def test_impact_names_the_same_versions(course, run):
    (course / "plan.toml").write_text('target = ["layers", "tensor"]', encoding="utf-8")
    column = json.loads(run("impact", course / "plan.toml", "--json")[1])[0]
    assert column["bumps"] == {"my-core": "minor (0.1.0 -> 0.2.0)", "my-app": "patch (1.2.3 -> 1.2.4)"}
    assert column["numbered_imports"] == ["my.core.m01_tensor", "my.core.m02_layers"]


def test_without_the_option_versions_stay(course, run):
    assert run("apply", *SWAP)[0] == 0
    assert '__version__ = "0.1.0"' in read(course, "core/src/my/core/__init__.py")
    assert read(course, "core/CHANGELOG.md") == LOG


def test_what_breaks_nothing_is_a_patch(course, run, helpers):
    """Only a comment changes, and where nothing at all changes, no version does."""
    for module in ("m01_tensor", "m02_layers"):
        for path in sorted((course / "core/src/my/core" / module).iterdir()):
            path.unlink()
        (course / "core/src/my/core" / module).rmdir()
    helpers.write_tree(course, {"modules/01_tensor/x.py": "", "modules/02_layers/x.py": ""})
    (course / "core/src/my/core/__init__.py").write_text(
        "__version__ = '1.0'  # 01_tensor\n", encoding="utf-8"
    )
    before = helpers.picture(course)
    assert run("apply", "--bump", *SWAP)[0] == 0
    assert read(course, "core/src/my/core/__init__.py") == "__version__ = '1.0.1'  # 02_tensor\n"
    assert "### Removed" not in read(course, "core/CHANGELOG.md")
    assert read(course, "app/pyproject.toml") == FILES["app/pyproject.toml"].replace("<0.2", "<2.0").replace(
        ">=0.1,", ">=1.0,"
    ).replace("1.2.3", "1.2.4")
    assert run("undo")[0] == 0
    assert helpers.picture(course) == before


def test_shims_deprecate_instead_of_breaking(course, run, helpers):
    before = helpers.picture(course)
    code, output = run("apply", "--bump", "--shims", *SWAP)
    assert code == 0
    assert "version my-core: patch (0.1.0 -> 0.1.1)" in output
    assert "### Deprecated" in read(course, "core/CHANGELOG.md")
    assert read(course, "app/pyproject.toml") == FILES["app/pyproject.toml"]
    assert run("undo")[0] == 0
    assert helpers.picture(course) == before


def test_a_version_that_is_not_found_is_left_for_a_person(course, run):
    (course / "core/src/my/core/__init__.py").write_text("", encoding="utf-8")
    code, output = run("apply", "--bump", *SWAP)
    assert code == 1
    assert "my-core needs a major bump, and its version wasn't found" in output
    assert read(course, "core/CHANGELOG.md") == LOG


def test_undo_keeps_what_was_written_into_a_change_log(course, run, helpers):
    before = helpers.picture(course)
    assert run("apply", "--bump", *SWAP)[0] == 0
    path = course / "core/CHANGELOG.md"
    path.write_bytes(path.read_bytes() + b"- more\r\n")
    version = course / "core/src/my/core/__init__.py"
    version.write_bytes(version.read_bytes() + b"more = 1  # 02_tensor\n")
    assert run("undo", "--keep-edits")[0] == 1
    assert path.read_bytes() == LOG.encode() + b"- more\r\n"
    assert version.read_bytes() == before["core/src/my/core/__init__.py"][0] + b"more = 1  # 01_tensor\n"


def test_a_change_log_that_was_created_is_never_overwritten(course, run, helpers):
    before = helpers.picture(course)
    (course / "core/CHANGELOG.md").unlink()
    assert run("apply", "--bump", *SWAP)[0] == 0
    assert read(course, "core/CHANGELOG.md").startswith("# Changelog of my-core\n")
    (course / "core/CHANGELOG.md").write_text("edited", encoding="utf-8")
    code, output = run("undo")
    assert (code, "core/CHANGELOG.md" in output) == (2, True)
    assert read(course, "core/CHANGELOG.md") == "edited"
    assert before


@pytest.mark.parametrize(
    ("old", "change", "part", "new"),
    [
        ("0.1.0", 3, "minor", "0.2.0"),
        ("0.1.4", 2, "patch", "0.1.5"),
        ("0.1", 1, "patch", "0.1.1"),
        ("1.2.3", 3, "major", "2.0.0"),
        ("1.2.3", 2, "minor", "1.3.0"),
        ("1.2", 3, "major", "2.0"),
        ("2", 2, "minor", "2.1"),
        ("1.2.3rc1", 1, "patch", "1.2.4"),
    ],
)
def test_the_next_version(old, change, part, new):
    bump = following(Package("", "x", Version(old), "x", (0, 0)), change)
    assert (bump.part, bump.new) == (part, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (">=0.1,<0.2", "0.2.0", ">=0.2,<0.3"),
        (">=0.1.0, <0.2.0", "0.2.0", ">=0.2.0, <0.3.0"),
        ("~=0.1.0", "0.2.0", "~=0.2.0"),
        ("==0.1.*", "0.2.0", "==0.2.*"),
        ("==1.0", "1.0.1", "==1.0.1"),
        (">=1,<2", "2.0.0", ">=2,<3"),
        (">=1.5,<=1.9", "2.0.0", ">=2.0,<3.0"),
        (">=0.1", "0.2.0", ">=0.1"),
        ("!=0.2.0", "0.2.0", "!=0.2.0"),
        ("nonsense", "0.2.0", "nonsense"),
    ],
)
def test_ranges(old, new, expected):
    text = f'["x{old}", "xy{old}", "y<0.1"]'
    edits = list(widened(text, {"x": Version(new)}))
    for edit in edits:
        text = text[: edit.start] + edit.text.decode() + text[edit.end :]
    assert text == f'["x{expected}", "xy{old}", "y<0.1"]'


def test_the_map_of_a_plan():
    plan = Plan(
        "x",
        {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5},
        {"a": 1, "d": 3, "e": 2, "f": 4},
        removed={"b": "delete", "c": "unnumber"},
        renamed={"e": "g"},
    )
    assert plan_map(plan) == [
        "02 b -> deleted",
        "03 c -> no number",
        "04 d -> 03 d",
        "05 e -> 02 g",
        "04 f is new",
    ]


@pytest.mark.parametrize("plan", ["option-1", "option-2", "option-3", "target"])
def test_again_without_the_journal_changes_nothing(plan, tree, run, helpers):
    """A clone has no journal; what is done shows in the tree itself."""
    files = {
        f"src/a/m{n:02d}_{slug}/{name}": text
        for n, slug in ((6, "optimizers"), (7, "training"), (8, "dataloader"))
        for name, text in (("__init__.py", ""), ("LESSON.md", f"---\ntitle: {slug.title()}\n---\n"))
    }
    helpers.write_tree(tree, {**files, "pyproject.toml": '[project]\nname = "a"\nversion = "0.1.0"\n'})
    if plan == "target":
        plan = tree.parent / "plan.toml"
        text = "[source]\noptimizers = 6\ntraining = 7\ndataloader = 8\n"
        text += "[target]\noptimizers = 7\ntraining = 8\ndataloader = 6\n"
        plan.write_text(text, encoding="utf-8")
    assert run("apply", plan, "--bump")[0] == 0
    assert '"0.1.0"' not in read(tree, "pyproject.toml")
    shutil.rmtree(tree / ".renumber")
    after = helpers.picture(tree)
    code, output = run("apply", plan, "--bump")
    assert (code, "nothing has to be changed" in output) == (0, True), output
    assert helpers.picture(tree) == after
