"""Applying a plan: first everything is written beside the tree, then the journal, and only then the tree."""

from __future__ import annotations

import os
from pathlib import Path

from . import steps
from .disk import copy_ownership, keep, put, put_link, step_passed, write_new
from .errors import RenumberError, TreeError
from .journal import FileChange, Journal, Record, current, plan_to_json
from .scan import digest
from .shims import Shim
from .tree import Progress, TreeScan, new_bytes


def apply(
    scan: TreeScan,
    request: str,
    shims: list[Shim] | None = None,
    progress: Progress | None = None,
) -> Journal:
    """Do what a scan found; on any failure put everything back and raise RenumberError."""
    root = scan.root
    refuse_unfinished(root)
    last = current(root)
    journal = Journal(root, last.number + 1 if last else 1)
    shims = shims or []
    check(scan, shims)
    try:
        journal.prepare()
        record = stage(scan, journal, request, shims, progress)
        journal.begin(record)
    except (OSError, ValueError) as error:
        journal.forget()
        raise TreeError(f"nothing was changed: {error}") from error
    except BaseException:
        journal.forget()
        raise
    try:
        journal.say("applying")
        carry_out(journal, record)
    except BaseException as error:
        from .undo import undo  # it needs this module for resuming

        undo(journal, force=True)
        if not isinstance(error, OSError | RenumberError | KeyboardInterrupt):
            raise
        raise TreeError(f"everything was put back after: {error or type(error).__name__}") from error
    return journal


def refuse_unfinished(root: Path) -> None:
    """Raise TreeError while an earlier change is neither finished nor undone."""
    last = current(root)
    if last and last.told()[0] != "applied":
        raise TreeError(
            "an earlier change was interrupted: finish it with `resume` or take it back with `undo`"
        )


def check(scan: TreeScan, shims: list[Shim]) -> None:
    """Raise TreeError for whatever would stand in the way, before anything is written."""
    problems = steps.check_names(scan.root, scan.renames)
    moving = {rename.before for rename in scan.renames}
    for shim in shims:
        folder = shim.path.rpartition("/")[0]
        place = folder if shim.in_new_folder else shim.path
        if place not in moving and os.path.lexists(scan.root / place):
            problems.append(f"{shim.path} can't be written: {place} exists")
    folders = {item.path.rpartition("/")[0] for item in scan.changed} | {
        p.rpartition("/")[0] for p, _, _ in scan.links
    }
    problems += [
        f"the folder {folder or '.'} can't be written"
        for folder in sorted(folders)
        if not os.access(scan.root / folder, os.W_OK)
    ]
    if problems:
        raise TreeError("\n".join(dict.fromkeys(problems)))


def stage(
    scan: TreeScan,
    journal: Journal,
    request: str,
    shims: list[Shim],
    progress: Progress | None,
) -> Record:
    """Write the new contents into the journal's folder and return the record of the whole."""
    root = scan.root
    record = Record(plan_to_json(scan.plan), request, scan.prose)
    changed = {item.path: item for item in scan.changed}
    for i, (path, item) in enumerate(changed.items()):
        data = (root / path).read_bytes()
        new = new_bytes(item, data)
        target = journal.folder / "after" / str(i)
        write_new(target, new)
        copy_ownership(root / path, target)
        record.files.append(FileChange(path, digest(data), digest(new), scan.new_path(path) or ""))
        if progress:
            progress(i + 1, len(changed))
    record.links = list(scan.links)
    record.steps = steps.plan_steps(scan.renames, journal.number)
    record.created = [(shim.path, digest(shim.content)) for shim in shims]
    for i, shim in enumerate(shims):
        write_new(journal.folder / "after" / f"shim-{i}", shim.content)
    record.versions = {
        path: [(e.start, e.end, e.text.decode("latin-1")) for e in item.versions]
        for path, item in changed.items()
        if item.versions
    }
    record.paths = [(rename.before, scan.new_path(rename.before) or "") for rename in scan.renames]
    record.kept = {f.path: f.digest for f in scan.files if f.digest and f.path not in changed}
    record.disagreeing = {f.path: f.disagreeing for f in scan.files if f.disagreeing}
    record.agreeing = {f.path: f.right for f in scan.files if f.right and f.form != "safetensors"}
    return record


def carry_out(journal: Journal, record: Record) -> None:
    """Do all that isn't done yet: contents, links, names, shims."""
    root = journal.root
    if steps.position(journal, record.steps) == 0:
        for i, change in enumerate(record.files):
            replace(journal, i, change)
        for path, old, new in record.links:
            if os.readlink(root / path) == old:
                put_link(new, root / path)
    steps.forward(journal, record.steps)
    for i, (path, _) in enumerate(record.created):
        waiting = journal.folder / "after" / f"shim-{i}"
        if waiting.exists():
            (root / path).parent.mkdir(exist_ok=True)
            put(waiting, root / path)
    journal.say("applied")


def replace(journal: Journal, i: int, change: FileChange) -> None:
    """Give one file its new content, unless it has it."""
    path = journal.root / change.path
    found = digest(path.read_bytes())
    if found == change.after and found != change.before:
        return
    if found != change.before:
        raise TreeError(f"{change.path} was edited in the meantime")
    keep(path, journal.folder / "before" / str(i))
    waiting = journal.folder / "after" / str(i)
    if waiting.exists():
        put(waiting, path)
    step_passed()


def resume(journal: Journal) -> str:
    """Finish what was interrupted; return the state in which the tree is now."""
    state, _ = journal.told()
    if state == "applied":
        return state
    if state == "undoing":
        from .undo import undo

        undo(journal, force=True)
        return "undone"
    if state == "planned":
        journal.say("applying")
    carry_out(journal, journal.read())
    return "applied"
