"""The loader: from a dataset to batches, in one process or with several workers beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from tinytorch.core import Generator

from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset, length_of
from .epochs import Epochs
from .options import check_options, check_workers, context_of
from .parallel import ParallelIterator
from .pool import Pool
from .sampler import BatchSampler, RandomSampler, SequentialSampler
from .serial import SerialIterator

T_co = TypeVar("T_co", covariant=True)

_FIXED = {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}


class DataLoader(Generic[T_co]):
    """Batches of a dataset: which samples, in which order, loaded by whom.

    The batches depend on the seed alone, random transforms included, not on `num_workers` and not on what
    training draws meanwhile. Each epoch draws a base seed from `generator` (or from one of the loader's own,
    which `manual_seed` seeds). Before batch n is loaded, the default generator of tensors, `random` and
    `numpy.random` are seeded with base seed + n; in this process they are put back afterwards. A stream draws
    on from base seed + number of the worker. A generator that the dataset keeps as an attribute is copied to
    each worker: draw from the global ones instead.

    Workers are processes, because threads that run Python wait for each other (measured in `parallel.py`).
    They hand their batches over in shared memory, which is used again only when you hold nothing in it.

    Args:
        dataset: samples with numbers (`__getitem__`, `__len__`), or an `IterableDataset`.
        batch_size: how many samples go together; None gives single samples.
        shuffle: take the samples in a new random order in each epoch.
        sampler: the order of the samples, instead of `shuffle`.
        batch_sampler: lists of indices, instead of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: how many processes load batches while this one computes; with 0 it loads them itself.
        collate_fn: makes a batch of a list of samples (`default_collate`).
        pin_memory: there is no such memory here; True warns, as PyTorch does without an accelerator.
        drop_last: leave out the last batch if it is smaller.
        timeout: how many seconds to wait for a batch from a worker; 0 waits without end.
        worker_init_fn: called in each worker with its number before it begins.
        multiprocessing_context: how processes are started: "fork", "spawn", "forkserver" or a context.
        generator: where the random numbers come from: order and base seed of each epoch.
        prefetch_factor: how many batches each worker loads ahead (2).
        persistent_workers: let the workers live on after an epoch.

    Raises:
        ValueError: an option is out of range, or contradicts another.
        TypeError: an option is of the wrong type.

    Examples:
        >>> dataset = vision.TensorDataset(tt.zeros(100, 8), tt.arange(100))
        >>> loader = vision.DataLoader(dataset, batch_size=32, shuffle=True)
        >>> [x.shape for x, y in loader]
        [(32, 8), (32, 8), (32, 8), (4, 8)]

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
    """

    def __init__(
        self,
        dataset: Dataset[T_co] | Sequence[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
    ) -> None:
        streamed = isinstance(dataset, IterableDataset)
        check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        check_options(streamed, batch_size, shuffle, sampler, batch_sampler, drop_last, pin_memory, generator)
        if batch_sampler is not None:
            batch_size = None
        if sampler is None and not streamed:
            if batch_sampler is None:
                length_of(dataset)
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)  # type: ignore[arg-type]
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler if sampler is not None else (), batch_size, drop_last)
        if collate_fn is None:
            collate_fn = default_convert if batch_sampler is None else default_collate

        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn = collate_fn
        self.pin_memory = pin_memory
        self.drop_last = drop_last
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = context_of(multiprocessing_context, num_workers)
        self.generator = generator
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self._epochs = Epochs(generator, sampler, batch_sampler)
        self._pool: Pool | None = None
        self._built = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _FIXED and hasattr(self, "_built"):
            raise ValueError(f"{name} attribute should not be set after DataLoader is initialized")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        return ParallelIterator(self) if self.num_workers else SerialIterator(self)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            samples = length_of(self.dataset)
            if self.batch_size is None:
                return samples
            return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)
        indices: Any = self.sampler if self.batch_sampler is None else self.batch_sampler
        return len(indices)

    def state_dict(self) -> dict[str, Any]:
        """Return where the loader stands, made of numbers and text alone so that JSON can hold it.

        It counts the batches that were handed out, not those that workers have loaded ahead. So called in
        the middle of an epoch it leads to the next batch of that epoch.
        """
        return self._epochs.state_dict()

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go to where a loader stood: the next iteration yields what remained of its epoch.

        The following epochs are the same, too. The dataset, the sampler and the batch size must be the
        same; the number of workers need not (except for an `IterableDataset`, whose order it determines).

        Raises:
            TypeError: the state isn't a dict.
            ValueError: it isn't one that `state_dict` made for such a loader.
        """
        self._epochs.load_state_dict(state_dict)
