"""Every line of the table, in both libraries."""

from __future__ import annotations

import pytest

from . import cases  # noqa: F401  (fills the table)
from .deviations import is_accepted
from .table import Case, check, table


@pytest.mark.parametrize("case", table, ids=str)
def test_case(case: Case) -> None:
    different = [
        f"{where}: {aspect}: {how}"
        for where, aspect, how in check(case)
        if not is_accepted(str(case), aspect, f"{where}: {how}")
    ]
    assert not different, "\n".join([str(case), *different[:12], f"({len(different)} in all)"])
