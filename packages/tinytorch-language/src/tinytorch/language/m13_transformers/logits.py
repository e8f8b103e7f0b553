"""From the scores of all tokens to a choice of one: how logits are bent before one is drawn.

Each function takes logits of shape (B, vocab_size) and returns others; -inf stands for "never".
"""

from __future__ import annotations

from tinytorch.core import Generator, Tensor, gather, multinomial, scatter, softmax, sort, topk, where


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """Rule out all but the k likeliest tokens; those as likely as the last of them stay, too.

    Raises:
        ValueError: `k` is less than 1.

    Examples:
        >>> language.keep_top_k(tt.tensor([[1.0, 3.0, 2.0]]), 2)
        tensor([[-inf, 3., 2.]])

    Source: Fan, Lewis, Dauphin, "Hierarchical neural story generation", arXiv:1805.04833
    """
    if k < 1:
        raise ValueError(f"top_k must be at least 1, but it is {k}")
    least = topk(logits, min(k, logits.shape[-1]), -1).values[..., -1:]  # (B, 1)
    return logits.masked_fill(logits < least, float("-inf"))


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Rule out all but the fewest tokens whose probabilities add up to at least `p`; one always stays.

    Raises:
        ValueError: `p` isn't between 0 and 1.

    Examples:
        >>> language.keep_top_p(tt.tensor([[0.5, 0.3, 0.2]]).log(), 0.6).isfinite()
        tensor([[ True,  True, False]])

    Source: Holtzman et al., "The curious case of neural text degeneration", arXiv:1904.09751
    """
    if not 0 <= p <= 1:
        raise ValueError(f"top_p must be between 0 and 1, but it is {p}")
    ordered, order = sort(logits, -1, descending=True)  # both (B, vocab_size)
    probabilities = softmax(ordered, -1)
    before = probabilities.cumsum(-1) - probabilities  # what the likelier ones add up to
    out = before >= p
    out[..., 0] = False
    return logits.masked_fill(scatter(out, -1, order, out), float("-inf"))


def discourage_repetition(logits: Tensor, ids: Tensor, penalty: float) -> Tensor:
    """Make tokens that have occurred less likely: divide logits above 0 by `penalty`, multiply others.

    Args:
        logits: (B, vocab_size).
        ids: (B, T), the tokens so far.
        penalty: 1 changes nothing, more discourages, less encourages.

    Raises:
        ValueError: `penalty` isn't positive.

    Source: Keskar et al., "CTRL", arXiv:1909.05858
    """
    if not penalty > 0:
        raise ValueError(f"repetition_penalty must be above 0, but it is {penalty}")
    seen = gather(logits, -1, ids)  # (B, T)
    return scatter(logits, -1, ids, where(seen > 0, seen / penalty, seen * penalty))


def choose_token(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: Generator | None = None,
) -> Tensor:
    """Choose a token: divide by the temperature, rule out with `top_k`, then `top_p`, and draw.

    Args:
        logits: (B, vocab_size).
        temperature: 0 takes the likeliest.
        top_k: see `keep_top_k`; None keeps all.
        top_p: see `keep_top_p`; None keeps all.
        generator: where the random numbers come from.

    Returns:
        (B), int64.

    Raises:
        ValueError: an option is out of range.

    Examples:
        >>> language.choose_token(tt.tensor([[1.0, 3.0, 2.0]]), temperature=0)
        tensor([1])
    """
    if not temperature >= 0:
        raise ValueError(f"temperature can't be below 0, but it is {temperature}")
    if temperature == 0:
        return logits.argmax(-1)
    if temperature != 1:
        logits = logits / temperature
    if top_k is not None:
        logits = keep_top_k(logits, top_k)
    if top_p is not None:
        logits = keep_top_p(logits, top_p)
    return multinomial(softmax(logits, -1), 1, generator=generator)[:, 0]
