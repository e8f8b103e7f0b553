"""What a version of the benchmarking module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import math

import numpy as np
import tinytorch.systems as ts


class _Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def check_a_stopwatch_warms_up() -> None:
    """Call a step until its time no longer falls, and only then measure."""
    clock, calls = _Clock(), [0]

    def step() -> None:
        calls[0] += 1
        clock.sleep(0.001 * (1 + 5 * math.exp(-calls[0] / 30)))

    watch = ts.Stopwatch(step, seconds=0.02, timer=clock, overhead=0.0)
    warm = watch.warm_up(most=10)
    assert warm.steady, "the time settles after a hundred calls, but the warm-up says it didn't"
    assert calls[0] > 90, f"it ended after {calls[0]} calls, when they still became faster by the call"
    got = watch.round()
    assert abs(got - 0.001) < 1e-4, f"a call takes 1 ms once it is warm; the round says {got * 1e3:.3f} ms"


def check_what_the_loop_costs_is_subtracted() -> None:
    """Take off each figure what calling nothing costs."""
    clock = _Clock()
    watch = ts.Stopwatch(lambda: clock.sleep(0.5), seconds=1.0, timer=clock, overhead=0.1)
    watch.warm_up()
    got = watch.round()
    assert abs(got - 0.4) < 1e-9, f"a call of 0.5 s with an overhead of 0.1 s: expected 0.4, got {got}"


def check_intervals_of_pairs() -> None:
    """Draw pairs again, so that what both have in common leaves the ratio alone."""
    rng = np.random.default_rng(0)
    shared = np.exp(0.3 * rng.standard_normal(25))
    ours, theirs = 1.05 * shared, shared * np.exp(0.01 * rng.standard_normal(25))
    found = ts.paired_ratio(ours.tolist(), theirs.tolist())
    expected = float(np.median(ours / theirs))
    assert abs(found.value - expected) < 1e-12, (
        f"the median of the ratios is {expected}, got {found.value}. Hint: ratios first, then their median"
    )
    assert found.low <= 1.05 <= found.high, f"5% slower lies outside of {found.low} to {found.high}"
    assert found.high - found.low < 0.05, (
        f"an interval of {found.low:.2f} to {found.high:.2f}. Hint: draw rounds, not times"
    )
    few = ts.paired_ratio([2.0, 2.1, 2.2], [1.0, 1.0, 1.0])
    assert few.confidence == 0.75, f"three rounds hold the median in 75% of cases; got {few.confidence}"


def check_verdicts() -> None:
    """Say faster, slower or no difference, by where the whole interval lies."""
    for low, high, expected in (
        (1.02, 1.08, "slower"),
        (0.93, 0.98, "faster"),
        (0.98, 1.02, "no difference"),
        (1.005, 1.03, "no difference"),
        (0.4, 1.5, "no difference"),
    ):
        got = ts.Interval((low + high) / 2, low, high, 0.95).verdict()
        assert got == expected, f"an interval from {low} to {high}: expected {expected!r}, got {got!r}"


def check_a_race_on_a_drifting_machine() -> None:
    """Take turns, so that a machine that slows down makes no difference, and find the one that there is."""
    for seconds, expected in ((0.010, "no difference"), (0.0105, "slower")):
        machine = ts.SimulatedMachine(1, jitter=0.01, drift=0.05)
        found = machine.race({"a": seconds, "b": 0.010})
        got = found.verdict("b")
        assert got == expected, (
            f"{seconds} s against 0.01 s on a machine that slows down: expected {expected!r}, got {got!r}. "
            "Hint: compare figures of the same round"
        )
        assert len(found.figures["a"]) == len(found.figures["b"]) == 25, "25 rounds unless told otherwise"


def check_noise_is_seen() -> None:
    """Call a quiet machine quiet, and say what is wrong with another one."""
    quiet = ts.SimulatedMachine(1, jitter=0.02).race({"a": 0.010, "b": 0.010}).noise
    assert not quiet.noisy, f"2% of jitter is no noise yet, but: {quiet}"
    for kind, option, size in (
        ("drift", "drift", 0.05),
        ("bursts", "bursts", 5.0),
        ("spread", "wander", 0.2),
    ):
        loud = ts.SimulatedMachine(2, **{"jitter": 0.02, option: size})
        noise = loud.race({"a": 0.010, "b": 0.010}).noise
        assert any(kind in why for why in noise.reasons), f"{option}={size}: expected {kind}, got: {noise}"


def check_latencies_count_from_the_arrival() -> None:
    """Count a query's latency from when it was due, its waiting included."""
    got = ts.queue_latencies([0.0, 1.0, 2.0, 10.0], [3.0, 1.0, 1.0, 1.0])
    assert got == [3.0, 3.0, 3.0, 1.0], f"one server, one line: expected [3, 3, 3, 1], got {got}"
    two = ts.queue_latencies([0.0, 1.0, 2.0, 10.0], [3.0, 1.0, 1.0, 1.0], servers=2)
    assert two == [3.0, 1.0, 1.0, 1.0], f"with two servers nobody waits: expected [3, 1, 1, 1], got {two}"
    clock = _Clock()
    server = ts.Server(bound=0.05, queries=500, timer=clock, sleep=clock.sleep)
    found = server.run(lambda: clock.sleep(0.01))
    assert 40 < found.rate < 85, f"10 ms a query, 99% within 50: expected 40 to 85, got {found.rate}"
    arrivals = ts.poisson_arrivals(found.rate, 500)
    paper = ts.percentile(ts.queue_latencies(arrivals, [0.01] * 500), 0.99)
    assert abs(found.latencies["p99"] - paper) < 1e-9, f"p99 on paper {paper}, got {found.latencies}"


def check_percentiles() -> None:
    """Take the time that so many of them don't exceed: one that was measured, none in between."""
    times = [float(i) for i in range(100, 0, -1)]
    for share, expected in ((0.5, 50.0), (0.9, 90.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)):
        got = ts.percentile(times, share)
        assert got == expected, f"of 1 to 100 the share {share}: expected {expected}, got {got}"


def check_measurements() -> None:
    """Give medians and quartiles of the time of one run, as PyTorch does."""
    found = ts.Measurement(10, [10.0, 20.0, 30.0, 40.0, 1000.0], ts.TaskSpec("f()", "pass"))
    got = (found.median, found.mean, found.iqr)
    assert got == (3.0, 22.0, 2.0), f"median, mean, iqr of 1, 2, 3, 4, 100: expected (3, 22, 2), got {got}"
    counted: list[int] = []
    measured = ts.Timer("counted.append(1)", globals={"counted": counted}).timeit(300)
    assert measured.number_per_run == 300, f"timeit(300) ran {measured.number_per_run} times"
    assert len(counted) > 300, "nothing ran before the measurement: warm up first"
