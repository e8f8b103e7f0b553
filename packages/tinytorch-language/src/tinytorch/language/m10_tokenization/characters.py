"""The smallest word pieces: the characters of a corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


class Alphabet:
    """Which characters of a corpus become pieces, and how a word is made of them.

    Args:
        special_tokens: the tokens that come first.
        limit: how many different characters are kept, the most frequent ones.
    """

    def __init__(self, special_tokens: Sequence[str], limit: int) -> None:
        self.special_tokens = special_tokens
        self.limit = limit
        self.kept: set[str] = set()

    def tokens(self, words: Counter[str]) -> list[str]:
        """Return the first tokens: special ones, characters, and what continues a word, each sorted."""
        found: Counter[str] = Counter()
        for word, count in words.items():
            for character in word:
                found[character] += count
        self.kept = set(sorted(found, key=lambda character: (-found[character], character))[: self.limit])
        inside = self.kept & {character for word in words for character in word[1:]}
        ordered = [
            *self.special_tokens,
            *sorted(self.kept),
            *(f"##{character}" for character in sorted(inside)),
        ]
        return list(dict.fromkeys(ordered))  # each once

    def parts(self, word: str) -> list[str]:
        """Return the pieces of one character that a word is made of."""
        return [f"##{c}" if i else c for i, c in enumerate(word) if c in self.kept]
