"""Files of data sets: where they lie, and whether they are what was published."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from .vision import DamagedFile


def checksum(path: Path) -> str:
    """Return the MD5 of a file. It tells a spoiled file from a good one, no more."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def check_together(published: Mapping[Path, str]) -> None:
    """Raise if one file of a set is what was published, and another one isn't.

    If none is, the files are somebody's own in the same format, and nothing is known of their checksums.

    Args:
        published: the MD5 of each file as it was published.

    Raises:
        DamagedFile: a file is spoiled.
    """
    found = {path: checksum(path) for path in published}
    wrong = [path for path in found if found[path] != published[path]]
    if wrong and len(wrong) < len(found):
        path = wrong[0]
        raise DamagedFile(
            path, f"is damaged: its MD5 is {found[path]}, that of the published file is {published[path]}"
        )


def first(folders: Iterable[Path], names: Iterable[str]) -> Path | None:
    """Return the first of the files that exists: all names in the first folder, then in the second, ..."""
    names = list(names)
    for folder in folders:
        for name in names:
            if (folder / name).is_file():
                return folder / name
    return None


def set_aside(path: Path) -> Path:
    """Rename a file that can't be used, so that it is out of the way but not lost; return its new path."""
    aside = path.with_name(f"{path.name}.damaged")
    os.replace(path, aside)
    return aside


def listed(names: Iterable[str]) -> str:
    """Return names as in a sentence: a, b and c."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
