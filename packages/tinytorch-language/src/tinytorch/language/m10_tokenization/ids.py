"""Check what users give: vocabularies, texts, and ids in all the forms that they come in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np


def checked_vocabulary(vocab: Mapping[str, int]) -> list[str]:
    """Return the tokens of a vocabulary in the order of their ids.

    Raises:
        TypeError: a token isn't a string, or an id isn't an integer.
        ValueError: it is empty, or its ids aren't 0, 1, 2, ... without gaps and duplicates.
    """
    if not isinstance(vocab, Mapping):
        raise TypeError(f"a vocabulary is a dict of tokens and their ids, got {type(vocab).__name__}")
    if not vocab:
        raise ValueError("the vocabulary is empty")
    tokens: list[str | None] = [None] * len(vocab)
    for token, number in vocab.items():
        if not isinstance(token, str):
            raise TypeError(f"a token of the vocabulary must be a str, got {token!r}")
        if type(number) is not int:
            raise TypeError(f"the id of token {token!r} must be an int, got {number!r}")
        if not 0 <= number < len(tokens):
            raise ValueError(
                f"token {token!r} has the id {number}, but a vocabulary of {len(tokens)} tokens has the ids "
                f"0 to {len(tokens) - 1}, without gaps"
            )
        if tokens[number] is not None:
            raise ValueError(f"the tokens {tokens[number]!r} and {token!r} have the same id, {number}")
        tokens[number] = token
    return [token for token in tokens if token is not None]


def checked_ids(ids: Any, size: int) -> list[int]:
    """Return ids as a list of Python integers, each within a vocabulary of `size` tokens.

    They may come as a list or another iterable, as an array, or as a tensor with one dimension.

    Raises:
        TypeError: they aren't integers.
        ValueError: they have another number of dimensions than one.
        IndexError: one is negative, or too large.
    """
    if isinstance(ids, (str, bytes)) or not isinstance(ids, Iterable):
        raise TypeError(f"ids must be a list, an array or a tensor of integers, got {ids!r}")
    if hasattr(ids, "__array__"):
        array = np.asarray(ids)
        if array.dtype.kind not in "iu" and array.size:
            raise TypeError(f"ids must be integers, got dtype {array.dtype}")
        if array.ndim != 1:
            raise ValueError(
                f"ids must have one dimension, got shape {array.shape}; decode_batch takes one text a row"
            )
        found: list[int] = array.tolist()
    else:
        found = list(ids)
        if set(map(type, found)) - {int}:
            found = [checked_integer(number) for number in found]
    if found and not (min(found) >= 0 and max(found) < size):
        wrong = next(number for number in found if not 0 <= number < size)
        raise IndexError(f"id {wrong} is outside the vocabulary, which has the ids 0 to {size - 1}")
    return found


def checked_integer(number: Any) -> int:
    """Return an integer as a Python int; NumPy's and one-element tensors of integers count as such.

    Raises:
        TypeError: it isn't one, or it is a bool.
    """
    value = number.item() if hasattr(number, "item") and getattr(number, "ndim", 1) == 0 else number
    if type(value) is not int:
        raise TypeError(f"an id must be an int, got {number!r}")
    return value


def checked_text(text: Any) -> str:
    """Return a text as it is.

    Raises:
        TypeError: it isn't a str.
        ValueError: it holds half of a surrogate pair, which is no character and has no bytes in UTF-8.
    """
    if not isinstance(text, str):
        hint = "; bytes are encoded by encode_bytes, or decode them first" if isinstance(text, bytes) else ""
        raise TypeError(f"expected a text of type str, got {type(text).__name__}{hint}")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"character {error.start} of the text is {text[error.start]!a}, half of a surrogate pair, "
                "which isn't a character: decode the text from its bytes again, with the right encoding"
            ) from None
    return text


def checked_texts(texts: Any) -> list[Any]:
    """Return the members of a batch as a list.

    Raises:
        TypeError: it is one text, or can't be iterated over.
    """
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        raise TypeError(f"a batch is a list of texts, got {type(texts).__name__}")
    return list(texts)


def checked_tokens(tokens: Any, what: str) -> list[str]:
    """Return a sequence of strings, each at most once and none of them empty, as a list.

    Raises:
        TypeError: it is a single string, or has a member that isn't one.
        ValueError: a member is empty, or appears twice.
    """
    if isinstance(tokens, (str, bytes)) or not isinstance(tokens, (Sequence, set, frozenset)):
        raise TypeError(f"{what} must be a list of strings, got {tokens!r}")
    found = sorted(tokens) if isinstance(tokens, (set, frozenset)) else list(tokens)
    for token in found:
        if not isinstance(token, str):
            raise TypeError(f"{what} must be a list of strings, but has {token!r}")
        if not token:
            raise ValueError(f"{what} has an empty string")
    if len(set(found)) < len(found):
        twice = next(token for token in found if found.count(token) > 1)
        raise ValueError(f"{what} has {twice!r} twice")
    return found
