"""Downloads that may be interrupted: from one of several mirrors, resumed, checked, or not at all.

What has arrived lies in `NAME.part` and is renamed to NAME once its checksum is right, so a file under its
own name is always whole. The next attempt asks only for the rest, from whatever mirror.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from .files import checksum, set_aside
from .progress import Progress, progress

TIMEOUT = 30  # seconds without a byte
ATTEMPTS = 5  # on one mirror, as long as each of them brings something
_CHUNK = 1 << 16


class NoMirror(Exception):
    """No mirror gave the file; the message says what each of them did."""


def fetch(urls: Sequence[str], target: Path, md5: str) -> None:
    """Download a file.

    Args:
        urls: the addresses of the same file on several mirrors, in the order in which they are tried.
        target: where to put it; its folder is made if there is none.
        md5: its checksum.

    Raises:
        NoMirror: none of them gave the file. What arrived of it stays for the next attempt; a whole file
            with a wrong checksum is kept beside it as `NAME.damaged`.
        OSError: the folder can't be written to.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    problems = []
    with progress(target.name) as show:
        for url in urls:
            try:
                _from_mirror(url, part, md5, show)
            except _Failed as failure:
                problems.append(f"{urlsplit(url).netloc or url}: {failure}")
                continue
            os.replace(part, target)
            return
    raise NoMirror("; ".join(problems) or "no mirror is known")


class _Failed(Exception):
    """A mirror didn't give the file; the message says why."""


def _from_mirror(url: str, part: Path, md5: str, show: Progress) -> None:
    """Bring `part` to the whole and right file, or raise `_Failed`."""
    while True:
        resumed = _size(part) > 0
        if not (resumed and checksum(part) == md5):
            _transfer_all(url, part, show)
        found = checksum(part)
        if found == md5:
            return
        if not resumed:
            aside = set_aside(part)
            raise _Failed(f"sent a file with MD5 {found} instead of {md5}, kept as {aside.name}")
        part.unlink()  # its beginning may be of something else: once more from the start


def _transfer_all(url: str, part: Path, show: Progress) -> None:
    """Append to `part` until it is complete; connections that break off are taken up again."""
    for _ in range(ATTEMPTS):
        before = _size(part)
        try:
            if _transfer(url, part, show):
                return
            problem = "the connection broke off"
        except HTTPError as error:
            error.close()
            if error.code == 416 and before:  # there is no rest: what lies here is of something longer
                part.unlink()
                continue
            raise _Failed(f"HTTP {error.code} {error.reason}") from error
        except URLError as error:
            problem = str(getattr(error.reason, "strerror", None) or error.reason)
        except (HTTPException, TimeoutError, ConnectionError) as error:
            problem = str(error) or type(error).__name__
        if _size(part) <= before:
            raise _Failed(problem)
    raise _Failed(f"{problem}, again and again")


def _transfer(url: str, part: Path, show: Progress) -> bool:
    """Ask for what is missing, write what comes, and return whether that was all."""
    have = _size(part)
    headers = {"User-Agent": "tinytorch-vision", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    with urlopen(Request(url, headers=headers), timeout=TIMEOUT) as response:
        if not (response.status == 206 and _start(response) == have):
            have = 0  # all of it comes anew
        length = response.headers.get("Content-Length")
        total = have + int(length) if length is not None and length.isdigit() else None
        with part.open("ab" if have else "wb") as file:
            show(have, total)
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                have += len(chunk)
                show(have, total)
    return total is None or have >= total


def _start(response: Any) -> int:
    """Return the position at which a partial answer begins, -1 if it doesn't say."""
    unit, _, span = response.headers.get("Content-Range", "").partition(" ")
    start = span.partition("-")[0]
    return int(start) if unit == "bytes" and start.isdigit() else -1


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
