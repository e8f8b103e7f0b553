"""A unified diff, made from the edits: they say which lines change, so nothing has to be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from .model import Edit, splice
from .tree import new_bytes

if TYPE_CHECKING:
    from .tree import TreeScan

CONTEXT = 1  # lines around a change


class Change(NamedTuple):
    """Lines that change: the rows before, from 0, and the lines before and after."""

    first: int
    last: int
    before: list[bytes]
    after: list[bytes]


def diff(scan: TreeScan) -> Iterator[str]:
    """Yield the lines of a unified diff of all contents, without their ends."""
    for item in scan.changed:
        data = (scan.root / item.path).read_bytes()
        new_bytes(item, data)  # refuses what isn't the file that was scanned
        names = item.path, scan.new_path(item.path)
        if b"\0" in data[:8192]:
            yield f"Binary files a/{names[0]} and b/{names[1]} differ"
            continue
        yield f"--- a/{names[0]}"
        yield f"+++ b/{names[1]}"
        for line in hunks(data, [*item.edits, *item.versions]):
            text = line.rstrip(b"\r\n").decode("utf-8", errors="backslashreplace")
            yield text if line.endswith(b"\n") else f"{text}\n\\ No newline at end of file"


def new_file(path: str, content: bytes) -> Iterator[str]:
    """Yield the lines of the diff of a file that is created."""
    lines = lines_of(content)
    yield "--- /dev/null"
    yield f"+++ b/{path}"
    yield f"@@ -0,0 +1,{len(lines)} @@"
    yield from (f"+{line.decode('utf-8', errors='backslashreplace').rstrip()}" for line in lines)


def changes(data: bytes, edits: list[Edit]) -> Iterator[Change]:
    """Yield the stretches of whole lines that change."""
    groups: list[list[Edit]] = []
    end = -1
    for edit in sorted(edits):
        if edit.start >= end:
            groups.append([])
        groups[-1].append(edit)
        stop = data.find(b"\n", edit.end)
        end = len(data) if stop < 0 else stop + 1
    row = at = 0
    for group in groups:
        start = data.rfind(b"\n", 0, group[0].start) + 1
        stop = data.find(b"\n", group[-1].end)
        end = len(data) if stop < 0 else stop + 1
        row += data.count(b"\n", at, start)
        at = start
        old = data[start:end]
        new = splice(old, [Edit(e.start - start, e.end - start, e.text) for e in group])
        before, after = lines_of(old), lines_of(new)
        if before and after and before[-1] == after[-1]:
            del before[-1], after[-1]  # text that is put before a line doesn't change it
        yield Change(row, row + len(before), before, after)


def lines_of(data: bytes) -> list[bytes]:
    """Return lines with their ends; only a line feed ends one."""
    parts = data.split(b"\n")
    return [part + b"\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]


def hunks(data: bytes, edits: list[Edit]) -> Iterator[bytes]:
    """Yield the hunks of one file, line by line."""
    lines = lines_of(data)
    groups: list[list[Change]] = []
    for change in changes(data, edits):
        if not groups or change.first - groups[-1][-1].last > 2 * CONTEXT:
            groups.append([])
        groups[-1].append(change)
    shift = 0
    for group in groups:
        first = max(0, group[0].first - CONTEXT)
        last = min(len(lines), group[-1].last + CONTEXT)
        grown = sum(len(change.after) - len(change.before) for change in group)
        yield b"@@ -%s +%s @@\n" % (
            place(first, last - first),
            place(first + shift, last - first + grown),
        )
        shift += grown
        at = first
        for change in group:
            yield from (b" " + line for line in lines[at : change.first])
            yield from (b"-" + line for line in change.before)
            yield from (b"+" + line for line in change.after)
            at = change.last
        yield from (b" " + line for line in lines[at:last])


def place(first: int, count: int) -> bytes:
    """Return where a hunk stands, as diff counts it."""
    return b"%d,%d" % (first + 1 if count else first, count)
