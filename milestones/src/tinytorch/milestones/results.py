"""Runs a milestone and keeps what came out: `metrics.json` and pictures in a folder, one report over all."""

from __future__ import annotations

import json
import platform
import shlex
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .catalog import MILESTONES, Milestone
from .files import MARK, write
from .outcome import Options, Outcome
from .pictures import draw
from .progress import Progress
from .report import page

SCHEMA = f"{MARK} {__version__}"  # results of another release are left out of the report
METRICS = "metrics.json"
REPORT = "report.html"


def save(
    milestone: Milestone,
    main: Callable[[Options, Progress], Outcome],
    options: Options,
    progress: Progress,
    out: Path,
) -> tuple[dict[str, Any], list[Path]]:
    """Run a milestone and write its metrics and pictures into a folder of its own.

    Returns:
        The metrics, and the copies of files that were in the way.

    Raises:
        DataError: the data can't be used.
        OutputError: the results can't be written.
    """
    begin = time.perf_counter()
    outcome = main(options, progress)
    learnt = time.perf_counter()
    contents: dict[str, bytes] = {}
    pictures = []
    for picture in draw(milestone.name, outcome, progress):
        contents[picture.file] = picture.png
        pictures.append({"name": picture.name, "file": picture.file, "alt": picture.alt})
    end = time.perf_counter()
    facts = {
        "schema": SCHEMA,
        "milestone": milestone.name,
        "number": milestone.number,
        "year": milestone.year,
        "title": milestone.title,
        "passed": outcome.passed,
        "checks": [check.facts() for check in outcome.checks],
        "seed": options.seed,
        "epochs": outcome.epochs,
        "command": command(milestone, options),
        "script": f"tinytorch/milestones/{milestone.script}.py",
        "data": outcome.data,
        "metrics": outcome.metrics,
        "pictures": pictures,
        "versions": versions(milestone),
        "speed": outcome.speed,
        "seconds": {
            "learning": round(learnt - begin, 3),
            "pictures": round(end - learnt, 3),
            "total": round(end - begin, 3),
        },
    }
    contents[METRICS] = (json.dumps(facts, indent=1) + "\n").encode(
        "ascii"
    )  # last: it vouches for the others
    return facts, write(out / milestone.name, contents)


def save_report(out: Path) -> tuple[Path, list[Path]]:
    """Write the report over all milestones whose results lie in the folder.

    Returns:
        Where it is, and the copies of files that were in the way.
    """
    found = [(read(out / m.name / METRICS), out / m.name) for m in MILESTONES]
    results = [(facts, folder) for facts, folder in found if facts is not None]
    return out / REPORT, write(out, {REPORT: page(results).encode("utf-8")})


def read(file: Path) -> dict[str, Any] | None:
    """Read metrics that we wrote, or None if there are none or they aren't ours."""
    try:
        facts = json.loads(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) and facts.get("schema") == SCHEMA else None


def command(milestone: Milestone, options: Options) -> str:
    """Return the line that repeats the run."""
    words = ["python", "-m", "tinytorch.milestones", "run", milestone.name, "--seed", str(options.seed)]
    if options.epochs is not None:
        words += ["--epochs", str(options.epochs)]
    if options.data is not None:
        words += ["--data", *([options.source] if options.source else []), str(options.data)]
    if options.full:
        words.append("--full")
    return shlex.join(words)


def versions(milestone: Milestone) -> dict[str, str]:
    """Return what the numbers were made with."""
    tracks = {}
    for name in dict.fromkeys(("tinytorch-core", milestone.distribution)):
        try:
            tracks[name] = version(name)
        except PackageNotFoundError:  # it runs from its source folder
            tracks[name] = "from source"
    return {
        "tinytorch-milestones": __version__,
        **tracks,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "system": sys.platform,
    }


def result_line(facts: dict[str, Any]) -> str:
    """Return one line that says how a run went."""
    word = "PASSED" if facts["passed"] else "MISSED"
    checks = "; ".join(f"{check['what']} {check['shown']}" for check in facts["checks"])
    return f"{word}  {facts['milestone']:<12}{checks}; {facts['seconds']['total']:.1f} s\n"
