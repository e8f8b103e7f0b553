"""`tinytorch-gpt bench`: how fast the variants of a model write, measured so that one can believe it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..m15_profiling import profile
from ..m19_benchmarking import Case, Race, html_report, race, results_file, rows_of, save_results
from .compress_command import add_run, load_with_text
from .errors import TinyGPTError
from .runs import free_name
from .storage import write_file
from .train_command import positive
from .variants import Variant, rendered, size_on_disk, usual, write

CASE = "TinyGPT: write {} tokens"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say which options there are."""
    add_run(parser)
    parser.add_argument(
        "--tokens",
        type=positive,
        metavar="N",
        help="how many are written each time (default: one less than the context)",
    )
    parser.add_argument("--rounds", type=positive, default=15, help="default: %(default)s")
    parser.add_argument(
        "--threads", type=positive, default=1, help="of the matrix products (default: %(default)s)"
    )
    parser.add_argument("--profile", action="store_true", help="show, too, where the time goes")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="keep all figures, with the machine they are from"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="a report as a page")


def main(arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Measure and show; return the exit code."""
    gpt, corpus = load_with_text(arguments)
    tokens = arguments.tokens or gpt.options.block_size - 1
    if gpt.form == "float":
        say("making the variants ...")
        variants = usual(gpt, corpus)
    else:
        variants = [Variant("baseline", gpt, False), Variant("cached", gpt, True)]
    say(f"{arguments.rounds} rounds, in each of which every variant writes {tokens} tokens ...")
    found = run(variants, tokens, arguments.rounds, arguments.threads)
    say(
        rendered(
            [
                replace(
                    v,
                    nbytes=size_on_disk(v.gpt),
                    loss=v.gpt.loss(corpus.test),
                    rate=tokens / found.median(v.name),
                )
                for v in variants
            ]
        )
    )
    for peer in found.peers:
        ratio = found.against(peer)
        say(
            f"baseline / {peer}: {ratio.value:.2f} times the time ({ratio.low:.2f} to {ratio.high:.2f}, "
            f"{ratio.confidence:.0%} sure): baseline is {verdict(found, peer)}"
        )
    say(f"the machine: {found.noise}")
    if arguments.profile:
        show_profile(variants[1], tokens, say)
    keep(found, tokens, arguments.json, arguments.html, say)
    return 0


def verdict(found: Race, peer: str) -> str:
    """Say who is ahead, or that nobody is."""
    word = found.verdict(peer)
    return "not different" if word == "no difference" else word


def run(variants: Sequence[Variant], tokens: int, rounds: int, threads: int) -> Race:
    """Let variants write in turn."""

    def writer(variant: Variant) -> Callable[[], None]:
        return lambda: write(variant, tokens)

    return race({v.name: writer(v) for v in variants}, rounds=rounds, num_threads=threads)


def show_profile(variant: Variant, tokens: int, say: Callable[[str], None]) -> None:
    """Say what a variant spends its time on."""
    with profile() as seen:
        write(variant, tokens)
    averages = seen.key_averages()
    say(averages.table(sort_by="self_cpu_time_total", row_limit=8, header=f"{variant.name}: {tokens} tokens"))


def keep(found: Race, tokens: int, json: Path | None, html: Path | None, say: Callable[[str], None]) -> None:
    """Write what was measured to files, if that is wanted."""
    case = Case(CASE.format(tokens), {name: "" for name in found.figures}, threads=(found.num_threads,))
    results: dict[str, Any] = results_file(rows_of(case, found))
    if json is not None:
        try:
            kept = save_results(json, results)
        except OSError as error:
            raise TinyGPTError(f"{json} can't be written: {error.strerror or error}") from error
        say(f"{json} has all figures" + (f"; what was there is {kept} now" if kept else ""))
    if html is not None:
        if html.exists():
            html.rename(kept := free_name(html))
            say(f"what was there is {kept} now")
        write_file(html, html_report(results).encode("utf-8"))
        say(f"{html} is the report")
