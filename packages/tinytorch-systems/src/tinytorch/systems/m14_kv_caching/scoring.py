"""Scores of the next tokens of sequences that grow, as `GPT.generate` computes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy, no_grad, softmax
from tinytorch.language import GPT, keep_top_k, keep_top_p

from .cache import KVCache


class Scorer:
    """Scores next tokens with a cache, and without one for sequences that have outgrown the context.

    Args:
        model: the GPT.
        batch_size: how many sequences.
        length: how many tokens of each it is going to see at most.
        options: of the `KVCache`.
    """

    def __init__(self, model: GPT, batch_size: int, length: int, **options: Any) -> None:
        self.model = model
        self.cache = KVCache(model, batch_size, min(length, model.config.block_size), **options)

    def fits(self, length: int) -> bool:
        """Tell whether the model can see so many tokens at once."""
        return length <= self.model.config.block_size

    def __call__(self, ids: Any, last: int = 1) -> Any:
        """Return the scores after each of the last positions: an array (B, last, vocab_size).

        Args:
            ids: an array (B, T): what was seen before, and at least `last` new tokens.
            last: how many; more than one can only be asked for of sequences that fit.
        """
        if self.fits(ids.shape[1]):
            seen = min(self.cache.length, ids.shape[1] - last) if len(self.cache) else 0
            if seen < self.cache.length:
                self.cache.truncate(seen)
            x = self.model.hidden(from_numpy(ids[:, seen:]), cache=self.cache)
        else:
            x = self.model.hidden(from_numpy(ids[:, -self.model.config.block_size :]))
        scores: Tensor = self.model.lm_head(from_numpy(x.numpy()[:, -last:]))
        return scores.numpy()


@contextmanager
def evaluating(*models: GPT) -> Iterator[None]:
    """Switch recording and dropout off; afterwards all is as before."""
    training = [module for model in models for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        with no_grad():
            yield
    finally:
        for module in training:
            module.training = True


def probabilities(scores: Any, temperature: float, top_k: int | None, top_p: float | None) -> Any:
    """Return the probabilities with which `choose_token` draws, float64, for scores (*, vocab_size)."""
    if temperature == 0:
        return np.eye(scores.shape[-1])[scores.argmax(-1)]
    rows: Tensor = from_numpy(scores.reshape(-1, scores.shape[-1])) / temperature
    if top_k is not None:
        rows = keep_top_k(rows, top_k)
    if top_p is not None:
        rows = keep_top_p(rows, top_p)
    return softmax(rows.double(), -1).numpy().reshape(scores.shape)


def as_prompt(ids: Any, model: GPT) -> Any:
    """Return a prompt as an array of int64, (T).

    Raises:
        ValueError: it is empty, or has other dimensions.
        TypeError: it doesn't hold whole numbers.
        IndexError: an id is outside the vocabulary.
    """
    array = np.asarray(ids.detach().numpy() if isinstance(ids, Tensor) else ids)
    if array.ndim == 2 and len(array) == 1:
        array = array[0]
    if array.ndim != 1:
        raise ValueError(f"one prompt is expected, of shape (T), but its shape is {array.shape}")
    if not array.size:
        raise ValueError("a prompt needs at least one token to go on from; give it one that starts a text")
    if array.dtype.kind not in "iu":
        raise TypeError(f"a prompt is made of token ids, whole numbers, not of {array.dtype}")
    wrong = array[(array < 0) | (array >= model.config.vocab_size)]
    if wrong.size:
        raise IndexError(
            f"token {wrong[0]} is not in the vocabulary: ids go from 0 to {model.config.vocab_size - 1}"
        )
    return array.astype(np.int64)


def check_choice(temperature: float, top_k: int | None, top_p: float | None, max_new_tokens: int) -> None:
    """Raise a ValueError if one of the options is out of range."""
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens can't be negative, but it is {max_new_tokens}")
    if not temperature >= 0:
        raise ValueError(f"temperature can't be below 0, but it is {temperature}")
    probabilities(np.zeros((1, 2)), 1.0, top_k, top_p)
