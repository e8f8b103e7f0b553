"""Positions in JSON: the standard library checks a text but doesn't say where its parts stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .groups import Group, Scalar

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)(\\n|(?:\\u[0-9a-fA-F]{4})+)")
Path = tuple[str | int, ...]


def is_json(data: bytes) -> bool:
    """Whether these bytes are valid JSON in UTF-8."""
    try:
        json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


def in_lines(text: str) -> str:
    """Return JSON with the line ends and other characters that its strings escape, at the same positions."""

    def plain(match: re.Match[str]) -> str:
        escape = match[2]
        if escape == "\\n":
            return f"{match[1]} \n"
        letters = json.loads(f'"{escape}"').encode("utf-8", errors="replace").decode("latin-1")
        return match[1] + str(letters).replace("\n", " ").ljust(len(escape))

    return ESCAPE.sub(plain, text)


def strings(text: str) -> Iterator[tuple[Path, int, int]]:
    """Yield the path and the span, without quotes, of every string value of valid JSON.

    A string inside an array has its index as the last part of its path. Keys aren't yielded.
    """
    path: list[str | int] = []
    kinds: list[str] = []  # of the open brackets
    is_key = False
    for match in TOKEN.finditer(text):
        token = match[0]
        if token in "{[":
            kinds.append(token)
            path.append(0 if token == "[" else "")
            is_key = token == "{"
        elif token in "}]":
            kinds.pop()
            path.pop()
            is_key = False
        elif token == ",":
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            is_key = kinds[-1] == "{"
        elif token == ":":
            is_key = False
        elif token[0] == '"':
            if is_key:
                path[-1] = token[1:-1]
            else:
                yield tuple(path), match.start() + 1, match.end() - 1


def groups(text: str) -> list[Group]:
    """Return every object and array of valid JSON."""
    found: list[Group] = []
    open_ones: list[Group] = []
    key: Scalar | None = None
    is_key = False
    for match in TOKEN.finditer(text):
        token, (start, end) = match[0], match.span()
        if token in "{[":
            group = Group(token == "{")
            found.append(group)
            if open_ones:
                open_ones[-1].items.append((key, group))
            open_ones.append(group)
            key, is_key = None, token == "{"
        elif token in "}]":
            open_ones.pop()
            is_key = False
        elif token == ",":
            is_key = open_ones[-1].keyed
        elif token == ":":
            is_key = False
        else:
            quoted = token[0] == '"'
            scalar = Scalar(token[1:-1], start + 1, end - 1, True) if quoted else Scalar(token, start, end)
            if is_key:
                key = scalar
            elif open_ones:
                open_ones[-1].items.append((key, scalar))
                key = None
    return found
