"""What tokenizers of parts of words have in common: special tokens, words, and the ids of each word."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

from .base import Tokenizer
from .encoding import Encoding
from .ids import checked_text
from .special import Choice, SpecialTokens


class SubwordTokenizer(Tokenizer):
    """A text is cut at special tokens and into words; a word is looked up, or split, by a subclass."""

    _special: SpecialTokens
    _splitter: Any  # has a method words(text)
    _cache: dict[str, tuple[int, ...]]  # words and their ids; finds what it doesn't have

    @property
    def special_tokens(self) -> dict[str, int]:
        """The special tokens and their ids."""
        return dict(self._special.ids)

    def encode(
        self, text: str, *, allowed_special: Choice = (), disallowed_special: Choice = "all"
    ) -> list[int]:
        """Return the ids of a text's tokens.

        Special tokens in the text are refused unless one says what they are: whoever can write the text could
        otherwise end the document, or speak in another's name.

        Args:
            text: any text.
            allowed_special: the special tokens that become their ids, a set of them or "all". Where several
                begin at the same place, the longest counts.
            disallowed_special: those that raise an error; "all" are all that aren't allowed. What is in
                neither is encoded like any other text: `disallowed_special=()` takes all as it stands.

        Raises:
            TypeError: it isn't a str.
            ValueError: it has a disallowed special token, or half of a surrogate pair.

        The arguments are those of `tiktoken.Encoding.encode`.
        """
        ids: list[int] = []
        find = self._cache.__getitem__
        for piece, special in self._special.split(checked_text(text), allowed_special, disallowed_special):
            if special is None:
                for words in self._splitter.words(piece):
                    ids += chain.from_iterable(map(find, words))
            else:
                ids.append(special)
        return ids

    def encode_with_offsets(
        self, text: str, *, allowed_special: Choice = (), disallowed_special: Choice = "all"
    ) -> Encoding:
        """Return the ids of a text's tokens, the tokens, and where in the text each stood.

        Args:
            text: any text.
            allowed_special: see `encode`.
            disallowed_special: see `encode`.
        """
        ids: list[int] = []
        offsets: list[tuple[int, int]] = []
        at = 0
        for piece, special in self._special.split(checked_text(text), allowed_special, disallowed_special):
            if special is None:
                self._add_piece(piece, at, ids, offsets)
            else:
                ids.append(special)
                offsets.append((at, at + len(piece)))
            at += len(piece)
        return Encoding(ids, [self._tokens[number] for number in ids], offsets)

    def _add_piece(self, piece: str, at: int, ids: list[int], offsets: list[tuple[int, int]]) -> None:
        """Add the ids and offsets of a piece of ordinary text that begins at `at`."""
        raise NotImplementedError

    def _without_special(self, ids: Iterable[int]) -> list[int]:
        special = set(self._special.ids.values())
        return [number for number in ids if number not in special]
