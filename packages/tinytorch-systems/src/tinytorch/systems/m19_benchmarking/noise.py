"""Noise: was the machine quiet enough to believe the figures?

Between the rounds a fixed piece of work is timed. It never changes, so whatever changes in its time is the
machine: another program, a processor that slows down because it is warm, a virtual machine's neighbours.
"""

from __future__ import annotations

import hashlib
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .intervals import checked
from .machine import Load

SPREAD = 0.05  # of the calibration: its interquartile range over its median
OWN_SPREAD = 0.10  # of a contestant; PyTorch's benchmark warns from there on, too
DRIFT = 0.05  # from the first round to the last
SURE = 2.6  # standard deviations that a trend must have to be one: once in a hundred by chance
BURST = 1.25  # times the median: a round that something came into
BURSTS = 0.08  # of the rounds, and at least two
BUSY = 0.10  # of the processor time that there was, used by other programs
LOADED = 0.50  # load average per core, where nothing better is known


@dataclass(frozen=True)
class Noise:
    """How quiet the machine was: `noisy`, and the reasons in words.

    `spread`, `drift` and `bursts` are those of the calibration work, as parts of its median: its
    interquartile range, its change from the first to the last round, the share of rounds that took much
    longer. `seconds` is its median; `busy` is what other programs took of the processors' time, if the system
    tells. `load` has the load average before and after.
    """

    noisy: bool
    reasons: tuple[str, ...] = ()
    spread: float = 0.0
    drift: float = 0.0
    bursts: float = 0.0
    seconds: float = 0.0
    busy: float | None = None
    load: tuple[float, ...] = ()

    def __str__(self) -> str:
        return "noisy: " + "; ".join(self.reasons) if self.noisy else "quiet"


def spread_of(times: Sequence[float]) -> float:
    """Return the interquartile range as a part of the median."""
    import numpy as np

    low, middle, high = np.quantile(checked(times), [0.25, 0.5, 0.75])
    return float((high - low) / middle)


def drift_of(times: Sequence[float]) -> float:
    """Return the change from the first to the last, as a part of the median; 0 if chance may have made it.

    The slope is the median of the slopes of all pairs (Theil 1950, Sen 1968), which outliers don't move; that
    it is more than chance is told by how many of the pairs rise (Mann 1945, Kendall 1938).
    """
    import numpy as np

    x = checked(times)
    n = len(x)
    if n < 8:
        return 0.0
    i, j = np.triu_indices(n, 1)
    rises = np.sign(x[j] - x[i]).sum()
    if abs(rises) < SURE * np.sqrt(n * (n - 1) * (2 * n + 5) / 18):
        return 0.0
    return float(np.median((x[j] - x[i]) / (j - i)) * (n - 1) / np.median(x))


def bursts_of(times: Sequence[float]) -> float:
    """Return the part of the times that is much longer than the median."""
    middle = statistics.median(times)
    count = sum(time > BURST * middle for time in times)
    return count / len(times) if count > 1 else 0.0


def complaints(what: str, times: Sequence[float], spread: float) -> list[str]:
    """Return what is wrong with a series of times, in words."""
    found = []
    if bursts_of(times) > BURSTS:
        found.append(f"bursts: {what} took much longer in {bursts_of(times):.0%} of the rounds")
    if spread_of(times) > spread:
        found.append(f"spread: the middle half of {what} lies {spread_of(times):.0%} apart")
    if abs(drift_of(times)) > DRIFT:
        found.append(f"drift: {what} changed by {drift_of(times):+.0%} from the first round to the last")
    return found


def calibration_work() -> None:
    """Do the fixed work: about a millisecond, the same on every call, outside of Python's lock."""
    hashlib.sha256(_BYTES).digest()


_BYTES = bytes(range(256)) * 4096  # 1 MiB


@dataclass
class Watch:
    """Looks at the machine while something is measured.

    Args:
        work: what is timed between the rounds.
        timer: the clock.
        threads: how many threads do it at the same time, as many as the contestants have.
        load: tells what else the system does; None asks nobody (as with a clock made for a test).
    """

    work: Callable[[], Any] = calibration_work
    timer: Clock = time.perf_counter
    threads: int = 1
    load: Load | None = None
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads - 1) if self.threads > 1 else None
        self._before = self.load.read() if self.load else None

    def tick(self) -> None:
        """Time the work once: the shortest of three, since a single interruption is no noise yet."""
        self.times.append(min(self._once() for _ in range(3)))

    def _once(self) -> float:
        began = self.timer()
        helpers = [self._pool.submit(self.work) for _ in range(self.threads - 1)] if self._pool else []
        self.work()
        for helper in helpers:
            helper.result()
        return self.timer() - began

    def judge(self, figures: Mapping[str, Sequence[float]], extra: Sequence[str] = ()) -> Noise:
        """End the watch: return what the calibration, the contestants and the system say.

        Args:
            figures: each contestant's times, one a round.
            extra: further complaints.
        """
        if self._pool:
            self._pool.shutdown()
        reasons = list(extra)
        # Three samples have no quartiles worth the name.
        if len(self.times) >= 5:
            reasons += complaints("the calibration", self.times, SPREAD)
        for name, times in figures.items():
            if len(times) >= 5:
                reasons += complaints(name, times, OWN_SPREAD)
        busy, load = None, tuple[float, ...]()
        if self.load and self._before:
            after = self.load.read()
            busy = after.busy_since(self._before)
            load = tuple(x for x in (self._before.average, after.average) if x is not None)
            if busy is not None and busy > BUSY:
                reasons.append(f"busy: other programs took {busy:.0%} of the processors' time")
            elif busy is None and load and load[0] > LOADED * self.load.cores:
                reasons.append(f"busy: the load average was {load[0]:.1f} before it began")
        if not self.times:
            return Noise(bool(reasons), tuple(reasons), busy=busy, load=load)
        return Noise(
            bool(reasons),
            tuple(reasons),
            spread_of(self.times),
            drift_of(self.times),
            bursts_of(self.times),
            statistics.median(self.times),
            busy,
            load,
        )
