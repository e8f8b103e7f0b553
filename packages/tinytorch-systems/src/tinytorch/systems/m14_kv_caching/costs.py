"""What the next token costs, as a function of how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from tinytorch.core import from_numpy
from tinytorch.language import GPT

from .cache import KVCache
from .decode import decode, is_lean, is_plain
from .layer import LayerMemory
from .scoring import evaluating


class StepCost(NamedTuple):
    """What a model took for the token at one position."""

    length: int  # the tokens that it sees, the new one included
    cached: float  # seconds with a cache ...
    attention: float  # ... those of them in which it attends to what is remembered
    uncached: float  # seconds without one
    cache_bytes: int  # what is remembered

    @property
    def model_part(self) -> float:
        """The seconds that don't depend on the length: products with weights, norms, activations."""
        return self.cached - self.attention


def step_costs(model: GPT, lengths: Sequence[int], *, rounds: int = 7) -> list[StepCost]:
    """Measure what the next token costs at several lengths, with a cache and without one.

    Each figure is the median over rounds, in which all lengths take their turns. The contents of the cache
    don't matter to the time that they take.

    Args:
        model: a GPT of tinytorch-language, each part of it as it was made.
        lengths: how many tokens are seen, the new one included; each from 1 to the model's `block_size`.
        rounds: how often to measure each.

    Returns:
        The costs in the order of the lengths.

    Raises:
        ValueError: a length is out of range, `rounds` is less than 1, or parts of the model were replaced.
    """
    block = model.config.block_size
    if any(not 1 <= length <= block for length in lengths):
        raise ValueError(f"step_costs: lengths must be from 1 to the model's block_size, {block}: {lengths}")
    if rounds < 1:
        raise ValueError(f"step_costs: rounds must be at least 1, but it is {rounds}")
    cache = KVCache(model)
    timed: list[Any] = [_Timed(layer) for layer in cache]
    ids = np.zeros((1, block), np.int64)
    figures: list[list[tuple[float, float, float]]] = [[] for _ in lengths]
    with evaluating(model):
        if not (is_lean(model) and is_plain(model)):
            raise ValueError("step_costs: attention can only be told apart in a model as it was made")
        for i in range(rounds + 1):
            for n, length in enumerate(lengths):
                cached, attention = _cached(model, timed, ids, length)
                began = perf_counter()
                x = model.hidden(from_numpy(ids[:, :length]))
                model.lm_head(x[:, -1])
                if i:  # the first round warms up
                    figures[n].append((cached, attention, perf_counter() - began))
    costs = []
    for length, rows in zip(lengths, figures, strict=True):
        cached, attention, uncached = np.median(rows, 0).tolist()
        costs.append(StepCost(length, cached, attention, uncached, cache.nbytes * length // block))
    return costs


def _cached(model: GPT, layers: list[Any], ids: Any, length: int) -> tuple[float, float]:
    """Return the seconds that a token takes with a cache, and those of its attention."""
    for layer in layers:
        layer.memory.length, layer.seconds = length - 1, 0.0
    began = perf_counter()
    x = decode(model, ids[:, :1], length - 1, layers)
    model.lm_head(from_numpy(x.numpy()[:, -1]))
    return perf_counter() - began, sum(layer.seconds for layer in layers)


class _Timed:
    """A layer's memory that counts the seconds of its attention."""

    def __init__(self, memory: LayerMemory) -> None:
        self.memory = memory
        self.seconds = 0.0

    def attend(self, query: Any, key: Any, value: Any) -> Any:
        """Do what the memory does."""
        began = perf_counter()
        result = self.memory.attend(query, key, value)
        self.seconds += perf_counter() - began
        return result
