"""What a profile writes: a trace, a flame graph, a roofline; and the summary of a model."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.language as tl
import tinytorch.systems as ts
import tinytorch.vision as tv
from tinytorch.systems import MachinePeaks, Profiler, profile, record_function, roofline, summary

MACHINE = MachinePeaks(1e11, 1e10)


@pytest.fixture
def prof() -> profile:
    model = tt.Sequential(tt.Linear(20, 30), tt.ReLU(), tt.Linear(30, 4))
    with Profiler() as prof, record_function("a <b> & \"c\" 'd' \x00 ]]> \u00e9 \ud800"):
        model(tt.ones(8, 20)).sum().backward()
    return prof


# The trace


def test_a_trace_holds_valid_events(prof: profile, tmp_path: Path) -> None:
    path = prof.export_chrome_trace(tmp_path / "trace.json")
    trace = json.loads(path.read_text(encoding="utf-8"))
    events = trace["traceEvents"]
    assert {e["ph"] for e in events} == {"M", "X", "C", "s", "f"}
    assert all(isinstance(e["pid"], int) and isinstance(e["tid"], int) and e["name"] for e in events)
    complete = [e for e in events if e["ph"] == "X"]
    assert len(complete) == len(prof.events())
    assert all(e["ts"] >= 0 and e["dur"] >= 0 for e in complete)
    # what Perfetto asks of the events of a thread: that they nest
    spans = sorted((e["ts"], -e["dur"]) for e in complete)
    open_ends: list[float] = []
    for start, length in spans:
        while open_ends and open_ends[-1] <= start + 1e-6:
            open_ends.pop()
        assert not open_ends or start - length <= open_ends[-1] + 1e-3
        open_ends.append(start - length)
    linear = next(e for e in complete if e["name"] == "linear")
    assert linear["cat"] == "operation"
    assert linear["args"]["Input Dims"] == [[8, 20], [30, 20], [30]]
    assert linear["args"]["FLOPs"] == 2 * 8 * 600
    assert {e["name"] for e in complete if e["cat"] == "module"} >= {"Sequential", "Sequential.2"}
    arrows = {e["id"]: e for e in events if e["ph"] == "s"}
    ends = {e["id"]: e for e in events if e["ph"] == "f"}
    assert arrows.keys() == ends.keys()
    assert len(arrows) == 4
    assert all(ends[i]["ts"] >= arrows[i]["ts"] for i in arrows)
    assert max(e["args"]["bytes"] for e in events if e["ph"] == "C") <= prof.peak_memory


# The flame graph


def test_a_flame_graph_is_valid_svg_with_escaped_names(prof: profile, tmp_path: Path) -> None:
    path = prof.export_flame_graph(tmp_path / "flame.svg", title="<script>alert(1)</script>")
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "<script>alert" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")  # needs nothing else
    assert "prefers-color-scheme:dark" in text
    groups = [g for g in root if g.get("class", "").startswith("f ")]
    names = [g.get("data-n", "") for g in groups]
    assert "all" in names
    assert any(name.startswith("a <b> & \"c\" 'd' ? ]]>") for name in names)
    assert {"Sequential", "linear", "LinearBackward"} <= set(names)


def test_boxes_lie_on_what_they_are_part_of(prof: profile) -> None:
    root = ElementTree.fromstring(prof.flame_graph())
    boxes = [
        (int(g.get("data-l", "")), float(g.get("data-x", "")), float(g.get("data-w", "")))
        for g in root
        if g.get("data-l")
    ]
    assert boxes[0] == (0, 0.0, 1180.0)
    for level, x, width in boxes[1:]:
        below = [
            b for b in boxes if b[0] == level - 1 and b[1] <= x + 0.01 and x + width <= b[1] + b[2] + 0.01
        ]
        assert len(below) == 1
    for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert float(rect.get("width", "")) >= 0.39


def test_the_same_stacks_are_one_box() -> None:
    model = tt.Sequential(tt.Linear(300, 300))
    with profile() as prof:
        for _ in range(5):
            model(tt.ones(64, 300))
    root = ElementTree.fromstring(prof.flame_graph())
    titles = "\n".join(g[0].text or "" for g in root if g.get("data-l"))
    assert re.findall(r", (\d+ calls?)$", titles, re.MULTILINE) == ["1 call", *3 * ["5 calls"]]


# Files


@pytest.mark.parametrize("kind", ["trace", "flame", "plot"])
def test_a_file_that_was_there_is_kept(prof: profile, tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("mine.svg" if kind != "plot" else "mine.png")
    path.write_text("mine", encoding="utf-8")

    def write() -> None:
        if kind == "trace":
            prof.export_chrome_trace(path)
        elif kind == "flame":
            prof.export_flame_graph(str(path))
        else:
            roofline(prof, MACHINE).plot(path)

    write()
    write()
    assert path.with_name(f"{path.name}.bak").read_text(encoding="utf-8") == "mine"
    assert path.read_bytes() != b"mine"
    if kind != "plot":
        assert len(list(tmp_path.iterdir())) == 2  # the second time nothing changed


def test_nothing_is_left_where_nothing_can_be_written(prof: profile, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=tmp_path.name):
        prof.export_chrome_trace(tmp_path)
    assert list(tmp_path.iterdir()) == []
    fresh = profile()
    for export in (fresh.export_chrome_trace, fresh.export_flame_graph):
        with pytest.raises(RuntimeError, match="hasn't run yet"):
            export(tmp_path / "early")
    with pytest.raises(RuntimeError, match="hasn't run yet"):
        roofline(fresh, MACHINE)
    assert list(tmp_path.iterdir()) == []


# The roofline


def test_the_roof_is_the_lower_one() -> None:
    assert MACHINE.ridge == 10
    assert MACHINE.attainable(1) == 1e10
    assert MACHINE.attainable(100) == 1e11
    x, w = tt.ones(200, 300), tt.ones(300, 400)
    with profile() as prof:
        (x @ w).exp().view(-1)
    points = {p.key: p for p in roofline(prof, MACHINE)}
    assert set(points) == {"matmul", "exp"}  # a view does no arithmetic
    product, exp = points["matmul"], points["exp"]
    moved = 4 * (200 * 300 + 300 * 400 + 200 * 400)
    assert product.intensity == pytest.approx(2 * 200 * 300 * 400 / moved)
    assert (product.bound, product.roof) == ("compute", 1e11)
    assert exp.intensity == 1 / 8
    assert (exp.bound, exp.roof) == ("memory", 1e10 / 8)
    assert exp.fraction == pytest.approx(80_000 / exp.seconds / (1e10 / 8))
    table = roofline(prof, MACHINE).table()
    assert "100.000 GFLOP/s" in table
    assert "memory" in table


def test_the_machine_is_measured() -> None:
    machine = ts.measure_machine(0.05)
    assert 1e8 < machine.flops_per_second < 1e15
    assert 1e7 < machine.bytes_per_second < 1e13
    with pytest.raises(ValueError, match="positive"):
        ts.measure_machine(0)
    with pytest.raises(TypeError, match="floating-point"):
        ts.measure_machine(0.1, "int32")


def test_a_plot(prof: profile, tmp_path: Path) -> None:
    lines = roofline(prof, MACHINE)
    figure = lines.plot(tmp_path / "roof.png", title="Mine")
    assert (tmp_path / "roof.png").read_bytes().startswith(b"\x89PNG")
    assert figure.axes[0].get_title() == "Mine"
    with pytest.raises(ValueError, match="saved as"):
        lines.plot(tmp_path / "roof.gif")
    with profile() as empty:
        pass
    roofline(empty, MACHINE).plot()


def test_without_matplotlib_the_error_names_the_extra(prof: profile, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    lines = roofline(prof, MACHINE)
    assert lines.table()
    with pytest.raises(ImportError, match=r"tinytorch-systems\[plot\]"):
        lines.plot()


# The summary


def cnn() -> tt.Sequential:
    return tt.Sequential(
        tv.Conv2d(1, 8, 3, padding=1), tt.ReLU(), tv.MaxPool2d(2), tt.Flatten(), tt.Linear(8 * 14 * 14, 10)
    )


def test_summary_of_a_cnn() -> None:
    found = summary(cnn(), (32, 1, 28, 28))
    assert found.total_params == 8 * 9 + 8 + 1568 * 10 + 10
    assert found.total_mult_adds == 32 * (28 * 28 * (8 * 9 + 8) + 1568 * 10 + 10)
    assert found.total_input == 32 * 784 * 4
    assert found.total_output_bytes == 2 * 4 * 32 * (8 * 784 + 10)
    rows = {row.path: row for row in found.summary_list}
    assert rows["0"].output_size == (32, 8, 28, 28)
    assert rows["0"].mult_adds == 32 * 784 * 80
    assert rows[""].mult_adds == found.total_mult_adds
    assert rows["2"].class_name == "MaxPool2d"
    text = str(found)
    assert "Conv2d (0)" in text
    assert f"Total mult-adds: {found.total_mult_adds:,}" in text
    assert text.isascii()
    assert found.peak_memory >= 32 * 8 * 784 * 4


def test_summary_leaves_the_model_as_it_was() -> None:
    model = tt.Sequential(tv.Conv2d(1, 4, 3), tv.BatchNorm2d(4), tt.Dropout(0.5))
    model[2].eval()
    before = {name: x.numpy().copy() for name, x in model.state_dict().items()}
    for mode in ("eval", "train", "same"):
        summary(model, (2, 1, 8, 8), mode=mode)
        assert [m.training for m in model.modules()] == [True, True, True, False]
        assert all(np.array_equal(x.numpy(), before[name]) for name, x in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


def test_summary_of_a_gpt_counts_tied_weights_once() -> None:
    model = tl.GPT(tl.GPTConfig(16, 20, 2, 2, 8))
    ids = tt.zeros(2, 16, dtype=tt.int64)
    found = summary(
        model, ids, depth=2, col_names=("input_size", "output_size", "num_params", "trainable", "calls")
    )
    assert found.total_params == sum(p.numel() for p in model.parameters())
    tokens, attention = 2 * 16, 2 * 2 * 16 * 16 * 8 * 2
    matrices, biases = 2 * 12 * 8**2 + 20 * 8, 2 * 9 * 8
    assert found.total_mult_adds == tokens * (matrices + biases) + attention
    assert "[2, 16]" in str(found)
    assert "SelfAttention" not in str(found)
    assert found.without_formula == {}


def test_summary_takes_tensors_shapes_and_several_inputs() -> None:
    class Both(tt.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = tt.Linear(3, 2)

        def forward(self, x: Any, y: Any = None, *, twice: bool = False) -> Any:
            x = self.layer(x) if y is None else self.layer(x) + self.layer(y)
            return {"out": self.layer(tt.ones(1, 3)) if twice else x}

    model = Both()
    assert summary(model, tt.ones(4, 3)).total_mult_adds == 4 * 8
    assert summary(model, input_size=(4, 3)).total_mult_adds == 4 * 8
    assert summary(model, [(4, 3), (5, 3)][:1]).total_mult_adds == 4 * 8
    assert summary(model, [tt.ones(4, 3), tt.ones(1, 3)]).total_mult_adds == 5 * 8
    found = summary(model, input_data=np.ones((4, 3), np.float32), twice=True)
    assert found.summary_list[1].calls == 2
    assert found.summary_list[0].output_size == (1, 2)
    assert summary(tl.Embedding(10, 4), (2, 3), dtypes=[tt.int64]).total_params == 40


def test_summary_refuses_what_it_does_not_know() -> None:
    model = cnn()
    with pytest.raises(ValueError, match="one input"):
        summary(model)
    with pytest.raises(ValueError, match="one input"):
        summary(model, (1, 1, 28, 28), input_size=(1, 1, 28, 28))
    with pytest.raises(TypeError, match="tensors or a shape"):
        summary(model, "28")
    with pytest.raises(TypeError, match="must be a Module"):
        summary(lambda x: x, (1,))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="column 'size'"):
        summary(model, (1, 1, 28, 28), col_names=("size",))
    with pytest.raises(ValueError, match='"eval"'):
        summary(model, (1, 1, 28, 28), mode="fast")
    with pytest.raises(ValueError, match="2 shapes, but 1 dtypes"):
        summary(model, [(1,), (2,)], dtypes=[tt.int64])
    with pytest.raises(RuntimeError) as caught:
        summary(model, (1, 1, 27, 27))
    assert "Conv2d (0), ReLU (1), MaxPool2d (2), Flatten (3)" in caught.value.__notes__[0]
    assert model.training
