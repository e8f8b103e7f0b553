"""Checking a change from the journal: what was right is right, what wasn't touched is untouched."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from .classify import Judge
from .data import may_hold
from .journal import Journal, Record, plan_from_json
from .links import Site, broken
from .model import FileScan, Status
from .names import Names
from .plan import Plan
from .python import parses
from .scan import digest, rewritable_text, scan_bytes
from .undo import relocated
from .walk import Entry, walk

LITERAL = re.compile(r"(?:(?:[\w.-]+/)+[\w.-]*|[\w-]+\.\w+)(?!\{)", re.ASCII)
TOLD = ("history", "generated", "binary", "large")


class Problem(NamedTuple):
    """Something that isn't as it should be."""

    file: str
    text: str


def identity(plan: Plan) -> Plan:
    """Return the plan's order afterwards as a plan that changes nothing."""
    titles = {plan.renamed.get(slug, slug): title for slug, title in plan.titles.items()}
    final = plan.final
    kept = {slug: title for slug, title in titles.items() if slug in final}
    return replace(
        plan, source=final, target=final, removed={}, renamed={}, marks={}, titles=kept, applied=False
    )


def verify(journal: Journal) -> list[Problem]:
    """Return all that is wrong with a finished change; nothing is the answer one hopes for."""
    record = journal.read()
    plan = plan_from_json(record.plan)
    old, new = Names(plan), Names(identity(plan))
    judge = Judge(new)
    moved = dict(record.paths)
    root = journal.root
    entries = [entry for entry in walk(root, plan) if not entry.path.startswith(".renumber")]
    problems = list(check_names(root, record))
    was = {record.files[i].now: i for i in range(len(record.files))}
    kept = {relocated(path, moved): path for path in record.kept}
    literals = Literals(record, entries)
    stay = plan.staying()

    def read_before(path: str) -> bytes:
        i = changed.get(path)
        if i is not None:
            return (journal.folder / "before" / str(i)).read_bytes()
        return (root / relocated(path, moved)).read_bytes()

    changed = {change.path: i for i, change in enumerate(record.files)}
    sites = Site(literals.before, read_before), Site(literals.now, lambda path: (root / path).read_bytes())
    seen: set[str] = set()
    for entry in entries:
        if entry.kind != "file":
            continue
        seen.add(entry.path)
        if entry.form in ("binary", "large") or (entry.form == "safetensors" and entry.path not in was):
            continue
        now = (root / entry.path).read_bytes()
        if entry.path in was:
            change = record.files[was[entry.path]]
            before = (journal.folder / "before" / str(was[entry.path])).read_bytes()
            if digest(now) != change.after:
                problems.append(Problem(entry.path, "was edited after the change"))
            name_before = change.path
        elif entry.path in kept:
            before, name_before = now, kept[entry.path]
            if digest(now) != record.kept[name_before]:
                problems.append(Problem(entry.path, "differs, although the plan didn't change it"))
        else:
            before, name_before = b"", entry.path
        pages = (sites[0], name_before, before), (sites[1], entry.path, now)
        problems += [Problem(entry.path, text) for text in broken(entry.form, *pages)]
        if entry.form in TOLD or not (worth(now, entry.form, new) or worth(before, entry.form, old)):
            continue
        found = scan_bytes(now, entry.form, entry.path, new, judge, kinds=False)
        if entry.path in was:
            read = bool(found.references) and not plan.removed  # then its syntax was looked at
            problems += compare(entry, before, now, not found.broken if read else None)
        known = entry.path in was or entry.path in kept  # or else somebody wrote it since
        allowed = record.disagreeing.get(name_before, 0) if known else 0
        if found.disagreeing > allowed:
            text = f"{found.disagreeing} numbers disagree with their names, {allowed} before"
            problems.append(Problem(entry.path, f"{text}: {listed(found)}"))
        right, was_right = found.agreeing(stay), record.agreeing.get(name_before, 0) if known else 0
        if right < was_right:
            problems.append(
                Problem(entry.path, f"{right} numbers agree with their names, {was_right} before")
            )
        problems += literals.check(
            old,
            entry.path,
            name_before,
            rewritable_text(before, entry.form, name_before),
            rewritable_text(now, entry.form, entry.path),
        )
    missing = [path for path in (*was, *kept) if path and path not in seen]
    return problems + [Problem(path, "is gone") for path in missing]


def check_names(root: Path, record: Record) -> Iterable[Problem]:
    """Yield the renamed paths that aren't there."""
    for before, now in record.paths:
        if now and not (root / now).exists() and not (root / now).is_symlink():
            yield Problem(now, f"is missing; it was {before}")


def worth(data: bytes, form: str, names: Names) -> bool:
    """Whether a file may hold a pair."""
    return names.interesting(data) or may_hold(data, form, names)


def listed(found: FileScan) -> str:
    """Return the pairs that disagree, with their lines."""
    wrong = [r for r in found.references if r.status == Status.STALE]
    return ", ".join(f"{r.before} in line {r.line} ({r.reason})" for r in wrong[:5])


def compare(entry: Entry, before: bytes, now: bytes, sound: bool | None) -> Iterable[Problem]:
    """Yield what a rewrite must never change; `sound` says whether it parses, where that is known."""
    if entry.form == "python" and not (parses(now) if sound is None else sound) and parses(before):
        yield Problem(entry.path, "parsed before and doesn't now")
    if entry.form == "notebook" and without_sources(before) != without_sources(now):
        yield Problem(entry.path, "more than the source of its cells differs")


def without_sources(data: bytes) -> object:
    """Return a notebook without the text of its cells; None if it isn't one."""
    try:
        table = json.loads(data.decode("utf-8-sig"))
        for cell in table["cells"]:
            cell["source"] = len(cell["source"]) if isinstance(cell["source"], list) else 1
    except (ValueError, KeyError, TypeError):
        return None
    return json.dumps(table)


class Literals:
    """The paths that stand in files, and whether they lead somewhere."""

    def __init__(self, record: Record, entries: list[Entry]) -> None:
        self.moved = dict(record.paths)
        back = {now: before for before, now in record.paths if now}
        self.now = {entry.path for entry in entries}
        self.before = {relocated(path, back) for path in self.now}

    def find(self, literal: str, file: str, paths: set[str]) -> str | None:
        """Return the path that a literal in a file means: from its folder, a folder above it, or the root."""
        folder = posixpath.dirname(file)
        while True:
            path = posixpath.normpath(posixpath.join(folder, literal.rstrip("/")))
            if path in paths:
                return path
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def check(self, names: Names, file: str, file_before: str, before: str, now: str) -> Iterable[Problem]:
        """Yield the literals that led somewhere before and lead nowhere now."""
        for literal in dict.fromkeys(
            literal
            for start, end in names.hot_lines(before)
            for literal in LITERAL.findall(before, start, end)
        ):
            if not re.search(r"\d", literal):
                continue
            path = self.find(literal, file_before, self.before)
            if path is None:
                continue
            parts = literal.rstrip("/").split("/")
            target = relocated(path, self.moved).split("/")
            size = len([part for part in parts if part not in (".", "..")])
            expected = "/".join([*parts[: len(parts) - size], *target[len(target) - size :]])
            if target != [""] and expected not in now:
                yield Problem(file, f"{literal} led to {path}; {expected} was expected")
