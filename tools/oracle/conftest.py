"""Settings for the comparison: nothing is collected without PyTorch, and Hypothesis is repeatable."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import HealthCheck, settings

quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much]
settings.register_profile(
    "oracle", max_examples=1500, deadline=None, derandomize=True, database=None, suppress_health_check=quiet
)
# For a long search by hand: pytest tools/oracle --hypothesis-profile=deep --hypothesis-seed=1
settings.register_profile("deep", max_examples=5000, deadline=None, database=None, suppress_health_check=quiet)

# The session that installs PyTorch fails if nothing is collected, so a missing PyTorch can't pass there.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py"]


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take this folder's profile, unless another one than the repository's usual one is asked for."""
    if config.getoption("--hypothesis-profile") in (None, "ci"):
        settings.load_profile("oracle")
