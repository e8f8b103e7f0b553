"""Whole batches in one pass: every image gets decisions of its own."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from tinytorch.core import Tensor, arange, float32, manual_seed, rand, stack, tensor
from tinytorch.vision import DataLoader, datasets, transforms
from tinytorch.vision.transforms import Batched, functional as F

RNG = np.random.default_rng(0)


def same_decisions(transform, shape=(40, 3, 9, 8)):
    """Return the batch that came out, and how many different results equal images had."""
    manual_seed(1)
    image = rand(1, *shape[1:])
    out = Batched(transform)(image.expand(*shape))
    return out, len({out[i].numpy().tobytes() for i in range(len(out))})


@pytest.mark.parametrize(
    ("transform", "possible"),
    [
        (transforms.RandomHorizontalFlip(), 2),
        (transforms.RandomVerticalFlip(), 2),
        (transforms.RandomCrop(7), 6),
        (transforms.RandomCrop(8, padding=4), 40),
        (transforms.RandomRotation(90), 40),
        (transforms.RandomAffine(30, (0.3, 0.3), (0.5, 2), 20), 40),
        (transforms.ColorJitter(0.5, 0.5, 0.5, 0.5), 40),
        (transforms.RandomGrayscale(0.5), 2),
        (transforms.RandomErasing(), 40),
        (transforms.RandomErasing(p=1, value="random"), 40),
        (transforms.RandomResizedCrop(6), 40),
        (transforms.RandomApply([transforms.RandomVerticalFlip(1), transforms.RandomHorizontalFlip(1)]), 2),
        (transforms.RandomChoice([transforms.RandomVerticalFlip(1), transforms.RandomHorizontalFlip(1)]), 2),
        (transforms.RandomOrder([transforms.RandomRotation(90), transforms.RandomHorizontalFlip(1)]), 40),
        (transforms.Compose([transforms.RandomHorizontalFlip(), transforms.RandomVerticalFlip()]), 4),
        (transforms.Lambda(lambda x: x + rand(1)), 40),
    ],
    ids=lambda x: repr(x) if not isinstance(x, int) else "",
)
def test_every_image_is_decided_on(transform, possible):
    out, found = same_decisions(transform)
    assert possible * 0.4 < found <= possible
    again, _ = same_decisions(transform)
    np.testing.assert_array_equal(out.numpy(), again.numpy())


DETERMINISTIC = [
    transforms.Resize((5, 6)),
    transforms.CenterCrop(4),
    transforms.Pad(2, padding_mode="edge"),
    transforms.Normalize([0.1, 0.2, 0.3], [0.5, 0.6, 0.7]),
    transforms.Grayscale(),
    transforms.ConvertImageDtype(float32),
    transforms.RandomHorizontalFlip(1),
    transforms.RandomVerticalFlip(0),
    transforms.RandomRotation((20, 20)),
    transforms.RandomRotation((20, 20), 2, center=(1, 2), fill=[0.1, 0.2, 0.3]),
    transforms.RandomAffine((10, 10), (0, 0), (0.8, 0.8), (3, 3, 4, 4), 2, fill=0.5),
    transforms.RandomApply([transforms.RandomVerticalFlip(1)], 1.0),
    transforms.ColorJitter(hue=(0.2, 0.2)),
    transforms.ColorJitter((0.5, 0.5)),
    transforms.ColorJitter(contrast=(1.5, 1.5)),
    transforms.ColorJitter(saturation=(1.5, 1.5)),
    transforms.RandomGrayscale(1),
    transforms.RandomErasing(0),
]


@pytest.mark.parametrize("transform", DETERMINISTIC, ids=repr)
@pytest.mark.parametrize("kind", ["floats", "bytes"])
def test_without_chance_it_is_one_image_after_the_other(transform, kind):
    images = RNG.integers(0, 256, (7, 3, 9, 8), np.uint8)
    batch = tensor(images) if kind == "bytes" else tensor(images.astype(np.float32) / 255)
    if kind == "bytes" and "Normalize" in repr(transform):
        with pytest.raises(TypeError, match="should be a float tensor"):
            Batched(transform)(batch)
        return
    out = Batched(transform)(batch)
    expected = stack([transform(image) for image in batch])
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out.numpy(), expected.numpy(), atol=1e-6)


def test_every_crop_is_a_piece_of_its_image():
    images = arange(6 * 2 * 5 * 7).reshape(6, 2, 5, 7)
    out = Batched(transforms.RandomCrop((3, 4)))(images)
    for image, piece in zip(images.numpy(), out.numpy()):
        top, left = np.argwhere(image[0] == piece[0, 0, 0])[0]
        np.testing.assert_array_equal(piece, image[:, top : top + 3, left : left + 4])


def test_chances_are_as_told():
    manual_seed(0)
    images = arange(64).reshape(1, 1, 8, 8).float().expand(4000, 1, 8, 8)
    for p in (0.0, 0.2, 1.0):
        for transform in (transforms.RandomHorizontalFlip(p), transforms.RandomErasing(p, value=-1)):
            changed = (Batched(transform)(images).numpy() != images.numpy()).any((1, 2, 3)).mean()
            assert abs(changed - p) <= 5 * np.sqrt(p * (1 - p) / 4000)


def test_batched_erasing_is_distributed_like_single_erasing():
    manual_seed(0)
    images = rand(1, 1, 20, 16).expand(3000, 1, 20, 16)
    areas = (Batched(transforms.RandomErasing(1, value=-1))(images).numpy() == -1).sum((1, 2, 3))
    single = [
        np.prod(transforms.RandomErasing.get_params(images[0], (0.02, 0.33), (0.3, 3.3), [0.0])[2:4])
        for _ in range(3000)
    ]
    for q in (0.1, 0.5, 0.9):
        assert np.quantile(areas, q) == pytest.approx(np.quantile(single, q), rel=0.12)


def test_it_takes_arrays_as_data_sets_hold_them():
    gray, colored = RNG.integers(0, 256, (4, 6, 5), np.uint8), RNG.integers(0, 256, (4, 6, 5, 3), np.uint8)
    for images in (gray, colored):
        out = Batched(transforms.ToTensor())(images)
        assert out.dtype == float32
        np.testing.assert_array_equal(out.numpy(), np.stack([F.to_tensor(image).numpy() for image in images]))


@pytest.mark.parametrize("images", [rand(3, 4, 4), rand(1), np.zeros((2, 2)), [1], None])
def test_what_is_no_batch_is_refused(images):
    with pytest.raises(ValueError, match="Batched takes a batch"):
        Batched(transforms.RandomHorizontalFlip())(images)


def test_no_images_stay_none():
    for transform in (transforms.RandomCrop(2), transforms.ColorJitter(1), transforms.Lambda(abs)):
        assert len(Batched(transform)(rand(0, 3, 2, 2))) == 0


def test_rotations_with_expand_fit_in_no_batch():
    with pytest.raises(ValueError, match="expand=True"):
        Batched(transforms.RandomRotation(10, expand=True))(rand(2, 1, 4, 4))


def test_its_description():
    text = repr(Batched(transforms.Compose([transforms.ToTensor()])))
    assert text == "Batched(\n    Compose(\n        ToTensor()\n    )\n)"


# In a data set, and in a loader


@pytest.fixture
def root(tmp_path):
    for name, array in (
        ("train-images-idx3-ubyte", RNG.integers(0, 256, (30, 10, 10), np.uint8)),
        ("train-labels-idx1-ubyte", RNG.integers(0, 10, 30, np.uint8)),
    ):
        header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        (tmp_path / name).write_bytes(header + array.tobytes())
    return tmp_path


PIPELINE = [transforms.RandomCrop(10, padding=2), transforms.ToTensor(), transforms.Normalize([0.5], [0.5])]


def test_a_data_set_transforms_single_images_and_batches(root):
    plain = datasets.MNIST(root, transform=transforms.ToTensor())
    batched = datasets.MNIST(root, transform=Batched(transforms.ToTensor()), target_transform=lambda x: -x)
    image, label = batched[3]
    np.testing.assert_array_equal(image.numpy(), plain[3][0].numpy())
    assert (label, type(label)) == (-plain[3][1], int)
    for (x, y), (u, v) in zip(DataLoader(plain, 8), DataLoader(batched, 8)):
        np.testing.assert_array_equal(x.numpy(), u.numpy())
        assert (-y).tolist() == v.tolist()
        assert v.dtype == y.dtype


def test_a_subclass_that_gives_more_is_asked_for_each_item(root):
    class Numbered(datasets.MNIST):
        def __getitem__(self, index):
            image, label = super().__getitem__(index)
            return image, label, index

    data = Numbered(root, transform=Batched(transforms.ToTensor()))
    numbers = [n for _, _, batch in DataLoader(data, 8) for n in batch.tolist()]
    assert numbers == list(range(30))


def batches(root, workers: int, transform) -> list[Tensor]:
    manual_seed(5)
    data = datasets.MNIST(root, transform=transform)
    return [x for _ in range(2) for x, _ in DataLoader(data, 8, shuffle=True, num_workers=workers)]


@pytest.mark.parametrize("wrap", [Batched, lambda transform: transform])
def test_a_seed_gives_the_same_batches_with_and_without_workers(root, wrap):
    transform = wrap(transforms.Compose(PIPELINE))
    for a, b in zip(batches(root, 0, transform), batches(root, 2, transform)):
        assert a.shape[1:] == (1, 10, 10)
        np.testing.assert_array_equal(a.numpy(), b.numpy())
