"""PyTorch's `Timer`: a statement, run as often as it takes to know its time."""

from __future__ import annotations

import statistics
import textwrap
import time
import timeit
from collections.abc import Callable
from typing import Any

from .clock import LEAST, Clock
from .measurement import Measurement, TaskSpec
from .race import limited

Callback = Callable[[int, float], Any]
OVERHEAD = 1e-4  # of a block: what the loop and the reading of the clock may cost, at most
MOST_CALLS = 2**31 - 1


class Timer:
    """Measures how long a statement takes; `timeit.Timer` with warm-up, threads and replicates.

    Python's garbage collector is off while it measures, as in `timeit`.

    Args:
        stmt: the code to measure.
        setup: code that runs once before.
        timer: the clock, in seconds.
        globals: names for the code.
        label: what the statement does, for tables; `sub_label` tells statements with the same label apart,
            `description` names the column of a table, `env` where it was measured.
        sub_label: see `label`.
        description: see `label`.
        env: see `label`.
        num_threads: how many threads the BLAS libraries may use, set by threadpoolctl while it measures.

    Raises:
        ValueError: the statement isn't text, or fewer than one thread.

    Examples:
        >>> timer = systems.Timer("sum(x)", setup="x = list(range(100))")
        >>> timer.timeit(10).median > 0
        True

    Source: torch.utils.benchmark.Timer
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        *,
        timer: Clock = time.perf_counter,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
    ) -> None:
        if not isinstance(stmt, str):
            raise ValueError(f"a statement is text, for example 'f(x)' with globals={{'f': f}}, not {stmt!r}")
        if num_threads < 1:
            raise ValueError(f"num_threads is at least 1, not {num_threads}")
        stmt, setup = (textwrap.dedent(code).removeprefix("\n").rstrip() for code in (stmt, setup))
        self._timer = timeit.Timer(stmt, setup, timer, dict(globals or {}))
        self._task = TaskSpec(stmt, setup, "", label, sub_label, description, env, num_threads)

    def _time(self, number: int) -> float:
        return max(self._timer.timeit(number), LEAST)

    def timeit(self, number: int = 1_000_000) -> Measurement:
        """Run the statement `number` times, after a hundredth of that to warm up; one raw time.

        Raises:
            ValueError: fewer than one run.
        """
        if number < 1:
            raise ValueError(f"number is at least 1, not {number}")
        with limited(self._task.num_threads):
            self._time(max(number // 100, 2))
            return Measurement(number, [self._time(number)], self._task)

    def blocked_autorange(self, callback: Callback | None = None, min_run_time: float = 0.2) -> Measurement:
        """Measure blocks of runs for `min_run_time` seconds.

        A block is so long that the loop and the clock make less than a ten-thousandth of it; finding that
        out warms up.

        Args:
            callback: is told the number of runs and the seconds of each block.
            min_run_time: seconds.
        """
        return self._blocks(min_run_time, lambda m: True, min_run_time, None, callback)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callback | None = None,
    ) -> Measurement:
        """Measure blocks of runs until their interquartile range is below `threshold` of the median.

        Args:
            threshold: how much of the median.
            min_run_time: seconds that it takes in any case.
            max_run_time: seconds after which it gives up; the measurement then has warnings.
            callback: is told the number of runs and the seconds of each block.
        """

        def settled(found: Measurement) -> bool:
            return len(found.raw_times) > 3 and found.meets_confidence(threshold)

        return self._blocks(0.05, settled, min_run_time, max_run_time, callback)

    def _blocks(
        self,
        block_time: float,
        done: Callable[[Measurement], bool],
        least: float,
        most: float | None,
        callback: Callback | None,
    ) -> Measurement:
        times: list[float] = []
        total = 0.0
        with limited(self._task.num_threads):
            number = self._block(block_time)
            while total < least or not done(Measurement(number, times, self._task)):
                times.append(self._time(number))
                total += times[-1]
                if callback is not None:
                    callback(number, times[-1])
                if most is not None and total > most:
                    break
        return Measurement(number, times, self._task)

    def _block(self, seconds: float) -> int:
        """Return how many runs make a block."""
        overhead = statistics.median(self._time(0) for _ in range(5))
        number = 1
        while number * 10 <= MOST_CALLS:
            taken = self._time(number)
            if (overhead <= OVERHEAD * taken and taken >= seconds / 1000) or taken > seconds:
                break
            number *= 10
        return number
