"""IDX files, the format of MNIST and its relatives.

A file holds one array: two zero bytes, a byte for the type (0x08: unsigned bytes), a byte for the number
of dimensions, the length of each dimension (4 bytes, big-endian), then the values.

Source: https://yann.lecun.com/exdb/mnist/
"""

from __future__ import annotations

import math
import zlib
from pathlib import Path

import numpy as np

from .vision import DamagedFile


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes, gzipped or not.

    Args:
        path: the file.
        dimensions: how many dimensions its array must have.

    Raises:
        DamagedFile: it isn't an IDX file of that kind, or it is too short or too long.
    """
    content = _unzipped(path)
    header = 4 + 4 * dimensions
    magic = bytes([0, 0, 8, dimensions])
    if content[:4] != magic:
        raise DamagedFile(
            path,
            f"is no IDX file of unsigned bytes with {dimensions} dimension(s): it begins with "
            f"{content[:4].hex() or 'nothing'}, expected {magic.hex()}",
        )
    if len(content) < header:
        raise DamagedFile(path, f"is truncated: its header has {len(content)} bytes, expected {header}")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", dimensions, 4))
    expected = header + math.prod(shape)
    if len(content) != expected:
        problem = "is truncated" if len(content) < expected else "is too long"
        promised = " x ".join(map(str, shape))
        raise DamagedFile(
            path,
            f"{problem}: it has {len(content)} bytes, its header promises {expected} ({promised} values)",
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy()  # a copy can be written to


def _unzipped(path: Path) -> bytes:
    """Return what a file holds, unpacked if it is gzip's, whatever it is called."""
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    unzip = zlib.decompressobj(31)
    try:
        values = unzip.decompress(content)
    except zlib.error as error:
        raise DamagedFile(path, f"is damaged, it can't be unpacked: {error}") from error
    if not unzip.eof:
        raise DamagedFile(path, f"breaks off after {len(content)} bytes, before the end of its gzip data")
    if unzip.unused_data.strip(b"\0"):
        raise DamagedFile(path, f"has {len(unzip.unused_data)} bytes too many after its gzip data")
    return values
