"""Text to ids and back, once the tables of a byte-level vocabulary are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .encoding import Encoding, byte_offsets, without_spaces
from .ids import checked_ids
from .special import Choice
from .splitting import Splitter
from .subword import SubwordTokenizer


class ByteLevelCoder(SubwordTokenizer):
    """The half of `BPETokenizer` that encodes and decodes; its constructor fills these tables."""

    merges: list[tuple[str, str]]
    _bytes: list[bytes]  # what each token stands for
    _byte_ids: list[int]  # the id of each byte, -1 if the vocabulary doesn't have it
    _merge: Callable[[list[int]], list[int]]
    _splitter: Splitter
    _trim_offsets: bool

    def encode_bytes(self, data: bytes) -> list[int]:
        """Return the ids of any bytes, also of such that aren't UTF-8; special tokens count as text.

        Raises:
            TypeError: it isn't bytes.
        """
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"expected bytes, got {type(data).__name__}; a text is encoded by encode")
        text = bytes(data).decode("utf-8", "surrogateescape")
        lists = self._splitter.words(text)
        return [number for words in lists for word in words for number in self._encode_word(word)]

    def _encode_word(self, word: str) -> list[int]:
        """Return the ids of a word; bytes that aren't UTF-8 stand in it as halves of surrogate pairs."""
        data = word.encode("utf-8", "surrogateescape")
        ids = list(map(self._byte_ids.__getitem__, data))
        if -1 in ids:
            raise ValueError(
                f"the vocabulary has no token for the byte 0x{data[ids.index(-1)]:02x}, which the text "
                "needs: it doesn't begin with all 256 bytes"
            )
        return self._merge(ids)

    def encode_with_offsets(
        self, text: str, *, allowed_special: Choice = (), disallowed_special: Choice = "all"
    ) -> Encoding:
        """Return the ids of a text's tokens, the tokens, and where in the text each stood.

        Args:
            text: any text.
            allowed_special: see `encode`.
            disallowed_special: see `encode`.
        """
        found = super().encode_with_offsets(
            text, allowed_special=allowed_special, disallowed_special=disallowed_special
        )
        if not self._trim_offsets:
            return found
        trimmed = [without_spaces(token, where) for token, where in zip(found.tokens, found.offsets)]
        return found._replace(offsets=trimmed)

    def _add_piece(self, piece: str, at: int, ids: list[int], offsets: list[tuple[int, int]]) -> None:
        """Add the ids and offsets of a piece of ordinary text that begins at `at`."""
        added = self._splitter.adds_space(piece)
        start = at - added
        first = len(offsets)
        for words in self._splitter.words(piece):
            for word in words:
                found = self._cache[word]
                ids += found
                offsets += byte_offsets(word, [len(self._bytes[number]) for number in found], start)
                start += len(word)
        if added:  # the space that wasn't there counts to the first character
            offsets[first:] = [(max(start, at), max(end, at + 1)) for start, end in offsets[first:]]

    def decode_bytes(self, ids: Any) -> bytes:
        """Return the bytes that ids stand for.

        Args:
            ids: a list, an array or a tensor of integers, with one dimension.

        Raises:
            TypeError: they aren't integers.
            IndexError: an id is outside the vocabulary.
        """
        return b"".join(map(self._bytes.__getitem__, checked_ids(ids, len(self._bytes))))

    def decode(self, ids: Any, *, skip_special_tokens: bool = False, errors: str = "replace") -> str:
        """Return the text that ids stand for.

        Args:
            ids: a list, an array or a tensor of integers, with one dimension.
            skip_special_tokens: leave special tokens out.
            errors: what to do with bytes that aren't UTF-8, as ids from the middle of a character make them:
                "replace" shows U+FFFD for them, "strict" raises an error, "ignore" drops them.

        Raises:
            TypeError: they aren't integers.
            IndexError: an id is outside the vocabulary.
            UnicodeDecodeError: the bytes aren't UTF-8, and `errors` is "strict".
        """
        found = checked_ids(ids, len(self._bytes))
        if skip_special_tokens:
            found = self._without_special(found)
        return b"".join(map(self._bytes.__getitem__, found)).decode("utf-8", errors)
