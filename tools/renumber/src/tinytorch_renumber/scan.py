"""Scanning one file: from bytes to references and edits, by the rules of its format."""

from __future__ import annotations

import hashlib
import re
import tokenize
from bisect import bisect_right
from pathlib import Path

from . import regions as rg
from .classify import Judge, Verdict
from .data import apart, in_code, mappings_at, may_hold, read
from .groups import Group, repeated
from .joined import Mention
from .jsontext import in_lines, is_json
from .mentions import find_mentions
from .model import Edit, FileScan, Reference, Status
from .names import Names, overlaps, view
from .order import SHIM
from .places import DATA, anchor, detail, fits, places
from .python import Spot, spots, syntax
from .walk import LARGEST, Entry
from .width import keep_width


def digest(data: bytes) -> str:
    """Return the hash by which a file is known in the journal."""
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def scan_file(root: Path, entry: Entry, names: Names, judge: Judge) -> tuple[FileScan, bytes | None]:
    """Scan a file; return its bytes too when something in it changes."""
    form = entry.form
    result = FileScan(entry.path, entry.size, form=form)
    if form in ("binary", "large"):
        return result, None
    if form == "safetensors":
        return scan_tensors(root, entry, result, names, judge)
    data = (root / entry.path).read_bytes()
    result.digest = digest(data)
    if not names.interesting(data) and not may_hold(data, form, names):
        return result, None
    if b"\0" in data[:8192]:
        result.form = "binary"
        return result, None
    scan_text(data, result, names, judge)
    return result, data if result.edits else None


def scan_text(data: bytes, result: FileScan, names: Names, judge: Judge, kinds: bool = True) -> None:
    """Find the references in a text of any format."""
    text = view(data)
    if SHIM in text[:200]:
        result.form = "generated"
    form = result.form
    if form in ("history", "generated"):
        tell_past(text, result, names, judge)
        return
    search = text
    if form == "notebook":
        result.broken = not is_json(data)
    if form in ("notebook", "json"):
        search = in_lines(text)
    mentions = find_mentions(search, names, pairs_only=result.broken)
    mentions += apart(data, text, form, names, mentions, result.broken)
    if not mentions and not (form == "python" and may_hold(data, form, names)):
        return
    place = places(form, result.path, text, result.broken)
    found: list[Spot] = []
    keys: dict[int, Reference] = {}
    source = tree = None
    if form == "python":
        try:
            source, tree = syntax(data)
            mentions += in_code(source, tree, names, mentions)
            mentions.sort(key=anchor)
            found = spots(source, tree, [anchor(mention) for mention in mentions], kinds)
        except (tokenize.TokenError, SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
            result.broken = True
        if result.broken:
            mentions, found = find_mentions(text, names, pairs_only=True), []
            place = rg.whole(text, "text", "text")
    mentions.sort(key=anchor)
    judge.look(text, mentions)
    lines = [match.start() for match in re.finditer(r"\n", text)]
    zones: list[tuple[int, int]] = []
    for i, mention in enumerate(mentions):
        kind, zone = "", "text"
        if found:
            kind, zone = found[i].kind, found[i].zone
            if not fits(mention, found[i]):
                continue
            if zone == "text":
                zones.append((found[i].start, found[i].end))
        else:
            region = place.at(anchor(mention))
            if region is None:
                continue
            kind, zone = detail(region.kind, text, mention), region.zone
        verdict = judge.judge(mention, search, zone)
        if verdict:
            record(result, mention, verdict, kind, text, lines)
            if mention.form in DATA:
                keys[mention.numbers[0][0]] = result.references[-1]
    if any(edit.start in keys for edit in result.edits):
        groups = mappings_at(source, tree, keys) if source and tree else read(data, text, form)[0]
        tell_repeated(groups, result.edits, keys)

    def may_be_aligned(offset: int) -> bool:
        if form == "python":
            return any(start <= offset < end for start, end in zones)
        return form not in ("json", "toml", "notebook")

    result.edits = keep_width(text, result.edits, may_be_aligned)


def scan_bytes(data: bytes, form: str, path: str, names: Names, judge: Judge, kinds: bool = True) -> FileScan:
    """Scan the contents of a file that lies somewhere else, or nowhere.

    Without `kinds` an import is a name like any other, which saves a third of the time.
    """
    result = FileScan(path, len(data), form=form)
    if form not in ("binary", "large", "safetensors") and b"\0" not in data[:8192]:
        scan_text(data, result, names, judge, kinds)
    return result


def rewritable_text(data: bytes, form: str, path: str) -> str:
    """Return the parts of a file that may be rewritten."""
    text = view(data)
    if form != "notebook" or not is_json(data):
        return text
    return "\n".join(text[region.start : region.end] for region in places(form, path, text, False).regions)


def tell_repeated(groups: list[Group], edits: list[Edit], references: dict[int, Reference]) -> None:
    """Leave to a person what would make two entries of a mapping one."""
    for at, key in repeated(groups, edits):
        if at in references:
            references[at].left = True
            references[at].reason = f"{key} is then twice a key of the same mapping"


def record(
    result: FileScan, mention: Mention, verdict: Verdict, kind: str, text: str, lines: list[int]
) -> None:
    """Add a reference, and its edits unless they meet others."""
    edits = verdict.edits
    spans = [(edit.start, edit.end) for edit in result.edits]
    clash = any(overlaps(edit.start, edit.end, spans) for edit in edits)
    start = min([mention.start, *(edit.start for edit in edits)])
    end = max([mention.end, *(edit.end for edit in edits)])
    before = text[start:end]
    after = before
    if not clash:
        result.edits += edits
        for edit in sorted(edits, reverse=True):
            after = after[: edit.start - start] + edit.text.decode("latin-1") + after[edit.end - start :]
    status = verdict.status
    if result.broken and status == Status.SURE:
        status = Status.UNPARSABLE
    if status == Status.STALE:
        result.disagreeing += 1
    row = bisect_right(lines, start - 1)
    column = start - (lines[row - 1] + 1 if row else 0) + 1
    reference = Reference(
        result.path, row + 1, column, kind, status, shown(before), shown(after), mention.slug, verdict.reason
    )
    reference.left = verdict.left or clash
    result.references.append(reference)


def shown(text: str) -> str:
    """Return a part of the view as text for a report."""
    return text.encode("latin-1").decode("utf-8", errors="replace")


def tell_past(text: str, result: FileScan, names: Names, judge: Judge) -> None:
    """List the pairs of a file that is never rewritten."""
    status = Status.HISTORY if result.form == "history" else Status.GENERATED
    lines = [match.start() for match in re.finditer(r"\n", text)]
    for mention in find_mentions(text, names, pairs_only=True):
        if mention.form in ("joined", "titled"):
            reason = f"{status.value} is never rewritten"
            record(result, mention, Verdict(status, [], reason), result.form, text, lines)


def scan_tensors(
    root: Path, entry: Entry, result: FileScan, names: Names, judge: Judge
) -> tuple[FileScan, bytes | None]:
    """Scan the metadata of a safetensors file; its header keeps a size that is a multiple of eight."""
    path = root / entry.path
    with path.open("rb") as file:
        head = file.read(rg.HEADER)
        size = int.from_bytes(head, "little")
        if size > LARGEST or size > entry.size:
            return result, None
        head += file.read(size)
    if not names.interesting(head):
        return result, None
    try:
        _, place = rg.safetensors(head)
    except ValueError:
        return result, None
    text = view(head)
    mentions = [m for m in find_mentions(text, names, pairs_only=True) if m.form == "joined"]
    judge.look(text, mentions)
    for mention in mentions:
        region = place.at(mention.start)
        verdict = judge.judge(mention, text, "text") if region else None
        if verdict:
            record(result, mention, verdict, "metadata", text, [])
    growth = sum(len(edit.text) - (edit.end - edit.start) for edit in result.edits)
    if growth:
        spaces = len(text) - len(text.rstrip(" "))
        new_size = size + growth
        if growth <= spaces:
            new_size = size
        else:
            new_size += -new_size % 8
        fill = new_size - (size + growth - spaces)
        result.edits.append(Edit(len(head) - spaces, len(head), b" " * fill))
        result.edits.append(Edit(0, rg.HEADER, new_size.to_bytes(rg.HEADER, "little")))
    if entry.size > LARGEST and result.edits:
        result.edits.clear()
        for reference in result.references:
            reference.after, reference.left = reference.before, True
            reference.reason = "the file is too large to be rewritten"
        return result, None
    data = path.read_bytes() if result.edits else None
    result.digest = digest(data) if data else ""
    return result, data
