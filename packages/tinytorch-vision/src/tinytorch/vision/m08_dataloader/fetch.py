"""Getting the samples of one batch and making a batch of them: the same with and without workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .collate import SizeMismatch, default_collate
from .dataset import IterableDataset, Subset, TensorDataset
from .rows import Rows

Collate = Callable[[Any], Any]


class Fetcher:
    """Loads batches of a dataset whose samples have numbers.

    Attributes:
        doing: what it is doing, for an error message.
    """

    def __init__(self, dataset: Any, batched: bool, collate_fn: Collate) -> None:
        self.dataset = dataset
        self.batched = batched
        self.collate_fn = collate_fn
        self.doing = ""
        many = getattr(dataset, "__getitems__", None)
        self.many = many if callable(many) else None

    def fetch(self, indices: Any) -> Any:
        """Return the batch of these indices (or the sample of this index, if there are no batches)."""
        if not self.batched:
            self.doing = f"loading sample {indices}"
            return self.collate_fn(self.dataset[indices])
        if self.many is not None:
            self.doing = f"loading samples {shown(indices)}"
            samples = self.many(indices)
        else:
            samples = []
            for index in indices:
                self.doing = f"loading sample {index}"
                samples.append(self.dataset[index])
        self.doing = f"collating samples {shown(indices)}"
        return collated(samples, self.collate_fn, indices)


class StreamFetcher(Fetcher):
    """Loads batches of an `IterableDataset`; what it is given instead of indices is how many samples."""

    def __init__(self, dataset: Any, batched: bool, collate_fn: Collate, drop_last: bool) -> None:
        super().__init__(dataset, batched, collate_fn)
        self.doing = "calling iter(dataset)"
        self.stream: Iterator[Any] = iter(dataset)
        self.drop_last = drop_last
        self.count = 0

    def fetch(self, indices: Any) -> Any:
        """Return the next batch.

        Raises:
            StopIteration: the stream has ended.
        """
        samples: list[Any] = []
        for sample in self._next(indices if self.batched else 1):
            samples.append(sample)
        if not samples or (self.drop_last and len(samples) < indices):
            raise StopIteration
        self.doing = f"collating {len(samples)} samples"
        return collated(samples, self.collate_fn) if self.batched else self.collate_fn(samples[0])

    def _next(self, count: int) -> Iterator[Any]:
        for _ in range(count):
            self.doing = f"loading sample {self.count} of the stream"
            try:
                sample = next(self.stream)
            except StopIteration:
                return
            self.count += 1
            yield sample


def make_fetcher(dataset: Any, batched: bool, collate_fn: Collate, drop_last: bool) -> Fetcher:
    """Return the fetcher that fits the dataset."""
    if isinstance(dataset, IterableDataset):
        return StreamFetcher(dataset, batched, collate_fn, drop_last)
    return Fetcher(dataset, batched, collate_fn)


def collated(samples: Any, collate_fn: Collate, indices: Any = None) -> Any:
    """Make a batch; name the samples if their shapes differ."""
    if collate_fn is not default_collate:
        return collate_fn(list(samples) if isinstance(samples, Rows) else samples)
    try:
        return default_collate(samples)
    except SizeMismatch as error:
        if indices is None:
            raise
        name = f" (samples {indices[0]} and {indices[error.entry]} of the dataset)"
        raise RuntimeError(error.told(name)) from None


def draws_nothing(dataset: Any, collate_fn: Collate) -> bool:
    """Tell whether loading is known to draw no random numbers, so that nothing need be seeded."""
    while type(dataset) is Subset:
        dataset = dataset.dataset
    return type(dataset) is TensorDataset and collate_fn is default_collate


def shown(indices: Any) -> str:
    """Return a list of indices as text, shortened."""
    indices = list(indices)
    return str(indices) if len(indices) <= 8 else f"[{', '.join(map(str, indices[:8]))}, ...]"
