"""ALiBi: no positions at all, but scores that fall with the distance."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy, get_default_dtype


def alibi_slopes(num_heads: int, *, dtype: Any = None) -> Tensor:
    """Return how fast the scores of each head fall with the distance, from fast to slow.

    For a power of two they are `2 ** (-8 / num_heads)` and its powers. For another number they are those of
    the power of two below, then every other one of those of the power of two above.

    Args:
        num_heads: the number of heads.
        dtype: left out, the default dtype.

    Returns:
        (num_heads).

    Raises:
        ValueError: `num_heads` isn't positive.

    Source: Press et al., "Train short, test long: attention with linear biases enables input length
    extrapolation", 2022 (arXiv:2108.12409).
    """
    if num_heads < 1:
        raise ValueError(f"alibi_slopes(): num_heads must be positive, but it is {num_heads}")
    below = 2 ** (num_heads.bit_length() - 1)
    slopes = _powers(below)
    if below != num_heads:
        slopes = np.concatenate([slopes, _powers(2 * below)[::2][: num_heads - below]])
    return from_numpy(slopes.astype(get_default_dtype() if dtype is None else dtype))


def _powers(num_heads: int) -> Any:
    return 2.0 ** (-8.0 / num_heads * np.arange(1, num_heads + 1))


def alibi_bias(
    num_heads: int,
    query_len: int,
    key_len: int | None = None,
    *,
    is_causal: bool = True,
    dtype: Any = None,
) -> Tensor:
    """Return the mask that ALiBi adds to the scores: minus the slope of the head times the distance.

    The queries are the last `query_len` of `key_len` positions, as in decoding with a cache.

    Args:
        num_heads: the number of heads.
        query_len: the number of queries, L.
        key_len: the number of keys, S; left out, as many as queries.
        is_causal: put -inf where a key is in the future, because `scaled_dot_product_attention` takes
            either a mask or `is_causal`.
        dtype: left out, the default dtype.

    Returns:
        (num_heads, L, S).

    Raises:
        ValueError: `num_heads` isn't positive, or there are more queries than keys.

    Examples:
        >>> language.alibi_bias(num_heads=1, query_len=3)
        tensor([[[ 0.0000,    -inf,    -inf],
                 [-0.0039,  0.0000,    -inf],
                 [-0.0078, -0.0039,  0.0000]]])

    Source: Press et al., 2022 (arXiv:2108.12409).
    """
    keys = query_len if key_len is None else key_len
    if not 0 <= query_len <= keys:
        raise ValueError(f"alibi_bias(): {query_len} queries can't be the last of {keys} positions")
    slopes = alibi_slopes(num_heads, dtype=np.float64).numpy()
    ahead = np.arange(keys) - np.arange(keys - query_len, keys)[:, None]  # positive for the future
    bias = -np.abs(ahead) * slopes[:, None, None]
    if is_causal:
        bias[:, ahead > 0] = -np.inf
    return from_numpy(bias.astype(get_default_dtype() if dtype is None else dtype))
