"""Measurements and their tables are compared with those of torch.utils.benchmark: numbers, and text to the letter."""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import given, strategies as st
from tinytorch.systems import Compare, Measurement, TaskSpec, Timer, select_unit
from torch.utils import benchmark
from torch.utils.benchmark.utils import common

# Never halfway between two roundings: PyTorch rounds in float32.
TIMES = st.lists(st.integers(1101, 899_999).map(lambda i: (i + 0.2371) * 1e-6), min_size=1, max_size=12)
SPECS = st.fixed_dictionaries(
    {
        "stmt": st.sampled_from(["f(x)", "g(x)\nh(x)"]),
        "setup": st.sampled_from(["pass", "x = 1", "x = 1\ny = 2"]),
        "label": st.sampled_from(["multiply", "add"]),
        "sub_label": st.sampled_from([None, "a", "a long name"]),
        "description": st.sampled_from(["n=1", "n=100000"]),
        "env": st.sampled_from(["old", "newer"]),
        "num_threads": st.sampled_from([1, 2]),
    }
)
DRAWN = st.lists(st.tuples(SPECS, TIMES, st.sampled_from([1, 10, 1000]), st.sampled_from([1e-6, 1e-3, 1.0])), min_size=1, max_size=8)
FIELDS = ("median", "mean", "iqr", "significant_figures", "has_warnings", "title", "as_row_name", "times")


def both(drawn):
    for spec, times, number, scale in drawn:
        raw = [time * scale * number for time in times]
        yield Measurement(number, raw, TaskSpec(**spec)), benchmark.Measurement(number, raw, common.TaskSpec(**spec))


def shown(text):
    """Return what is printed; numbers, which are compared as such, may differ in their last digit."""
    return [re.sub(r"\d+\.\d+", "#", line.rstrip()) for line in text.splitlines()[1:] if line.strip()]


@given(DRAWN)
def test_measurements_and_what_they_print(drawn):
    for ours, theirs in both(drawn):
        for name in FIELDS:
            expected = getattr(theirs, name)
            assert getattr(ours, name) == (pytest.approx(expected, rel=1e-9, abs=1e-15) if name in FIELDS[:3] else expected), name
        assert shown(repr(ours)) == shown(repr(theirs))
        assert select_unit(ours.median) == common.select_unit(ours.median)
    ours, theirs = zip(*both(drawn), strict=True)
    assert [m.times for m in Measurement.merge(ours)] == [m.times for m in benchmark.Measurement.merge(theirs)]


@given(DRAWN, st.booleans(), st.booleans(), st.sampled_from([None, False, True]))
def test_tables(drawn, trim, warn, rowwise):
    ours, theirs = (kind(measured) for kind, measured in zip((Compare, benchmark.Compare), zip(*both(drawn), strict=True), strict=True))
    for table in (ours, theirs):
        if trim:
            table.trim_significant_figures()
        if warn:
            table.highlight_warnings()
        if rowwise is not None:
            table.colorize(rowwise)
    # Its digits are rounded in float32: a number of nine digits differs in the last of them.
    pattern = r"\d{6,}(\.\d+)?"
    assert re.sub(pattern, "#", str(ours)) == re.sub(pattern, "#", str(theirs))


def test_the_signatures():
    """Names, order and defaults; what is for C++ or another language isn't here."""
    expected = dict(inspect.signature(benchmark.Timer).parameters)
    ours = dict(inspect.signature(Timer).parameters)
    assert set(expected) - set(ours) == {"global_setup", "language"}
    for name in set(ours) - {"timer"}:
        assert ours[name].default == expected[name].default, name
    for method in ("timeit", "blocked_autorange", "adaptive_autorange"):
        found = [
            [(p.name, p.default) for p in inspect.signature(getattr(kind, method)).parameters.values()] for kind in (Timer, benchmark.Timer)
        ]
        assert found[0] == found[1]
    with pytest.raises(ValueError, match="text"):
        Timer(len)
    with pytest.raises(ValueError, match="str"):
        benchmark.Timer(len)
