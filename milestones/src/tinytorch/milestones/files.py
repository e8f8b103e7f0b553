"""Writes results so that nothing of the user's is lost and nothing half-written is left."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

MARK = "tinytorch-milestones"
RECORD = f".{MARK}.json"  # the hashes of what we wrote into a folder


class OutputError(Exception):
    """A folder that can't be written to; the message is one line that says why."""


def prepare(folder: Path) -> None:
    """Make a folder and try to write to it, before a long run depends on it.

    Raises:
        OutputError: it can't be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"can't write to {folder}: {error.strerror or error}") from error


def write(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files into a folder: all next to their places first, then each moved there in one step.

    A file that is in the way is replaced only if it is as we wrote it; else it is kept under another name.

    Args:
        folder: where to write; it is made if need be.
        contents: the files' names and what goes into them, in the order in which they appear.

    Returns:
        What was in the way, under its new name.

    Raises:
        OutputError: something can't be written.
    """
    waiting: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ours = {
            name: known for name, known in read_record(folder).items() if known == digest_of(folder / name)
        }
        theirs = [folder / name for name in contents if name not in ours and os.path.lexists(folder / name)]
        record = ours | {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        files = {**contents, RECORD: json.dumps(record, indent=1).encode("ascii")}
        for name, content in files.items():
            waiting[name] = write_beside(folder / name, content)
        kept = [put_aside(path) for path in theirs]
        for name in files:
            os.replace(waiting[name], folder / name)
            del waiting[name]
        return kept
    except OSError as error:
        raise OutputError(f"can't write to {error.filename or folder}: {error.strerror or error}") from error
    finally:
        for temporary in waiting.values():
            Path(temporary).unlink(missing_ok=True)


def read_record(folder: Path) -> dict[str, str]:
    """Return the hash of each file that we wrote into the folder last time."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def digest_of(path: Path) -> str | None:
    """Return the hash of a file, or None if there is no ordinary file."""
    if path.is_symlink() or not path.is_file():
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_beside(path: Path, content: bytes) -> str:
    """Write a temporary file next to a place and return its path."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(temporary, 0o666 & ~mask)  # mkstemp's files are for their owner only
    return temporary


def put_aside(path: Path) -> Path:
    """Rename what is in the way to a name that is free."""
    number = 1
    while os.path.lexists(kept := path.with_name(f"{path.stem}.kept-{number}{path.suffix}")):
        number += 1
    path.rename(kept)
    return kept
