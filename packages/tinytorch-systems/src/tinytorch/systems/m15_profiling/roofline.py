"""The roofline: how near each operation comes to what the machine can do, and which roof holds it down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._files import PathLike, write_bytes
from .machine import MachinePeaks, measure_machine
from .profile import profile
from .text import amount, duration, grid


@dataclass(frozen=True)
class RooflinePoint:
    """An operation, or gradient rule, under the roofs.

    Attributes:
        key: its name.
        kind: "operation" or "backward".
        seconds: the time of all its calls.
        flops: the floating-point operations in that time, elementwise ones included.
        moved: the bytes.
        roof: the operations per second that the machine could do with so many per byte.
        bound: "memory" or "compute", whichever roof is lower there.
    """

    key: str
    kind: str
    seconds: float
    flops: int
    moved: int
    roof: float
    bound: str

    @property
    def intensity(self) -> float:
        """Operations per byte."""
        return self.flops / self.moved

    @property
    def achieved(self) -> float:
        """Operations per second."""
        return self.flops / self.seconds

    @property
    def fraction(self) -> float:
        """The part of the roof that was reached; above 1 where the data were in a cache, not in memory."""
        return self.achieved / self.roof


class Roofline(list[RooflinePoint]):
    """The points of a profile, those that took longest first, and the roofs."""

    def __init__(self, points: Iterable[RooflinePoint], machine: MachinePeaks) -> None:
        super().__init__(points)
        self.machine = machine

    def table(self, row_limit: int = 30) -> str:
        """Return the points as text.

        Args:
            row_limit: how many at most; -1 for all.
        """
        rows = self[:row_limit] if row_limit >= 0 else list(self)
        text = grid(
            [
                ("Name", [p.key for p in rows]),
                ("Time", [duration(p.seconds * 1e6) for p in rows]),
                ("FLOP/B", [f"{p.intensity:.2f}" for p in rows]),
                ("FLOP/s", [amount(p.achieved) for p in rows]),
                ("Roof", [amount(p.roof) for p in rows]),
                ("Reached", [f"{100 * p.fraction:.1f}%" for p in rows]),
                ("Bound", [p.bound for p in rows]),
            ]
        )
        return f"{self.machine}\n{text}"

    def __str__(self) -> str:
        return self.table()

    def plot(self, path: PathLike | None = None, title: str = "Roofline") -> Any:
        """Draw the roofs and the points, their area by time.

        Args:
            path: where to save it (PNG, SVG or PDF, by its end); a file that is there and differs is kept as
                `name.bak` (or `name.bak2` ...).
            title: the line above.

        Returns:
            matplotlib's Figure.

        Raises:
            ImportError: matplotlib isn't there.
            ValueError: `path` has another end.
        """
        from .plot import roofline_figure, saved

        figure = roofline_figure(self, title)
        if path is not None:
            write_bytes(path, saved(figure, Path(path)))
        return figure


def roofline(prof: profile, machine: MachinePeaks | None = None) -> Roofline:
    """Return what a profile's operations and rules reached of what the machine can do.

    An operation that does no arithmetic, or whose formula isn't known, has no place under the roofs.

    Args:
        prof: a profile that has ended.
        machine: the roofs; left out, they are measured now.

    Raises:
        RuntimeError: the profile hasn't ended yet.

    Examples:
        >>> with systems.profile() as prof:
        ...     x = tt.ones(600, 600) @ tt.ones(600, 600) + tt.ones(600, 600)
        >>> machine = systems.MachinePeaks(flops_per_second=100e9, bytes_per_second=10e9)
        >>> sorted((p.key, round(p.intensity, 2), p.bound) for p in systems.roofline(prof, machine))
        [('add', 0.08, 'memory'), ('matmul', 100.0, 'compute')]
    """
    rows = prof.key_averages()
    peaks = measure_machine() if machine is None else machine
    points = []
    for row in rows:
        flops = (row.flops or 0) + (row.elementwise_flops or 0)
        if flops and row.bytes_moved and row.cpu_time_total > 0:
            intensity = flops / row.bytes_moved
            bound = "memory" if intensity < peaks.ridge else "compute"
            roof = peaks.attainable(intensity)
            seconds = row.cpu_time_total / 1e6
            points.append(RooflinePoint(row.key, row.kind, seconds, flops, row.bytes_moved, roof, bound))
    return Roofline(sorted(points, key=lambda p: -p.seconds), peaks)
