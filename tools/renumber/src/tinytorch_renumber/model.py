"""What the scanner says of a tree: references, edits, and the files that they stand in."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """What a mention is, and so whether it is rewritten."""

    SURE = "sure"  # number and name agree with the plan's source order
    BARE = "bare"  # a number without a name: rewritten on request only
    STALE = "stale"  # number and name disagree with the source order: left
    DECOY = "decoy"  # looks like a module's number, and is none
    DANGLING = "dangling"  # names a module that doesn't exist
    DYNAMIC = "dynamic"  # computed when the program runs: reported, never guessed
    GENERATED = "generated"  # in a file that a tool writes: never rewritten
    HISTORY = "history"  # in a file that tells the past: never rewritten
    UNPARSABLE = "unparsable"  # in a file that doesn't parse: pairs are rewritten as text


class Edit(NamedTuple):
    """Bytes to be exchanged, as positions in the original."""

    start: int
    end: int
    text: bytes


@dataclass(slots=True)
class Reference:
    """One mention of a module."""

    file: str
    line: int
    column: int  # in bytes, from 1
    kind: str
    status: Status
    before: str
    after: str  # equal to before where nothing changes
    module: str = ""
    reason: str = ""
    left: bool = False  # the plan makes it wrong, and a person has to decide


@dataclass(slots=True)
class FileScan:
    """What was found in one file."""

    path: str
    size: int = 0
    digest: str = ""
    form: str = "text"
    references: list[Reference] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    versions: list[Edit] = field(default_factory=list)  # what --bump writes, no reference of the course
    disagreeing: int = 0  # pairs that contradict the source order
    right: int = 0  # pairs that agree with it and keep a name and a number
    broken: bool = False  # a Python file or notebook that doesn't parse

    def agreeing(self, modules: Container[str]) -> int:
        """Return how many pairs of these modules are right."""
        right = (Status.SURE, Status.UNPARSABLE)
        return sum(r.status in right and r.module in modules for r in self.references)


class Rename(NamedTuple):
    """A file or folder that gets another name in the same folder; paths are those before any renaming."""

    before: str
    after: str | None  # the new last part; None: deleted


def splice(data: bytes, edits: Sequence[Edit]) -> bytes:
    """Return data with all edits made at once, each position meaning the original."""
    pieces = []
    at = 0
    for edit in sorted(edits):
        if edit.start < at:
            raise ValueError(f"two edits meet at byte {edit.start}")
        pieces += [data[at : edit.start], edit.text]
        at = edit.end
    return b"".join([*pieces, data[at:]])
