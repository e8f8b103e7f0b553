"""Entries of a change log in the form of Keep a Changelog."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .model import Edit
from .names import view
from .plan import Plan

NAME = re.compile(r"(?i)(?:changelog|changes|history)(?:\.(?:md|rst|txt))?")
RELEASE = re.compile(r"^##[ \t]+\[?v?\d", re.MULTILINE)
HEAD = """# Changelog of {name}

All notable changes to this package are written here, in the form of
[Keep a Changelog](https://keepachangelog.com/en/1.1.0/). Versions follow
[Semantic Versioning](https://semver.org/spec/v2.0.0.html).
"""


def entry_edit(data: bytes, plan: Plan, version: str, breaks: bool, moved: Sequence[str]) -> Edit:
    """Return the edit that puts a version's entry before those of earlier versions."""
    text = view(data)
    newline = "\r\n" if "\r\n" in text else "\n"
    entry = newline.join(entry_lines(plan, version, breaks, moved))
    first = RELEASE.search(text)
    if first:
        return Edit(first.start(), first.start(), (entry + newline * 2).encode())
    ends = len(text) - len(text.rstrip("\r\n"))
    gap = "" if not text else newline * max(0, 2 - ends // len(newline))
    return Edit(len(data), len(data), (gap + entry + newline).encode())


def entry_lines(plan: Plan, version: str, breaks: bool, moved: Sequence[str]) -> list[str]:
    """Return the lines of an entry: the plan's map and, where import paths move, these."""
    lines = [f"## [{version}] - Unreleased", "", "### Changed", ""]
    numbers = plan_map(plan)
    if numbers:
        lines += [f"- The modules are renumbered by the plan {plan.name}:", *(f"  - {n}" for n in numbers)]
    else:
        lines += [f"- The modules are marked by the plan {plan.name}; no number changes."]
    if moved:
        lines += ["", "### Removed" if breaks else "### Deprecated", ""]
        what = "Old import paths, each with its new one"
        what += "" if breaks else ", to which it forwards with a warning"
        lines += [f"- {what}; imports from the facade stay as they are:", *(f"  - {line}" for line in moved)]
    return lines


def plan_map(plan: Plan) -> list[str]:
    """Return what becomes of each module that changes its number or name."""
    lines = []
    for slug, number in sorted(plan.source.items(), key=lambda item: item[1]):
        if not plan.moves(slug):
            continue
        old = f"{number:0{plan.width}d} {slug}"
        if slug in plan.target:
            lines.append(f"{old} -> {plan.target[slug]:0{plan.width}d} {plan.renamed.get(slug, slug)}")
        else:
            lines.append(f"{old} -> {'deleted' if plan.removed.get(slug) == 'delete' else 'no number'}")
    inserted = sorted((number, slug) for slug, number in plan.target.items() if slug not in plan.source)
    return [*lines, *(f"{number:0{plan.width}d} {slug} is new" for number, slug in inserted)]
