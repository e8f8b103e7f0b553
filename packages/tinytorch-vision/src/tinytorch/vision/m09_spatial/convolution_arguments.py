"""What may be asked of a convolution: its arguments, and PyTorch's errors for those that don't fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from .windows import Window, ints


def geometry(name: str, kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> Window:
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


def checked_window(
    name: str, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Window:
    """Check all arguments of a convolution and return its geometry."""
    n = 1 if name == "conv1d" else 2
    check_arrays(name, x, weight, bias, n)
    check_groups(name, weight, groups)
    window = geometry(name, weight.shape[2:], stride, padding, dilation)
    check_channels(name, x, weight, weight.shape[1] * groups, groups)
    check_bias(name, weight, bias, len(weight))
    size = x.shape[-n:]
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


def check_channels(name: str, x: Any, weight: Any, wanted: int, groups: int) -> None:
    """Raise PyTorch's error unless the input has as many channels as the kernels are for, and pixels."""
    channels = x.shape[1 - weight.ndim]
    if channels != wanted:
        raise RuntimeError(
            f"{name}(): Given groups={groups}, weight of size {list(weight.shape)}, expected input"
            f"{list(x.shape)} to have {wanted} channels, but got {channels} channels instead"
        )
    if 0 in x.shape[2 - weight.ndim :]:
        raise RuntimeError(
            f"{name}(): Only zero batch or zero channel inputs are supported, but got input shape: "
            f"{list(x.shape)}"
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
