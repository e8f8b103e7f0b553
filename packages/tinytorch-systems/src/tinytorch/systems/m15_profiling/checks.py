"""What a version of the profiling module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tinytorch.core as tt
import tinytorch.systems as ts
from tinytorch.language import GPT, GPTConfig


def _equal(got: Any, wanted: Any, what: str, hint: str) -> None:
    assert got == wanted, f"{what}: expected {wanted}, got {got}. Hint: {hint}"


def _raises(error: type[Exception], do: Callable[[], Any], what: str) -> None:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error:
        return
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}")


def _model() -> tt.Module:
    return tt.Sequential(tt.Linear(20, 30), tt.ReLU(), tt.Linear(30, 4))


def _rows(prof: Any) -> dict[str, Any]:
    return {row.key: row for row in prof.key_averages()}


def check_every_operation_and_rule_is_seen() -> None:
    """Note each operation and each gradient rule, and nothing that happens outside of the block."""
    model = _model()
    with ts.profile() as prof:
        model(tt.ones(8, 20)).sum().backward()
    model(tt.ones(8, 20))
    counts = {key: row.count for key, row in _rows(prof).items() if row.kind in ("operation", "backward")}
    wanted = {"linear": 2, "relu": 1, "sum": 1, "SumBackward": 1, "LinearBackward": 2, "ReluBackward": 1}
    _equal(counts, wanted, "the calls of one training step", "`made` sees operations, `passed` sees rules")


def check_self_time_is_total_without_the_parts() -> None:
    """Give each range its total time, and its self time: without the ranges in it."""
    with ts.profile() as prof, ts.record_function("outer"):
        time.sleep(0.01)
        with ts.record_function("inner"):
            time.sleep(0.02)
    rows = _rows(prof)
    outer, inner = rows["outer"], rows["inner"]
    assert outer.cpu_time_total >= 0.03e6, (
        f"outer slept for 30 ms, but its total is {outer.cpu_time_total} us"
    )
    difference = outer.self_cpu_time_total - (outer.cpu_time_total - inner.cpu_time_total)
    assert abs(difference) < 1, (
        f"outer's self time must be its total less inner's total; it is off by {difference} us"
    )


def check_modules_own_their_rules() -> None:
    """Count a gradient rule for the module whose operation it undoes."""
    model = _model()
    with ts.profile() as prof:
        model(tt.ones(8, 20)).sum().backward()
    modules = {row.path: row for row in prof.module_averages()}
    wanted = ["Sequential", "Sequential.0", "Sequential.1", "Sequential.2"]
    _equal(list(modules), wanted, "the modules", "named_modules() of the outermost has names")
    _equal(
        modules["Sequential.2"].flops,
        3 * 2 * 8 * 120,
        "FLOPs of the last layer",
        "once forward, twice backward",
    )
    assert modules["Sequential.0"].backward_time > 0, (
        "the first layer's rule took time, but backward_time is 0"
    )


def check_flops_are_the_closed_formulas() -> None:
    """Count 2 * M * N * K for a product, and 6 * N * D + 12 * L * d * T * D for a GPT's training step."""
    with ts.profile() as prof:
        tt.ones(3, 4) @ tt.ones(4, 5)
    _equal(
        prof.total_flops,
        2 * 3 * 4 * 5,
        "a product of (3, 4) and (4, 5)",
        "each of 15 numbers is a sum of 4 products",
    )
    layers, width, length, vocabulary = 2, 8, 6, 10
    model = GPT(GPTConfig(length, vocabulary, layers, 2, width))
    ids = tt.zeros(3, length, dtype=tt.int64)
    with ts.profile() as prof:
        model(ids, ids)[1].backward()
    weights, tokens = 12 * layers * width**2 + vocabulary * width, 3 * length
    wanted = 6 * weights * tokens + 12 * layers * width * length * tokens
    _equal(prof.total_flops, wanted, "a GPT's training step", "don't forget attention, forward and backward")


def check_what_has_no_formula_is_named() -> None:
    """Name the work whose FLOPs aren't known, instead of counting 0 for it."""
    x = tt.ones(3, requires_grad=True)
    optimizer = tt.SGD([x], lr=0.1)
    with ts.profile(with_flops=True) as prof:
        x.sum().backward()
        optimizer.step()
    _equal(prof.without_formula, {"optimizer update": 1}, "without_formula", "None is not 0")
    assert "no formula" in prof.key_averages().table(), (
        "the table must say that an optimizer's FLOPs aren't known"
    )


def check_memory_counts_blocks_once() -> None:
    """Count the memory of tensors: each block once, views not at all, and only while it is there."""
    with ts.profile(profile_memory=True) as prof:
        x = tt.zeros(1000) + 1
        views = [x[10:], x.view(10, 100)]
        gone = x * 2
        del gone
    _equal(
        prof.live_memory, 4000, "live bytes of 1000 numbers and two views", "ask for the owner: array.base"
    )
    _equal(
        prof.peak_memory, 8000, "peak bytes, with a second block for a while", "the most that was ever live"
    )
    assert len(views) == 2, "the views are still there"


def check_the_profile_can_be_misused() -> None:
    """Refuse to be read before the end or used twice; after an error, leave everything as it was."""
    prof = ts.profile()
    _raises(RuntimeError, prof.key_averages, "key_averages() before the block")
    model = _model()
    try:
        with prof:
            model(tt.ones(8, 21))
    except RuntimeError:
        pass
    _raises(RuntimeError, prof.start, "the same profile once more")
    with ts.profile() as after:
        model(tt.ones(8, 20))
    _equal(_rows(after)["linear"].count, 2, "a profile after an error", "stop in __exit__, whatever happened")


def check_exports() -> None:
    """Write a trace and a flame graph that programs can read, and keep what was there."""
    with ts.profile() as prof, ts.record_function('<a & "b">'):
        _model()(tt.ones(8, 20)).sum().backward()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trace.json")
        path.write_text("mine", encoding="utf-8")
        prof.export_chrome_trace(path)
        kept = path.with_name("trace.json.bak")
        assert kept.is_file(), "a file that was there is kept as name.bak"
        assert kept.read_text(encoding="utf-8") == "mine", "what is kept must be what was there"
        events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    names = {e["name"] for e in events if e["ph"] == "X"}
    assert {"linear", "LinearBackward", '<a & "b">'} <= names, f'complete events ("X") of the trace: {names}'
    boxes = [g.get("data-n") for g in ElementTree.fromstring(prof.flame_graph())]
    assert '<a & "b">' in boxes, "the flame graph must be XML with escaped names"


def check_the_roofline() -> None:
    """Place operations under the lower of two roofs, by their FLOPs per byte."""
    machine = ts.MachinePeaks(80e9, 8e9)
    _equal(machine.ridge, 10, "the ridge", "FLOP/s divided by B/s")
    x = tt.ones(600, 600)
    with ts.profile() as prof:
        x @ x
        x + x
    points = {p.key: p for p in ts.roofline(prof, machine)}
    _equal(points["matmul"].intensity, 100, "FLOPs per byte, 600 x 600 matrices", "2 * n**3 / (12 * n**2)")
    roof = round(points["add"].roof)
    _equal(roof, round(8e9 / 12), "the roof of an addition", "1 operation for 12 bytes, memory is the limit")
    _equal(
        (points["matmul"].bound, points["add"].bound),
        ("compute", "memory"),
        "the bounds",
        "which roof is lower?",
    )


def check_summary() -> None:
    """List layers, shapes, parameters and multiply-adds, and leave the model as it was."""
    model = _model()
    found = ts.summary(model, (8, 20))
    _equal(found.total_params, 20 * 30 + 30 + 30 * 4 + 4, "parameters", "weights and biases")
    _equal(found.total_mult_adds, 8 * (20 * 30 + 30 + 30 * 4 + 4), "multiply-adds", "with the biases")
    _equal(found.summary_list[1].output_size, (8, 30), "what the first layer returns", "from a forward hook")
    assert model.training, "summary must leave the model in training mode if it was"
    assert all(p.grad is None for p in model.parameters()), "summary must compute no gradients"
    assert np.isfinite(found.peak_memory), "the peak of memory is measured"
