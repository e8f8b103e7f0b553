"""Writing files: in one step, and never over something without a copy of it."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path


def write_text(path: str | os.PathLike[str], text: str) -> Path | None:
    r"""Write a file in one step: whoever reads it finds the old text or the new one, never a part.

    Args:
        path: the file; its folder is made if it isn't there.
        text: what it will hold, as UTF-8 with line ends `\n`.

    Returns:
        The copy of what was there before, beside it as `name.bak`, `name.bak2` and so on; None if there was
        nothing, or the same.

    Raises:
        OSError: it can't be written; then the old file is as it was.
    """
    target = Path(path).resolve()  # a link stays a link: what it points to is replaced
    target.parent.mkdir(parents=True, exist_ok=True)
    data, kept = text.encode(), None
    if target.is_file():
        if target.read_bytes() == data:
            return None
        kept = next(copy for copy in _backups(target) if not copy.exists())
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        draft.write_bytes(data)
        if kept is not None:
            shutil.copy2(target, kept)
            shutil.copymode(target, draft)
        os.replace(draft, target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return kept


def _backups(target: Path) -> list[Path]:
    names = [f"{target.name}.bak{number if number > 1 else ''}" for number in range(1, 100_000)]
    return [target.with_name(name) for name in names]
