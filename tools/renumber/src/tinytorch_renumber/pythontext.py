"""Positions of the dictionaries, lists and calls in Python, by Python's own parser."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from .groups import Group, Scalar
from .python import Source, start_of, statements

LITERAL = re.compile(r"[rRuUbB]{0,2}(['\"])(\d{1,3})\1", re.ASCII)


def groups(source: Source, tree: ast.AST, rows: Iterable[int]) -> list[Group]:
    """Return the dictionaries, sequences and calls of the statements that hold some rows."""
    found: list[Group] = []
    statements = {id(node): node for row in sorted(set(rows)) for node in holders(tree, row)}
    for statement in statements.values():
        for node in expressions(statement):
            group = convert(source, node) if isinstance(node, GROUPS) else None
            if isinstance(group, Group):
                found.append(group)
    return found


def holders(tree: ast.AST, row: int) -> list[ast.AST]:
    """Return the statements that hold a row: one inside the other, or several on a line."""
    inner = [node for node in statements(tree) if start_of(node) <= row <= (node.end_lineno or 0)]
    return [*inner, *(deeper for node in inner for deeper in holders(node, row))]


def expressions(statement: ast.AST) -> Iterator[ast.AST]:
    """Yield all that belongs to a statement itself, not to those inside it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]


GROUPS = ast.Dict | ast.List | ast.Tuple | ast.Set | ast.Call | ast.Assign | ast.AnnAssign
COMMENT = re.compile(r",?[ \t]*#[ \t]*([^\r\n]*)")


def rest(source: Source, node: ast.expr) -> str:
    """Return what follows an expression on its last line, as a view."""
    row = node.end_lineno or 1
    start = source.place(row, node.end_col_offset or 0)
    return source.data[start : source.starts[row]].decode("latin-1")


def assigned(source: Source, node: ast.Assign | ast.AnnAssign) -> Group | None:
    """Return a list that gets a name as a mapping with that one key."""
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    if not isinstance(target, ast.Name | ast.Attribute) or not isinstance(node.value, LISTS):
        return None
    name = target.id if isinstance(target, ast.Name) else target.attr
    return Group(True, [(Scalar(name, 0, 0), convert(source, node.value))], table=False)


LISTS = ast.List | ast.Tuple | ast.Set


def convert(source: Source, node: ast.AST) -> Scalar | Group | None:
    """Return an expression as data; None for what is computed."""
    if isinstance(node, ast.Constant):
        return constant(source, node)
    if isinstance(node, ast.JoinedStr):
        words = [part.value for part in node.values if isinstance(part, ast.Constant)]
        return Scalar("".join(map(str, words)), 0, 0) if len(words) == len(node.values) else None
    if isinstance(node, ast.Dict):
        group = Group(True)
        for key, value in zip(node.keys, node.values, strict=True):
            name = convert(source, key) if key else None
            group.items.append((name if isinstance(name, Scalar) else None, convert(source, value)))
            if isinstance(name, Scalar) and name.end and (comment := COMMENT.match(rest(source, value))):
                group.notes[name.start] = comment[1]
        return group
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return assigned(source, node)
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return Group(False, [(None, convert(source, item)) for item in node.elts])
    if isinstance(node, ast.Call):
        if node.keywords:
            table = isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args
            items = [(Scalar(k.arg or "", 0, 0), convert(source, k.value)) for k in node.keywords]
            return Group(True, list(items), table)
        return Group(False, [(None, convert(source, item)) for item in node.args])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):  # a path
        return Group(False, [(None, convert(source, side)) for side in (node.left, node.right)])
    return None


def constant(source: Source, node: ast.Constant) -> Scalar | None:
    """Return a number or a text, with its place where it is a number."""
    if isinstance(node.value, bool) or not isinstance(node.value, str | int):
        return None
    if isinstance(node.value, str) and not (len(node.value) < 4 and node.value.isdecimal()):
        return Scalar(node.value, 0, 0, True)
    start = source.place(node.lineno, node.col_offset)
    end = source.place(node.end_lineno or node.lineno, node.end_col_offset or 0)
    written = source.word(start, end)
    if isinstance(node.value, int):
        return Scalar(written, start, end, fixed=True)
    match = LITERAL.fullmatch(written)
    return Scalar(match[2], start + match.start(2), start + match.end(2), True) if match else None
