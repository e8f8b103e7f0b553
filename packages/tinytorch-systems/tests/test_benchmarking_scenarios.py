"""One after the other, all at once, or whenever they come: latencies against what is known on paper."""

from __future__ import annotations

import math
import statistics
import threading
import time

import numpy as np
import pytest
from tinytorch.systems import (
    Offline,
    Server,
    SimulatedMachine,
    SingleStream,
    percentile,
    percentile_interval,
    poisson_arrivals,
    queue_latencies,
)


def test_percentiles_are_times_that_were_measured():
    times = [float(i) for i in range(1000, 0, -1)]
    assert [percentile(times, share) for share in (0.5, 0.9, 0.99, 0.999, 1.0)] == [500, 900, 990, 999, 1000]
    assert percentile([3.0], 0.01) == 3
    expected = np.quantile(times, [0.07, 0.55, 0.29], method="inverted_cdf")
    assert [percentile(times, share) for share in (0.07, 0.55, 0.29)] == list(expected)
    for bad in (([], 0.5), ([1.0], 0.0), ([1.0], 1.01)):
        with pytest.raises(ValueError, match=r"no times|a share"):
            percentile(*bad)


def test_intervals_of_percentiles_hold_the_truth():
    rng = np.random.default_rng(0)
    for share, n in ((0.5, 100), (0.9, 200), (0.99, 1000)):
        truth = -math.log(1 - share)
        hits = sum(truth in percentile_interval(rng.exponential(size=n).tolist(), share) for _ in range(200))
        assert hits >= 0.92 * 200, (share, hits)


def test_a_hundred_queries_have_no_upper_end_of_their_99th_percentile():
    times = [float(i) for i in range(100)]
    assert percentile_interval(times, 0.99).high == math.inf
    assert percentile_interval(times * 4, 0.99).high < math.inf


def test_single_stream():
    machine = SimulatedMachine()
    counted = []

    def step():
        counted.append(1)
        machine.sleep(0.5 if len(counted) % 10 == 0 else 0.1)

    found = SingleStream(queries=100, warm_up=10, timer=machine).run(step)
    assert len(counted) == 110
    assert found.latencies["p50"] == pytest.approx(0.1)
    assert found.latencies["p90"] == found.figure == pytest.approx(0.1)
    assert found.latencies["p99"] == pytest.approx(0.5)
    assert found.rate == pytest.approx(100 / 14)


def test_offline():
    machine = SimulatedMachine()
    found = Offline(batch=32, queries=100, timer=machine).run(machine.work(0.64))
    assert found.queries == 128, "the last batch is full"
    assert found.rate == pytest.approx(50)
    assert found.figure == pytest.approx(0.02)


def test_arrivals_are_a_poisson_process():
    arrivals = np.array(poisson_arrivals(50, 20_000, seed=3))
    gaps = np.diff(arrivals)
    assert gaps.min() >= 0
    assert gaps.mean() == pytest.approx(1 / 50, rel=0.03)
    assert gaps.std() == pytest.approx(1 / 50, rel=0.05)
    counts = np.bincount(arrivals.astype(int))[:-1]
    assert counts.var() / counts.mean() == pytest.approx(1, abs=0.2)
    assert poisson_arrivals(50, 100, seed=3) == arrivals[:100].tolist()
    twice = poisson_arrivals(100, 100, seed=3)
    assert twice == pytest.approx((arrivals[:100] / 2).tolist())
    with pytest.raises(ValueError, match="above 0"):
        poisson_arrivals(0, 5)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_the_queue_is_that_of_the_books(load):
    """The waiting time of one server: Pollaczek and Khinchine; with exponential service M/M/1."""
    n = 100_000
    arrivals = poisson_arrivals(load, n, seed=1)
    constant = statistics.fmean(queue_latencies(arrivals, [1.0] * n)) - 1
    assert constant == pytest.approx(load / (2 * (1 - load)), rel=0.1)
    service = np.random.default_rng(0).exponential(size=n).tolist()
    random = statistics.fmean(queue_latencies(arrivals, service))
    assert random == pytest.approx(1 / (1 - load), rel=0.1)


def test_two_servers_wait_as_the_books_say():
    n, load = 100_000, 0.7  # of each of two: M/M/2
    service = np.random.default_rng(0).exponential(size=n).tolist()
    found = queue_latencies(poisson_arrivals(2 * load, n, seed=1), service, servers=2)
    assert statistics.fmean(found) == pytest.approx(1 / (1 - load**2), rel=0.1)


def test_the_harness_measures_the_queue_of_its_arrivals():
    machine = SimulatedMachine()
    server = Server(rate=80.0, bound=1.0, queries=400, seed=5, timer=machine, sleep=machine.sleep)
    found = server.latencies(machine.work(0.010), 80.0)
    paper = queue_latencies(poisson_arrivals(80.0, 400, seed=5), [0.010] * 400)
    assert found == pytest.approx(paper, abs=1e-9)


def test_a_pause_is_counted_for_all_who_wait():
    """Coordinated omission: a pause is one bad time of a polite client, and a hundred of real ones."""
    machine = SimulatedMachine()
    calls = []

    def step():
        calls.append(1)
        machine.sleep(1.0 if len(calls) == 200 else 0.001)

    server = Server(rate=100.0, bound=10.0, queries=500, timer=machine, sleep=machine.sleep)
    late = sum(t > 0.1 for t in server.latencies(step, 100.0))
    assert 70 < late < 120
    polite = SingleStream(queries=500, warm_up=0, timer=machine)
    calls.clear()
    assert polite.run(step).latencies["p99"] < 0.01


def test_the_largest_rate_is_found():
    machine = SimulatedMachine()
    server = Server(bound=0.030, queries=1000, precision=0.02, timer=machine, sleep=machine.sleep)
    found = server.run(machine.work(0.010))

    def p99(rate):
        return percentile(queue_latencies(poisson_arrivals(rate, 1000), [0.010] * 1000), 0.99)

    assert p99(found.rate) <= 0.030 < p99(found.rate * 1.08)
    assert found.figure == pytest.approx(1 / found.rate)
    kept, broken = ([rate for rate, ok in found.trials if ok is wanted] for wanted in (True, False))
    assert max(kept) == found.rate < min(broken)


def test_a_bound_that_nothing_keeps_to():
    machine = SimulatedMachine()
    found = Server(bound=0.005, queries=300, timer=machine, sleep=machine.sleep).run(machine.work(0.010))
    assert found.rate == 0
    assert found.figure == math.inf
    assert "no rate keeps to the bound" in found.note
    assert len(found.trials) == 4
    given = Server(bound=0.005, rate=3.0, queries=300, timer=machine, sleep=machine.sleep)
    assert "took longer than 0.005 s" in given.run(machine.work(0.010)).note


def test_servers_answer_at_the_same_time():
    """Real time: four queries that sleep for 30 ms, due at once, take two of them twice as long with one."""
    at_once, most, lock = 0, [0], threading.Lock()

    def step():
        nonlocal at_once
        with lock:
            at_once += 1
            most[0] = max(most[0], at_once)
        time.sleep(0.03)
        with lock:
            at_once -= 1

    found = Server(rate=1e6, bound=60.0, queries=4, servers=2).run(step)
    assert most == [2]
    assert found.latencies["max"] >= 0.06
    assert Server(rate=1e6, bound=60.0, queries=4).run(step).latencies["max"] >= 0.12


def test_a_step_that_fails_ends_the_trial():
    def broken():
        raise ZeroDivisionError

    for servers in (1, 3):
        with pytest.raises(ZeroDivisionError):
            Server(rate=100.0, servers=servers, queries=10).run(broken)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SingleStream(queries=0),
        lambda: Offline(batch=0),
        lambda: Server(bound=0.0),
        lambda: Server(share=1.5),
        lambda: Server(servers=0),
        lambda: Server(rate=-1.0),
        lambda: Server(queries=1.5),
    ],
)
def test_bad_options_are_refused(make):
    with pytest.raises(ValueError, match=r"expected|above 0"):
        make()
