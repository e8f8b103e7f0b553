"""What many events have in common, in one row: by operation and by module, as PyTorch's `key_averages`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .events import BACKWARD, MODULE, OPERATION, WORK, Event
from .flops import Count, count
from .text import amount, byte_size, duration, grid, percent


@dataclass
class Average:
    """The sums over all events of one name; times are in microseconds, as PyTorch's.

    Attributes:
        key: the name of the operation, of its rule ("LinearBackward"), of the range or work.
        kind: "operation", "backward", "walk", "range" or "work".
        count: the number of calls.
        cpu_time_total: their time with all their parts.
        self_cpu_time_total: without.
        flops: floating-point operations of products, as PyTorch counts them; None if there is no formula.
        elementwise_flops: all other floating-point operations; None if there is no formula.
        bytes_moved: inputs and results, each counted once.
        cpu_memory_usage: the bytes of the memory that they made and left, with all their parts.
        self_cpu_memory_usage: without the parts.
        peak_memory: the most bytes that tensors held at the end of one of the calls; None if not watched.
        input_shapes: of the tensors that went in, if asked for.
    """

    key: str
    kind: str
    count: int = 0
    cpu_time_total: float = 0.0
    self_cpu_time_total: float = 0.0
    flops: int | None = 0
    elementwise_flops: int | None = 0
    bytes_moved: int = 0
    cpu_memory_usage: int = 0
    self_cpu_memory_usage: int = 0
    peak_memory: int | None = None
    input_shapes: list[Any] = field(default_factory=list)

    @property
    def cpu_time(self) -> float:
        """Microseconds a call."""
        return self.cpu_time_total / self.count

    @property
    def has_formula(self) -> bool:
        """Whether the floating-point operations are known."""
        return self.flops is not None

    def add(self, event: Event, counted: Count | None, made: int) -> None:
        """Add an event to the sums."""
        self.count += 1
        self.cpu_time_total += event.total / 1000
        self.self_cpu_time_total += event.own / 1000
        self.bytes_moved += event.moved
        self.self_cpu_memory_usage += event.allocated
        self.cpu_memory_usage += made
        if event.live is not None:
            self.peak_memory = max(self.peak_memory or 0, event.live, event.peak or 0)
        if counted is None or self.flops is None or self.elementwise_flops is None:
            self.flops = self.elementwise_flops = None
        else:
            self.flops += counted.flops
            self.elementwise_flops += counted.elementwise


SORTS = (
    "cpu_time_total",
    "self_cpu_time_total",
    "cpu_time",
    "count",
    "flops",
    "elementwise_flops",
    "bytes_moved",
    "cpu_memory_usage",
    "self_cpu_memory_usage",
    "peak_memory",
)


class EventList(list[Average]):
    """The rows of a table."""

    def __init__(self, rows: Iterable[Average], show: tuple[bool, bool, bool], total: float) -> None:
        super().__init__(rows)
        self._show = show  # the shapes, the operations, the memory
        self.self_cpu_time_total = total

    def table(self, sort_by: str | None = None, row_limit: int = 100, header: str | None = None) -> str:
        """Return the rows as text.

        Args:
            sort_by: the name of a number of `Average`: the largest first; left out, in the order of calls.
            row_limit: how many rows at most; -1 for all.
            header: a line above.

        Raises:
            ValueError: there is no such number.

        Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.profiler.profile
        """
        rows = list(self)
        if sort_by is not None:
            rows = largest_first(rows, sort_by, SORTS)
        left_out = len(rows) - row_limit if row_limit >= 0 else 0
        rows = rows[:row_limit] if row_limit >= 0 else rows
        shapes, flops, memory = self._show
        columns: list[tuple[str, list[str]]] = [
            ("Name", [row.key for row in rows]),
            ("Self CPU %", [percent(row.self_cpu_time_total, self.self_cpu_time_total) for row in rows]),
            ("Self CPU", [duration(row.self_cpu_time_total) for row in rows]),
            ("CPU total %", [percent(row.cpu_time_total, self.self_cpu_time_total) for row in rows]),
            ("CPU total", [duration(row.cpu_time_total) for row in rows]),
            ("CPU time avg", [duration(row.cpu_time) for row in rows]),
        ]
        if memory:
            columns += [
                ("CPU Mem", [byte_size(row.cpu_memory_usage) for row in rows]),
                ("Self CPU Mem", [byte_size(row.self_cpu_memory_usage) for row in rows]),
                ("Peak live", [byte_size(row.peak_memory) for row in rows]),
            ]
        columns.append(("# of Calls", [str(row.count) for row in rows]))
        if shapes:
            columns.append(("Input Shapes", [str(row.input_shapes) for row in rows]))
        if flops:
            columns += [
                ("FLOPs", [known(row.flops) for row in rows]),
                ("Elementwise", [known(row.elementwise_flops) for row in rows]),
                ("Bytes moved", [byte_size(row.bytes_moved) for row in rows]),
            ]
        lines = [] if header is None else [header]
        lines.append(grid(columns))
        if left_out > 0:
            lines.append(f"({left_out} more)")
        lines.append(f"Self CPU time total: {duration(self.self_cpu_time_total)}")
        without = [row.key for row in self if row.flops is None]
        if flops and without:
            lines.append(f"No formula for the FLOPs of: {', '.join(without)}. The totals leave them out.")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.table()


def known(flops: int | None) -> str:
    """Return a count of operations as text; what isn't known is said to be so."""
    return "no formula" if flops is None else amount(flops)


def largest_first(rows: list[Any], by: str, allowed: tuple[str, ...]) -> list[Any]:
    """Return the rows sorted by one of their numbers; those without it come last.

    Raises:
        ValueError: there is no such number.
    """
    if by not in allowed:
        raise ValueError(f"sort_by must be one of {', '.join(allowed)}; not {by!r}")
    return sorted(rows, key=lambda row: -1 if getattr(row, by) is None else getattr(row, by), reverse=True)


def made_in(events: list[Event]) -> dict[int, int]:
    """Return for each event, by its id, the bytes that it and its parts have made."""
    made: dict[int, int] = {}
    for event in events:
        made[id(event)] = made.get(id(event), 0) + event.allocated
        for parent in event.parents():
            made[id(parent)] = made.get(id(parent), 0) + event.allocated
    return made


def by_operation(events: list[Event], group_by_input_shape: bool) -> list[Average]:
    """Put the events that aren't calls of modules into rows, by name (and by shapes)."""
    rows: dict[Any, Average] = {}
    made = made_in(events)
    for event in events:
        if event.kind == MODULE:
            continue
        shapes = event.input_shapes if group_by_input_shape else []
        key = event.kind, event.name, str(shapes)
        row = rows.get(key)
        if row is None:
            row = rows[key] = Average(event.name, event.kind, input_shapes=shapes)
        row.add(event, count(event), made[id(event)])
    return list(rows.values())


def totals(events: list[Event]) -> tuple[Count, dict[str, int]]:
    """Return the floating-point operations of all events, and the calls of what has no formula."""
    total = Count()
    without: dict[str, int] = {}
    for event in events:
        if event.kind in (OPERATION, BACKWARD, WORK):
            counted = count(event)
            if counted is None:
                without[event.name] = without.get(event.name, 0) + 1
            else:
                total += counted
    return total, without
