"""Doing a long elementwise computation in chunks: in the cache, without temporaries, on several threads.

`p -= lr * m / (sqrt(v) + eps)` over a million numbers would write four arrays of that length to memory and
read them back. In chunks that fit the processor's cache, with `out=` into scratch that is used again and
again, only the operands themselves travel. NumPy lets go of Python's lock while it computes, so threads can
share the chunks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..m01_tensor.record import mode
from ..m01_tensor.threads import number_of_threads, share

CHUNK = 2**17  # numbers: 512 KiB of float32. Smaller ones cost more in calls than they save in cache
MANY = 2 * CHUNK  # numbers from which the work is worth waking other threads

Job = tuple[Callable[..., None], Sequence[Any]]  # a function and the flat arrays of one length that it takes


class _Local(threading.local):
    def __init__(self) -> None:
        self.scratch: dict[Any, Any] = {}


_local = _Local()


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
    if sum([arrays[0].size for _, arrays in jobs]) < MANY or number_of_threads() == 1:
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
