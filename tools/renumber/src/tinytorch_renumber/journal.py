"""The journal: what is about to be done, written before anything is, so that it can be finished or undone.

`.renumber/0001/` holds `journal.json` (every file with its hash before and after, every renaming step),
`log` (how far it came), `after/` (new contents that wait for their turn) and `before/` (what they replaced).
While `journal.json` isn't there, nothing has been touched.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .disk import step_passed, sync_folder, write_new, write_whole
from .errors import TreeError
from .plan import Plan

FOLDER = ".renumber"
VERSION = 1


@dataclass
class FileChange:
    """A file whose content changes, by its path before any renaming."""

    path: str
    before: str  # hash
    after: str
    now: str  # its path afterwards


@dataclass
class Record:
    """All that is needed to finish or to undo."""

    plan: dict[str, Any]
    request: str  # what was asked for, to recognise it when it is asked again
    prose: bool
    files: list[FileChange] = field(default_factory=list)
    links: list[tuple[str, str, str]] = field(default_factory=list)  # path, old target, new target
    steps: list[tuple[str, str]] = field(default_factory=list)  # renamings, in this order
    created: list[tuple[str, str]] = field(default_factory=list)  # path afterwards, hash
    paths: list[tuple[str, str]] = field(default_factory=list)  # renamed: path before, path after
    kept: dict[str, str] = field(default_factory=dict)  # hashes of files that must not change
    disagreeing: dict[str, int] = field(default_factory=dict)  # stale pairs by path before
    agreeing: dict[str, int] = field(default_factory=dict)  # right pairs by path before
    versions: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)  # what --bump wrote
    version: int = VERSION


class Journal:
    """One change of a tree, in its folder below `.renumber`."""

    def __init__(self, root: Path, number: int) -> None:
        self.root = root
        self.number = number
        self.folder = root / FOLDER / f"{number:04d}"
        self.file = self.folder / "journal.json"
        self.log = self.folder / "log"

    def prepare(self) -> None:
        """Make the folder; nothing else is touched by this."""
        home = self.root / FOLDER
        home.mkdir(exist_ok=True)
        ignore = home / ".gitignore"
        if not ignore.exists():
            write_new(ignore, b"*\n")
        shutil.rmtree(self.folder, ignore_errors=True)  # the remains of one that was killed before it began
        for name in ("before", "after", "deleted"):
            (self.folder / name).mkdir(parents=True)
        step_passed()

    def begin(self, record: Record) -> None:
        """Write the record down; from here on the tree may change."""
        text = json.dumps(asdict(record), indent=1)
        write_whole(self.file, text.encode("ascii"))
        sync_folder(self.folder.parent)

    def read(self) -> Record:
        """Read the record."""
        table = json.loads(self.file.read_text(encoding="ascii"))
        if table["version"] != VERSION:
            raise TreeError(f"{self.file} was written by another version of this tool")
        table["files"] = [FileChange(**item) for item in table["files"]]
        for key in ("links", "steps", "created", "paths"):
            table[key] = [tuple(item) for item in table[key]]
        return Record(**table)

    def say(self, word: str) -> None:
        """Append a line to the log, down to the disk."""
        with self.log.open("a", encoding="ascii", newline="\n") as file:
            file.write(f"{word}\n")
            file.flush()
            os.fsync(file.fileno())
        step_passed()

    def told(self) -> tuple[str, int]:
        """Return the last state (planned, applying, applied, undoing) and the number of steps in effect."""
        state, position = "planned", 0
        if self.log.exists():
            text = self.log.read_text(encoding="ascii")
            for line in text[: text.rfind("\n") + 1].splitlines():
                if line.isdecimal():
                    position = int(line)
                else:
                    state = line
        return state, position

    def forget(self) -> None:
        """Remove the journal of a change that was undone, and its home if it was the last."""
        self.file.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        clear_home(self.folder.parent)


def clear_home(home: Path) -> None:
    """Remove the folder of the journals if it holds none."""
    if home.is_dir() and [item.name for item in home.iterdir()] in ([], [".gitignore"]):
        shutil.rmtree(home, ignore_errors=True)


def journals(root: Path) -> list[Journal]:
    """Return the journals of a tree, oldest first."""
    home = root / FOLDER
    if home.is_symlink():
        raise TreeError(f"{home} is a link; the journal must lie inside the tree")
    numbers = sorted(int(item.parent.name) for item in home.glob("[0-9]*/journal.json"))
    return [Journal(root, number) for number in numbers]


def clear_unbegun(root: Path) -> None:
    """Remove what a run left that was killed before it touched the tree."""
    for item in (root / FOLDER).glob("[0-9]*"):
        if not (item / "journal.json").exists():
            Journal(root, int(item.name)).forget()
    clear_home(root / FOLDER)


def current(root: Path) -> Journal | None:
    """Return the latest journal."""
    found = journals(root)
    return found[-1] if found else None


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain data."""
    return asdict(plan)


def plan_from_json(table: dict[str, Any]) -> Plan:
    """Return the plan that a journal holds."""
    fields = {**table, "roots": tuple(table["roots"]), "ignore": tuple(table["ignore"])}
    return Plan(**fields)
