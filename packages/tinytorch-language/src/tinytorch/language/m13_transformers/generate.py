"""Writing: feed a model what it has said so far, and choose the next token, again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from tinytorch.core import Generator, Tensor, cat, from_numpy, no_grad, stack

from .logits import choose_token, discourage_repetition
from .self_attention import LayerCache

if TYPE_CHECKING:
    from .gpt import GPT

Choice = tuple[float, int | None, float | None, float]  # temperature, top_k, top_p, repetition penalty


def complete(
    model: GPT,
    ids: Any,
    max_new_tokens: int,
    choice: Choice,
    stop_tokens: Sequence[int],
    generator: Generator | None,
    cache: Sequence[LayerCache] | None,
) -> Tensor:
    """Do the work of `GPT.generate`."""
    prompt = as_ids(ids)
    new = list(stream(model, prompt, max_new_tokens, choice, stop_tokens, generator, cache))
    return cat([prompt, stack(new, -1)], -1) if new else prompt


def stream(
    model: GPT,
    ids: Any,
    max_new_tokens: int,
    choice: Choice,
    stop_tokens: Sequence[int],
    generator: Generator | None,
    cache: Sequence[LayerCache] | None,
) -> Iterator[Tensor]:
    """Do the work of `GPT.stream`: check everything now, compute when asked for the next token."""
    prompt = as_ids(ids)
    if max_new_tokens < 0:
        raise ValueError(f"max_new_tokens can't be negative, but it is {max_new_tokens}")
    if prompt.shape[-1] == 0:
        raise ValueError("a prompt needs at least one token to go on from; give it one that starts a text")
    temperature, top_k, top_p, penalty = choice
    zeros = from_numpy(np.zeros((1, model.config.vocab_size), np.float32))
    choose_token(zeros, temperature, top_k, top_p, Generator())  # raises what is out of range
    discourage_repetition(zeros, from_numpy(np.zeros((1, 1), np.int64)), penalty)
    single = prompt.ndim == 1
    steps = _steps(
        model, prompt[None] if single else prompt, max_new_tokens, choice, stop_tokens, generator, cache
    )
    return (token[0] for token in steps) if single else steps


def _steps(
    model: GPT,
    ids: Tensor,
    max_new_tokens: int,
    choice: Choice,
    stop_tokens: Sequence[int],
    generator: Generator | None,
    cache: Sequence[LayerCache] | None,
) -> Iterator[Tensor]:
    temperature, top_k, top_p, penalty = choice
    ended = np.zeros(len(ids), bool)
    for _ in range(max_new_tokens):
        logits = _next_logits(model, ids, cache)  # (B, vocab_size)
        if penalty != 1:
            logits = discourage_repetition(logits, ids, penalty)
        token = choose_token(logits, temperature, top_k, top_p, generator)  # (B)
        if ended.any():
            token = from_numpy(np.where(ended, ids[:, -1].numpy(), token.numpy()))
        ids = cat([ids, token[:, None]], 1)  # (B, T + 1)
        yield token
        if len(stop_tokens):
            ended |= np.isin(token.numpy(), stop_tokens)
            if ended.all():
                return


def _next_logits(model: GPT, ids: Tensor, cache: Sequence[LayerCache] | None) -> Tensor:
    """Score the token after the last one: (B, vocab_size) for ids (B, T)."""
    window = model.config.block_size
    seen = cache[0].length if cache else 0
    if cache and ids.shape[1] > window:
        cache, seen = None, 0  # all positions move by one: nothing that is remembered holds any more
    training = model.training
    model.eval()
    try:
        with no_grad():
            x = model.hidden(ids[:, -window:][:, seen:], cache=cache)  # (B, T or the new ones, n_embd)
            scores: Tensor = model.lm_head(x[:, -1])  # (B, vocab_size)
            return scores
    finally:
        model.train(training)


def as_ids(ids: Any) -> Tensor:
    """Return a prompt as a tensor of int64, (T) or (B, T).

    Raises:
        ValueError: it has other dimensions.
        TypeError: it doesn't hold whole numbers.
    """
    if not isinstance(ids, Tensor):
        array = np.asarray(ids)
        ids = from_numpy(array.astype(np.int64) if array.size == 0 else np.array(array))
    if ids.ndim not in (1, 2):
        raise ValueError(f"a prompt is of shape (T), several are (B, T); this one has {ids.shape}")
    if ids.dtype.kind not in "iu":
        raise TypeError(f"a prompt is made of token ids, whole numbers, not of {ids.dtype}")
    result: Tensor = ids.long()
    return result
