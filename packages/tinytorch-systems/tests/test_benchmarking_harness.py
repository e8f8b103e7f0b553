"""The stopwatch, races in this process, PyTorch's Timer and Compare."""

from __future__ import annotations

import gc
import math
import subprocess
import sys
import time

import numpy as np
import pytest
from tinytorch.systems import (
    Compare,
    Measurement,
    SimulatedMachine,
    Stopwatch,
    TaskSpec,
    Timer,
    call_overhead,
    race,
    select_unit,
    timer_resolution,
)


def test_a_warm_up_lasts_until_the_times_no_longer_fall():
    machine = SimulatedMachine(0)
    calls = []

    def step():  # the first hundred calls are slow, less and less so
        calls.append(1)
        machine.sleep(0.001 * (1 + 5 * math.exp(-len(calls) / 30)))

    watch = Stopwatch(step, 0.02, machine, resolution=0.0, overhead=0.0)
    warm = watch.warm_up(most=10)
    assert warm.steady
    assert warm.calls == len(calls) > 90
    assert watch.round() == pytest.approx(0.001, rel=0.1)
    assert watch.calls == pytest.approx(20, abs=2)


def test_a_warm_up_that_never_ends_is_told():
    machine = SimulatedMachine(0)
    pace = [0.002]

    def step():
        pace[0] *= 0.998
        machine.sleep(pace[0])

    found = race({"a": step}, timer=machine, sleep=machine.sleep, work=machine.work(0.001), rounds=6)
    assert any(why.startswith("cold: a was still getting faster") for why in found.noise.reasons)


def test_a_long_step_is_called_once_a_round():
    machine = SimulatedMachine(0)
    found = machine.race({"a": 5.0, "b": 10.0}, rounds=6)
    assert found.against("b").value == pytest.approx(0.5)
    assert found.figures == {"a": [5.0] * 6, "b": [10.0] * 6}


def test_a_coarse_clock_gets_longer_rounds():
    machine = SimulatedMachine(0)

    def coarse():  # ticks 64 times a second, as clocks of old Windows do
        return math.floor(machine.now * 64) / 64

    watch = Stopwatch(machine.work(0.001), 0.05, coarse, resolution=1 / 64, overhead=0.0)
    watch.warm_up(least=2.0)
    assert watch.calls * 0.001 >= 0.99 * 1000 / 64
    assert watch.round() == pytest.approx(0.001, rel=0.01)


def test_the_resolution_of_clocks():
    assert 0 < timer_resolution() < 1e-4
    assert timer_resolution(SimulatedMachine(0)) == 0
    ticks = iter(range(10_000))
    assert timer_resolution(lambda: next(ticks) // 7 * 0.5) == 0.5


def test_the_harness_own_time_is_subtracted():
    assert 5e-9 < call_overhead() < 1e-5
    machine = SimulatedMachine(0)
    watch = Stopwatch(machine.work(0.5), 1, machine, resolution=0.0, overhead=0.1)
    assert watch.round() == pytest.approx(0.4)


def test_garbage_is_collected_before_each_round_and_the_collector_is_put_back():
    seen = []
    gc.callbacks.append(lambda phase, info: seen.append(gc.isenabled()))
    try:
        for collector in (True, False):
            states = []
            watch = Stopwatch(lambda states=states: states.append(gc.isenabled()), 1e-4, collector=collector)
            watch.round()
            assert set(states) == {collector}
            assert gc.isenabled()
    finally:
        gc.callbacks.pop()
    assert seen


def test_an_error_in_a_step_puts_everything_back():
    def broken():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Stopwatch(broken, collector=False).round()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        race({"a": broken})


def test_threads_are_limited_while_it_runs():
    from threadpoolctl import threadpool_info

    seen = []

    def step():
        if not seen:
            seen.extend(pool["num_threads"] for pool in threadpool_info())
        time.sleep(0.001)

    np.ones((2, 2)) @ np.ones((2, 2))
    before = [pool["num_threads"] for pool in threadpool_info()]
    race({"a": step}, rounds=1, num_threads=1, round_seconds=0.002)
    assert set(seen) == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_a_real_race():
    x = list(range(2000))
    contestants = {"two": lambda: (sum(x), sum(x)), "one": lambda: sum(x)}
    # The processor's time: a test mustn't depend on what else runs here.
    found = race(contestants, rounds=8, round_seconds=0.01, timer=time.process_time)
    assert found.verdict("one") == "slower"
    assert 1.4 < found.against("one").value < 2.8
    assert found.rounds == 8
    assert found.noise.seconds > 0
    assert "two / one = " in str(found)
    assert "8 rounds" in str(found)


@pytest.mark.parametrize("arguments", [({}, {}), ({"a": print}, {"rounds": 0})])
def test_bad_races_are_refused(arguments):
    with pytest.raises(ValueError, match="a race needs"):
        race(arguments[0], **arguments[1])


def test_the_facade_of_a_contestant_is_free():
    """A process that only holds a contestant doesn't load NumPy because of the harness."""
    code = "import sys; from tinytorch.systems import Case, Stopwatch; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "False"


# PyTorch's names


class Ticking:
    """A clock that moves by a second whenever it is read."""

    def __init__(self, step=1.0):
        self.now, self.step = 0.0, step

    def __call__(self):
        self.now += self.step
        return self.now


def test_timeit():
    counted = []
    found = Timer("counted.append(1)", globals={"counted": counted}).timeit(300)
    assert found.number_per_run == 300
    assert len(counted) == 303, "a hundredth before, to warm up"
    assert len(found.raw_times) == 1
    assert 0 < found.median < 1e-3


def test_autorange_measures_for_as_long_as_it_is_told():
    told = []
    timer = Timer(
        "machine.sleep(0.001)", globals={"machine": (machine := SimulatedMachine(0))}, timer=machine
    )
    found = timer.blocked_autorange(callback=lambda *block: told.append(block), min_run_time=0.5)
    assert found.median == pytest.approx(0.001)
    assert 0.5 <= sum(found.raw_times) < 0.5 + 2 * found.raw_times[0]
    assert told == [(found.number_per_run, time) for time in found.raw_times]


def test_adaptive_autorange_goes_on_until_it_is_sure():
    machine = SimulatedMachine(3, jitter=0.001)
    steady = Timer("step()", globals={"step": machine.work(0.01)}, timer=machine).adaptive_autorange()
    assert 4 <= len(steady.raw_times) <= 6
    machine = SimulatedMachine(3, jitter=1.5)
    wild = Timer("step()", globals={"step": machine.work(1.0)}, timer=machine)
    assert wild.adaptive_autorange(max_run_time=30).has_warnings


def test_a_timer_is_given_what_it_needs():
    found = Timer("\n    y = x + 1\n    ", "x = 1", label="add", sub_label="one", num_threads=2).timeit(10)
    assert (found.stmt, found.setup, found.num_threads) == ("y = x + 1", "x = 1", 2)
    assert found.title == "add: one"
    for options in ({"stmt": len}, {"num_threads": 0}):
        with pytest.raises(ValueError, match=r"text|at least 1"):
            Timer(**options)
    with pytest.raises(ValueError, match="at least 1"):
        Timer().timeit(0)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = found.nonsense


def test_measurements():
    found = Measurement(10, [10.0, 20.0, 30.0, 40.0, 1000.0], TaskSpec("f()", "pass", label="f"))
    assert found.times == [1, 2, 3, 4, 100]
    assert (found.median, found.mean, found.iqr) == (3, 22, 2)
    assert found.has_warnings
    assert not found.meets_confidence(0.5)
    assert "Median: 3.00 s" in repr(found)
    assert "IQR:    2.00 s (2.00 to 4.00)" in repr(found)
    assert "5 measurements, 10 runs per measurement, 1 thread" in repr(found)
    (merged,) = Measurement.merge([found, Measurement(1, [5.0], found.task_spec)])
    assert merged.times == [1, 2, 3, 4, 100, 5]


@pytest.mark.parametrize(
    ("seconds", "unit"), [(2.0, "s"), (0.5, "ms"), (2e-3, "ms"), (2e-6, "us"), (3e-9, "ns"), (1e-12, "s")]
)
def test_units(seconds, unit):
    assert select_unit(seconds)[0] == unit


def test_a_table():
    def measured(time, sub_label, description, threads=1):
        spec = TaskSpec("f()", "pass", "", "multiply", sub_label, description, None, threads)
        return Measurement(1, [time, time * 1.001, time * 0.999, time], spec)

    table = Compare([measured(0.010, "ours", "n=8"), measured(0.020, "theirs", "n=8", 2)])
    table.extend_results([measured(0.5, "ours", "n=100")])
    table.trim_significant_figures()
    # What PyTorch makes of the same measurements, to the letter.
    assert str(table) == (
        "[---------- multiply ----------]\n"
        "              |   n=8   |  n=100\n"
        "1 threads: ---------------------\n"
        "      ours    |  10.00  |  500.0\n"
        "2 threads: ---------------------\n"
        "      theirs  |  20.00  |       \n"
        "\n"
        "Times are in milliseconds (ms).\n"
    )
    table.colorize()
    table.highlight_warnings()
    assert "\033[92m" in str(table)
    with pytest.raises(ValueError, match="Measurement"):
        table.extend_results([1])
