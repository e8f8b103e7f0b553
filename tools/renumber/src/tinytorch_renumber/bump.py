"""Versions: what a plan does to each package, its next version, and the entry that says so."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version

from .changelog import HEAD, NAME, entry_edit, entry_lines
from .model import Edit
from .names import view
from .packages import TESTS, Moved, Package, find_packages, moved_paths, owner
from .ranges import widened
from .shims import Shim

if TYPE_CHECKING:
    from .tree import TreeScan

PATCH, DEPRECATES, BREAKS = 1, 2, 3
PARTS = {PATCH: "patch", DEPRECATES: "minor", BREAKS: "major"}


class Bump(NamedTuple):
    """The next version of a package."""

    package: Package
    change: int  # BREAKS an import path, DEPRECATES one, or a PATCH
    part: str  # which part of the version rises: major, minor or patch
    new: str  # empty where no version was found

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.part} ({self.package.version} -> {self.new})" if self.new else self.part


@dataclass
class Bumps:
    """All that has to be written for the next versions."""

    every: list[Bump]
    edits: dict[str, list[Edit]] = field(default_factory=dict)  # by path before
    created: list[Shim] = field(default_factory=list)
    left: list[str] = field(default_factory=list)  # what a person has to do
    entries: dict[str, str] = field(default_factory=dict)  # of the change logs, by name of the package


def following(package: Package, change: int) -> Bump:
    """Return what comes after a version; while it is 0.x, what breaks raises x and all else the patch."""
    if package.version is None:
        return Bump(package, change, PARTS[change], "")
    release = package.version.release
    major, minor, patch = (*release, 0, 0)[:3]
    rises = change if major else max(change - 1, PATCH)
    if rises == BREAKS:
        new = (major + 1, 0, 0)
    elif rises == DEPRECATES:
        new = (major, minor + 1, 0)
    else:
        new = (major, minor, patch + 1)
    size = max(len(release), 4 - rises)
    return Bump(package, change, PARTS[rises], ".".join(map(str, new[:size])))


def changes(
    scan: TreeScan, packages: Sequence[Package], moved: Sequence[Moved], shims: Sequence[Shim]
) -> dict[str, int]:
    """Return what a plan does to each package, by folder."""
    homes = {package.folder for package in packages}
    result: dict[str, int] = {}
    for item in scan.changed:
        home = owner(item.path, homes)
        if home is not None and not TESTS.search(item.path):
            result[home] = PATCH
    forwarding = {shim.path.rpartition("/")[0] for shim in shims}
    for path, _, after in moved:
        home = owner(path, homes)
        folder, _, name = path.rpartition("/")
        old = posixpath.join((scan.new_path(folder) if folder else "") or "", name)
        if home is not None:
            change = DEPRECATES if after and old in forwarding else BREAKS
            result[home] = max(change, result.get(home, PATCH))
    return result


def plan_bumps(scan: TreeScan, shims: Sequence[Shim] = ()) -> Bumps:
    """Return the next version of each package that a plan changes, and what has to be written for it."""
    packages = find_packages(scan)
    moved = moved_paths(scan, packages)
    done = changes(scan, packages, moved, shims)
    texts = {package: view((scan.root / package.project).read_bytes()) for package in packages}
    while True:
        bumps = [following(package, done[package.folder]) for package in packages if package.folder in done]
        new = {bump.package.name: Version(bump.new) for bump in bumps if bump.new}
        ranges = {package: list(widened(text, new)) for package, text in texts.items()}
        # A package whose requirements change is itself changed, so it gets a version, too.
        more = {p.folder: PATCH for p, edits in ranges.items() if edits and p.folder not in done}
        if not more:
            break
        done |= more
    result = Bumps(bumps)
    for package, edits in ranges.items():
        if edits:
            result.edits[package.project] = edits
    homes = {package.folder for package in packages}
    for bump in bumps:
        own = [item for item in moved if owner(item.path, homes) == bump.package.folder]
        write_down(scan, result, bump, own)
    return result


def write_down(scan: TreeScan, result: Bumps, bump: Bump, moved: Sequence[Moved]) -> None:
    """Add the edits of one package's version and change log."""
    package, breaks = bump.package, bump.change == BREAKS
    if not bump.new:
        result.left.append(f"{package.name} needs a {bump.part} bump, and its version wasn't found")
        return
    edit = Edit(*package.span, bump.new.encode("ascii"))
    result.edits.setdefault(package.file, []).append(edit)
    lines = [f"`{m.before}` -> `{m.after}`" if m.after else f"`{m.before}`, deleted" for m in moved]
    text = "\n".join(entry_lines(scan.plan, bump.new, breaks, lines))
    result.entries[package.name] = text
    logs = [e for e in scan.entries if e.path.rpartition("/")[0] == package.folder and NAME.fullmatch(e.name)]
    if not logs:
        head = HEAD.format(name=package.name).encode("ascii")
        edit = entry_edit(head, scan.plan, bump.new, breaks, lines)
        home = (scan.new_path(package.folder) if package.folder else "") or ""
        path = posixpath.join(home, "CHANGELOG.md")
        result.created.append(Shim(path, head + edit.text, in_new_folder=False))
    elif logs[0].kind == "file" and logs[0].name.lower().endswith(".md"):
        data = (scan.root / logs[0].path).read_bytes()
        result.edits[logs[0].path] = [entry_edit(data, scan.plan, bump.new, breaks, lines)]
    else:
        result.left.append(f"{logs[0].path} needs an entry for {bump.new}")


def add_to(scan: TreeScan, bumps: Bumps) -> None:
    """Let a scan write the versions, too."""
    for item in scan.files:
        item.versions += bumps.edits.get(item.path, [])
