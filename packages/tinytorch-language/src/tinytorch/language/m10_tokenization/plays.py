"""A text to learn from that comes with the package."""

from __future__ import annotations

import gzip
from importlib.resources import files


def plays() -> str:
    """Return nine plays by William Shakespeare, one after another: 1,226,422 characters, all of them ASCII.

    They are in the public domain; `data/PLAYS.txt` beside this file says where they are from and which they
    are. Nothing is downloaded.
    """
    packed = files(__package__).joinpath("data", "plays.txt.gz").read_bytes()
    return gzip.decompress(packed).decode("ascii")
