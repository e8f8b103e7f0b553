"""Benchmarks of tinytorch.systems's capstone: what the cache is worth to TinyGPT at its default sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import Case

Step = Callable[[], Any]
TEXT = "To be, or not to be: that is the question:\nWhether 'tis nobler in the mind to suffer\n" * 100


def writing(use_cache: bool) -> Step:
    """Build a text as long as the context."""
    from tinytorch.systems import TinyGPT, TinyGPTOptions

    options = TinyGPTOptions(tokenizer="char")
    gpt = TinyGPT.new(options, TEXT)
    count = options.block_size - 1
    return lambda: list(gpt.stream("T", count, seed=0, use_cache=use_cache))


CASES = [
    Case(
        "TinyGPT: write 127 tokens",
        {"tinytorch": lambda: writing(True), "without a cache": lambda: writing(False)},
        {"without a cache": 0.4},
    )
]
