"""What must hold for every track and every module of it, run against the tracks that are installed.

`--track tinytorch.core` looks at one; nox gives it, so that each track is tested in its own environment.
A test that takes `track` runs for each of them, one that takes `room` for each module.
"""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Track:
    """A track: a package of the course."""

    name: str  # as it is imported

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return Path(str(importlib.import_module(self.name).__file__)).parent

    @property
    def rooms(self) -> list[Room]:
        """Its modules in the order of their numbers; then those that have none."""
        rooms = [Room(self, lesson.parent) for lesson in self.folder.glob("*/LESSON.md")]
        return sorted(rooms, key=lambda room: (room.number is None, room.folder.name))

    @property
    def facades(self) -> list[str]:
        """The track and its subpackages that have a stub, as they are imported."""
        stubs = sorted(self.folder.glob("**/__init__.pyi"))
        return [".".join([self.name, *stub.parent.relative_to(self.folder).parts]) for stub in stubs]

    def exports(self, facade: str) -> list[tuple[str, str]]:
        """Return each name that a facade's stub exports, and the module that it comes from."""
        stub = Path(str(importlib.import_module(facade).__file__)).with_suffix(".pyi")
        return [
            (alias.asname or alias.name, resolve_name("." * line.level + (line.module or ""), facade))
            for line in ast.parse(stub.read_text(encoding="utf-8")).body
            if isinstance(line, ast.ImportFrom)
            for alias in line.names
        ]


@dataclass(frozen=True)
class Room:
    """A module of a track: one folder with its code, lesson and checks. It is known by its lesson."""

    track: Track
    folder: Path

    @property
    def name(self) -> str:
        """As it is imported."""
        return f"{self.track.name}.{self.folder.name}"

    @property
    def slug(self) -> str:
        """Its name without the number."""
        return re.sub(r"^m\d\d_", "", self.folder.name)

    @property
    def number(self) -> int | None:
        """Its place in the course; None if it isn't part of the sequence."""
        found = re.match(r"m(\d\d)_", self.folder.name)
        return int(found[1]) if found else None

    @property
    def lesson(self) -> str:
        """The text of its LESSON.md."""
        return (self.folder / "LESSON.md").read_text(encoding="utf-8")

    @property
    def facts(self) -> dict[str, str | list[str]]:
        """The front matter of its lesson: lines `key: value` or `key: [value, value]` between two `---`."""
        lines = self.lesson.splitlines()
        assert lines[0] == "---", f"{self.name}: LESSON.md begins with front matter"
        facts: dict[str, str | list[str]] = {}
        for line in lines[1 : lines.index("---", 1)]:
            key, colon, value = line.partition(": ")
            assert colon, f"{self.name}: {line!r} in the front matter is not of the form `key: value`"
            value = value.strip()
            if value.startswith("[") and value.endswith("]"):
                facts[key] = [item.strip() for item in value[1:-1].split(",") if item.strip()]
            else:
                facts[key] = value.strip("\"'")
        return facts

    @property
    def needs(self) -> list[Room]:
        """The modules that it builds on, directly; they may belong to other tracks."""
        rooms = {room.slug: room for track in installed_tracks() for room in track.rooms}
        missing = set(self.facts["needs"]) - set(rooms)
        assert not missing, f"{self.name} needs {missing}, which no installed track has"
        return [rooms[slug] for slug in self.facts["needs"]]

    @property
    def foundations(self) -> set[str]:
        """The slugs of all modules that it builds on, directly or through others."""
        return {slug for need in self.needs for slug in (need.slug, *need.foundations)}

    @property
    def imports(self) -> list[Room]:
        """The modules of its track that are imported with it; not those that a function imports later."""
        files = [path for path in sorted(self.folder.rglob("*.py")) if path.name != "checks.py"]
        lines = [line for path in files for line in ast.parse(path.read_text(encoding="utf-8")).body]
        names = {
            (line.module or alias.name).partition(".")[0]
            for line in lines
            if isinstance(line, ast.ImportFrom) and line.level >= 2
            for alias in line.names
        }
        return [room for room in self.track.rooms if room.folder.name in names and room != self]

    def imports_through(self, other: Room) -> bool:
        """Whether importing it imports the other module of its track, directly or through others."""
        waiting = [self]
        for room in waiting:  # grows while it is walked
            waiting += [found for found in room.imports if found not in waiting]
        return other in waiting


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--track", help="test this track alone, for example tinytorch.core")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    tracks = installed_tracks()
    only = metafunc.config.getoption("--track", default=None)
    if only:
        tracks = [track for track in tracks if track.name == only]
    if "track" in metafunc.fixturenames:
        metafunc.parametrize("track", tracks, ids=lambda track: track.name)
    if "room" in metafunc.fixturenames:
        rooms = [room for track in tracks for room in track.rooms]
        metafunc.parametrize("room", rooms, ids=lambda room: room.name)


def installed_tracks() -> list[Track]:
    homes = importlib.import_module("tinytorch").__path__
    names = {lesson.parents[1].name for home in homes for lesson in Path(home).glob("*/*/LESSON.md")}
    return [Track(f"tinytorch.{name}") for name in sorted(names)]
