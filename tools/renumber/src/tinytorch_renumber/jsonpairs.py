"""Pairs in JSON whose number and name stand in two places: "14": {"name": "profiling"}, and siblings.

The number is a key of three digits at most whose value is an object with a name, or the value of a key that
says it is a number. The name is the value of a key that says it is one, and nothing but a module's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .joined import Mention, find_joined
from .jsontext import Member, objects
from .names import Names

NUMBER_KEYS = frozenset(("number", "num", "no", "nr", "module", "module_number", "moduleNumber"))
NAME_KEYS = frozenset(("name", "slug", "title", "module", "module_name", "moduleName", "folder", "label"))
NUMBER = re.compile(r"\d{1,3}", re.ASCII)
LIKELY = re.compile(
    rb'"\d{1,3}"\s*:\s*\{|"(?:%s)"\s*:\s*"?\d' % "|".join(sorted(NUMBER_KEYS)).encode("ascii")
)


def find_pairs(text: str, names: Names) -> Iterator[Mention]:
    """Yield the numbers in valid JSON that belong to a name elsewhere."""
    for members in objects(text):
        own = name_in(members, names)
        for member in members:
            key, value = member.key, member.value
            if isinstance(value, list) and NUMBER.fullmatch(key):
                named, span = name_in(value, names), member.key_span
            elif isinstance(value, str) and key in NUMBER_KEYS and NUMBER.fullmatch(value):
                named, span = own, member.value_span
            else:
                continue
            if named:
                yield Mention(*span, [span], "member", named[0], named[1])


def name_in(members: list[Member], names: Names) -> tuple[str, tuple[int, int]] | None:
    """Return the module that an object names, and where; None if it names none, or several."""
    found: dict[str, tuple[int, int]] = {}
    for member in members:
        if member.key in NAME_KEYS and isinstance(member.value, str):
            slug = names.meant(member.value) or joined(member.value, names)
            if slug:
                found.setdefault(slug, member.value_span)
    return next(iter(found.items())) if len(found) == 1 else None


def joined(text: str, names: Names) -> str:
    """Return the module of a text that is a name such as 08_x and nothing else."""
    for mention in find_joined(text, names):
        if mention.form == "joined" and (mention.start, mention.end) == (0, len(text)):
            return mention.slug
    return ""
