"""The few ways in which the tool touches a disk, each of them complete or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
from pathlib import Path

FAILPOINT = "TINYTORCH_RENUMBER_FAILPOINT"  # for the tests: "7" kills at the 7th step, "7:ENOSPC" fails there
_passed = 0


def step_passed() -> None:
    """Count a step; kill the process or fail here if the tests ask for it."""
    global _passed
    wanted = os.environ.get(FAILPOINT)
    if not wanted:
        return
    _passed += 1
    number, _, name = wanted.partition(":")
    if _passed != int(number):
        return
    if name:
        code = getattr(errno, name)
        raise OSError(code, os.strerror(code))
    os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder survive a power cut; Windows has no way and no need."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that nobody knows of yet, down to the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    step_passed()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it has either its old or its new content at any time."""
    temporary = path.with_name(f"{path.name}.new")
    write_new(temporary, data)
    os.replace(temporary, path)
    sync_folder(path.parent)
    step_passed()


def copy_ownership(source: Path, target: Path) -> None:
    """Give a file the mode and, where that is allowed, the owner of another."""
    status = source.stat()
    target.chmod(status.st_mode & 0o7777)
    if hasattr(os, "chown"):
        mine = target.stat()
        if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
            with contextlib.suppress(OSError):
                os.chown(target, status.st_uid, status.st_gid)


def keep(path: Path, copy: Path) -> None:
    """Keep the very file under a second name; where that can't be done, a copy."""
    if not os.path.lexists(copy):
        try:
            os.link(path, copy, follow_symlinks=False)
        except (OSError, NotImplementedError):
            temporary = copy.with_name(f"{copy.name}.new")
            shutil.copy2(path, temporary)
            os.replace(temporary, copy)
    step_passed()


def put(source: Path, target: Path) -> None:
    """Replace `target` by `source`, atomically, on another file system too."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".renumber-{target.name}")
        shutil.copy2(source, beside)
        os.replace(beside, target)
        source.unlink()
    step_passed()


def beside_link(path: Path) -> Path:
    """Return where a link waits that takes the place of another; a kill may leave it there."""
    return path.with_name(f".renumber-{path.name}")


def put_link(target: str, path: Path) -> None:
    """Let a symbolic link point elsewhere, atomically."""
    beside = beside_link(path)
    beside.unlink(missing_ok=True)
    beside.symlink_to(target)
    step_passed()
    os.replace(beside, path)
    step_passed()


def rename(source: Path, target: Path) -> None:
    """Rename a file or folder; never onto something that exists."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, "there is something already", str(target))
    os.rename(source, target)
    step_passed()
