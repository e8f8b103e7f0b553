"""How a model is asked: one query after the other, all at once, or whenever somebody comes.

The scenarios are those of MLPerf Inference (Reddi et al. 2020): SingleStream, Offline, Server.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .clock import Clock, Step
from .intervals import Interval

Sleep = Callable[[float], Any]


@dataclass(frozen=True)
class ScenarioResult:
    """What a scenario brought.

    `figure` is MLPerf's metric of the scenario as seconds a query, so that less is always better: the 90th
    percentile of latency for SingleStream, 1 / throughput for Offline, 1 / the largest rate for Server.
    `latencies` has "p50", "p90", "p99", "mean" and "max" in seconds; `rate` is queries a second; `trials`
    what was tried on the way, as rate and whether it was kept; `note` says what is to be said about it.
    """

    scenario: str
    figure: float
    rate: float
    queries: int
    latencies: dict[str, float] = field(default_factory=dict)
    trials: list[tuple[float, bool]] = field(default_factory=list)
    note: str = ""


class Scenario(Protocol):
    """A way to ask: what `SingleStream`, `Offline` and `Server` have in common."""

    def run(self, step: Step) -> ScenarioResult:
        """Ask `step`, which answers one query (for Offline: one batch), and return what came out."""


def percentile(times: Sequence[float], share: float) -> float:
    """Return the smallest of the times that `share` of them don't exceed (the nearest rank: a real time).

    Raises:
        ValueError: no times, or a share that isn't above 0 and at most 1.

    Examples:
        >>> systems.percentile([0.1, 0.2, 0.3, 0.4], 0.5)
        0.2
    """
    if not times:
        raise ValueError("there are no times to take a percentile of")
    if not 0 < share <= 1:
        raise ValueError(f"a share is above 0 and at most 1, for example 0.99; {share} isn't")
    # The tolerance: 0.99 * 100 may come out as a bit more than 99.
    return sorted(times)[math.ceil(share * len(times) * (1 - 1e-12)) - 1]


def percentile_interval(times: Sequence[float], share: float, confidence: float = 0.95) -> Interval:
    """Return a percentile with its interval from the ranks beside it (a binomial distribution, no bootstrap).

    How many of n independent times lie below the true percentile is binomial, whatever their distribution;
    so two ranks hold it. With too few times for the upper one, it is infinite: the 99th percentile needs
    about 370 times before the largest is a bound with 97.5 percent.
    """
    ordered, n = sorted(times), len(times)
    value = percentile(times, share)
    tail = (1 - confidence) / 2
    below, total = [], 0.0
    for k in range(n + 1):  # logarithms: a factorial of thousands is no float
        log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        log += k * math.log(share) + (n - k) * (
            math.log1p(-share) if share < 1 else -math.inf if n > k else 0
        )
        total += math.exp(log)
        below.append(total)  # the probability that at most k times lie below
    low = next(k for k, p in enumerate(below) if p > tail)
    high = next((k for k, p in enumerate(below) if p >= 1 - tail), n)
    first = ordered[low - 1] if low else 0.0
    return Interval(value, first, ordered[high] if high < n else math.inf, confidence)


def summary(times: Sequence[float]) -> dict[str, float]:
    """Return the percentiles 50, 90 and 99, the mean and the largest of some latencies."""
    found = {f"p{share}": percentile(times, share / 100) for share in (50, 90, 99)}
    return {**found, "mean": math.fsum(times) / len(times), "max": max(times)}


@dataclass(frozen=True)
class SingleStream:
    """One client, who asks again as soon as the answer is there: what counts is the latency.

    Args:
        queries: how many are asked; the 99th percentile is the largest but one in a hundred of them.
        warm_up: how many before that don't count.
        timer: the clock.

    Raises:
        ValueError: no queries.
    """

    queries: int = 200
    warm_up: int = 10
    timer: Clock = time.perf_counter

    def __post_init__(self) -> None:
        at_least_one(self.queries)

    def run(self, step: Step) -> ScenarioResult:
        """Ask and return the latencies; the figure is their 90th percentile."""
        for _ in range(self.warm_up):
            step()
        times = []
        for _ in range(self.queries):
            began = self.timer()
            step()
            times.append(self.timer() - began)
        found = summary(times)
        return ScenarioResult(
            "SingleStream", found["p90"], 1 / max(found["mean"], 1e-12), self.queries, found
        )


@dataclass(frozen=True)
class Offline:
    """All queries are there at once: what counts is the throughput.

    Args:
        batch: how many queries one call of the step answers.
        queries: how many there are, at least.
        warm_up: how many calls before that don't count.
        timer: the clock.

    Raises:
        ValueError: no queries, or a batch of none.
    """

    batch: int = 1
    queries: int = 200
    warm_up: int = 2
    timer: Clock = time.perf_counter

    def __post_init__(self) -> None:
        at_least_one(self.queries)
        at_least_one(self.batch)

    def run(self, step: Step) -> ScenarioResult:
        """Answer all and return the throughput: queries over the time from the first to the last."""
        for _ in range(self.warm_up):
            step()
        calls = math.ceil(self.queries / self.batch)
        began = self.timer()
        for _ in range(calls):
            step()
        taken = max(self.timer() - began, 1e-12)
        done = calls * self.batch
        return ScenarioResult("Offline", taken / done, done / taken, done)


def at_least_one(count: int) -> None:
    """Raise ValueError unless a count is a whole number above 0."""
    if count < 1 or count != int(count):
        raise ValueError(f"expected a whole number, at least 1, got {count}")
