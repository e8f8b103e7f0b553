"""Benchmarks of tinytorch.systems' profiler: the same training step with and without it."""

from __future__ import annotations

from cases_language import SMALL, training
from harness import Case


def profiled(**options: bool) -> object:
    """Build a training step of our GPT, each in a profile of its own."""
    from tinytorch.systems import profile

    step = training("tinytorch", SMALL)

    def watched() -> None:
        with profile(**options):
            step()

    return watched


def case(name: str, **options: bool) -> Case:
    """Return the case of a profile with these options beside none."""
    return Case(
        f"GPT 4 x 128, 12 x 64 tokens: training step, {name}",
        {"tinytorch": lambda: profiled(**options), "off": lambda: training("tinytorch", SMALL)},
        limits={"off": 1.05},
    )


CASES = [
    case("profiled"),
    case("profiled with memory", profile_memory=True, with_flops=True, record_shapes=True),
]
