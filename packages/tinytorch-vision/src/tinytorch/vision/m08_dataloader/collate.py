"""Making one batch of many samples."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np
from tinytorch.core import Tensor, float64, from_numpy, result_type, stack, tensor

from .memory import empty
from .rows import Rows

_SCALARS = (np.bool_, np.number)


class SizeMismatch(RuntimeError):
    """Samples of a batch that differ in shape; says which, so that a loader can name them."""

    def __init__(self, entry: int, shape: tuple[int, ...], first: tuple[int, ...]) -> None:
        self.entry, self.shape, self.first = entry, shape, first
        super().__init__(self.told())

    def told(self, names: str = "") -> str:
        """Return the message; `names` says which samples of the dataset they are."""
        return (
            f"stack expects each tensor to be equal size, but got {list(self.first)} at entry 0 and "
            f"{list(self.shape)} at entry {self.entry}{names}. Make the samples equal in __getitem__ "
            "(transforms.Resize, CenterCrop, Pad), or give DataLoader a collate_fn that pads them"
        )


def default_collate(batch: Any) -> Any:
    """Make a batch of a list of samples: a tensor with one more dimension in front.

    Tensors, arrays, NumPy's scalars and numbers become tensors (float: float64, int: int64). Text stays a
    list. Dicts, lists, tuples and namedtuples are kept, and their parts collated one by one; a plain tuple
    becomes a list, as in PyTorch.

    Args:
        batch: the samples.

    Raises:
        RuntimeError: they differ in shape or in length.
        TypeError: they are of another type.

    Examples:
        >>> vision.default_collate([{"x": 1, "name": "a"}, {"x": 2, "name": "b"}])
        {'x': tensor([1, 2]), 'name': ['a', 'b']}

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
    """
    if isinstance(batch, Rows):
        return batch.batch()
    first = batch[0]
    if isinstance(first, Tensor):
        return _collate_tensors(batch)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise TypeError(_unknown(f"arrays of {first.dtype}"))
        return _collate_arrays([np.asarray(array) for array in batch])
    if isinstance(first, _SCALARS):
        return from_numpy(np.asarray(batch))
    if isinstance(first, (float, int)):
        if not all(isinstance(number, (float, int, *_SCALARS)) for number in batch):
            raise TypeError(_unlike(batch))
        return tensor(batch, dtype=float64 if isinstance(first, float) else None)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like_mapping(first, lambda key: default_collate([sample[key] for sample in batch]))
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(part) for part in zip(*batch)))
    if isinstance(first, Sequence):
        lengths = [len(sample) for sample in batch]
        if len(set(lengths)) > 1:
            entry = next(i for i, length in enumerate(lengths) if length != lengths[0])
            raise RuntimeError(
                f"each element in list of batch should be of equal size, but entry 0 has {lengths[0]} parts "
                f"and entry {entry} has {lengths[entry]}"
            )
        parts = [default_collate(part) for part in zip(*batch)]
        return parts if isinstance(first, tuple) else _like_sequence(first, parts)
    raise TypeError(_unknown(str(type(first))))


def default_convert(data: Any) -> Any:
    """Make tensors of the arrays in one sample; the rest stays (what a loader does if batch_size is None).

    Args:
        data: the sample: a tensor, an array, or dicts, lists and tuples of such.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_convert
    """
    if isinstance(data, Rows):
        data = list(data)
    if isinstance(data, (np.ndarray, *_SCALARS)):
        return data if data.dtype.kind in "SUO" else from_numpy(np.asarray(data))
    if isinstance(data, Mapping):
        return _like_mapping(data, lambda key: default_convert(data[key]))
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(part) for part in data))
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        parts = [default_convert(part) for part in data]
        return parts if isinstance(data, tuple) else _like_sequence(data, parts)
    return data


def _collate_tensors(batch: Sequence[Tensor]) -> Tensor:
    if any(not isinstance(t, Tensor) for t in batch):
        raise TypeError(_unlike(batch))
    arrays = [t.array for t in batch]
    if any(t.requires_grad for t in batch):
        _check_shapes(arrays)
        return stack(list(batch))
    return _collate_arrays(arrays)


def _collate_arrays(arrays: list[Any]) -> Tensor:
    _check_shapes(arrays)
    dtype = arrays[0].dtype
    if any(array.dtype != dtype for array in arrays):
        for array in arrays:
            dtype = result_type(from_numpy(np.empty(1, dtype)), from_numpy(np.empty(1, array.dtype)))
    out = empty((len(arrays), *arrays[0].shape), dtype)
    np.stack(arrays, out=out)
    return from_numpy(out)


def _check_shapes(arrays: list[Any]) -> None:
    shape = arrays[0].shape
    for i, array in enumerate(arrays):
        if array.shape != shape:
            raise SizeMismatch(i, array.shape, shape)


def _like_mapping(model: Mapping[Any, Any], part: Callable[[Any], Any]) -> Any:
    """Return a mapping of the same type with new values (a dict if the type doesn't allow it)."""
    parts = {key: part(key) for key in model}
    try:
        if isinstance(model, MutableMapping):
            clone = copy.copy(model)  # it may have more to it than its items, as a defaultdict has
            clone.update(parts)
            return clone
        return type(model)(parts)  # type: ignore[call-arg]
    except TypeError:
        return parts


def _like_sequence(model: Sequence[Any], parts: list[Any]) -> Any:
    """Return a sequence of the same type with new elements (a list if the type doesn't allow it)."""
    try:
        if isinstance(model, MutableSequence):
            clone = copy.copy(model)
            for i, part in enumerate(parts):
                clone[i] = part
            return clone
        return type(model)(parts)  # type: ignore[call-arg]
    except TypeError:
        return parts


def _unlike(batch: Sequence[Any]) -> str:
    kinds = sorted({type(sample).__name__ for sample in batch})
    return f"default_collate: the samples of a batch must be alike, got {kinds}"


def _unknown(found: str) -> str:
    return (
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {found}. "
        "Convert the samples in __getitem__ (transforms.ToTensor makes tensors of images), or give "
        "DataLoader a collate_fn"
    )
