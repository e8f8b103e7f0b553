"""What all tokenizers have: a vocabulary, and batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .files import PathLike
from .ids import checked_texts


class Tokenizer:
    """A vocabulary, and a way from text to ids and back; the base of the tokenizers.

    A subclass fills `_tokens`, the token of each id, and `_ids`, the id of each token.
    """

    _tokens: list[str]
    _ids: dict[str, int]

    @property
    def vocab_size(self) -> int:
        """How many tokens there are, special ones among them."""
        return len(self._tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text's tokens."""
        raise NotImplementedError

    def decode(self, ids: Any) -> str:
        """Return the text that ids stand for."""
        raise NotImplementedError

    def encode_batch(self, texts: Iterable[str], **options: Any) -> list[list[int]]:
        """Return the ids of each of several texts; the options are those of `encode`.

        Raises:
            TypeError: `texts` is one text instead of several.
        """
        return [self.encode(text, **options) for text in checked_texts(texts)]

    def decode_batch(self, batch: Iterable[Any], **options: Any) -> list[str]:
        """Return the text of each of several sequences of ids; the options are those of `decode`.

        The rows of an array or of a tensor with two dimensions count as sequences.
        """
        return [self.decode(ids, **options) for ids in checked_texts(batch)]

    def token_to_id(self, token: str) -> int | None:
        """Return the id of a token; None if the vocabulary doesn't have it."""
        return self._ids.get(token)

    def id_to_token(self, id: int) -> str | None:
        """Return the token of an id; None if the vocabulary doesn't have it."""
        return self._tokens[id] if 0 <= id < len(self._tokens) else None

    def get_vocab(self) -> dict[str, int]:
        """Return all tokens with their ids."""
        return dict(self._ids)

    def save(self, path: PathLike, *, backup: bool = True) -> None:
        """Write the tokenizer to a JSON file, from which `load` makes it again."""
        raise NotImplementedError
