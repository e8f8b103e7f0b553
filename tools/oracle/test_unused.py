"""At the end: is every accepted difference still there? (The files are run in the order of their names.)"""

from __future__ import annotations

import pytest

from . import cases  # noqa: F401  (fills the table)
from .deviations import ACCEPTED
from .table import table
from .test_promotion import expressions


def test_accepted_differences_are_still_there(request: pytest.FixtureRequest) -> None:
    names = [item.name for item in request.session.items]
    whole = sum(n.startswith("test_case[") for n in names) == len(table)
    whole &= sum(n.startswith("test_promotion[") for n in names) == len([*expressions()])
    if whole:  # with a part of the cases, a part of the entries goes unused
        unused = [f"{entry.case} {entry.aspect}: {entry.reason}" for entry in ACCEPTED if not entry.used]
        assert not unused, "\n".join(unused)
