"""Datasets: things that know how many samples they have, and can give the i-th."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

from tinytorch.core import Tensor

from .rows import Rows

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """The base of datasets whose samples have numbers: a subclass defines `__getitem__` and `__len__`.

    It may also define `__getitems__(indices)`, which returns the samples of a whole batch at once: a list
    of samples, or `Rows`.

    Examples:
        >>> class Squares(vision.Dataset):
        ...     def __len__(self):
        ...         return 4
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> next(iter(vision.DataLoader(Squares(), batch_size=4)))
        tensor([0, 1, 4, 9])

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__} has to define __getitem__(self, index)")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset[Any]:
        return ConcatDataset([self, other])

    # No __len__ here: list(dataset) and the like would call it and fail, although they can do without.


class IterableDataset(Dataset[T_co], ABC):
    """The base of datasets that come as a stream: a subclass defines `__iter__`.

    With `num_workers` above 0 each worker has a copy and streams all of it, so that every sample comes
    several times, unless `__iter__` asks `get_worker_info()` which part is its own.

    Examples:
        >>> class Countdown(vision.IterableDataset):
        ...     def __iter__(self):
        ...         return iter([3, 2, 1])
        >>> next(iter(vision.DataLoader(Countdown(), batch_size=3)))
        tensor([3, 2, 1])

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset
    """

    @abstractmethod
    def __iter__(self) -> Iterator[T_co]: ...

    def __add__(self, other: Dataset[Any]) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors with a row for each sample: sample `i` is the tuple of their i-th rows.

    Args:
        tensors: tensors with the same first length.

    Raises:
        AssertionError: their first lengths differ.
        TypeError: there is none, or something else than a tensor of at least one dimension.

    Examples:
        >>> dataset = vision.TensorDataset(tt.zeros(100, 8), tt.arange(100))
        >>> len(dataset), dataset[7][1]
        (100, tensor(7))

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
    """

    def __init__(self, *tensors: Tensor) -> None:
        if not tensors:
            raise TypeError("TensorDataset needs at least one tensor")
        for i, tensor in enumerate(tensors):
            if not isinstance(tensor, Tensor):
                kind = type(tensor).__name__
                raise TypeError(f"TensorDataset: argument {i} is a {kind}; make it a tensor with tensor(...)")
            if tensor.ndim == 0:
                raise TypeError(f"TensorDataset: argument {i} is a 0-d tensor, which has no rows")
        lengths = [len(tensor) for tensor in tensors]
        if len(set(lengths)) > 1:
            raise AssertionError(f"Size mismatch between tensors: their first lengths are {lengths}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __getitems__(self, indices: Sequence[int]) -> Sequence[tuple[Tensor, ...]]:
        return Rows(self.tensors, indices)

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(Dataset[T_co]):
    """The samples of a dataset that stand at the given indices, in their order.

    Args:
        dataset: the whole dataset.
        indices: which samples of it.

    Raises:
        NotImplementedError: a subclass defines `__getitem__` but not `__getitems__`, which batches use.

    Examples:
        >>> vision.Subset(range(100), [3, 1, 4])[2]
        4

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Subset
    """

    def __init__(self, dataset: Dataset[T_co] | Sequence[T_co], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices
        mine = type(self)
        if mine.__getitem__ is not Subset.__getitem__ and mine.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(
                f"{mine.__name__} overrides __getitem__ but not __getitems__, which DataLoader calls for a "
                "batch; add: def __getitems__(self, indices): return [self[i] for i in indices]"
            )

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, list):
            whole: Any = self.dataset
            return whole[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: Sequence[int]) -> Sequence[T_co]:
        mine = [self.indices[i] for i in indices]
        many = getattr(self.dataset, "__getitems__", None)
        return many(mine) if callable(many) else [self.dataset[i] for i in mine]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[T_co]):
    """Several datasets, one after the other.

    Args:
        datasets: the datasets; none may be an `IterableDataset`.

    Attributes:
        cumulative_sizes: where each dataset ends.

    Raises:
        AssertionError: there is no dataset, or an `IterableDataset` among them.

    Examples:
        >>> len(vision.ConcatDataset([range(3), range(4)]))
        7

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
    """

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset; use ChainDataset")
        self.cumulative_sizes = list(accumulate(map(length_of, self.datasets)))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: int) -> T_co:
        length = len(self)
        if idx < -length:
            raise ValueError(
                f"absolute value of index should not exceed dataset length: {idx}, with {length} samples"
            )
        if idx >= length:
            raise IndexError(f"index {idx} is out of range for a dataset of {length} samples")
        idx = idx % length
        which = bisect_right(self.cumulative_sizes, idx)
        return self.datasets[which][idx - (self.cumulative_sizes[which - 1] if which else 0)]


class ChainDataset(IterableDataset[T_co]):
    """Several streams, one after the other.

    Args:
        datasets: `IterableDataset`s.

    Raises:
        AssertionError: when it is iterated over or measured, and something else is among them.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.ChainDataset
    """

    def __init__(self, datasets: Iterable[Dataset[T_co]]) -> None:
        self.datasets = datasets

    def _streams(self) -> Iterator[IterableDataset[T_co]]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError(
                    f"ChainDataset only supports IterableDataset, not {type(dataset).__name__}"
                )
            yield dataset

    def __iter__(self) -> Iterator[T_co]:
        for stream in self._streams():
            yield from stream

    def __len__(self) -> int:
        return sum(length_of(stream) for stream in self._streams())


def length_of(dataset: Any) -> int:
    """Return the number of samples of a dataset.

    Raises:
        TypeError: it doesn't say.
    """
    if not hasattr(dataset, "__len__"):
        raise TypeError(f"{type(dataset).__name__} has no len(): define __len__(self)")
    return len(dataset)
