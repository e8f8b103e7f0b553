"""Convolution: the same small matrix of weights at every place of the image."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from tinytorch.core import Array, op

from .convolution_arguments import checked_window, geometry
from .correlation import correlate, correlate_input, correlate_weight
from .windows import Ints, Window


@op
def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Array:
    """Slide every kernel over the images and multiply it with what is under it.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        weight: K kernels, (K, C / groups, KH, KW).
        bias: (K), or nothing.
        stride: how far the window moves from place to place.
        padding: how many zeros to put on each side; "same" as many as keep the size, "valid" none.
        dilation: the distance between elements of the window.
        groups: into how many parts the channels are divided, each with kernels of its own.

    Returns:
        (N, K, OH, OW), where OH = (H + 2 * padding - dilation * (KH - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: shapes, dtypes or options that don't go together; the message gives them.

    Examples:
        >>> image = tt.tensor([[[[1.0, 2.0, 3.0]]]])
        >>> vision.functional.conv2d(image, tt.tensor([[[[-1.0, 1.0]]]]))
        tensor([[[[1., 1.]]]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    """
    window = checked_window("conv2d", input, weight, bias, stride, padding, dilation, groups)
    x = input if input.ndim == 4 else input[None]
    out = in_float(correlate, x, weight, bias, window, groups)
    return out if input.ndim == 4 else out[0]


@conv2d.backward
def conv2d_backward(
    g: Any,
    input: Annotated[Any, "weight"],
    weight: Annotated[Any, "input"],
    input_shape: Any,
    weight_shape: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> Any:
    window = geometry("conv2d", weight_shape[2:], stride, padding, dilation)
    return _gradients(g, input, weight, input_shape, weight_shape, window, groups)


@op
def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Array:
    """Slide every kernel along the sequences and multiply it with what is under it.

    Args:
        input: (N, C, L), or one sequence (C, L).
        weight: K kernels, (K, C / groups, KL).
        bias: (K), or nothing.
        stride: how far the window moves from place to place.
        padding: how many zeros to put on each side; "same" as many as keep the length, "valid" none.
        dilation: the distance between elements of the window.
        groups: into how many parts the channels are divided, each with kernels of its own.

    Returns:
        (N, K, OL), where OL = (L + 2 * padding - dilation * (KL - 1) - 1) // stride + 1.

    Raises:
        RuntimeError: shapes, dtypes or options that don't go together; the message gives them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
    """
    window = checked_window("conv1d", input, weight, bias, stride, padding, dilation, groups)
    x = input if input.ndim == 3 else input[None]
    out = in_float(correlate, x[:, :, None], weight[:, :, None], bias, window, groups)[:, :, 0]
    return out if input.ndim == 3 else out[0]


@conv1d.backward
def conv1d_backward(
    g: Any,
    input: Annotated[Any, "weight"],
    weight: Annotated[Any, "input"],
    input_shape: Any,
    weight_shape: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> Any:
    window = geometry("conv1d", weight_shape[2:], stride, padding, dilation)
    return _gradients(g, input, weight, input_shape, weight_shape, window, groups)


def _gradients(
    g: Any, input: Any, weight: Any, input_shape: Any, weight_shape: Any, window: Window, groups: int
) -> Any:
    """Return the rule's functions for a convolution in one or two dimensions."""
    n = input_shape[0] if len(input_shape) == len(weight_shape) else 1
    images = (n, input_shape[1 - len(weight_shape)], *_two(input_shape[2 - len(weight_shape) :]))
    kernel = (*weight_shape[:2], *_two(weight_shape[2:]))
    g4 = g.reshape(n, weight_shape[0], *_two(g.shape[2 - len(weight_shape) :]))

    def for_input() -> Any:
        d = in_float(correlate_input, g4, weight.reshape(kernel), window, groups, images[2:])
        return d.reshape(input_shape)

    def for_weight() -> Any:
        d = in_float(correlate_weight, g4, input.reshape(images), kernel, window, groups)
        return d.reshape(weight_shape)

    return for_input, for_weight, lambda: channel_sums(g4)


def _two(size: tuple[int, ...]) -> tuple[int, ...]:
    """Return (height, width); what has one dimension is an image of height 1."""
    return (1,) * (2 - len(size)) + tuple(size)


def channel_sums(g: Any) -> Any:
    """Return the sum over each channel: (N, C, H, W) to (C)."""
    n, k, h, w = g.shape
    # Rows times a column of ones: BLAS adds up faster than NumPy does.
    rows = np.ascontiguousarray(g).reshape(n * k, 1, h * w) @ np.ones((h * w, 1), g.dtype)
    return rows.reshape(n, k).sum(axis=0)


def in_float(compute: Any, *args: Any) -> Any:
    """Call `compute` with float16 arrays as float32: NumPy has no fast product of float16."""
    if args[0].dtype.char != "e":
        return compute(*args)
    wide = [x.astype(np.float32) if isinstance(x, np.ndarray) else x for x in args]
    return compute(*wide).astype(np.float16)
