"""Images in another size: each new pixel is a weighted mean of old ones, along one dimension after the other.

Along a dimension, a way of resampling is a list of taps: for each new position an old position and a weight.
The nearest pixel is one tap, linear interpolation has two, cubic four. The gradient goes back the same way:
each old position collects, weighted, what the new positions took from it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Array, Module, Tensor, op

Taps = list[tuple[Any, Any]]  # old positions (new length,), which never decrease, and weights or None

DIMENSIONS = {"nearest": (3, 4, 5), "nearest-exact": (3, 4, 5), "linear": (3,), "bilinear": (4,)}
DIMENSIONS |= {"trilinear": (5,), "bicubic": (4,)}
CUBIC = -0.75  # PyTorch's choice among the cubics of Keys, 1981: how far they overshoot


@op
def resampled(input: Array, taps: list[Taps]) -> Array:
    """Return the input with its last dimensions resampled, one list of taps for each of them."""
    out = input.astype(np.float32) if input.dtype.itemsize == 2 else input
    for axis, pieces in _by_dimension(input, taps):
        out = sum_of(_weighted(np.take(out, positions, axis), weights, axis) for positions, weights in pieces)
    return out.astype(input.dtype, copy=False)


@resampled.backward
def resampled_backward(g: Any, input_shape: Any, taps: Any) -> Any:
    def for_input() -> Any:
        out = g.astype(np.float32) if g.dtype.itemsize == 2 else g
        for axis, pieces in reversed(_by_dimension(np.empty(input_shape, bool), taps)):
            shape = list(out.shape)
            shape[axis] = input_shape[axis]
            collected = np.zeros(shape, out.dtype)
            for positions, weights in pieces:
                # Equal positions stand next to each other: the sum of each run goes where it came from.
                starts = np.flatnonzero(np.diff(positions, prepend=-1))
                place = (slice(None),) * axis + (positions[starts],)
                collected[place] += np.add.reduceat(_weighted(out, weights, axis), starts, axis)
            out = collected
        return out if out is not g else g.copy()

    return for_input


def _by_dimension(input: Any, taps: list[Taps]) -> list[tuple[int, Taps]]:
    return [(input.ndim - len(taps) + i, pieces) for i, pieces in enumerate(taps)]


def _weighted(x: Any, weights: Any, axis: int) -> Any:
    if weights is None:
        return x
    return x * weights.astype(x.dtype).reshape(-1, *[1] * (x.ndim - axis - 1))


def sum_of(arrays: Any) -> Any:
    """Return the sum of arrays that nobody else needs, in the memory of the first."""
    total = next(arrays)
    for array in arrays:
        total += array
    return total


def taps_along(mode: str, old: int, new: int, align_corners: bool, scale: float | None, dtype: Any) -> Taps:
    """Return where each of `new` positions takes its value from, of `old` ones, and with what weights.

    Args:
        mode: how, as in `interpolate`.
        old: the length before.
        new: the length after.
        align_corners: whether first and last positions are the same in both.
        scale: the factor that the user asked for; None: the ratio of the lengths.
        dtype: of the image; positions are computed in it, and what is nearest in float32, as PyTorch does.
    """
    nearest = mode.startswith("nearest")
    number = np.float64 if dtype == np.float64 and not nearest else np.float32
    step = number(1 / scale) if scale is not None and scale > 0 else number(old) / number(new)
    ahead: Any = np.arange(new, dtype=number)
    if nearest:
        shift = number(0.5) if mode == "nearest-exact" else number(0)
        positions = np.floor((ahead + shift) * step).astype(np.int64)
        return [(np.minimum(positions, old - 1), None)]
    if align_corners:
        ahead = ahead * (number(old - 1) / number(new - 1) if new > 1 else number(0))
    else:
        ahead = (ahead + number(0.5)) * step - number(0.5)
    if mode == "bicubic":
        first = np.floor(ahead).astype(np.int64)
        weights = _cubic(ahead - first)
        return [(np.clip(first + i - 1, 0, old - 1), w) for i, w in enumerate(weights)]
    ahead = np.maximum(ahead, 0)
    first = np.minimum(ahead.astype(np.int64), old - 1)
    part = np.minimum(ahead - first, 1)
    return [(first, 1 - part), (np.minimum(first + 1, old - 1), part)]


def _cubic(part: Any) -> list[Any]:
    """Return the weights of four pixels, for a position `part` of the way between the middle two."""

    def near(x: Any) -> Any:  # at most 1 away
        return ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1

    def far(x: Any) -> Any:  # between 1 and 2 away
        return ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC

    return [far(part + 1), near(part), near(1 - part), far(2 - part)]


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
) -> Tensor:
    """Resize images, to a size or by a factor.

    Args:
        input: (N, C, L), (N, C, H, W) or (N, C, D, H, W).
        size: the new size, an int for all dimensions or one for each.
        scale_factor: instead of it, a factor for all dimensions or one for each.
        mode: "nearest" (as older programs round), "nearest-exact", "linear" (3-D), "bilinear" (4-D),
            "bicubic" (4-D) or "trilinear" (5-D).
        align_corners: whether the centres of the corner pixels stay where they are, rather than the corners
            of the image; for the modes that blend.
        recompute_scale_factor: take the ratio of the sizes for the factor, rather than the factor given.

    Raises:
        ValueError: neither or both of `size` and `scale_factor`, or not one for each dimension.
        NotImplementedError: a mode that there isn't, or not for so many dimensions or for that dtype.
        RuntimeError: an empty image, before or after.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
    """
    if not isinstance(input, Tensor):
        raise TypeError(f"interpolate(): argument 'input' must be Tensor, not {type(input).__name__}")
    _check_mode(input, mode, align_corners)
    sizes, factors = _sizes(input.shape[2:], size, scale_factor, bool(recompute_scale_factor))
    if not all((*input.shape[1:], *(n > 0 for n in sizes))):
        raise RuntimeError(
            "Input and output sizes should be greater than 0, but got input "
            f"{list(input.shape)} and output {sizes}"
        )
    taps = [
        taps_along(mode, old, new, bool(align_corners), factor, input.dtype)
        for old, new, factor in zip(input.shape[2:], sizes, factors, strict=True)
    ]
    return resampled(input, taps)


def _check_mode(input: Tensor, mode: str, align_corners: bool | None) -> None:
    if mode.startswith("nearest") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: "
            "linear | bilinear | bicubic | trilinear"
        )
    if mode not in DIMENSIONS:
        raise NotImplementedError(f"interpolate() has no mode '{mode}': use {' | '.join(DIMENSIONS)}")
    if input.ndim not in DIMENSIONS[mode]:
        fitting = ", ".join(m for m, dimensions in DIMENSIONS.items() if input.ndim in dimensions)
        wanted = " or ".join(f"{n}D" for n in DIMENSIONS[mode])
        raise NotImplementedError(
            f"Got {input.ndim}D input, but {mode} mode needs {wanted} input"
            + (f"; for this one use {fitting}" if fitting else "")
        )
    if input.dtype.kind != "f" and not (mode.startswith("nearest") and input.dtype == np.uint8):
        raise NotImplementedError(
            f"interpolate() isn't implemented for {input.dtype} in mode {mode}; use float()"
        )


def _sizes(
    old: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool
) -> tuple[list[int], list[float | None]]:
    """Return the new size, and the factors that decide where the new pixels lie."""
    if (size is None) == (scale_factor is None):
        which = "either" if size is None else "only one of"
        raise ValueError(f"{which} size or scale_factor should be defined")
    name, given = ("size", size) if scale_factor is None else ("scale_factor", scale_factor)
    values = list(given) if isinstance(given, (list, tuple)) else [given] * len(old)
    if len(values) != len(old):
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with "
            f"{list(old)} and {name} {given}"
        )
    if scale_factor is None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        try:
            return [value.__index__() for value in values], [None] * len(old)
        except AttributeError:
            raise TypeError(f"expected size to be an int or a tuple of ints, but got {size!r}") from None
    factors = [float(value) for value in values]
    new = [int(n * f) for n, f in zip(old, factors, strict=True)]
    return new, [None if recompute else f for f in factors]


class Upsample(Module):
    """Resize images, to a size or by a factor.

    Args:
        size: the new size, an int for all dimensions or one for each.
        scale_factor: instead of it, a factor for all dimensions or one for each.
        mode: how, as in `functional.interpolate`.
        align_corners: whether the centres of the corner pixels stay where they are.
        recompute_scale_factor: take the ratio of the sizes for the factor, rather than the factor given.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Any = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, new height, new width) for (N, C, H, W), say."""
        return interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        how = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{how}, mode={self.mode!r}"
