"""What the workers of a loader are told once, and how it gets to processes that aren't forked."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from .fetch import Collate
from .pickling import dumps, loads
from .shared import Block

_ALIGN = 64


@dataclass
class Job:
    """What all workers of a loader do."""

    dataset: Any
    batched: bool
    collate_fn: Collate
    drop_last: bool
    init: Callable[[int], None] | None
    num_workers: int
    dtype: Any  # the default one


class Parcel:
    """A job on its way to processes that aren't forked: large arrays only once, in shared memory.

    Raises:
        RuntimeError: the dataset (or a function) can't be sent.
    """

    def __init__(self, job: Job) -> None:
        buffers: list[pickle.PickleBuffer] = []
        try:
            self.data = dumps(job, buffers.append)
        except Exception as error:
            raise RuntimeError(
                f"the dataset ({type(job.dataset).__name__}) or a function of this DataLoader can't be sent "
                f"to a worker process: {type(error).__name__}: {error}. Lambdas, classes and functions that "
                "are defined inside a function, open files and locks can't: define them at the top level of "
                "a module, open files in __getitem__, or use num_workers=0"
            ) from error
        views = [buffer.raw() for buffer in buffers]
        self.lengths = [view.nbytes for view in views]
        self.block: Block | None = None
        if views:
            self.block = Block.make(0, sum(map(_padded, self.lengths)))
            start = 0
            for view in views:
                self.block.memory[start : start + view.nbytes] = view
                start += _padded(view.nbytes)

    def send(self, to: Connection) -> None:
        """Send the job to one worker."""
        to.send((self.data, self.lengths))
        if self.block is not None:
            self.block.send(to)

    def sent(self) -> None:
        """Close the file descriptor; the memory stays (on Windows it lives only while somebody holds it)."""
        if self.block is not None:
            self.block.forget()


def receive_job(origin: Connection) -> Job:
    """Return the job that a parcel brings."""
    data, lengths = origin.recv()
    buffers: list[Any] = []
    if lengths:
        memory, start = Block.receive(origin).memory, 0
        for length in lengths:
            buffers.append(memory[start : start + length])
            start += _padded(length)
    job = loads(data, buffers)
    assert isinstance(job, Job)
    return job


def _padded(length: int) -> int:
    return -(-length // _ALIGN) * _ALIGN
