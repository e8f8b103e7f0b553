"""The dtype of results: every pair of dtypes, for tensors with and without dimensions and for Python numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from . import compare
from .deviations import is_accepted
from .inputs import Built
from .libraries import BOTH, DTYPES, Library

OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "&", "|", "^")
FUNCTIONS = (
    "add sub mul div floor_divide remainder pow maximum minimum eq ne lt le gt ge logical_and logical_or logical_xor "
    "bitwise_and bitwise_or bitwise_xor true_divide isclose matmul dot outer"
).split()
OTHERS = {
    "where": "t.where(t.tensor([True, False]), x, y)",
    "cat": "t.cat([x.reshape(-1), y.reshape(-1)])",
    "stack": "t.stack([x, y])",
    "clamp": "t.clamp(x, min=y)",
    "lerp": "t.lerp(x, y, 0.5)",
    "masked_fill": "x.masked_fill(t.tensor(True), y)",
    "div floor": "t.div(x, y, rounding_mode='floor')",
    "div trunc": "t.div(x, y, rounding_mode='trunc')",
    "result_type": "t.result_type(x, y)",
    "promote_types": "t.promote_types(x.dtype, y.dtype)",
    "mse_loss": "F.mse_loss(x, y)",
    "addmm": "t.addmm(x, y.reshape(-1, 1), y.reshape(1, -1))",
    "linear": "F.linear(x, y)",
    "mean": "(x + y).mean()",
    "copy_": "x.clone().copy_(y)",
    "setitem": "set_first(x.clone(), y)",
    "type_as": "x.type_as(y)",
    "add alpha": "t.add(x, y, alpha=2)",
    "sub alpha": "t.sub(x, y, alpha=0.5)",
    "equal": "t.equal(x, y)",
    "allclose": "t.allclose(x, y)",
}
IN_PLACE = ("+", "-", "*", "/", "//", "%", "**", "&", "|", "^")
NUMBERS = (2, True, 1.5, np.float64(1.5), np.int64(2), np.float32(1.5))


def expressions() -> Iterator[tuple[str, str]]:
    """Yield name and code over x and y; `.` names a function of numbers and tensors alike."""
    for op in OPERATORS:
        yield f"x {op} y", f"x {op} y"
    for name in FUNCTIONS:
        yield name, f"t.{name}(x, y)"
    for op in IN_PLACE:
        yield f"x {op}= y", f"in_place(x.clone(), y, '{op}')"
    yield from OTHERS.items()


def in_place(x: Any, y: Any, op: str) -> Any:
    names = {"x": x, "y": y}
    exec(f"x {op}= y", names)
    return names["x"]


def set_first(x: Any, y: Any) -> Any:
    x[...] = y
    return x


def operands(library: Library) -> Iterator[tuple[str, Any, Any]]:
    """Yield pairs: tensors with dimensions, without, and numbers, of every dtype."""
    made = {}
    for dtype in DTYPES:
        made[f"{dtype}[2]"] = library.tensor(np.array([3, 2]).astype(dtype))
        made[f"{dtype}[]"] = library.tensor(np.array(2).astype(dtype))
    for a, b in product(made, made):
        yield f"{a}, {b}", made[a], made[b]
    for (a, x), n in product(made.items(), NUMBERS):
        yield f"{a}, {n!r}", x, n
        yield f"{n!r}, {a}", n, x


@pytest.mark.parametrize(("name", "source"), [*expressions()], ids=[name for name, _ in expressions()])
def test_promotion(name: str, source: str) -> None:
    different = []
    program = compile(source, name, "eval")
    for (label, *ours), (_, *theirs) in zip(operands(BOTH.ours), operands(BOTH.theirs), strict=True):
        outcomes = [
            compare.run(library, runner(program, library, pair), Built([], {}))
            for library, pair in ((BOTH.ours, ours), (BOTH.theirs, theirs))
        ]
        for aspect, how in compare.differences(*outcomes):
            if not is_accepted(f"promotion {name}({label})", aspect, how):
                different.append(f"{label}: {aspect}: {how}")
    assert not different, "\n".join([name, *different[:20], f"({len(different)} in all)"])


def runner(program: Any, library: Library, pair: list[Any]) -> Callable[[Built], Any]:
    names = {**library.namespace, "in_place": in_place, "set_first": set_first, "x": pair[0], "y": pair[1]}
    return lambda _: eval(program, names)
