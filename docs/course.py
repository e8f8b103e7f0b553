"""The course, read from the tree: tracks, modules and what their lessons say of them.

A module's number stands in the name of its folder and nowhere else; all pages take it from here.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Module:
    """A module of the course.

    Attributes:
        number: its place, two digits; "" if it was taken out of the sequence.
        slug: its name without the number.
        track: the last part of the package's import, for example "core".
        folder: where it lies.
    """

    number: str
    slug: str
    track: str
    title: str
    summary: str
    needs: tuple[str, ...]
    path: str
    optional: bool
    folder: Path = field(compare=False)

    @property
    def name(self) -> str:
        """Number and title."""
        return f"{self.number} {self.title}".strip()

    @property
    def page(self) -> str:
        """Its page, by slug, so that a link outlives every renumbering."""
        return f"modules/{self.slug}.md"

    @property
    def lesson(self) -> str:
        """The text of its lesson, without the front matter."""
        return (self.folder / "LESSON.md").read_text(encoding="utf-8").split("\n---\n", 1)[1].lstrip()

    @property
    def exports(self) -> dict[str, list[str]]:
        """The public names that come from it, for each facade that has some."""
        found: dict[str, list[str]] = {}
        for facade, stub in stubs(self.folder.parent):
            names = [name for name, origin in stub.items() if self.folder.name in origin.split(".")]
            if names:
                found[facade] = sorted(names)
        return found


@dataclass(frozen=True)
class Package:
    """A package of the repository."""

    name: str
    folder: Path
    description: str
    version: str
    dependencies: tuple[str, ...]
    extras: dict[str, list[str]] = field(hash=False)

    @property
    def track(self) -> str:
        """The last part of its import."""
        return self.name.removeprefix("tinytorch-")


class Course:
    """Everything that pages are made of."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root

    @cached_property
    def modules(self) -> list[Module]:
        """All modules in their order; one that was taken out of the sequence is the last."""
        found = [
            read_module(folder)
            for folder in self.root.glob("packages/*/src/tinytorch/*/*/")
            if (folder / "LESSON.md").is_file()
        ]
        return sorted(found, key=lambda module: module.number or "99")

    @cached_property
    def by_slug(self) -> dict[str, Module]:
        """The modules by their slugs."""
        return {module.slug: module for module in self.modules}

    def unlocks(self, module: Module) -> list[Module]:
        """Return the modules that need this one directly."""
        return [other for other in self.modules if module.slug in other.needs]

    @cached_property
    def packages(self) -> list[Package]:
        """All packages, tracks first."""
        files = [
            *sorted(self.root.glob("packages/*/pyproject.toml")),
            self.root / "milestones" / "pyproject.toml",
            *sorted(self.root.glob("tools/*/pyproject.toml")),
        ]
        return [read_package(file) for file in files]


def read_module(folder: Path) -> Module:
    """Read a module's folder name and the front matter of its lesson."""
    head = (folder / "LESSON.md").read_text(encoding="utf-8").split("\n---\n", 1)[0]
    facts = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    numbered = re.fullmatch(r"m(\d\d)_(\w+)", folder.name)
    number, slug = numbered.groups() if numbered else ("", folder.name)
    return Module(
        number=number,
        slug=slug,
        track=folder.parent.name,
        title=facts["title"].strip("\"'"),
        summary=facts["summary"].strip("\"'"),
        needs=tuple(need.strip() for need in facts["needs"].strip("[]").split(",") if need.strip()),
        path=facts["path"],
        optional=facts["optional"] == "true",
        folder=folder,
    )


def read_package(file: Path) -> Package:
    """Read a package's pyproject.toml."""
    table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    project = table["project"]
    source = (file.parent / table["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    version = next(line.split('"')[1] for line in source.splitlines() if line.startswith("__version__"))
    return Package(
        name=project["name"],
        folder=file.parent,
        description=project["description"],
        version=version,
        dependencies=tuple(project.get("dependencies", [])),
        extras=project.get("optional-dependencies", {}),
    )


def stubs(track: Path) -> list[tuple[str, dict[str, str]]]:
    """Return each facade of a track, and for each of its names the module that it comes from."""
    found = []
    for stub in sorted(track.glob("**/__init__.pyi")):
        facade = ".".join(["tinytorch", track.name, *stub.parent.relative_to(track).parts])
        names = {
            alias.asname or alias.name: line.module or ""
            for line in ast.parse(stub.read_text(encoding="utf-8")).body
            if isinstance(line, ast.ImportFrom)
            for alias in line.names
        }
        found.append((facade, names))
    return found
