"""Positions in JSON: the standard library checks a text but doesn't say where its parts stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

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
