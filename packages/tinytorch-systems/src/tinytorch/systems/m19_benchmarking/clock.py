"""Clocks: how fine a timer is, what calling nothing costs, and a stopwatch that warms up first."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from statistics import median
from typing import Any

Clock = Callable[[], float]
Step = Callable[[], Any]

FINE_ENOUGH = 1000  # a block lasts at least so many ticks of the clock: an error of 0.1 percent
LEAST = 1e-9  # seconds; no call is reported as shorter, so that ratios stay finite
WINDOW = 5  # blocks that are compared with as many before them, to see whether a contestant is warm
STEADY = 0.98  # it is when the newer ones took at least this part of the older ones' time


def timer_resolution(timer: Clock = time.perf_counter) -> float:
    """Return the smallest step that a clock is seen to make, in seconds.

    A clock that doesn't move while it is read two thousand times is asked what it says of itself; one that
    says nothing (a clock made for a test) counts as infinitely fine: 0.
    """
    steps = []
    for _ in range(20):
        before = timer()
        moved = next((now - before for now in (timer() for _ in range(2000)) if now != before), None)
        if moved is None:
            break
        steps.append(moved)
    if steps:
        return min(steps)
    name: Any = getattr(timer, "__name__", "")
    try:
        return time.get_clock_info(name).resolution
    except ValueError:
        return 0.0


def call_overhead(timer: Clock = time.perf_counter, calls: int = 2000) -> float:
    """Return what a call of a function that does nothing costs within a timed loop, in seconds.

    It is the harness' own part of each figure, 20 to 60 nanoseconds, and is subtracted from all of them.
    """

    def nothing() -> None:
        pass

    return min(_timed(nothing, calls, timer) for _ in range(5)) / calls


def _timed(step: Step, calls: int, timer: Clock) -> float:
    began = timer()
    for _ in repeat(None, calls):
        step()
    return timer() - began


@dataclass(frozen=True)
class WarmUp:
    """What happened before the measurement: calls, seconds, and whether the time per call had settled."""

    calls: int
    seconds: float
    steady: bool


class Stopwatch:
    """Times one contestant: warms it up until it is steady, then does rounds of it.

    A round is as many calls as fit into `seconds`, and at least so many that the clock's resolution doesn't
    matter. Garbage is collected before it; during it Python's collector works as always, since the garbage
    that a contestant makes belongs to what it costs, unless `collector` is False.

    Args:
        step: the work; called without arguments.
        seconds: how long a round takes, about.
        timer: the clock, in seconds.
        collector: whether Python's garbage collector may run during a round.
        resolution: of the clock; None has it found out.
        overhead: of a call; None has it found out.
    """

    def __init__(
        self,
        step: Step,
        seconds: float = 0.05,
        timer: Clock = time.perf_counter,
        collector: bool = True,
        resolution: float | None = None,
        overhead: float | None = None,
    ) -> None:
        self.step = step
        self.seconds = seconds
        self.timer = timer
        self.collector = collector
        self.resolution = timer_resolution(timer) if resolution is None else resolution
        self.overhead = call_overhead(timer) if overhead is None else overhead
        self.calls = 1  # in a round

    def warm_up(self, least: float | None = None, most: float | None = None) -> WarmUp:
        """Call the step until its time no longer falls, and decide how many calls make a round.

        Args:
            least: seconds that it takes in any case; twice a round's without it.
            most: seconds after which it ends even if the time still falls; ten times a round's without it.
        """
        least = 2 * self.seconds if least is None else least
        most = max(10 * self.seconds if most is None else most, least)
        block, total, times = 1, 0, list[float]()
        began, spent = self.timer(), 0.0
        while spent < least or (spent < most and not is_steady(times)):
            taken = _timed(self.step, block, self.timer)
            total += block
            now = self.timer() - began
            if now <= spent and total > 10_000_000:
                break  # this clock doesn't move by what is measured
            spent = now
            if taken < self.seconds / 10:
                block *= 2  # not yet as long as a block should be
            else:
                times.append(taken / block)
        once = median(times[-WINDOW:]) if times else spent / total
        shortest = max(self.seconds, FINE_ENOUGH * self.resolution)
        self.calls = max(1, round(shortest / max(once, LEAST)))
        return WarmUp(total, spent, len(times) < 2 * WINDOW or is_steady(times))

    def round(self) -> float:
        """Do one round; return the seconds of a call."""
        if self.resolution:  # on a clock made for a test, garbage takes no time
            gc.collect()
        paused = gc.isenabled() and not self.collector
        if paused:
            gc.disable()
        try:
            self.step()  # the first one after a pause pays for cold caches and sleeping threads
            taken = _timed(self.step, self.calls, self.timer)
        finally:
            if paused:
                gc.enable()
        return max(taken / self.calls - self.overhead, LEAST)


def is_steady(times: Sequence[float]) -> bool:
    """Return whether the last times of a warm-up are no longer shorter than those before them."""
    if len(times) < 2 * WINDOW:
        return False
    return median(times[-WINDOW:]) >= STEADY * median(times[-2 * WINDOW : -WINDOW])
