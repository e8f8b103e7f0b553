"""The table of cases: each is one line, and is run in both libraries.

    case("sum", T(2, 3), dim=1)                  the function and the method, in every dtype and layout
    case("F.gelu", T(5), on=FLOATS)              only functional.gelu
    case(".add_", T(2, 3), T(3))                 only the method
    code("x[1:, None] * 2", x=T(4, 3))           any code; with several lines, its result is `out`
    error("sum", T(2, 3), dim=5)                 both must raise, and ours as PyTorch's

Seen by the code are t (the library), F (functional), nn, optim, init, autograd and np.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from . import compare
from .inputs import LAYOUTS, Built, T, build, tensors_in
from .libraries import DTYPES, FACADE, FLOATS, FUNCTIONAL, OURS, THEIRS, Library

Call = Callable[[Library, Built], Any]


@dataclass
class Case:
    """One line of the table."""

    name: str  # of the function or method; "" for code
    source: str  # the code; "" for a function
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    on: tuple[str, ...]  # dtypes
    layouts: tuple[str, ...]
    tolerance: float
    raises: bool
    setup: str = ""  # code that comes before, the same for many cases

    def __str__(self) -> str:
        inputs = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        head = self.source.strip().replace("\n", "; ") if self.source else self.name
        return f"{'error ' if self.raises else ''}{head}({', '.join(inputs)})"

    def forms(self) -> Iterator[tuple[str, Call]]:
        """Yield the ways to call: as a function, in `functional`, as a method; or the code."""
        if self.source:
            yield "code", self._run_code
            return
        if self.name.startswith("."):
            yield "method", self._method(self.name[1:])
            return
        if "." in self.name:
            yield "function", self._function(self.name)
            return
        found = False
        for room, names in (("t", FACADE), ("F", FUNCTIONAL)):
            if self.name in names and THEIRS.find(f"{room}.{self.name}") is not None:
                found = True
                yield f"{room}.", self._function(f"{room}.{self.name}")
        if not found and self.name in (*FACADE, *FUNCTIONAL):
            found = True
            yield "function", self._function(self.name)
        if self.args and isinstance(self.args[0], T) and hasattr(OURS.Tensor, self.name) and hasattr(THEIRS.Tensor, self.name):
            found = True
            yield "method", self._method(self.name)
        if not found:
            raise LookupError(f"neither a function nor a method is called {self.name}")

    def _run_code(self, library: Library, built: Built) -> Any:
        names = {**library.namespace, **built.kwargs}
        exec(self.setup, names)
        try:
            expression = compile(self.source, "case", "eval")
        except SyntaxError:
            exec(self.source, names)
            return names.get("out")
        return eval(expression, names)

    @staticmethod
    def _function(name: str) -> Call:
        return lambda library, built: library.find(name)(*built.args, **built.kwargs)

    @staticmethod
    def _method(name: str) -> Call:
        return lambda _, built: getattr(built.args[0], name)(*built.args[1:], **built.kwargs)

    @property
    def in_place(self) -> bool:
        """Whether the first input is changed, so must not be a leaf that requires a gradient."""
        last = self.name.rpartition(".")[2]
        return (last.endswith("_") and not last.endswith("__")) or (last.startswith("__i") and last != "__invert__")

    def runs(self) -> Iterator[tuple[str, str, tuple[int, ...] | None]]:
        """Yield dtype, layout and which tensors require a gradient (None: all that may)."""
        for dtype in self.on:
            for layout in self.layouts:
                yield dtype, layout, None
        tensors = tensors_in([*self.args, self.kwargs])
        able = [i for i, x in enumerate(tensors) if x.grad and (x.dtype or "float32") in FLOATS]
        if "float32" in self.on and able and not self.raises:
            yield "float32", self.layouts[0], ()
        if "float64" in self.on and len(able) > 1 and not self.raises:
            for only in able:
                yield "float64", self.layouts[0], (only,)


table: list[Case] = []


def case(
    name: str,
    *args: Any,
    on: tuple[str, ...] = DTYPES,
    layouts: tuple[str, ...] = LAYOUTS,
    tolerance: float = 1.0,
    **kwargs: Any,
) -> None:
    """Compare a function (and the method of that name)."""
    table.append(Case(name, "", args, kwargs, on, layouts, tolerance, raises=False))


def code(
    source: str,
    *,
    on: tuple[str, ...] = ("float32",),
    layouts: tuple[str, ...] = ("contiguous",),
    tolerance: float = 1.0,
    setup: str = "",
    **inputs: Any,
) -> None:
    """Compare what some code gives: an expression, or lines that set `out`."""
    table.append(Case("", source, (), inputs, on, layouts, tolerance, raises=False, setup=setup))


def error(
    name: str, *args: Any, on: tuple[str, ...] = ("float32",), **kwargs: Any
) -> None:
    """Check that both raise an error of the same type."""
    table.append(Case(name, "", args, kwargs, on, ("contiguous",), 1.0, raises=True))


def code_error(source: str, *, on: tuple[str, ...] = ("float32",), setup: str = "", **inputs: Any) -> None:
    """Check that some code raises an error of the same type in both."""
    table.append(Case("", source, (), inputs, on, ("contiguous",), 1.0, raises=True, setup=setup))


def check(case: Case) -> Iterator[tuple[str, str, str]]:
    """Run a case in both libraries; yield form and dtype, aspect, and how we differ."""
    worked = False
    for form, call in case.forms():
        for dtype, layout, grads in case.runs():
            outcomes = []
            for library in (OURS, THEIRS):
                make = (library, case.args, case.kwargs, dtype, layout, grads, not case.in_place)
                built = build(*make)
                seed = zlib.crc32(str(case).encode())
                outcomes.append(compare.run(library, lambda b, lib=library, c=call: c(lib, b), built, seed))
            ours, theirs = outcomes
            worked = worked or theirs.error is None
            for aspect, how in compare.differences(ours, theirs, case.tolerance):
                some = "" if grads is None else f", grad of {list(grads)}"
                yield f"{form} {dtype} {layout}{some}", aspect, how
            if case.raises and theirs.error is None:
                yield f"{form} {dtype}", "case", "PyTorch raises no error"
    if not worked and not case.raises:
        yield form, "case", f"PyTorch always raises: {compare.said(theirs.error)}"


__all__ = ["DTYPES", "FLOATS", "case", "check", "code", "code_error", "error", "table"]
