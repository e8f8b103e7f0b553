"""Scanning a whole tree under one plan: its files, the names of its files and folders, its links."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .anchors import Anchors, follow_headings, moved_anchors
from .classify import Judge
from .marks import mark_edits
from .mentions import find_mentions
from .model import Edit, FileScan, Reference, Rename, splice
from .names import Names, view
from .order import NUMBERED, Orders, by_module, is_shim, orders_of
from .plan import Plan
from .scan import digest, scan_file, shown
from .walk import Entry, walk

Progress = Callable[[int, int], None]
NAME_FORMS = {"joined", "bare", "decoy", "unknown"}


@dataclass
class TreeScan:
    """All that a plan would do to a tree."""

    root: Path
    plan: Plan
    orders: Orders
    entries: list[Entry]
    files: list[FileScan] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)  # path, old target, new target
    names: list[Reference] = field(default_factory=list)  # in the names of files and folders
    prose: bool = False

    def references(self) -> Iterator[Reference]:
        """Yield every mention."""
        yield from self.names
        for scan in self.files:
            yield from scan.references

    @property
    def changed(self) -> list[FileScan]:
        """The files whose contents change."""
        return [scan for scan in self.files if scan.edits or scan.versions]

    @property
    def left(self) -> list[Reference]:
        """What a person has to look at."""
        return [reference for reference in self.references() if reference.left]

    @property
    def empty(self) -> bool:
        """Whether nothing would be touched."""
        return not (self.changed or self.renames or self.links)

    @cached_property
    def _moved(self) -> dict[str, str | None]:
        return {rename.before: rename.after for rename in self.renames}

    def new_path(self, path: str) -> str | None:
        """Return where a path is afterwards; None if it is deleted."""
        moved = self._moved
        parts, old = [], ""
        for part in path.split("/"):
            old = f"{old}/{part}" if old else part
            new = moved.get(old, part)
            if new is None:
                return None
            parts.append(new)
        return "/".join(parts)


def scan_tree(
    root: Path,
    plan: Plan,
    prose: bool = False,
    entries: list[Entry] | None = None,
    progress: Progress | None = None,
) -> TreeScan:
    """Scan a tree; nothing is changed, and no file's bytes are kept."""
    entries = list(walk(root, plan)) if entries is None else entries
    orders = orders_of(root, entries)
    scan = TreeScan(root, plan, orders, entries, prose=prose)
    names = Names(plan)
    judge = Judge(names, prose, by_module(orders))
    scan_names(scan, names, judge)
    deleted = tuple(f"{rename.before}/" for rename in scan.renames if rename.after is None)
    files = [
        entry for entry in entries if entry.kind == "file" and not entry.path.startswith(deleted or "\0")
    ]
    anchors: dict[str, Anchors] = {}
    stay = plan.staying()
    for i, entry in enumerate(files):
        result, data = scan_file(root, entry, names, judge)
        result.right = result.agreeing(stay)  # before links follow their headings
        marks = mark_edits(root, entry, plan)
        if marks:
            data = data or (root / entry.path).read_bytes()
            result.edits += [edit for edit in marks if data[edit.start : edit.end] != edit.text]
        if data is not None and result.form == "markdown":
            moved = moved_anchors(data, result.edits)
            if any(old != new for old, new in moved.items()) or result.edits:
                anchors[entry.path] = moved
        scan.files.append(result)
        if progress:
            progress(i + 1, len(files))
    changing = {path for path, moved in anchors.items() if any(old != new for old, new in moved.items())}
    for result in scan.files:
        if result.form in ("markdown", "html") and (
            changing or any(r.kind == "link" for r in result.references)
        ):
            data = (root / result.path).read_bytes()
            if b"#" in data:
                follow_headings(result, data, headings(scan, anchors, data, result))
    return scan


def headings(
    scan: TreeScan, anchors: dict[str, Anchors], data: bytes, result: FileScan
) -> dict[str, Anchors]:
    """Return the anchors of all files, with those of this one even if it doesn't change."""
    if result.path in anchors or result.form != "markdown":
        return anchors
    return {**anchors, result.path: moved_anchors(data, [])}


def scan_names(scan: TreeScan, names: Names, judge: Judge) -> None:
    """Find the modules in the names of files, folders and links, and in what links point at."""
    for entry in scan.entries:
        if entry.form in ("history", "generated") and entry.kind == "file":
            continue
        if entry.kind == "folder" and NUMBERED.match(entry.name) and is_shim(scan.root / entry.path):
            continue
        after, references = rewrite_name(entry.name, entry.path, names, judge)
        scan.names += references
        whole = NUMBERED.fullmatch(entry.name)
        slug = re.sub(r"[-_]+", "_", whole[3]).lower() if whole else ""
        fate = scan.plan.removed.get(slug)
        if fate == "delete" and scan.plan.source.get(slug) == int(whole[2] if whole else 0):
            scan.renames.append(Rename(entry.path, None))
        elif after != entry.name:
            scan.renames.append(Rename(entry.path, after))
        if entry.kind == "link":
            retarget(scan, entry, names, judge)


def rewrite_name(
    name: str, path: str, names: Names, judge: Judge, kind: str = "name"
) -> tuple[str, list[Reference]]:
    """Return what becomes of a name, and the references in it."""
    text = view(os.fsencode(name))
    edits: list[Edit] = []
    references: list[Reference] = []
    mentions = [mention for mention in find_mentions(text, names) if mention.form in NAME_FORMS]
    judge.look(text, mentions)
    for mention in mentions:
        verdict = judge.judge(mention, text, "name")
        if verdict is None or mention.form == "unknown":
            continue
        edits += verdict.edits
        after = view(splice(text.encode("latin-1"), verdict.edits))
        status, reason = verdict.status, verdict.reason
        references.append(
            Reference(path, 0, 0, kind, status, shown(text), shown(after), mention.slug, reason, verdict.left)
        )
    return os.fsdecode(splice(text.encode("latin-1"), edits)), references


def retarget(scan: TreeScan, entry: Entry, names: Names, judge: Judge) -> None:
    """Let a relative link that stays inside the root follow what it points at."""
    target = os.readlink(scan.root / entry.path)
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), target))
    if posixpath.isabs(target) or resolved.startswith(".."):
        return
    new, references = rewrite_name(target, entry.path, names, judge, "link target")
    if new != target:
        scan.links.append((entry.path, target, new))
        scan.names += references


def new_bytes(scan: FileScan, data: bytes) -> bytes:
    """Return the new contents of a file; raise ValueError if it isn't the file that was scanned."""
    if digest(data) != scan.digest:
        raise ValueError(f"{scan.path} changed while it was being read")
    return splice(data, [*scan.edits, *scan.versions])
