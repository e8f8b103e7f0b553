"""Storing an array without its zeros, in whichever form is smallest; dense, if that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy

FORMATS = ("dense", "bitmap", "csr")
Parts = dict[str, Any]  # arrays by name


class SparseTensor:
    """An array of which only what isn't zero is kept, with where it is. What comes back is equal.

    There are three forms, and `nbytes` is what their arrays really take:

    - "dense": all values. The smallest, and so the one that is chosen, if few are zero.
    - "bitmap": one bit for each value says whether it is zero, then come those that aren't.
      N / 8 + 4 * nonzeros bytes for float32: smaller than dense from 1/32 (3%) of zeros on.
    - "csr", compressed sparse rows: for each nonzero its column, in as few bytes as the width needs, and for
      each row where it begins. The smallest where nearly all are zero.

    Args:
        values: a tensor or array of any dtype and shape. Rows are along the first dimension. -0.0, which
            a mask makes of a negative weight, is a zero like any other, and comes back as 0.0.
        format: one of the three, whatever it takes; left out, the smallest.

    Attributes:
        format: the form.
        shape: the array's shape.
        dtype: the array's dtype.
        nonzeros: how many values aren't zero.

    Raises:
        ValueError: the format is unknown.

    Examples:
        >>> x = tt.zeros(100, 100)
        >>> x[3, 4] = 1
        >>> sparse = systems.SparseTensor(x)
        >>> sparse.nbytes < x.nbytes / 20
        True
    """

    def __init__(self, values: Any, format: str | None = None) -> None:
        array = values.detach().numpy() if isinstance(values, Tensor) else np.asarray(values)
        self.shape, self.dtype = array.shape, array.dtype
        present = array != 0
        self.nonzeros = int(np.count_nonzero(present))
        if format is None:
            sizes = {
                name: size(self.shape, self.dtype.itemsize, self.nonzeros) for name, size in SIZES.items()
            }
            format = min(sizes, key=lambda name: sizes[name])  # the first of equals: dense, if it is one
        if format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {format!r}")
        self.format = format
        self.parts: Parts = PACK[format](array, present)

    @property
    def nbytes(self) -> int:
        """The bytes that its arrays take in memory."""
        return sum(int(part.nbytes) for part in self.parts.values())

    @property
    def dense_nbytes(self) -> int:
        """The bytes that the array takes with its zeros."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize

    @property
    def is_smaller(self) -> bool:
        """Whether it takes less than the dense array."""
        return self.nbytes < self.dense_nbytes

    def to_dense(self) -> Tensor:
        """Return the array as a tensor, with its zeros, in memory of its own."""
        return from_numpy(UNPACK[self.format](self.parts, self.shape, self.dtype))

    @classmethod
    def from_parts(
        cls, format: str, shape: tuple[int, ...], dtype: Any, parts: Mapping[str, Any]
    ) -> SparseTensor:
        """Put one together from the arrays of another, as read from a file.

        Raises:
            ValueError: the arrays don't fit together.
        """
        if format not in FORMATS:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, not {format!r}")
        made = cls.__new__(cls)
        made.format, made.shape, made.dtype = format, tuple(shape), np.dtype(dtype)
        made.parts = {name: parts[name] for name in PARTS[format] if name in parts}
        check_parts(made)
        made.nonzeros = int(np.count_nonzero(made.parts["values"]))
        return made

    def __repr__(self) -> str:
        total = self.dense_nbytes
        share = f" of {total:,}" if self.format == "dense" else f" instead of {total:,}"
        return (
            f"SparseTensor(shape={self.shape}, dtype={self.dtype}, nonzeros={self.nonzeros:,}, "
            f"format={self.format!r}, nbytes={self.nbytes:,}{share})"
        )


def index_type(largest: int) -> Any:
    """Return the smallest dtype that holds numbers up to `largest`."""
    return np.min_scalar_type(max(0, largest))


def rows_and_width(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return the number of rows and the length of one, of an array seen as a matrix."""
    rows = shape[0] if shape else 1
    return rows, int(np.prod(shape[1:], dtype=np.int64))


def csr_size(shape: tuple[int, ...], itemsize: int, nonzeros: int) -> int:
    """Return the bytes that compressed rows take."""
    rows, width = rows_and_width(shape)
    pointer, column = index_type(nonzeros), index_type(width - 1)
    return int(nonzeros * (itemsize + column.itemsize) + (rows + 1) * pointer.itemsize)


SIZES: dict[str, Callable[[tuple[int, ...], int, int], int]] = {
    "dense": lambda shape, itemsize, nonzeros: int(np.prod(shape, dtype=np.int64)) * itemsize,
    "bitmap": lambda shape, itemsize, nonzeros: (
        -(-int(np.prod(shape, dtype=np.int64)) // 8) + nonzeros * itemsize
    ),
    "csr": csr_size,
}
PARTS = {"dense": ("values",), "bitmap": ("bits", "values"), "csr": ("crow_indices", "col_indices", "values")}


def to_csr(array: Any, present: Any) -> Parts:
    """Return rows compressed, with PyTorch's names of the three arrays."""
    rows, width = rows_and_width(array.shape)
    where = present.reshape(rows, width)
    counts = np.concatenate([[0], np.cumsum(where.sum(axis=1))])
    return {
        "crow_indices": counts.astype(index_type(int(counts[-1]))),
        "col_indices": np.nonzero(where)[1].astype(index_type(width - 1)),
        "values": array[present],
    }


PACK: dict[str, Callable[[Any, Any], Parts]] = {
    "dense": lambda array, present: {"values": np.array(array, order="C")},
    "bitmap": lambda array, present: {"bits": np.packbits(present.ravel()), "values": array[present]},
    "csr": to_csr,
}


def from_bitmap(parts: Parts, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return the array that a bitmap and values stand for."""
    out = np.zeros(shape, dtype)
    out[np.unpackbits(parts["bits"], count=out.size).astype(bool).reshape(shape)] = parts["values"]
    return out


def from_csr(parts: Parts, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return the array that compressed rows stand for."""
    rows, width = rows_and_width(shape)
    out = np.zeros((rows, width), dtype)
    counts = np.diff(parts["crow_indices"].astype(np.int64))
    out[np.repeat(np.arange(rows), counts), parts["col_indices"]] = parts["values"]
    return out.reshape(shape)


UNPACK: dict[str, Callable[[Parts, tuple[int, ...], Any], Any]] = {
    "dense": lambda parts, shape, dtype: parts["values"].copy(),
    "bitmap": from_bitmap,
    "csr": from_csr,
}


def check_parts(made: SparseTensor) -> None:
    """Raise an error unless the arrays fit together: a file may be damaged."""
    missing = [name for name in PARTS[made.format] if name not in made.parts]
    if missing:
        raise ValueError(f"a {made.format} array needs {', '.join(missing)}")
    values = made.parts["values"]
    size = int(np.prod(made.shape, dtype=np.int64))
    rows, width = rows_and_width(made.shape)
    if made.format == "dense":
        good = values.shape == made.shape
    elif made.format == "bitmap":
        bits = made.parts["bits"]
        good = bits.dtype == np.uint8 and bits.shape == (-(-size // 8),) and values.ndim == 1
        good = good and int(np.unpackbits(bits, count=size).sum()) == values.size
    else:
        crow, col = made.parts["crow_indices"].astype(np.int64), made.parts["col_indices"]
        good = crow.shape == (rows + 1,) and col.shape == values.shape == (int(crow[-1]),) and crow[0] == 0
        good = good and bool((np.diff(crow) >= 0).all()) and (not col.size or 0 <= int(col.max()) < width)
    if not good or values.dtype != made.dtype:
        raise ValueError(f"the arrays of a {made.format} array of shape {made.shape} don't fit together")
