"""The layer that convolves backwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinytorch.core import Tensor

from .convolution_modules import ConvolutionModule
from .transposed import conv_transpose2d
from .windows import Ints


class ConvTranspose2d(ConvolutionModule):
    """Put kernels, times the input, side by side: (N, C, H, W) to (N, K, OH, OW).

    It goes the way of the gradient of a `Conv2d` with the same arguments, see
    `functional.conv_transpose2d`.

    Args:
        in_channels: C.
        out_channels: K.
        kernel_size: height and width of a kernel, or one number for both.
        stride: how far apart the kernels are put.
        padding: how much to cut off on each side.
        output_padding: how much not to cut off below and to the right.
        groups: into how many parts the channels are divided, each with kernels of its own.
        bias: whether there is one.
        dilation: the distance between elements of a kernel.
        padding_mode: "zeros", the only one.
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: channels that `groups` doesn't divide, or another `padding_mode`.

    Examples:
        >>> vision.ConvTranspose2d(16, 8, kernel_size=2, stride=2)(tt.zeros(1, 16, 7, 7)).shape
        (1, 8, 14, 14)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
    """

    dimensions = 2
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints = 0,
        output_padding: Ints = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Ints = 1,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for ConvTranspose2d, got {padding_mode!r}'
            )
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            padding_mode,
            dtype,
            output_padding,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Return (N, K, OH, OW) for (N, C, H, W).

        Args:
            input: the images.
            output_size: (OH, OW), or the whole shape; takes the place of `output_padding`.

        Raises:
            ValueError: a size that no `output_padding` gives; the message says which there are.
        """
        extra = self.output_padding if output_size is None else self._extra(input, list(output_size))
        padding: Any = self.padding  # not "same": there is no such thing here
        return conv_transpose2d(
            input, self.weight, self.bias, self.stride, padding, extra, self.groups, self.dilation
        )

    def _extra(self, input: Tensor, wanted: list[int]) -> tuple[int, ...]:
        """Return the output padding that gives the wanted size."""
        if len(wanted) not in (2, input.ndim):
            raise ValueError(
                f"ConvTranspose2d: for {input.ndim}D input, output_size must have 2 or {input.ndim} elements "
                f"(got {len(wanted)})"
            )
        wanted = wanted[-2:]
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[-2:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        if any(not low <= n <= high for low, n, high in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {tuple(wanted)}, but valid sizes range from {least} to {most} "
                f"(for an input of {list(input.shape[-2:])})"
            )
        return tuple(n - low for n, low in zip(wanted, least, strict=True))
