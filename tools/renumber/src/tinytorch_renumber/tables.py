"""Tables in Markdown and HTML: in which column the modules' numbers stand, whichever it is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from .joined import Mention, find_joined
from .names import Names

ROWS = re.compile(r"(?:^[ \t>]*\|[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)
BAR = re.compile(r"(?<!\\)\|")
TABLE = re.compile(r"<tr\b(?:.(?!<table\b))*?(?:</table>|\Z)", re.DOTALL | re.IGNORECASE)
ROW = re.compile(r"<tr\b[^>]*>(.*?)(?=</tr>|<tr\b|</table>)", re.DOTALL | re.IGNORECASE)
CELL = re.compile(r"<t[dh]\b[^>]*>(.*?)(?=</t[dh]>|<t[dh]\b|\Z)", re.DOTALL | re.IGNORECASE)
VALUE = re.compile(r"[^,;\t\"]+")
TAG = re.compile(r"<[^<>]*>")
NUMBER = re.compile(r"[\s*_`\[]*(?:[Mm]odule )?(\d{1,3})[\s*_`]*(?:\]\([^()]*\))?[\s*_`]*")
BESIDE = -1  # the column of numbers right before a name
Cell = tuple[int, str]  # where it starts, and what it says


def markdown(text: str) -> Iterator[list[list[Cell]]]:
    """Yield the tables of a Markdown text as rows of cells."""
    for match in ROWS.finditer(text):
        rows = []
        at = match.start()
        for line in match[0].split("\n"):
            cells = []
            place = at
            for part in BAR.split(line):
                cells.append((place, part))
                place += len(part) + 1
            rows.append(cells[1:])
            at += len(line) + 1
        yield rows


def html(text: str) -> Iterator[list[list[Cell]]]:
    """Yield the tables of an HTML text as rows of cells, with spaces instead of tags."""
    for table in TABLE.finditer(text):
        yield [
            [
                (cell.start(1), TAG.sub(lambda tag: " " * len(tag[0]), cell[1]))
                for cell in CELL.finditer(text, row.start(1), row.end(1))
            ]
            for row in ROW.finditer(text, *table.span())
        ]


def csv(text: str) -> Iterator[list[list[Cell]]]:
    """Yield the one table of a file with comma- or tab-separated values; quotes aren't resolved."""
    rows = []
    for line in re.finditer(r"[^\r\n]+", text):
        rows.append([(line.start() + cell.start(), cell[0]) for cell in VALUE.finditer(line[0])])
    yield rows


TABLES = {"markdown": markdown, "rst": markdown, "html": html, "csv": csv}


def find_rows(text: str, names: Names, form: str) -> Iterator[Mention]:
    """Yield the numbers of modules in tables.

    Right before the name a number is the module's. Where none is, those in the column are in which most of
    several are right.
    """
    for rows in TABLES[form](text):
        columns: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
        for row in rows:
            slugs = [meant(cell, names) for _, cell in row]
            own = {slug for slug in slugs if slug}
            if len(own) != 1:
                continue
            for i, (start, cell) in enumerate(row):
                number = NUMBER.fullmatch(cell.rstrip("\r\n"))
                if number:
                    beside = form != "csv" and i + 1 < len(row) and slugs[i + 1]
                    columns[BESIDE if beside else i].append(
                        (min(own), start + number.start(1), start + number.end(1))
                    )
        source = names.plan.source
        right = {
            column: sum(source.get(slug) == int(text[start:end]) for slug, start, end in found)
            for column, found in columns.items()
        }
        best = BESIDE if BESIDE in columns else max(right, key=right.__getitem__, default=0)
        for column, found in columns.items():
            sure = column == best and (best == BESIDE or (right[best] >= 2 and 2 * right[best] > len(found)))
            for slug, start, end in found:
                yield Mention(start, end, [(start, end)], "cell" if sure else "maybe", slug)


def meant(cell: str, names: Names) -> str:
    """Return the module that a cell names and nothing else."""
    match = names.cell.fullmatch(cell)
    if match:
        return names.slug_of(match["name"])
    return next((found.slug for found in find_joined(cell, names) if found.form == "joined"), "")
