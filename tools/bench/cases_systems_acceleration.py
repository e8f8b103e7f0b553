"""Benchmarks of accelerate(): the training steps of the other files with the kernels on, against PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cases_core
import cases_language
import cases_vision
from harness import Case

Step = Callable[[], Any]
LIMIT = {"torch": 0.8}


def accelerated(build: Callable[[], Step]) -> Callable[[], Step]:
    """Return the builder of the same step with the kernels on, for as long as its process runs."""

    def builder() -> Step:
        from tinytorch.systems import accelerate

        fast = accelerate()
        if fast.library is None:
            raise RuntimeError(f"these benchmarks need a C compiler: {fast.reason}")
        return build()

    return builder


def case(name: str, make: Callable[..., Step], *arguments: Any) -> Case:
    """Return the case of one training step; the tracks' own files build both sides."""
    return Case(
        f"accelerated: {name}: training step",
        {
            "tinytorch": accelerated(lambda: make("tinytorch", *arguments)),
            "torch": lambda: make("torch", *arguments),
        },
        limits=LIMIT,
    )


CASES = [
    case("MLP 784-128-10, batch 64, SGD", cases_core.mlp, cases_core.SMALL, 64, "sgd"),
    case("MLP 784-512-512-10, batch 128, Adam", cases_core.mlp, cases_core.WIDE, 128, "adam"),
    *(case(f"CNN {name}", cases_vision.network, colour) for name, colour in cases_vision.NAMES),
    case("GPT 4 x 128, 12 x 64 tokens", cases_language.training, cases_language.SMALL),
    case("GPT 4 x 128, 12 x 64 tokens, GELU by tanh", cases_language.training, cases_language.SMALL, "tanh"),
    case("GPT 6 x 192, 8 x 128 tokens", cases_language.training, cases_language.WIDE),
]
