"""Speculative decoding: a small model guesses ahead, a large one checks all guesses in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from tinytorch.core import Generator, Tensor, default_generator, from_numpy
from tinytorch.language import GPT

from .scoring import Scorer, as_prompt, check_choice, evaluating, probabilities


class Speculation(NamedTuple):
    """What was written, and how well the guesses were."""

    ids: Tensor  # the prompt and what follows it, (T + n)
    proposed: int  # guesses of the draft
    accepted: int  # those that the model agreed to
    passes: int  # forward passes of the model; without a draft there is one for each token


def speculative_generate(
    model: GPT,
    draft: GPT,
    ids: Any,
    max_new_tokens: int,
    *,
    lookahead: int = 4,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    stop_tokens: Sequence[int] = (),
    generator: Generator | None = None,
) -> Speculation:
    """Continue a prompt as `model` alone would, with fewer passes of it.

    The draft guesses `lookahead` tokens one by one; the model scores all of them in one pass, which costs
    little more than scoring one. A guess x that the draft draws with probability q(x), and the model would
    with p(x), is accepted with probability min(1, p(x) / q(x)); the first that isn't is drawn anew from what
    p has more than q, and the rest is dropped. Such tokens have exactly the model's distribution, whatever
    the draft is. At temperature 0, they are the model's own.

    Args:
        model: the GPT whose text is wanted.
        draft: a faster one with the same vocabulary.
        ids: the prompt, (T).
        max_new_tokens: how many tokens to add at most.
        lookahead: how many to guess at a time.
        temperature: as of `GPT.generate`.
        top_k: as of `GPT.generate`.
        top_p: as of `GPT.generate`.
        stop_tokens: writing ends with the first of them.
        generator: where the random numbers come from.

    Returns:
        `ids`, and the numbers of guesses `proposed` and `accepted` and of the model's `passes`.

    Raises:
        ValueError: an option is out of range, the prompt is empty, or the vocabularies differ in size.
        IndexError: an id is outside the vocabulary.

    Source: Leviathan, Kalman, Matias, "Fast inference from Transformers via speculative decoding", 2023
    (arXiv:2211.17192); Chen et al., 2023 (arXiv:2302.01318)
    """
    sizes = model.config.vocab_size, draft.config.vocab_size
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"speculative_generate: model and draft must have the same vocabulary, but theirs have "
            f"{sizes[0]} and {sizes[1]} tokens"
        )
    if lookahead < 1:
        raise ValueError(f"lookahead must be at least 1, but it is {lookahead}")
    prompt = as_prompt(ids, model)
    check_choice(temperature, top_k, top_p, max_new_tokens)
    choice = temperature, top_k, top_p
    rng = (default_generator if generator is None else generator).rng
    T = len(prompt)
    row = np.empty((1, T + max_new_tokens), np.int64)
    row[0, :T] = prompt
    n, end = T, T + max_new_tokens
    proposed = accepted = passes = 0
    with evaluating(model, draft):
        target, guesser = Scorer(model, 1, end), Scorer(draft, 1, end)
        while n < end:
            # The last token of a pass is the model's own, so there is one guess fewer than tokens wanted.
            guesses = min(lookahead, end - n - 1)
            if not target.fits(n + guesses):
                guesses = max(0, model.config.block_size - n)
            q = []
            for i in range(n, n + guesses):
                q.append(probabilities(guesser(row[:, :i])[0, -1], *choice))
                row[0, i] = _drawn(q[-1], rng)
            p = probabilities(target(row[:, : n + guesses], guesses + 1)[0], *choice)  # (guesses + 1, V)
            passes += 1
            proposed += guesses
            kept = 0
            while kept < guesses:
                x = row[0, n + kept]
                if rng.random() * q[kept][x] >= p[kept, x]:
                    break
                kept += 1
            accepted += kept
            left = p[kept] if kept == guesses else np.maximum(p[kept] - q[kept], 0)
            row[0, n + kept] = _drawn(left if left.sum() > 0 else p[kept], rng)
            stops = np.flatnonzero(np.isin(row[0, n : n + kept + 1], list(stop_tokens)))
            if stops.size:
                n += int(stops[0]) + 1
                break
            n += kept + 1
    return Speculation(from_numpy(row[0, :n].copy()), proposed, accepted, passes)


def _drawn(weights: Any, rng: np.random.Generator) -> int:
    """Draw a token with a probability proportional to its weight."""
    heights = weights.cumsum()
    if not 0 < heights[-1] < np.inf:
        raise RuntimeError("there is nothing to draw a token from: the model's scores are nan or infinite")
    below = np.nextafter(heights[-1], 0)  # a product may be rounded up to the height itself
    return int(np.searchsorted(heights, min(rng.random() * heights[-1], below), side="right"))
