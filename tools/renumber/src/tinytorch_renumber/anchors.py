"""Links to Markdown headings: an anchor is made from the heading's text, so it changes with it."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Mapping

from .model import Edit, FileScan, Reference, Status, splice
from .names import overlaps, view
from .regions import FENCE, FRONT

HEADING = re.compile(
    r"^ {0,3}(?:> ?)*#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*\r?$"
    r"|^ {0,3}(?![ #>|\r\n-])([^\n]+?)[ \t]*\r?\n {0,3}(?:=+|-{3,})[ \t]*\r?$",
    re.MULTILINE,
)
LINK = re.compile(r"(\]\(<?|\]:[ \t]*<?|(?:href|HREF)=[\"'])([^\s()<>\"'#]*)#([^\s()<>\"']+)")
Anchors = dict[str, str]


def slug_of(heading: str) -> str:
    """Return the anchor that GitHub makes from a heading."""
    text = heading.encode("latin-1").decode("utf-8", errors="replace")
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[*`]|(?<!\w)_|_(?!\w)", "", text).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def anchors_of(text: str) -> list[str]:
    """Return the anchors of a Markdown text in order; repeated ones are counted, as GitHub does."""
    front = FRONT.match(text)
    fences = [match.span() for match in FENCE.finditer(text)]
    used: dict[str, int] = {}
    found = []
    for match in HEADING.finditer(text, front.end() if front else 0):
        if any(start <= match.start() < end for start, end in fences):
            continue
        slug = slug_of(match[1] or match[2])
        count = used.get(slug, 0)
        used[slug] = count + 1
        found.append(f"{slug}-{count}" if count else slug)
    return found


def moved_anchors(data: bytes, edits: list[Edit]) -> Anchors:
    """Return what becomes of each anchor of a Markdown file; those that stay are in it too."""
    return dict(zip(anchors_of(view(data)), anchors_of(view(splice(data, edits))), strict=False))


def target_of(path: str, link: str) -> str:
    """Return the file that a relative link in a file means."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link)) if link else path


def follow_headings(scan: FileScan, data: bytes, anchors: Mapping[str, Anchors]) -> None:
    """Let the links in a file follow the headings that they mean.

    A link whose heading stays keeps its anchor, even where the anchor looks like a pair that moves.
    """
    text = view(data)
    lines = [match.start() for match in re.finditer(r"\n", text)]
    for match in LINK.finditer(text):
        known = anchors.get(target_of(scan.path, match[2]))
        old = match[3]
        if known is None or old not in known:
            continue
        start, end = match.span(3)
        new = known[old]
        scan.edits = [edit for edit in scan.edits if not overlaps(edit.start, edit.end, [(start, end)])]
        row = bisect_right(lines, start - 1)
        column = start - (lines[row - 1] + 1 if row else 0) + 1
        scan.references = [
            r
            for r in scan.references
            if (r.line, r.before) != (row + 1, old) and not within(r, row + 1, column, old)
        ]
        if new != old:
            scan.edits.append(Edit(start, end, new.encode()))
            scan.references.append(Reference(scan.path, row + 1, column, "anchor", Status.SURE, old, new))


def within(reference: Reference, line: int, column: int, anchor: str) -> bool:
    """Whether a reference lies inside an anchor."""
    return reference.line == line and column <= reference.column < column + len(anchor)
