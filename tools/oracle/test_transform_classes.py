"""The classes of transforms against torchvision's: descriptions, errors, decisions, and images that aren't tensors."""

from __future__ import annotations

import inspect
import operator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tinytorch.core as core
import torch
from PIL import Image
from tinytorch.vision import transforms as ours

from .libraries import to_array
from .test_transforms import DTYPES, OURS, PLANES, SIZES, STACKS, THEIRS, everywhere, image, outcome
from .torchvision_without_kernels import torchvision

theirs = torchvision.transforms

DESCRIBED = [
    "T.Compose([T.ToTensor(), T.Normalize((0.5,), (0.5,))])", "T.Compose([])", "T.Normalize([0.1, 0.2], [1, 2], inplace=True)", "T.PILToTensor()", "T.ToPILImage()", "T.ToPILImage('L')", "T.ConvertImageDtype(t.float32)",
    "T.Resize(3)", "T.Resize((3, 4), T.InterpolationMode.NEAREST, antialias=None)", "T.Resize([5], 3, max_size=9)", "T.CenterCrop(4)", "T.CenterCrop([4])", "T.CenterCrop((4, 5))",
    "T.Pad(2)", "T.Pad([1, 2], 7, 'reflect')", "T.Pad((1, 2, 3, 4), padding_mode='edge')", "T.Lambda(abs)", "T.RandomApply([T.CenterCrop(2), T.Pad(1)], p=0.3)", "T.RandomChoice([T.Pad(1), T.Pad(2)], p=[1, 2])", "T.RandomChoice([T.Pad(1)])", "T.RandomOrder([T.Pad(1), T.CenterCrop(3)])",
    "T.RandomCrop(3)", "T.RandomCrop((3, 4), padding=[1, 2], pad_if_needed=True, fill=1, padding_mode='edge')", "T.RandomHorizontalFlip()", "T.RandomVerticalFlip(0.1)", "T.RandomResizedCrop(8)", "T.RandomResizedCrop((8, 9), (0.1, 0.5), (1, 2), 0, False)", "T.FiveCrop(3)", "T.TenCrop((3, 2), True)",
    "T.ColorJitter()", "T.ColorJitter(0.5, (0.2, 0.9), 2, 0.3)", "T.ColorJitter(hue=(-0.2, 0.4), contrast=[1, 1])", "T.RandomRotation(10)", "T.RandomRotation((-5, 30), T.InterpolationMode.BILINEAR, True, (1, 2), 3)", "T.RandomRotation([1, 2], fill=None)",
    "T.RandomAffine(10)", "T.RandomAffine((1, 2), (0.1, 0.2), (0.5, 2), 3, T.InterpolationMode.BILINEAR, 5, (1, 1))", "T.RandomAffine(0, shear=[1, 2, 3, 4], fill=[1, 2, 3])", "T.Grayscale()", "T.Grayscale(3)", "T.RandomGrayscale(0.2)",
    "T.RandomErasing()", "T.RandomErasing(0.1, (0.1, 0.2), (1, 2), 'random', True)", "T.RandomErasing(value=[1, 2, 3])",
]  # fmt: skip
REFUSED = [
    "T.Resize(None)", "T.Resize((1, 2, 3))", "T.Resize(3.5)", "T.CenterCrop((1, 2, 3))", "T.Pad('1')", "T.Pad((1, 2, 3))", "T.Pad(1, 'x')", "T.Pad(1, 0, 'wrap')", "T.Lambda(3)", "T.RandomChoice(3)", "T.RandomChoice([], 3)", "T.RandomOrder(3)",
    "T.RandomCrop((1, 2, 3))", "T.RandomResizedCrop(3, 1)", "T.RandomResizedCrop(3, (0, 1), 2)", "T.ColorJitter(-1)", "T.ColorJitter((2, 1))", "T.ColorJitter('x')", "T.ColorJitter(hue=0.6)", "T.ColorJitter(hue=(-0.6, 0))", "T.ColorJitter((-1, 2))",
    "T.RandomRotation(-1)", "T.RandomRotation((1, 2, 3))", "T.RandomRotation(1, center=3)", "T.RandomRotation(1, center=(1,))", "T.RandomRotation(1, fill='x' and {})", "T.RandomAffine(-1)", "T.RandomAffine(1, translate=3)", "T.RandomAffine(1, translate=(1, 2))", "T.RandomAffine(1, translate=(0.1,))",
    "T.RandomAffine(1, scale=(0, 1))", "T.RandomAffine(1, scale=2)", "T.RandomAffine(1, shear=-3)", "T.RandomAffine(1, shear=(1, 2, 3))", "T.RandomAffine(1, center=3)", "T.RandomErasing(2)", "T.RandomErasing(scale=(0, 2))", "T.RandomErasing(scale=1)", "T.RandomErasing(ratio=1)", "T.RandomErasing(value='x')", "T.RandomErasing(value=None)",
    "T.RandomCrop(9)(x)", "T.ToTensor()(x)", "T.ToTensor()(3)", "T.PILToTensor()(x)", "T.ConvertImageDtype(t.int32)(x)", "T.ConvertImageDtype(t.int64)(x)", "T.Normalize([0.5], [0.0])(x)", "T.Normalize([0.5], [0.5])(x.int())", "T.Normalize([0.5], [0.5])(x[0])", "T.Normalize([0.5] * 4, [0.5] * 4)(x)",
    "T.RandomErasing(1, value=(1, 2))(x)", "T.FiveCrop(9)(x)", "T.TenCrop(9)(x)", "T.Resize(3, T.InterpolationMode.LANCZOS)(x)", "T.Resize(3, max_size=3)(x)", "T.Resize((3, 3), max_size=9)(x)", "T.RandomRotation(1, T.InterpolationMode.BICUBIC)(x)", "T.RandomRotation(1, fill=(1, 2))(x)",
    "F.pad(x, 1, (1, 2, 3))", "F.pad(x, '1')", "F.pad(x, (1, 2, 3))", "F.pad(x, 1, padding_mode='wrap')", "F.pad(x, 9, padding_mode='reflect')", "F.pad(x, 9, padding_mode='symmetric')", "F.resize(x, 3, interpolation='bilinear')", "F.resize(x, 3, max_size=2)", "F.resize(x, (1, 2, 3))", "F.resize(x, 3, 4)",
    "F.rotate(x, '3')", "F.rotate(x, 3, center=1)", "F.rotate(x, 3, fill=[1, 2])", "F.rotate(x, 3, 3)", "F.affine(x, '3', [0, 0], 1, 0)", "F.affine(x, 3, 1, 1, 0)", "F.affine(x, 3, [1], 1, 0)", "F.affine(x, 3, [0, 0], 0, 0)", "F.affine(x, 3, [0, 0], 1, 'x')", "F.affine(x, 3, [0, 0], 1, [1, 2, 3])",
    "F.adjust_brightness(x, -1)", "F.adjust_contrast(x, -1)", "F.adjust_saturation(x, -1)", "F.adjust_hue(x, 0.6)", "F.adjust_gamma(x, -1)", "F.adjust_brightness(x[:2], 1)", "F.adjust_hue(x[:2], 0)", "F.invert(x[:2])", "F.rgb_to_grayscale(x, 2)", "F.rgb_to_grayscale(x[0])", "F.rgb_to_grayscale(x[:2])", "F.to_grayscale(x)",
    "F.erase(3, 0, 0, 1, 1, 0)", "F.normalize(3, [1], [1])", "F.hflip(3)", "F.hflip(x[0, 0])", "F.crop('x', 0, 0, 1, 1)", "F.get_dimensions(3)", "F.to_tensor(x)", "F.to_pil_image(x[None])", "F.to_pil_image(3)", "F.to_pil_image(x.repeat(2, 1, 1))", "F.to_pil_image(x, 'L')", "F.to_pil_image(x.double(), 'F')", "F.convert_image_dtype(3)", "F.five_crop(x, 9)", "F.ten_crop(x, 9)",
]  # fmt: skip
APPLIED = [
    "T.Normalize((0.1,), (0.3,))(x)", "T.Normalize([0.1], 2.0)(x)", "T.Normalize(t.tensor([0.3]), t.tensor([0.1]))(x)", "T.Normalize([0.5], [0.5], True)(x)",
    "T.Compose([T.Resize(6), T.CenterCrop(4), T.Pad(1)])(x)", "T.Resize((3, 5))(x)", "T.CenterCrop(3)(x)", "T.Pad(2)(x)", "T.FiveCrop(1)(x)", "T.TenCrop(1)(x)", "T.Lambda(lambda x: x + 1)(x)",
    "T.RandomHorizontalFlip(1)(x)", "T.RandomHorizontalFlip(0)(x)", "T.RandomVerticalFlip(1)(x)", "T.RandomCrop(1)(x[..., :1, :1])", "T.RandomCrop(1, pad_if_needed=True, fill=1)(x[..., :1, :1])", "T.RandomApply([T.Pad(1)], 1.0)(x)", "T.RandomApply([T.Pad(1)], 0.0)(x)",
    "T.RandomOrder([T.Pad(1)])(x)", "T.RandomChoice([T.Pad(1), T.Pad(2)], p=[0, 1])(x)", "T.RandomRotation((20, 20))(x)", "T.RandomRotation((20, 20), T.InterpolationMode.BILINEAR, True, fill=0.5)(x)", "T.RandomRotation((-20, -20), center=(1, 2))(x)",
    "T.RandomAffine((5, 5), None, (1.5, 1.5), (3, 3, 4, 4))(x)", "T.RandomAffine((5, 5), (0, 0), shear=(3, 3), interpolation=2, fill=0.3, center=(0, 1))(x)", "T.RandomResizedCrop(4, (1, 1), (1, 1))(x[..., :1, :1])",
    "T.RandomErasing(0)(x)",
]  # fmt: skip
COLORED = [
    "T.ColorJitter((0.5, 0.5))(x)", "T.ColorJitter(contrast=(1.5, 1.5))(x)", "T.ColorJitter(saturation=(0.5, 0.5))(x)", "T.ColorJitter(hue=(0.2, 0.2))(x)", "T.ColorJitter()(x)", "T.Grayscale()(x)", "T.RandomGrayscale(1)(x)", "T.RandomGrayscale(0)(x)",
]  # fmt: skip
CONVERTED = [f"F.convert_image_dtype(x, t.{dtype})" for dtype in ("uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64")]


@pytest.mark.parametrize("call", DESCRIBED)
def test_descriptions(call: str) -> None:
    assert repr(eval(call, dict(OURS))) == repr(eval(call, dict(THEIRS))).replace("torch.", "")


@pytest.mark.filterwarnings("ignore:Argument fill should be")
@pytest.mark.parametrize("call", REFUSED)
def test_errors(call: str) -> None:
    pixels = image((3, 5, 4), "float32")
    right, mine = outcome(THEIRS, call, pixels), outcome(OURS, call, pixels)
    assert isinstance(right, Exception), "torchvision takes it"
    assert isinstance(mine, Exception)
    if not isinstance(right, (RuntimeError, NotImplementedError, AttributeError)):
        assert isinstance(mine, type(right)), f"{mine!r}, torchvision {right!r}"


@pytest.mark.parametrize("call", APPLIED)
def test_application(call: str) -> None:
    dtypes = ["float32", "float64"] if "Normalize" in call else DTYPES
    everywhere(call, STACKS, dtypes, rounded=any(name in call for name in ("Resize", "Rotation", "Affine")))


@pytest.mark.parametrize("call", COLORED)
def test_colors(call: str) -> None:
    everywhere(call, [shape for shape in SIZES if shape[-3] in (1, 3)])


@pytest.mark.parametrize("call", CONVERTED)
def test_conversion(call: str) -> None:
    integers = ["uint8", "int8", "int16"] + ["int32", "int64"] * ("float16" not in call)  # which can't hold them
    everywhere(call, SIZES + PLANES, [*integers, "float16", "float32", "float64"])


# What is drawn

PARAMETERS = {
    "crop": "T.RandomCrop.get_params(x, (4, 3))",
    "whole": "T.RandomCrop.get_params(x, (9, 12))",
    "rotation": "[T.RandomRotation.get_params([-10.0, 25.0])]",
    "affine": "flat(T.RandomAffine.get_params([-10.0, 20.0], (0.3, 0.2), (0.5, 1.5), [-1.0, 2.0, 3.0, 5.0], [30, 20]))",
    "shear": "flat(T.RandomAffine.get_params([0.0, 0.0], None, None, [-1.0, 2.0], [30, 20]))",
    "jitter": "[*T.ColorJitter.get_params((0.5, 1.5), (0.2, 0.3), (1.0, 3.0), (-0.1, 0.4))[0].tolist(), *T.ColorJitter.get_params((0.5, 1.5), (0.2, 0.3), (1.0, 3.0), (-0.1, 0.4))[1:]]",
    "erasing": "T.RandomErasing.get_params(x, (0.02, 0.33), (0.3, 3.3), [0.0])[:4]",
    "erasing nothing": "T.RandomErasing.get_params(x, (1.0, 1.0), (0.3, 3.3), [0.0])[:4]",
    "resized": "T.RandomResizedCrop.get_params(x, (0.08, 1.0), (0.75, 1.3333))",
    "resized wide": "T.RandomResizedCrop.get_params(x, (0.9, 1.0), (2.0, 3.0))",
    "resized tall": "T.RandomResizedCrop.get_params(x, (0.9, 1.0), (0.1, 0.2))",
}  # fmt: skip


def flat(values: Any) -> list[float]:
    return [x for value in values for x in (value if isinstance(value, tuple) else (value,))]


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_are_distributed_alike(name: str) -> None:
    """The largest distance of the distribution functions of 1,500 draws each (Kolmogorov and Smirnov)."""
    count, seed = 1500, 5
    core.manual_seed(seed)
    torch.manual_seed(seed)
    drawn = []
    for library in (OURS, THEIRS):
        scope = {**library, "x": library["t"].zeros(3, 9, 12), "flat": flat}
        code = compile(PARAMETERS[name], "draw", "eval")
        samples = [eval(code, scope) for _ in range(count)]
        assert all(type(x) in (int, float) for x in samples[0])
        drawn.append(samples)
    mine, right = (np.array(samples, np.float64).T for samples in drawn)
    assert mine.shape == right.shape
    for a, b in zip(mine, right):
        steps = np.union1d(a, b)
        distance = abs(np.searchsorted(np.sort(a), steps, "right") - np.searchsorted(np.sort(b), steps, "right")).max() / count
        assert distance < 2.2 * np.sqrt(2 / count), "1 in 10,000 would be as far apart by chance"


@pytest.mark.parametrize("value", [[1.5], [1.0, 2.0, 3.0], None])
def test_erasing_draws_values(value: Any) -> None:
    found = [library["T"].RandomErasing.get_params(library["t"].zeros(3, 20, 20), (0.1, 0.2), (1, 1), value) for library in (OURS, THEIRS)]
    for top, left, height, width, values in found:
        assert 0 <= top <= 20 - height
        assert 0 <= left <= 20 - width
        array = to_array(values)
        assert array.dtype == np.float32
        assert array.shape == ((3, height, width) if value is None else (len(value), 1, 1))


# Images that aren't tensors: in the place of a Pillow image we also take an array

MODES = ["L", "RGB", "RGBA", "LA", "1", "I", "F", "P", "I;16", "CMYK", "YCbCr", "HSV"]


def picture(mode: str, size: tuple[int, int] = (9, 6)) -> Any:
    base = Image.fromarray(image((size[1], size[0], 3), "uint8"))
    if mode == "I;16":
        return Image.fromarray(image((size[1], size[0]), "int16").astype(np.uint16))
    return base.convert("L").convert(mode) if mode in ("LA", "1", "I", "F") else base.convert(mode)


@pytest.mark.parametrize("mode", MODES)
def test_pictures_become_tensors(mode: str) -> None:
    x = picture(mode)
    for name in ("to_tensor", "pil_to_tensor"):
        if mode == "I;16" and name == "pil_to_tensor":
            continue  # PyTorch's uint16, which we don't have
        mine, right = getattr(ours.functional, name)(x), getattr(theirs.functional, name)(x)
        a, b = to_array(mine), to_array(right)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    assert ours.functional.get_dimensions(x) == theirs.functional.get_dimensions(x)
    assert ours.functional.get_image_size(x) == theirs.functional.get_image_size(x)


@pytest.mark.parametrize("array", [image(shape, dtype) for shape in ((4, 5), (4, 5, 1), (4, 5, 3), (1, 1, 3), (4, 5, 4)) for dtype in ("uint8", "float32", "float64", "int32")], ids=lambda a: f"{a.shape} {a.dtype}")  # fmt: skip
def test_arrays_become_tensors(array: np.ndarray) -> None:
    for given in (array, array[::-1], np.asfortranarray(array)):
        mine = ours.ToTensor()(given)
        right = theirs.ToTensor()(given.copy(order="C"))
        assert to_array(mine).dtype == to_array(right).dtype
        np.testing.assert_array_equal(to_array(mine), to_array(right))


PICTURED = [
    "F.hflip(x)", "F.vflip(x)", "F.crop(x, 1, 2, 3, 4)", "F.crop(x, -1, 3, 4, 9)", "F.center_crop(x, 4)", "F.center_crop(x, (20, 3))", "F.pad(x, 2)", "F.pad(x, [1, 2], 7)", "F.pad(x, 3, padding_mode='edge')",
    "F.pad(x, [1, 2, 3, 4], padding_mode='reflect')", "F.pad(x, 2, padding_mode='symmetric')", "F.five_crop(x, 3)", "F.resize(x, (3, 4), T.InterpolationMode.NEAREST)", "F.rotate(x, 180)",
    "T.RandomHorizontalFlip(1)(x)", "T.Compose([T.Pad(2), T.CenterCrop(4), T.ToTensor()])(x)",
]  # fmt: skip
NEARLY = ["F.to_grayscale(x)", "F.to_grayscale(x, 3)", "F.resize(x, (3, 4))", "F.resize(x, 12)", "F.resize(x, 3, T.InterpolationMode.BICUBIC)", "F.adjust_brightness(x, 1.3)", "F.adjust_contrast(x, 0.4)", "F.adjust_saturation(x, 1.7)"]


@pytest.mark.parametrize("call", PICTURED + NEARLY)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_arrays_and_pictures_are_treated_like_pictures(call: str, mode: str) -> None:
    """Pillow computes in other roundings; so for what isn't a mere move one or two levels may lie between."""
    x = picture(mode)
    right = eval(call, {**THEIRS, "x": x})
    for given in (x, np.asarray(x)):
        mine = eval(call, {**OURS, "x": given})
        for a, b in zip(mine, right) if isinstance(right, tuple) else [(mine, right)]:
            assert isinstance(a, core.Tensor) or type(a) is type(given)
            if given is x and not isinstance(a, core.Tensor):
                assert a.mode == b.mode
            if isinstance(b, torch.Tensor):
                a, b = to_array(a), to_array(b)
            a, b = np.asarray(a), np.asarray(b)
            assert a.shape == b.shape or (b.ndim == 2 and a.shape == (*b.shape, 1))
            assert abs(a.reshape(b.shape).astype(np.float32) - b.astype(np.float32)).max() <= (2 if call in NEARLY else 0)


def test_the_border_of_a_picture_may_have_a_color() -> None:
    x = picture("RGB")
    right = np.asarray(theirs.Pad(2, fill=(1, 2, 3))(x))
    np.testing.assert_array_equal(np.asarray(ours.Pad(2, fill=(1, 2, 3))(x)), right)
    np.testing.assert_array_equal(ours.Pad(2, fill=(1, 2, 3))(np.asarray(x)), right)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_pictures_can_be_flipped(mode: str) -> None:
    x = picture(mode)
    mine, right = ours.functional.hflip(x), theirs.functional.hflip(x)
    assert mine.mode == right.mode
    assert mine.tobytes() == right.tobytes()
    assert mine.getpalette() == right.getpalette()


@pytest.mark.parametrize(("shape", "dtype", "mode"), [((1, 4, 5), "uint8", None), ((4, 5), "uint8", "L"), ((2, 4, 5), "uint8", None), ((3, 4, 5), "uint8", None), ((3, 4, 5), "uint8", "HSV"), ((4, 4, 5), "uint8", None), ((4, 4, 5), "uint8", "CMYK"), ((1, 4, 5), "float32", "F"), ((1, 4, 5), "float32", None), ((3, 4, 5), "float64", None), ((1, 4, 5), "int32", None), ((1, 4, 5), "int16", None)])  # fmt: skip
def test_tensors_become_pictures(shape: tuple[int, ...], dtype: str, mode: str | None) -> None:
    pixels = image(shape, dtype)
    mine, right = ours.ToPILImage(mode)(core.from_numpy(pixels)), theirs.ToPILImage(mode)(torch.from_numpy(pixels))
    assert mine.mode == right.mode
    assert mine.size == right.size
    assert mine.tobytes() == right.tobytes()


# Nothing is left out

OWN = {"Batched", "functional"}  # torchvision has no Batched


def parameters(thing: Any) -> list[tuple[str, Any, Any]]:
    found = inspect.signature(thing).parameters.values()
    return [(p.name, p.kind, getattr(p.default, "value", str(p.default).replace("torch.", ""))) for p in found]


@pytest.mark.parametrize("name", sorted(set(ours.__all__) - OWN | {f"functional.{name}" for name in ours.functional.__all__}))
def test_every_name_is_compared_and_has_the_same_parameters(name: str) -> None:
    mine, right = operator.attrgetter(name)(ours), operator.attrgetter(name)(theirs)
    if not name.endswith("InterpolationMode"):
        assert parameters(mine) == parameters(right)
    for method in ("get_params",):
        if hasattr(right, method):
            assert [p[0] for p in parameters(getattr(mine, method))] == [p[0] for p in parameters(getattr(right, method))]
    short = "F." + name.removeprefix("functional.") if "." in name else "T." + name
    texts = [Path(__file__), Path(__file__).with_name("test_transforms.py")]
    called = "".join(text.read_text(encoding="utf-8") for text in texts)
    assert f"{short}(" in called or f"{short}." in called or f'"{name.rpartition(".")[2]}"' in called or name.endswith("InterpolationMode")


def test_interpolation_modes() -> None:
    assert [(m.name, m.value) for m in ours.InterpolationMode] == [(m.name, m.value) for m in theirs.InterpolationMode]
