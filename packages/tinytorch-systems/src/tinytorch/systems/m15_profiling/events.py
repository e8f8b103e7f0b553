"""What is noted of each operation, module call and named range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

OPERATION, BACKWARD, MODULE, RANGE, WALK, WORK = "operation", "backward", "module", "range", "walk", "work"


@dataclass(slots=True, eq=False)
class Event:
    """One thing that took time.

    Attributes:
        kind: "operation" (its forward), "backward" (its gradient rule), "module" (a call), "range" (of
            `record_function`), "walk" (a whole backward pass) or "work" (on arrays, without an operation: an
            optimizer's update, a copy).
        name: of the operation, the class of the module, or of the range.
        start: nanoseconds of `time.perf_counter_ns`.
        end: the same.
        parent: the event that it is part of.
        values: for an operation, what it was called with, by parameter; shapes in the place of arrays.
        out: the shape of the result.
        extras: of what the forward saved for its rule, the shapes of the arrays.
        needs: for a rule, which inputs needed their gradients.
        moved: bytes read and written: all inputs and results once; 0 for a view.
        allocated: bytes of the memory that it made and that outlived it.
        live: bytes of all tensors' memory when it ended; None if memory wasn't watched.
        forward: for a rule, the operation; None if that was before the profile began.
        module: the module that was called.
        path: that module's name, such as "GPT.transformer.h.0".
        nested: the nanoseconds of its parts.
    """

    kind: str
    name: str
    start: int
    end: int = 0
    parent: Event | None = None
    values: dict[str, Any] = field(default_factory=dict)
    out: tuple[int, ...] = ()
    extras: dict[str, Any] = field(default_factory=dict)
    needs: tuple[bool, ...] = ()
    moved: int = 0
    allocated: int = 0
    live: int | None = None
    forward: Event | None = None
    module: Any = None
    path: str = ""
    nested: int = 0

    @property
    def total(self) -> int:
        """Nanoseconds with all its parts."""
        return self.end - self.start

    @property
    def own(self) -> int:
        """Nanoseconds without its parts."""
        return self.total - self.nested

    def parents(self) -> Iterator[Event]:
        """Give the events that it is part of, the innermost first."""
        event = self.parent
        while event is not None:
            yield event
            event = event.parent

    def of_module(self) -> Event | None:
        """Return the innermost call of a module that it belongs to; a rule belongs where its operation does."""
        start = self if self.kind != BACKWARD or self.forward is None else self.forward
        return next((e for e in start.parents() if e.kind == MODULE), None)

    @property
    def input_shapes(self) -> list[Any]:
        """The shapes of the inputs that are tensors, in their order."""
        source = self.values if self.forward is None else self.forward.values
        return [list(shape) for x in source.values() for shape in _shapes(x)]


class Shape(tuple[int, ...]):
    """The shape of an array, which is noted in the place of the array."""

    __slots__ = ()


def described(value: Any) -> Any:
    """Return a value as it may be kept: without arrays, which would keep their memory alive."""
    kind = value.__class__
    if kind is np.ndarray:
        return Shape(value.shape)
    if kind in PLAIN:
        return value
    if kind in (list, tuple):
        return [described(x) for x in value]
    if isinstance(value, np.ndarray):
        return Shape(value.shape)
    if isinstance(value, (np.dtype, np.generic, slice, type)):
        return str(value)
    return getattr(value, "__qualname__", kind.__name__)


PLAIN = (int, float, bool, str, type(None))


def _shapes(value: Any) -> Iterable[Shape]:
    if value.__class__ is Shape:
        yield value
    elif value.__class__ is list:
        for x in value:
            yield from _shapes(x)
