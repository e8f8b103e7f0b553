"""Read and write files so that nothing is half written, lost, or misread."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

PathLike: TypeAlias = "str | os.PathLike[str]"


def write_text(path: PathLike, text: str, backup: bool = True) -> None:
    r"""Write a file in one step: whoever reads it finds the old text or the new one, never a part.

    If the file exists and would change, the old one is kept beside it, as `name.bak`, or `name.bak2` and so
    on if there are backups already.

    Args:
        path: the file.
        text: what it will hold, as UTF-8 with line ends `\n`.
        backup: False leaves the old text to its fate.

    Raises:
        OSError: it can't be written; then the old file is as it was.
    """
    target = Path(path).resolve()  # a link stays a link: what it points to is replaced
    data = text.encode()
    existed = target.is_file()
    if existed and target.read_bytes() == data:
        return
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if existed:
            os.chmod(draft, target.stat().st_mode & 0o777)
            if backup:
                _keep(target)
        os.replace(draft, target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _keep(target: Path) -> None:
    """Copy a file to the first free name of a backup."""
    number = 1
    while True:
        copy = target.with_name(f"{target.name}.bak{number if number > 1 else ''}")
        try:
            with open(copy, "xb") as file:
                file.write(target.read_bytes())
            return
        except FileExistsError:
            if copy.is_file() and copy.read_bytes() == target.read_bytes():
                return
            number += 1


def read_text(path: PathLike) -> str:
    """Return the text of a file, its line ends as they are.

    Raises:
        OSError: there is no such file, or it can't be read.
        ValueError: it isn't UTF-8.
    """
    data = Path(path).read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise not_utf8(path, error.object, error.start, data.count(b"\n", 0, error.start) + 1) from None


def read_lines(path: PathLike) -> Iterator[str]:
    r"""Yield the lines of a file, with their line ends; only `\n` ends a line.

    Raises:
        OSError: there is no such file, or it can't be read.
        ValueError: it isn't UTF-8.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield line.decode()
            except UnicodeDecodeError as error:
                raise not_utf8(path, line, error.start, number) from None


def not_utf8(path: PathLike, data: bytes, at: int, line: int) -> ValueError:
    """Return the error that says where a file isn't UTF-8."""
    return ValueError(
        f"{os.fspath(path)} isn't UTF-8 text: line {line} has the byte 0x{data[at]:02x}, which can't stand "
        "there. Save it as UTF-8, or read it with the encoding that it has and train on the text"
    )


def read_json(path: PathLike) -> Any:
    """Return what a JSON file holds.

    Raises:
        OSError: there is no such file, or it can't be read.
        ValueError: it isn't UTF-8 or isn't JSON, or an object in it has a key twice.
    """
    try:
        return json.loads(read_text(path), object_pairs_hook=_without_duplicates)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)} isn't JSON: {error}") from None
    except DuplicateKeyError as error:
        raise ValueError(
            f"{os.fspath(path)}: the key {error.args[0]!r} appears twice in one object"
        ) from None


class DuplicateKeyError(Exception):
    """An object in a JSON file has a key twice: of two ids for a token, one would be lost silently."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return found


@contextmanager
def damaged(path: PathLike) -> Iterator[None]:
    """Turn errors about the content of a file into a ValueError that names the file."""
    try:
        yield
    except (TypeError, ValueError) as error:
        name = os.fspath(path)
        raise ValueError(str(error) if str(error).startswith(str(name)) else f"{name}: {error}") from None


def field(data: Any, key: str, kind: type | tuple[type, ...], where: str) -> Any:
    """Return a member of an object read from JSON.

    Raises:
        ValueError: `data` isn't an object, has no such key, or its value is of another type.
    """
    if not isinstance(data, dict):
        raise ValueError(f"{where} must be a JSON object, got {type(data).__name__}")
    if key not in data:
        raise ValueError(f"{where} has no {key!r}")
    if not isinstance(data[key], kind) or (kind is int and isinstance(data[key], bool)):
        names = [k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,))]
        raise ValueError(f"{where}: {key!r} must be of type {' or '.join(names)}, got {data[key]!r:.80}")
    return data[key]
