"""BERT's way from a text to words: lower case, no accents; punctuation stands alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from .splitting import SPACE, chunks, compile_pattern

# Of ASCII, everything that is neither letter nor digit counts as punctuation, "$" and "+" too.
FIND_ASCII = re.compile(rf"[^{SPACE}!-/:-@\[-`{{-~]+|[!-/:-@\[-`{{-~]").findall
SYMBOLS = r"\p{P}$+<=>^`|~"
WORDS = rf"[^\s{SYMBOLS}]+|[{SYMBOLS}]"
# Private use (Co) and format characters (Cf) are removed like control characters; unassigned ones aren't.
UNWANTED = r"[\p{Cc}\p{Cf}\p{Co}\uFFFD--[\t\n\r]]+"
# As in `tokenizers`, which begins the fifth range at 2B920; the Unicode standard has 2B820.
CHINESE = (
    r"([\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\U00020000-\U0002A6DF\U0002A700-\U0002B81F"
    r"\U0002B920-\U0002CEAF\U0002F800-\U0002FA1F])"
)
CLEAN_ASCII = {i: " " if chr(i) in "\t\n\r" else "" for i in [*range(0x20), 0x7F]}


class BertNormalizer(NamedTuple):
    """How BERT makes a text plain before it is split into words.

    Attributes:
        clean_text: drop control characters, and make every white space a space.
        handle_chinese_chars: let each Chinese character be a word.
        strip_accents: drop accents; None does so if `lowercase` is on.
        lowercase: make letters lower case.
    """

    clean_text: bool = True
    handle_chinese_chars: bool = True
    strip_accents: bool | None = None
    lowercase: bool = True

    def words(self, text: str) -> Iterator[list[str]]:
        """Yield the words of a text in lists."""
        for chunk in chunks(text):
            yield self.split(self.normalize_str(chunk))

    def split(self, normal: str) -> list[str]:
        """Return the words of a text in its normal form."""
        return FIND_ASCII(normal) if normal.isascii() else list(unicode_pattern(WORDS).findall(normal))

    def normalize_str(self, text: str) -> str:
        """Return a text as its words are taken from it.

        The steps and their order are those of `tokenizers.normalizers.BertNormalizer`.
        """
        if text.isascii():
            text = text.translate(CLEAN_ASCII) if self.clean_text and not text.isprintable() else text
            return text.lower() if self.lowercase else text
        if self.clean_text:
            text = unicode_pattern(r"\s").sub(" ", unicode_pattern(UNWANTED).sub("", text))
        if self.handle_chinese_chars:
            text = unicode_pattern(CHINESE).sub(r" \1 ", text)
        if self.lowercase if self.strip_accents is None else self.strip_accents:
            text = unicode_pattern(r"\p{Mn}+").sub("", unicodedata.normalize("NFD", text))
        if self.lowercase:
            # Python knows that a sigma at the end of a word looks different; BERT's vocabulary doesn't.
            text = text.replace("\u03a3", "\u03c3").lower()
        return text

    def aligned(self, text: str) -> tuple[str, list[int]]:
        """Return the normal form, and for each of its characters the index of the one that it comes from."""
        parts = [self.normalize_str(character) for character in text]
        return "".join(parts), [i for i, part in enumerate(parts) for _ in part]


@cache
def unicode_pattern(pattern: str) -> Any:
    """Return a compiled pattern in which one set can be taken from another (`--`)."""
    return compile_pattern("(?V1)" + pattern)
