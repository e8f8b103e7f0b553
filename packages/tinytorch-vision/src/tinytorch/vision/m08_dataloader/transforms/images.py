"""What an image may be, and how one kind becomes another.

Three kinds go through every transform, as in torchvision: tensors of shape (..., C, H, W); Pillow's images;
and, in their place, NumPy arrays of shape (H, W) or (H, W, C), which is what the data sets give, so that
nobody needs Pillow. The functions are written for tensors; `any_image` lets them take the other kinds, too.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from tinytorch.core import Tensor, from_numpy, get_default_dtype

F = TypeVar("F", bound=Callable[..., Any])

# How a Pillow image of each mode that isn't made of bytes is laid out in memory.
_WIDE_MODES = {"I": np.int32, "I;16": np.int16, "F": np.float32}


def is_pil_image(image: Any) -> bool:
    """Tell whether this is an image of Pillow, without importing Pillow."""
    pillow = sys.modules.get("PIL.Image")  # not imported: nobody can have made an image with it
    return pillow is not None and isinstance(image, pillow.Image)


def get_dimensions(img: Any) -> list[int]:
    """Return [channels, height, width] of an image of any kind.

    Raises:
        TypeError: it isn't an image.
    """
    if isinstance(img, Tensor):
        if img.ndim < 2:
            raise TypeError(
                f"Tensor is not a torch image: it has {img.ndim} dimension(s), an image has 2 or more"
            )
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    if isinstance(img, np.ndarray) and img.ndim in (2, 3):
        return [1 if img.ndim == 2 else img.shape[2], img.shape[0], img.shape[1]]
    if is_pil_image(img):
        return [len(img.getbands()), img.height, img.width]
    raise _unknown(img)


def get_image_num_channels(img: Any) -> int:
    """Return the number of channels of an image."""
    return get_dimensions(img)[0]


def get_image_size(img: Any) -> list[int]:
    """Return [width, height] of an image."""
    return get_dimensions(img)[:0:-1]


def any_image(function: F) -> F:
    """Let a function on tensors (..., C, H, W) take arrays and Pillow's images, and return the same kind."""

    @functools.wraps(function)
    def on_any_image(img: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(img, Tensor):
            get_dimensions(img)
            return function(img, *args, **kwargs)
        if isinstance(img, np.ndarray) and img.ndim in (2, 3):
            return _array_like(img, function(_channels_first(img), *args, **kwargs))
        if is_pil_image(img):
            return _image_like(img, function(_channels_first(_pixels(img)), *args, **kwargs))
        raise _unknown(img)

    return on_any_image  # type: ignore[return-value]


def to_tensor(pic: Any) -> Tensor:
    """Make a tensor (C, H, W) of an array (H, W) or (H, W, C) or of a Pillow image.

    Bytes (uint8) become floats of the default dtype from 0 to 1; all else keeps dtype and values.

    Raises:
        TypeError: it is neither; a Tensor is one already.
        ValueError: the array hasn't two or three dimensions.
    """
    if is_pil_image(pic):
        pixels = _pixels(pic)
        pic = pixels * np.uint8(255) if pixels.dtype == bool else pixels
    elif not isinstance(pic, np.ndarray):
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    elif pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    planes = pic[None] if pic.ndim == 2 else pic.transpose(2, 0, 1)
    if planes.dtype != np.uint8:
        return from_numpy(np.ascontiguousarray(planes))
    floats = np.empty(planes.shape, get_default_dtype())  # in this order of axes, whatever that of the bytes
    return from_numpy(np.divide(planes, floats.dtype.type(255), out=floats))


def pil_to_tensor(pic: Any) -> Tensor:
    """Make a tensor (C, H, W) of a Pillow image; the values stay as they are.

    Raises:
        TypeError: it isn't a Pillow image.
    """
    if not is_pil_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    return _channels_first(_pixels(pic))


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """Make a Pillow image of a tensor (C, H, W) or (H, W), or of an array (H, W, C) or (H, W).

    Floats are taken as going from 0 to 1, unless the mode is "F".

    Args:
        pic: the tensor or array.
        mode: Pillow's mode; without one, L, LA, RGB or RGBA by the number of channels, and for a single
            channel also I;16, I or F by the dtype.

    Raises:
        ImportError: Pillow isn't installed.
        TypeError: neither tensor nor array, or a dtype that has no mode.
        ValueError: not two or three dimensions, more than four channels, or a mode that doesn't fit.
    """
    if isinstance(pic, Tensor):
        array = pic.detach().numpy()
        array = array.transpose(1, 2, 0) if array.ndim == 3 else array
    elif isinstance(pic, np.ndarray):
        array = pic
    else:
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if array.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
    channels = 1 if array.ndim == 2 else array.shape[2]
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    if array.dtype.kind == "f" and mode != "F":
        with np.errstate(invalid="ignore"):
            array = (array * 255).astype(np.uint8)
    fitting = _modes(channels, array.dtype)
    if mode is None and not fitting:
        raise TypeError(f"Input type {array.dtype} is not supported")
    if mode is not None and mode not in fitting:
        raise ValueError(
            f"mode {mode} doesn't fit {channels} channel(s) of {array.dtype}; what does: {', '.join(fitting)}"
        )
    return _make_image(array.reshape(*array.shape[:2], channels), mode or fitting[0])


def _modes(channels: int, dtype: np.dtype[Any]) -> list[str]:
    """Return the modes that Pillow has for such pixels, the usual one first."""
    if channels == 1:
        names = {"uint8": "L", "int16": "I;16", "int32": "I", "float32": "F"}
        return [names[dtype.name]] if dtype.name in names else []
    modes = {2: ["LA"], 3: ["RGB", "YCbCr", "HSV"], 4: ["RGBA", "CMYK", "RGBX"]}
    return modes[channels] if dtype == np.uint8 else []


def _channels_first(array: np.ndarray) -> Tensor:
    """Return (H, W) or (H, W, C) as a tensor (C, H, W) that shares its memory."""
    return from_numpy(array[None] if array.ndim == 2 else array.transpose(2, 0, 1))


def _array_like(old: np.ndarray, result: Any) -> Any:
    """Return a tensor (C, H, W) as an array of the layout that `old` has; other results as they are."""
    if not isinstance(result, Tensor):
        return result
    planes = result.detach().numpy()
    if old.ndim == 2 and len(planes) == 1:
        return planes[0]
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _pixels(image: Any) -> np.ndarray:
    """Return the pixels of a Pillow image, (H, W) or (H, W, C)."""
    return np.array(image, _WIDE_MODES.get(image.mode))


def _image_like(old: Any, result: Any) -> Any:
    """Return a tensor (C, H, W) as a Pillow image of the mode that `old` has."""
    if not isinstance(result, Tensor):
        return result
    pixels = result.detach().numpy().transpose(1, 2, 0)
    mode = old.mode if pixels.shape[2] == len(old.getbands()) else {1: "L", 3: "RGB"}[pixels.shape[2]]
    image = _make_image(pixels, mode)
    if mode == "P":
        image.putpalette(old.getpalette())
    return image


def _make_image(pixels: np.ndarray, mode: str) -> Any:
    """Make a Pillow image of pixels (H, W, C)."""
    image = pillow()
    if mode == "1":
        return image.fromarray(np.ascontiguousarray(pixels[:, :, 0]))
    size = (pixels.shape[1], pixels.shape[0])
    return image.frombytes(mode, size, np.ascontiguousarray(pixels).tobytes())


def pillow() -> Any:
    """Import Pillow, which comes with the extra `images`.

    Raises:
        ImportError: it isn't installed; the message says how to get it.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            'this needs Pillow, which comes with the extra "images": pip install "tinytorch-vision[images]"'
        ) from error
    return Image


def _unknown(img: Any) -> TypeError:
    what = type(img).__name__
    if isinstance(img, np.ndarray):
        what = f"an array of {img.ndim} dimension(s)"
    return TypeError(
        f"expected an image: Tensor (..., C, H, W), array (H, W) or (H, W, C), or PIL Image; got {what}"
    )
