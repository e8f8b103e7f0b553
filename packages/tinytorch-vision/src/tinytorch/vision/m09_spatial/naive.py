"""The definition of a convolution, in seven loops: slow, and easy to see that it is right."""

from __future__ import annotations

import numpy as np
from tinytorch.core import Tensor, from_numpy

from .windows import Ints, ints


def conv2d_naive(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Compute `functional.conv2d` by its definition, number by number. It has no gradient.

    Args:
        input: (N, C, H, W).
        weight: K kernels, (K, C / groups, KH, KW).
        bias: (K), or nothing.
        stride: how far the window moves from place to place.
        padding: how many zeros to put on each side.
        dilation: the distance between elements of the window.
        groups: into how many parts the channels are divided, each with kernels of its own.

    Returns:
        (N, K, OH, OW).

    Examples:
        >>> x, w = tt.randn(1, 2, 5, 5), tt.randn(3, 2, 3, 3)
        >>> tt.allclose(vision.conv2d_naive(x, w), vision.functional.conv2d(x, w), atol=1e-5)
        True
    """
    (sh, sw), (ph, pw) = (
        ints(stride, 2, "conv2d_naive", "stride"),
        ints(padding, 2, "conv2d_naive", "padding"),
    )
    dh, dw = ints(dilation, 2, "conv2d_naive", "dilation")
    x, w = input.numpy(), weight.numpy()
    x = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    n, _, height, width = x.shape
    kernels, channels, kh, kw = w.shape
    oh, ow = (height - dh * (kh - 1) - 1) // sh + 1, (width - dw * (kw - 1) - 1) // sw + 1
    out = np.zeros((n, kernels, oh, ow), x.dtype)
    for image in range(n):
        for k in range(kernels):
            first = k // (kernels // groups) * channels  # of the channels that this kernel's group has
            for y in range(oh):
                for column in range(ow):
                    total = 0.0 if bias is None else bias.numpy()[k]
                    for c in range(channels):
                        for i in range(kh):
                            for j in range(kw):
                                pixel = x[image, first + c, y * sh + i * dh, column * sw + j * dw]
                                total += pixel * w[k, c, i, j]
                    out[image, k, y, column] = total
    return from_numpy(out)
