"""The text to learn from: nine plays that come with tinytorch-language, or a file of the user."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from tinytorch.language import plays

from .errors import TinyGPTError

SHORTEST = 2_000  # characters: below, the tenth to be tested on tells nothing
LARGEST = 200_000_000  # bytes: beyond, the ids alone fill the memory of a small machine
HELD_OUT = 10  # one part in so many, the last one, is to be tested on


@dataclass(frozen=True)
class Corpus:
    """A text in two parts: one to learn from, and the end of it to be tested on.

    Attributes:
        name: what it is, in words.
        train, test: the two parts.
    """

    name: str
    train: str
    test: str

    @property
    def checksum(self) -> int:
        """A number that is another one for another text."""
        return zlib.crc32((self.train + self.test).encode("utf-8", "surrogatepass"))


def read_corpus(path: Path | None) -> Corpus:
    """Return the user's text, or the plays.

    Args:
        path: a file in UTF-8; None for the plays.

    Raises:
        TinyGPTError: it can't be read, isn't text in UTF-8, is too short or too large.
    """
    if path is None:
        return split(plays(), "nine plays by Shakespeare")
    if path.is_dir():
        raise TinyGPTError(f"{path} is a folder: --data takes one text file")
    try:
        if path.stat().st_size > LARGEST:
            raise TinyGPTError(
                f"{path} has {path.stat().st_size:,} bytes, at most {LARGEST:,} are read: take a part of it"
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise TinyGPTError(f"{path}: there is no such file; --data takes the path of a text file") from None
    except (OSError, ValueError) as error:  # a ValueError: a null character in the name
        raise TinyGPTError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TinyGPTError(
            f"{path} isn't UTF-8: byte {error.start} is {content[error.start]:#04x}; save it as UTF-8 first"
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise TinyGPTError(f"{path} isn't a text: there are null characters in it")
    return split(text, path.name)


def split(text: str, name: str) -> Corpus:
    """Keep the last tenth for the test.

    Raises:
        TinyGPTError: the text is too short, or one character again and again.
    """
    if len(text) < SHORTEST:
        raise TinyGPTError(f"{name} is too short: {len(text):,} characters, at least {SHORTEST:,} are needed")
    if len(set(text)) < 2:
        raise TinyGPTError(f"{name} has only one character, again and again: there is nothing to learn")
    cut = len(text) - round(len(text) / HELD_OUT)
    return Corpus(name, text[:cut], text[cut:])
