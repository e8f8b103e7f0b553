"""Rotary positions: turn queries and keys, so that their products tell how far apart they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Array, Module, Tensor, from_numpy, op

from .positions import angles


@op
def apply_rotary(input: Array, cos: Array, sin: Array, interleaved: bool = False) -> Array:
    """Turn pairs of features: (a, b) becomes (a * cos - b * sin, a * sin + b * cos).

    Args:
        input: (*, T, width). Its first `2 * pairs` features are turned, the others stay.
        cos: (T, pairs), or with more dimensions before, which broadcast; of the turn of each pair.
        sin: of the same shape.
        interleaved: pairs are features next to each other, (0, 1), (2, 3), ..., as in RoFormer and GPT-J.
            Otherwise they are those half the turned features apart, as in GPT-NeoX and Hugging Face's LLaMA.

    Returns:
        (*, T, width).

    Raises:
        RuntimeError: the shapes don't go together.

    Source: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021
    (arXiv:2104.09864).
    """
    return turned(input, cos, sin, interleaved)


@apply_rotary.backward
def apply_rotary_backward(g: Any, cos: Any, sin: Any, interleaved: Any) -> Any:
    return lambda: turned(g, cos, -sin, interleaved), None, None  # the same turn, backwards


def turned(x: Any, cos: Any, sin: Any, interleaved: bool) -> Any:
    """Turn the pairs of features of an array."""
    pairs = cos.shape[-1]
    if cos.shape != sin.shape or x.ndim < 2 or 2 * pairs > x.shape[-1] or not _fits(cos, x):
        raise RuntimeError(
            f"apply_rotary(): cos and sin must be (T, pairs) for an input (*, T, width) of at least "
            f"2 * pairs features, but cos {cos.shape}, sin {sin.shape}, input {x.shape}"
        )
    if interleaved:
        first, second = slice(0, 2 * pairs, 2), slice(1, 2 * pairs, 2)
    else:
        first, second = slice(0, pairs), slice(pairs, 2 * pairs)
    cos, sin = cos.astype(x.dtype, copy=False), sin.astype(x.dtype, copy=False)
    out = np.empty_like(x)  # in the same order in memory
    a, b, c, d = x[..., first], x[..., second], out[..., first], out[..., second]
    np.multiply(a, cos, out=c)
    c -= b * sin
    np.multiply(b, cos, out=d)
    d += a * sin
    out[..., 2 * pairs :] = x[..., 2 * pairs :]
    return out


def _fits(cos: Any, x: Any) -> bool:
    shape = (*x.shape[:-1], cos.shape[-1])
    try:
        return bool(np.broadcast_shapes(cos.shape, shape) == shape)
    except ValueError:
        return False


class RotaryEmbedding(Module):
    """Turn each pair of features of queries and keys by an angle that grows with the position.

    The product of a query and a key then depends on their contents and on how far apart they are, not on
    where they are. Values aren't turned. There is nothing to learn.

    Args:
        dim: how many features are turned, an even number: the width of a head, or less.
        base: how much slower the last pair turns than the first.
        interleaved: which features make a pair; see `apply_rotary`.

    Raises:
        ValueError: `dim` is odd or not positive.

    Examples:
        >>> rotary = language.RotaryEmbedding(16)
        >>> query = tt.randn(2, 4, 10, 16)  # (batch, heads, length, width)
        >>> turned = rotary(query)
        >>> tt.allclose(turned.norm(dim=-1), query.norm(dim=-1))  # only the direction changes
        True

    Source: Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021
    (arXiv:2104.09864).
    """

    def __init__(self, dim: int, base: float = 10000.0, *, interleaved: bool = False) -> None:
        super().__init__()
        if dim < 2 or dim % 2:
            raise ValueError(f"RotaryEmbedding: dim must be even and positive, but it is {dim}")
        self.dim = dim
        self.base = base
        self.interleaved = interleaved
        self._tables: dict[Any, tuple[Any, Any]] = {}  # by dtype; they grow with the sequences

    def forward(self, input: Tensor, offset: int = 0) -> Tensor:
        """Return the input (*, T, width), turned as positions `offset` to `offset + T - 1`.

        Raises:
            RuntimeError: the input has fewer than two dimensions, or fewer than `dim` features.
            ValueError: `offset` is negative.
        """
        if input.ndim < 2 or input.shape[-1] < self.dim:
            raise RuntimeError(
                f"RotaryEmbedding: expected an input (*, T, width) of at least {self.dim} features, "
                f"but its shape is {input.shape}"
            )
        if offset < 0:
            raise ValueError(f"RotaryEmbedding: offset must not be negative, but it is {offset}")
        cos, sin = self._turns(offset, offset + input.shape[-2], input.dtype)
        return apply_rotary(input, cos, sin, self.interleaved)

    def _turns(self, start: int, stop: int, dtype: Any) -> tuple[Tensor, Tensor]:
        """Return cosines and sines of the turns of some positions."""
        cos, sin = self._tables.get(dtype, (None, None))
        if cos is None or len(cos) < stop:
            turns = angles(max(2 * stop, 128), self.dim // 2, self.dim, self.base)
            cos, sin = np.cos(turns).astype(dtype), np.sin(turns).astype(dtype)
            self._tables[dtype] = cos, sin
        return from_numpy(cos[start:stop]), from_numpy(sin[start:stop])

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"{self.dim}, base={self.base}, interleaved={self.interleaved}"
