"""Results in files: figures with their intervals, the machine that they come from, a check on reading."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._files import write_text
from .case import Case
from .machine import environment
from .race import Race

FORMAT, VERSION = "tinytorch-bench", 1
UNITS = {
    "time": (1e6, "us"),
    "import": (1e3, "ms"),
    "memory": (2**-20, "MiB"),
    "cpu": (1e3, "ms"),
    "peak": (2**-20, "MiB"),
}
# What a row holds, and of which type it is.
FIELDS: Mapping[str, tuple[type, ...]] = {
    "case": (str,),
    "threads": (int,),
    "kind": (str,),
    "subject": (str,),
    "peer": (str,),
    "unit": (str,),
    "ours": (int, float),
    "theirs": (int, float),
    "value": (int, float),
    "low": (int, float),
    "high": (int, float),
    "confidence": (int, float),
    "verdict": (str,),
    "noisy": (bool,),
    "reasons": (list,),
    "figures": (dict,),
    "calibration": (int, float),
}


class ResultsError(ValueError):
    """A file isn't what it should be; the message is one line that says why, and what to do."""


def rows_of(case: Case, race: Race) -> list[dict[str, Any]]:
    """Return a row for each comparison of a race; one for the subject alone if nobody else took part.

    In a row `ours` and `theirs` are medians in `unit`; `value` is what the limit is for, with its interval
    `low` to `high`: the median of the ratios of the same round, for kind "import" of the differences in
    seconds, and without a peer the subject's own figure (seconds or bytes). `ok` is whether the value keeps
    to the limit, `sure` whether the whole interval lies on the same side of it. `figures` has all rounds.
    """
    scale, unit = UNITS[case.kind]
    alone = not race.peers or race.subject in case.limits
    rows = []
    for peer in [*([race.subject] if alone else []), *race.peers]:
        interval, limit = race.against(peer), case.limits.get(peer)
        rows.append(
            {
                "case": case.name,
                "threads": race.num_threads,
                "kind": case.kind,
                "subject": race.subject,
                "peer": peer,
                "ours": finite(race.median() * scale),
                "theirs": finite(race.median(peer) * scale),
                "unit": unit,
                "value": finite(interval.value),
                "low": finite(interval.low),
                "high": finite(interval.high),
                "confidence": interval.confidence,
                "limit": limit,
                "ok": limit is None or interval.value <= limit,
                "sure": limit is None
                or (interval.confidence >= 0.9 and not interval.low <= limit < interval.high),
                "verdict": race.verdict(peer),
                "noisy": race.noise.noisy,
                "reasons": list(race.noise.reasons),
                "calibration": race.noise.seconds,
                "rounds": race.rounds,
                "figures": {name: [finite(x) for x in race.figures[name]] for name in {race.subject, peer}},
                "details": {
                    name: race.details[name] for name in {race.subject, peer} if name in race.details
                },
            }
        )
    return rows


def finite(x: float) -> float:
    """Return a number that JSON has: for infinity (a bound that no rate keeps to) the largest."""
    return max(min(x, 1e300), -1e300)


def results_file(rows: Sequence[Mapping[str, Any]], **settings: Any) -> dict[str, Any]:
    """Return what a file of results holds: rows, settings, and the environment of now."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "environment": environment(),
        **settings,
        "results": list(rows),
    }


def save_results(path: str | os.PathLike[str], results: Mapping[str, Any]) -> Path | None:
    """Write results as JSON, in one step; return the copy of a file that was there before, if any.

    Raises:
        OSError: it can't be written.
    """
    return write_text(path, json.dumps(results, indent=2, allow_nan=False) + "\n")


def load_results(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save_results` wrote.

    Raises:
        ResultsError: there is no such file, it isn't complete, it is something else, or it was written by
            another version; the message is one line.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ResultsError(
            f"{path}: not a text file; expected JSON of `tinytorch-bench run --json`"
        ) from None
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror or error}") from None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        what = "is empty" if not text.strip() else f"is no complete JSON: {error.msg} in line {error.lineno}"
        raise ResultsError(f"{path}: {what}; measure again with `tinytorch-bench run --json`") from None
    except RecursionError:
        raise ResultsError(f"{path}: nested too deeply to be results of `tinytorch-bench`") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ResultsError(f'{path}: not results of `tinytorch-bench` (no "format": "{FORMAT}")')
    if found.get("version") != VERSION:
        raise ResultsError(
            f"{path}: written in version {found.get('version')!r} of the format, this one reads {VERSION}; "
            "measure again, or read it with the tinytorch-systems that wrote it"
        )
    _check(path, found)
    return found


def _check(path: str | os.PathLike[str], found: Mapping[str, Any]) -> None:
    rows = found.get("results")
    if not isinstance(rows, list) or not isinstance(found.get("environment"), dict):
        raise ResultsError(f'{path}: damaged: it needs a list "results" and an object "environment"')
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise ResultsError(f"{path}: damaged: result {number} is no object")
        for name, types in FIELDS.items():
            value = row.get(name)
            if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                raise ResultsError(f"{path}: damaged: result {number} has {name} = {value!r}")
            if isinstance(value, float) and not math.isfinite(value):
                raise ResultsError(f"{path}: damaged: result {number} has {name} = {value}")
        for name in {row["subject"], row["peer"]}:
            times = row["figures"].get(name)
            if not isinstance(times, list) or not times or not all(map(_is_time, times)):
                raise ResultsError(f"{path}: damaged: result {number} has no figures of {name!r}")


def _is_time(x: Any) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x) and x >= 0
