"""Write a file completely or not at all, and keep the one that it replaces."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file in one step; one that is there and would change is kept as `name.bak`, `name.bak2`, ...

    Whoever reads `path` at any moment finds the whole old file or the whole new one.

    Raises:
        OSError: it can't be written; then the old file is as it was.
    """
    target = Path(path).resolve()  # a link stays a link: what it points to is replaced
    existed = target.is_file()
    if existed and target.read_bytes() == data:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if existed:
            os.chmod(draft, target.stat().st_mode & 0o777)
            _keep(target)
        os.replace(draft, target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _keep(target: Path) -> None:
    """Copy a file to the first name of a backup that is free, unless that copy is there already."""
    data = target.read_bytes()
    number = 1
    while True:
        copy = target.with_name(f"{target.name}.bak{number if number > 1 else ''}")
        if copy.is_file() and copy.read_bytes() == data:
            return
        try:
            with open(copy, "xb") as file:
                file.write(data)
            return
        except FileExistsError:
            number += 1
