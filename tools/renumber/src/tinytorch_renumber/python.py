"""Python files: which kind of token a mention stands in, and what statement it belongs to.

Python's own parser says where statements begin and end, so that tokenize has to tell names, strings and
comments apart only in those that hold a mention, and LibCST reads only those that import or export. It
would take ten times as long to read whole files with either.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
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
    """Whether this is a Python file that compiles, which is known sooner than its syntax tree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "<file>", "exec", dont_inherit=True)
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

    def rows(self, offsets: Iterable[int]) -> set[int]:
        """Return the rows of some byte offsets."""
        return {bisect_right(self.starts, offset) for offset in offsets}

    def place(self, row: int, column: int) -> int:
        """Return the byte offset of a place as `ast` gives it: a row, and a column in UTF-8."""
        if self.ascii or self.encoding == "utf-8":
            return self.starts[row - 1] + column
        head = self.lines[row - 1].encode("utf-8")[:column].decode("utf-8", errors="replace")
        return self.starts[row - 1] + len(head.encode(self.encoding, errors="replace"))

    def word(self, start: int, end: int) -> str:
        """Return the text between two byte offsets."""
        return self.data[start:end].decode(self.encoding)

    def tokens(self, first: int, last: int) -> Iterator[tokenize.TokenInfo]:
        """Yield tokenize's tokens of some rows, with their places in the whole file."""
        lines = iter(self.lines[first - 1 : last])
        for token in tokenize.generate_tokens(lambda: next(lines, "")):
            (row, column), (end_row, end_column) = token.start, token.end
            place = (row + first - 1, column), (end_row + first - 1, end_column)
            yield token._replace(start=place[0], end=place[1])


def syntax(data: bytes) -> tuple[Source, ast.AST]:
    """Read a Python file.

    Raises SyntaxError, ValueError, RecursionError or MemoryError when it isn't one.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(data)
    return Source(data), tree


def spots(source: Source, tree: ast.AST, offsets: Sequence[int], kinds: bool = True) -> list[Spot]:
    """Return for each offset, in ascending order, where it stands; `kinds` tells imports from other names."""
    found: list[Spot] = []
    rows = [bisect_right(source.starts, offset) for offset in offsets]
    at = 0
    while at < len(offsets):
        first, last = stretch(tree, rows[at], len(source.lines))
        count = bisect_right(rows, last) - at
        try:
            found += spots_in(source, offsets[at : at + count], first, last, kinds)
        except (tokenize.TokenError, SyntaxError):
            # The stretch makes no sense by itself, so the whole file is read.
            found += spots_in(source, offsets[at : at + count], 1, len(source.lines), kinds)
        at += count
    return found


def stretch(tree: ast.AST, row: int, rows: int) -> tuple[int, int]:
    """Return the first and last row of the statement that holds a row, or of what stands between two."""
    first, last = 1, rows
    while True:
        inner = statements(tree)
        before = [node for node in inner if start_of(node) <= row]
        after = [node for node in inner if start_of(node) > row]
        if before and row <= (before[-1].end_lineno or 0):
            tree = before[-1]
            first, last = start_of(tree), tree.end_lineno or last
            deeper = statements(tree)
            if not deeper or start_of(deeper[0]) == first:
                return first, last
            continue
        if before:
            first = (before[-1].end_lineno or first) + 1
        if after:
            last = start_of(after[0]) - 1
        return first, last


def statements(node: ast.AST) -> list[ast.stmt]:
    """Return the statements directly inside a node, in order."""
    found: list[ast.stmt] = []
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        for child in getattr(node, name, ()) if not isinstance(node, ast.Lambda | ast.IfExp) else ():
            found += [child] if isinstance(child, ast.stmt) else statements(child)
    return found


def start_of(node: ast.AST) -> int:
    """Return the first row of a statement, its decorators included."""
    rows: list[int] = [decorator.lineno for decorator in getattr(node, "decorator_list", [])]
    return min([*rows, getattr(node, "lineno", 1)])


def spots_in(source: Source, offsets: Sequence[int], first: int, last: int, kinds: bool) -> list[Spot]:
    """Return where each offset stands, from the tokens of some rows."""
    found: list[Spot] = []
    at = 0
    statement: list[tokenize.TokenInfo] = []
    waiting: list[int] = []  # names and strings in the statement that is being read
    for token in source.tokens(first, last):
        kind = token.type
        if kind in (tokenize.NEWLINE, tokenize.ENDMARKER):
            if kinds:
                settle(found, waiting, statement, source)
            statement, waiting = [], []
            if at == len(offsets):
                break
            continue
        if kind in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            continue
        if kind != tokenize.COMMENT:
            statement.append(token)
        start, end = source.byte(token.start), source.byte(token.end)
        while at < len(offsets) and offsets[at] < end:
            if offsets[at] < start:
                spot = Spot("code", "code", 0, 0)
            elif kind == tokenize.COMMENT:
                spot = Spot("text", "comment", start, end)
            elif kind == tokenize.STRING or kind in FSTRING_PARTS:
                spot = Spot("text", "docstring" if len(statement) == 1 else "string", start, end)
                waiting.append(len(found))
            elif kind == tokenize.NAME:
                spot = Spot("name", "name", start, end)
                waiting.append(len(found))
            else:
                spot = Spot("code", "number", start, end)
            found.append(spot)
            at += 1
    if kinds:
        settle(found, waiting, statement, source)
    return found + [Spot("code", "code", 0, 0)] * (len(offsets) - len(found))


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
    import libcst as cst  # it takes as long as reading a hundred files, and many trees don't need it

    def parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        waiting = [node]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += node.children

    def exports(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Assign):
            targets = [target.target for target in node.targets]
        elif isinstance(node, cst.AugAssign | cst.AnnAssign):
            targets = [node.target]
        else:
            return False
        return any(isinstance(target, cst.Name) and target.value == "__all__" for target in targets)

    imported: set[str] = set()
    exported: set[str] = set()
    try:
        tree = cst.parse_statement(statement)
    except (cst.ParserSyntaxError, RecursionError):
        return imported, exported
    for node in parts(tree):
        if isinstance(node, cst.Import | cst.ImportFrom):
            imported |= {part.value for part in parts(node) if isinstance(part, cst.Name)}
        elif exports(node):
            exported |= {part.value for part in parts(node) if isinstance(part, cst.SimpleString)}
    return imported, exported
