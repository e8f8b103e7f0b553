"""Races: contestants take turns, round after round, in an order that is drawn anew each time."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from .clock import Clock, Step, Stopwatch, WarmUp, call_overhead, timer_resolution
from .intervals import MARGIN, Interval, paired_difference, paired_ratio
from .machine import Load
from .noise import Noise, Watch, calibration_work

PRECISION = 0.02  # the half width of an interval that is narrow enough
LOOK = 10  # rounds after which it is looked at again


class Player(Protocol):
    """Takes part in a race: in this process (`Stopwatch`) or in one of its own (`Worker`)."""

    def warm_up(self) -> WarmUp:
        """Get ready."""

    def round(self) -> float:
        """Do one round and return seconds of a call."""


@dataclass(frozen=True)
class Race:
    """What a race brought: each contestant's figure in each round, and how quiet the machine was.

    `figures` are seconds of a call (or bytes, for kinds of memory); `subject` is the one that is compared.
    """

    figures: Mapping[str, list[float]]
    subject: str
    noise: Noise
    kind: str = "time"
    num_threads: int = 1
    confidence: float = 0.95
    margin: float = MARGIN
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def peers(self) -> list[str]:
        """The names of the others."""
        return [name for name in self.figures if name != self.subject]

    @property
    def rounds(self) -> int:
        """How many rounds there were."""
        return len(self.figures[self.subject])

    def median(self, name: str = "") -> float:
        """Return the median of a contestant's figures; the subject's without a name."""
        return statistics.median(self.figures[name or self.subject])

    def against(self, peer: str) -> Interval:
        """Return the subject's figure against a peer's, with its interval.

        It is the median of the ratios of the same round; for kind "import" of the differences, in seconds.
        Against itself the subject's own figure.
        """
        ours = self.figures[self.subject]
        if peer == self.subject:
            return paired_difference(ours, [0.0] * len(ours), confidence=self.confidence)
        how = paired_difference if self.kind == "import" else paired_ratio
        return how(ours, self.figures[peer], confidence=self.confidence)

    def verdict(self, peer: str) -> str:
        """Return "faster", "slower", "no difference" or "too few rounds": see `Interval.verdict`."""
        if self.kind != "import" and peer != self.subject:
            return self.against(peer).verdict(self.margin)
        return ""

    def __str__(self) -> str:
        lines = []
        for name in self.figures:
            line = f"{name}: {seconds(self.median(name)) if self.kind != 'memory' else self.median(name)}"
            if name != self.subject:
                ratio = self.against(name)
                line += f"; {self.subject} / {name} = {ratio.value:.3f} ({ratio.low:.3f} to {ratio.high:.3f})"
                line += f": {self.verdict(name)}"
            lines.append(line)
        return "\n".join([*lines, f"{self.rounds} rounds, {self.noise}"])


def seconds(value: float) -> str:
    """Return a time with three digits and its unit."""
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if abs(value) >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def race(
    contestants: Mapping[str, Step],
    *,
    rounds: int = 25,
    max_rounds: int | None = None,
    precision: float = PRECISION,
    round_seconds: float = 0.05,
    pause: float = 0.0,
    num_threads: int | None = 1,
    collector: bool = True,
    confidence: float = 0.95,
    margin: float = MARGIN,
    seed: int = 0,
    timer: Clock = time.perf_counter,
    sleep: Callable[[float], Any] = time.sleep,
    work: Step = calibration_work,
) -> Race:
    """Time functions against each other in this process, round by round.

    Each is warmed up until it is steady. Then, in each round, all take their turn in random order, and the
    calibration work is timed. The first is the subject: it is compared with each other.

    Args:
        contestants: functions without arguments, by name.
        rounds: how many rounds; six at least, for intervals.
        max_rounds: go on until the interval is narrow enough, this many rounds at most. When it ends
            depends on the width alone, not on who is ahead, so it favours nobody.
        precision: the half width of an interval that is narrow enough, as a part of the ratio.
        round_seconds: how long one contestant works in a round.
        pause: seconds between two contestants, so that threads of the one before fall asleep.
        num_threads: of the BLAS libraries, set by threadpoolctl while they work; None leaves them alone.
        collector: whether Python's garbage collector may run within a round.
        confidence: of the intervals.
        margin: what is no difference.
        seed: of the order.
        timer: the clock; another one makes a simulation of it.
        sleep: waits for some seconds, on that clock.
        work: the calibration.

    Raises:
        ValueError: no contestants, or fewer rounds than one.
    """
    if not contestants:
        raise ValueError("a race needs contestants: functions without arguments, by name")
    if rounds < 1:
        raise ValueError(f"a race needs at least one round, not {rounds}")
    fine, cost = timer_resolution(timer), call_overhead(timer)
    players = {
        name: Stopwatch(step, round_seconds, timer, collector, fine, cost)
        for name, step in contestants.items()
    }
    real = timer is time.perf_counter
    watch = Watch(work, timer, (num_threads or 1) if real else 1, Load() if real else None)
    enough = partial(narrow, next(iter(players)), precision, confidence) if max_rounds else None
    most = max(rounds, max_rounds or 0)
    with limited(num_threads):
        figures, warm = take_turns(players, watch, rounds, most, seed, lambda: sleep(pause), enough)
    noise = watch.judge(figures, cold(warm))
    details = {"resolution": fine, "overhead": cost, "warm_up": {n: w.seconds for n, w in warm.items()}}
    return Race(figures, next(iter(figures)), noise, "time", num_threads or 0, confidence, margin, details)


def limited(threads: int | None) -> Any:
    """Return a context in which the BLAS libraries of this process use so many threads."""
    from threadpoolctl import threadpool_limits

    return nullcontext() if threads is None else threadpool_limits(threads)


def take_turns(
    players: Mapping[str, Player],
    watch: Watch,
    rounds: int,
    most: int,
    seed: int,
    rest: Callable[[], Any],
    enough: Callable[[Mapping[str, list[float]]], bool] | None = None,
) -> tuple[dict[str, list[float]], dict[str, WarmUp]]:
    """Warm all players up, then let them take turns; return figures by round, and the warm-ups."""
    warm = {}
    for name, player in players.items():
        warm[name] = player.warm_up()
        rest()
    figures: dict[str, list[float]] = {name: [] for name in players}
    order = list(players)
    shuffled = random.Random(seed)
    for done in range(most):
        beyond = done - rounds
        if beyond >= 0 and beyond % LOOK == 0 and (enough is None or enough(figures)):
            break
        watch.tick()
        shuffled.shuffle(order)
        for name in order:
            figures[name].append(players[name].round())
            rest()
    watch.tick()
    return figures, warm


def narrow(subject: str, precision: float, confidence: float, figures: Mapping[str, list[float]]) -> bool:
    """Return whether the intervals of all ratios are narrow enough."""
    return all(
        paired_ratio(figures[subject], times, confidence=confidence).half <= precision
        for name, times in figures.items()
        if name != subject
    )


def cold(warm: Mapping[str, WarmUp]) -> list[str]:
    """Return a complaint for each contestant whose time still fell when the warm-up ended."""
    return [
        f"cold: {name} was still getting faster after {w.seconds:.1f} s of warm-up"
        for name, w in warm.items()
        if not w.steady
    ]
