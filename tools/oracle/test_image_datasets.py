"""The data sets against torchvision's, on the same files: items, attributes, descriptions, errors."""

from __future__ import annotations

import hashlib
import inspect
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tinytorch.vision import datasets as ours, transforms as our_transforms

from .libraries import to_array
from .torchvision_without_kernels import torchvision

theirs = torchvision.datasets
their_transforms = torchvision.transforms
RNG = np.random.default_rng(0)


def half(label: int) -> float:
    return label / 2


def write_mnist(root: Path, name: str) -> None:
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", 20), ("t10k", 7)):
        for kind, array in (("images-idx3", RNG.integers(0, 256, (count, 28, 28), np.uint8)), ("labels-idx1", RNG.integers(0, 10, count, np.uint8))):
            header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            (raw / f"{part}-{kind}-ubyte").write_bytes(header + array.tobytes())


def write_cifar(root: Path, name: str, patch: Callable[..., None]) -> None:
    """Write batches, and let torchvision take them for the published ones."""
    kind = getattr(theirs, name)
    folder = root / kind.base_folder
    folder.mkdir()
    label = "labels" if name == "CIFAR10" else "fine_labels"
    names = getattr(ours, name).classes
    contents: dict[str, Any] = {kind.meta["filename"]: {kind.meta["key"]: names}}
    for file, _ in kind.train_list + kind.test_list:
        contents[file] = {"data": RNG.integers(0, 256, (6, 3072), np.uint8), label: RNG.integers(0, len(names), 6).tolist()}
    for file, content in contents.items():
        (folder / file).write_bytes(pickle.dumps(content, protocol=2))
    sums = {file: hashlib.md5((folder / file).read_bytes()).hexdigest() for file in contents}
    patch(kind, "train_list", [[file, sums[file]] for file, _ in kind.train_list])
    patch(kind, "test_list", [[file, sums[file]] for file, _ in kind.test_list])
    patch(kind, "meta", {**kind.meta, "md5": sums[kind.meta["filename"]]})


def write_folder(root: Path) -> None:
    for i, name in enumerate(("b.png", "a.JPG", "deep/c.bmp", "notes.txt")):
        for label in ("cat", "Ant"):
            path = root / label / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".txt":
                path.write_text("", encoding="utf-8")
            else:
                Image.fromarray(RNG.integers(0, 256, (5 + i, 4, 3), np.uint8)).save(path)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100", "ImageFolder"])
@pytest.mark.parametrize("train", [True, False])
def test_data_sets_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, train: bool) -> None:
    if name.startswith("CIFAR"):
        write_cifar(tmp_path, name, monkeypatch.setattr)
    elif name == "ImageFolder":
        write_folder(tmp_path)
    else:
        write_mnist(tmp_path, name)
    options = {} if name == "ImageFolder" else {"train": train}
    mine, right = getattr(ours, name)(tmp_path, **options), getattr(theirs, name)(tmp_path, **options)
    assert len(mine) == len(right)
    assert mine.classes == right.classes
    assert mine.class_to_idx == right.class_to_idx
    assert list(map(int, mine.targets)) == list(map(int, right.targets))
    assert repr(mine) == repr(right)
    if name == "ImageFolder":
        assert mine.samples == right.samples
        assert mine.imgs == right.imgs
    else:
        a, b = (np.asarray(x.data) if isinstance(x.data, np.ndarray) else to_array(x.data) for x in (mine, right))
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
        assert type(mine.targets).__name__ == type(right.targets).__name__
    for (image, label), (picture, expected) in zip(mine, right):
        assert (label, type(label)) == (expected, type(expected))
        np.testing.assert_array_equal(image, np.asarray(picture))

    made = []
    for library, transforms in ((ours, our_transforms), (theirs, their_transforms)):
        pipeline = transforms.Compose([transforms.Pad(2), transforms.CenterCrop(8), transforms.ToTensor(), transforms.Normalize((0.5,), (0.2,))])
        made.append(getattr(library, name)(str(tmp_path), transform=pipeline, target_transform=half, **options))
    assert repr(made[0]) == repr(made[1])
    for (x, y), (u, v) in zip(*made):
        np.testing.assert_allclose(to_array(x), to_array(u), atol=1e-6)
        assert (y, type(y)) == (v, type(v))


@pytest.mark.parametrize("name", ["MNIST", "CIFAR10", "ImageFolder"])
def test_what_is_missing_is_an_error_of_the_same_type(tmp_path: Path, name: str) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(Exception) as right:  # noqa: PT011
            getattr(theirs, name)(root)
        with pytest.raises(right.type):
            getattr(ours, name)(root)


def test_classes_of_a_folder_without_images(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "empty").mkdir()
    for library in (ours, theirs):
        with pytest.raises(FileNotFoundError, match="Found no valid file for the classes empty"):
            library.ImageFolder(tmp_path)
        assert library.ImageFolder(tmp_path, allow_empty=True).classes == ["Ant", "cat", "empty"]


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST", "KMNIST", "CIFAR10", "CIFAR100"])
def test_the_same_files_are_downloaded(name: str) -> None:
    """What each is called, its checksum, and where it is asked for; we may know of more mirrors."""
    mine, right = getattr(ours, name), getattr(theirs, name)
    if name.startswith("CIFAR"):
        assert (mine.url, mine.filename, mine.tgz_md5) == (right.url, right.filename, right.tgz_md5)
        assert [list(x) for x in mine.train_list + mine.test_list] == right.train_list + right.test_list
        assert mine.base_folder == right.base_folder
    else:
        assert mine.resources == right.resources
        assert set(right.mirrors) <= set(mine.mirrors)


@pytest.mark.parametrize("name", sorted(set(ours.__all__) - {"Digits"}))
def test_constructors_take_the_same(name: str) -> None:
    mine, right = (inspect.signature(getattr(library, name)).parameters for library in (ours, theirs))
    assert list(mine) == list(right)
    for parameter in set(mine) - {"loader"}:
        assert mine[parameter].default == right[parameter].default
