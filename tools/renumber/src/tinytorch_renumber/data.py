"""Pairs whose number and name stand apart, by the reader of each format: data, front matter, tables, code."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import jsontext, notebook, pythontext, yamltext
from .groups import Group
from .joined import Mention
from .lists import LISTED, may_list
from .members import find_pairs, likely
from .names import Names
from .python import Source
from .regions import FRONT
from .tables import TABLES, find_rows
from .tomltext import Reader, is_toml

LARGEST = 8_000_000  # bytes of JSON; in more of it only lines are looked at


def may_hold(data: bytes, form: str, names: Names) -> bool:
    """Whether a file in which no line holds a pair may hold one all the same."""
    if form == "python":
        return bool(names.quoted.search(data) or may_list(data))
    if form in ("json", "toml", "yaml"):
        return likely(data, names)
    if form == "notebook":
        return may_list(data)
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
    if form == "notebook":
        groups = notebook.groups(text, names)
    elif form in ("yaml", "markdown") or (form in ("json", "toml") and likely(data, names)):
        groups, whole = read(data, text, form)
        alone(mentions, whole)
    found = list(find_pairs(groups, names))
    if form in TABLES:
        found += find_rows(text, names, form)
    return unknown(found, mentions)


def read(data: bytes, text: str, form: str) -> tuple[list[Group], set[tuple[int, int]]]:
    """Return the mappings and sequences of a file, and of YAML the spans of its one-line texts.

    There are none if the file isn't what its name says; its lines are all that can be looked at then.
    """
    try:
        if form == "json" and len(data) < LARGEST and jsontext.is_json(data):
            return jsontext.groups(text), set()
        if form == "toml" and is_toml(data):
            return Reader(text).read(), set()
        if form == "yaml":
            return yamltext.read(data)
        if form == "markdown" and (front := FRONT.match(text)):
            start = text.find("---") + 3
            return yamltext.read(data, start, text.rindex("---", 0, front.end()))
    except ValueError:
        pass
    return [], set()


def alone(mentions: Iterable[Mention], whole: set[tuple[int, int]]) -> None:
    """Note which mentions are all that a value or key says."""
    for mention in mentions:
        if mention.form == "leading" and (mention.start, mention.end) in whole:
            mention.padded = True


def in_code(source: Source, tree: ast.AST, names: Names, mentions: Iterable[Mention]) -> list[Mention]:
    """Return the pairs in the dictionaries, lists and calls of Python that no line tells."""
    mentions = list(mentions)
    hints = (names.quoted, names.remarked, *LISTED)
    rows = source.rows(match.end() - 1 for hint in hints for match in hint.finditer(source.data))
    rows |= source.rows(mention.start for mention in mentions if mention.form == "joined")
    return unknown(find_pairs(pythontext.groups(source, tree, rows), names), mentions) if rows else []


def mappings_at(source: Source, tree: ast.AST, offsets: Iterable[int]) -> list[Group]:
    """Return the dictionaries of the statements at some places in Python."""
    return pythontext.groups(source, tree, source.rows(offsets))


def unknown(found: Iterable[Mention], mentions: Iterable[Mention]) -> list[Mention]:
    """Return those whose number isn't known yet, each once."""
    taken = {start: mention for mention in mentions for start, _ in mention.numbers}
    new = []
    for mention in found:
        known = taken.get(mention.start)
        if known is not None:
            known.key |= mention.key and mention.slug == known.slug
        else:
            taken[mention.start] = mention
            new.append(mention)
    return new
