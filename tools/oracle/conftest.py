"""Settings for the comparison: nothing is collected without PyTorch, and Hypothesis is repeatable."""

from __future__ import annotations

import importlib.util

from hypothesis import HealthCheck, settings

settings.register_profile(
    "oracle",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.load_profile("oracle")

# The session that installs PyTorch fails if nothing is collected, so a missing PyTorch can't pass there.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["test_*.py"]
