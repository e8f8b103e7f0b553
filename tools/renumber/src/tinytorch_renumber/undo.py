"""Taking a change back, from the journal alone."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

from . import steps
from .classify import Judge
from .disk import beside_link, copy_ownership, put, put_link, step_passed, write_new
from .errors import TreeError
from .journal import Journal, Record, plan_from_json
from .model import Edit, splice
from .names import Names
from .plan import Plan
from .scan import digest, scan_bytes
from .walk import Entry


def edited_since(journal: Journal, record: Record) -> list[str]:
    """Return the files that somebody edited, moved or removed after the change, by their path now."""
    root = journal.root
    found = []
    for change in record.files:
        path = root / (change.now or change.path)
        if change.now and hash_of(path) != change.after:
            found.append(change.now)
    moved = dict(record.paths)
    for link, _, new in record.links:
        now = relocated(link, moved)
        if not (root / now).is_symlink() or os.readlink(root / now) != new:
            found.append(now)
    found += [shim for shim, after in record.created if hash_of(root / shim) != after]
    found += [now for _, now in record.paths if now and not os.path.lexists(root / now)]
    return found


def hash_of(path: Path) -> str:
    """Return the hash of a file, or nothing if there is none."""
    try:
        return "" if path.is_symlink() else digest(path.read_bytes())
    except OSError:
        return ""


def relocated(path: str, moved: dict[str, str]) -> str:
    """Return where a path of the tree before is now."""
    parts = path.split("/")
    for size in range(len(parts), 0, -1):
        head = "/".join(parts[:size])
        if head in moved:
            return "/".join([moved[head], *parts[size:]])
    return path


def undo(journal: Journal, keep_edits: bool = False, force: bool = False) -> list[str]:
    """Take a change back, finished or not; return the files whose later edits were kept.

    Raises TreeError, and touches nothing, when files were edited since; with `keep_edits` their edits are
    carried over. `force` is for a change that was interrupted: its files are taken as the journal has them.
    """
    record = journal.read()
    state, _ = journal.told()
    edited: list[str] = []
    merged: dict[str, bytes] = {}
    if state == "applied" and not force:
        edited = edited_since(journal, record)
        files = {change.now for change in record.files}
        gone = [path for path in edited if path not in files or not (journal.root / path).is_file()]
        if gone:
            listed = "\n".join(gone)
            raise TreeError(
                f"these were removed, renamed or exchanged since, so undo isn't possible:\n{listed}"
            )
        if edited and not keep_edits:
            listed = "\n".join(edited)
            raise TreeError(f"edited since; --keep-edits keeps what was written:\n{listed}")
        merged = merge_all(journal, record, set(edited))
    if state != "undoing":
        for stale in (journal.folder / "after").glob("merged-*"):
            stale.unlink()
        at = steps.position(journal, record.steps)
        for path, content in merged.items():
            target = journal.folder / "after" / f"merged-{index(record, path)}"
            write_new(target, content)
            copy_ownership(journal.root / path, target)
        if at != journal.told()[1]:
            journal.say(str(at))
        journal.say("undoing")
    put_back(journal, record)
    journal.forget()
    return edited


def index(record: Record, path: str) -> int:
    """Return the place of a file in the record, by its path now."""
    return next(i for i, change in enumerate(record.files) if change.now == path)


def put_back(journal: Journal, record: Record) -> None:
    """Undo all that is in effect: shims, names, links, contents."""
    root = journal.root
    for shim, after in record.created:
        if hash_of(root / shim) == after:
            (root / shim).unlink()
            with contextlib.suppress(OSError):
                (root / shim).parent.rmdir()
            step_passed()
    clear_shim_folders(root, record)
    steps.backward(journal, record.steps)
    for link, old, new in record.links:
        if os.readlink(root / link) == new:
            put_link(old, root / link)
        beside_link(root / link).unlink(missing_ok=True)
    for i, change in enumerate(record.files):
        path = root / change.path
        merged = journal.folder / "after" / f"merged-{i}"
        kept = journal.folder / "before" / str(i)
        if merged.exists():
            kept.unlink(missing_ok=True)
            put(merged, path)
        elif kept.exists():
            found = hash_of(path)
            if found not in (change.before, change.after):
                raise TreeError(f"{change.path} was edited in the meantime; what it was lies in {kept}")
            put(kept, path)


def clear_shim_folders(root: Path, record: Record) -> None:
    """Remove what Python left in the folders of shims: nothing but caches of bytecode."""
    for path, _ in record.created:
        folder = (root / path).parent
        names = [item.name for item in folder.iterdir()] if folder.is_dir() else ["none"]
        if all(name == "__pycache__" or name.startswith(".renumber-") for name in names):
            shutil.rmtree(folder)


def merge_all(journal: Journal, record: Record, edited: set[str]) -> dict[str, bytes]:
    """Return the contents that edited files get: lines as they were before, edits by the inverse plan."""
    plan = plan_from_json(record.plan)
    merged: dict[str, bytes] = {}
    for i, change in enumerate(record.files):
        if change.now in edited:
            now = (journal.root / change.now).read_bytes()
            before = (journal.folder / "before" / str(i)).read_bytes()
            merged[change.now] = merge(
                before, now, change.path, plan, record.prose, record.versions.get(change.path, [])
            )
    return merged


def merge(
    before: bytes,
    now: bytes,
    path: str,
    plan: Plan,
    prose: bool,
    versions: Sequence[tuple[int, int, str]] = (),
) -> bytes:
    """Return `now` with the plan taken back: lines that nobody edited are exactly those from before."""
    edits = [Edit(start, end, text.encode("latin-1")) for start, end, text in versions]
    middle = rewrite(before, path, plan, prose)
    now = without(middle, rewrite(before, path, plan, prose, edits), now)
    after = middle.splitlines(keepends=True)
    old = before.splitlines(keepends=True)
    new = now.splitlines(keepends=True)
    back = rewrite(now, path, plan.inverse(partial=True), prose).splitlines(keepends=True)
    if len(after) != len(old) or len(back) != len(new):
        return b"".join(back)
    result: list[bytes] = []
    for kind, i, j, a, b in SequenceMatcher(None, after, new, autojunk=False).get_opcodes():
        result += old[i:j] if kind == "equal" else back[a:b]
    return b"".join(result)


def without(middle: bytes, full: bytes, now: bytes) -> bytes:
    """Return `now` without the lines that only `full` has, unless somebody edited them."""
    a, b, lines = (data.splitlines(keepends=True) for data in (middle, full, now))
    place: dict[int, int] = {}
    for block in SequenceMatcher(None, b, lines, autojunk=False).get_matching_blocks():
        place.update((block.a + i, block.b + i) for i in range(block.size))
    for kind, i, j, start, end in reversed(SequenceMatcher(None, a, b, autojunk=False).get_opcodes()):
        at = [place[n] for n in range(start, end) if n in place]
        if kind != "equal" and len(at) == end - start == at[-1] - at[0] + 1:
            lines[at[0] : at[-1] + 1] = a[i:j]
    return b"".join(lines)


def rewrite(data: bytes, path: str, plan: Plan, prose: bool, versions: Sequence[Edit] = ()) -> bytes:
    """Return what a plan makes of a text, with other edits of the same text."""
    names = Names(plan)
    form = Entry(path, "file", len(data)).form
    return splice(data, [*scan_bytes(data, form, path, names, Judge(names, prose)).edits, *versions])
