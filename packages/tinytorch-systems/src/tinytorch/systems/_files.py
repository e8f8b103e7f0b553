"""Writing files, for all modules: in one step, and never over something without a copy of it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

PathLike: TypeAlias = "str | os.PathLike[str]"


def write_text(path: PathLike, text: str) -> Path | None:
    r"""Write a text file as UTF-8 with line ends `\n`, as `write_bytes` does."""
    return write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: PathLike, data: bytes) -> Path | None:
    """Write a file in one step; one that is there and differs is kept as `name.bak`, `name.bak2` and so on.

    Args:
        path: the file; its folder is made if it isn't there.
        data: what it will hold.

    Returns:
        The copy of what was there; None if there was nothing, or the same.

    Raises:
        OSError: it can't be written; then the old file is as it was.
    """
    target = Path(path).resolve()  # a link stays a link: what it points to is replaced
    old = target.read_bytes() if target.is_file() else None
    if old == data:
        return None
    with _draft(target, data) as draft:
        kept = None if old is None else _keep(target, old)
        os.replace(draft, target)
    return kept


def replace(target: Path, data: bytes) -> None:
    """Write a file in one step, without a copy: whoever reads it finds all of the old one or of the new.

    Raises:
        OSError: it can't be written; then the old file is as it was.
    """
    with _draft(target, data) as draft:
        os.replace(draft, target)


@contextmanager
def _draft(target: Path, data: bytes) -> Iterator[Path]:
    """Write a file beside the target, safely on the disk; it is gone afterwards, unless it has been moved."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.is_file():
            os.chmod(draft, target.stat().st_mode & 0o777)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _keep(target: Path, old: bytes) -> Path:
    """Copy a file to the first name of a backup that is free, unless that copy is there already."""
    number = 1
    while True:
        copy = target.with_name(f"{target.name}.bak{number if number > 1 else ''}")
        if copy.is_file() and copy.read_bytes() == old:
            return copy
        try:
            with open(copy, "xb") as file:
                file.write(old)
            return copy
        except FileExistsError:
            number += 1
