"""What each module cost: its calls, time, arithmetic and memory, forward and backward."""

from __future__ import annotations

from dataclasses import dataclass

from .averages import known, largest_first, made_in
from .events import BACKWARD, MODULE, Event
from .flops import count
from .text import byte_size, duration, grid, percent


@dataclass
class ModuleCost:
    """The sums over all calls of one module; times are in microseconds, and all but `self_` with its parts'.

    Attributes:
        path: the module's name, from the outermost module that was called: "GPT.transformer.h.0".
        type: its class.
        depth: how many modules it is in.
        count: its calls.
        forward_time: time of the calls.
        self_time: time of the calls without that of modules and operations in them: Python's own.
        backward_time: time of the gradient rules of its operations.
        flops: of its products, forward and backward; None if an operation in it has no formula.
        elementwise_flops: all other floating-point operations, likewise.
        bytes_moved: inputs and results of its operations and their rules.
        memory: the bytes that its operations made and left, forward.
        peak_memory: the most bytes that tensors held while it was called; None if not watched.
    """

    path: str
    type: str
    depth: int
    count: int = 0
    forward_time: float = 0.0
    self_time: float = 0.0
    backward_time: float = 0.0
    flops: int | None = 0
    elementwise_flops: int | None = 0
    bytes_moved: int = 0
    memory: int = 0
    peak_memory: int | None = None

    @property
    def total_time(self) -> float:
        """Microseconds forward and backward."""
        return self.forward_time + self.backward_time


SORTS = (
    "total_time",
    "forward_time",
    "self_time",
    "backward_time",
    "count",
    "flops",
    "elementwise_flops",
    "bytes_moved",
    "memory",
    "peak_memory",
)


class ModuleTable(list[ModuleCost]):
    """The rows of a table of modules."""

    def table(self, sort_by: str | None = None, row_limit: int = 100, max_depth: int | None = None) -> str:
        """Return the rows as text.

        Args:
            sort_by: the name of a number of `ModuleCost`; left out, in the order of the calls.
            row_limit: how many rows at most; -1 for all.
            max_depth: leave out modules deeper than this; 0 shows the outermost alone.

        Raises:
            ValueError: there is no such number.
        """
        rows = [row for row in self if max_depth is None or row.depth <= max_depth]
        whole = sum(row.total_time for row in self if row.depth == 0)
        if sort_by is not None:
            rows = largest_first(rows, sort_by, SORTS)
        left_out = len(rows) - row_limit if row_limit >= 0 else 0
        rows = rows[:row_limit] if row_limit >= 0 else rows
        text = grid(
            [
                ("Module", [f"{row.path} ({row.type})" for row in rows]),
                ("Calls", [str(row.count) for row in rows]),
                ("Forward", [duration(row.forward_time) for row in rows]),
                ("Self", [duration(row.self_time) for row in rows]),
                ("Backward", [duration(row.backward_time) for row in rows]),
                ("Total %", [percent(row.total_time, whole) for row in rows]),
                ("FLOPs", [known(row.flops) for row in rows]),
                ("Bytes moved", [byte_size(row.bytes_moved) for row in rows]),
                ("Memory", [byte_size(row.memory) for row in rows]),
                ("Peak live", [byte_size(row.peak_memory) for row in rows]),
            ]
        )
        return f"{text}\n({left_out} more)" if left_out > 0 else text

    def __str__(self) -> str:
        return self.table()


def by_module(events: list[Event]) -> ModuleTable:
    """Put the calls of modules into rows, by the module's name."""
    rows: dict[str, ModuleCost] = {}
    made = made_in(events)
    for event in events:
        if event.kind == MODULE:
            row = rows.get(event.path)
            if row is None:
                depth = sum(parent.kind == MODULE for parent in event.parents())
                row = rows[event.path] = ModuleCost(event.path, event.name, depth)
            row.count += 1
            row.self_time += event.own / 1000
            row.memory += made[id(event)]
            if not _in_itself(event):
                row.forward_time += event.total / 1000
        counted = count(event)
        for path in dict.fromkeys(call.path for call in _calls(event)):
            row = rows[path]
            row.bytes_moved += event.moved
            if event.kind == BACKWARD:
                row.backward_time += event.total / 1000
            elif event.live is not None:
                row.peak_memory = max(row.peak_memory or 0, event.live, event.peak or 0)
            if counted is None or row.flops is None or row.elementwise_flops is None:
                row.flops = row.elementwise_flops = None
            else:
                row.flops += counted.flops
                row.elementwise_flops += counted.elementwise
    return ModuleTable(rows.values())


def _calls(event: Event) -> list[Event]:
    """Return the calls of modules that an event is part of, or is."""
    own = [event] if event.kind == MODULE else []
    start = event.forward if event.kind == BACKWARD and event.forward is not None else event
    return own + [parent for parent in start.parents() if parent.kind == MODULE]


def _in_itself(event: Event) -> bool:
    return any(parent.kind == MODULE and parent.path == event.path for parent in event.parents())
