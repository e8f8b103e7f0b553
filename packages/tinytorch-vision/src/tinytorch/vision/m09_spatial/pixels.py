"""Layers that only move pixels: between channels and space, or by putting some around the image."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor
from tinytorch.core.functional import pad


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Make images r times as high and wide of r * r channels: (*, C * r * r, H, W) to (*, C, H * r, W * r).

    Raises:
        RuntimeError: the channels can't be divided so, or there are fewer than three dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html;
    arXiv:1609.05158
    """
    r = _factor("pixel_shuffle", "upscale_factor", input, upscale_factor)
    *batch, channels, height, width = input.shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            f"upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n = len(batch)
    x = input.reshape(*batch, channels // (r * r), r, r, height, width)
    x = x.permute(*range(n), n, n + 3, n + 1, n + 4, n + 2)  # (*, C, H, r, W, r)
    return _copied(x, (*batch, channels // (r * r), height * r, width * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Make r * r channels out of every r x r pixels: (*, C, H * r, W * r) to (*, C * r * r, H, W).

    Raises:
        RuntimeError: height or width can't be divided so, or there are fewer than three dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
    """
    r = _factor("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    *batch, channels, height, width = input.shape
    for name, length, position in (("height", height, -2), ("width", width, -1)):
        if length % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, "
                f"but input.size({position})={length} is not divisible by {r}"
            )
    n = len(batch)
    x = input.reshape(*batch, channels, height // r, r, width // r, r)
    x = x.permute(*range(n), n, n + 2, n + 4, n + 1, n + 3)  # (*, C, r, r, H, W)
    return _copied(x, (*batch, channels * r * r, height // r, width // r))


def _copied(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return a copy of another shape, also where the order allowed for a view: single pixels, r = 1."""
    out = x.reshape(shape)
    return out.clone() if np.may_share_memory(out.array, x.array) else out


def _factor(name: str, argument: str, input: Any, factor: Any) -> int:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    if not isinstance(factor, int):
        raise TypeError(f"{name}(): argument '{argument}' must be int, not {type(factor).__name__}")
    if input.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, "
            f"but got input with {input.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {argument}, but got {factor}")
    return factor


class PixelShuffle(Module):
    """Make images r times as high and wide of r * r channels: (*, C * r * r, H, W) to (*, C, H * r, W * r).

    Args:
        upscale_factor: r.

    Examples:
        >>> vision.PixelShuffle(2)(tt.zeros(1, 12, 8, 8)).shape
        (1, 3, 16, 16)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html (arXiv:1609.05158)
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, C, H * r, W * r) for (*, C * r * r, H, W)."""
        return pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Make r * r channels out of every r x r pixels: (*, C, H * r, W * r) to (*, C * r * r, H, W).

    Args:
        downscale_factor: r.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, C * r * r, H, W) for (*, C, H * r, W * r)."""
        return pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"downscale_factor={self.downscale_factor}"


class _Pad2d(Module):
    mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = tuple(padding) if isinstance(padding, (list, tuple)) else (padding,) * 4

    def forward(self, input: Tensor) -> Tensor:
        """Return (*, top + H + bottom, left + W + right) for (*, H, W)."""
        return pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"{self.padding}"


class ZeroPad2d(_Pad2d):
    """Put zeros around images.

    Args:
        padding: how many on each side, or (left, right, top, bottom); negative ones cut off.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html
    """

    mode = "constant"


class ReflectionPad2d(_Pad2d):
    """Continue images at their edges by their mirror image, without repeating the edge.

    Args:
        padding: how many pixels on each side, or (left, right, top, bottom); fewer than the image has.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
    """

    mode = "reflect"
