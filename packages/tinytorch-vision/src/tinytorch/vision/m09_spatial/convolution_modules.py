"""Layers that convolve."""

from __future__ import annotations

import math
from typing import Any

from tinytorch.core import Module, Parameter, Tensor, empty, init, pad

from .convolution import conv1d, conv2d
from .windows import Ints

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class ConvolutionModule(Module):
    """What the layers share: parameters, how they start, and how they are shown."""

    weight: Parameter
    bias: Parameter | None
    dimensions: int
    transposed = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints,
        padding: Ints | str,
        dilation: Ints,
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
        output_padding: Ints = 0,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError(f"groups must be a positive integer, got {groups}")
        if in_channels % groups:
            raise ValueError(f"in_channels must be divisible by groups, got {in_channels} and {groups}")
        if out_channels % groups:
            raise ValueError(f"out_channels must be divisible by groups, got {out_channels} and {groups}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"Invalid padding string {padding!r}, should be one of 'valid', 'same'")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._each(kernel_size)
        self.stride = self._each(stride)
        if padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError(f"padding='same' is not supported for strided convolutions, stride={stride}")
        if padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {PADDING_MODES}, but got {padding_mode=!r}")
        self.padding = padding if isinstance(padding, str) else self._each(padding)
        self.dilation = self._each(dilation)
        self.output_padding = self._each(output_padding)
        self.groups = groups
        self.padding_mode = padding_mode
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(first, second // groups, *self.kernel_size, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_channels, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _each(self, value: Any) -> tuple[Any, ...]:
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * self.dimensions

    def reset_parameters(self) -> None:
        """Draw weights and bias anew: uniform, within 1 over the square root of a kernel's inputs."""
        if self.weight.numel():
            init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(fan) if fan else 0.0
            init.uniform_(self.bias, -bound, bound)

    def _padded(self, input: Tensor) -> tuple[Tensor, Any]:
        """Return the input and the zeros that are to be put around it; other paddings are put around here."""
        if self.padding_mode == "zeros":
            return input, self.padding
        if not isinstance(input, Tensor):
            name = type(self).__name__
            raise TypeError(f"{name}(): argument 'input' must be a Tensor, not {type(input).__name__}")
        widths: list[int] = []
        for i in reversed(range(self.dimensions)):
            if isinstance(self.padding, str):
                total = self.dilation[i] * (self.kernel_size[i] - 1) if self.padding == "same" else 0
                widths += [total // 2, total - total // 2]
            else:
                widths += [self.padding[i]] * 2
        return pad(input, widths, mode=self.padding_mode), 0

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        shown = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        if self.padding != (0,) * len(self.stride):
            shown += f", padding={self.padding}"
        if self.dilation != (1,) * len(self.stride):
            shown += f", dilation={self.dilation}"
        if self.output_padding != (0,) * len(self.stride):
            shown += f", output_padding={self.output_padding}"
        if self.groups != 1:
            shown += f", groups={self.groups}"
        if self.bias is None:
            shown += ", bias=False"
        if self.padding_mode != "zeros":
            shown += f", padding_mode={self.padding_mode}"
        return shown


class _Conv(ConvolutionModule):
    """What `Conv1d` and `Conv2d` are made with."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints,
        stride: Ints = 1,
        padding: Ints | str = 0,
        dilation: Ints = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
    ) -> None:
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
        )


class Conv1d(_Conv):
    """Slide kernels along sequences: (N, C, L) to (N, K, OL), see `functional.conv1d`.

    Weights and bias start uniform within 1 over the square root of the number of inputs of a kernel.

    Args:
        in_channels: C.
        out_channels: K, the number of kernels.
        kernel_size: the length of a kernel.
        stride: how far the window moves.
        padding: how much to put on each side; "same" as much as keeps the length, "valid" nothing.
        dilation: the distance between elements of the window.
        groups: into how many parts the channels are divided, each with kernels of its own.
        bias: whether there is one.
        padding_mode: what to put there: "zeros", "reflect", "replicate" or "circular".
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: channels that `groups` doesn't divide, "same" with a stride, or an unknown padding.

    Examples:
        >>> vision.Conv1d(2, 4, kernel_size=3)(tt.zeros(8, 2, 100)).shape
        (8, 4, 98)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
    """

    dimensions = 1

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, K, OL) for (N, C, L), or (K, OL) for (C, L)."""
        x, padding = self._padded(input)
        return conv1d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(_Conv):
    """Slide kernels over images: (N, C, H, W) to (N, K, OH, OW), see `functional.conv2d`.

    Weights and bias start uniform within 1 over the square root of the number of inputs of a kernel.

    Args:
        in_channels: C.
        out_channels: K, the number of kernels.
        kernel_size: height and width of a kernel, or one number for both.
        stride: how far the window moves.
        padding: how much to put on each side; "same" as much as keeps the size, "valid" nothing.
        dilation: the distance between elements of the window.
        groups: into how many parts the channels are divided, each with kernels of its own.
        bias: whether there is one.
        padding_mode: what to put there: "zeros", "reflect", "replicate" or "circular".
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: channels that `groups` doesn't divide, "same" with a stride, or an unknown padding.

    Examples:
        >>> layer = vision.Conv2d(1, 6, kernel_size=5, padding=2)
        >>> layer(tt.zeros(32, 1, 28, 28)).shape
        (32, 6, 28, 28)
        >>> layer.weight.shape
        (6, 1, 5, 5)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
    """

    dimensions = 2

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, K, OH, OW) for (N, C, H, W), or (K, OH, OW) for (C, H, W)."""
        x, padding = self._padded(input)
        return conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
