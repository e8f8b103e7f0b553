"""Python files: which kind of token a mention stands in, and what statement it belongs to.

tokenize tells names, strings and comments apart, and stops at the last mention. LibCST reads only the
statements in which names of modules stand, because parsing whole files would take most of the time.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

NEWLINE = re.compile(r"\r\n|\r|\n")
FSTRING_PARTS = {
    getattr(tokenize, name) for name in ("FSTRING_MIDDLE", "FSTRING_START") if hasattr(tokenize, name)
}


class Spot(NamedTuple):
    """Where a mention stands: its zone decides what may be rewritten, its kind is for the report."""

    zone: str  # "name", "text" (strings and comments) or "code"
    kind: str
    start: int
    end: int


def parses(data: bytes) -> bool:
    """Whether this is a Python file without syntax errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


class Source:
    """A decoded Python file whose positions can be turned into byte offsets."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        self.offset = 3 if encoding == "utf-8-sig" else 0
        self.encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self.text = data[self.offset :].decode(self.encoding)
        self.lines = list(io.StringIO(self.text, newline=""))
        self.ascii = data.isascii()
        self.starts = [self.offset]
        for line in self.lines:
            size = len(line) if self.ascii else len(line.encode(self.encoding))
            self.starts.append(self.starts[-1] + size)

    def byte(self, position: tuple[int, int]) -> int:
        """Return the byte offset of a (row, column) of tokenize."""
        row, column = position
        if row > len(self.lines):
            return self.starts[-1]
        head = column if self.ascii else len(self.lines[row - 1][:column].encode(self.encoding))
        return self.starts[row - 1] + head

    def between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """Return the text between two (row, column) of tokenize."""
        rows = self.lines[start[0] - 1 : end[0]]
        rows[-1] = rows[-1][: end[1]]
        rows[0] = rows[0][start[1] :]
        return "".join(rows)

    def word(self, start: int, end: int) -> str:
        """Return the text between two byte offsets."""
        return self.data[start:end].decode(self.encoding)

    def tokens(self) -> Iterator[tokenize.TokenInfo]:
        """Yield tokenize's tokens."""
        lines = iter(self.lines)
        return tokenize.generate_tokens(lambda: next(lines, ""))


def spots(data: bytes, offsets: Sequence[int]) -> list[Spot]:
    """Return for each offset, in ascending order, where it stands.

    Raises tokenize.TokenError, SyntaxError or UnicodeError when the file can't be read as Python.
    """
    source = Source(data)
    rows = [bisect_right(source.starts, offset) for offset in offsets]
    found: list[Spot] = []
    at = 0
    statement: list[tokenize.TokenInfo] = []
    waiting: list[int] = []  # names in the statement that is being read
    fresh = True  # nothing but the docstring may come first
    for token in source.tokens():
        kind = token.type
        if kind in (tokenize.NEWLINE, tokenize.ENDMARKER):
            settle(found, waiting, statement, source)
            statement, waiting, fresh = [], [], True
            if at == len(offsets):
                break
            continue
        if kind in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            continue
        if kind != tokenize.COMMENT:
            statement.append(token)
        while at < len(offsets) and rows[at] <= token.end[0]:
            start, end = source.byte(token.start), source.byte(token.end)
            if offsets[at] >= end:
                break
            inside = start <= offsets[at]
            if kind == tokenize.COMMENT and inside:
                spot = Spot("text", "comment", start, end)
            elif (kind == tokenize.STRING or kind in FSTRING_PARTS) and inside:
                spot = Spot("text", "docstring" if fresh and len(statement) == 1 else "string", start, end)
                waiting.append(len(found))
            elif kind == tokenize.NAME and inside:
                spot = Spot("name", "name", start, end)
                waiting.append(len(found))
            else:
                spot = Spot("code", "number", start, end)
            found.append(spot)
            at += 1
        if kind != tokenize.COMMENT:
            fresh = False
    settle(found, waiting, statement, source)
    found += [Spot("code", "code", 0, 0)] * (len(offsets) - len(found))
    return found


def settle(
    found: list[Spot], waiting: list[int], statement: list[tokenize.TokenInfo], source: Source
) -> None:
    """Give the names and strings of a statement the kind that its syntax says."""
    heads = [token.string for token in statement if token.string in ("import", "__all__")]
    if not heads or not waiting:
        return
    # `except ImportError: from .. import m08_x` is no statement by itself: LibCST reads from `from`.
    first = 0
    for i, token in enumerate(statement):
        if token.string in ("import", "from", "__all__") and (
            i == 0 or statement[i - 1].string in (":", ";")
        ):
            first = i
            break
    imported, exported = bound(source.between(statement[first].start, statement[-1].end))
    for i in waiting:
        start, end = found[i].start, found[i].end
        if found[i].zone == "name" and source.word(start, end) in imported:
            found[i] = found[i]._replace(kind="import")
        elif found[i].zone == "text" and source.word(start, end) in exported:
            found[i] = found[i]._replace(kind="export")


def bound(statement: str) -> tuple[set[str], set[str]]:
    """Return the names in a statement's imports, and the string literals that it puts into `__all__`."""
    import libcst as cst
    from libcst import matchers as m

    imported: set[str] = set()
    exported: set[str] = set()
    try:
        tree = cst.parse_statement(statement)
    except (cst.ParserSyntaxError, RecursionError):
        return imported, exported
    for node in m.findall(tree, m.Import() | m.ImportFrom()):
        imported |= {name.value for name in m.findall(node, m.Name()) if isinstance(name, cst.Name)}
    target = m.AssignTarget(m.Name("__all__"))
    lists = m.Assign([target]) | m.AugAssign(m.Name("__all__")) | m.AnnAssign(m.Name("__all__"))
    for node in m.findall(tree, lists):
        strings = m.findall(node, m.SimpleString())
        exported |= {text.value for text in strings if isinstance(text, cst.SimpleString)}
    return imported, exported
