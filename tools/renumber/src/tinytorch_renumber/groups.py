"""Data as the readers of all formats give it: mappings and sequences of texts and numbers, with places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .joined import Mention
from .model import Edit

NUMBER = re.compile(r"\d{1,3}", re.ASCII)


@dataclass(slots=True)
class Scalar:
    """A text or a number as it is written, without quotes."""

    text: str
    start: int
    end: int
    quoted: bool = False
    fixed: bool = False  # a number that can't become a name, being one to the program too


@dataclass(slots=True)
class Group:
    """A mapping, or a sequence, whose items have no keys."""

    keyed: bool
    items: list[tuple[Scalar | None, Scalar | Group | None]] = field(default_factory=list)
    table: bool = True  # whether it may be a table of all modules; the arguments of a call aren't
    notes: dict[int, str] = field(default_factory=dict)  # comments, by the place of the key that they follow


def mention(
    number: Scalar, slug: str, name: tuple[int, int] = (0, 0), form: str = "member", weak: bool = False
) -> Mention:
    """Return the mention of a number with the name that it belongs to."""
    span = (number.start, number.end)
    return Mention(*span, [span], form, slug, name, weak=weak)


def repeated(groups: Iterable[Group], edits: Iterable[Edit]) -> Iterator[tuple[int, str]]:
    """Yield the places of numbers that are a mapping's keys and stand in it twice once the edits are made."""
    new = {(edit.start, edit.end): edit.text.decode("latin-1") for edit in edits}
    for group in groups:
        keys = [key for key, _ in group.items if key and key.end] if group.keyed else []
        after = [(key.fixed, new.get((key.start, key.end), key.text)) for key in keys]
        before = Counter((key.fixed, key.text) for key in keys)
        counts = Counter(after)
        for key, (fixed, text) in zip(keys, after, strict=True):
            if counts[fixed, text] > max(1, before[fixed, text]) and NUMBER.fullmatch(key.text):
                yield key.start, text
