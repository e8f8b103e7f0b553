"""Files that are whole or not there: safetensors for arrays, JSON for the rest, nothing half-written."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .._files import replace
from .errors import TinyGPTError


def write_file(path: Path, data: bytes) -> None:
    """Write a file in one step: whoever reads it finds the old bytes or the new ones, never a part.

    Raises:
        TinyGPTError: it can't be written; then the old file is as it was.
    """
    try:
        replace(path, data)
    except OSError as error:
        raise TinyGPTError(f"{path} can't be written: {error.strerror or error}") from error


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file in one step."""
    write_file(path, (json.dumps(value, indent=1) + "\n").encode("ascii"))


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> int:
    """Write a safetensors file in one step; return the CRC-32 of its bytes, which the format doesn't keep."""
    data = save(
        {name: np.ascontiguousarray(array).reshape(np.shape(array)) for name, array in arrays.items()}
    )
    write_file(path, data)
    return zlib.crc32(data)


def read_file(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        TinyGPTError: it isn't there or can't be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TinyGPTError(f"{path} isn't there: {path.parent} isn't a folder that TinyGPT wrote") from None
    except OSError as error:
        raise TinyGPTError(f"{path} can't be read: {error.strerror or error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """Return the object of a JSON file.

    Raises:
        TinyGPTError: it isn't there, can't be read, or isn't a JSON object.
    """
    data = read_file(path)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise TinyGPTError(f"{path} is damaged: it isn't JSON ({error})") from None
    if not isinstance(value, dict):
        raise TinyGPTError(f"{path} is damaged: it holds no JSON object")
    return value


def read_arrays(path: Path, checksum: int | None = None) -> dict[str, Any]:
    """Return the arrays of a safetensors file.

    Args:
        path: the file.
        checksum: what `write_arrays` returned; None if it isn't known.

    Raises:
        TinyGPTError: the file isn't there, is cut off or damaged, or isn't what was written.
    """
    data = read_file(path)
    if checksum is not None and zlib.crc32(data) != checksum:
        raise TinyGPTError(f"{path} is damaged: {len(data):,} bytes that aren't those that were written")
    try:
        arrays: dict[str, Any] = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TinyGPTError(f"{path} is cut off, damaged, or not a safetensors file ({error})") from None
    return arrays
