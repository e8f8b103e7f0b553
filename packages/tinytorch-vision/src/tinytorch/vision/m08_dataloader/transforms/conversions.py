"""Transforms that turn one kind of image, or one dtype, into another."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor, float32, get_default_dtype

from .images import pil_to_tensor, to_pil_image, to_tensor


def convert_image_dtype(image: Any, dtype: Any = float32) -> Any:
    """Convert an image to a dtype and scale it: floats go from 0 to 1, integers from 0 to their largest.

    Raises:
        TypeError: not a Tensor.
        RuntimeError: from float32 to int32 or int64, or from float64 to int64, which floats can't fill.

    Source:
        https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.functional.convert_image_dtype.html
    """
    if not isinstance(image, Tensor):
        raise TypeError(f"Input img should be Tensor Image, got {type(image).__name__}")
    dtype = np.dtype(dtype)
    if image.dtype == dtype:
        return image
    if dtype.kind == "f":
        return image.to(dtype) if image.is_floating_point() else image.to(dtype) / max_value(image.dtype)
    most = max_value(dtype)
    if image.is_floating_point():
        if (image.dtype.name, dtype.name) in _UNSAFE:
            raise RuntimeError(f"The cast from {image.dtype} to {dtype} cannot be performed safely.")
        # Truncation follows, and every integer gets an equal share of the range from 0 to 1.
        return (image * (most + 1.0 - 1e-3)).to(dtype)
    least = max_value(image.dtype)
    if least > most:
        return (image // ((least + 1) // (most + 1))).to(dtype)
    return image.to(dtype) * ((most + 1) // (least + 1))


_UNSAFE = {("float32", "int32"), ("float32", "int64"), ("float64", "int64")}


def max_value(dtype: Any) -> int:
    """Return the value of white: the largest of an integer dtype, 1 for floats."""
    return int(np.iinfo(dtype).max) if np.dtype(dtype).kind in "iu" else 1


class ToTensor:
    """Makes a tensor (C, H, W) of an array (H, W) or (H, W, C) or of a Pillow image.

    Bytes (uint8) become floats of the default dtype from 0 to 1; all else keeps dtype and values.

    Examples:
        >>> vision.transforms.ToTensor()(np.full((4, 6, 3), 255, np.uint8)).shape
        (3, 4, 6)

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.ToTensor.html
    """

    def __call__(self, pic: Any) -> Tensor:
        """Return the image as a tensor."""
        return to_tensor(pic)

    def batched(self, images: Tensor) -> Tensor:
        """Return bytes as floats from 0 to 1, all else as it is; see `Batched`."""
        if images.dtype != np.uint8:
            return images
        floats: Tensor = convert_image_dtype(images, get_default_dtype())
        return floats

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """Makes a tensor (C, H, W) of a Pillow image; the values stay as they are."""

    def __call__(self, pic: Any) -> Tensor:
        """Return the image as a tensor."""
        return pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """Makes a Pillow image of a tensor (C, H, W) or an array (H, W, C); see `functional.to_pil_image`.

    Args:
        mode: Pillow's mode, by number of channels and dtype if not given.
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        """Return the Pillow image."""
        return to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class ConvertImageDtype(Module):
    """Converts a tensor image to a dtype and scales its values; see `functional.convert_image_dtype`.

    Args:
        dtype: the dtype to convert to.
    """

    def __init__(self, dtype: Any) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        """Return the converted image."""
        result: Tensor = convert_image_dtype(image, self.dtype)
        return result

    batched = forward
