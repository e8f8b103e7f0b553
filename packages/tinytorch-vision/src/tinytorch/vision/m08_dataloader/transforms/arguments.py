"""Checks of what a transform is given, and the forms that are short for others."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from numbers import Number
from typing import Any


class InterpolationMode(Enum):
    """How the values between pixels are found.

    Source: https://docs.pytorch.org/vision/stable/transforms.html
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_PILLOWS_NUMBERS = {
    0: InterpolationMode.NEAREST,
    1: InterpolationMode.LANCZOS,
    2: InterpolationMode.BILINEAR,
    3: InterpolationMode.BICUBIC,
    4: InterpolationMode.BOX,
    5: InterpolationMode.HAMMING,
}


def interpolation_mode(interpolation: Any, allowed: Sequence[str] = ()) -> InterpolationMode:
    """Return the mode that is meant by a mode or by Pillow's number of it.

    Args:
        interpolation: the mode or number.
        allowed: the modes that the caller knows; all if none is given.

    Raises:
        TypeError: it is neither.
        ValueError: the caller doesn't know that mode.
    """
    if isinstance(interpolation, int) and interpolation in _PILLOWS_NUMBERS:
        interpolation = _PILLOWS_NUMBERS[interpolation]
    if not isinstance(interpolation, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding Pillow integer constant,"
            f" got {interpolation!r}"
        )
    if allowed and interpolation.value not in allowed:
        raise ValueError(
            f"Interpolation mode '{interpolation.value}' is unsupported here; use {', '.join(allowed)}"
        )
    return interpolation


def pair(size: Any, message: str = "Please provide only two dimensions (h, w) for size.") -> Any:
    """Return a height and a width: of one number, both are that number.

    Raises:
        ValueError: there are more than two numbers, or none.
    """
    if isinstance(size, Number):
        return int(size), int(size)  # type: ignore[call-overload]
    if len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(message)
    return size


def check_sequence(values: Any, name: str, lengths: Sequence[int]) -> None:
    """Raise unless `values` is a sequence of one of these lengths."""
    wanted = f"{name} should be a sequence of length {' or '.join(map(str, lengths))}."
    if not isinstance(values, Sequence):
        raise TypeError(wanted)
    if len(values) not in lengths:
        raise ValueError(wanted)


def angles(values: Any, name: str, lengths: Sequence[int] = (2,)) -> list[float]:
    """Return a range of angles; a number means from minus to plus that number.

    Raises:
        TypeError: neither a number nor a sequence.
        ValueError: a negative number, or a sequence of another length.
    """
    if isinstance(values, Number):
        if values < 0:  # type: ignore[operator]
            raise ValueError(f"If {name} is a single number, it must be positive.")
        values = [-values, values]  # type: ignore[operator]
    else:
        check_sequence(values, name, lengths)
    return [float(value) for value in values]


def fill_value(fill: Any) -> Any:
    """Return the value or values for what lies outside the image, 0 if there is none.

    Raises:
        TypeError: neither a number nor a sequence.
    """
    if fill is None:
        return 0
    if not isinstance(fill, (Sequence, Number)):
        raise TypeError("Fill should be either a sequence or a number.")
    return fill


def fill_per_channel(fill: Any, channels: int) -> list[float]:
    """Return the value for each channel."""
    if isinstance(fill, (int, float)):
        return [float(fill)] * channels
    return [float(value) for value in fill]
