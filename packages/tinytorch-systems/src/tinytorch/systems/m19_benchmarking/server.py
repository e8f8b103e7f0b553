"""The server scenario: queries come when they like, and what counts is how many a latency bound lets in.

A query's latency runs from the moment at which it was due, not from the one at which somebody had time for
it. A client that waits for an answer before it asks again would hide the queue that forms meanwhile; that
mistake has a name, coordinated omission (Tene 2013). Here arrivals are drawn before anything is asked.
"""

from __future__ import annotations

import heapq
import math
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from .clock import Clock, Step
from .scenarios import ScenarioResult, Sleep, at_least_one, percentile, summary

SPIN = 0.001  # seconds before a query is due during which we look at the clock instead of sleeping
START = 20  # calls by which the capacity is estimated


def poisson_arrivals(rate: float, queries: int, seed: int = 0) -> list[float]:
    """Return when queries arrive, in seconds from the start: a Poisson process of `rate` a second.

    The same seed gives the same pattern at any rate, only faster or slower.

    Raises:
        ValueError: a rate that isn't above 0.
    """
    if not 0 < rate < math.inf:
        raise ValueError(f"a rate is above 0 queries a second; {rate} isn't")
    draw, now, found = random.Random(seed), 0.0, []
    for _ in range(queries):
        now += draw.expovariate(1.0)
        found.append(now / rate)
    return found


def queue_latencies(arrivals: Sequence[float], service: Sequence[float], servers: int = 1) -> list[float]:
    """Return the latencies of queries that wait in one line for the first server that is free.

    It is the queue on paper: for given times of service there is nothing to run. (With one server: Lindley's
    recursion, 1952.)

    Args:
        arrivals: when each query comes, in order.
        service: how long each takes once it is served.
        servers: how many serve at the same time.

    Examples:
        >>> systems.queue_latencies([0.0, 1.0], [3.0, 1.0])
        [3.0, 3.0]
    """
    free = [0.0] * servers
    found = []
    for due, taken in zip(arrivals, service, strict=True):
        end = max(due, heapq.heappop(free)) + taken
        heapq.heappush(free, end)
        found.append(end - due)
    return found


@dataclass(frozen=True)
class Server:
    """Clients come independently of one another; at which rate does the latency bound still hold?

    The arrivals are a Poisson process. `run` looks for the largest rate at which `share` of the latencies
    stay within `bound`, by halving the interval between a rate that does and one that doesn't. One trial is
    a sample: how sure its percentile is, `percentile_interval` tells.

    Args:
        bound: seconds that a query may take, its waiting included.
        share: of the queries that must keep to it: 0.99 for the 99th percentile.
        queries: in each trial; a few hundred at least, for a 99th percentile.
        rate: queries a second; then there is one trial at this rate, and no search.
        servers: how many threads answer queries; the step must allow for it.
        precision: how close to each other the rates are where the search ends.
        trials: how many there are at most.
        seed: of the arrivals.
        timer: the clock.
        sleep: waits for some seconds, on that clock.

    Raises:
        ValueError: an option that is out of range.
    """

    bound: float = 0.1
    share: float = 0.99
    queries: int = 300
    rate: float | None = None
    servers: int = 1
    precision: float = 0.05
    trials: int = 12
    seed: int = 0
    timer: Clock = time.perf_counter
    sleep: Sleep = time.sleep

    def __post_init__(self) -> None:
        at_least_one(self.queries)
        at_least_one(self.servers)
        at_least_one(self.trials)
        if not self.bound > 0 or not 0 < self.share <= 1 or not self.precision > 0:
            raise ValueError(
                f"expected bound > 0, 0 < share <= 1, precision > 0; "
                f"got {self.bound}, {self.share}, {self.precision}"
            )
        if self.rate is not None:
            poisson_arrivals(self.rate, 0)

    def run(self, step: Step) -> ScenarioResult:
        """Search, and return the largest rate that was kept, with the latencies at it.

        If the bound is broken even where queries hardly meet, the rate is 0, the figure infinite and the
        note says so.
        """
        if self.rate is not None:
            times = self.latencies(step, self.rate)
            kept = self.keeps(times)
            figure = 1 / self.rate if kept else math.inf
            return ScenarioResult(
                "Server", figure, self.rate, len(times), summary(times), [(self.rate, kept)],
                "" if kept else self._broken(times),
            )  # fmt: skip
        alone = self._alone(step)
        good, bad = 0.0, 1.5 * self.servers / alone  # no rate above 1 / service can be kept for long
        best: list[float] = []
        tried: list[tuple[float, bool]] = []
        rate, worst = bad / 3, ""
        while len(tried) < self.trials and bad - good > self.precision * bad:
            times = self.latencies(step, rate)
            kept = self.keeps(times)
            tried.append((rate, kept))
            if kept:
                good, best = rate, times
            else:
                bad, worst = rate, self._broken(times)
            if not good and len(tried) >= 4 and alone > self.bound:
                break  # a query alone takes longer than it may
            rate = (good + bad) / 2
        if not good:
            note = f"no rate keeps to the bound: at {tried[-1][0]:.3g} queries a second {worst}"
            return ScenarioResult("Server", math.inf, 0.0, self.queries, {}, tried, note)
        return ScenarioResult("Server", 1 / good, good, len(best), summary(best), tried)

    def keeps(self, times: Sequence[float]) -> bool:
        """Return whether latencies of a whole trial keep to the bound."""
        return len(times) == self.queries and percentile(times, self.share) <= self.bound

    def _broken(self, times: Sequence[float]) -> str:
        late = sum(t > self.bound for t in times)
        return f"{late} of the first {len(times)} took longer than {self.bound:g} s"

    def _alone(self, step: Step) -> float:
        """Return how long a query takes that meets no other; this warms up, too."""
        times = []
        for _ in range(START):
            began = self.timer()
            step()
            times.append(self.timer() - began)
        return max(median(times[START // 2 :]), 1e-9)

    def latencies(self, step: Step, rate: float) -> list[float]:
        """Ask at a rate; return the latencies, in the order of the arrivals.

        A trial that can't be kept to any more ends early: then there are fewer of them.
        """
        trial = _Trial(self, step, poisson_arrivals(rate, self.queries, self.seed))
        others = [threading.Thread(target=trial.serve, daemon=True) for _ in range(self.servers - 1)]
        for thread in others:
            thread.start()
        trial.serve()
        for thread in others:
            thread.join()
        if trial.error is not None:
            raise trial.error
        return [trial.found[i] for i in sorted(trial.found)]


class _Trial:
    """One line of queries, and whoever serves takes the next from its head."""

    def __init__(self, server: Server, step: Step, arrivals: Sequence[float]) -> None:
        self.server = server
        self.step = step
        self.line: Iterator[tuple[int, float]] = iter(enumerate(arrivals))
        self.lock = threading.Lock()
        self.found: dict[int, float] = {}
        self.late = 0
        self.allowed = len(arrivals) - math.ceil(server.share * len(arrivals) * (1 - 1e-12))
        self.error: BaseException | None = None
        self.began = server.timer()

    def serve(self) -> None:
        """Serve until the line has ended, or too many were late, or a step failed."""
        try:
            while True:
                with self.lock:
                    if self.error is not None or self.late > self.allowed:
                        return
                    number, due = next(self.line, (-1, 0.0))
                if number < 0:
                    return
                self._wait(self.began + due)
                self.step()
                latency = self.server.timer() - self.began - due
                with self.lock:
                    self.found[number] = latency
                    self.late += latency > self.server.bound
        except BaseException as error:
            self.error = error

    def _wait(self, until: float) -> None:
        """Sleep until shortly before, then look at the clock: a sleep may take a millisecond more."""
        timer, sleep = self.server.timer, self.server.sleep
        while (left := until - timer()) > 0:
            if left > SPIN:
                sleep(max(left - SPIN, SPIN / 100))  # less than that may be nothing to a clock of floats
            else:
                sleep(0.0 if timer is time.perf_counter else left)
