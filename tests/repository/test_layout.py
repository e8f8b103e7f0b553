"""The layout of the repository: what every package has, and what none may have."""

from __future__ import annotations

import os
import re
import tomllib


def settings(folder):
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def test_tinytorch_is_a_namespace(root):
    """A file tinytorch/__init__.py, anywhere, would hide every track but its own."""
    found = []
    for folder, subfolders, files in os.walk(root):
        subfolders[:] = [name for name in subfolders if not name.startswith(".") and name != "build"]
        if os.path.basename(folder) == "tinytorch":
            found += [os.path.join(folder, name) for name in files if name.startswith("__init__.")]
    assert not found


def test_a_package_says_what_it_is(package, root):
    for name in ("README.md", "CHANGELOG.md", "LICENSE"):
        assert (package.folder / name).is_file(), name
    assert (package.folder / "LICENSE").read_bytes() == (root / "LICENSE").read_bytes()
    assert any(package.folder.glob("tests/test_*.py"))


def test_the_changelog_has_the_version(package):
    home = settings(package.folder)["tool"]["hatch"]["version"]["path"]
    source = (package.folder / home).read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', source, re.MULTILINE)
    assert version, f"{home} has no __version__"
    changelog = (package.folder / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(version[1])}\]", changelog, re.MULTILINE)


def test_a_package_is_built_like_all_others(package):
    table = settings(package.folder)
    assert table["build-system"]["build-backend"] == "hatchling.build"
    assert table["project"]["requires-python"] == ">=3.11"
    assert table["project"]["license"].startswith("MIT")  # data may add its own
    assert table["project"]["dynamic"] == ["version"]
    assert "dev-mode-exact" not in str(table), "it hides the other tracks of the namespace"


def test_core_depends_on_numpy_alone(packages):
    assert [requirement.name for requirement in packages["tinytorch-core"].dependencies] == ["numpy"]


def test_every_tool_knows_every_package(packages, root):
    """Where the settings of mypy and hatch can't be patterns, a new package is added by hand."""
    tool = settings(root)["tool"]
    sources = {(package.folder / "src").relative_to(root).as_posix() for package in packages.values()}
    assert set(tool["mypy"]["mypy_path"]) == sources
    checked = {path for pattern in tool["mypy"]["files"] for path in root.glob(pattern)}
    assert checked == {root / source for source in sources}
    listed = tool["hatch"]["envs"]["default"]["workspace"]["members"]
    members = [member["path"] if isinstance(member, dict) else member for member in listed]
    found = {path for pattern in members for path in root.glob(pattern)}
    assert found == {package.folder for package in packages.values()}
