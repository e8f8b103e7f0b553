"""Random indexing, read and written, with gradients."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from . import compare
from .inputs import B, Built, I, T, build
from .libraries import BOTH, Library


@st.composite
def expressions(draw: Any) -> tuple[tuple[int, ...], str, dict[str, T], tuple[int, ...]]:
    """Draw a shape, an index as code, the tensors that it names, and the shape of a value to write."""
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
    names: dict[str, T] = {}
    parts: list[str] = []
    left = list(shape)
    ellipsis = False
    joint = draw(st.sampled_from([(), (2,), (3,), (2, 1), (1, 3)]))  # index tensors broadcast to this
    while left and (ellipsis or (len(parts) < 7 and draw(st.integers(0, 5)))):  # after `...` all are named
        kind = draw(st.sampled_from(["int", "slice", "slice", "none", "ellipsis", "list", "tensor", "mask", "bool"]))
        n = left[0]
        if kind == "int":
            parts.append(str(draw(st.integers(-n - (n == 0), max(n - 1, 0)))) if draw(st.integers(0, 30)) else str(n))
            left.pop(0)
        elif kind == "slice":
            ends = st.none() | st.integers(-n - 2, n + 2)
            start, stop = draw(ends), draw(ends)
            step = draw(st.none() | st.integers(1, 3))
            parts.append(f"slice({start}, {stop}, {step})")
            left.pop(0)
        elif kind == "none":
            parts.append("None")
        elif kind == "bool":
            parts.append(str(draw(st.booleans())))
        elif kind == "ellipsis" and not ellipsis:
            ellipsis = True
            parts.append("...")
            left = left[draw(st.integers(0, len(left))) :]
        elif kind == "list" and n:
            parts.append(repr(draw(st.lists(st.integers(-n, n - 1), min_size=1, max_size=3))))
            left.pop(0)
        elif kind == "tensor" and n:
            name = f"i{len(names)}"
            names[name] = I(*joint, low=-n, high=n)
            parts.append(name)
            left.pop(0)
        elif kind == "mask":
            k = draw(st.integers(1, min(2, len(left))))
            name = f"m{len(names)}"
            names[name] = B(*left[:k])
            parts.append(name)
            del left[:k]
    value = tuple(draw(st.lists(st.sampled_from([1, 2, 3]), max_size=2)))
    return shape, ", ".join(parts) + "," if parts else "()", names, value


def execute(library: Library, code: str, built: Built) -> Any:
    """Run the code on the inputs and return its `out`."""
    names = {**library.namespace, **built.kwargs}
    exec(code, names)
    return names["out"]


def both(code: str, specs: dict[str, Any], *, grads: bool = True) -> list[compare.Difference]:
    """Run the code in both libraries and return the differences."""
    outcomes = []
    for library in (BOTH.ours, BOTH.theirs):
        built = build(library, (), specs, "float32", grads=None if grads else ())
        outcomes.append(compare.run(library, lambda b, lib=library: execute(lib, code, b), built))
    found = list(compare.differences(*outcomes))
    if 0 in specs["x"].shape:
        # Whether an index is out of range where there is nothing to find is a matter of taste.
        found = [(aspect, how) for aspect, how in found if "IndexError" not in how]
    return found


def repeats(index: str, specs: dict[str, T]) -> bool:
    """Tell whether an index names an element twice; what PyTorch then writes a gradient for is undefined."""
    built = build(BOTH.theirs, (), specs, "float32")
    t = BOTH.theirs.namespace["t"]
    try:
        positions = t.arange(built.kwargs["x"].numel()).reshape(built.kwargs["x"].shape)
        chosen = eval(f"x[{index}]", {**built.kwargs, "x": positions})
    except (IndexError, RuntimeError):
        return False
    return bool(chosen.unique().numel() < chosen.numel())


@given(expressions())
def test_get(drawn: Any) -> None:
    shape, index, names, _ = drawn
    assert not both(f"out = x[{index}]", {"x": T(*shape), **names})


@given(expressions(), st.sampled_from(["2.5", "v", "float('nan')", "y[{}] * 2", "x[{}]"]))
def test_set(drawn: Any, value: str) -> None:
    shape, index, names, value_shape = drawn
    code = f"y = x * 1\ny[{index}] = {value.format(index)}\nout = y"
    specs = {"x": T(*shape), "v": T(*value_shape), **names}
    assert not both(code, specs, grads=not repeats(index, specs))


@given(expressions(), st.sampled_from(["+= 1", "*= v", "-= y[{}]", "/= 2"]))
def test_change(drawn: Any, change: str) -> None:
    shape, index, names, value_shape = drawn
    code = f"y = x * 1\ny[{index}] {change.format(index)}\nout = y"
    specs = {"x": T(*shape), "v": T(*value_shape), **names}
    assert not both(code, specs, grads=not repeats(index, specs))


@given(expressions(), expressions())
def test_views_of_views(first: Any, second: Any) -> None:
    shape, index, names, _ = first
    _, more, _, _ = second
    if "i" in more or "m" in more.replace("mask", ""):
        more = "..., 0"
    code = f"a = x * 1\ny = a[{index}]\nz = y[{more}]\nz += 1\nout = a, y, z"
    assert not [d for d in both(code, {"x": T(*shape), **names}) if "IndexError" not in d[1]]
