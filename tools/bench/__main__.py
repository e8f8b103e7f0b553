"""Measure TinyTorch against its peers on this machine, side by side in one run.

Run `nox -s bench`, or this file in an environment that has the tracks, NumPy and PyTorch. Each contestant has
its own process, the rounds are taken in turn in random order, and what is printed is the median of each
and the median of the ratios of the same round, with its interval, and whether the machine was quiet enough.
Where the peer is tinytorch itself, its own figure is compared with a limit. Close other programs first.

The benchmarks stand in the files `cases_*.py` beside this one; `tinytorch.systems` measures them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tinytorch.systems import bench_options, run_benchmarks

HERE = Path(__file__).resolve().parent


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def main() -> int:
    """Read the command line, measure, write the JSON; return the exit code."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__, parents=[bench_options()])
    parser.add_argument("pattern", nargs="?", default="", help="only cases whose name contains this")
    parser.set_defaults(json=Path("build/bench.json"))
    options = parser.parse_args()
    try:
        return run_benchmarks(sorted(HERE.glob("cases_*.py")), options.pattern, options, say)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
