"""Which parts of a file may be rewritten at all, and what kind of place each is."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from typing import NamedTuple

from .jsontext import strings

FENCE = re.compile(
    r"^[ \t>]*(```+|~~~+)[^\n]*\n.*?(?:^[ \t>]*\1[`~]*[ \t]*\r?$|\Z)", re.MULTILINE | re.DOTALL
)
FRONT = re.compile(r"(?:\xef\xbb\xbf)?---[ \t]*\r?\n.*?^---[ \t]*\r?$", re.MULTILINE | re.DOTALL)
WORDS = ("text", "txt", "mermaid", "markdown", "md", "yaml", "yml", "html", "console", "dot")  # no arithmetic
HEADER = 8  # bytes of a safetensors file that give the size of its JSON header


class Region(NamedTuple):
    """A stretch of a file."""

    start: int
    end: int
    zone: str  # "text" or "code": in code a number before a name may be arithmetic
    kind: str


class Regions:
    """The stretches of one file, in order; what lies in none is left alone."""

    def __init__(self, regions: list[Region]) -> None:
        self.regions = sorted(regions)
        self.starts = [region.start for region in self.regions]

    def at(self, offset: int) -> Region | None:
        """Return the region that holds an offset."""
        i = bisect_right(self.starts, offset) - 1
        if i >= 0 and offset < self.regions[i].end:
            return self.regions[i]
        return None


def markdown(text: str) -> Regions:
    """Tell front matter and code fences from prose."""
    regions: list[Region] = []
    at = 0
    front = FRONT.match(text)
    if front:
        regions.append(Region(0, front.end(), "text", "front matter"))
        at = front.end()
    for match in FENCE.finditer(text, at):
        language = text[match.end(1) : text.find("\n", match.start())].strip(" {\t\r").lower()
        zone = "text" if language.startswith(WORDS) else "code"
        regions += [
            Region(at, match.start(), "text", "markdown"),
            Region(*match.span(), zone, "code fence"),
        ]
        at = match.end()
    return Regions([*regions, Region(at, len(text), "text", "markdown")])


def notebook(text: str) -> Regions:
    """Return the source of the cells: never outputs, metadata, or anything else."""
    kinds: dict[int, str] = {}
    found: list[tuple[int, int, int]] = []
    for path, start, end in strings(text):
        match path:
            case ("cells", int(cell), "cell_type"):
                kinds[cell] = text[start:end]
            case ("cells", int(cell), "source") | ("cells", int(cell), "source", int()):
                found.append((cell, start, end))
    regions = []
    for cell, start, end in found:
        code = kinds.get(cell, "code") == "code"
        regions.append(Region(start, end, "code" if code else "text", "code cell" if code else "text cell"))
    return Regions(regions)


def code_cells(text: str) -> list[list[tuple[int, int]]]:
    """Return the source of each code cell of a notebook, as the spans of its strings."""
    cells: dict[int, list[tuple[int, int]]] = {}
    other: set[int] = set()
    for path, start, end in strings(text):
        match path:
            case ("cells", int(cell), "cell_type"):
                other |= {cell} if text[start:end] != "code" else set()
            case ("cells", int(cell), "source") | ("cells", int(cell), "source", int()):
                cells.setdefault(cell, []).append((start, end))
    return [spans for cell, spans in cells.items() if cell not in other]


def safetensors(data: bytes) -> tuple[int, Regions]:
    """Return the size of a safetensors header and where its `__metadata__` stands; never a tensor's name."""
    size = int.from_bytes(data[:HEADER], "little")
    if size <= 0 or HEADER + size > len(data):
        raise ValueError("no safetensors header")
    header = data[HEADER : HEADER + size].decode("latin-1")
    json.loads(header)
    regions = [
        Region(HEADER + start, HEADER + end, "text", "metadata")
        for path, start, end in strings(header)
        if path[0] == "__metadata__"
    ]
    return size, Regions(regions)


def whole(text: str, zone: str, kind: str) -> Regions:
    """Return a file as one stretch."""
    return Regions([Region(0, len(text), zone, kind)])
