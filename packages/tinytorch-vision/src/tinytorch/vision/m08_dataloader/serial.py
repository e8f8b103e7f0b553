"""Loading in the process itself, one batch when it is asked for; and what all iterators share."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any

from .dataset import IterableDataset
from .epochs import Epoch
from .fetch import Fetcher, draws_nothing, make_fetcher
from .randomness import Drawing

if TYPE_CHECKING:
    from .loader import DataLoader


class Indices:
    """The lists of indices of one epoch; for a stream, how many samples go together.

    A sampler of your own may draw from the global generators at any time: it gets numbers of its own, so
    that they don't depend on how far workers run ahead.
    """

    def __init__(self, loader: DataLoader[Any], epoch: Epoch) -> None:
        self.drawing = Drawing(~epoch.base_seed, keep=True)
        self.left_to_skip = 0
        if isinstance(loader.dataset, IterableDataset):
            self.quiet = True
            self.source: Iterator[Any] = repeat(loader.batch_size)
            return
        sampler: Any = loader.sampler if loader.batch_sampler is None else loader.batch_sampler
        names = {type(thing).__module__ for thing in (sampler, getattr(sampler, "sampler", sampler))}
        with self.drawing:
            self.source = iter(sampler)
            # Ours draw when iteration begins, so the numbers are exchanged only then.
            self.quiet = names == {__package__ + ".sampler"}
            for _ in range(epoch.skip):
                next(self.source, None)

    def __iter__(self) -> Indices:
        return self

    def __next__(self) -> Any:
        if self.quiet:
            return next(self.source)
        with self.drawing:
            return next(self.source)


class SerialIterator:
    """One epoch without workers."""

    def __init__(self, loader: DataLoader[Any]) -> None:
        self.epoch = loader._epochs.begin()
        self.indices = Indices(loader, self.epoch)
        self.length = loader.__len__
        self.number = self.epoch.skip
        self.streamed = isinstance(loader.dataset, IterableDataset)
        self.quiet = draws_nothing(loader.dataset, loader.collate_fn)
        self.drawing = Drawing(self.epoch.base_seed, keep=self.streamed)
        self.fetcher: Fetcher | None = None
        self.what = loader.dataset, loader.batch_sampler is not None, loader.collate_fn, loader.drop_last

    def __iter__(self) -> SerialIterator:
        return self

    def __len__(self) -> int:
        return self.length()

    def __next__(self) -> Any:
        epoch = self.epoch
        try:
            indices = next(self.indices)
            if self.quiet:
                batch = self._fetch(indices)
            else:
                # The seed of a batch is its number's; a stream draws on from the seed of "worker 0".
                self.drawing.seed = epoch.base_seed + (0 if self.streamed else self.number)
                with self.drawing:
                    batch = self._fetch(indices)
        except StopIteration:
            epoch.ended = True
            raise
        self.number += 1
        epoch.batches += 1
        return batch

    def _fetch(self, indices: Any) -> Any:
        if self.fetcher is None:
            self.fetcher = make_fetcher(*self.what)
            if self.streamed:
                for _ in range(self.epoch.skip):
                    self.fetcher.fetch(indices)
        try:
            return self.fetcher.fetch(indices)
        except StopIteration:
            if self.streamed:
                raise
            raise RuntimeError(f"StopIteration while {self.fetcher.doing}") from None
        except Exception as error:
            self.number += 1
            self.epoch.batches += 1
            error.add_note(f"(DataLoader: while {self.fetcher.doing})")
            raise
