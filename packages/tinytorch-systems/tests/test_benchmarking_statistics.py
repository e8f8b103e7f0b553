"""What the harness says is true as often as it claims: on made-up machines whose noise is known."""

from __future__ import annotations

import gc
import math

import numpy as np
import pytest
from tinytorch.systems import Interval, SimulatedMachine, bootstrap, paired_ratio, race, unpaired_ratio

RUNS = 60
EQUAL = {"a": 0.010, "b": 0.010}
SLOWER = {"a": 0.0105, "b": 0.010}
QUIET = {"jitter": 0.02}
REALISTIC = [
    pytest.param({"jitter": 0.03}, id="jitter"),
    pytest.param({"jitter": 0.02, "wander": 0.05}, id="neighbours"),
    pytest.param({"jitter": 0.02, "bursts": 1.0}, id="bursts"),
    pytest.param({"jitter": 0.02, "drift": 0.03}, id="drift"),
]


@pytest.fixture(autouse=True)
def nothing_to_collect():
    """Collect garbage once: the harness does so before each round, and there are thousands of them here."""
    SimulatedMachine(0).race(EQUAL, rounds=6).verdict("b")
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def verdicts(times, noise, first=0, runs=RUNS, **options):
    return [SimulatedMachine(first + i, **noise).race(times, **options).verdict("b") for i in range(runs)]


@pytest.mark.parametrize("noise", REALISTIC)
def test_two_that_are_equal_are_called_equal(noise):
    assert verdicts(EQUAL, noise).count("no difference") >= 0.95 * RUNS


@pytest.mark.parametrize("noise", REALISTIC)
def test_five_percent_are_found(noise):
    assert verdicts(SLOWER, noise).count("slower") >= 0.95 * RUNS
    swapped = {"a": SLOWER["b"], "b": SLOWER["a"]}
    assert verdicts(swapped, noise, first=1000).count("faster") >= 0.95 * RUNS


def test_with_more_rounds_they_are_found_on_a_bad_machine():
    """Going on until the interval is narrow finds more, and doesn't make equal ones differ."""
    noise, more = {"jitter": 0.1}, {"max_rounds": 85, "runs": 30}
    few, many = (verdicts(SLOWER, noise, **options).count("slower") for options in ({"runs": 30}, more))
    assert few <= 24 < 27 <= many
    assert verdicts(EQUAL, noise, **more).count("no difference") >= 28


def test_a_quiet_machine_is_called_quiet():
    noisy = [SimulatedMachine(i, **QUIET).race(EQUAL).noise.noisy for i in range(RUNS)]
    assert sum(noisy) <= 0.05 * RUNS


@pytest.mark.parametrize(
    ("noise", "word"),
    [
        ({"drift": 0.05}, "drift"),
        ({"bursts": 4.0}, "bursts"),
        ({"jitter": 0.12}, "spread"),
        ({"wander": 0.15}, "spread"),
    ],
)
def test_noise_is_called_noise(noise, word):
    found = [SimulatedMachine(i, **{**QUIET, **noise}).race(EQUAL).noise for i in range(RUNS)]
    assert sum(n.noisy for n in found) >= 0.95 * RUNS
    assert sum(any(why.startswith(word) for why in n.reasons) for n in found) >= 0.8 * RUNS


def test_drift_is_measured():
    """It becomes 5% slower each second, and 25 rounds of 0.12 s take 3.1 seconds."""
    noise = SimulatedMachine(1, jitter=0.005, drift=0.05).race(EQUAL).noise
    assert noise.drift == pytest.approx(0.155, rel=0.1)
    assert "drift: the calibration changed by +" in str(noise)


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    hits = {"paired": 0, "unpaired": 0}
    for _ in range(200):
        shared = np.exp(0.3 * rng.standard_normal(25))  # what both see
        a, b = 1.2 * shared * np.exp(0.05 * rng.standard_normal((2, 25)))
        hits["paired"] += 1 in paired_ratio(a, b)
        old, new = np.exp(0.05 * rng.standard_normal((2, 25)))
        hits["unpaired"] += 2 in unpaired_ratio(2 * new, old)
    assert all(0.9 * 200 <= count <= 0.99 * 200 for count in hits.values()), hits


def test_pairs_see_what_medians_alone_do_not():
    rng = np.random.default_rng(0)
    shared = np.exp(0.3 * rng.standard_normal(25))
    a, b = 1.05 * shared, shared * np.exp(0.01 * rng.standard_normal(25))
    assert paired_ratio(a, b).verdict() == "slower"
    assert unpaired_ratio(a, b).verdict() == "no difference"


def test_the_bootstrap_agrees_with_the_formula_of_the_mean():
    x = np.random.default_rng(0).normal(10, 2, 400)
    found = bootstrap(x, np.mean)
    error = 1.96 * x.std() / math.sqrt(400)
    assert found.value == pytest.approx(x.mean())
    assert (found.high - found.low) / 2 == pytest.approx(error, rel=0.1)
    assert bootstrap(x) == bootstrap(x), "the same samples, the same interval"
    assert bootstrap(x, confidence=0.5).half < bootstrap(x).half


def test_few_rounds_give_no_verdict_that_they_cannot_bear():
    assert paired_ratio([2.0, 2.1, 2.2], [1.0, 1.0, 1.0]) == Interval(2.1, 2.0, 2.2, 0.75)
    assert paired_ratio([2.0, 2.1, 2.2], [1.0, 1.0, 1.0]).verdict() == "too few rounds"
    assert paired_ratio([2.0] * 5, [1.0] * 5).verdict() == "slower"


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((1.00, 0.98, 1.02), "no difference"),
        ((1.02, 1.005, 1.03), "no difference"),  # reaches to within a percent of 1
        ((1.05, 1.02, 1.08), "slower"),
        ((0.95, 0.93, 0.985), "faster"),
        ((0.70, 0.40, 1.50), "no difference"),
    ],
)
def test_verdicts(interval, verdict):
    assert Interval(*interval, 0.95).verdict() == verdict


def test_the_half_width_says_what_may_have_gone_unseen():
    assert Interval(1.0, 0.8, 1.2, 0.95).half == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([], []), "no samples"),
        (([1.0], [1.0, 2.0]), "as many rounds"),
        (([1.0, 0.0], [1.0, 2.0]), "above zero"),
        (([1.0, math.nan], [1.0, 2.0]), "finite"),
    ],
)
def test_bad_samples_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        paired_ratio(*arguments)
    with pytest.raises(ValueError, match="between 0 and 1"):
        bootstrap([1.0] * 9, confidence=95)


def test_order_does_not_favour_anybody():
    """Who comes second on this machine pays for it; drawing the order anew shares that out."""
    machine = SimulatedMachine(0)
    turn = {"last": "", "count": 0}

    def contestant(name):
        step = machine.work(0.010)

        def call():
            penalty = turn["last"] not in ("", name) and turn["count"] % 2
            turn["count"] += turn["last"] != name
            turn["last"] = name
            step()
            if penalty:
                machine.sleep(0.002)

        return call

    found = race(
        {"a": contestant("a"), "b": contestant("b")},
        timer=machine, sleep=machine.sleep, work=machine.work(0.001), num_threads=None,
    )  # fmt: skip
    assert found.verdict("b") == "no difference"
