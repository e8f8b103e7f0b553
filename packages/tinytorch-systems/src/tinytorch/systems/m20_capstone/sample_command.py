"""`tinytorch-gpt sample`: write a text, piece by piece."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from .tinygpt import TinyGPT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    parser.add_argument(
        "run", nargs="?", type=Path, default=Path("tinygpt-run"), help="a run's folder (default: %(default)s)"
    )
    parser.add_argument("--prompt", default="", help="how the text begins; without it, a new one")
    parser.add_argument(
        "--tokens", type=int, default=200, metavar="N", help="how many to add (default: %(default)s)"
    )
    add_choice(parser)
    parser.add_argument("--no-cache", action="store_true", help="compute all of the context for each token")
    parser.add_argument("--speed", action="store_true", help="say at the end how fast it was")


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a token is chosen."""
    parser.add_argument(
        "--temperature",
        type=float,
        default=0.8,
        help="0 for the likeliest token always (default: %(default)s)",
    )
    parser.add_argument("--top-k", type=int, metavar="K", help="choose among the K likeliest tokens")
    parser.add_argument(
        "--top-p", type=float, metavar="P", help="choose among the likeliest tokens that make up P"
    )
    parser.add_argument("--seed", type=int, help="the same one gives the same text")


def main(arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Write; return the exit code."""
    from .command import write

    gpt = TinyGPT.load(arguments.run)
    pieces = gpt.stream(
        arguments.prompt,
        arguments.tokens,
        temperature=arguments.temperature,
        top_k=arguments.top_k,
        top_p=arguments.top_p,
        seed=arguments.seed,
        use_cache=not arguments.no_cache,
    )
    write(arguments.prompt)
    began = time.perf_counter()
    for piece in pieces:
        write(piece)
    say("")
    if arguments.speed:
        say(f"({arguments.tokens / (time.perf_counter() - began):.0f} tokens per second)")
    return 0
