"""What a mention of a module is, and the names that hold one: 08_x, m08_x, 08-x, test_08_x."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .names import PREFIXES, Names

JOINED = re.compile(r"(?<!\d)(\d{1,4})([_-])([A-Za-z]\w*(?:-\w+)*)", re.ASCII)
BEFORE = re.compile(r"[A-Za-z0-9_-]*\Z")
PERMALINK = re.compile(
    r"https?://\S*/(?:blob|tree|raw|releases/download)/(?:v?\d[\w.]*|[0-9a-f]{7,40})/\S*\Z"
)


@dataclass(slots=True)
class Mention:
    """A place where numbers stand that may be modules'."""

    start: int
    end: int
    numbers: list[tuple[int, int]]
    form: (
        str  # joined titled leading entry member maybe cell bare listed range command; decoy dynamic unknown
    )
    slug: str = ""
    name: tuple[int, int] = (0, 0)
    padded: bool = field(default=False)  # nothing but a module stands like this
    weak: bool = field(default=False)  # nothing at all if the number is another
    key: bool = field(default=False)  # a key that may as well be a name


def find_joined(text: str, names: Names) -> Iterator[Mention]:
    """Yield names like 08_x, m08_x, 08-x and test_08_x, and what only looks like them."""
    for match in JOINED.finditer(text):
        start, end = match.span()
        number, separator, name = match.groups()
        slug = names.module(name)
        if slug is None and "-" in name:  # 08_x-09_y: a range of names
            head = name.partition("-")[0]
            rest = JOINED.match(text, start + len(number) + 1 + len(head) + 1)
            if names.module(head) and rest and names.module(rest[3].partition("-")[0]):
                slug, name = names.module(head), head
                end = start + len(number) + 1 + len(head)
        before = BEFORE.search(text, max(0, start - 60), start)
        prefix = before[0] if before else ""
        at = start - len(prefix)
        if prefix and at and text[at - 1] == "\\" and prefix[0] in "nrtbfv" and prefix not in PREFIXES:
            prefix = prefix[1:]  # an escape such as \n stands before the name
        if prefix[:1] == "_" and text[max(0, at - 3) : at] == ".. ":
            prefix = prefix[1:]  # a label in reStructuredText
        range_end = re.search(r"\d_[a-z]\w*-\Z", prefix)
        if range_end or set(prefix) <= {"-"}:
            prefix = ""
        begin = start - len(prefix)
        spans = [(start, start + len(number))]
        named = (end - len(name), end)
        if slug is None:
            known = any(f"_{part}_" in f"_{name.lower().replace('-', '_')}_" for part in names.slugs)
            if known:
                yield Mention(begin, end, spans, "decoy", named_slug(name, names), named)
            elif len(number) == names.plan.width and prefix.lower() in PREFIXES and separator == "_":
                yield Mention(begin, end, spans, "unknown", "", named)
            continue
        follows = text[end : end + 1]
        good = (
            prefix.lower() in PREFIXES
            and len(number) == names.plan.width
            and not (prefix == "m" and separator == "-")
            and follows != "{"
            and not (at > 1 and text[at - 1] == "." and text[at - 2].isdigit())
        )
        if good and "://" in text[max(0, begin - 200) : begin]:
            good = not PERMALINK.search(text[max(0, begin - 200) : end])
        yield Mention(begin, end, spans, "joined" if good else "decoy", slug, named)


def named_slug(name: str, names: Names) -> str:
    """Return the longest module name that a longer name holds."""
    text = f"_{name.lower().replace('-', '_')}_"
    return max((slug for slug in names.slugs if f"_{slug}_" in text), key=len)
