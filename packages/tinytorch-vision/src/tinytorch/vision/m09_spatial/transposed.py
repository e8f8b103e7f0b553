"""Transposed convolution: what the gradient of a convolution does to its output, as a layer of its own."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from tinytorch.core import Array, op

from .convolution import channel_sums, in_float
from .convolution_arguments import check_arrays, check_bias, check_channels, check_groups, geometry
from .correlation import correlate, correlate_input, correlate_weight
from .windows import Ints, Window, ints


@op
def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Array:
    """Put every kernel, times the input, at each place of the output, and add up where they overlap.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        weight: (C, K / groups, KH, KW).
        bias: (K), or nothing.
        stride: how far apart the kernels are put.
        padding: how much to cut off on each side.
        output_padding: how much not to cut off below and to the right; a convolution with a stride makes one
            size of several, and this says which of them to go back to.
        groups: into how many parts the channels are divided, each with kernels of its own.
        dilation: the distance between elements of a kernel.

    Returns:
        (N, K, OH, OW), OH = (H - 1) * stride - 2 * padding + dilation * (KH - 1) + output_padding + 1.

    Raises:
        RuntimeError: shapes, dtypes or options that don't go together; the message gives them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
    """
    name = "conv_transpose2d"
    check_arrays(name, input, weight, bias, 2)
    check_groups(name, weight, groups)
    check_channels(name, input, weight, len(weight), groups)
    check_bias(name, weight, bias, weight.shape[1] * groups)
    if isinstance(padding, str):
        raise TypeError(f"{name}(): argument 'padding' must be an int or a tuple of 2 ints, not {padding!r}")
    window, size, rest = _geometry(weight.shape[2:], stride, padding, output_padding, dilation, input.shape)
    x = input if input.ndim == 4 else input[None]
    out = in_float(correlate_input, x, weight, window, groups, size)
    if any(rest):
        out = np.pad(out, ((0, 0), (0, 0), (0, rest[0]), (0, rest[1])))
    if bias is not None:
        out += bias[:, None, None]
    return out if input.ndim == 4 else out[0]


@conv_transpose2d.backward
def conv_transpose2d_backward(
    g: Any,
    input: Annotated[Any, "weight"],
    weight: Annotated[Any, "input"],
    input_shape: Any,
    weight_shape: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> Any:
    window, size, _ = _geometry(weight_shape[2:], stride, padding, output_padding, dilation, input_shape)
    g4 = g.reshape(-1, *g.shape[-3:])
    inside = g4[:, :, : size[0], : size[1]]

    def for_input() -> Any:
        return in_float(correlate, inside, weight, None, window, groups).reshape(input_shape)

    def for_weight() -> Any:
        x = input.reshape(-1, *input_shape[-3:])
        return in_float(correlate_weight, x, inside, weight_shape, window, groups)

    return for_input, for_weight, lambda: channel_sums(g4)


def _geometry(
    kernel: tuple[int, int], stride: Any, padding: Any, output_padding: Any, dilation: Any, shape: Any
) -> tuple[Window, tuple[int, int], tuple[int, int]]:
    """Return the window, the size of the output, and how much of its end no kernel reaches.

    The window is that of the convolution which has this one's output as its input.
    """
    name = "conv_transpose2d"
    window = geometry(name, kernel, stride, padding, dilation)
    extra = ints(output_padding, 2, name, "output_padding")
    if min(extra) < 0:
        raise RuntimeError(f"{name}(): negative output_padding is not supported, got {output_padding}")
    if any(e >= max(s, d) for e, s, d in zip(extra, window.stride, window.dilation, strict=True)):
        raise RuntimeError(
            f"{name}(): output padding must be smaller than either stride or dilation, but got "
            f"output_padding={output_padding}, stride={stride} and dilation={dilation}"
        )
    after = [max(p - e, 0) for p, e in zip(window.before, extra, strict=True)]
    rest = [max(e - p, 0) for p, e in zip(window.before, extra, strict=True)]
    size = [
        (n - 1) * s + span - p - q
        for n, s, span, p, q in zip(shape[-2:], window.stride, window.span, window.before, after, strict=True)
    ]
    if min(size) < 1:
        raise RuntimeError(
            f"{name}(): padding {padding} cuts everything off: the output of an input of size "
            f"{list(shape[-2:])} would be {[n + r for n, r in zip(size, rest, strict=True)]}"
        )
    return window._replace(after=(after[0], after[1])), (size[0], size[1]), (rest[0], rest[1])
