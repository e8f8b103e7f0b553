"""Pairs whose number and name stand apart, by the reader of each format: data, front matter, tables, code."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import jsontext, notebook, pythontext, yamltext
from .joined import Mention
from .members import Group, find_pairs, likely
from .names import Names
from .python import Source
from .regions import FRONT
from .tables import TABLES, find_rows
from .tomltext import Reader, is_toml

LARGEST = 8_000_000  # bytes of JSON; in more of it only lines are looked at


def may_hold(data: bytes, form: str, names: Names) -> bool:
    """Whether a file in which no line holds a pair may hold one all the same."""
    if form == "python":
        return bool(names.quoted.search(data))
    if form in ("json", "toml", "yaml"):
        return likely(data, names)
    if form in TABLES:
        return bool(names.spoken.search(data))
    return False


def apart(
    data: bytes, text: str, form: str, names: Names, mentions: Iterable[Mention], broken: bool
) -> list[Mention]:
    """Return the pairs that no line tells; those that are known already are left out.

    In YAML it is also seen which of the known ones are a whole text: `title: 08 Spatial`.
    """
    if broken:
        return []
    mentions = list(mentions)
    groups: list[Group] = []
    try:
        if form == "json" and len(data) < LARGEST and likely(data, names) and jsontext.is_json(data):
            groups = jsontext.groups(text)
        elif form == "toml" and likely(data, names) and is_toml(data):
            groups = Reader(text).read()
        elif form == "notebook" and names.spoken.search(data):
            groups = notebook.groups(text, names)
        elif form == "yaml":
            groups, whole = yamltext.read(data)
            alone(mentions, whole)
        elif form == "markdown" and (front := FRONT.match(text)):
            start = text.find("---") + 3
            end = text.rindex("---", 0, front.end())
            groups, whole = yamltext.read(data, start, end)
            alone(mentions, whole)
    except ValueError:
        pass  # not what its name says; the lines are all that can be looked at
    found = list(find_pairs(groups, names))
    if form in TABLES:
        found += find_rows(text, names, form)
    return unknown(found, mentions)


def alone(mentions: Iterable[Mention], whole: set[tuple[int, int]]) -> None:
    """Note which mentions are all that a value or key says."""
    for mention in mentions:
        if mention.form == "leading" and (mention.start, mention.end) in whole:
            mention.padded = True


def in_code(source: Source, tree: ast.AST, names: Names, mentions: Iterable[Mention]) -> list[Mention]:
    """Return the pairs in the dictionaries, lists and calls of Python that no line tells."""
    mentions = list(mentions)
    rows = source.rows(match.start() for match in names.quoted.finditer(source.data))
    rows |= source.rows(mention.start for mention in mentions if mention.form == "joined")
    return unknown(find_pairs(pythontext.groups(source, tree, rows), names), mentions) if rows else []


def unknown(found: Iterable[Mention], mentions: Iterable[Mention]) -> list[Mention]:
    """Return those whose number isn't known yet, each once."""
    taken = {start for mention in mentions for start, _ in mention.numbers}
    new = []
    for mention in found:
        if mention.start not in taken:
            taken.add(mention.start)
            new.append(mention)
    return new
