"""Marks: what a plan says of a module in the front matter of its lesson, optional and path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .model import Edit
from .names import view
from .order import NUMBERED
from .plan import Plan
from .regions import FRONT
from .walk import Entry


def mark_edits(root: Path, entry: Entry, plan: Plan) -> list[Edit]:
    """Return the edits that give a lesson the plan's marks; none for any other file."""
    if entry.name != "LESSON.md" or not plan.marks:
        return []
    match = NUMBERED.fullmatch(entry.path.split("/")[-2]) if "/" in entry.path else None
    slug = re.sub(r"[-_]+", "_", match[3]).lower() if match else ""
    if match is None or slug not in plan.marks or plan.source.get(slug) != int(match[2]):
        return []
    text = view((root / entry.path).read_bytes())
    front = FRONT.match(text)
    return [] if front is None else front_edits(text, front.end(), plan.marks[slug])


def front_edits(text: str, end: int, marks: Mapping[str, Any]) -> list[Edit]:
    """Return the edits of front matter that ends at `end`: values exchanged, missing keys added."""
    newline = "\r\n" if "\r\n" in text[:end] else "\n"
    edits: list[Edit] = []
    missing = ""
    for key, value in marks.items():
        word = str(value).lower() if isinstance(value, bool) else str(value)
        line = re.compile(rf"^{key}:[ \t]*([^\s#]*)", re.MULTILINE).search(text, 0, end)
        if line is None:
            missing += f"{key}: {word}{newline}"
        elif line[1] != word:
            space = "" if text[line.start(1) - 1] in " \t" else " "
            edits.append(Edit(*line.span(1), (space + word).encode()))
    if missing:
        at = text.rindex("---", 0, end)
        edits.append(Edit(at, at, missing.encode()))
    return edits
