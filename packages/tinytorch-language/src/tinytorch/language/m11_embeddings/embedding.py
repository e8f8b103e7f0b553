"""Rows of a table, looked up by their ids: how a network reads words."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from tinytorch.core import Array, Module, Parameter, Part, Tensor, empty, init, mark_changed, op

FEW = 512  # rows of a table up to which a product with one-hot rows adds up gradients faster than sorting


@op
def look_up(weight: Array, ids: Array, padding_idx: int | None, by_frequency: bool) -> Array:
    """Return the rows of `weight` (rows, width) that `ids` (*) name, as (*, width).

    The gradient of `padding_idx` is left out. With `by_frequency`, the gradient of a row is divided by the
    number of times that it was used.
    """
    return weight.take(ids, axis=0)


@look_up.backward
def look_up_backward(g: Any, weight_shape: Any, ids: Any, padding_idx: Any, by_frequency: Any) -> Any:
    def for_weight() -> Any:
        flat, g2 = ids.reshape(-1), g.reshape(ids.size, weight_shape[1])
        if padding_idx is not None:
            kept = flat != padding_idx
            flat, g2 = flat[kept], g2[kept]
        rows, values, counts = add_up(flat, g2, weight_shape[0])
        if by_frequency:
            values /= counts[:, None]
        return Part(weight_shape, rows, values)

    return for_weight, None


def add_up(ids: Any, g: Any, size: int) -> tuple[Any, Any, Any]:
    """Add up the rows of `g` that have the same id; return the ids, their sums and their numbers of rows."""
    if size <= FEW:
        counts = np.bincount(ids, minlength=size)
        rows = counts.nonzero()[0]
        one_hot = np.equal(rows[:, None], ids).astype(g.dtype)
        return rows, one_hot @ g, counts[rows].astype(g.dtype)
    order = ids.argsort(kind="stable")
    ordered = ids[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))[: ids.size]
    values = np.add.reduceat(g[order], starts, axis=0) if ids.size else g[order]
    counts = np.diff(starts, append=ids.size).astype(g.dtype)
    return ordered[starts], values, counts


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
) -> Tensor:
    """Look up rows of a table: `weight[input]`.

    Args:
        input: ids of any shape (*), int64 or int32.
        weight: the table, (num_embeddings, embedding_dim).
        padding_idx: a row that gets no gradient; negative counts from the end.
        max_norm: rows that are used and longer than this are first shortened to it, in place.
        norm_type: which norm `max_norm` means.
        scale_grad_by_freq: divide the gradient of a row by the number of times that it is used.

    Returns:
        (*, embedding_dim).

    Raises:
        IndexError: an id is negative, or not below num_embeddings.
        RuntimeError: `input` doesn't hold int64 or int32, or `weight` isn't a matrix.
        AssertionError: `padding_idx` isn't a row of the table.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    ids = _checked(input, weight)
    row = row_of_padding(padding_idx, weight.shape[0])
    if max_norm is not None:
        _shorten(weight, ids, float(max_norm), float(norm_type))
    return look_up(weight, input, row, scale_grad_by_freq)


def row_of_padding(padding_idx: int | None, size: int) -> int | None:
    """Return the row that `padding_idx` means, counted from the start.

    Raises:
        TypeError: it isn't an int.
        AssertionError: the table has no such row.
    """
    if padding_idx is None:
        return None
    if not isinstance(padding_idx, (int, np.integer)):
        raise TypeError(f"embedding(): 'padding_idx' must be int, not {type(padding_idx).__name__}")
    if not -size <= padding_idx < size:
        raise AssertionError(
            f"padding_idx must be within num_embeddings: it is {padding_idx}, and there are {size} rows"
        )
    return int(padding_idx) % size


def _checked(input: Any, weight: Any) -> Any:
    """Return the ids as an array, after checking that each is a row of the table."""
    for name, x in (("input", input), ("weight", weight)):
        if not isinstance(x, Tensor):
            raise TypeError(f"embedding(): argument '{name}' must be a Tensor, not {type(x).__name__}")
    if weight.ndim != 2:
        raise RuntimeError(f"embedding(): 'weight' must be 2-D, but its shape is {weight.shape}")
    ids = input.numpy()
    if ids.dtype.kind != "i" or ids.dtype.itemsize < 4:
        raise RuntimeError(f"embedding(): the ids must be int64 or int32, but they are {ids.dtype}")
    if ids.size:
        # As unsigned numbers, negative ids are larger than any size: one comparison finds both mistakes.
        unsigned = ids.view(f"u{ids.dtype.itemsize}")
        if unsigned.max() >= weight.shape[0]:
            wrong = ids[unsigned >= weight.shape[0]].flat[0]
            raise IndexError(
                f"index out of range in self: id {wrong}, but the table has num_embeddings={weight.shape[0]} "
                f"rows, so ids go from 0 to {weight.shape[0] - 1}"
            )
    return ids


def _shorten(weight: Tensor, ids: Any, max_norm: float, norm_type: float) -> None:
    """Shorten the rows that are used to `max_norm`, in place."""
    table = weight.detach().numpy()
    rows = np.unique(ids)
    norms = np.linalg.norm(table[rows].astype(np.float64), ord=norm_type, axis=1)
    long = norms > max_norm
    table[rows[long]] *= (max_norm / (norms[long] + 1e-7)).astype(table.dtype)[:, None]
    mark_changed(table)


class Embedding(Module):
    """A table with a row of numbers to learn for each id.

    Weights start normal, with mean 0 and standard deviation 1; the row of `padding_idx` starts at zero.

    Args:
        num_embeddings: the number of rows, so ids go from 0 to `num_embeddings - 1`.
        embedding_dim: the numbers in a row.
        padding_idx: a row that doesn't learn, for ids that fill up short sequences; negative counts from
            the end.
        max_norm: shorten rows that are used and longer than this, in place, before they are used.
        norm_type: which norm `max_norm` means.
        scale_grad_by_freq: divide the gradient of a row by the number of times that it is used.
        dtype: of the table; left out, the default dtype.

    Raises:
        AssertionError: `padding_idx` isn't a row of the table.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        *,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = row_of_padding(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        if _weight is None:
            self.weight = Parameter(empty(num_embeddings, embedding_dim, dtype=dtype), not _freeze)
            self.reset_parameters()
        else:
            if _weight.shape != (num_embeddings, embedding_dim):
                raise AssertionError(
                    f"Shape of weight does not match num_embeddings and embedding_dim: "
                    f"{_weight.shape} instead of {(num_embeddings, embedding_dim)}"
                )
            self.weight = Parameter(_weight, not _freeze)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            table = self.weight.detach().numpy()
            table[self.padding_idx] = 0
            mark_changed(table)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
    ) -> Self:
        """Make an Embedding of a table that exists, sharing its memory.

        Args:
            embeddings: the table, (num_embeddings, embedding_dim).
            freeze: don't let it learn.
            padding_idx: as of the class.
            max_norm: as of the class.
            norm_type: as of the class.
            scale_grad_by_freq: as of the class.

        Raises:
            AssertionError: `embeddings` isn't a matrix.
        """
        if embeddings.ndim != 2:
            raise AssertionError(
                f"Embeddings parameter is expected to be 2-dimensional, but its shape is {embeddings.shape}"
            )
        rows, width = embeddings.shape
        options = (padding_idx, max_norm, norm_type, scale_grad_by_freq)
        return cls(rows, width, *options, _weight=embeddings, _freeze=freeze)

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, embedding_dim) for ids of shape (*)."""
        return embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
        )

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += ", scale_grad_by_freq=True"
        return text
