"""The transforms against torchvision's: same values, dtypes, shapes, errors and descriptions.

Each function is called on images of many sizes and dtypes. Random transforms are compared through what they
are made of: the bounds of the parameters that they draw, and what they do with given parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tinytorch.core as core
import torch
from tinytorch.vision import transforms as ours
from tinytorch.vision.transforms import functional as our_functional

from .libraries import to_array
from .torchvision_without_kernels import torchvision

theirs = torchvision.transforms
their_functional = torchvision.transforms.functional

SIZES = [(1, 1, 1), (3, 1, 1), (1, 1, 7), (3, 5, 4), (3, 4, 5), (1, 28, 28), (3, 33, 20), (2, 3, 9, 8), (4, 1, 8, 8), (2, 2, 3, 6, 5)]
PLANES = [(1, 1), (6, 5), (28, 28)]
DTYPES = ["uint8", "float32", "float64"]
TOLERANCE = {"float16": 2e-3, "float32": 1e-5, "float64": 1e-5}


def image(shape: tuple[int, ...], dtype: str, seed: int = 0) -> np.ndarray:
    """Return pixels: bytes over their whole range, floats from 0 to 1."""
    rng = np.random.default_rng([seed, *shape])
    if dtype[0] == "f":
        return rng.random(shape).astype(dtype)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    top = np.iinfo(dtype).max
    return rng.integers(0, top, shape, endpoint=True).astype(dtype)


def same(mine: Any, right: Any, exact: np.ndarray | None = None) -> None:
    """Fail unless the results agree.

    Integers that come of floats are told the float, too: where it lies on the border between two integers, to
    float32's last bits, either may be the result.
    """
    if isinstance(right, (tuple, list)):
        assert len(mine) == len(right)
        for a, b in zip(mine, right):
            same(a, b)
        return
    if not isinstance(right, torch.Tensor):
        assert mine == right
        return
    assert isinstance(mine, core.Tensor)
    a, b = to_array(mine), to_array(right)
    assert a.shape == b.shape, f"shape {a.shape}, torchvision {b.shape}"
    assert a.dtype == b.dtype, f"dtype {a.dtype}, torchvision {b.dtype}"
    if a.dtype.kind == "f":
        np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCE[a.dtype.name])
    else:
        distance = abs(a.astype(np.int64) - b.astype(np.int64))
        allowed = 0 if exact is None else abs(exact - np.floor(exact) - 0.5) < 1e-6 * max(abs(exact).max(initial=0), 1)
        at = np.argwhere(distance > allowed)
        assert not len(at), f"{len(at)} of {a.size} differ, the first at {at[0]}: {a[tuple(at[0])]}, torchvision {b[tuple(at[0])]}"


OURS = {"F": our_functional, "T": ours, "t": core, "mode": ours.InterpolationMode}
THEIRS = {"F": their_functional, "T": theirs, "t": torch, "mode": theirs.InterpolationMode}


def outcome(library: dict[str, Any], call: str, pixels: np.ndarray) -> Any:
    """Evaluate `call` on the image `x`; an error is a result, too."""
    try:
        return eval(call, {**library, "x": library["t"].from_numpy(pixels.copy())})
    except Exception as error:
        return error


def both(call: str, shape: tuple[int, ...], dtype: str, rounded: bool = False) -> None:
    """Evaluate `call` in both libraries, on the same image `x`, and compare."""
    pixels = image(shape, dtype)
    mine, right = outcome(OURS, call, pixels), outcome(THEIRS, call, pixels)
    if isinstance(right, Exception):
        assert isinstance(mine, Exception), f"torchvision: {right!r}"
        assert isinstance(mine, type(right)) or isinstance(right, (RuntimeError, NotImplementedError)), f"{mine!r}, torchvision: {right!r}"
        return
    if isinstance(mine, Exception):
        raise mine
    exact = to_array(outcome(THEIRS, call, pixels.astype(np.float64))) if rounded and dtype[0] != "f" else None
    same(mine, right, exact)


def everywhere(call: str, shapes: list[tuple[int, ...]], dtypes: list[str] = DTYPES, rounded: bool = False) -> None:
    """Compare one call on every image."""
    wrong = []
    for shape in shapes:
        for dtype in dtypes:
            try:
                both(call, shape, dtype, rounded)
            except Exception as error:
                wrong.append(f"{shape} {dtype}: {error}")
    assert not wrong, "\n".join([f"{len(wrong)} differ", *wrong[:5]])


MOVES = [
    "F.hflip(x)", "F.vflip(x)", "F.crop(x, 0, 0, 2, 3)", "F.crop(x, 1, 2, 3, 2)", "F.crop(x, -1, -2, 4, 6)", "F.crop(x, 2, 1, 9, 40)",
    "F.crop(x, 50, 50, 2, 2)", "F.crop(x, -1, -1, 1, 1)", "F.center_crop(x, 3)", "F.center_crop(x, (4, 2))", "F.center_crop(x, [5])", "F.center_crop(x, 7)", "F.center_crop(x, (30, 31))", "F.center_crop(x, [2, 40])",
    "F.pad(x, 2)", "F.pad(x, [1])", "F.pad(x, (1, 2))", "F.pad(x, [1, 2, 3, 4], fill=7)", "F.pad(x, [1, 0, 2, 0], 0.5, 'constant')", "F.pad(x, [-1, 2, 0, 1])",
    "F.five_crop(x, 2)", "F.five_crop(x, (3, 4))", "F.ten_crop(x, [2])", "F.ten_crop(x, (2, 3), vertical_flip=True)",
    "F.get_dimensions(x)", "F.get_image_size(x)", "F.get_image_num_channels(x)",
    "F.erase(x, 0, 0, 1, 1, 0)", "F.erase(x, 1, 1, 2, 2, t.tensor(3.0))", "F.erase(x, 0, 1, 2, 5, t.tensor([[[1.]]]), inplace=True)",
]  # fmt: skip
BORDERS = [
    "F.pad(x, 1, padding_mode='edge')", "F.pad(x, [3, 2, 5, 1], padding_mode='edge')", "F.pad(x, 1, padding_mode='reflect')", "F.pad(x, [2, 3, 1, 0], padding_mode='reflect')",
    "F.pad(x, 1, padding_mode='symmetric')", "F.pad(x, [2, 1, 4, 3], padding_mode='symmetric')", "F.pad(x, [-1, 1, 1, -1], padding_mode='symmetric')",
]  # fmt: skip
RESIZES = [
    f"F.resize(x, {size}, interpolation=mode.{mode}, antialias={antialias})"
    for size in ("(1, 1)", "(2, 3)", "(5, 4)", "(8, 8)", "(7, 19)", "(40, 50)", "6", "[9]", "3, max_size=7")
    for mode, antialias in (("NEAREST", True), ("NEAREST_EXACT", None), ("BILINEAR", True), ("BILINEAR", False), ("BICUBIC", True), ("BICUBIC", False))
    if not ("max_size" in size and antialias is None)
]  # fmt: skip
RESIZES += ["F.resized_crop(x, 0, 1, 3, 2, (4, 5))", "F.resized_crop(x, 1, 0, 2, 4, [3], mode.NEAREST)", "F.resized_crop(x, 0, 0, 5, 5, 3, mode.BICUBIC, antialias=False)"]
WARPS = [
    f"F.{call}, interpolation=mode.{mode}{fill})"
    for call in (
        "rotate(x, 0", "rotate(x, 90", "rotate(x, 180.0", "rotate(x, -33.3", "rotate(x, 45, expand=True", "rotate(x, 90, expand=True", "rotate(x, 20, center=[1, 2]", "rotate(x, 400.5, center=(0, 0)",
        "affine(x, 0, [0, 0], 1.0, [0.0, 0.0]", "affine(x, 30, [1, -2], 1.2, [5.0, -8.0]", "affine(x, -75.5, (2, 1), 0.6, 10", "affine(x, 10, [0, 1], 2.5, [3], center=[0, 3]", "affine(x, 0, [1, 1], 1.0, 0.0",
    )
    for mode in ("NEAREST", "BILINEAR")
    for fill in ("", ", fill=0.5", ", fill=[1.0]")
]  # fmt: skip
COLORS = [
    "F.rgb_to_grayscale(x)", "F.adjust_brightness(x, 0)", "F.adjust_brightness(x, 0.4)", "F.adjust_brightness(x, 2.5)",
    "F.adjust_contrast(x, 0)", "F.adjust_contrast(x, 0.7)", "F.adjust_contrast(x, 3)", "F.adjust_saturation(x, 0)", "F.adjust_saturation(x, 0.2)", "F.adjust_saturation(x, 1.9)",
    "F.adjust_hue(x, 0)", "F.adjust_hue(x, 0.5)", "F.adjust_hue(x, -0.5)", "F.adjust_hue(x, 0.13)", "F.adjust_hue(x, -0.31)",
    "F.adjust_gamma(x, 0.4)", "F.adjust_gamma(x, 2.2, gain=0.8)", "F.invert(x)",
]  # fmt: skip


STACKS = [shape for shape in SIZES if len(shape) in (3, 4)]


@pytest.mark.parametrize("call", MOVES)
def test_moving_pixels(call: str) -> None:
    everywhere(call, SIZES + PLANES, [*DTYPES, "bool", "int16", "float16"])


@pytest.mark.parametrize("call", BORDERS)
def test_borders(call: str) -> None:
    everywhere(call, STACKS)


@pytest.mark.parametrize("call", RESIZES)
def test_resizing(call: str) -> None:
    everywhere(call, STACKS, [*DTYPES, "int16"], rounded=True)


@pytest.mark.parametrize("call", WARPS)
def test_warping(call: str) -> None:
    everywhere(call, STACKS, rounded=True)


@pytest.mark.parametrize("call", COLORS)
def test_colors(call: str) -> None:
    everywhere(call, [shape for shape in SIZES if shape[-3] in (1, 3)])


def test_three_equal_channels() -> None:
    """Of a gray tensor torchvision.transforms makes no three channels, against its words; v2 does, and so do we."""
    everywhere("F.rgb_to_grayscale(x, 3)", [shape for shape in SIZES if shape[-3] == 3])
    gray = core.from_numpy(image((1, 4, 5), "uint8"))
    assert our_functional.rgb_to_grayscale(gray, 3).tolist() == gray.expand(3, 4, 5).tolist()


def test_a_column_is_resized_like_a_wider_image() -> None:
    """PyTorch's antialias gives every row of an image of width 1 the value of the first one; we don't."""
    column = image((1, 32, 1), "float32")
    right = their_functional.resize(torch.from_numpy(column.repeat(2, 2)), [51, 2])
    mine = our_functional.resize(core.from_numpy(column), [51, 1])
    np.testing.assert_allclose(to_array(mine)[..., 0], to_array(right)[..., 0], atol=1e-5)


def test_a_piece_beyond_the_image_has_the_size_that_was_asked_for() -> None:
    """Where torchvision counts from the end, and returns something of another size."""
    x = image((1, 20, 6), "float32")
    assert their_functional.crop(torch.from_numpy(x), -10, 0, 3, 3).shape[-2:] != (3, 3)
    piece = our_functional.crop(core.from_numpy(x), -10, 0, 3, 3)
    assert piece.shape[-2:] == (3, 3)
    assert not piece.numpy().any()
