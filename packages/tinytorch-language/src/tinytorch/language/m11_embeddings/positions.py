"""Positions added to the vectors of a sequence: learned ones, and sines and cosines."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Buffer, Module, Parameter, Tensor, empty, from_numpy, get_default_dtype, init


def sinusoidal_positions(
    length: int, embed_dim: int, *, base: float = 10000.0, offset: int = 0, dtype: Any = None
) -> Tensor:
    """Return a row for each position: sines and cosines of it, in turn, from fast to slow.

    Features 2i and 2i + 1 of position t are the sine and the cosine of `t / base ** (2i / embed_dim)`.

    Args:
        length: the number of positions.
        embed_dim: the numbers in a row.
        base: how much slower the last pair turns than the first.
        offset: the first position.
        dtype: left out, the default dtype.

    Returns:
        (length, embed_dim).

    Raises:
        ValueError: a negative length or offset, or a width below 1.

    Examples:
        >>> rows = language.sinusoidal_positions(4, 8)
        >>> rows.shape, rows[0]
        ((4, 8), tensor([0., 1., 0., 1., 0., 1., 0., 1.]))

    Source: Vaswani et al., "Attention is all you need", 2017, section 3.5.
    """
    if length < 0 or offset < 0 or embed_dim < 1:
        raise ValueError(
            f"sinusoidal_positions(): length and offset must not be negative, nor embed_dim below 1, but "
            f"length={length}, offset={offset}, embed_dim={embed_dim}"
        )
    turned = angles(length, (embed_dim + 1) // 2, embed_dim, base, offset)
    table = np.empty((length, embed_dim))
    table[:, 0::2] = np.sin(turned)
    table[:, 1::2] = np.cos(turned[:, : embed_dim // 2])
    return from_numpy(table.astype(get_default_dtype() if dtype is None else dtype))


def angles(length: int, pairs: int, width: int, base: float, offset: int = 0) -> Any:
    """Return how far each pair of features has turned at each position, in float64: (length, pairs)."""
    speeds = base ** (-2.0 * np.arange(pairs) / width)
    return np.arange(offset, offset + length)[:, None] * speeds


def check_positions(what: str, x: Tensor, width: int, offset: int, most: int | None) -> None:
    """Raise an error if a sequence (*, T, width) at `offset` has other features, or too many positions."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{what}: the input must be a Tensor, not {type(x).__name__}")
    if x.ndim < 2 or x.shape[-1] != width:
        raise RuntimeError(f"{what}: expected an input of shape (*, T, {width}), but got {x.shape}")
    if offset < 0:
        raise ValueError(f"{what}: offset must not be negative, but it is {offset}")
    if most is not None and offset + x.shape[-2] > most:
        raise IndexError(
            f"{what}: positions {offset} to {offset + x.shape[-2] - 1} are asked for, "
            f"but there are max_len={most}"
        )


class PositionalEmbedding(Module):
    """Add to each position a row of numbers to learn.

    They start normal, with standard deviation 0.02, as in GPT-2.

    Args:
        max_len: the number of positions.
        embed_dim: the features of a position.
        dtype: of the table; left out, the default dtype.

    Examples:
        >>> language.PositionalEmbedding(max_len=128, embed_dim=64)(tt.zeros(2, 10, 64)).shape
        (2, 10, 64)

    Source: Radford et al., "Improving language understanding by generative pre-training", 2018.
    """

    weight: Parameter

    def __init__(self, max_len: int, embed_dim: int, *, dtype: Any = None) -> None:
        super().__init__()
        self.max_len = max_len
        self.embed_dim = embed_dim
        self.weight = Parameter(empty(max_len, embed_dim, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight, std=0.02)

    def forward(self, input: Tensor, offset: int = 0) -> Tensor:
        """Return the input (*, T, embed_dim) plus the rows of positions `offset` to `offset + T - 1`.

        Raises:
            IndexError: there are no rows for so many positions.
        """
        check_positions("PositionalEmbedding", input, self.embed_dim, offset, self.max_len)
        return input + self.weight[offset : offset + input.shape[-2]]

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"{self.max_len}, {self.embed_dim}"


class SinusoidalPositionalEncoding(Module):
    """Add to each position sines and cosines of it, which need not be learned.

    Args:
        embed_dim: the features of a position.
        max_len: the number of positions that are computed in advance.
        base: how much slower the last pair of features turns than the first.
        dtype: of the table; left out, the default dtype.

    Examples:
        >>> language.SinusoidalPositionalEncoding(embed_dim=64)(tt.zeros(2, 10, 64)).shape
        (2, 10, 64)

    Source: Vaswani et al., "Attention is all you need", 2017, section 3.5.
    """

    table: Tensor

    def __init__(
        self, embed_dim: int, max_len: int = 5000, *, base: float = 10000.0, dtype: Any = None
    ) -> None:
        super().__init__()
        self.embed_dim = embed_dim
        self.max_len = max_len
        self.base = base
        # Not persistent: it can be computed, so a state_dict needn't carry it.
        table = sinusoidal_positions(max_len, embed_dim, base=base, dtype=dtype)
        self.table = Buffer(table, persistent=False)

    def forward(self, input: Tensor, offset: int = 0) -> Tensor:
        """Return the input (*, T, embed_dim) plus the rows of positions `offset` to `offset + T - 1`.

        Raises:
            IndexError: there are no rows for so many positions.
        """
        check_positions("SinusoidalPositionalEncoding", input, self.embed_dim, offset, self.max_len)
        return input + self.table[offset : offset + input.shape[-2]]

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"{self.embed_dim}, max_len={self.max_len}, base={self.base}"
