"""Every line of the table, in both libraries."""

from __future__ import annotations

import pytest

from . import cases  # noqa: F401  (fills the table)
from .deviations import ACCEPTED, is_accepted
from .table import Case, check, table


@pytest.mark.parametrize("case", table, ids=str)
def test_case(case: Case) -> None:
    different = [
        f"{where}: {aspect}: {how}"
        for where, aspect, how in check(case)
        if not is_accepted(str(case), aspect, f"{where}: {how}")
    ]
    assert not different, "\n".join([str(case), *different[:12], f"({len(different)} in all)"])


def test_accepted_differences_are_still_there(request: pytest.FixtureRequest) -> None:
    chosen = [item.name for item in request.session.items if item.name.startswith("test_case[")]
    if len(chosen) == len(table):  # with a part of the cases, a part of the entries goes unused
        unused = [f"{entry.case} {entry.aspect}: {entry.reason}" for entry in ACCEPTED if not entry.used]
        assert not unused, "\n".join(unused)
