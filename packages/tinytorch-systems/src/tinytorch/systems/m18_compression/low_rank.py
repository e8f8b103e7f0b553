"""A matrix as the product of two thin ones: Linear layers with fewer weights, and a bound of the error."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
from tinytorch.core import Linear, Module, Tensor, from_numpy, no_grad

from .masking import pruned_by
from .models import prunable
from .scores import array_of


class LowRankLinear(Module):
    """A Linear layer whose matrix is a product: `second(first(x))`, with `first` to `rank` features.

    Args:
        in_features: the size of the last dimension of the input, (*, in_features).
        out_features: the size of the last dimension of the output, (*, out_features).
        rank: how many features there are in between.
        bias: whether there is one.
        dtype: of the parameters; left out, the default dtype.

    Attributes:
        error: how far the matrix is from the one that it stands for, as a share of that one's Frobenius
            norm; no matrix of this rank is nearer (Eckart and Young). NaN if it stands for none.
        spectral_error: the largest singular value that was left out: for every input x the output differs
            by at most this times the length of x. NaN if it stands for none.

    Raises:
        ValueError: the rank isn't positive.
    """

    def __init__(
        self, in_features: int, out_features: int, rank: int, bias: bool = True, *, dtype: Any = None
    ) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"rank must be at least 1, but it is {rank}")
        self.in_features, self.out_features, self.rank = in_features, out_features, rank
        self.error = self.spectral_error = math.nan
        self.first = Linear(in_features, rank, bias=False, dtype=dtype)
        self.second = Linear(rank, out_features, bias=bias, dtype=dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, out_features) for (*, in_features)."""
        out: Tensor = self.second(self.first(input))
        return out

    def extra_repr(self) -> str:
        """Return what it stands for, for `repr`."""
        return f"rank={self.rank}, error={self.error:.3g}"


def low_rank(
    linear: Linear, *, rank: int | None = None, energy: float | None = None, error: float | None = None
) -> Linear | LowRankLinear:
    """Replace a Linear layer by two thin ones, by the singular value decomposition of its matrix.

    The best matrix of rank r keeps the r largest singular values s. What it misses is known exactly, as a
    share of the Frobenius norm: sqrt(sum of the other s**2 / sum of all s**2). One of three says what r is:

    Args:
        linear: the layer; it stays as it is.
        rank: r itself.
        energy: the smallest r that keeps this share of the sum of s**2, in (0, 1].
        error: the smallest r whose matrix is at most this far off, as a share of the norm, in [0, 1).

    Returns:
        A `LowRankLinear`, if it has fewer weights; otherwise the layer that was given, because two
        thin matrices of (in + out) * r weights are smaller only if r < in * out / (in + out).

    Raises:
        TypeError: not exactly one of the three is given, or the layer isn't a Linear.
        ValueError: it is out of range, the layer is pruned without being final, or a weight isn't finite.

    Examples:
        >>> thin = systems.low_rank(tt.Linear(100, 100), rank=10)
        >>> sum(p.numel() for p in thin.parameters())
        2100

    Source: Eckart and Young, "The approximation of one matrix by another of lower rank", 1936,
    doi:10.1007/BF02288367
    """
    if not isinstance(linear, Linear):
        raise TypeError(f"low_rank takes a Linear layer, not {type(linear).__name__}")
    if sum(x is not None for x in (rank, energy, error)) != 1:
        raise TypeError("low_rank needs exactly one of rank, energy and error")
    if pruned_by(linear, "weight") is not None:
        raise ValueError("the layer is pruned, and a product has no zeros; call finish_pruning first")
    weight = array_of(linear.weight)
    if not np.isfinite(weight).all():
        raise ValueError("the layer's weight has NaN or infinite values, so it can't be decomposed")
    u, s, vt = np.linalg.svd(weight.astype(np.float64), full_matrices=False)
    kept = choose_rank(s, rank, energy, error)
    if kept * sum(weight.shape) >= weight.size:
        return linear
    thin = LowRankLinear(
        linear.in_features, linear.out_features, kept, linear.bias is not None, dtype=weight.dtype
    )
    root = np.sqrt(s[:kept])  # half of each singular value in each factor, so that both learn alike
    with no_grad():
        thin.first.weight.copy_(from_numpy((root[:, None] * vt[:kept]).astype(weight.dtype)))
        thin.second.weight.copy_(from_numpy((u[:, :kept] * root).astype(weight.dtype)))
        if linear.bias is not None:
            cast("Tensor", thin.second.bias).copy_(linear.bias)
    thin.error = missing(s, kept)
    thin.spectral_error = float(s[kept]) if kept < s.size else 0.0
    return thin.train(linear.training)


def choose_rank(s: Any, rank: int | None, energy: float | None, error: float | None) -> int:
    """Return how many of the singular values to keep, at least one.

    Raises:
        ValueError: what is asked for is out of range.
    """
    if rank is not None:
        if isinstance(rank, bool) or not isinstance(rank, (int, np.integer)):
            raise TypeError(f"rank must be an int, not {rank!r}")
        if not 1 <= rank <= s.size:
            raise ValueError(f"rank={rank} must be from 1 to {s.size}, the smaller side of the matrix")
        return int(rank)
    if energy is not None and not 0 < energy <= 1:
        raise ValueError(f"energy={energy} must be above 0 and at most 1: the share of the squares to keep")
    if error is not None and not 0 <= error < 1:
        raise ValueError(
            f"error={error} must be from 0 to below 1: the share of the norm that may be missing"
        )
    allowed = math.sqrt(max(0.0, 1 - energy)) if energy is not None else cast("float", error)
    return next(r for r in range(1, s.size + 1) if r == s.size or missing(s, r) <= allowed)


def missing(s: Any, rank: int) -> float:
    """Return the share of the Frobenius norm that the singular values after the first `rank` make up."""
    total = float(np.sqrt((s * s).sum()))
    return float(np.sqrt((s[rank:] * s[rank:]).sum())) / total if total else 0.0


def factorize(
    model: Module, *, rank: int | None = None, energy: float | None = None, error: float | None = None
) -> Module:
    """Replace each Linear layer in a model by `low_rank` of it, where that is smaller.

    Layers that share their weight with another are left alone, because they would no longer share it.

    Args:
        model: is changed. A model that is a Linear layer itself comes back replaced.
        rank: as of `low_rank`; layers whose smaller side is less are left alone.
        energy: as of `low_rank`.
        error: as of `low_rank`.

    Returns:
        The model.

    Raises:
        TypeError: not exactly one of rank, energy and error is given.
        ValueError: it is out of range, or a layer is pruned without being final or has NaN weights.
    """
    if sum(x is not None for x in (rank, energy, error)) != 1:
        raise TypeError("factorize needs exactly one of rank, energy and error")
    replaced: dict[Module, Module] = {}
    for module, _ in prunable(model):
        if type(module) is Linear and (rank is None or rank <= min(module.in_features, module.out_features)):
            replaced[module] = low_rank(module, rank=rank, energy=energy, error=error)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if child in replaced:
                parent.register_module(name, replaced[child])
    return replaced.get(model, model)
