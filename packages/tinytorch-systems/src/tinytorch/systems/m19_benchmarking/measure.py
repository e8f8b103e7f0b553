"""Measuring a case of a file: its contestants in processes of their own, whatever its kind."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from .case import Case
from .commands import import_seconds
from .intervals import MARGIN
from .machine import Load
from .noise import Watch
from .race import Race, cold, take_turns
from .worker import Worker

ROUND_SECONDS = 0.15  # how long one contestant works in one round
PAUSE_SECONDS = 0.05  # between contestants: the threads of the one before stop spinning meanwhile


def measure_case(
    case: Case,
    file: str | os.PathLike[str],
    threads: int = 1,
    rounds: int = 25,
    *,
    confidence: float = 0.95,
    margin: float = MARGIN,
    seed: int = 0,
) -> Race:
    """Measure a case; each contestant runs in a process of its own, which holds nothing of the others.

    A process' threads are set in its environment before it starts. What takes long by nature (memory,
    commands, scenarios) is done in a fifth of the rounds, three at least.

    Args:
        case: the case.
        file: the Python file that it stands in: the processes import it.
        threads: how many threads the libraries may use.
        rounds: how many rounds.
        confidence: of the intervals.
        margin: what is no difference.
        seed: of the order in which contestants take their turns.

    Raises:
        RuntimeError: a contestant failed.
    """
    few = max(3, rounds // 5)
    watch = Watch(threads=threads, load=Load())
    details: dict[str, Any] = {}
    complaints: list[str] = []
    if case.kind == "import":
        figures = _imports(case, rounds, watch)
    elif case.kind in ("cpu", "peak"):
        figures = _commands(case, few, watch)
    elif case.kind == "memory":
        figures = _memory(case, file, threads, few)
    elif case.scenario is not None:
        figures, details = _scenario(case, file, threads, few, watch)
    else:
        with ExitStack() as stack:
            players = {
                name: stack.enter_context(Worker(file, case.name, name, threads, ROUND_SECONDS))
                for name in case.contestants
            }
            figures, warm = take_turns(players, watch, rounds, rounds, seed, _rest)
        complaints = cold(warm)
        details = {"warm_up": {name: w.seconds for name, w in warm.items()}}
    # How much memory is taken doesn't depend on who else is there.
    judged = {} if case.kind in ("memory", "peak") else figures
    noise = watch.judge(judged, complaints)
    return Race(figures, case.subject, noise, case.kind, threads, confidence, margin, details)


def _rest() -> None:
    time.sleep(PAUSE_SECONDS)


def _imports(case: Case, rounds: int, watch: Watch) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {name: [] for name in case.contestants}
    for i in range(rounds + 1):
        watch.tick()
        for name, statement in case.contestants.items():
            taken = import_seconds(str(statement))
            if i:  # the first round fills the disk cache
                figures[name].append(taken)
    return figures


def _commands(case: Case, rounds: int, watch: Watch) -> dict[str, list[float]]:
    steps = {name: build() for name, build in case.contestants.items() if not isinstance(build, str)}
    figures: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        watch.tick()
        for name, step in steps.items():
            figures[name].append(float(step()[("cpu", "peak").index(case.kind)]))
    return figures


def _memory(case: Case, file: str | os.PathLike[str], threads: int, rounds: int) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {name: [] for name in case.contestants}
    for _ in range(rounds):
        for name, times in figures.items():
            with Worker(file, case.name, name, threads, ROUND_SECONDS) as worker:
                times.append(float(worker.ask("memory")))
    return figures


def _scenario(
    case: Case, file: str | os.PathLike[str], threads: int, rounds: int, watch: Watch
) -> tuple[dict[str, list[float]], dict[str, Any]]:
    figures: dict[str, list[float]] = {name: [] for name in case.contestants}
    details: dict[str, Mapping[str, Any]] = {}
    with ExitStack() as stack:
        players = {
            name: stack.enter_context(Worker(file, case.name, name, threads, ROUND_SECONDS))
            for name in case.contestants
        }
        for player in players.values():
            player.warm_up()
        for _ in range(rounds):
            watch.tick()
            for name, player in players.items():
                found = player.ask("scenario")
                figures[name].append(found.pop("figure"))
                details[name] = found
                _rest()
    return figures, details
