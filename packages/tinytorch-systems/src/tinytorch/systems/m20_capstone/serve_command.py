"""`tinytorch-gpt serve`: a page in the browser that writes."""

from __future__ import annotations

import argparse
import webbrowser
from collections.abc import Callable
from pathlib import Path

from .learning import threads
from .serving import ServerLimits, TinyGPTServer
from .tinygpt import TinyGPT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    limits = ServerLimits()
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        default=Path("tinygpt-run"),
        help="a run's folder (default: %(default)s)",
    )
    parser.add_argument("--port", type=int, default=8000, help="0 for any free one (default: %(default)s)")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument(
        "--generations",
        type=int,
        default=limits.generations,
        metavar="N",
        help="texts at once (default: %(default)s)",
    )


def main(arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Serve until Ctrl-C; return the exit code."""
    gpt = TinyGPT.load(arguments.run)
    limits = ServerLimits(generations=max(1, arguments.generations))
    with threads(1), TinyGPTServer(gpt, arguments.port, limits) as server:
        say(f"{server.url} writes; Ctrl-C ends it")
        if arguments.open:
            webbrowser.open(server.url)
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            say("\nended")
    return 0
