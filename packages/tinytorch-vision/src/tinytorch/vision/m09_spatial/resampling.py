"""Images in another size: each new pixel is a weighted mean of old ones, one dimension after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Array, Module, Tensor, op

from .taps import Taps, back, forth, taps_along as taps_along

DIMENSIONS = {"nearest": (3, 4, 5), "nearest-exact": (3, 4, 5), "linear": (3,), "bilinear": (4,)}
DIMENSIONS |= {"trilinear": (5,), "bicubic": (4,)}


@op
def resampled(input: Array, taps: list[Taps]) -> Array:
    """Return the input with its last dimensions resampled, one list of taps for each of them."""
    out = input.astype(np.float32) if input.dtype.itemsize == 2 else input
    for axis, pieces in enumerate(taps, start=input.ndim - len(taps)):
        out = forth(out, axis, pieces)
    return out.astype(input.dtype, copy=False)


@resampled.backward
def resampled_backward(g: Any, input_shape: Any, taps: Any) -> Any:
    def for_input() -> Any:
        out = g.astype(np.float32) if g.dtype.itemsize == 2 else g
        for axis, pieces in reversed(list(enumerate(taps, start=len(input_shape) - len(taps)))):
            out = back(out, axis, pieces, input_shape[axis])
        return out

    return for_input


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

    Examples:
        >>> vision.Upsample(scale_factor=2, mode="nearest")(tt.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1., 1., 2., 2.],
                  [1., 1., 2., 2.]]]])

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
