"""The profiler: what it sees, how it adds up, and that it leaves all as it was."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from time import perf_counter, sleep
from typing import Any

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.language as tl
import tinytorch.vision as tv
from tinytorch.systems import Profiler, profile, record_function


def mlp() -> tt.Sequential:
    return tt.Sequential(tt.Linear(20, 30), tt.ReLU(), tt.Linear(30, 4))


def step(model: Any, x: Any = None) -> None:
    model(tt.ones(8, 20) if x is None else x).sum().backward()


def gradient(parameter: tt.Tensor) -> Any:
    assert parameter.grad is not None
    return parameter.grad.numpy().copy()


def rows(prof: profile) -> dict[str, Any]:
    return {row.key: row for row in prof.key_averages()}


def test_it_sees_operations_rules_modules_and_ranges() -> None:
    model = mlp()
    with profile() as prof, record_function("step"):
        step(model)
    seen = rows(prof)
    assert {name: row.count for name, row in seen.items()} == {
        "step": 1, "linear": 2, "relu": 1, "sum": 1, "backward": 1, "LinearBackward": 2, "ReluBackward": 1,
        "SumBackward": 1,
    }  # fmt: skip
    assert seen["linear"].kind == "operation"
    assert seen["LinearBackward"].kind == "backward"
    modules = {row.path: row for row in prof.module_averages()}
    assert list(modules) == ["Sequential", "Sequential.0", "Sequential.1", "Sequential.2"]
    assert [row.type for row in modules.values()] == ["Sequential", "Linear", "ReLU", "Linear"]
    assert [row.depth for row in modules.values()] == [0, 1, 1, 1]
    whole = modules["Sequential"]
    assert whole.flops == prof.total_flops == 2 * 8 * (2 * 600 + 3 * 120)
    assert modules["Sequential.0"].flops == 2 * 8 * 1200
    assert whole.backward_time == pytest.approx(
        sum(modules[f"Sequential.{i}"].backward_time for i in range(3))
    )
    assert whole.total_time == whole.forward_time + whole.backward_time


def test_times_add_up() -> None:
    with profile() as prof, record_function("outer"):
        sleep(0.02)
        with record_function("inner"):
            sleep(0.03)
    seen = rows(prof)
    assert 0.03e6 <= seen["inner"].cpu_time_total < 0.2e6
    assert seen["outer"].cpu_time_total >= 0.05e6
    assert seen["outer"].self_cpu_time_total == pytest.approx(
        seen["outer"].cpu_time_total - seen["inner"].cpu_time_total
    )
    assert prof.duration >= 0.05
    model = mlp()
    step(model)
    began = perf_counter()
    with profile() as prof:
        for _ in range(20):
            step(model)
    took = perf_counter() - began
    own = sum(row.self_cpu_time_total for row in prof.key_averages()) / 1e6
    own += sum(row.self_time for row in prof.module_averages()) / 1e6
    assert own <= took
    for event in prof.events():
        assert event.own >= 0
        assert all(p.start <= event.start <= event.end <= p.end for p in event.parents())


def test_bytes_moved() -> None:
    x, y = tt.ones(10, 4), tt.ones(4)
    with profile() as prof:
        (x + y).transpose(0, 1)
    seen = rows(prof)
    assert seen["add"].bytes_moved == 4 * (40 + 4 + 40)
    assert seen["transpose"].bytes_moved == 0


def test_shapes() -> None:
    a, b = tt.ones(2, 3), tt.ones(4, 3)
    with profile(record_shapes=True) as prof:
        a.exp()
        a.exp()
        b.exp()
        tt.cat([a, b])
    grouped = prof.key_averages(group_by_input_shape=True)
    assert [(r.key, r.input_shapes, r.count) for r in grouped] == [
        ("exp", [[2, 3]], 2), ("exp", [[4, 3]], 1), ("cat", [[2, 3], [4, 3]], 1),
    ]  # fmt: skip
    assert "[[2, 3], [4, 3]]" in grouped.table()
    assert "[[" not in prof.key_averages().table()


def test_tables() -> None:
    model = mlp()
    with Profiler() as prof:
        step(model)
    table = prof.key_averages().table(sort_by="flops", row_limit=2, header="One step")
    lines = table.splitlines()
    assert lines[0] == "One step"
    assert [line.split()[0] for line in lines[4:6]] == ["LinearBackward", "linear"]
    assert "(5 more)" in table or "more)" in table
    assert "CPU Mem" in table
    assert table.isascii()
    for sort in ("cpu_time_total", "self_cpu_time_total", "count", "cpu_memory_usage", "bytes_moved"):
        prof.key_averages().table(sort_by=sort, row_limit=-1)
    with pytest.raises(ValueError, match="sort_by must be one of cpu_time_total"):
        prof.key_averages().table(sort_by="speed")
    assert "Sequential.2 (Linear)" in prof.module_averages().table(sort_by="total_time")
    assert "Sequential.2" not in prof.module_averages().table(max_depth=0)
    with pytest.raises(ValueError, match="sort_by"):
        prof.module_averages().table(sort_by="speed")


def test_what_ran_in_no_block_is_refused_by_name() -> None:
    prof = profile()
    for read in (
        prof.key_averages,
        prof.events,
        prof.module_averages,
        lambda: prof.total_flops,
        prof.flame_graph,
    ):
        with pytest.raises(RuntimeError, match="hasn't run yet"):
            read()
    with prof, pytest.raises(RuntimeError, match="still running"):
        prof.key_averages()
    with pytest.raises(RuntimeError, match="has been used; make a new one"), prof:
        pass
    with pytest.raises(RuntimeError, match="profile_memory=True"):
        _ = prof.peak_memory
    with pytest.raises(RuntimeError, match="isn't running"):
        prof.stop()
    assert prof.key_averages() == []
    assert "Self CPU" in prof.key_averages().table()
    assert "<svg" in prof.flame_graph()


def test_an_error_inside_leaves_all_as_it_was() -> None:
    model = mlp()
    prof = profile()
    with pytest.raises(RuntimeError, match="mat"), prof, record_function("range"):  # noqa: PT012
        model(tt.ones(8, 20))
        model(tt.ones(8, 21))
    seen = rows(prof)
    assert seen["linear"].count == 2  # those of the first call; the third failed
    assert seen["range"].count == 1
    modules = {row.path: row.count for row in prof.module_averages()}
    assert modules["Sequential"] == 2
    assert modules["Sequential.0"] == 2
    assert all(event.end >= event.start for event in prof.events())
    with profile() as after:
        step(model)
    assert rows(after)["linear"].count == 2
    assert not model._forward_hooks  # nothing of all modules is left


def test_an_error_that_is_caught_inside_does_not_shift_what_follows() -> None:
    model = mlp()
    with profile() as prof:
        with pytest.raises(RuntimeError):
            model(tt.ones(8, 21))
        model(tt.ones(8, 20))
        x = tt.ones(3, requires_grad=True)
        y = x * 2
        with tt.no_grad():
            y.fill_(1)
        z = (y * y).sum()
        with tt.no_grad():
            y.fill_(2)
        with pytest.raises(RuntimeError, match="inplace"):
            z.backward()
        tt.ones(1).exp()
    assert [e.parent for e in prof.events() if e.name == "exp"] == [None]
    assert [len(list(e.parents())) for e in prof.events() if e.name == "linear"] == [2, 2]


def test_blocks_nest_and_each_sees_what_is_within() -> None:
    model = mlp()
    with profile() as outer:
        step(model)
        with profile(profile_memory=True) as inner, record_function("inner"):
            step(model)
        step(model)
    assert rows(outer)["linear"].count == 6
    assert rows(outer)["LinearBackward"].count == 6
    assert rows(outer)["inner"].count == 1
    assert rows(inner)["linear"].count == 2
    assert inner.total_flops * 3 == outer.total_flops


def test_it_sees_its_own_thread_alone() -> None:
    model = mlp()

    def elsewhere() -> None:
        for _ in range(20):
            step(model)

    thread = threading.Thread(target=elsewhere)
    with profile() as prof:
        thread.start()
        model(tt.ones(8, 20))
        thread.join()
    assert rows(prof)["linear"].count == 2
    assert {row.path: row.count for row in prof.module_averages()}["Sequential"] == 1
    errors: list[Any] = []
    other = profile()
    other.start()

    def stop() -> None:
        with pytest.raises(RuntimeError, match="thread"):
            other.stop()
        errors.append(1)

    thread = threading.Thread(target=stop)
    thread.start()
    thread.join()
    other.stop()
    assert errors == [1]


def test_what_a_rule_computes_by_operations_is_part_of_it() -> None:
    @tt.op
    def computed_again(input: tt.Array) -> Any:
        return np.exp(input)

    @computed_again.backward
    def computed_again_backward(g: Any, input: Any) -> Any:
        def derivative() -> Any:
            x = tt.from_numpy(input).requires_grad_()
            with tt.enable_grad():
                x.exp().backward(tt.from_numpy(g))  # as checkpointing does
            assert x.grad is not None
            return x.grad.numpy()

        return derivative

    try:
        x = tt.ones(3, requires_grad=True)
        with profile() as prof:
            (computed_again(x * 1) * 2).sum().backward()
    finally:
        del tt.ops["computed_again"]
    above = {e.name: [p.name for p in e.parents()] for e in prof.events()}
    assert above["ComputedAgainBackward"] == ["backward"]
    assert above["exp"] == ["ComputedAgainBackward", "backward"]
    assert above["ExpBackward"] == ["backward", "ComputedAgainBackward", "backward"]
    assert above["MulBackward"] == ["backward"]
    assert prof.without_formula == {"computed_again": 1, "ComputedAgainBackward": 1}
    for event in prof.events():
        assert event.own >= 0
        assert all(p.start <= event.start <= event.end <= p.end for p in event.parents())


def test_results_and_gradients_are_the_same() -> None:
    x = tt.from_numpy(np.random.default_rng(0).standard_normal((8, 20)).astype(np.float32))
    model = mlp()
    step(model, x)
    wanted = [gradient(p) for p in model.parameters()]
    model.zero_grad()
    with Profiler(with_temporaries=True):
        step(model, x)
    assert all(np.array_equal(gradient(p), w) for p, w in zip(model.parameters(), wanted, strict=True))


def test_names_of_modules() -> None:
    a, b = mlp(), mlp()
    with profile() as prof:
        a(tt.ones(1, 20))
        b(tt.ones(1, 20))
        b[2](tt.ones(1, 30))
    paths = {row.path: row.count for row in prof.module_averages()}
    assert paths["Sequential.2"] == 1
    assert paths["Sequential#2.2"] == 2


def test_a_decorated_function_is_a_range() -> None:
    @record_function("fibonacci")
    def fibonacci(n: int) -> int:
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    fibonacci(3)
    with profile() as prof:
        fibonacci(4)
    assert rows(prof)["fibonacci"].count == 9


# Memory


def test_live_memory_counts_each_block_once() -> None:
    x = tt.ones(1000)
    with profile(profile_memory=True) as prof:
        y = x * 2
        views = [y[10:], y.view(10, 100), y.view(10, 100).transpose(0, 1)]
        gone = y + 1
        del gone
    assert len(views) == 3
    assert prof.live_memory == 4000
    assert prof.peak_memory == 8000
    assert prof.found_memory == 4000
    del y, views
    assert prof.live_memory == 4000  # as it was at the end


def test_nothing_is_kept_alive() -> None:
    with profile(profile_memory=True) as prof:
        for _ in range(10):
            tt.ones(1000).exp()
    assert prof.peak_memory <= 2 * 4000
    assert prof.live_memory == 0


def traced(work: Any) -> tuple[int, int]:
    gc.collect()
    tracemalloc.start()
    work()
    live, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return live, peak


MODELS: dict[str, tuple[Any, tuple[int, ...], float]] = {
    "mlp": (lambda: tt.Sequential(tt.Linear(300, 200), tt.ReLU(), tt.Linear(200, 10)), (512, 300), 0.2),
    "cnn": (
        lambda: tt.Sequential(
            tv.Conv2d(1, 8, 3, padding=1), tt.ReLU(), tv.MaxPool2d(2), tt.Flatten(), tt.Linear(1568, 10)
        ),
        (64, 1, 28, 28),
        0.5,  # what a convolution makes and drops again isn't seen
    ),
    "block": (lambda: tl.TransformerBlock(64, 4), (8, 64, 64), 0.2),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_memory_agrees_with_tracemalloc(name: str) -> None:
    make, shape, tolerance = MODELS[name]
    model, x = make(), tt.from_numpy(np.random.default_rng(0).standard_normal(shape).astype(np.float32))

    def work() -> None:
        model.zero_grad()
        model(x).square().mean().backward()

    work()
    model.zero_grad()
    live, peak = traced(work)
    model.zero_grad()
    with profile(profile_memory=True) as prof:
        work()
    assert prof.live_memory == pytest.approx(live, rel=0.1, abs=50_000)
    assert (1 - tolerance) * peak <= prof.peak_memory <= 1.02 * peak
    model.zero_grad()
    with profile(with_temporaries=True) as prof:
        work()
    assert prof.peak_memory == pytest.approx(peak, rel=0.05)
    assert prof.live_memory == pytest.approx(live, rel=0.1, abs=50_000)
    assert not tracemalloc.is_tracing()
    assert max(row.peak_memory or 0 for row in prof.key_averages()) == prof.peak_memory


def test_temporaries_are_watched_by_one_at_a_time() -> None:
    with (
        profile(with_temporaries=True),
        pytest.raises(RuntimeError, match="only one profile at a time"),
        profile(with_temporaries=True),
    ):
        pass
    with profile(with_temporaries=True) as prof:
        tt.ones(1000).exp()
    assert prof.peak_memory >= 4000
    assert not tracemalloc.is_tracing()
