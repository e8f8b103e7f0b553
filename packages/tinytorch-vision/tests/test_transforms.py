"""Transforms of tensors, arrays and pictures; the comparison with torchvision is the oracle's."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image
from tinytorch.core import Module, Sequential, Tensor, arange, float32, manual_seed, rand, tensor, uint8
from tinytorch.vision import transforms
from tinytorch.vision.transforms import functional as F

RNG = np.random.default_rng(0)


def picture(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, np.uint8)


# Kinds of images


def test_bytes_become_floats_from_0_to_1():
    image = F.to_tensor(np.array([[0, 51], [204, 255]], np.uint8))
    assert image.dtype == float32
    np.testing.assert_allclose(image.numpy(), [[[0, 0.2], [0.8, 1]]], rtol=1e-6)
    assert F.to_tensor(picture(4, 5, 3)).shape == (3, 4, 5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_other_arrays_keep_their_values(dtype):
    array = np.arange(12).reshape(2, 3, 2).astype(dtype)
    image = transforms.ToTensor()(array)
    assert image.dtype == dtype
    np.testing.assert_array_equal(image.numpy(), array.transpose(2, 0, 1))


@pytest.mark.parametrize("pic", [tensor([[1.0]]), [[1]], "image", None])
def test_what_is_no_picture_is_refused(pic):
    with pytest.raises(TypeError, match="should be PIL Image or ndarray"):
        transforms.ToTensor()(pic)


@pytest.mark.parametrize("shape", [(3,), (1, 2, 3, 4)])
def test_arrays_have_two_or_three_dimensions(shape):
    with pytest.raises(ValueError, match="2/3 dimensional"):
        transforms.ToTensor()(np.zeros(shape))


PIPELINES = [
    transforms.Resize((7, 5)),
    transforms.Resize(3),
    transforms.CenterCrop(4),
    transforms.CenterCrop(12),
    transforms.Pad([1, 2], padding_mode="reflect"),
    transforms.RandomCrop(4, padding=2),
    transforms.RandomHorizontalFlip(1),
    transforms.RandomVerticalFlip(1),
    transforms.RandomRotation((30, 30)),
    transforms.RandomAffine((5, 5), (0.1, 0.1), (1.1, 1.1), (3, 3)),
    transforms.RandomResizedCrop(6),
    transforms.ColorJitter((0.5, 0.5), (1.5, 1.5)),
    transforms.RandomApply([transforms.Pad(1)], p=1.0),
]


@pytest.mark.parametrize("transform", PIPELINES, ids=repr)
@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 1), (8, 9, 3)])
def test_arrays_tensors_and_pictures_come_out_alike(transform, shape):
    """What comes in as an array or as a picture comes out as one, and with the pixels of the tensor."""
    array = picture(*shape)
    planes = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    manual_seed(3)
    result = transform(array)
    assert isinstance(result, np.ndarray)
    assert result.dtype == np.uint8
    assert result.ndim == array.ndim
    manual_seed(3)
    expected = transform(tensor(planes)).numpy()
    np.testing.assert_array_equal(result, expected[0] if array.ndim == 2 else expected.transpose(1, 2, 0))
    if shape != (8, 9, 1):
        manual_seed(3)
        from_picture = transform(Image.fromarray(array))
        assert isinstance(from_picture, Image.Image)
        np.testing.assert_array_equal(np.asarray(from_picture), result)


def test_without_pillow_only_pictures_are_missed(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "PIL"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PIL", None)
    array = picture(6, 6)
    pipeline = transforms.Compose([transforms.Pad(1), transforms.RandomCrop(6), transforms.ToTensor()])
    assert pipeline(array).shape == (1, 6, 6)
    with pytest.raises(ImportError, match=r"tinytorch-vision\[images\]"):
        transforms.ToPILImage()(array)


def test_images_are_not_changed():
    image = rand(3, 6, 6)
    before = image.numpy().copy()
    for transform in [
        *PIPELINES,
        transforms.Normalize([0.5] * 3, [0.5] * 3),
        transforms.RandomErasing(p=1),
        transforms.Grayscale(3),
        transforms.ColorJitter(hue=0.5),
    ]:
        transform(image)
        np.testing.assert_array_equal(image.numpy(), before)


# Values by hand


def test_normalize():
    image = tensor([[[1.0, 2.0]], [[3.0, 5.0]]])
    normal = transforms.Normalize([1, 3], [0.5, 2])(image)
    assert normal.tolist() == [[[0, 2]], [[0, 1]]]
    batch = transforms.Normalize([1, 3], [0.5, 2])(image.reshape(1, 2, 1, 2))
    assert batch.tolist() == [normal.tolist()]
    assert transforms.Normalize([1, 3], [0.5, 2], inplace=True)(image) is image
    assert image.tolist() == normal.tolist()


def test_borders():
    row = tensor([[[1, 2, 3, 4]]])
    assert F.pad(row, [2, 0]).tolist() == [[[0, 0, 1, 2, 3, 4, 0, 0]]]
    assert F.pad(row, [2, 0], fill=9).tolist() == [[[9, 9, 1, 2, 3, 4, 9, 9]]]
    assert F.pad(row, [2, 0], padding_mode="edge").tolist() == [[[1, 1, 1, 2, 3, 4, 4, 4]]]
    assert F.pad(row, [2, 0], padding_mode="reflect").tolist() == [[[3, 2, 1, 2, 3, 4, 3, 2]]]
    assert F.pad(row, [2, 0], padding_mode="symmetric").tolist() == [[[2, 1, 1, 2, 3, 4, 4, 3]]]
    assert F.pad(row, [1, 0, 2, 0]).tolist() == [[[0, 1, 2, 3, 4, 0, 0]]]
    assert F.pad(row, [0, 1, 0, 0]).shape == (1, 2, 4)
    with pytest.raises(IndexError, match="wider than the 4 pixels"):
        F.pad(row, [5, 0], padding_mode="symmetric")


def test_resizing_averages_what_it_covers():
    image = tensor([[[0.0, 2.0, 4.0, 6.0]]])
    weights = np.array([0.25, 0.75, 0.75, 0.25, 0, 0])[1:]
    expected = (weights[:4] * [0, 2, 4, 6]).sum() / weights[:4].sum()
    assert F.resize(image, (1, 2)).tolist()[0][0][0] == pytest.approx(expected)
    assert F.resize(image, (1, 2), antialias=False).tolist() == [[[1, 5]]]
    assert F.resize(image, (1, 2), F.InterpolationMode.NEAREST).tolist() == [[[0, 4]]]
    assert F.resize(image, (1, 2), F.InterpolationMode.NEAREST_EXACT).tolist() == [[[2, 6]]]


@pytest.mark.parametrize(
    ("size", "max_size", "expected"),
    [(4, None, (4, 8)), ((4,), None, (4, 8)), (4, 6, (3, 6)), ((3, 2), None, (3, 2)), (10, None, (10, 20))],
)
def test_the_smaller_edge_decides(size, max_size, expected):
    image = rand(3, 10, 20)
    assert transforms.Resize(size, max_size=max_size)(image).shape[-2:] == expected
    assert transforms.Resize(size, max_size=max_size)(image.transpose(1, 2)).shape[-2:] == (
        expected[::-1] if not (isinstance(size, tuple) and len(size) == 2) else expected
    )


def test_an_image_of_the_right_size_is_itself():
    image = rand(1, 5, 5)
    assert F.resize(image, 5) is image


def test_a_quarter_turn_is_counter_clockwise():
    square = arange(9).reshape(1, 3, 3).float()
    turned = F.rotate(square, 90)
    np.testing.assert_array_equal(turned.numpy()[0], np.rot90(square.numpy()[0]))
    image = arange(6).reshape(1, 2, 3).float()
    moved = F.affine(image, 0, [1, 0], 1.0, 0)
    assert moved.tolist() == [[[0, 0, 1], [0, 3, 4]]]


def test_colors():
    red = tensor([[[1.0]], [[0.0]], [[0.0]]])
    np.testing.assert_allclose(F.adjust_hue(red, 1 / 3).numpy().ravel(), [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(F.adjust_saturation(red, 0).numpy().ravel(), [0.2989] * 3, atol=1e-6)
    np.testing.assert_allclose(F.adjust_brightness(red, 0.5).numpy().ravel(), [0.5, 0, 0], atol=1e-6)
    assert F.rgb_to_grayscale(red).shape == (1, 1, 1)
    gray = tensor(picture(1, 4, 4))
    assert F.rgb_to_grayscale(gray, 3).shape == (3, 4, 4)
    assert F.adjust_brightness(gray, 3).dtype == uint8  # and nothing runs over
    assert F.adjust_brightness(gray, 3).max().item() <= 255
    assert F.adjust_contrast(gray, 2).tolist() == F.adjust_contrast(gray, 2.0).tolist()


def test_erase():
    image = arange(9).reshape(1, 3, 3).float()
    erased = F.erase(image, 0, 1, 2, 2, -1.0)
    assert erased.tolist() == [[[0, -1, -1], [3, -1, -1], [6, 7, 8]]]
    assert F.erase(image, 0, 0, 3, 3, 0.0, inplace=True) is image
    assert image.tolist() == [[[0, 0, 0]] * 3]


# Gradients go through


@pytest.mark.parametrize(
    "function",
    [
        F.hflip,
        lambda x: F.crop(x, -1, 1, 3, 4),
        lambda x: F.pad(x, 2, padding_mode="symmetric"),
        lambda x: F.resize(x, (3, 7)),
        lambda x: F.resize(x, (9, 2), F.InterpolationMode.BICUBIC, antialias=False),
        lambda x: F.rotate(x, 20, F.InterpolationMode.BILINEAR, fill=[0.5] * 3),
        lambda x: F.affine(x, 10, [1, 0], 1.3, 5),
        lambda x: F.adjust_contrast(x, 0.7),
        lambda x: F.adjust_hue(x, 0.2),
        lambda x: F.normalize(x, [0.5] * 3, [0.2] * 3),
        lambda x: F.erase(x, 0, 0, 2, 2, 0.0),
    ],
)
def test_transforms_have_gradients(function):
    base = (RNG.random((3, 4, 5)) * 0.8 + 0.1).astype(np.float64)
    if function.__code__.co_consts[1:2] == (0.2,):  # the hue is computed in float32
        base = base.astype(np.float32)
    image = tensor(base, requires_grad=True)
    weights = tensor(RNG.random(function(image).shape), dtype=image.dtype)
    (function(image) * weights).sum().backward()
    step = 1e-2 if base.dtype == np.float32 else 1e-6
    for at in [(0, 0, 0), (1, 2, 3), (2, 3, 4)]:
        shift = np.zeros_like(base)
        shift[at] = step
        up, down = ((function(tensor(base + s)) * weights).sum().item() for s in (shift, -shift))
        assert image.grad is not None
        assert image.grad[at].item() == pytest.approx((up - down) / (2 * step), rel=2e-2, abs=2e-3)


# Composition and chance


def test_modules_go_into_a_sequential():
    pipeline = Sequential(transforms.Resize(8), transforms.CenterCrop(6), transforms.Normalize([0.5], [0.5]))
    assert pipeline(rand(2, 1, 10, 12)).shape == (2, 1, 6, 6)
    for name in ("Resize", "RandomCrop", "ColorJitter", "RandomErasing", "RandomApply"):
        assert issubclass(getattr(transforms, name), Module)


def test_compose_goes_from_first_to_last():
    pipeline = transforms.Compose([transforms.Lambda(lambda x: x + 1), transforms.Lambda(lambda x: x * 2)])
    assert pipeline(3) == 8
    assert repr(transforms.Compose([transforms.ToTensor()])) == "Compose(\n    ToTensor()\n)"


RANDOM = [
    transforms.RandomCrop(4, padding=2),
    transforms.RandomHorizontalFlip(),
    transforms.RandomVerticalFlip(),
    transforms.RandomRotation(50),
    transforms.RandomAffine(30, (0.3, 0.3), (0.5, 2), 20),
    transforms.RandomResizedCrop(5),
    transforms.ColorJitter(0.5, 0.5, 0.5, 0.5),
    transforms.RandomGrayscale(0.5),
    transforms.RandomErasing(value="random"),
    transforms.RandomApply([transforms.Pad(1)]),
    transforms.RandomChoice([transforms.RandomVerticalFlip(1), transforms.RandomHorizontalFlip(1)]),
    transforms.RandomOrder([transforms.Pad(1), transforms.Lambda(lambda x: x + 1)]),
]


@pytest.mark.parametrize("transform", RANDOM, ids=repr)
def test_a_seed_repeats_a_transform(transform):
    image = rand(3, 8, 8)
    runs = []
    for _ in range(2):
        manual_seed(7)
        runs.append([transform(image).numpy().copy() for _ in range(12)])
    for a, b in zip(*runs):
        np.testing.assert_array_equal(a, b)
    assert any(a.shape != runs[0][0].shape or (a != runs[0][0]).any() for a in runs[0][1:])


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(
    "kind",
    [
        transforms.RandomHorizontalFlip,
        transforms.RandomVerticalFlip,
        lambda p: transforms.RandomApply([transforms.Lambda(lambda x: x + 1)], p),
        lambda p: transforms.RandomErasing(p, value=9),
    ],
)
def test_how_often(p, kind):
    manual_seed(0)
    image = arange(64).reshape(1, 8, 8).float()
    transform = kind(p)
    changed = np.mean([(transform(image) != image).any().item() for _ in range(600)])
    assert abs(changed - p) <= 5 * np.sqrt(p * (1 - p) / 600)


def test_crops_reach_everywhere():
    manual_seed(0)
    image = arange(20).reshape(1, 4, 5)
    corners = {transforms.RandomCrop((2, 3))(image)[0, 0, 0].item() for _ in range(300)}
    assert corners == {0, 1, 2, 5, 6, 7, 10, 11, 12}


def test_a_choice_follows_its_weights():
    manual_seed(0)
    pick = transforms.RandomChoice([transforms.Lambda(lambda x, i=i: i) for i in range(3)], p=[1, 0, 3])
    counts = np.bincount([pick(None) for _ in range(1000)], minlength=3)
    assert counts[1] == 0
    assert 650 < counts[2] < 850


def test_a_batch_of_tensors_is_treated_alike():
    """Called with a batch, a random transform decides once, as in torchvision."""
    manual_seed(0)
    image = rand(1, 3, 6, 6)
    batch = image.expand(5, 3, 6, 6)
    for transform in RANDOM[:8]:
        result = transform(batch).numpy()
        assert all((result[i] == result[0]).all() for i in range(5))


@pytest.mark.parametrize("image", [3, "image", None, [[1]], np.zeros(3), tensor([1.0])])
def test_what_is_no_image_is_refused(image):
    for transform in (transforms.RandomHorizontalFlip(1), transforms.Pad(1), transforms.CenterCrop(1)):
        with pytest.raises(TypeError):
            transform(image)


def test_an_image_can_be_of_one_pixel():
    image = rand(3, 1, 1)
    for transform in RANDOM:
        if "RandomCrop" not in repr(transform):
            assert isinstance(transform(image), Tensor)
    assert transforms.Resize(4)(image).shape == (3, 4, 4)
