"""Code cells of notebooks as Python, with a way back to the places in their JSON."""

from __future__ import annotations

import re

from . import pythontext
from .groups import Group, Scalar
from .lists import LISTED
from .names import Names
from .python import syntax
from .regions import code_cells

CHARACTER = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
MAGIC = re.compile(r"^[ \t]*[%!?]", re.MULTILINE)


def groups(text: str, names: Names) -> list[Group]:
    """Return the dictionaries, lists and calls in the code cells that name a module."""
    found = []
    hints = (names.spoken, *LISTED)
    for spans in code_cells(text):
        if any(hint.search(text[start:end].encode("latin-1")) for start, end in spans for hint in hints):
            found += cell_groups(text, spans)
    return found


def cell_groups(text: str, spans: list[tuple[int, int]]) -> list[Group]:
    """Return the dictionaries, lists and calls of one cell; none if it isn't Python."""
    code, places = decoded(text, spans)
    try:
        source, tree = syntax(MAGIC.sub(lambda match: "#" * len(match[0]), code).encode("ascii"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = pythontext.groups(source, tree, range(1, len(source.lines) + 1))
    for scalar in {id(scalar): scalar for group in found for scalar in scalars(group)}.values():
        if scalar.end:
            scalar.start, scalar.end = places[scalar.start], places[scalar.end - 1] + 1
    for group in found:
        group.notes = {places[start]: comment for start, comment in group.notes.items()}
    return found


def scalars(group: Group) -> list[Scalar]:
    """Return all that isn't a group in a group."""
    inner = [node for item in group.items for node in item if node]
    return [one for node in inner for one in (scalars(node) if isinstance(node, Group) else [node])]


def decoded(text: str, spans: list[tuple[int, int]]) -> tuple[str, list[int]]:
    """Return the text that JSON strings hold, in ASCII, and where each of its characters stands."""
    letters: list[str] = []
    places: list[int] = []
    for start, end in spans:
        for match in CHARACTER.finditer(text, start, end):
            written = match[0]
            letter = ESCAPED.get(written[1], written[1]) if len(written) == 2 else written
            letters.append(letter if letter.isascii() and len(letter) == 1 else "_")
            places.append(match.start())
    return "".join(letters), places
