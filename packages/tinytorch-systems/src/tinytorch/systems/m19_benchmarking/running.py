"""Running files of cases: a line for each comparison as soon as it is known, and the results as a file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .._files import write_text
from .case import Case
from .measure import measure_case
from .report import html_report
from .results import UNITS, results_file, rows_of, save_results
from .worker import load_cases

Say = Callable[[str], Any]
HEAD = f"{'case':62} {'threads':>7} {'time':>12} {'peer':>20} {'ratio':>8} {'95% interval':>20} {'limit':>7}"


def bench_options() -> argparse.ArgumentParser:
    """Return the options of a run, for a parser of one's own (`parents=`)."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--rounds", type=positive, default=25, help="rounds for each case (default %(default)s)"
    )
    parser.add_argument("--threads", type=positive, nargs="+", default=[1, 2], help="numbers of threads")
    parser.add_argument(
        "--json", type=Path, help="where the figures go; a file that is there is kept as .bak"
    )
    parser.add_argument("--html", type=Path, help="where a report goes, to look at in a browser")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    return parser


def positive(text: str) -> int:
    """Return a whole number above 0; argparse makes an error of it otherwise."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, at least 1, not {text!r}")
    return int(text)


def run_benchmarks(
    files: Sequence[str | os.PathLike[str]], pattern: str, options: argparse.Namespace, say: Say
) -> int:
    """Measure the cases of files whose name contains `pattern`; print, write files, return the exit code.

    What is known when it is interrupted is written all the same. A case that fails is told and left out.

    Raises:
        ValueError: a file has no cases, or none matches.
        OSError: a file of results can't be written.
    """
    chosen = [(case, file) for file, case in all_cases(files) if pattern.lower() in case.name.lower()]
    if not any(set(options.threads) & set(case.threads) for case, _ in chosen):
        raise ValueError(f"no case whose name contains {pattern!r} runs with {options.threads} threads")
    for path in (options.json, options.html):
        if path is not None and path.is_dir():
            raise ValueError(f"{path} is a folder; name a file in it")
    rows: list[dict[str, Any]] = []
    failed, stopped = [], False
    say(HEAD)
    try:
        for case, file in chosen:
            for threads in [n for n in options.threads if n in case.threads]:
                try:
                    race = measure_case(case, file, threads, options.rounds)
                except (RuntimeError, OSError) as error:
                    failed.append(case.name)
                    say(f"{case.name:62} {threads:7} FAILED: {error}")
                    continue
                found = rows_of(case, race)
                rows += found
                for line in lines(found):
                    say(line)
    except KeyboardInterrupt:
        stopped = True
        say("\nstopped; what follows is what was measured until now")
    say("")
    for line in _ending(rows, failed):
        say(line)
    results = results_file(rows, rounds=options.rounds)
    if rows and options.json is not None:
        _tell(say, "figures", options.json, save_results(options.json, results))
    if rows and options.html is not None:
        _tell(say, "report", options.html, write_text(options.html, html_report(results)))
    over = any(not row["ok"] for row in rows)
    return 130 if stopped else 1 if failed or (over and options.check) else 0


def all_cases(files: Iterable[str | os.PathLike[str]]) -> Iterator[tuple[str | os.PathLike[str], Case]]:
    """Yield the cases of files, with the file.

    Raises:
        ValueError: a file has none, or two cases have the same name.
    """
    seen = set()
    for file in files:
        for case in load_cases(file):
            if case.name in seen:
                raise ValueError(f"{file}: two cases are named {case.name!r}")
            seen.add(case.name)
            yield file, case


def lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each row of a case, and one for what was wrong with the machine."""
    for row in rows:
        shown = (value_of(row, name) for name in ("value", "limit"))
        value, limit = shown
        interval = f"{value_of(row, 'low')} to {value_of(row, 'high')}"
        yield (
            f"{row['case']:62} {row['threads']:7} {row['ours']:9.1f} {row['unit']:2} {row['peer']:>8} "
            f"{row['theirs']:8.1f} {row['unit']:2} {value:>8} {interval:>20} {limit:>7} "
            f"{judgement(row):5} {row['verdict']}"
        ).rstrip()
    if rows and rows[0]["noisy"]:
        yield "    noisy: " + "; ".join(rows[0]["reasons"])


def judgement(row: Mapping[str, Any]) -> str:
    """Return "ok" or "OVER", with a question mark where the interval holds the limit."""
    if row["limit"] is None:
        return ""
    return ("ok" if row["ok"] else "OVER") + ("" if row["sure"] else "?")


def value_of(row: Mapping[str, Any], name: str) -> str:
    """Return as text a ratio, the milliseconds of an import beyond the peer's, or a figure of the subject."""
    value = row.get(name)
    if value is None:
        return ""
    if row["peer"] == row["subject"]:
        scale, unit = UNITS[row["kind"]]
        return f"{value * scale:.{0 if value * scale >= 100 else 1}f}{unit}"
    return f"{value * 1e3:+.1f}ms" if row["kind"] == "import" else f"{value:.2f}"


def _ending(rows: Sequence[Mapping[str, Any]], failed: Sequence[str]) -> Iterator[str]:
    limited = [row for row in rows if row["limit"] is not None]
    if limited:
        unsure = sum(not row["sure"] for row in limited)
        yield (
            f"{sum(row['ok'] for row in limited)} of {len(limited)} within their limits"
            + (f"; {unsure} with ?: the interval holds the limit" if unsure else "")
        )
    noisy = {(row["case"], row["threads"]) for row in rows if row["noisy"]}
    if noisy:
        measured = {(row["case"], row["threads"]) for row in rows}
        yield f"{len(noisy)} of {len(measured)} measurements were NOISY: don't quote these"
    if failed:
        yield f"{len(failed)} FAILED: {', '.join(failed)}"


def _tell(say: Say, what: str, path: Path, kept: Path | None) -> None:
    say(f"{what} in {path}" + (f" (what was there: {kept.name})" if kept else ""))


def printed(text: str) -> None:
    """Write a line to the terminal, at once; what it can't show becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stdout.flush()
