"""Loading with workers: they work ahead, and the batches come in the order of the sampler.

Workers are processes. Threads were measured beside them (2 workers, 2 processors, in times of no worker):
where samples are computed in Python, threads take 0.95 and processes 0.54, because threads wait for Python's
lock; where NumPy works on large arrays, both take 0.55. And only a process has global generators of its own,
which can be seeded for each batch. `tools/bench/__main__.py "DataLoader: samples"` measures it again.
"""

from __future__ import annotations

import weakref
from collections import deque
from itertools import cycle
from typing import TYPE_CHECKING, Any

from tinytorch.core import get_default_dtype

from .dataset import IterableDataset
from .interrupts import clearing_up
from .parcel import Job
from .pool import Pool
from .serial import Indices

if TYPE_CHECKING:
    from .loader import DataLoader


class ParallelIterator:
    """One epoch with workers.

    Batch n goes to worker n modulo their number, `prefetch_factor` batches ahead. A worker whose stream has
    ended is passed over.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.epoch = loader._epochs.begin()
        self.indices = Indices(loader, self.epoch)
        self.length = loader.__len__
        self.timeout = loader.timeout
        self.streamed = isinstance(loader.dataset, IterableDataset)
        self.number = 0 if self.streamed else self.epoch.skip
        self.persistent = loader.persistent_workers
        self.pool = pool_of(loader)
        if not self.persistent:
            weakref.finalize(self, clearing_up, self.pool.close)
        self.generation = self.pool.begin(self.epoch.base_seed)
        self.active = set(range(loader.num_workers))
        self.turns = cycle(range(loader.num_workers))
        self.order: deque[int] = deque()  # which worker each awaited batch comes from
        for _ in range(loader.num_workers * (loader.prefetch_factor or 1)):
            self._ask()
        for _ in range(self.epoch.skip if self.streamed else 0):
            self._next()

    def __iter__(self) -> ParallelIterator:
        return self

    def __len__(self) -> int:
        return self.length()

    def __next__(self) -> Any:
        try:
            batch = self._next()
        except StopIteration:
            self.epoch.ended = True
            raise
        except Exception:
            self.epoch.batches += 1
            raise
        self.epoch.batches += 1
        return batch

    def _ask(self) -> None:
        if not self.active:
            return
        try:
            indices = next(self.indices)
        except StopIteration:
            return
        id = next(id for id in self.turns if id in self.active)
        self.order.append(id)
        self.pool.ask(id, self.number, indices)
        self.number += 1

    def _next(self) -> Any:
        if self.pool.epoch != self.generation:
            raise RuntimeError("a newer iteration has taken over the workers (persistent_workers=True)")
        while self.order:
            if self.pool.closed:
                raise RuntimeError("the workers of this DataLoader have ended")
            id = self.order.popleft()
            if id not in self.active:
                continue
            try:
                there, batch = self.pool.answer(id, self.timeout)
            finally:
                if not self.pool.closed:
                    self._ask()
            if there:
                return batch
            self.active.discard(id)
        if not self.persistent:
            self.pool.close()
        raise StopIteration


def pool_of(loader: DataLoader[Any]) -> Pool:
    """Return workers for an epoch: new ones, or those of the last epoch if they live on."""
    pool = loader._pool
    if pool is not None and not pool.closed:
        return pool
    job = Job(
        loader.dataset,
        loader.batch_sampler is not None,
        loader.collate_fn,
        loader.drop_last,
        loader.worker_init_fn,
        loader.num_workers,
        get_default_dtype(),
    )
    pool = Pool(job, loader.multiprocessing_context)
    if loader.persistent_workers:
        loader._pool = pool
        weakref.finalize(loader, clearing_up, pool.close)
    return pool
