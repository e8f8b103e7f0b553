"""Functions that change colours: brightness, contrast, saturation, hue."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Tensor, float32, maximum, minimum, stack, tensor, where, zeros_like

from .conversions import convert_image_dtype, max_value
from .images import any_image, get_dimensions


def _check_channels(img: Tensor) -> int:
    channels = get_dimensions(img)[0]
    if channels not in (1, 3):
        raise TypeError(f"Input image tensor permitted channel values are [1, 3], but found {channels}")
    return channels


def _check_factor(name: str, factor: Any) -> None:
    if not isinstance(factor, Tensor) and factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


@any_image
def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """Make a coloured image gray: 0.2989 red + 0.587 green + 0.114 blue.

    Args:
        img: the image or batch, of 1 or 3 channels.
        num_output_channels: 1, or 3 equal ones.

    Raises:
        TypeError: another number of channels.
        ValueError: another number of output channels.
    """
    if img.ndim < 3:
        raise TypeError(f"Input image tensor should have at least 3 dimensions, but found {img.ndim}")
    channels = _check_channels(img)
    if num_output_channels not in (1, 3):
        raise ValueError(f"num_output_channels should be either 1 or 3, got {num_output_channels}")
    gray = img.clone()
    if channels == 3:
        red, green, blue = (img[..., c : c + 1, :, :] for c in range(3))
        gray = (red * 0.2989 + green * 0.587 + blue * 0.114).to(img.dtype)
    return gray.expand(*img.shape[:-3], num_output_channels, *img.shape[-2:])


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """Make a Pillow image or an array gray; for tensors there is `rgb_to_grayscale`.

    Raises:
        TypeError: a Tensor.
    """
    if isinstance(img, Tensor):
        raise TypeError("Input should be PIL Image or array; use rgb_to_grayscale for a Tensor")
    return rgb_to_grayscale(img, num_output_channels)


@any_image
def adjust_brightness(img: Any, brightness_factor: Any) -> Any:
    """Multiply an image: 0 gives a black one, 1 the image itself, 2 one that is twice as bright.

    Raises:
        ValueError: a negative factor.
        TypeError: not 1 or 3 channels.
    """
    _check_factor("brightness_factor", brightness_factor)
    _check_channels(img)
    return _blend(img, zeros_like(img), brightness_factor)


@any_image
def adjust_contrast(img: Any, contrast_factor: Any) -> Any:
    """Move the values away from the mean gray: 0 gives that gray, 1 the image itself, 2 twice the contrast.

    Raises:
        ValueError: a negative factor.
        TypeError: not 1 or 3 channels.
    """
    _check_factor("contrast_factor", contrast_factor)
    gray = rgb_to_grayscale(img) if _check_channels(img) == 3 else img
    dtype = img.dtype if img.is_floating_point() else float32
    dims = (-3, -2, -1) if img.ndim > 2 else (-2, -1)
    return _blend(img, gray.to(dtype).mean(dims, keepdim=True), contrast_factor)


@any_image
def adjust_saturation(img: Any, saturation_factor: Any) -> Any:
    """Move the colours away from gray: 0 gives a gray image, 1 the image itself, 2 twice the saturation.

    Raises:
        ValueError: a negative factor.
        TypeError: not 1 or 3 channels.
    """
    _check_factor("saturation_factor", saturation_factor)
    if _check_channels(img) == 1:
        return img
    return _blend(img, rgb_to_grayscale(img), saturation_factor)


@any_image
def adjust_hue(img: Any, hue_factor: Any) -> Any:
    """Turn the wheel of colours: by half a turn for 0.5 or -0.5, not at all for 0.

    Raises:
        ValueError: a factor outside of [-0.5, 0.5].
        TypeError: not 1 or 3 channels.
    """
    if not isinstance(hue_factor, Tensor) and not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if _check_channels(img) == 1:
        return img
    hue, saturation, value = _to_hsv(convert_image_dtype(img, float32))
    return convert_image_dtype(_from_hsv((hue + hue_factor) % 1.0, saturation, value), img.dtype)


@any_image
def adjust_gamma(img: Any, gamma: float, gain: float = 1) -> Any:
    """Raise the values, from 0 to 1, to a power: more than 1 makes shadows darker, less makes them lighter.

    Raises:
        ValueError: a negative power.
        TypeError: not 1 or 3 channels.
    """
    _check_channels(img)
    if gamma < 0:
        raise ValueError("Gamma should be a non-negative real number")
    floats = img if img.is_floating_point() else convert_image_dtype(img, float32)
    return convert_image_dtype((floats.pow(gamma) * gain).clamp(0, 1), img.dtype)


@any_image
def invert(img: Any) -> Any:
    """Make a negative: black becomes white.

    Raises:
        TypeError: not 1 or 3 channels.
    """
    _check_channels(img)
    return max_value(img.dtype) - img


def _blend(img: Tensor, other: Tensor, ratio: Any) -> Tensor:
    """Return `ratio` parts of the image and `1 - ratio` of the other one; ratios may be (N, 1, 1, 1)."""
    ratio = ratio if isinstance(ratio, Tensor) else float(ratio)  # an int would keep bytes bytes
    mixed = img * ratio + other * (1.0 - ratio)
    result: Tensor = mixed.clamp(0, max_value(img.dtype)).to(img.dtype)
    return result


def _to_hsv(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return hue (0 to 1, once around the wheel), saturation and value of an image of three channels."""
    red, green, blue = (img[..., c, :, :] for c in range(3))
    value = maximum(maximum(red, green), blue)
    chroma = value - minimum(minimum(red, green), blue)
    gray = chroma == 0
    one = tensor(1.0)
    spread = where(gray, one, chroma)
    sector = where(
        value == red,
        (green - blue) / spread,
        where(value == green, (blue - red) / spread + 2.0, (red - green) / spread + 4.0),
    )
    return (sector / 6.0) % 1.0, chroma / where(gray, one, value), value


def _from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Return the image of three channels; each follows the same hat-shaped curve, a third of a turn apart."""
    planes = []
    for start in (5.0, 3.0, 1.0):
        k = (hue * 6.0 + start) % 6.0
        planes.append(value - value * saturation * minimum(k, 4.0 - k).clamp(0.0, 1.0))
    return stack(planes, -3)
