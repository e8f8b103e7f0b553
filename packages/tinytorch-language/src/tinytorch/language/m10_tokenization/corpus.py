"""From texts or files to counted words, and from these to tokens."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, NamedTuple, Protocol

from .files import PathLike, read_lines
from .ids import checked_text
from .progress import progress
from .training import Pair, learn_merges


class Words(Protocol):
    """What splits a text into words."""

    def words(self, text: str) -> Iterator[list[str]]:
        """Yield the words of a text in lists."""
        ...


class Plan(NamedTuple):
    """What training is to reach.

    Attributes:
        vocab_size: how many tokens there are to be.
        min_frequency: how often a pair must occur to be merged.
        show_progress: whether to show a bar; None shows one if standard error is a terminal.
    """

    vocab_size: int
    min_frequency: int
    show_progress: bool | None


class Text(NamedTuple):
    """A text of the corpus, and how far it has been read with it, in a unit of its own."""

    text: str
    done: int
    total: int | None


def from_texts(texts: str | Iterable[str]) -> Iterator[Text]:
    """Yield a text, or several."""
    texts = [checked_text(texts)] if isinstance(texts, (str, bytes)) else texts
    total = len(texts) if isinstance(texts, Sized) else None
    for number, text in enumerate(texts, start=1):
        yield Text(checked_text(text), number, total)


def from_files(files: PathLike | Iterable[PathLike]) -> Iterator[Text]:
    """Yield each line of one file, or of several."""
    paths = [files] if isinstance(files, (str, os.PathLike)) else list(files)
    total, done = sum(os.path.getsize(path) for path in paths), 0
    for path in paths:
        for line in read_lines(path):
            done += len(line)
            yield Text(line, done, total)


def train(
    corpus: Iterable[Text],
    splitter: Words,
    tokens_for: Callable[[Counter[str]], list[str]],
    parts: Callable[[str], list[str]],
    plan: Plan,
    prefix: str = "",
) -> tuple[list[str], list[Pair]]:
    """Return the tokens and the merges that a corpus teaches.

    Args:
        corpus: the texts.
        splitter: splits a text into words.
        tokens_for: returns the tokens to begin with, special ones and the alphabet of the words.
        parts: splits a word into tokens of the alphabet.
        plan: how many tokens there are to be.
        prefix: what the second part of a merge loses.

    Raises:
        TypeError: a number of the plan isn't an integer.
        ValueError: the corpus is empty, or its alphabet larger than the vocabulary is to be.
    """
    for name in ("vocab_size", "min_frequency"):
        value: Any = getattr(plan, name)
        if type(value) is not int:
            raise TypeError(f"{name} must be an int, got {value!r}")
    if plan.min_frequency < 0:
        raise ValueError(f"min_frequency must be at least 0, got {plan.min_frequency}")
    check_size(plan.vocab_size, tokens_for(Counter()))
    with progress(plan.show_progress) as report:
        counts: Counter[str] = Counter()
        for number, text in enumerate(corpus):
            for words in splitter.words(text.text):
                counts.update(words)
            if report is not None and not number % 1000:
                report("reading", text.done, text.total)
        if not counts:
            raise ValueError("the corpus is empty: there is no word to learn from")
        tokens = tokens_for(counts)
        check_size(plan.vocab_size, tokens)
        ids = {token: number for number, token in enumerate(tokens)}
        split = [[ids[part] for part in parts(word)] for word in counts]

        def learned(size: int) -> None:
            if report is not None:
                report("learning merges", size, plan.vocab_size)

        merges = learn_merges(
            split, list(counts.values()), tokens, plan.vocab_size, plan.min_frequency, prefix, learned
        )
    return tokens, merges


def check_size(vocab_size: int, tokens: list[str]) -> None:
    """Raise an error if a vocabulary is to be smaller than what it begins with."""
    if vocab_size < len(tokens):
        raise ValueError(
            f"vocab_size {vocab_size} is smaller than the alphabet and the special tokens, which are "
            f"{len(tokens)} tokens before any merge"
        )
