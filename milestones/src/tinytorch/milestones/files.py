"""Writes results so that nothing of the user's is lost and nothing half-written is left."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

MARK = b"tinytorch-milestones"  # every file that we write holds it


class OutputError(Exception):
    """A folder that can't be written to; the message is one line that says why."""


def prepare(folder: Path) -> None:
    """Make a folder and try to write to it, before hours of work depend on it.

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

    A file that is in the way and isn't ours is kept under another name.

    Args:
        folder: where to write; it is made if need be.
        contents: the files' names and what goes into them, in the order in which they appear.

    Returns:
        The copies that were made of files in the way.

    Raises:
        OutputError: something can't be written.
    """
    waiting: list[tuple[str, str]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.", suffix=".part")
            waiting.append((temporary, name))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        os.umask(mask := os.umask(0))
        copies = []
        while waiting:
            temporary, name = waiting[0]
            place = folder / name
            if place.exists() and not is_ours(place):
                copies.append(put_aside(place))
            os.chmod(temporary, 0o666 & ~mask)  # mkstemp lets only the owner read
            os.replace(temporary, place)
            waiting.pop(0)
        return copies
    except OSError as error:
        raise OutputError(f"can't write to {error.filename or folder}: {error.strerror or error}") from error
    finally:
        for temporary, _ in waiting:
            Path(temporary).unlink(missing_ok=True)


def is_ours(path: Path) -> bool:
    """Whether a file is one that we wrote."""
    return path.is_file() and not path.is_symlink() and MARK in path.read_bytes()


def put_aside(path: Path) -> Path:
    """Rename what is in the way to a name that is free."""
    number = 1
    while (copy := path.with_name(f"{path.stem}.kept-{number}{path.suffix}")).exists():
        number += 1
    path.rename(copy)
    return copy
