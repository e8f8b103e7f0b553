"""Convolutions and pooling by the compiled kernels."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from .arrays import FLOAT32, ready, whole
from .kernel import Kernel
from .library import Library

Sizes = ctypes.c_int64 * 14
FULL = 0.4  # the part of a vector that a row of the output must fill
VECTORS = 256  # vectors of places that are summed before the sum of a vector's numbers is made
MOST_SUMS = 2**23  # numbers that the gradients of the weights, one for each part of the batch, may take


def kernels(lib: Library) -> list[Kernel]:
    """Return the kernels of operations on images."""
    lanes: int = lib.lanes()

    def conv2d(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        if not (ready(input) and ready(weight)) or input.ndim != 4 or weight.ndim != 4 or groups != 1:
            return NotImplemented
        biased = bias is not None
        if weight.shape[1] != input.shape[1]:
            return NotImplemented
        if biased and (bias.shape != weight.shape[:1] or not ready(bias)):
            return NotImplemented
        sizes = geometry(input.shape, weight.shape, stride, padding, dilation)
        if sizes is None or not fits(sizes):
            return NotImplemented
        oh, ow = sizes[-2:]
        out = np.empty((len(input), len(weight), oh, ow), FLOAT32)
        lib.convolution_forward(out, input, weight, bias, biased, Sizes(*sizes), len(input))
        return out

    def conv2d_rule(g: Any, input: Any, weight: Any, stride: Any, padding: Any, dilation: Any) -> Any:
        g = whole(g)
        sizes = geometry(input.shape, weight.shape, stride, padding, dilation)
        assert sizes is not None
        back = turned(sizes)
        assert back is not None
        n, k = g.shape[:2]
        oh, ow = g.shape[2:]

        def for_input() -> Any:
            d = np.empty(input.shape, FLOAT32)
            lib.convolution_input(d, g, weight, Sizes(*back), n)
            return d

        def for_weight() -> Any:
            d = np.empty(weight.shape, FLOAT32)
            at_once = max(1, VECTORS // (oh * -(-ow // lanes)), -(-n * d.size // MOST_SUMS))
            parts = np.empty((-(-n // at_once), *weight.shape), FLOAT32)
            lib.convolution_weight(d, g, input, parts, Sizes(*sizes), n, at_once)
            return d

        def for_bias() -> Any:
            d = np.empty(k, FLOAT32)
            lib.channel_sums(d, g, n, k, oh * ow)
            return d

        return for_input, for_weight, for_bias

    def fits(sizes: tuple[int, ...]) -> bool:
        """Tell whether rows are long enough for vectors, forward and backward."""
        *_, ow = sizes
        width = sizes[2]
        return all(n >= FULL * lanes * -(-n // lanes) for n in (ow, width)) and turned(sizes) is not None

    def max_pool(
        input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any, n: int
    ) -> Any:
        if n != 2 or ceil_mode or not ready(input) or input.ndim not in (3, 4) or min(input.shape[-2:]) < 2:
            return NotImplemented
        window = [pair(x) for x in (kernel_size, stride or kernel_size, padding, dilation)]
        if window != [(2, 2), (2, 2), (0, 0), (1, 1)]:
            return NotImplemented
        *lead, height, width = input.shape
        out = np.empty((*lead, height // 2, width // 2), FLOAT32)
        lib.max_pool_forward(out, input, input.size // (height * width), height, width)
        return out

    def max_pool_rule(g: Any, input: Any, out: Any) -> Any:
        def derivative() -> Any:
            d = np.empty(input.shape, FLOAT32)
            height, width = input.shape[-2:]
            lib.max_pool_backward(d, whole(g), input, out, input.size // (height * width), height, width)
            return d

        return derivative

    return [Kernel("conv2d", conv2d, conv2d_rule), Kernel("_max_pool", max_pool, max_pool_rule)]


def pair(value: Any) -> Any:
    """Return (height, width) from one number or two; None from anything else."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return (int(value), int(value))
    if isinstance(value, (tuple, list)) and len(value) in (1, 2):
        both = tuple(value) * (3 - len(value))
        return both if all(isinstance(x, int) for x in both) else None
    return None


def geometry(
    images: tuple[int, ...], kernels: tuple[int, ...], stride: Any, padding: Any, dilation: Any
) -> tuple[int, ...] | None:
    """Return the sizes that the kernels are told, or None for what they don't do."""
    _, channels, height, width = images
    outputs, _, kh, kw = kernels
    apart = pair(dilation)
    if pair(stride) != (1, 1) or apart is None or min(apart) < 1:
        return None
    dh, dw = apart
    reach = dh * (kh - 1), dw * (kw - 1)
    if padding == "same":
        top, left = reach[0] // 2, reach[1] // 2
        bottom, right = reach[0] - top, reach[1] - left
    else:
        pad = (0, 0) if padding == "valid" else pair(padding)
        if pad is None or min(pad) < 0:
            return None
        (top, left) = (bottom, right) = pad
    oh, ow = height + top + bottom - reach[0], width + left + right - reach[1]
    if min(oh, ow) < 1:
        return None
    return channels, height, width, outputs, kh, kw, dh, dw, top, left, bottom, right, oh, ow


def turned(sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the sizes of the convolution that carries gradients back, or None if outputs saw only zeros."""
    channels, height, width, outputs, kh, kw, dh, dw, top, left, bottom, right, oh, ow = sizes
    reach = dh * (kh - 1), dw * (kw - 1)
    around = reach[0] - top, reach[1] - left, reach[0] - bottom, reach[1] - right
    if min(around) < 0:
        return None
    return outputs, oh, ow, channels, kh, kw, dh, dw, *around, height, width
