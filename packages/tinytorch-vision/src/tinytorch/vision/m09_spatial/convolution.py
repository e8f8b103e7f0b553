"""Convolution: the same small matrix of weights at every place of the image."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from tinytorch.core import Array, op

from .correlation import correlate, correlate_input, correlate_weight
from .windows import Ints, Window, ints


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

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    """
    window = _window("conv2d", input, weight, bias, stride, padding, dilation, groups)
    x = input if input.ndim == 4 else input[None]
    out = _in_float(correlate, x, weight, bias, window, groups)
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
    window = _geometry("conv2d", weight_shape[2:], stride, padding, dilation)
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
    window = _window("conv1d", input, weight, bias, stride, padding, dilation, groups)
    x = input if input.ndim == 3 else input[None]
    out = _in_float(correlate, x[:, :, None], weight[:, :, None], bias, window, groups)[:, :, 0]
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
    window = _geometry("conv1d", weight_shape[2:], stride, padding, dilation)
    return _gradients(g, input, weight, input_shape, weight_shape, window, groups)


def _gradients(
    g: Any, input: Any, weight: Any, input_shape: Any, weight_shape: Any, window: Window, groups: int
) -> Any:
    """Return the rule's functions for a convolution in one or two dimensions."""
    images = (-1, input_shape[-len(weight_shape) + 1], *_two(input_shape[2 - len(weight_shape) :]))
    kernel = (*weight_shape[:2], *_two(weight_shape[2:]))
    g4 = g.reshape(-1, weight_shape[0], *_two(g.shape[2 - len(weight_shape) :]))

    def for_input() -> Any:
        d = _in_float(correlate_input, g4, weight.reshape(kernel), window, groups, images[2:])
        return d.reshape(input_shape)

    def for_weight() -> Any:
        d = _in_float(correlate_weight, g4, input.reshape(images), kernel, window, groups)
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


def _in_float(compute: Any, *args: Any) -> Any:
    """Call `compute` with float16 arrays as float32: NumPy has no fast product of float16."""
    if args[0].dtype.char != "e":
        return compute(*args)
    wide = [x.astype(np.float32) if isinstance(x, np.ndarray) else x for x in args]
    return compute(*wide).astype(np.float16)


# What may be asked for


def _geometry(name: str, kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> Window:
    """Return the window that the arguments describe; in one dimension its height is 1."""
    n = len(kernel)
    steps, apart = ints(stride, n, name, "stride"), ints(dilation, n, name, "dilation")
    if min(steps) <= 0:
        raise RuntimeError(f"{name}(): non-positive stride is not supported, got {stride}")
    if min(apart) <= 0:
        raise RuntimeError(f"{name}(): non-positive dilation is not supported, got {dilation}")
    if isinstance(padding, str):
        before, after = _named_padding(name, padding, kernel, steps, apart)
    else:
        before = after = ints(padding, n, name, "padding")
        if min(before) < 0:
            raise RuntimeError(f"{name}(): negative padding is not supported, got {padding}")
    if n == 1:
        kernel, steps, apart = (1, *kernel), (1, *steps), (1, *apart)
        before, after = (0, *before), (0, *after)
    return Window(kernel, steps, before, after, apart)  # type: ignore[arg-type]


def _named_padding(
    name: str, padding: str, kernel: Any, steps: tuple[int, ...], apart: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if padding == "valid":
        return (0,) * len(kernel), (0,) * len(kernel)
    if padding != "same":
        raise RuntimeError(f"{name}(): Invalid padding string: {padding!r}, use 'same' or 'valid'")
    if max(steps) > 1:
        raise RuntimeError(
            f"{name}(): padding='same' is not supported for strided convolutions; stride is {list(steps)}"
        )
    total = [d * (k - 1) for d, k in zip(apart, kernel, strict=True)]
    return tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)


def _window(
    name: str, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Window:
    """Check all arguments of a convolution and return its geometry."""
    n = 1 if name == "conv1d" else 2
    check_arrays(name, x, weight, bias, n)
    check_groups(name, weight, groups)
    window = _geometry(name, weight.shape[2:], stride, padding, dilation)
    wanted, channels = weight.shape[1] * groups, x.shape[-n - 1]
    if channels != wanted:
        raise RuntimeError(
            f"{name}(): Given groups={groups}, weight of size {list(weight.shape)}, expected input"
            f"{list(x.shape)} to have {wanted} channels, but got {channels} channels instead"
        )
    check_bias(name, weight, bias, len(weight))
    size = x.shape[-n:]
    if 0 in size:
        raise RuntimeError(
            f"{name}(): Only zero batch or zero channel inputs are supported, but got input shape: "
            f"{list(x.shape)}"
        )
    padded = [a + b + c for a, b, c in zip(size, window.before[-n:], window.after[-n:], strict=True)]
    if any(span > p for span, p in zip(window.span[-n:], padded, strict=True)):
        raise RuntimeError(
            f"{name}(): Calculated padded input size per channel: {_times(padded)}. Kernel size: "
            f"{_times(window.span[-n:])}. Kernel size can't be greater than actual input size"
        )
    return window


def check_arrays(name: str, x: Any, weight: Any, bias: Any, n: int) -> None:
    """Raise PyTorch's error for wrong numbers of dimensions or dtypes that don't go together."""
    if x.ndim not in (n + 1, n + 2):
        raise RuntimeError(
            f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {name}, "
            f"but got input of size: {list(x.shape)}"
        )
    if weight.ndim != n + 2:
        raise RuntimeError(f"{name}(): expected a weight of {n + 2} dimensions, got {list(weight.shape)}")
    if 0 in weight.shape[2:]:
        raise RuntimeError(f"{name}(): a kernel of size {_times(weight.shape[2:])} has no elements")
    if x.dtype != weight.dtype:
        raise RuntimeError(f"{name}(): expected scalar type {x.dtype} of the input but found {weight.dtype}")
    if x.dtype.kind == "b":
        raise NotImplementedError(f"{name}() isn't implemented for bool; convert the input with float()")
    if bias is not None and bias.dtype != x.dtype:
        raise RuntimeError(f"Input type ({x.dtype}) and bias type ({bias.dtype}) should be the same")


def check_groups(name: str, weight: Any, groups: Any) -> None:
    """Raise PyTorch's error if the kernels can't be divided into groups."""
    if not isinstance(groups, (int, np.integer)) or isinstance(groups, bool):
        raise TypeError(f"{name}(): argument 'groups' must be an int, not {type(groups).__name__}")
    if groups <= 0:
        raise RuntimeError(f"{name}(): non-positive groups is not supported, got {groups}")
    if len(weight) < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, "
            f"but got weight of size {list(weight.shape)} instead"
        )
    if len(weight) % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size {list(weight.shape)} instead"
        )


def check_bias(name: str, weight: Any, bias: Any, channels: int) -> None:
    """Raise PyTorch's error unless there is one bias for each output channel."""
    if bias is not None and bias.shape != (channels,):
        raise RuntimeError(
            f"{name}(): Given weight of size {list(weight.shape)}, expected bias to be 1-dimensional with "
            f"{channels} elements, but got bias of size {list(bias.shape)} instead"
        )


def _times(size: Any) -> str:
    return f"({' x '.join(str(n) for n in size)})"
