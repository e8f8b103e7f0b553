"""Beam search: follow several continuations at once, and keep the likeliest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from tinytorch.core import Tensor, from_numpy, log_softmax
from tinytorch.language import GPT

from .scoring import Scorer, as_prompt, check_choice, evaluating


class BeamResult(NamedTuple):
    """What a beam search has found, the best first."""

    sequences: list[Tensor]  # prompt and continuation, each (T + n)
    scores: list[float]  # the sum of the logarithms of the probabilities, over the length to a power


def beam_search(
    model: GPT,
    ids: Any,
    max_new_tokens: int,
    *,
    num_beams: int = 4,
    length_penalty: float = 1.0,
    stop_tokens: Sequence[int] = (),
    num_return_sequences: int = 1,
) -> BeamResult:
    """Look for the likeliest continuation of a prompt, following the `num_beams` best at each length.

    Taking the likeliest token each time (which is what one beam does) can miss a continuation that begins
    with a less likely one. All beams are one batch with one cache, whose rows are reordered as beams branch
    and end.

    Args:
        model: the GPT.
        ids: the prompt, (T).
        max_new_tokens: how many tokens to add at most.
        num_beams: how many continuations to follow.
        length_penalty: the sum of log-probabilities is divided by the number of new tokens to this power: 0
            compares the sums, which prefers short sequences; 1 compares means.
        stop_tokens: a continuation is complete with the first of them.
        num_return_sequences: how many of the best to return.

    Returns:
        `sequences` and their `scores`.

    Raises:
        ValueError: a number is out of range, or the prompt is empty.
        IndexError: an id is outside the vocabulary.

    Examples:
        >>> config = language.GPTConfig(block_size=32, vocab_size=50, n_layer=2, n_head=2, n_embd=16)
        >>> model = language.GPT(config).eval()
        >>> found = systems.beam_search(model, tt.tensor([1, 2]), 5, num_beams=3)

    Source: Freitag and Al-Onaizan, "Beam search strategies for neural machine translation", 2017
    (arXiv:1702.01806); the names are those of Hugging Face's `generate`
    """
    prompt = as_prompt(ids, model)
    check_choice(1.0, None, None, max_new_tokens)
    if num_beams < 1:
        raise ValueError(f"num_beams must be at least 1, but it is {num_beams}")
    if not 1 <= num_return_sequences <= num_beams:
        raise ValueError(
            f"num_return_sequences must be from 1 to num_beams ({num_beams}), not {num_return_sequences}"
        )
    if not max_new_tokens:
        return BeamResult([from_numpy(prompt)], [0.0])
    T = len(prompt)
    finished: list[tuple[float, Any]] = []
    beams = prompt[None]  # (beams, T + n)
    sums = np.zeros(1)  # of the logarithms of their tokens' probabilities
    stops = np.asarray(list(stop_tokens), np.int64)
    with evaluating(model):
        scorer = Scorer(model, 1, T + max_new_tokens - 1)
        for n in range(1, max_new_tokens + 1):
            scores = log_softmax(from_numpy(scorer(beams)[:, 0]).double(), -1).numpy()  # (beams, V)
            totals = (sums[:, None] + scores).reshape(-1)
            # As many as could end, and as many again that go on.
            best = np.argsort(-totals, kind="stable")[: num_beams * (1 + len(stops))]
            parents, tokens = np.divmod(best, scores.shape[1])
            ends = np.isin(tokens, stops)
            for i in np.flatnonzero(ends[:num_beams]):
                whole = np.append(beams[parents[i]], tokens[i])
                finished.append((float(totals[best[i]]) / n**length_penalty, whole))
            on = np.flatnonzero(~ends & np.isfinite(totals[best]))[:num_beams]
            finished = sorted(finished, key=lambda one: -one[0])[:num_beams]
            if not on.size:
                beams = beams[:0]
                break
            beams = np.concatenate([beams[parents[on]], tokens[on, None]], 1)
            sums = totals[best[on]]
            hope = max(float(sums[0]) / length**length_penalty for length in (n, max_new_tokens))
            if len(finished) == num_beams and hope <= finished[-1][0]:
                beams = beams[:0]  # none of those that go on can do better any more
                break
            moved = not np.array_equal(parents[on], np.arange(scorer.cache.batch_size))
            if moved and n < max_new_tokens and scorer.fits(T + n):
                scorer.cache.reorder(parents[on])
    finished += [
        (float(total) / max_new_tokens**length_penalty, beam)
        for total, beam in zip(sums, beams, strict=False)
    ]
    finished = sorted(finished, key=lambda one: -one[0])[:num_return_sequences]
    return BeamResult([from_numpy(beam) for _, beam in finished], [score for score, _ in finished])
