"""Pairs in data: a number and a name that are key and value, or siblings, in JSON, YAML, TOML or Python.

Each format's own reader says what is a key and what a value, and where it stands; here they look alike.
What proves that a number is a module's is its place: a key whose value is or holds one module's name, the
value of a key that says "number" beside one that says "name", or one of many in a table of all modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .groups import NUMBER, Group, Scalar, mention
from .joined import Mention, find_joined
from .lists import listed, may_list, numbered
from .names import Names, by_number

NUMBER_KEYS = frozenset(
    (
        "number",
        "num",
        "no",
        "nr",
        "module",
        "module_number",
        "moduleNumber",
        "module_num",
        "module_id",
        "moduleId",
    )
)
NAME_KEYS = frozenset(
    ("name", "slug", "title", "module", "module_name", "moduleName", "folder", "label", "path", "file", "dir")
)
DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)
FOREIGN = re.compile(r"[^\w./\\-]")  # what can't stand before a name in a path
ASSIGNED = re.compile(rb"[\"'\w][ \t]*[:=]\s*[\"']?\d{1,3}(?![\w.])")
WORD = re.compile(rb"(\w+)[\"']?\Z")
KEYED = re.compile(rb"(?:^|[{,\s\[.])[\"']?\d{1,3}[\"']?(?:\s*[:=]\s*[{\[(]|:\s*$|\s*\])", re.MULTILINE)
ROW = re.compile(rb"\[\s*[\"']?\d{1,3}[\"']?\s*,|-[ ]+-[ ]+[\"']?\d")


def likely(data: bytes, names: Names) -> bool:
    """Whether data may hold such a pair; it costs little to ask."""
    if KEYED.search(data) or may_list(data) or (ROW.search(data) and names.spoken.search(data)):
        return True
    keys = {key.encode("ascii") for key in NUMBER_KEYS}
    slugs = {slug.encode("ascii") for slug in names.slugs}
    for match in ASSIGNED.finditer(data):
        word = WORD.search(data, max(0, match.start() - 60), match.start() + 1)
        if word and (word[1] in keys or word[1].lower() in slugs or b"_" in word[1]):
            return True
    return False


def find_pairs(groups: Iterable[Group], names: Names) -> Iterator[Mention]:
    """Yield the numbers that belong to a name elsewhere in the same data."""
    for group in groups:
        if group.keyed:
            yield from in_mapping(group, names)
        else:
            rows = [found for _, row in group.items if (found := in_row(row, names))]
            yield from (mention(number, slug, weak=True) for slug, number, firm in rows if firm)
            loose = [(slug, number) for slug, number, firm in rows if not firm]
            yield from enough(loose, names, 2)


def in_mapping(group: Group, names: Names) -> Iterator[Mention]:
    """Yield the pairs of one mapping, and the numbers without a name that its keys say are modules'."""
    own = name_in(group, names)
    entries: list[tuple[str, Scalar]] = []
    nameless: list[Scalar] = []
    right = wrong = 0
    for key, value in group.items:
        if key is None:
            continue
        if NUMBER.fullmatch(key.text):
            slug = noted(group, key, names) or (named(value, names) if value else "")
            if slug:
                agrees = names.plan.source.get(slug) == int(key.text)
                right += agrees
                wrong += not agrees
                yield of_key(key, slug)
            else:
                nameless.append(key)
        elif isinstance(value, Scalar) and NUMBER.fullmatch(value.text):
            if key.text in NUMBER_KEYS and own:
                yield mention(value, *own)
            elif slug := text_names(key.text, names):
                entries.append((slug, value))
    whole = group.table and len(entries) == len(group.items)
    yield from enough(entries, names, 2 if whole else 3)
    if right >= 2 and not wrong and right >= len(nameless):  # a table of modules, also where it says no name
        slugs = by_number(names.plan.source)
        yield from (of_key(key, slugs[int(key.text)]) for key in nameless if int(key.text) in slugs)
    elif right:
        yield from listed(nameless, names)
    yield from listed(numbered(group), names)


def of_key(key: Scalar, slug: str) -> Mention:
    """Return the mention of a number that is a key."""
    found = mention(key, slug, weak=not key.quoted and not key.text.startswith("0"))
    found.key = not key.fixed
    return found


def noted(group: Group, key: Scalar, names: Names) -> str:
    """Return the module that the comment behind an entry begins with: `10: [],  # Tokenization: alone`."""
    comment = group.notes.get(key.start, "")
    match = names.noted.match(comment) if comment else None
    return names.slug_of(match["name"]) if match else ""


def in_row(row: Scalar | Group | None, names: Names) -> tuple[str, Scalar, bool] | None:
    """Return the module and the number of a row such as (8, "dataloader", ...), and whether 08_x says so."""
    if not isinstance(row, Group) or row.keyed or len(row.items) < 2:
        return None
    number = row.items[0][1]
    if not isinstance(number, Scalar) or not NUMBER.fullmatch(number.text):
        return None
    slug = named(Group(False, row.items[1:]), names)
    firm = any(isinstance(item, Scalar) and re.match(r"m?\d", item.text) for _, item in row.items[1:])
    return (slug, number, firm) if slug else None


def enough(entries: list[tuple[str, Scalar]], names: Names, least: int) -> Iterator[Mention]:
    """Yield entries whose numbers are modules', which they are if several are right, and most."""
    source = names.plan.source
    right = len({slug for slug, number in entries if source.get(slug) == int(number.text)})
    form = "member" if right >= least and 2 * right > len(entries) else "maybe"
    yield from (mention(number, slug, form=form) for slug, number in entries)


def named(value: Scalar | Group, names: Names) -> str:
    """Return the module that a value means: its text, its only element that names one, its name."""
    if isinstance(value, Scalar):
        return text_names(value.text, names)
    if value.keyed:
        found = name_in(value, names)
        return found[0] if found else ""
    slugs = {slug for _, item in value.items if item and (slug := named(item, names))}
    return slugs.pop() if len(slugs) == 1 else ""


def name_in(group: Group, names: Names) -> tuple[str, tuple[int, int]] | None:
    """Return the module that a mapping names, and where; None if it names none, or several."""
    found: dict[str, tuple[int, int]] = {}
    for key, value in group.items:
        if key and key.text in NAME_KEYS and isinstance(value, Scalar):
            slug = text_names(value.text, names)
            if slug:
                found.setdefault(slug, (value.start, value.end))
    return next(iter(found.items())) if len(found) == 1 else None


def text_names(text: str, names: Names) -> str:
    """Return the module of a text that is its name or title, or a path to it."""
    slug = names.meant(text)
    if slug or not any(letter.isdigit() for letter in text):
        return slug or dotted(text, names)
    titled = names.titled.match(text)
    if titled and titled["name"]:
        return names.slug_of(titled["name"])
    for found in find_joined(text, names):
        if found.form == "joined" and not FOREIGN.search(text[: found.start]):
            return found.slug
    return ""


def dotted(text: str, names: Names) -> str:
    """Return the module that one part of an import path is named after: `course.perf.profiling`."""
    slugs = {slug for part in text.split(".") if (slug := names.module(part))} if "." in text else set()
    return slugs.pop() if len(slugs) == 1 and DOTTED.fullmatch(text) else ""
