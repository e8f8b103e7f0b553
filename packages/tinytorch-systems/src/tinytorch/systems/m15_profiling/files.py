"""Write a file so that it is never half written, and what was there isn't lost."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import TypeAlias

PathLike: TypeAlias = "str | os.PathLike[str]"


def write_text(path: PathLike, text: str) -> Path:
    """Write a text file as UTF-8, as `write_bytes` does."""
    return write_bytes(path, text.encode("utf-8", "replace"))


def write_bytes(path: PathLike, data: bytes) -> Path:
    """Write a file in one step; one that was there and differs is kept as `name.bak`, `name.bak2` and so on.

    Args:
        path: the file.
        data: what it will hold.

    Returns:
        The path.

    Raises:
        OSError: it can't be written; then all is as it was.
    """
    target = Path(path)
    real = target.resolve()  # a link stays a link: what it points to is replaced
    if real.is_file() and real.read_bytes() == data:
        return target
    draft = real.with_name(f".{real.name}.{secrets.token_hex(4)}.tmp")
    try:
        draft.write_bytes(data)
        if real.is_file():
            shutil.copymode(real, draft)
            _keep(real)
        os.replace(draft, real)
    finally:
        draft.unlink(missing_ok=True)
    return target


def _keep(path: Path) -> None:
    """Copy a file that is about to be replaced to the first free name of a backup."""
    number = 1
    while (copy := path.with_name(f"{path.name}.bak{number if number > 1 else ''}")).exists():
        if copy.is_file() and copy.read_bytes() == path.read_bytes():
            return
        number += 1
    shutil.copy2(path, copy)
