"""Random numbers for the transforms; all come from the default generator, so `manual_seed` repeats them."""

from __future__ import annotations

from tinytorch.core import Array, Tensor, default_generator, float32, from_numpy, where


def chance(p: float) -> bool:
    """Return True with probability `p`."""
    return _unit() < p


def uniform(low: float, high: float) -> float:
    """Return a number from [low, high)."""
    return low + (high - low) * _unit()


def _unit() -> float:
    """Return the same as `rand(1).item()`, ten times faster: transforms draw for every single image."""
    return float(default_generator.rng.random(dtype=float32.type))


def integer(low: int, high: int) -> int:
    """Return an integer from `low` to `high - 1`."""
    return int(default_generator.rng.integers(low, high))


def chances(p: float, count: int) -> Array:
    """Return `count` booleans, each True with probability `p`."""
    return default_generator.rng.random(count) < p


def uniforms(low: float, high: float, *size: int) -> Array:
    """Return numbers from [low, high) in an array of this size."""
    return default_generator.rng.uniform(low, high, size)


def integers(low: int, high: int, count: int) -> Array:
    """Return `count` integers from `low` to `high - 1`."""
    return default_generator.rng.integers(low, high, count)


def chosen(mask: Array, changed: Tensor, images: Tensor) -> Tensor:
    """Return the changed images where the mask (N,) is true, the others as they were."""
    result: Tensor = where(from_numpy(mask.reshape(-1, *[1] * (images.ndim - 1))), changed, images)
    return result
