"""Writing: feed a model what it has said so far, and choose the next token, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from tinytorch.core import Generator, Tensor, from_numpy, no_grad

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
    use_cache: bool,
) -> Tensor:
    """Do the work of `GPT.generate`."""
    prompt = as_ids(ids)
    options = choice, stop_tokens, generator, cache, use_cache
    steps = stream(model, prompt, max_new_tokens, *options, mode=nullcontext)
    with evaluating(model):  # once for all steps
        new = [token.numpy() for token in steps]
    return from_numpy(np.concatenate([prompt.numpy(), *(token[..., None] for token in new)], -1))


def stream(
    model: GPT,
    ids: Any,
    max_new_tokens: int,
    choice: Choice,
    stop_tokens: Sequence[int],
    generator: Generator | None,
    cache: Sequence[LayerCache] | None,
    use_cache: bool,
    mode: Callable[[GPT], AbstractContextManager[Any]] | None = None,
) -> Iterator[Tensor]:
    """Do the work of `GPT.stream`: check everything now, compute when asked for the next token.

    Each step is done in `mode`; between the steps, the model is as the caller left it.
    """
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
    batch = prompt[None] if single else prompt
    longest = batch.shape[1] + max(0, max_new_tokens - 1)  # nobody looks at the last one
    if use_cache and cache is None:
        cache = _new_cache(model, len(batch), min(longest, model.config.block_size))
    resume = getattr(cache, "resume", None)
    if resume is not None:
        resume(model, batch, longest)
    steps = _steps(
        model, batch.numpy(), max_new_tokens, choice, stop_tokens, generator, cache, mode or evaluating
    )
    return (token[0] for token in steps) if single else steps


def _new_cache(model: GPT, batch_size: int, length: int) -> Sequence[LayerCache]:
    try:
        systems: Any = import_module("tinytorch.systems")
    except ImportError as error:
        raise ImportError(
            "use_cache=True needs the package tinytorch-systems: install it (pip install tinytorch-systems), "
            "or pass a cache of your own as `cache`"
        ) from error
    cache: Sequence[LayerCache] = systems.KVCache(model, batch_size, length)
    return cache


def _steps(
    model: GPT,
    prompt: Any,
    max_new_tokens: int,
    choice: Choice,
    stop_tokens: Sequence[int],
    generator: Generator | None,
    cache: Sequence[LayerCache] | None,
    mode: Callable[[GPT], AbstractContextManager[Any]],
) -> Iterator[Tensor]:
    temperature, top_k, top_p, penalty = choice
    B, T = prompt.shape
    ids = np.empty((B, T + max_new_tokens), np.int64)
    ids[:, :T] = prompt
    ended = np.zeros(B, bool)
    for n in range(T, T + max_new_tokens):
        with mode(model), no_grad():
            logits = _next_logits(model, ids[:, :n], cache)  # (B, vocab_size)
        if penalty != 1:
            logits = discourage_repetition(logits, from_numpy(ids[:, :n]), penalty)
        token = choose_token(logits, temperature, top_k, top_p, generator)  # (B)
        if ended.any():
            token = from_numpy(np.where(ended, ids[:, n - 1], token.numpy()))
        ids[:, n] = token.numpy()
        yield token
        if len(stop_tokens):
            ended |= np.isin(ids[:, n], stop_tokens)
            if ended.all():
                return


def _next_logits(model: GPT, ids: Any, cache: Sequence[LayerCache] | None) -> Tensor:
    """Score the token after the last one: (B, vocab_size) for an array of ids (B, T)."""
    if not endless(model, cache):
        window = model.config.block_size
        if ids.shape[1] > window:
            cache = None  # all positions move by one: nothing that is remembered holds any more
        ids = ids[:, -window:]
    seen = cache[0].length if cache else 0
    x = model.hidden(from_numpy(ids[:, seen:]), cache=cache)  # (B, T or the new ones, n_embd)
    scores: Tensor = model.lm_head(from_numpy(x.numpy()[:, -1]))  # (B, vocab_size)
    return scores


def endless(model: GPT, cache: Sequence[LayerCache] | None) -> bool:
    """Tell whether sequences may outgrow the context: the cache forgets, and no table of positions ends."""
    return bool(cache and model.config.rotary and getattr(cache[0], "window", None) is not None)


@contextmanager
def evaluating(model: GPT) -> Iterator[None]:
    """Switch dropout off, then everything back to what it was."""
    training = [module for module in model.modules() if module.training]
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


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
