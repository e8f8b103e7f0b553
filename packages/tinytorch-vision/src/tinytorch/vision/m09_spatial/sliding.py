"""All windows of an image side by side, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Array, Module, Tensor, op

from .windows import Ints, Window, add_windows, ints, padded, sliding


@op
def unfold(input: Array, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Array:
    """Return every window of the images as a column.

    A convolution is a matrix product with these columns.

    Args:
        input: (N, C, H, W), or one image (C, H, W).
        kernel_size: the size of the window.
        dilation: the distance between elements of the window.
        padding: how many zeros to put on each side.
        stride: how far the window moves.

    Returns:
        (N, C * KH * KW, L) for L places of the window, row by row.

    Raises:
        RuntimeError: a window larger than the image, or a wrong shape or option.

    Examples:
        >>> image = tt.arange(9.0).reshape(1, 1, 3, 3)
        >>> vision.functional.unfold(image, 2)
        tensor([[[0., 1., 3., 4.],
                 [1., 2., 4., 5.],
                 [3., 4., 6., 7.],
                 [4., 5., 7., 8.]]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
    """
    if input.ndim < 3:
        raise IndexError(f"unfold(): expected an input of 3 or 4 dimensions, got {list(input.shape)}")
    if input.ndim > 4 or 0 in input.shape[-3:]:
        raise RuntimeError(
            "unfold(): Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    if input.dtype.kind in "iu":
        raise NotImplementedError(f"unfold() isn't implemented for {input.dtype}; convert with float()")
    window = _window("unfold", kernel_size, dilation, padding, stride)
    places = window.places(input.shape[-2:])
    if min(places) < 1:
        raise RuntimeError(
            f"unfold(): Given input with spatial size {input.shape[-2:]}, kernel_size={window.kernel}, "
            f"dilation={window.dilation}, padding={window.before}, calculated shape of the array of sliding "
            f"blocks as {places}, but its components must be at least one."
        )
    columns = sliding(np.ascontiguousarray(padded(input, window.before, window.after)), window)
    depth = input.shape[-3] * window.kernel[0] * window.kernel[1]
    return np.array(columns, order="C").reshape(*input.shape[:-3], depth, places[0] * places[1])


@unfold.backward
def unfold_backward(
    g: Any, input_shape: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Any:
    def derivative() -> Any:
        window = _window("unfold", kernel_size, dilation, padding, stride)
        return _folded(g, window, input_shape[-2:]).reshape(input_shape)

    return derivative


@op
def fold(
    input: Array,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Array:
    """Put every column back where `unfold` took it from, and add up where windows overlap.

    Args:
        input: (N, C * KH * KW, L), or (C * KH * KW, L) for one image.
        output_size: (H, W) of the images.
        kernel_size: the size of the window.
        dilation: the distance between elements of the window.
        padding: how much to cut off on each side.
        stride: how far the window moves.

    Returns:
        (N, C, H, W).

    Raises:
        RuntimeError: as many columns as these windows have places aren't there, or a wrong shape or option.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
    """
    if input.ndim not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeError(
            "fold(): Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    if input.dtype.kind in "iu":
        raise NotImplementedError(f"fold() isn't implemented for {input.dtype}; convert with float()")
    size = ints(output_size, 2, "fold", "output_size")
    window = _window("fold", kernel_size, dilation, padding, stride)
    depth = window.kernel[0] * window.kernel[1]
    if input.shape[-2] % depth:
        raise RuntimeError(
            "fold(): Expected size of input's dimension 1 to be divisible by the product of kernel_size, but "
            f"got input.size(1)={input.shape[-2]} and kernel_size={window.kernel}."
        )
    places = window.places((size[0], size[1]))
    if min(places) < 1 or places[0] * places[1] != input.shape[-1]:
        raise RuntimeError(
            f"fold(): Given output_size={size}, kernel_size={window.kernel}, dilation={window.dilation}, "
            f"padding={window.before}, stride={window.stride}, expected size of input's dimension 2 to match "
            f"the calculated number of sliding blocks {places[0]} * {places[1]} = {places[0] * places[1]}, "
            f"but got input.size(2)={input.shape[-1]}."
        )
    return _folded(input, window, (size[0], size[1]))


@fold.backward
def fold_backward(
    g: Any, input_shape: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Any:
    def derivative() -> Any:
        window = _window("fold", kernel_size, dilation, padding, stride)
        columns = sliding(np.ascontiguousarray(padded(g, window.before, window.after)), window)
        return np.array(columns, order="C").reshape(input_shape)

    return derivative


def _folded(columns: Any, window: Window, size: tuple[int, int]) -> Any:
    places = window.places(size)
    *batch, depth, _ = columns.shape
    channels = depth // (window.kernel[0] * window.kernel[1])
    added = add_windows(columns.reshape(*batch, channels, *window.kernel, *places), window, size)
    return np.ascontiguousarray(added)


def _window(name: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Window:
    """Check the arguments and return the window that they describe."""
    kernel, steps = ints(kernel_size, 2, name, "kernel_size"), ints(stride, 2, name, "stride")
    apart, pad = ints(dilation, 2, name, "dilation"), ints(padding, 2, name, "padding")
    for values, what in ((kernel, "kernel size"), (steps, "stride"), (apart, "dilation")):
        if min(values) < 1:
            raise RuntimeError(f"{name}(): {what} should be greater than zero, but got {values}")
    if min(pad) < 0:
        raise RuntimeError(f"{name}(): padding should be non-negative, but got {pad}")
    both = pad[0], pad[1]
    return Window((kernel[0], kernel[1]), (steps[0], steps[1]), both, both, (apart[0], apart[1]))


class Unfold(Module):
    """Return every window of the images as a column, see `functional.unfold`.

    Args:
        kernel_size: the size of the window.
        dilation: the distance between elements of the window.
        padding: how many zeros to put on each side.
        stride: how far the window moves.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
    """

    def __init__(self, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C * KH * KW, L) for (N, C, H, W)."""
        return unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """Put every column back where `Unfold` took it from and add up, see `functional.fold`.

    Args:
        output_size: (H, W) of the images.
        kernel_size: the size of the window.
        dilation: the distance between elements of the window.
        padding: how much to cut off on each side.
        stride: how far the window moves.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
    """

    def __init__(
        self,
        output_size: Ints,
        kernel_size: Ints,
        dilation: Ints = 1,
        padding: Ints = 0,
        stride: Ints = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, H, W) for (N, C * KH * KW, L)."""
        return fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
