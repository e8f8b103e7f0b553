"""Remember the ids of words: in a text of a million words, most are among the same few thousand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

WORDS = 1 << 16  # about 15 MB
LENGTH = 64  # characters: longer words seldom come again


class WordCache(dict[str, tuple[int, ...]]):
    """Words and their ids, with a limit: when it is full, it begins anew.

    A plain dictionary that finds what it doesn't have, so that a list of words is looked up without a line of
    Python for each.

    Args:
        encode: returns the ids of a word.
    """

    def __init__(self, encode: Callable[[str], Sequence[int]]) -> None:
        super().__init__()
        self.encode = encode

    def __missing__(self, word: str) -> tuple[int, ...]:
        ids = tuple(self.encode(word))
        if len(word) <= LENGTH:
            if len(self) >= WORDS:
                self.clear()
            self[word] = ids
        return ids

    def __reduce__(self) -> tuple[type[WordCache], tuple[Callable[[str], Sequence[int]]]]:
        """Copy and pickle it empty."""
        return WordCache, (self.encode,)
