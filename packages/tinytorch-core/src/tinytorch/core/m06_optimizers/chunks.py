"""Doing a long elementwise computation in chunks: in the cache, without temporaries, on several threads.

`p -= lr * m / (sqrt(v) + eps)` over a million numbers would write four arrays of that length to memory and
read them back. In chunks that fit the processor's cache, with `out=` into scratch that is used again and
again, only the operands themselves travel. NumPy lets go of Python's lock while it computes, so threads can
share the chunks.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..m01_tensor.record import mode

CHUNK = 2**17  # numbers: 512 KiB of float32. Smaller ones cost more in calls than they save in cache
MANY = 2 * CHUNK  # numbers from which the work is worth waking other threads
MOST_THREADS = 4  # more would wait for memory, or for Python's lock

Job = tuple[Callable[..., None], Sequence[Any]]  # a function and the flat arrays of one length that it takes


class _Local(threading.local):
    def __init__(self) -> None:
        self.scratch: dict[Any, Any] = {}


_local = _Local()
_pool: Any = None


def scratch(like: Any, name: str = "") -> Any:
    """Return memory to compute in, of the length and dtype of the chunk `like`.

    It holds whatever was left there. The same name gives the same memory again, within one thread.
    """
    key = name, like.dtype.char
    room = _local.scratch.get(key)
    if room is None:
        room = _local.scratch[key] = np.empty(CHUNK, like.dtype)
    return room[: like.size]


def run(jobs: Sequence[Job]) -> None:
    """Call each job's function with its arrays, chunk by chunk."""
    if sum(arrays[0].size for _, arrays in jobs) < MANY or number_of_threads() == 1:
        mode.quiet.run(_run_here, jobs)
        return
    pieces = [
        partial(function, *[x[i : i + CHUNK] for x in arrays])
        for function, arrays in jobs
        for i in range(0, arrays[0].size, CHUNK)
    ]
    mode.quiet.run(share, pieces)


def _run_here(jobs: Sequence[Job]) -> None:
    for function, arrays in jobs:
        size = arrays[0].size
        if size <= CHUNK:
            function(*arrays)
        else:
            for i in range(0, size, CHUNK):
                function(*[x[i : i + CHUNK] for x in arrays])


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
