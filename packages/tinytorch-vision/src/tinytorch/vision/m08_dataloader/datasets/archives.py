"""Tar archives from strangers: nothing in them reaches anything outside of the folder that they go to."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from .vision import DamagedFile

LIMIT = 4 << 30  # bytes; more than any of the data sets unpacks to


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive into a folder; if anything is wrong with it, nothing of it is left there.

    Only files and folders are made, with the usual permissions; links and devices never.

    Raises:
        DamagedFile: it can't be read, holds anything but files and folders, holds a path that leads out of
            the folder, or unpacks to an absurd size.
    """
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=folder) as scratch:
        for path, file in _files(archive):
            target = Path(scratch, *path.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(file, out)
        for source in sorted(Path(scratch).rglob("*")):
            target = folder / source.relative_to(scratch)
            if source.is_dir():
                target.mkdir(exist_ok=True)
            else:
                os.replace(source, target)


def read_members(archive: Path, names: Collection[str]) -> dict[str, bytes]:
    """Return the content of those files of an archive whose last part of the path is one of the names.

    Raises:
        DamagedFile: as for `unpack`.
    """
    found: dict[str, bytes] = {}
    for path, file in _files(archive):
        if path.name in names:
            found[path.name] = file.read()
    return found


def _files(archive: Path) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    """Yield the path and the content of each file of an archive, after a look at every entry."""
    total = 0
    try:
        with tarfile.open(archive) as tar:
            for entry in tar:
                path = _checked(archive, entry)
                total += entry.size
                if total > LIMIT:
                    raise DamagedFile(archive, f"unpacks to more than {LIMIT >> 30} GB")
                file = tar.extractfile(entry) if entry.isreg() else None
                if file is not None:
                    yield path, file
            while tar.fileobj is not None and tar.fileobj.read(1 << 20):
                pass  # to the end, where gzip's checksum is
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DamagedFile(archive, f"is damaged, it can't be unpacked: {error}") from error
    except OSError as error:
        if error.errno is not None:  # the disk's, not the archive's
            raise
        raise DamagedFile(archive, f"is damaged, it can't be unpacked: {error}") from error


def _checked(archive: Path, entry: tarfile.TarInfo) -> PurePosixPath:
    """Return the path of an entry that is harmless."""
    path = PurePosixPath(entry.name)
    # A backslash or a colon would mean something on Windows.
    if path.is_absolute() or ".." in path.parts or any(c in entry.name for c in "\\:\0"):
        raise DamagedFile(archive, f"isn't unpacked: {entry.name!r} in it would lead out of the folder")
    if not (entry.isreg() or entry.isdir()):
        raise DamagedFile(archive, f"isn't unpacked: {entry.name!r} in it is neither a file nor a folder")
    return path
