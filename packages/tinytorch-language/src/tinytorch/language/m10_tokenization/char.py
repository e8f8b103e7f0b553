"""The simplest tokenizer: a character is a token."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from .base import Tokenizer
from .files import PathLike, damaged, field, read_json, write_text
from .ids import checked_ids, checked_text, checked_tokens, checked_vocabulary


class CharTokenizer(Tokenizer):
    """Characters and their numbers.

    Args:
        tokens: the characters, each at most once; a character's index is its id.
        unk_token: stands for every character that isn't among them; it gets the last id unless it is one of
            `tokens` already. Without it, such a character is an error.

    Attributes:
        itos: the character of each id ("integer to string").
        stoi: the id of each character ("string to integer").

    Raises:
        ValueError: there are no tokens, one is longer than a character, or appears twice.

    Examples:
        >>> tokenizer = language.CharTokenizer("abc")
        >>> tokenizer.encode("cab")
        [2, 0, 1]
        >>> tokenizer.decode([2, 0, 1])
        'cab'
    """

    def __init__(self, tokens: Sequence[str], unk_token: str | None = None) -> None:
        self.itos = checked_tokens(list(tokens) if isinstance(tokens, str) else tokens, "tokens")
        if unk_token is not None:
            checked_tokens([unk_token], "unk_token")
            if unk_token not in self.itos:
                self.itos.append(unk_token)
        self.unk_token = unk_token
        for token in self.itos:
            if len(token) != 1 and token != unk_token:
                raise ValueError(f"a token is one character, got {token!r}")
        if not self.itos:
            raise ValueError("there are no tokens: the vocabulary would be empty")
        self.stoi = {token: number for number, token in enumerate(self.itos)}
        self._tokens, self._ids = self.itos, self.stoi

    @classmethod
    def train(cls, texts: str | Iterable[str], unk_token: str | None = None) -> CharTokenizer:
        """Return a tokenizer of all characters of a text or of several, in the order of their code points.

        Args:
            texts: a text, or an iterable of texts.
            unk_token: stands for every other character (see the class).

        Raises:
            TypeError: a text isn't a str.
            ValueError: the texts are empty.
        """
        characters: set[str] = set()
        for text in [texts] if isinstance(texts, (str, bytes)) else texts:
            characters.update(checked_text(text))
        if not characters:
            raise ValueError("the corpus is empty: there is no character to learn")
        return cls(sorted(characters), unk_token)

    def __repr__(self) -> str:
        unk = "" if self.unk_token is None else f", unk_token={self.unk_token!r}"
        return f"CharTokenizer(vocab_size={self.vocab_size}{unk})"

    def encode(self, text: str) -> list[int]:
        """Return the id of each character.

        Raises:
            TypeError: it isn't a str.
            ValueError: a character is unknown, and there is no `unk_token`.
        """
        text = checked_text(text)
        try:
            return list(map(self.stoi.__getitem__, text))
        except KeyError as error:
            if self.unk_token is not None:
                unk, find = self.stoi[self.unk_token], self.stoi.get
                return [find(character, unk) for character in text]
            wrong = error.args[0]
            raise ValueError(
                f"character {wrong!a} at position {text.index(wrong)} isn't in the vocabulary of "
                f"{self.vocab_size} characters; train on a text that has it, or give an unk_token"
            ) from None

    def decode(self, ids: Any) -> str:
        """Return the text that ids stand for.

        Args:
            ids: a list, an array or a tensor of integers, with one dimension.

        Raises:
            IndexError: an id is outside the vocabulary.
        """
        return "".join(map(self.itos.__getitem__, checked_ids(ids, len(self.itos))))

    def save(self, path: PathLike, *, backup: bool = True) -> None:
        """Write the vocabulary to a JSON file.

        A file that was there is replaced in one step, and kept as `name.bak`; `backup=False` doesn't keep it.
        """
        data = {"type": "CharTokenizer", "unk_token": self.unk_token, "vocab": self.stoi}
        write_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n", backup)

    @classmethod
    def load(cls, path: PathLike) -> CharTokenizer:
        """Return the tokenizer that `save` wrote.

        Raises:
            ValueError: the file isn't one of those.
        """
        data = read_json(path)
        with damaged(path):
            kind = field(data, "type", str, "the file")
            if kind != "CharTokenizer":
                raise ValueError(f"it holds a {kind}, not a CharTokenizer")
            tokens = checked_vocabulary(field(data, "vocab", dict, "the file"))
            return cls(tokens, field(data, "unk_token", (str, type(None)), "the file"))
