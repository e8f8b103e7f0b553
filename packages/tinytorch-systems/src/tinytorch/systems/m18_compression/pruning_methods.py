"""Which entries to prune: by magnitude, at random, whole channels, n of every m, or as given."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy, rand_like

from .masking import BasePruningMethod, channel_dim
from .scores import array_of, check_amount, how_many, norms, smallest


class Identity(BasePruningMethod):
    """Prunes nothing, but sets up a mask of ones."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return the mask that was there."""
        return default_mask


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is zero.

    Args:
        mask: of the parameter's shape, zeros and ones or bools.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        values = array_of(mask)
        if not ((values == 0) | (values == 1)).all():
            raise ValueError("a mask is made of zeros and ones, or of bools; this one has other values")
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return the product of both masks."""
        if self.mask.shape != default_mask.shape:
            raise ValueError(f"the mask's shape is {self.mask.shape}, the parameter's {default_mask.shape}")
        result: Tensor = default_mask * self.mask.to(default_mask.dtype)
        return result


class L1Unstructured(BasePruningMethod):
    """Prunes the entries with the smallest magnitudes.

    Args:
        amount: how many, or which share of those that are left.
    """

    def __init__(self, amount: float) -> None:
        check_amount(amount)
        self.amount = amount

    def scores(self, t: Tensor) -> Any:
        """Return how important each entry is: (n)."""
        return np.abs(array_of(t)).ravel()

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return the mask with the least important entries pruned."""
        mask = array_of(default_mask).copy()
        gone = smallest(self.scores(t), how_many(self.amount, t.numel()))
        mask[gone.reshape(mask.shape)] = 0
        return from_numpy(mask)


class RandomUnstructured(L1Unstructured):
    """Prunes entries at random: what every other method must be better than.

    Args:
        amount: how many, or which share of those that are left.
    """

    def scores(self, t: Tensor) -> Any:
        """Return a random number for each entry: (n)."""
        return array_of(rand_like(t)).ravel()


class LnStructured(BasePruningMethod):
    """Prunes the channels with the smallest norms.

    Args:
        amount: how many channels, or which share of those that are left.
        n: the norm: a number, inf, -inf or "fro".
        dim: the dimension that the channels are numbered by.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        check_amount(amount)
        self.amount, self.n, self.dim = amount, n, dim

    def scores(self, t: Tensor, dim: int) -> Any:
        """Return how important each channel is: (channels)."""
        return norms(array_of(t), self.n, dim)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return the mask with the least important channels pruned.

        Raises:
            ValueError: the parameter has fewer than two dimensions, so it has no channels.
            IndexError: it has no dimension `dim`.
        """
        dim = channel_dim(t, self.dim)
        count = how_many(self.amount, t.shape[dim], f"channels of dimension {dim}")
        mask = np.moveaxis(array_of(default_mask).copy(), dim, 0)
        mask[smallest(self.scores(t, dim), count)] = 0
        return from_numpy(np.moveaxis(mask, 0, dim).copy())


class RandomStructured(LnStructured):
    """Prunes channels at random.

    Args:
        amount: how many channels, or which share of those that are left.
        dim: the dimension that the channels are numbered by.
    """

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount, 2, dim)

    def scores(self, t: Tensor, dim: int) -> Any:
        """Return a random number for each channel: (channels)."""
        return array_of(rand_like(from_numpy(np.zeros(t.shape[dim], np.float32))))


class NMStructured(BasePruningMethod):
    """Keeps the `n` largest of every `m` neighbours: some processors calculate faster with 2:4.

    Args:
        n: how many of a group are kept.
        m: how many make a group.
        dim: along which they are neighbours; 1 is the inputs, of a Linear as of a convolution.
    """

    PRUNING_TYPE = "global"

    def __init__(self, n: int = 2, m: int = 4, dim: int = 1) -> None:
        if any(isinstance(x, bool) or not isinstance(x, int) for x in (n, m)):
            raise TypeError(f"n and m of n:m are ints, not {n!r} and {m!r}")
        if not 0 < n <= m:
            raise ValueError(f"{n}:{m} keeps {n} of every {m} weights; it must be at least 1 and at most {m}")
        self.n, self.m, self.dim = n, m, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return the mask with all but `n` of each group pruned.

        Raises:
            ValueError: the dimension can't be divided into groups of `m`.
        """
        dim = channel_dim(t, self.dim)
        if t.shape[dim] % self.m:
            raise ValueError(
                f"{t.shape[dim]} weights along dimension {dim} can't be divided into groups of {self.m}; "
                f"{self.n}:{self.m} fits layers with a multiple of {self.m} there"
            )
        mask = array_of(default_mask).copy()
        scores = np.where(mask > 0, np.abs(array_of(t)), -1)  # what is gone stays gone
        groups = np.moveaxis(scores, dim, -1)
        shape = groups.shape
        groups = groups.reshape(-1, self.m)
        order = np.argsort(-groups, axis=1, kind="stable")
        keep = np.zeros(groups.shape, bool)
        np.put_along_axis(keep, order[:, : self.n], True, axis=1)
        mask *= np.moveaxis(keep.reshape(shape), -1, dim)
        return from_numpy(mask)
