"""Samples that lie in the rows of tensors, so that a whole batch is one index into each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy

from .memory import empty


class Rows(Sequence[tuple[Tensor, ...]]):
    """A list of samples that isn't taken apart unless somebody asks for a single one.

    It is what a dataset's `__getitems__` may return: sample `i` is `(t[indices[i]] for each tensor t)`.
    `default_collate` needs no samples and takes all rows at once, which is tens of times faster.

    Args:
        tensors: tensors or arrays with a row for each sample.
        indices: which rows, in which order; all if left out.

    Raises:
        IndexError: an index is out of range.
    """

    def __init__(self, tensors: Iterable[Any], indices: Iterable[int] | None = None) -> None:
        self.tensors = [t if isinstance(t, Tensor) else from_numpy(np.asarray(t)) for t in tensors]
        length = len(self.tensors[0])
        self.indices = np.arange(length) if indices is None else as_indices(indices)
        if len(self.indices):
            low, high = self.indices.min(), self.indices.max()
            if low < -length or high >= length:
                wrong = low if low < -length else high
                raise IndexError(f"index {wrong} is out of range for a dataset of {length} samples")

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Rows(self.tensors, self.indices[index])
        row = int(self.indices[index])
        return tuple(t[row] for t in self.tensors)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        return (self[i] for i in range(len(self.indices)))

    def batch(self) -> list[Tensor]:
        """Return the samples as one tensor each, in the loader's shared memory if there is one."""
        return [self._taken(t) for t in self.tensors]

    def _taken(self, tensor: Tensor) -> Tensor:
        if tensor.requires_grad:
            return tensor[from_numpy(self.indices)]
        array = tensor.array
        out = empty((len(self.indices), *array.shape[1:]), array.dtype)
        # The indices have been checked; in mode "raise" NumPy would fill a buffer first, and copy that.
        np.take(array, self.indices, axis=0, out=out, mode="wrap")
        return from_numpy(out)


def as_indices(indices: Iterable[int]) -> np.ndarray:
    """Return indices as an array of int64.

    Raises:
        TypeError: they aren't ints.
    """
    if isinstance(indices, Tensor):
        indices = indices.array
    array = np.asarray(indices if isinstance(indices, (np.ndarray, list, range)) else list(indices))
    if array.dtype.kind not in "iu":
        if array.size:
            raise TypeError(f"the indices of samples must be ints, not {array.dtype}")
        array = array.astype(np.int64)
    return array.astype(np.int64, copy=False)
