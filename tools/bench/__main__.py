"""Measure TinyTorch against its peers on this machine, side by side in one run.

Run `nox -s bench`, or this file in an environment that has the track, NumPy and PyTorch. Each contestant has
its own process, the rounds are taken in turn in random order, and what is printed is the median of each
and the median of the ratios of the same round. Where the peer is tinytorch itself, its own figure is
compared with a limit. Close other programs first.

The benchmarks stand in the files `cases_*.py` beside this one.
"""

from __future__ import annotations

import argparse
import importlib
import json
import platform
import statistics
import sys
from pathlib import Path
from typing import Any

from harness import HERE, Case, compare, measure, serve

UNITS = {
    "time": (1e6, "us"),
    "import": (1e3, "ms"),
    "memory": (2**-20, "MiB"),
    "cpu": (1e3, "ms"),
    "peak": (2**-20, "MiB"),
}


def all_cases() -> list[Case]:
    """Return the benchmarks of every file `cases_*.py`."""
    return [
        case for file in sorted(HERE.glob("cases_*.py")) for case in importlib.import_module(file.stem).CASES
    ]


def environment() -> dict[str, str]:
    """Return what the figures depend on: versions and machine."""
    from importlib import metadata

    found = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.system()}
    for name in ("numpy", "torch", "tinytorch-core", "libcst", "tinytorch-renumber"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def run(pattern: str, rounds: int, threads: list[int]) -> list[dict[str, Any]]:
    """Measure all cases whose name contains `pattern`; print a row for each comparison as it is known."""
    results = []
    print(f"{'case':62} {'threads':>7} {'tinytorch':>12} {'peer':>20} {'ratio':>8} {'limit':>7}")
    for case in all_cases():
        if pattern.lower() not in case.name.lower():
            continue
        for n in [n for n in threads if n in case.threads]:
            figures = measure(case, n, rounds)
            scale, unit = UNITS[case.kind]
            ours = statistics.median(figures["tinytorch"]) * scale
            alone = len(figures) == 1 or "tinytorch" in case.limits
            for peer in [name for name in figures if name != "tinytorch" or alone]:
                value, limit = compare(case, figures, peer), case.limits.get(peer)
                theirs = statistics.median(figures[peer]) * scale
                shown, allowed = describe(case, value, peer), describe(case, limit, peer)
                verdict = "" if limit is None else "ok" if value <= limit else "OVER"
                print(
                    f"{case.name:62} {n:7} {ours:9.1f} {unit:2} {peer:>8} {theirs:8.1f} {unit:2} "
                    f"{shown:>8} {allowed:>7} {verdict}",
                    flush=True,
                )
                results.append(
                    {
                        "case": case.name,
                        "threads": n,
                        "kind": case.kind,
                        "peer": peer,
                        "tinytorch": ours,
                        "theirs": theirs,
                        "unit": unit,
                        "value": value,
                        "limit": limit,
                        "ok": limit is None or value <= limit,
                    }
                )
    return results


def describe(case: Case, value: float | None, peer: str) -> str:
    """Return as text a ratio, the milliseconds of an import beyond the peer's, or a figure of our own."""
    if value is None:
        return ""
    if peer == "tinytorch":
        scale, unit = UNITS[case.kind]
        return f"{value * scale:.0f}{unit}"
    return f"{value * 1e3:+.1f}ms" if case.kind == "import" else f"{value:.2f}"


def main() -> int:
    """Read the command line, measure, write the JSON; return the exit code."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="only cases whose name contains this")
    parser.add_argument("--rounds", type=int, default=25, help="rounds for each case (default 25)")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="numbers of threads")
    parser.add_argument("--json", type=Path, default=Path("build/bench.json"), help="where the figures go")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is exceeded")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        name, contestant, threads = arguments.worker
        case = next(case for case in all_cases() if case.name == name)
        serve(case, contestant, int(threads))
        return 0
    results = run(arguments.pattern, arguments.rounds, arguments.threads)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    report = {"environment": environment(), "rounds": arguments.rounds, "results": results}
    arguments.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    over = [r for r in results if not r["ok"]]
    print(f"\n{len(results) - len(over)} of {len(results)} within their limits; figures in {arguments.json}")
    return 1 if over and arguments.check else 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    sys.exit(main())
