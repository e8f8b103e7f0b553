"""Attention with the whole matrix of scores in memory: the fast way for short sequences."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinytorch.core import Array, op


@op
def attend(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    dropout: Array | None,
    is_causal: bool,
    scale: float,
) -> Array:
    """Return `softmax(scale * query @ key.T + mask) * dropout @ value`.

    Shapes: query (*, L, E), key (*, S, E), value (*, S, Ev), mask and dropout (*, L, S); result (*, L, Ev).
    """
    q = query * query.dtype.type(scale)
    weights = q @ key.swapaxes(-1, -2)  # (*, L, S)
    allowed = None
    if mask is not None:
        if mask.dtype.kind == "b":
            allowed = mask
        else:
            weights = weights + mask
    if is_causal:
        allowed = np.tri(*weights.shape[-2:], dtype=bool)
    if allowed is not None:
        weights = np.where(allowed, weights, weights.dtype.type(-np.inf))
    largest = np.max(weights, axis=-1, keepdims=True, initial=-np.inf)
    weights -= np.where(largest == -np.inf, 0, largest)
    np.exp(weights, weights)
    totals = weights.sum(axis=-1, keepdims=True)
    weights /= np.where(totals == 0, 1, totals)  # a row that may look nowhere gives zeros
    dropped = weights if dropout is None else weights * dropout
    return dropped @ value, {"weights": weights, "dropped": dropped}


@attend.backward
def attend_backward(
    g: Any, query: Any, key: Any, value: Any, dropout: Any, scale: Any, weights: Any, dropped: Any
) -> Any:
    scores: list[Any] = []

    def for_scores() -> Any:
        if not scores:
            d = g @ value.swapaxes(-1, -2)
            if dropout is not None:
                d *= dropout
            d *= weights
            d -= weights * d.sum(axis=-1, keepdims=True)
            scores.append(d)
        return scores[0]

    def for_query() -> Any:
        d = for_scores() @ key
        d *= scale
        return d

    def for_key() -> Any:
        d = for_scores().swapaxes(-1, -2) @ query
        d *= scale
        return d

    return (
        for_query,
        for_key,
        lambda: dropped.swapaxes(-1, -2) @ g,
        lambda: for_scores().copy(),
        None,
    )
