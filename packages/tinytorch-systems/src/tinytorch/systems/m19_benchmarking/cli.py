"""`tinytorch-bench`: measure, compare two measurements, show them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .._files import write_text
from .changes import Change, compare_results, differences
from .clock import Step
from .intervals import MARGIN, SLOWER
from .race import race
from .report import html_report
from .results import load_results
from .running import bench_options, positive, printed, run_benchmarks

STANDARD = Path(__file__).with_name("cases") / "standard.py"
EXAMPLES = """
examples:
  tinytorch-bench time "sorted(x)" --vs "x.copy().sort()" --setup "x = list(range(1000))"
  tinytorch-bench run --json before.json
  tinytorch-bench run my_cases.py --only softmax --html report.html
  tinytorch-bench compare before.json after.json
  tinytorch-bench report after.json --against before.json --out report.html
"""


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    top = argparse.ArgumentParser(
        prog="tinytorch-bench",
        description="Measure so that one can believe it: interleaved rounds, intervals, and a word on noise.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    runs = commands.add_parser("run", parents=[bench_options()], help="measure the cases of files")
    runs.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="Python files with a list CASES; else ours"
    )
    runs.add_argument("--only", default="", metavar="TEXT", help="only cases whose name contains this")

    times = commands.add_parser("time", help="time statements against each other")
    times.add_argument("stmt", help="a Python statement")
    times.add_argument(
        "--vs", action="append", default=[], metavar="STMT", help="another one; may be repeated"
    )
    times.add_argument("--setup", default="", help="what runs once before, for each")
    times.add_argument("--rounds", type=positive, default=25, help="how many, at least (default %(default)s)")
    times.add_argument(
        "--threads", type=positive, default=1, help="of the BLAS libraries (default %(default)s)"
    )

    compares = commands.add_parser("compare", help="tell what became faster or slower between two files")
    compares.add_argument("old", type=Path)
    compares.add_argument("new", type=Path)
    compares.add_argument("--margin", type=margin, default=MARGIN, help="what is no difference (%(default)s)")
    compares.add_argument("--check", action="store_true", help="exit with 1 if something became slower")

    reports = commands.add_parser("report", help="make a page of a file of results")
    reports.add_argument("results", type=Path)
    reports.add_argument("--against", type=Path, metavar="OLD", help="an older file to compare with")
    reports.add_argument(
        "--out", type=Path, help="the page; beside the file, with the ending .html, if not given"
    )
    return top


def margin(text: str) -> float:
    """Return a part between 0 and 1; argparse makes an error of it otherwise."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < 1:
        raise argparse.ArgumentTypeError(f"expected a part between 0 and 1, for example 0.02, not {text!r}")
    return found


def tinytorch_bench(words: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 for a check that failed, 2 for what can't be done."""
    options = parser().parse_args(words)
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "run": _run,
        "time": _time,
        "compare": _compare,
        "report": _report,
    }
    try:
        return commands[options.command](options)
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except KeyboardInterrupt:
        return 130
    except (ValueError, OSError, ImportError) as error:
        sys.stderr.write(f"tinytorch-bench: {error}\n")
        return 2


def _run(options: argparse.Namespace) -> int:
    return run_benchmarks(options.files or [STANDARD], options.only, options, printed)


def _time(options: argparse.Namespace) -> int:
    statements = list(dict.fromkeys([options.stmt, *options.vs]))
    contestants = {statement: _compiled(statement, options.setup) for statement in statements}
    found = race(
        contestants, rounds=options.rounds, max_rounds=4 * options.rounds, num_threads=options.threads
    )
    printed(str(found))
    return 0


def _compiled(statement: str, setup: str) -> Step:
    """Return a function that does a statement after its setup was done.

    Raises:
        ValueError: one of them isn't Python, or fails.
    """
    lines = [f"    {line}" for line in setup.splitlines()] + ["    def step():"]
    lines += [f"        {line}" for line in statement.splitlines()] + ["    return step"]
    names: dict[str, Any] = {}
    try:
        exec(compile("\n".join(["def build():", *lines]), "<statement>", "exec"), names)
        step: Step = names["build"]()
        step()
    except Exception as error:
        raise ValueError(f"{statement!r} doesn't run: {type(error).__name__}: {error}") from None
    return step


def _compare(options: argparse.Namespace) -> int:
    old, new = load_results(options.old), load_results(options.new)
    changes = compare_results(old, new, options.margin)
    if not changes:
        raise ValueError(f"{options.old} and {options.new} have no results")
    for line in differences(old, new):
        printed(f"note: {line}")
    printed(f"{'case':62} {'threads':>7} {'old':>9} {'new':>9}    {'new / old':>22}")
    for change in changes:
        for line in _lines(change):
            printed(line)
    counts = {
        verdict: sum(c.verdict == verdict for c in changes)
        for verdict in dict.fromkeys(c.verdict for c in changes)
    }
    printed("\n" + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 1 if options.check and counts.get(SLOWER) else 0


def _lines(change: Change) -> list[str]:
    old, new = (f"{x:9.1f}" if x is not None else f"{'-':>9}" for x in (change.old, change.new))
    what = f"{change.case:62} {change.threads:7} {old} {new} {change.unit:3}"
    if change.ratio is None:
        return [f"{what}{'':22} {change.verdict}"]
    noisy = " (noisy)" if change.noisy else ""
    r = change.ratio
    found = [f"{what}{r.value:6.3f} ({r.low:.3f} to {r.high:.3f}) {change.verdict}{noisy}"]
    if change.against is not None:
        a, peer = change.against, f"    against {change.peer}"
        found.append(f"{peer:93}{a.value:6.3f} ({a.low:.3f} to {a.high:.3f}) {change.verdict_against}")
    return found


def _report(options: argparse.Namespace) -> int:
    results = load_results(options.results)
    old = load_results(options.against) if options.against else None
    out = options.out or options.results.with_suffix(".html")
    kept = write_text(out, html_report(results, old))
    printed(f"report in {out}" + (f" (what was there: {kept.name})" if kept else ""))
    return 0


if __name__ == "__main__":
    sys.exit(tinytorch_bench())
