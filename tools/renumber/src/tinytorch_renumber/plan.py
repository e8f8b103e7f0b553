"""What a plan says: a file in TOML, a built-in name, or operations from the command line.

A `Spec` is what somebody wrote. With the order that was found in a tree it becomes a `Plan`, in which every
module has its number before and after. Nothing here reads a tree.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from .course import BUILT_IN
from .errors import PlanError

FATES = ("unnumber", "delete", "keep")
SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
KEYS = {"name", "roots", "ignore", "source", "target", "start", "removed", "renamed", "marks", "titles"}
MARKS: dict[str, type] = {"optional": bool, "path": str}
LARGEST = 999


@dataclass(frozen=True)
class Spec:
    """A plan as it was written, before any tree was looked at."""

    name: str
    source: Mapping[str, int] | None = None  # None: as the tree has it
    target: Mapping[str, int] | None = None  # None: as the source has it, then the operations
    operations: tuple[tuple[str, ...], ...] = ()
    removed: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[str, ...] = (".",)
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Every module's number before and after.

    `target` has no entry for a removed module, and `source` none for an inserted one.
    """

    name: str
    source: Mapping[str, int]
    target: Mapping[str, int]
    removed: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    roots: tuple[str, ...] = (".",)
    ignore: tuple[str, ...] = ()
    width: int = 2  # digits of a module's number
    applied: bool = False  # the tree already has the target order

    def moves(self, slug: str) -> bool:
        """Whether anything about the module's (number, name) pair changes."""
        if self.applied:
            return False
        if slug in self.removed:
            return self.removed[slug] != "keep"
        return slug in self.renamed or self.source.get(slug) != self.target.get(slug)

    @property
    def final(self) -> dict[str, int]:
        """The numbers afterwards, by the names afterwards."""
        final = {self.renamed.get(slug, slug): number for slug, number in self.target.items()}
        kept = {slug: self.source[slug] for slug, fate in self.removed.items() if fate == "keep"}
        return {**final, **kept}

    def staying(self) -> set[str]:
        """Return the modules that have their name and a number before and after."""
        return {slug for slug in self.source if slug not in self.renamed and slug in self.final}

    def inverse(self, partial: bool = False) -> Plan:
        """Return the plan that leads back, for all modules or, if `partial`, for those that kept a number."""
        if not partial and any(fate != "keep" for fate in self.removed.values()):
            raise PlanError("a plan that removes a module has no inverse; use `undo`")
        back = {new: old for old, new in self.renamed.items()}
        final = self.final
        target = {self.renamed.get(slug, slug): number for slug, number in self.source.items()}
        return Plan(
            name=f"inverse of {self.name}",
            source={slug: number for slug, number in final.items() if slug in target},
            target={slug: number for slug, number in target.items() if slug in final},
            renamed=back,
            titles={self.renamed.get(slug, slug): title for slug, title in self.titles.items()},
            roots=self.roots,
            ignore=self.ignore,
            width=self.width,
        )


def read_plan(text: str, name: str) -> Spec:
    """Read a plan file; unknown keys and values of a wrong type are errors."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(f"{name} is no TOML: {error}") from error
    return spec_from(table, name)


def load_plan(word: str) -> Spec:
    """Return the built-in plan of this name, or read the plan file at this path."""
    if word in BUILT_IN:
        return spec_from(BUILT_IN[word], word)
    path = Path(word)
    if not path.is_file():
        raise PlanError(f"there is no plan {word!r}: give a TOML file or one of {', '.join(BUILT_IN)}")
    return read_plan(path.read_text(encoding="utf-8"), path.name)


def spec_from(table: Mapping[str, Any], name: str) -> Spec:
    """Check the types of a plan's table and put it into form."""
    unknown = sorted(set(table) - KEYS)
    if unknown:
        raise PlanError(f"{name}: unknown keys {', '.join(unknown)}; known are {', '.join(sorted(KEYS))}")
    target = table.get("target")
    start = table.get("start", 1)
    if type(start) is not int:
        raise PlanError(f"{name}: start is a number, not {start!r}")
    if isinstance(target, list):
        words = strings(target, f"{name}: target")
        twice = sorted({slug for slug in words if words.count(slug) > 1})
        if twice:
            raise PlanError(f"{name}: target names {', '.join(twice)} twice")
        target = {slug: number for number, slug in enumerate(words, start)}
    elif "start" in table:
        raise PlanError(f"{name}: start belongs to a target that is a list")
    marks = table.get("marks", {})
    for slug, mark in typed(marks, dict, f"{name}: marks").items():
        for key, value in mark.items():
            if key not in MARKS or type(value) is not MARKS[key]:
                raise PlanError(f'{name}: marks.{slug} knows optional = true/false and path = "..."')
    return Spec(
        name=str(table.get("name", name)),
        source=None if "source" not in table else typed(table["source"], int, f"{name}: source"),
        target=None if target is None else typed(target, int, f"{name}: target"),
        removed=typed(table.get("removed", {}), str, f"{name}: removed"),
        renamed=typed(table.get("renamed", {}), str, f"{name}: renamed"),
        marks=marks,
        titles=typed(table.get("titles", {}), str, f"{name}: titles"),
        roots=tuple(strings(table.get("roots", ["."]), f"{name}: roots")),
        ignore=tuple(strings(table.get("ignore", []), f"{name}: ignore")),
    )


def typed(value: Any, kind: type, where: str) -> dict[str, Any]:
    """Return a table whose keys are slugs and whose values have one type, or say what is wrong."""
    if not isinstance(value, dict):
        raise PlanError(f"{where} is a table, not {value!r}")
    for slug, item in value.items():
        if not SLUG.fullmatch(slug):
            raise PlanError(f"{where}: {slug!r} is no module name like kv_caching")
        if type(item) is not kind:
            raise PlanError(f"{where}: {slug} is {item!r}, but a {kind.__name__} was expected")
    return value


def strings(value: Any, where: str) -> list[str]:
    """Return a list of texts, or say what is wrong."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise PlanError(f"{where} is a list of texts, not {value!r}")
    return value


def inside(path: str) -> bool:
    """Whether a relative path stays below the root that it is taken from, on every system."""
    parts = (*PurePosixPath(path).parts, *PureWindowsPath(path).parts)
    rooted = path.startswith(("/", "\\", "~")) or bool(PureWindowsPath(path).drive)
    return not rooted and ".." not in parts
