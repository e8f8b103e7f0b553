"""PyTorch's `Compare`: measurements as tables, a row for each variant and a column for each input."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from .measurement import Measurement, select_unit

BEST, GOOD, BAD, WORST = "\033[92m", "\033[34m", "\033[2m\033[91m", "\033[31m"
BOLD, END = "\033[1m", "\033[0m"
UNITS = {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}


class Compare:
    """Shows measurements side by side: a table for a label, rows by sub-label, columns by description.

    Args:
        results: the measurements; those of the same task are put together.

    Raises:
        ValueError: something that isn't a `Measurement`.

    Source: torch.utils.benchmark.Compare
    """

    def __init__(self, results: Iterable[Measurement]) -> None:
        self._results: list[Measurement] = []
        self._trim = self._warn = False
        self._colours = ""
        self.extend_results(results)

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add measurements."""
        for result in results:
            if not isinstance(result, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(result)} instead.")
            self._results.append(result)

    def trim_significant_figures(self) -> None:
        """Show no more digits than the measurements bear."""
        self._trim = True

    def colorize(self, rowwise: bool = False) -> None:
        """Colour the best and the worst of each column, or of each row: for terminals."""
        self._colours = "rows" if rowwise else "columns"

    def highlight_warnings(self) -> None:
        """Mark measurements that spread by more than a tenth."""
        self._warn = True

    def print(self) -> None:
        """Print the tables."""
        print(str(self))  # noqa: T201 - this is what it is for

    def __str__(self) -> str:
        groups: dict[str | None, list[Measurement]] = {}
        for result in Measurement.merge(self._results):
            groups.setdefault(result.label, []).append(result)
        return "\n".join(self._table(label, group) for label, group in groups.items())

    def _table(self, label: str | None, results: Sequence[Measurement]) -> str:
        unit, scale = select_unit(min(r.median for r in results))
        keys = list(dict.fromkeys((r.num_threads, r.env, r.as_row_name) for r in results))
        keys.sort(key=lambda key: key[:2])  # as they came, otherwise
        columns = list(dict.fromkeys(r.description for r in results))
        cells = {((r.num_threads, r.env, r.as_row_name), r.description): r for r in results}
        environments = {r.env for r in results}
        env_width = max(len(str(env)) for env in environments) if len(environments) > 1 else 0

        texts: list[list[str]] = [["", *(column or "" for column in columns)]]
        before: tuple[int, str | None] | None = None
        for key in keys:
            shown = len(environments) > 1 and key[:2] != before
            env = f"({key[1]})" if shown else ""
            before = key[:2]
            texts.append([f"  {env.ljust(env_width + 4)}{key[2]}"])
        for column in columns:
            there = [cells[key, column] for key in keys if (key, column) in cells]
            formatted = _Column(there, scale, self._trim, self._warn)
            for text, key in zip(texts[1:], keys, strict=True):
                text.append(formatted.text(cells.get((key, column))))
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]

        lines = ["  |  ".join(text.center(w) for text, w in zip(texts[0], widths, strict=True))]
        overall = len(lines[0])
        threads = -1
        for key, text in zip(keys, texts[1:], strict=True):
            if key[0] != threads:
                threads = key[0]
                lines.append(f"{threads} threads: ".ljust(overall, "-"))
            row = [cells.get((key, column)) for column in columns]
            group = [other for other in keys if other[0] == threads]
            best = [self._best(row, [cells.get((k, column)) for k in group]) for column in columns]
            parts = [text[0].ljust(widths[0])]
            for cell, w, result, least in zip(text[1:], widths[1:], row, best, strict=True):
                parts.append(_coloured(cell.center(w), result, least))
            lines.append("  |  ".join(parts))
        lines += ["", f"Times are in {UNITS[unit]}s ({unit})."]
        if self._warn and any(r.has_warnings for r in results):
            lines.append("(! XX%) Measurement has high variance, where XX is the IQR / median * 100.")
        return "\n".join([f"[{f' {label or str()} '.center(overall - 2, '-')}]", *lines, ""])

    def _best(self, row: Sequence[Measurement | None], column: Sequence[Measurement | None]) -> float | None:
        if not self._colours:
            return None
        there = [r.median for r in (row if self._colours == "rows" else column) if r is not None]
        return min(there, default=None)


class _Column:
    """How the numbers of a column are written: with as many digits as the least exact one bears."""

    def __init__(self, results: Sequence[Measurement], scale: float, trim: bool, warn: bool) -> None:
        self.scale, self.trim = scale, trim
        self.warn = warn and any(r.has_warnings for r in results)
        leading = [math.ceil(math.log10(r.median / scale)) for r in results]
        decimals = 1
        if trim:
            pairs = zip(results, leading, strict=True)
            decimals = min(max(r.significant_figures - digits, 0) for r, digits in pairs)
        self.decimals = decimals
        self.width = max(leading) + decimals + (1 if decimals else 0)

    def text(self, result: Measurement | None) -> str:
        """Return a cell; an empty one for no result."""
        if result is None:
            return " " * len(self._written(1.0, ""))
        value = result.median / self.scale
        if self.trim:
            step = 10.0 ** (math.ceil(math.log10(abs(value))) - result.significant_figures)
            value = round(value / step) * step
        spread = f" (! {result.iqr / result.median * 100:.0f}%)" if self.warn and result.has_warnings else ""
        return self._written(value, spread)

    def _written(self, value: float, spread: str) -> str:
        return f"{value:>{max(self.width, 0)}.{self.decimals}f}{spread:>{7 if self.warn else 0}}"


def _coloured(text: str, result: Measurement | None, best: float | None) -> str:
    if result is None or best is None:
        return text
    value = result.median
    if value <= best * 1.01 or value <= best + 100e-9:
        return f"{BEST}{BOLD}{text}{END}{END}"
    if value <= best * 1.1:
        return f"{GOOD}{BOLD}{text}{END}{END}"
    if value >= best * 5:
        return f"{WORST}{BOLD}{text}{END}{END}"
    return f"{BAD}{text}{END}{END}" if value >= best * 2 else text
