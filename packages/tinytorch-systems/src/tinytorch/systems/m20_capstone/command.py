"""The command `tinytorch-gpt`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from .errors import TinyGPTError

COMMANDS = {  # each lies in a file of its own, which is imported when it is used
    "train": ("train_command", "learn from a text, and show what came out of it"),
    "sample": ("sample_command", "write, piece by piece"),
    "chat": ("chat_command", "write together, turn by turn"),
    "bench": ("bench_command", "measure speed and size, with confidence intervals"),
    "compress": ("compress_command", "make a smaller model: quantise it, prune it"),
    "serve": ("serve_command", "a page in the browser that writes"),
    "olympics": ("olympics_command", "a convolutional network on the digits, made smaller in six ways"),
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="tinytorch-gpt",
        description="TinyGPT: a language model from the first merge of bytes to a page in the browser.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (file, summary) in COMMANDS.items():
        module = importlib.import_module(f"{__package__}.{file}")
        sub = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        module.add_arguments(sub)
        sub.set_defaults(main=module.main)
    return parser


def say(text: str) -> None:
    """Print a line at once, also where the console can't show all of its characters."""
    write(f"{text}\n")


def write(text: str) -> None:
    """Print a piece of text at once; characters that the console can't show are escaped."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def tinytorch_gpt(arguments: Sequence[str] | None = None) -> int:
    """Run the command `tinytorch-gpt`.

    Args:
        arguments: as on the command line; left out, those of this process.

    Returns:
        The exit code: 0, 1 with a message on standard error, or 130 after Ctrl-C.
    """
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.main(options, say)
        return code
    except TinyGPTError as error:
        sys.stderr.write(f"tinytorch-gpt: {error}\n".encode("ascii", "backslashreplace").decode("ascii"))
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return 130
    except BrokenPipeError:  # `tinytorch-gpt sample | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
