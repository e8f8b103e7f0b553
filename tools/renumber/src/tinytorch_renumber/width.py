"""Keeping the right border of boxes, tables and trees where it was when a name got longer or shorter."""

from __future__ import annotations

import re
from collections.abc import Callable

from .model import Edit

BORDERS = "|\u2502\u2551\u2503"
GAP = re.compile(r"( +)(\||\xe2\x94\x82|\xe2\x95\x91|\xe2\x94\x83)")
NOTE = re.compile(r"(  +)(#|<-|\xe2\x86\x90|//)")


def keep_width(text: str, edits: list[Edit], wanted: Callable[[int], bool]) -> list[Edit]:
    """Return the edits and, where something is aligned behind them, edits of the spaces in between.

    `wanted` says of an offset whether spaces there may change: not in code.
    """
    result = list(edits)
    ordered = sorted(edits)
    for i, edit in enumerate(ordered):
        growth = len(edit.text) - (edit.end - edit.start)
        if growth == 0 or not wanted(edit.start):
            continue
        line_end = text.find("\n", edit.end)
        line_end = len(text) if line_end < 0 else line_end
        limit = min(line_end, ordered[i + 1].start if i + 1 < len(ordered) else line_end)
        bar = GAP.search(text, edit.end, min(line_end, limit + 4))
        if bar is None or not aligned(text, bar.start(2)):
            bar = NOTE.search(text, edit.end, limit)
        if bar is None or bar.end(1) > limit:
            continue
        spaces = len(bar[1]) - growth
        keep = 2 if bar.re is NOTE else 1
        result.append(Edit(bar.start(1), bar.end(1), b" " * max(keep, spaces)))
    return result


def aligned(text: str, bar: int) -> bool:
    """Whether the line above or below has a border in the same column."""
    start = text.rfind("\n", 0, bar) + 1
    column = len(shown(text[start:bar]))
    end = text.find("\n", bar)
    below = text[end + 1 : end + 1 + 400].split("\n", 1)[0] if end >= 0 else ""
    above = text[text.rfind("\n", 0, max(0, start - 1)) + 1 : max(0, start - 1)]
    corners = BORDERS + "+\u2510\u2518\u2524\u2557\u255d\u2563\u256e\u256f"
    return any(shown(line)[column : column + 1] in tuple(corners) for line in (above, below) if line)


def shown(line: str) -> str:
    """Return a line of the view as the characters that a reader sees."""
    return line.encode("latin-1").decode("utf-8", errors="replace")
