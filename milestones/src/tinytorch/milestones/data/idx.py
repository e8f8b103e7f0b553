"""IDX files, the format of MNIST and Fashion-MNIST.

A file holds one array: two zero bytes, a byte for the type (0x08: unsigned bytes), a byte for the number
of dimensions, the length of each dimension (4 bytes, big-endian), then the values.

Source: https://yann.lecun.com/exdb/mnist/
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .images import DataError, Images

PARTS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def read_idx_folder(path: Path) -> Images:
    """Read the four files of an MNIST-like data set.

    Args:
        path: the folder that holds them, gzipped or not, or one of the files.

    Raises:
        DataError: a file is missing, damaged, or doesn't fit the others.
    """
    folder = path.parent if path.is_file() else path
    if not folder.is_dir():
        raise DataError(f"no such file or folder: {path}")
    found = {part: find(folder, part) for part in PARTS}
    missing = [part for part, file in found.items() if file is None]
    if missing:
        raise DataError(f"missing in {folder}: {', '.join(missing)} (plain or with .gz)")
    train_images, train_labels, test_images, test_labels = (
        read_idx(file, dimensions)
        for file, dimensions in zip(found.values(), (3, 1, 3, 1))
        if file is not None
    )
    for part, images, labels in (("train", train_images, train_labels), ("t10k", test_images, test_labels)):
        if len(images) != len(labels):
            raise DataError(f"{folder}: {len(images)} {part} images but {len(labels)} {part} labels")
        if images.size == 0:
            raise DataError(f"{folder}: no {part} images")
    if train_images.shape[1:] != test_images.shape[1:]:
        sizes = " and ".join(f"{x.shape[1]} x {x.shape[2]}" for x in (train_images, test_images))
        raise DataError(f"{folder}: train and t10k images have different sizes, {sizes}")
    classes = np.unique(train_labels)
    if len(classes) < 2:
        raise DataError(f"{folder}: the train labels hold one class only, at least two are needed")
    unknown = np.setdiff1d(test_labels, classes)
    if len(unknown):
        raise DataError(f"{folder}: t10k labels hold {unknown[0]}, which no train label has")
    return Images(
        name=f"IDX files in {folder.resolve().name}",
        train_images=train_images.astype(np.float32) / np.float32(255),
        train_labels=np.searchsorted(classes, train_labels),
        test_images=test_images.astype(np.float32) / np.float32(255),
        test_labels=np.searchsorted(classes, test_labels),
        classes=tuple(str(label) for label in classes),
        credit=None,
        embedded=False,
    )


def find(folder: Path, part: str) -> Path | None:
    """Find a file under the names that are in use: plain or gzipped, `-idx3-` or `.idx3-`."""
    for name in (part, part.replace("-idx", ".idx")):
        for candidate in (folder / name, folder / f"{name}.gz"):
            if candidate.is_file():
                return candidate
    return None


def read_idx(file: Path, dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, gzipped or not.

    Args:
        file: the file.
        dimensions: how many dimensions its array must have.

    Raises:
        DataError: it can't be read, isn't an IDX file of that kind, or is too short or too long.
    """
    try:
        content = file.read_bytes()
        if content[:2] == b"\x1f\x8b":  # gzip's own mark, whatever the file is called
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"can't read {file}: {error}") from error
    header = 4 + 4 * dimensions
    magic = bytes([0, 0, 8, dimensions])
    if content[:4] != magic:
        raise DataError(
            f"{file} is no IDX file of unsigned bytes with {dimensions} dimension(s): "
            f"it begins with {content[:4].hex() or 'nothing'}, expected {magic.hex()}"
        )
    if len(content) < header:
        raise DataError(f"{file} is truncated: its header has {len(content)} bytes, expected {header}")
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", dimensions, 4))
    expected = header + math.prod(shape)
    if len(content) != expected:
        problem = "is truncated" if len(content) < expected else "is too long"
        raise DataError(
            f"{file} {problem}: it has {len(content)} bytes, its header promises {expected} "
            f"({' x '.join(map(str, shape))} values)"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
