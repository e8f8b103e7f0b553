"""Check that the parts of a byte-level vocabulary fit together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from .alphabet import BYTES, unspell
from .ids import checked_text


def token_bytes(token: str, special_tokens: Collection[str]) -> bytes:
    """Return the bytes that a token stands for.

    Raises:
        ValueError: it has a character that stands for no byte, and isn't a special token.
    """
    if token in special_tokens:
        return token.encode()
    data = unspell(token)
    if not data:
        raise ValueError(
            f"the token {token!a} isn't written in the byte-level alphabet, a printable character for each "
            "byte, nor is it a special token; is this the vocabulary of another kind of tokenizer?"
        )
    return data


def checked_merges(merges: Iterable[Any], ids: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return the merges as pairs of tokens.

    Raises:
        TypeError: one isn't a pair of strings.
        ValueError: one of the two, or what they make, isn't in the vocabulary.
    """
    found = []
    for i, merge in enumerate(merges):
        if not isinstance(merge, (tuple, list)) or [type(part) for part in merge] != [str, str]:
            raise TypeError(f"merge {i} must be a pair of strings, got {merge!r}")
        first, second = merge
        for token in (first, second, first + second):
            if token not in ids:
                raise ValueError(
                    f"merge {i} joins {first!a} and {second!a}, but {token!a} isn't in the vocabulary"
                )
        found.append((first, second))
    return found


def checked_specials(special_tokens: Iterable[str], merges: Iterable[tuple[str, str]]) -> None:
    """Raise an error if a special token would be mistaken for other bytes when ids are decoded.

    A special token may be what a merge makes, too, "the" say. But the byte 0xE9 is written as U+00E9, whose
    own bytes are others: one id can't stand for both.

    Raises:
        ValueError: a special token is written like other bytes, or isn't a text.
    """
    made = {first + second for first, second in merges} | BYTES.keys()
    for token in special_tokens:
        if token in made and unspell(token) != checked_text(token).encode():
            raise ValueError(
                f"the special token {token!a} is how other bytes are written in the vocabulary; choose "
                'another one, for example "<|name|>"'
            )
        checked_text(token)
