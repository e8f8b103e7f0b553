"""What is noted of each operation, module call and named range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

OPERATION, BACKWARD, MODULE, RANGE, WALK, WORK = "operation", "backward", "module", "range", "walk", "work"


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
        out: the shape of the result.
        extras: of what the forward saved for its rule, the shapes of the arrays.
        needs: for a rule, which inputs needed their gradients.
        moved: bytes read and written: all inputs and results once; 0 for a view.
        allocated: bytes of the memory that it made and that outlived it.
        live: bytes of all tensors' memory when it ended; None if memory wasn't watched.
        peak: the most while it ran, with the arrays that it made and dropped; None if these weren't watched.
        forward: for a rule, the operation; None if that was before the profile began.
        module: the module that was called.
        path: that module's name, such as "GPT.transformer.h.0".
        nested: the nanoseconds of its parts.
    """

    # On the class, so that noting an event costs no more than it must.
    _names: Sequence[str] = ()
    _values: Sequence[Any] = ()
    extras: dict[str, Any] = {}  # noqa: RUF012  (never changed)
    out: tuple[int, ...] = ()
    needs: tuple[bool, ...] = ()
    moved = allocated = nested = 0
    live: int | None = None
    peak: int | None = None
    forward: Event | None = None
    module: Any = None
    path = ""

    def __init__(self, kind: str, name: str, start: int, end: int, parent: Event | None) -> None:
        self.kind = kind
        self.name = name
        self.start = start
        self.end = end
        self.parent = parent

    @property
    def values(self) -> dict[str, Any]:
        """What an operation was called with, by parameter; in the place of arrays shapes: tuples."""
        return dict(zip(self._names, self._values, strict=False))

    def __repr__(self) -> str:
        return f"<Event: {self.kind} {self.path or self.name}, {self.total / 1000:.1f} us>"

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

    @property
    def input_shapes(self) -> list[Any]:
        """The shapes of the inputs that are tensors, in their order."""
        source = self.values if self.forward is None else self.forward.values
        return [list(shape) for x in source.values() for shape in _shapes(x)]


def described(value: Any) -> Any:
    """Return a value as it may be kept: an array's shape as a tuple, any other sequence as a list."""
    kind = value.__class__
    if kind is np.ndarray:
        return value.shape
    if kind in PLAIN:
        return value
    if kind in (list, tuple):
        return [described(x) for x in value]
    if isinstance(value, np.ndarray):
        return value.shape
    if isinstance(value, (np.dtype, np.generic, slice, type)):
        return str(value)
    return getattr(value, "__qualname__", kind.__name__)


PLAIN = frozenset((int, float, bool, str, type(None)))


def _shapes(value: Any) -> Iterable[tuple[int, ...]]:
    if value.__class__ is tuple:
        yield value
    elif value.__class__ is list:
        for x in value:
            yield from _shapes(x)
