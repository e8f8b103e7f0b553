"""Rows of a table, looked up by their ids: how a network reads words."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Array, Part, Tensor, mark_changed, op

OFTEN = 8  # times that an id occurs from which its gradients are added up in one go


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
        rows, values, counts = add_up(flat, g2)
        if by_frequency:
            values /= counts[:, None].astype(g.dtype)
        return Part(weight_shape, rows, values)

    return for_weight, None


def add_up(ids: Any, g: Any) -> tuple[Any, Any, Any]:
    """Add up the rows of `g` that have the same id; return the ids, their sums, and how often each occurs.

    Sorted, equal ids stand together. `np.add.reduceat` adds up each group, but takes as long for a group as
    for ten rows. So ids that occur seldom are added in rounds: all first rows, all second rows, and so on.
    """
    order = ids.argsort(kind="stable")
    ids = ids[order]
    starts = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]])[: ids.size])
    counts = np.diff(starts, append=ids.size)
    often = counts > OFTEN
    sums = np.empty((len(starts), g.shape[1]), g.dtype)
    rare = np.flatnonzero(~often)
    sums[rare] = g[order[starts[rare]]]
    for i in range(1, OFTEN):
        rare = rare[counts[rare] > i]
        if not rare.size:
            break
        sums[rare] += g[order[starts[rare] + i]]
    if often.any():
        groups = counts[often]
        sums[often] = np.add.reduceat(g[order[np.repeat(often, counts)]], np.cumsum(groups) - groups, axis=0)
    return ids[starts], sums, counts


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
