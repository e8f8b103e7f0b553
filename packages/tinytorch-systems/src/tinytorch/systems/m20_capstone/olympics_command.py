"""`tinytorch-gpt olympics`: a convolutional network on the digits, made smaller in six ways."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from .digits import EPOCHS
from .learning import threads
from .olympics import Contestant, olympics
from .train_command import positive
from .variants import text_table

TOLERANCE = 0.005  # of accuracy: half a point


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    parser.add_argument(
        "--epochs", type=positive, default=EPOCHS, help="passes through the digits (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def main(arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Train, make smaller, measure and show; return the exit code."""

    def watch(name: str) -> None:
        if not arguments.quiet:
            sys.stderr.write(f"making: {name}\n")
            sys.stderr.flush()

    with threads(1):
        found = olympics(arguments.seed, arguments.epochs, watch)
    say(rendered(found))
    say(
        "bytes: of the file; right: of 355 test images, one of which is 0.28 points; "
        "images/s: one thread, 355 at once"
    )
    for line in medals(found):
        say(line)
    return 0


def rendered(found: Sequence[Contestant]) -> str:
    """Return the table of the results."""
    first = found[0]
    rows = [
        (
            one.name,
            f"{one.nbytes:,}",
            f"{first.nbytes / one.nbytes:.2f}x",
            f"{one.accuracy:.2%}",
            f"{100 * (one.accuracy - first.accuracy):+.2f}",
            f"{one.rate:,.0f}",
            f"{one.rate / first.rate:.2f}x",
        )
        for one in found
    ]
    return text_table(("", "bytes", "smaller", "right", "points", "images/s", "faster"), rows)


def medals(found: Sequence[Contestant]) -> list[str]:
    """Say who wins, among those that lost half a point at most."""
    good = [one for one in found if one.accuracy >= found[0].accuracy - TOLERANCE]
    small, quick = min(good, key=lambda one: one.nbytes), max(good, key=lambda one: one.rate)
    best = max(found, key=lambda one: one.accuracy)
    return [
        f"gold for size, at most half a point lost: {small.name} ({small.nbytes:,} bytes)",
        f"gold for speed, at most half a point lost: {quick.name} ({quick.rate:,.0f} images/s)",
        f"gold for accuracy: {best.name} ({best.accuracy:.2%})",
    ]
