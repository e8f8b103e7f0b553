"""What runs in a worker: it loads the batches that it is told to, until the loader is gone."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import numpy as np
from tinytorch.core import set_default_dtype

from .dataset import IterableDataset
from .failures import described
from .fetch import Fetcher, draws_nothing, make_fetcher
from .info import WorkerInfo, set_worker_info
from .interrupts import ignore
from .memory import allocate_with
from .packing import Packer
from .parcel import Job, receive_job
from .randomness import seed_all

PATIENCE = 1.0  # seconds between looks whether the loader's process is still there
GRACE = 0.5  # seconds in which a worker may finish what it does when the loader is gone


def work(
    id: int, job: Job | None, tasks: Connection, results: Connection, others: Sequence[Connection]
) -> None:
    """Be a worker.

    Args:
        id: its number.
        job: what to do; None if it comes through `tasks` (when processes aren't forked).
        tasks: brings an epoch and its base seed, or a batch to load.
        results: takes batches and errors.
        others: the loader's ends of pipes, which a forked process holds, too, and must not keep open.
    """
    ignore()
    for connection in others:
        connection.close()
    worker = Worker(id, results)
    try:
        if job is None:
            worker.doing = (
                "receiving the dataset (what is defined in a notebook or at the prompt can't be found by a "
                "worker that isn't forked: put it into a module)"
            )
            job = receive_job(tasks)
        inbox = Inbox(tasks)
        worker.run(job, inbox)
    except BaseException as error:
        worker.report(error, -1, -1)


class Inbox:
    """Reads tasks in a thread, so that the loader never waits for a busy worker to take one.

    When the loader closes the pipe or its process ends, the worker ends, whatever it is doing.
    """

    def __init__(self, tasks: Connection) -> None:
        self.tasks = tasks
        self.queue: SimpleQueue[Any] = SimpleQueue()
        self.epoch = -1  # the latest that has been begun
        self.parent = os.getppid()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                while not self.tasks.poll(PATIENCE):
                    started_by = multiprocessing.parent_process()
                    if os.getppid() != self.parent or (started_by and not started_by.is_alive()):
                        raise EOFError
                task = self.tasks.recv()
                if task[0] == "epoch":
                    self.epoch = task[1]
                self.queue.put(task)
        except (EOFError, OSError):
            self.queue.put(None)
            threading.Event().wait(GRACE)
            os._exit(1)


class Worker:
    """Loads batches, seeds before each, and reports what goes wrong."""

    def __init__(self, id: int, results: Connection) -> None:
        self.id = id
        self.results = results
        self.packer = Packer(results)
        self.fetcher: Fetcher | None = None
        self.doing = "starting"

    def run(self, job: Job, inbox: Inbox) -> None:
        """Do what the inbox brings until it brings None."""
        streamed = isinstance(job.dataset, IterableDataset)
        quiet = draws_nothing(job.dataset, job.collate_fn)
        bits: Any = np.random
        bits.set_bit_generator(np.random.MT19937(0))  # whatever the user has set: this one can be seeded
        set_default_dtype(job.dtype)
        allocate_with(self.packer.allocate)
        base_seed, started = 0, False
        while (task := inbox.queue.get()) is not None:
            if task[0] == "epoch":
                _, epoch, base_seed = task
                seed_all(base_seed + self.id)
                set_worker_info(WorkerInfo(self.id, job.num_workers, base_seed + self.id, job.dataset))
                if job.init is not None and not started:
                    self.doing = "calling worker_init_fn"
                    job.init(self.id)
                started = True
                self.fetcher = None
                continue
            _, epoch, number, indices, freed = task
            self.packer.release(freed)
            if epoch != inbox.epoch:
                continue  # nobody waits for this one any more
            try:
                if self.fetcher is None:
                    self.doing = "calling iter(dataset)"
                    self.fetcher = make_fetcher(job.dataset, job.batched, job.collate_fn, job.drop_last)
                if not (streamed or quiet):
                    seed_all(base_seed + number)
                self._load(self.fetcher, epoch, number, indices, streamed)
            except BaseException as error:
                self.report(error, epoch, number)
            self.packer.clear()

    def _load(self, fetcher: Fetcher, epoch: int, number: int, indices: Any, streamed: bool) -> None:
        try:
            batch = fetcher.fetch(indices)
        except StopIteration:
            if not streamed:
                raise RuntimeError(f"StopIteration while {fetcher.doing}") from None
            self.results.send(("end", epoch, number))
            return
        finally:
            self.doing = fetcher.doing
        self.doing = f"sending a batch of type {type(batch).__name__} to the loader's process"
        data, spans = self.packer.pack(batch)
        self.results.send(("batch", epoch, number, data, spans))

    def report(self, error: BaseException, epoch: int, number: int) -> None:
        """Send an error and where in the user's code it arose."""
        kind, message = described(error, self.id, self.doing)
        with suppress(OSError):  # the loader may be gone
            self.results.send(("error", epoch, number, kind, message))
