"""Measurements of one statement: PyTorch's `Measurement`, with the same numbers and the same text."""

from __future__ import annotations

import math
import statistics
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WARN, GROSS = 0.10, 0.25  # interquartile range over median
DIGITS = 4  # more significant figures than that are never claimed
FINEST = 25e-9  # seconds that no measurement is more exact than


@dataclass(frozen=True)
class TaskSpec:
    """What was measured: everything that a `Timer` was given, but its globals.

    Source: torch.utils.benchmark.utils.common.TaskSpec
    """

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label, or else the statement; with the sub-label."""
        if self.label is not None:
            return self.label + (f": {self.sub_label}" if self.sub_label else "")
        if "\n" not in self.stmt:
            return self.stmt + (f": {self.sub_label}" if self.sub_label else "")
        sub = f" ({self.sub_label})" if self.sub_label else ""
        return f"stmt:{sub}\n{textwrap.indent(self.stmt, '  ')}"

    def setup_str(self) -> str:
        """Return the setup as a `Measurement` shows it."""
        if self.setup in ("", "pass"):
            return ""
        return (
            f"setup:\n{textwrap.indent(self.setup, '  ')}" if "\n" in self.setup else f"setup: {self.setup}"
        )

    def summarize(self) -> str:
        """Return title, description and setup."""
        parts = [self.title, self.description or "", self.setup_str()]
        return "\n".join(f"{part}\n" if "\n" in part else part for part in parts if part)


class Measurement:
    """The times of a statement, and what they say together.

    Args:
        number_per_run: how often the statement ran for each of the times.
        raw_times: seconds of all these runs together.
        task_spec: what was measured; its fields are attributes of the measurement, too.
        metadata: whatever one likes.

    Source: torch.utils.benchmark.Measurement
    """

    def __init__(
        self,
        number_per_run: int,
        raw_times: Sequence[float],
        task_spec: TaskSpec,
        metadata: dict[Any, Any] | None = None,
    ) -> None:
        self.number_per_run = number_per_run
        self.raw_times = list(raw_times)
        self.task_spec = task_spec
        self.metadata = metadata

    def __getattr__(self, name: str) -> Any:
        if name in TaskSpec.__dataclass_fields__ and "task_spec" in self.__dict__:
            return getattr(self.task_spec, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Measurement) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # its times may change

    @property
    def times(self) -> list[float]:
        """Seconds of one run of the statement, for each of the raw times."""
        return [time / self.number_per_run for time in self.raw_times]

    @property
    def median(self) -> float:
        """The median of `times`."""
        return self._quantile(0.5)

    @property
    def mean(self) -> float:
        """The mean of `times`."""
        return statistics.fmean(self.times)

    @property
    def iqr(self) -> float:
        """The interquartile range of `times`: the width of their middle half."""
        return self._quantile(0.75) - self._quantile(0.25)

    def _quantile(self, share: float) -> float:
        ordered = sorted(self.times)
        place = share * (len(ordered) - 1)
        low = math.floor(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (place - low) * (ordered[high] - ordered[low])

    @property
    def significant_figures(self) -> int:
        """How many digits of the median the spread of the middle half leaves standing: 1 to 4."""
        ordered, n = sorted(self.times), len(self.raw_times)
        middle = ordered[n // 4 : math.ceil(3 * n / 4)]
        error = max(1.645 * statistics.pstdev(middle) / math.sqrt(len(middle)), FINEST)
        return min(max(math.floor(math.log10(self.median / error)), 1), DIGITS)

    @property
    def has_warnings(self) -> bool:
        """Whether the interquartile range is more than a tenth of the median."""
        return not self.meets_confidence()

    def meets_confidence(self, threshold: float = WARN) -> bool:
        """Return whether the interquartile range is less than so much of the median."""
        return self.iqr / self.median < threshold

    @property
    def title(self) -> str:
        """What was measured."""
        return self.task_spec.title

    @property
    def as_row_name(self) -> str:
        """What `Compare` writes before the row."""
        return self.sub_label or self.stmt or "[Unknown]"

    def __repr__(self) -> str:
        n, threads = len(self.raw_times), self.num_threads
        unit, scale = select_unit(self.median)
        low, high = self._quantile(0.25) / scale, self._quantile(0.75) / scale
        lines = [object.__repr__(self), self.task_spec.summarize()]
        lines.append(f"  {'Median: ' if n > 1 else ''}{self.median / scale:.2f} {unit}")
        if n >= 4:
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit} ({low:.2f} to {high:.2f})")
        lines.append(
            f"  {n} measurement{'s' if n > 1 else ''}, {self.number_per_run} runs "
            f"{'per measurement,' if n > 1 else ','} {threads} thread{'s' if threads > 1 else ''}"
        )
        if self.has_warnings:
            gross = not self.meets_confidence(GROSS)
            why = (
                "suggests significant environmental influence"
                if gross
                else "could indicate system fluctuation"
            )
            share = self.iqr / self.median * 100
            lines.append(f"  WARNING: Interquartile range is {share:.1f}% of the median measurement.")
            lines.append(f"           This {why}.")
        return "\n".join(lines)

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """Put measurements of the same task together, as one each; their metadata is left behind."""
        groups: dict[TaskSpec, list[float]] = {}
        for measurement in measurements:
            groups.setdefault(measurement.task_spec, []).extend(measurement.times)
        return [Measurement(1, times, spec) for spec, times in groups.items()]


def select_unit(t: float) -> tuple[str, float]:
    """Return the unit in which a time is a handy number, and its size in seconds.

    Source: torch.utils.benchmark.select_unit
    """
    # Towards zero, as PyTorch does it: 2 s are seconds, 2 ms are milliseconds.
    place = math.trunc(math.log10(t) // 3) if t > 0 else 0
    unit = {-3: "ns", -2: "us", -1: "ms"}.get(place, "s")
    return unit, {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}[unit]
