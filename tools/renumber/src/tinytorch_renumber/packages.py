"""The Python projects of a tree: their versions, and which of their import paths a plan moves."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from .names import view

if TYPE_CHECKING:
    from .tree import TreeScan

IN_CODE = re.compile(r"^__version__[ \t]*(?::[^=\n]+)?=[ \t]*[\"']([^\"'\n]+)[\"']", re.MULTILINE)
IN_PROJECT = re.compile(
    r"^\[project\][^\n]*\n(?:(?!\[)[^\n]*\n)*?version[ \t]*=[ \t]*[\"']([^\"'\n]+)[\"']", re.MULTILINE
)
VERSION_FILES = ("__init__.py", "_version.py", "version.py", "__about__.py")
TESTS = re.compile(r"(?:^|/)tests?/")  # nobody imports these


class Package(NamedTuple):
    """A folder with a pyproject.toml that names a project, and where its version is written."""

    folder: str
    name: str
    version: Version | None
    file: str
    span: tuple[int, int]

    @property
    def project(self) -> str:
        """The path of its pyproject.toml."""
        return posixpath.join(self.folder, "pyproject.toml")


class Moved(NamedTuple):
    """An import path that isn't there any more."""

    path: str  # in the tree, before
    before: str  # as it is imported
    after: str  # as it is imported afterwards; empty where the module is deleted


def find_packages(scan: TreeScan) -> list[Package]:
    """Return the projects of a tree; a pyproject.toml that names none, or can't be read, is left out."""
    files = [e.path for e in scan.entries if e.kind == "file" and scan.new_path(e.path) is not None]
    found = []
    for path in files:
        folder, _, name = path.rpartition("/")
        if name != "pyproject.toml":
            continue
        text = view((scan.root / path).read_bytes())
        try:
            table = tomllib.loads(text)
            title = canonicalize_name(str(table["project"]["name"]))
        except (ValueError, KeyError, TypeError):
            continue
        match = IN_PROJECT.search(text)
        version = parsed(match[1]) if match else None
        if match and version:
            found.append(Package(folder, title, version, path, match.span(1)))
        else:
            found.append(Package(folder, title, *version_in_code(scan, files, folder, table)))
    return found


def version_in_code(
    scan: TreeScan, files: Iterable[str], folder: str, table: dict[str, Any]
) -> tuple[Version | None, str, tuple[int, int]]:
    """Return a project's version, the file that states it, and where it stands there."""
    for path in version_files(files, folder, table):
        match = IN_CODE.search(view((scan.root / path).read_bytes()))
        version = parsed(match[1]) if match else None
        if match and version:
            return version, path, match.span(1)
    return None, "", (0, 0)


def version_files(files: Iterable[str], folder: str, table: dict[str, Any]) -> Iterator[str]:
    """Yield where a version may be written in code: where hatch is told to look, then what lies highest."""
    files = [path for path in files if path.startswith(f"{folder}/" if folder else "")]
    at: Any = table
    for key in ("tool", "hatch", "version", "path"):
        at = at.get(key) if isinstance(at, dict) else None
    if isinstance(at, str) and (path := posixpath.normpath(posixpath.join(folder, at))) in files:
        yield path
    named = [p for p in files if p.rpartition("/")[2] in VERSION_FILES and not TESTS.search(p)]
    yield from sorted(named, key=lambda path: (path.count("/"), path))


def parsed(text: str) -> Version | None:
    """Return a version, or None."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def moved_paths(scan: TreeScan, packages: Iterable[Package]) -> list[Moved]:
    """Return the numbered packages and modules that move: who imports them has to change."""
    folders = {entry.path.rpartition("/")[0] for entry in scan.entries if entry.name == "__init__.py"}
    homes = {package.folder for package in packages}
    found = []
    for before, _ in scan.renames:
        folder, _, name = before.rpartition("/")
        importable = before in folders or (name.endswith(".py") and folder in folders)
        if importable and name.removesuffix(".py").isidentifier() and not TESTS.search(before):
            home = owner(before, homes) or ""
            after = scan.new_path(before)
            new_home = (scan.new_path(home) if home else home) or ""
            found.append(Moved(before, dotted(before, home), dotted(after, new_home) if after else ""))
    return sorted(found)


def owner(path: str, homes: Iterable[str]) -> str | None:
    """Return the innermost of some folders that holds a path."""
    while path:
        path = path.rpartition("/")[0]
        if path in homes:
            return path
    return None


def dotted(path: str, home: str) -> str:
    """Return a path as it is imported, from its project's folder or the source folder in it."""
    path = path.removeprefix(f"{home}/") if home else path
    return re.sub(r"^(?:.*/)?src/", "", path).removesuffix(".py").replace("/", ".")
