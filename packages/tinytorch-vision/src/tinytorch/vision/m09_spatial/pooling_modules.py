"""Layers that pool."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Module, Tensor

from .avg_pooling import avg_pool1d, avg_pool2d
from .max_pooling import max_pool1d, max_pool2d
from .windows import Ints


class _MaxPool(Module):
    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        dilation: Ints = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def _arguments(self) -> tuple[Any, ...]:
        return (
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """Keep the largest value of each window of a sequence, see `functional.max_pool1d`.

    Args:
        kernel_size: the length of the window.
        stride: how far it moves; left out, by its own length.
        padding: how many places that lose against every number to put on each side.
        dilation: the distance between elements of the window.
        return_indices: return the place of each value, too.
        ceil_mode: let a last window begin inside that reaches over the end.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
    """

    def forward(self, input: Tensor) -> Any:
        """Return (N, C, OL) for (N, C, L), and with `return_indices` the places."""
        return max_pool1d(input, *self._arguments())


class MaxPool2d(_MaxPool):
    """Keep the largest value of each window of an image, see `functional.max_pool2d`.

    Args:
        kernel_size: the size of the window.
        stride: how far it moves; left out, by its own size.
        padding: how many places that lose against every number to put on each side.
        dilation: the distance between elements of the window.
        return_indices: return the place of each value, too, as row * W + column.
        ceil_mode: let a last window begin inside that reaches over the end.

    Examples:
        >>> image = tt.arange(16.0).reshape(1, 1, 4, 4)
        >>> vision.MaxPool2d(2)(image)
        tensor([[[[ 5.,  7.],
                  [13., 15.]]]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """

    def forward(self, input: Tensor) -> Any:
        """Return (N, C, OH, OW) for (N, C, H, W), and with `return_indices` the places."""
        return max_pool2d(input, *self._arguments())


class AvgPool1d(Module):
    """Average each window of a sequence: (N, C, L) to (N, C, OL), see `functional.avg_pool1d`.

    Args:
        kernel_size: the length of the window.
        stride: how far it moves; left out, by its own length.
        padding: how many zeros to put on each side.
        ceil_mode: let a last window begin inside that reaches over the end.
        count_include_pad: divide by the window's length also where it stands on padding.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
    """

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = self.kernel_size if stride is None else _single(stride)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, OL) for (N, C, L)."""
        return avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(Module):
    """Average each window of an image: (N, C, H, W) to (N, C, OH, OW), see `functional.avg_pool2d`.

    Args:
        kernel_size: the size of the window.
        stride: how far it moves; left out, by its own size.
        padding: how many zeros to put on each side.
        ceil_mode: let a last window begin inside that reaches over the end.
        count_include_pad: divide by the window's size also where it stands on padding.
        divisor_override: divide by this number instead.

    Examples:
        >>> image = tt.arange(16.0).reshape(1, 1, 4, 4)
        >>> vision.AvgPool2d(2)(image)
        tensor([[[[ 2.5000,  4.5000],
                  [10.5000, 12.5000]]]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
    """

    def __init__(
        self,
        kernel_size: Ints,
        stride: Ints | None = None,
        padding: Ints = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, OH, OW) for (N, C, H, W)."""
        return avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


def _single(value: Ints) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)
