"""Sharing work out to threads.

NumPy lets go of Python's lock while it computes, so threads can work on arrays at the same time.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from .record import mode

MOST_THREADS = 4  # more would wait for memory, or for Python's lock

_pool: Any = None


def share(tasks: Sequence[Callable[[], Any]]) -> None:
    """Call every function, on several threads: whoever is free takes the next.

    It pays for functions that spend their time in NumPy, on arrays, not for Python code. The first error
    that one of them raises is raised here, and those not yet begun are left out.

    Args:
        tasks: functions without arguments, in no order; two of them must not write to the same memory.
    """
    waiting = deque(tasks)
    helpers = [_helpers().submit(_help, waiting) for _ in range(min(number_of_threads(), len(tasks)) - 1)]
    try:
        _take(waiting)
    finally:
        waiting.clear()  # after an error there is no point in going on
        for helper in helpers:
            # One that hasn't begun yet has nothing left to do.
            if not helper.cancel():
                helper.result()


def _help(waiting: deque[Callable[[], Any]]) -> None:
    mode.quiet.run(_take, waiting)  # the calling thread has said what to do with overflows; a helper hasn't


def _take(waiting: deque[Callable[[], Any]]) -> None:
    """Call functions until none is left."""
    while True:
        try:
            task = waiting.popleft()
        except IndexError:
            return
        task()


def number_of_threads() -> int:
    """Return how many threads may compute: what OMP_NUM_THREADS says, or as many as there are cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        value = os.environ.get(name, "")
        if value.isdigit() and int(value) > 0:
            return min(int(value), MOST_THREADS)
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MOST_THREADS)
    return min(os.cpu_count() or 1, MOST_THREADS)


def _helpers() -> Any:
    """Return the threads that help; they are started when first needed."""
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor

        _pool = ThreadPoolExecutor(MOST_THREADS - 1, thread_name_prefix="tinytorch")
    return _pool


def _forget_helpers() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)  # a forked process has no threads but its first
