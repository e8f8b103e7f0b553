"""`tinytorch-gpt chat`: you write, it goes on, you write again; what was said stays in the cache."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .errors import TinyGPTError
from .sample_command import add_choice
from .tinygpt import TinyGPT, new_generator

HELP = "an empty line lets it go on; :new begins a new text, :quit ends"


class Conversation:
    """A text that two write in turn; keys and values of it stay, so a turn costs its own tokens alone.

    Args:
        gpt: the other one.
        temperature: as of `TinyGPT.stream`.
        top_k: the same.
        top_p: the same.
        seed: the same.
    """

    def __init__(
        self,
        gpt: TinyGPT,
        temperature: float = 0.8,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
    ) -> None:
        self.gpt = gpt
        self.choice = (temperature, top_k, top_p, new_generator(seed))
        self.ids: list[int] = []
        self.cache = gpt.new_cache()

    def turn(self, text: str, tokens: int) -> Iterator[str]:
        """Add a text, and give what follows it piece by piece.

        Raises:
            TinyGPTError: an option is out of range, or the text has characters that it never saw.
        """
        if text or not self.ids:
            self.ids += self.gpt.encode(text)
        new = self.gpt.stream_ids(self.ids, tokens, *self.choice, self.cache)
        return self.gpt.decode_stream(self.remembered(new))

    def remembered(self, new: Iterator[int]) -> Iterator[int]:
        """Note ids as they pass."""
        for i in new:
            self.ids.append(i)
            yield i

    def reset(self) -> None:
        """Begin a new text."""
        self.ids.clear()
        self.cache.reset()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    parser.add_argument(
        "run",
        nargs="?",
        type=Path,
        default=Path("tinygpt-run"),
        help="a run's folder (default: %(default)s)",
    )
    parser.add_argument(
        "--tokens", type=int, default=80, metavar="N", help="how many in a turn (default: %(default)s)"
    )
    add_choice(parser)


def main(arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Talk until the end of the input; return the exit code."""
    from .command import write

    gpt = TinyGPT.load(arguments.run)
    choice = (arguments.temperature, arguments.top_k, arguments.top_p, arguments.seed)
    conversation = Conversation(gpt, *choice)
    asked = sys.stdin.isatty()
    if asked:
        say(f"Write a beginning. Here, {HELP}.")
    while (line := read_line("> " if asked else "")) is not None:
        if line.strip() == ":quit":
            break
        if line.strip() == ":new":
            conversation.reset()
            continue
        try:
            for piece in conversation.turn(line, arguments.tokens):
                write(piece)
        except TinyGPTError as error:
            say(str(error))
            continue
        except KeyboardInterrupt:  # enough for this turn
            write(" ...")
        say("")
    return 0


def read_line(sign: str) -> str | None:
    """Return the next line of the input without its end, or None after the last one."""
    try:
        return input(sign)
    except (EOFError, KeyboardInterrupt):
        return None
    except UnicodeDecodeError:
        return "\ufffd"
