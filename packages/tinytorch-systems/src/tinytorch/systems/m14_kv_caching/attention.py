"""Attention of a few new positions to all that a cache holds, on arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def attend(query: Any, key: Any, value: Any, hidden: Any = None) -> Any:
    """Return what each new position gathers from those that it sees.

    Args:
        query: (B, T, H, D), of the new positions.
        key: (B, K, S, D); each of its K heads is shared by H / K of queries.
        value: (B, K, S, D).
        hidden: bools that broadcast to (B, 1, 1, T, S), True where a new position doesn't see another.

    Returns:
        (B, T, H * D).
    """
    B, T, H, D = query.shape
    K, S = key.shape[1:3]
    q = query * (1 / math.sqrt(D))
    # One row for each query: those of the heads that share keys stand together.
    q = q.reshape(B, K, H // K, D) if T == 1 else by_group(q, K)  # (B, K, G * T, D)
    scores = np.matmul(q, key.swapaxes(-1, -2))  # (B, K, G * T, S)
    if hidden is not None:
        np.copyto(scores.reshape(B, K, H // K, T, S), -np.inf, where=hidden)
    scores -= np.maximum.reduce(scores, -1, keepdims=True)
    np.exp(scores, scores)
    out = np.matmul(scores, value)  # (B, K, G * T, D)
    out /= np.add.reduce(scores, -1, keepdims=True)
    if T > 1:
        out = out.reshape(B, K, H // K, T, D).transpose(0, 3, 1, 2, 4)
    return out.reshape(B, T, H * D)


def by_group(q: Any, groups: int) -> Any:
    """Return queries (B, T, H, D) as (B, groups, H / groups * T, D)."""
    B, T, H, D = q.shape
    return q.reshape(B, T, groups, H // groups, D).transpose(0, 2, 3, 1, 4).reshape(B, groups, -1, D)


def unseen(new: int, seen: int, window: int | None) -> Any:
    """Return for the last `new` of `seen` positions which ones each doesn't see: (new, seen), or None."""
    if new == 1 and (window is None or seen <= window):
        return None
    own = np.arange(seen - new, seen)[:, None]
    others = np.arange(seen)
    hidden = others > own
    return hidden if window is None else hidden | (others <= own - window)
