"""Finding what may be a module's number in a text; whether it is one, classify.py says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from .joined import Mention, find_joined
from .names import BETWEEN, DASH, DOTS, OTHER_COUNTERS, Names

SPAN = re.compile(
    rf"(?<![\w.,:/-])(\d{{1,3}})(?:[ \t]*{DASH}[ \t]*|[ \t]+to[ \t]+)(\d{{1,3}})(?![\w/]|[-.:,]\d)", re.ASCII
)
MORE = re.compile(
    rf"(?:[ \t]*(?:{DASH}|{DOTS}|,|/|&)[ \t]*(?:and[ \t]+)?|[ \t]+(?:to|and|through|or)[ \t]+)"
    r"#?(\d{1,3})(?!\w|[.:]\d|-[A-Za-z])",
    re.ASCII,
)
COMMAND = re.compile(
    r"(?<![\w-])(?:tinytorch|tito)[ ](?:[a-z-]+[ ]){1,3}"
    r"(\d{2,3}(?:[ ]\d{2,3})*(?!\w|[.:/-]\w)|\d(?=[`\"']|[ ]?\Z))",
    re.ASCII,
)
COUNTER = re.compile(rf"(?i:(?<![A-Za-z])(?:{OTHER_COUNTERS}))s?[ \t_#-]{{0,2}}\Z", re.ASCII)
NUMBER = re.compile(r"(?<=[A-Za-z \t_#-])\d{1,3}(?!\d)")
COMPUTED = re.compile(r"(?:\}|%0?2d)[_-](?=[A-Za-z{%])")
DYNAMIC = re.compile(r"(?:\{[^{}\n]{0,60}:0?\d?d?\}|%0?2d|\b(?:m|module_|test_)\{[^{}\n]{1,60}\})[_-]\Z")
AFTER = re.compile(rf"{BETWEEN}(?:[\w.-]+/)*", re.ASCII)
BORDER = re.compile(r"[^A-Za-z0-9_]\Z|(?<![A-Za-z0-9_])(?:test_|__?)\Z")
TABLE_BAR = re.compile(r"\||\xe2\x94\x82")
CELL = re.compile(r"\d[\s*_`\]]{0,12}(?:\||\xe2\x94\x82)")
COLUMN_END = re.compile(r"[ \t]{2,}|[ \t]*\r?\Z")  # of a table that is drawn with spaces
UNIT = re.compile(r"[ ]?(?:%|[KMG]i?B|[mnk]?s|px|GPUs?|am|pm|hours?|minutes?|days?|degrees)(?![\w-])")
CELL_END = re.compile(r"[\s*_`\]]*(?:\||\(|\Z)")
NUMBER_CELL = re.compile(r"[\s*_`\[]*(?:[Mm]odule )?(\d{1,3})[\s*_`]*(?:\]\([^()]*\)|\])?[\s*_`]*")


def find_worded(text: str, names: Names) -> Iterator[Mention]:
    """Yield "Module 08", "Module 08: Spatial", "module_08", "TestModule08X", "Modules 08, 09 and 11-13"."""
    for match in names.titled.finditer(text):
        start, end = match.span()
        camel = match["key"] == "Module" and not match["gap"]  # TestModule08Spatial
        inside = camel and text[max(0, start - 1) : start].islower()
        if start and not inside and not BORDER.search(text, max(0, start - 6), start):
            continue  # a part of some longer word
        number = match.span("number")
        after = text[number[1] : number[1] + 1]
        glued = match["gap"] in ("_", "-", "")
        longer = after in ("_", "-") or (after.isalnum() and not (camel and after.isupper()))
        if (glued and after and longer) or (glued and len(match["number"]) < 2):
            continue  # module_08_x is a name, module-8 a part of some other word
        if match["name"] and not glued:
            yield Mention(start, end, [number], "titled", names.slug_of(match["name"]), match.span("name"))
            continue
        reverse = names.reverse.search(text, max(0, start - 80), start)
        if reverse and text[number[1] : number[1] + 1] == ")":
            slug = names.slug_of(reverse["name"])
            yield Mention(reverse.start(), number[1], [number], "titled", slug)
            continue
        numbers = [number]
        named = None if glued else AFTER.match(text, number[1])
        joined = next(find_joined(text[named.end() : named.end() + 60], names), None) if named else None
        if named and joined and joined.form == "joined" and joined.start == 0:  # Module 08: m08_spatial
            at = named.end()
            yield Mention(start, at, [number], "titled", joined.slug, (at, at))
            continue
        plural = match["key"][-1] in "sS"
        while not glued and (more := MORE.match(text, numbers[-1][1])):
            if not plural and not re.fullmatch(rf"[ \t]*{DASH}[ \t]*\d+", more[0]):
                break  # "Module 08 and 14 more" names one module
            numbers.append(more.span(1))
        form = "range" if len(numbers) > 1 else "bare"
        yield Mention(start, numbers[-1][1], numbers, form)


def find_entries(text: str, names: Names) -> Iterator[Mention]:
    """Yield the keys of entries such as "14": "14_profiling" and 14: "profiling"."""
    for match in names.entry.finditer(text):
        if match["name"]:
            if not match["value"].endswith(match["end"][-1:]):
                continue
            slug = names.slug_of(match["name"])
        else:
            value = next(find_joined(text[match.end() : match.end() + 120].split("\n")[0], names), None)
            gap = text[match.end() : match.end() + value.start] if value else " "
            if value is None or value.form != "joined" or re.search(r"[^\w./\\-]", gap):
                continue
            slug = value.slug
        entry = Mention(match.start(), match.end("number"), [match.span("number")], "entry", slug)
        entry.key = bool(match["quote"])
        yield entry


def find_leading(text: str, names: Names) -> Iterator[Mention]:
    """Yield a number right before a name: "08. Spatial", "08: Spatial"."""
    for match in names.leading.finditer(text):
        if match["between"] and not match["between"].strip("_-"):
            continue  # a joined name
        if "|" in match["between"] and not CELL_END.match(text, match.end()):
            continue  # in the next cell of a table stands more than the name
        mention = Mention(match.start(), match.end(), [match.span("number")], "leading")
        mention.slug, mention.name = names.slug_of(match["name"]), match.span("name")
        column = (
            len(match["between"]) > 1 and match["between"].isspace() and COLUMN_END.match(text, match.end())
        )
        mention.padded = bool(match["between"].strip(" \t*_`[") or column)
        yield mention


def find_cells(text: str, names: Names) -> Iterator[Mention]:
    """Yield the number cell of a table row in which another cell is a module's name."""
    done = -1
    for hint in CELL.finditer(text):
        start = text.rfind("\n", 0, hint.start()) + 1
        if start == done:
            continue
        done = start
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        if len(line) > 2000 or len(TABLE_BAR.findall(line)) < 2:
            continue
        cells: list[tuple[int, str]] = []
        at = 0
        for part in TABLE_BAR.split(line):
            bar = 3 if line[at + len(part) : at + len(part) + 1] == "\xe2" else 1
            cells.append((start + at, part))
            at += len(part) + bar
        for (offset, cell), (_, neighbour) in pairwise(cells):
            number = NUMBER_CELL.fullmatch(cell.rstrip("\r\n"))
            if number is None:
                continue
            match = names.cell.fullmatch(neighbour)
            slug = names.slug_of(match["name"]) if match else None
            if slug is None:
                joined = next((m for m in find_joined(neighbour, names) if m.form == "joined"), None)
                slug = joined.slug if joined else None
            if slug:
                span = (offset + number.start(1), offset + number.end(1))
                yield Mention(*span, [span], "cell", slug)
            break


def find_counters(text: str) -> Iterator[Mention]:
    """Yield numbers of other things: Milestone 08."""
    for match in NUMBER.finditer(text):
        start, end = match.span()
        counter = COUNTER.search(text, max(0, start - 14), start)
        if counter:
            yield Mention(counter.start(), end, [(start, end)], "decoy")


def find_others(text: str) -> Iterator[Mention]:
    """Yield ranges without a word, commands, and names that are computed."""
    for match in SPAN.finditer(text):
        if UNIT.match(text, match.end()):
            continue
        if match[1].startswith("0") and len(match[1]) == len(match[2]) == 2:
            yield Mention(*match.span(), [match.span(1), match.span(2)], "range")
    for match in COMMAND.finditer(text) if "tinytorch " in text or "tito " in text else ():
        numbers = [number.span() for number in re.finditer(r"\d+", match[0])]
        at = match.start()
        yield Mention(*match.span(1), [(at + start, at + end) for start, end in numbers], "command")
    for match in COMPUTED.finditer(text):
        computed = DYNAMIC.search(text, max(0, match.start() - 70), match.end())
        if computed:
            yield Mention(computed.start(), match.end(), [], "dynamic")


def find_mentions(text: str, names: Names, pairs_only: bool = False) -> list[Mention]:
    """Return all mentions in order; where two share a number, the one that knows more counts.

    `pairs_only` leaves those that are a pair wherever they stand: 08_x and "Module 08: X".
    """
    return [
        shifted(mention, start)
        for start, end in names.hot_lines(text)
        for mention in find_in_line(text[start:end], names, pairs_only)
    ]


def find_in_line(line: str, names: Names, pairs_only: bool) -> list[Mention]:
    """Return the mentions of one line."""
    if pairs_only:
        worded = (mention for mention in find_worded(line, names) if mention.form == "titled")
        return sorted([*find_joined(line, names), *worded], key=lambda mention: mention.start)
    found: list[Mention] = []
    taken: set[int] = set()
    for group in (
        find_joined(line, names),
        find_worded(line, names),
        find_counters(line),
        find_entries(line, names),
        find_cells(line, names),
        find_leading(line, names),
        find_others(line),
    ):
        for mention in group:
            keys = {start for start, _ in mention.numbers}
            if not keys & taken:
                taken |= keys
                found.append(mention)
    return sorted(found, key=lambda mention: mention.start)


def shifted(mention: Mention, by: int) -> Mention:
    """Return a mention in a line as one in the whole text."""
    mention.start += by
    mention.end += by
    mention.numbers = [(start + by, end + by) for start, end in mention.numbers]
    mention.name = (mention.name[0] + by, mention.name[1] + by) if mention.name[1] else mention.name
    return mention
