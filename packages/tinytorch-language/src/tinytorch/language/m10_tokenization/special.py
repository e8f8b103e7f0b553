"""Special tokens: strings that stand for one id, which no text may produce by accident."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Literal, TypeAlias

Choice: TypeAlias = "Literal['all'] | Collection[str]"


class SpecialTokens:
    """Finds the special tokens of a vocabulary in a text.

    Args:
        ids: the special tokens and their ids.
    """

    def __init__(self, ids: Mapping[str, int]) -> None:
        self.ids = dict(ids)

    def split(self, text: str, allowed: Choice, disallowed: Choice) -> Iterator[tuple[str, int | None]]:
        """Yield the pieces of a text: ordinary ones with None, special tokens with their ids.

        Where several begin at the same place, the longest counts.

        Args:
            text: any text.
            allowed: which special tokens become their ids.
            disallowed: which raise an error; "all" are all that aren't allowed. What is neither is text.

        Raises:
            ValueError: the text has a token that is disallowed, or one that is allowed doesn't exist.
        """
        allowed = self.chosen(allowed, "allowed_special")
        unknown = allowed - self.ids.keys()
        if unknown:
            raise ValueError(
                f"allowed_special has {min(unknown)!r}, which is no special token of this tokenizer"
            )
        forbidden = (
            self.ids.keys() if disallowed == "all" else self.chosen(disallowed, "disallowed_special")
        ) - allowed
        if forbidden and (found := finder(frozenset(forbidden)).search(text)):
            raise ValueError(
                f"the text has the special token {found[0]!r} at position {found.start()}. To encode it as "
                f"its id, pass allowed_special={{{found[0]!r}}}; as ordinary text, disallowed_special=()"
            )
        end = 0
        if allowed:
            for found in finder(frozenset(allowed)).finditer(text):
                if found.start() > end:
                    yield text[end : found.start()], None
                yield found[0], self.ids[found[0]]
                end = found.end()
        if end < len(text):
            yield text[end:] if end else text, None

    def chosen(self, choice: Choice, name: str) -> set[str]:
        """Return which tokens an argument names."""
        if choice == "all":
            return set(self.ids)
        if isinstance(choice, str) or not all(isinstance(token, str) for token in choice):
            raise TypeError(f'{name} must be "all" or a set of strings, got {choice!r}')
        return set(choice) - {""}


@lru_cache(maxsize=64)
def finder(tokens: frozenset[str]) -> re.Pattern[str]:
    """Return a pattern that finds the leftmost token, and the longest of those that begin there."""
    return re.compile("|".join(map(re.escape, sorted(tokens, key=lambda token: (-len(token), token)))))
