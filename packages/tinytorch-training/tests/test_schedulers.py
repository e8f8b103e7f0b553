"""Schedules against their formulas; the comparison with PyTorch over 200 steps is the oracle's."""

import math

import pytest
from tinytorch.core import SGD, Adam, zeros
from tinytorch.training import (
    SWALR,
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
    WarmupCosineLR,
)


def sgd(*lrs):
    return SGD([{"params": [zeros(1).requires_grad_(True)], "lr": lr} for lr in lrs or (0.1,)], momentum=0.9)


def rates(make, steps):
    optimizer = sgd()
    scheduler = make(optimizer)
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        assert scheduler.get_last_lr() == [seen[-1]]
        scheduler.step()
    return seen


FORMULAS = {
    "StepLR": (lambda o: StepLR(o, 3, 0.5), lambda t: 0.1 * 0.5 ** (t // 3)),
    "MultiStepLR": (
        lambda o: MultiStepLR(o, [2, 5, 5], 0.5),
        lambda t: 0.1 * 0.5 ** ((t >= 2) + 2 * (t >= 5)),
    ),
    "ExponentialLR": (lambda o: ExponentialLR(o, 0.9), lambda t: 0.1 * 0.9**t),
    "ConstantLR": (lambda o: ConstantLR(o, 0.5, 4), lambda t: 0.05 if t < 4 else 0.1),
    "LinearLR": (lambda o: LinearLR(o, 0.5, 1.0, 4), lambda t: 0.1 * (0.5 + 0.5 * min(t, 4) / 4)),
    "PolynomialLR": (lambda o: PolynomialLR(o, 10, 2), lambda t: 0.1 * (1 - min(t, 10) / 10) ** 2),
    "LambdaLR": (lambda o: LambdaLR(o, lambda t: 1 / (t + 1)), lambda t: 0.1 / (t + 1)),
    "MultiplicativeLR": (lambda o: MultiplicativeLR(o, lambda t: 0.5), lambda t: 0.1 * 0.5**t),
    "CosineAnnealingLR": (
        lambda o: CosineAnnealingLR(o, 5, 0.01),
        lambda t: 0.01 + 0.09 * (1 + math.cos(math.pi * t / 5)) / 2,
    ),
    "CosineAnnealingWarmRestarts": (
        lambda o: CosineAnnealingWarmRestarts(o, 4),
        lambda t: 0.1 * (1 + math.cos(math.pi * (t % 4) / 4)) / 2,
    ),
    "WarmupCosineLR": (
        lambda o: WarmupCosineLR(o, 4, 12, 0.01),
        lambda t: (
            0.1 * (t + 1) / 4 if t < 4 else 0.01 + 0.09 * (1 + math.cos(math.pi * min((t - 4) / 8, 1))) / 2
        ),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula_holds(name):
    make, formula = FORMULAS[name]
    assert rates(make, 25) == pytest.approx([formula(t) for t in range(25)], abs=1e-12)


def test_a_zero_rate_stays_zero_and_doesnt_divide():
    assert rates(lambda o: LinearLR(o, 1.0, 0.0, 3), 6)[3:] == [0, 0, 0]


def test_each_group_keeps_its_own_rate():
    optimizer = sgd(0.1, 0.02)
    scheduler = StepLR(optimizer, 1, 0.5)
    scheduler.step()
    assert scheduler.get_last_lr() == pytest.approx([0.05, 0.01])


def test_one_cycle_moves_rate_and_momentum_against_each_other():
    optimizer = Adam([zeros(1).requires_grad_(True)])
    scheduler = OneCycleLR(optimizer, max_lr=1.0, total_steps=11, pct_start=0.5)
    seen = []
    for i in range(11):
        group = optimizer.param_groups[0]
        seen.append((group["lr"], group["betas"][0]))
        if i < 10:
            scheduler.step()
    lrs, betas = zip(*seen)
    assert lrs[0] == pytest.approx(1 / 25)
    assert max(lrs) == pytest.approx(1.0, abs=0.03)
    assert lrs[-1] == pytest.approx(1 / 25 / 1e4)
    assert betas[lrs.index(max(lrs))] == min(betas)


def test_plateau_waits_then_reduces():
    optimizer = sgd()
    scheduler = ReduceLROnPlateau(optimizer, patience=2, factor=0.5)
    for measure in (1.0, 1.0, 1.0):
        scheduler.step(measure)
    assert optimizer.param_groups[0]["lr"] == 0.1
    scheduler.step(1.0)
    assert optimizer.param_groups[0]["lr"] == 0.05


def test_one_schedule_after_the_other():
    seen = rates(lambda o: SequentialLR(o, [ConstantLR(o, 0.1, 99), ExponentialLR(o, 0.5)], [3]), 6)
    assert seen == pytest.approx([0.01, 0.01, 0.01, 0.1, 0.05, 0.025])


def test_several_schedules_at_once():
    seen = rates(lambda o: ChainedScheduler([ConstantLR(o, 0.5, 2), ExponentialLR(o, 0.9)]), 4)
    assert seen == pytest.approx([0.05, 0.045, 0.081, 0.0729])


def test_swalr_goes_to_the_constant_rate():
    assert rates(lambda o: SWALR(o, 0.02, 4, "linear"), 7) == pytest.approx(
        [0.1, 0.08, 0.06, 0.04, 0.02, 0.02, 0.02]
    )


SCHEDULES = {
    **{name: make for name, (make, _) in FORMULAS.items()},
    "OneCycleLR": lambda o: OneCycleLR(o, 0.5, 60),
    "SWALR": lambda o: SWALR(o, 0.05),
    "SequentialLR": lambda o: SequentialLR(o, [LinearLR(o), StepLR(o, 3)], [5]),
    "ChainedScheduler": lambda o: ChainedScheduler([LinearLR(o), StepLR(o, 3)]),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("after", [1, 7])
def test_the_state_goes_on_in_another_one(name, after):
    def go(scheduler, optimizer, steps):
        seen = []
        for _ in range(steps):
            scheduler.step()
            seen.append(optimizer.param_groups[0]["lr"])
        return seen

    first = sgd()
    whole = SCHEDULES[name](first)
    go(whole, first, after)
    second = sgd(0.3)
    resumed = SCHEDULES[name](second)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(whole.state_dict())
    assert go(resumed, second, 10) == go(whole, first, 10)


def test_plateau_keeps_its_patience_in_the_state():
    first, second = sgd(), sgd()
    a, b = ReduceLROnPlateau(first, patience=1), ReduceLROnPlateau(second, patience=1)
    for _ in range(2):
        a.step(1.0)
    b.load_state_dict(a.state_dict())
    b.step(1.0)
    assert second.param_groups[0]["lr"] == pytest.approx(0.01)


def test_a_foreign_state_is_refused_and_nothing_changes():
    scheduler = StepLR(sgd(), 3)
    before = scheduler.state_dict()
    with pytest.raises(KeyError, match="not a state of StepLR"):
        scheduler.load_state_dict(ExponentialLR(sgd(), 0.5).state_dict())
    assert scheduler.state_dict() == before


def test_a_schedule_of_ones_own():
    class Own(LRScheduler):
        def get_lr(self):
            return [lr / (1 + self.last_epoch) for lr in self.base_lrs]

    assert rates(Own, 3) == pytest.approx([0.1, 0.05, 0.1 / 3])


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: StepLR(3, 1), TypeError, "needs an Optimizer, got int"),
        (lambda: StepLR(sgd(), 0), ValueError, "step_size must be at least 1"),
        (lambda: StepLR(sgd(), 3, last_epoch=5), KeyError, "initial_lr"),
        (lambda: WarmupCosineLR(sgd(), 10, 10), ValueError, "warmup_steps < total_steps"),
        (lambda: LambdaLR(sgd(), [abs, abs]), ValueError, "Expected 1 lr_lambdas"),
        (lambda: OneCycleLR(SGD([zeros(1).requires_grad_(True)], 0.1), 1.0), ValueError, "total_steps"),
        (lambda: SequentialLR(sgd(), [], []), ValueError, "at least one"),
        (lambda: rates(lambda o: OneCycleLR(o, 1.0, 3), 6), ValueError, "Tried to step"),
    ],
)
def test_what_is_wrong_is_said(make, error, words):
    with pytest.raises(error, match=words):
        make()
