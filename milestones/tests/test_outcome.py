"""Thresholds."""

from __future__ import annotations

import pytest
from tinytorch.milestones.outcome import Check, Outcome


@pytest.mark.parametrize(
    ("check", "passed", "shown"),
    [
        (Check("x", 0.96, at_least=0.96), True, "96% (needs >= 96%)"),
        (Check("x", 0.9599, at_least=0.96), False, "95.99% (needs >= 96%)"),
        (Check("x", 0.75, at_most=0.75), True, "75% (needs <= 75%)"),
        (Check("x", 1.0, at_most=0.75), False, "100% (needs <= 75%)"),
        (Check("x", 0.5, at_least=0.45, at_most=0.55), True, "50% (needs 45% to 55%)"),
        (Check("x", 0.4, at_least=0.45, at_most=0.55), False, "40% (needs 45% to 55%)"),
        (Check("x", 95, at_least=95, of=100), True, "95 of 100 (needs >= 95 of 100)"),
        (Check("x", float("nan"), at_least=0.1), False, "nan% (needs >= 10%)"),
    ],
)
def test_check(check: Check, passed: bool, shown: str) -> None:
    assert check.passed is passed
    assert check.shown == shown


def test_outcome_passes_if_all_checks_do() -> None:
    good, bad = Check("x", 1.0, at_least=0.5), Check("x", 0.0, at_least=0.5)
    assert Outcome(1, [good, good], {}, {}).passed
    assert not Outcome(1, [good, bad], {}, {}).passed
