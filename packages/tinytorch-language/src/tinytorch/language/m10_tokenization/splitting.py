r"""Split text into words before any merge: GPT-2's pattern.

Merges never cross the border between two words. So a space belongs to the word after it, letters, digits and
other characters don't mix, and what was learned for " dog" holds after every word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

GPT2_PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
# The same words, found faster: the alternatives begin with different characters, so the most frequent may
# stand first.
REORDERED = r""" ?\p{L}+| ?\p{N}+|'(?:[stmd]|re|ve|ll)| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
# In ASCII text the standard library's engine finds them, in half the time. Its own \s has four control
# characters more than Unicode's white space, so the six are written out.
SPACE = r"\t\n\v\f\r "
ASCII = (
    rf" ?[A-Za-z]+| ?[0-9]+|'(?:[stmd]|re|ve|ll)| ?[^{SPACE}A-Za-z0-9]+|[{SPACE}]+(?![^{SPACE}])|[{SPACE}]+"
)
CHUNK = 1 << 16  # characters: more words at a time cost memory, fewer cost time


@cache
def compile_pattern(pattern: str) -> Any:
    r"""Return a compiled pattern; `regex` knows \p{L}, the standard library doesn't.

    Raises:
        ValueError: the pattern is wrong, or isn't a str.
    """
    import regex  # type: ignore[import-untyped, unused-ignore]

    try:
        return regex.compile(pattern)
    except (regex.error, TypeError) as error:
        raise ValueError(f"{pattern!r} isn't a regular expression: {error}") from None


FIND_ASCII = re.compile(ASCII).findall
FIND_BORDER = re.compile(rf"(?<=[^\s\x1c-\x1f])[{SPACE}]").search


class Splitter:
    """Splits texts into words by a regular expression; what it doesn't match is a word, too.

    Args:
        pattern: a pattern of the package `regex`.
        add_prefix_space: puts a space before a text that begins without.
    """

    def __init__(self, pattern: str = GPT2_PATTERN, add_prefix_space: bool = False) -> None:
        self.pattern = pattern
        self.add_prefix_space = add_prefix_space
        self.is_gpt2 = pattern == GPT2_PATTERN
        if not self.is_gpt2:
            compile_pattern(pattern)

    def adds_space(self, text: str) -> bool:
        """Tell whether a space is put before a text."""
        return self.add_prefix_space and text != "" and not text.startswith(" ")

    def words(self, text: str) -> Iterator[list[str]]:
        """Yield the words of a text in lists; together they are the text, with a space if one is added."""
        if self.adds_space(text):
            text = " " + text
        if self.is_gpt2:
            for chunk in chunks(text):
                yield FIND_ASCII(chunk) if chunk.isascii() else compile_pattern(REORDERED).findall(chunk)
        else:
            yield self.split_all(text)

    def split_all(self, text: str) -> list[str]:
        """Split by a pattern that may leave gaps."""
        found, end = [], 0
        for match in compile_pattern(self.pattern).finditer(text):
            if match.start() > end:
                found.append(text[end : match.start()])
            if match.end() > match.start():
                found.append(match[0])
            end = match.end()
        return [*found, text[end:]] if end < len(text) else found


def chunks(text: str) -> Iterator[str]:
    """Cut a long text at borders between words, so that its words needn't all be in memory.

    Where white space follows anything else, there is a border, whatever stands before and after.
    """
    start = 0
    while len(text) - start > CHUNK:
        border = FIND_BORDER(text, start + CHUNK)
        if border is None:
            break
        yield text[start : border.start()]
        start = border.start()
    yield text[start:] if start else text
