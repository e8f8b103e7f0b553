"""Positions in JSON: the standard library checks a text but doesn't say where its parts stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
Path = tuple[str | int, ...]


def is_json(data: bytes) -> bool:
    """Whether these bytes are valid JSON in UTF-8."""
    try:
        json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


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


@dataclass(slots=True)
class Member:
    """A key of an object and its value: a string or number as it is written, an object, or neither."""

    key: str
    key_span: tuple[int, int]  # without quotes, as the value's
    value: str | list[Member] | None = None
    value_span: tuple[int, int] = (0, 0)


def objects(text: str) -> list[list[Member]]:
    """Return the members of every object in valid JSON."""
    found: list[list[Member]] = []
    open_ones: list[list[Member] | None] = []  # None for an array
    waiting: Member | None = None  # a member whose value comes next
    is_key = False
    for match in TOKEN.finditer(text):
        token, (start, end) = match[0], match.span()
        if token in "{[":
            members: list[Member] | None = [] if token == "{" else None
            if members is not None:
                found.append(members)
            if waiting:
                waiting.value, waiting = members, None
            open_ones.append(members)
            is_key = token == "{"
        elif token in "}]":
            open_ones.pop()
            is_key = False
        elif token == ",":
            is_key = open_ones[-1] is not None
        elif token == ":":
            is_key = False
        else:
            quoted = token[0] == '"'
            word, span = (token[1:-1], (start + 1, end - 1)) if quoted else (token, (start, end))
            if is_key and open_ones[-1] is not None:
                waiting = Member(word, span)
                open_ones[-1].append(waiting)
            elif waiting:
                waiting.value, waiting.value_span, waiting = word, span, None
    return found
