"""What an encoded text knows of its tokens: ids, spellings, and where they stood."""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple


class Encoding(NamedTuple):
    """A text as tokens.

    Attributes:
        ids: the id of each token.
        tokens: the token of each id, as it stands in the vocabulary.
        offsets: for each token the part `text[start:end]` of the text that it comes from, in characters. A
            token that holds only some bytes of a character gets the whole character.
    """

    ids: list[int]
    tokens: list[str]
    offsets: list[tuple[int, int]]


def byte_offsets(word: str, sizes: list[int], start: int) -> list[tuple[int, int]]:
    """Return where tokens of some numbers of bytes stand in a word that begins at `start`."""
    ends = list(accumulate(sizes))
    if word.isascii():
        return [(start + end - size, start + end) for size, end in zip(sizes, ends)]
    owner = [
        i for i, character in enumerate(word, start) for _ in character.encode("utf-8", "surrogateescape")
    ]
    return [(owner[end - size], owner[end - 1] + 1) for size, end in zip(sizes, ends)]


def without_spaces(token: str, offsets: tuple[int, int]) -> tuple[int, int]:
    """Return a token's offsets less the spaces at its ends, as the post-processor of `tokenizers` has them.

    Args:
        token: in the alphabet of bytes.
        offsets: those of the token with its spaces.
    """
    start, end = offsets
    space = "\u0120"  # the character that stands for the byte of a space
    leading = len(token) - len(token.lstrip(space))
    trailing = len(token) - len(token.rstrip(space))
    if leading > 1 or start > 0:  # a single space at the very start may be one that wasn't in the text
        start = min(start + leading, end)
    if trailing and end >= trailing:
        end = max(end - trailing, start)
    return start, end
