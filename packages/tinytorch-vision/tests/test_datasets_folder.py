"""Folders of image files."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image
from tinytorch.vision import datasets, transforms

RNG = np.random.default_rng(0)


def save(path, size=(6, 4), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    bands = len(mode)
    pixels = RNG.integers(0, 256, (size[1], size[0], bands) if bands > 1 else (size[1], size[0]), np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_classes_are_folders_and_items_are_arrays(tmp_path):
    cat = save(tmp_path / "cat" / "b.png")
    save(tmp_path / "cat" / "a.PNG")
    save(tmp_path / "cat" / "deep" / "c.bmp")
    gray = save(tmp_path / "ant" / "x.png", mode="L")
    (tmp_path / "cat" / "notes.txt").write_text("no image", encoding="utf-8")
    (tmp_path / "file.png").write_bytes(b"")
    data = datasets.ImageFolder(tmp_path)
    assert data.classes == ["ant", "cat"]
    assert data.class_to_idx == {"ant": 0, "cat": 1}
    assert data.targets == [0, 1, 1, 1]
    assert data.imgs == data.samples
    assert len(data) == 4
    image, label = data[2]
    assert label == 1
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, cat)
    np.testing.assert_array_equal(data[0][0], np.repeat(gray[:, :, None], 3, 2))  # RGB, as in torchvision
    assert [label for _, label in data] == data.targets


def test_a_pipeline_makes_tensors_of_one_size(tmp_path):
    save(tmp_path / "cat" / "a.png", (6, 4))
    save(tmp_path / "dog" / "b.png", (9, 30))
    pipeline = transforms.Compose([transforms.Resize((8, 8)), transforms.ToTensor()])
    data = datasets.ImageFolder(tmp_path, transform=pipeline, target_transform=float)
    assert [(image.shape, label) for image, label in data] == [((3, 8, 8), 0.0), ((3, 8, 8), 1.0)]
    assert "Number of datapoints: 2" in repr(data)


def test_another_loader_needs_no_pillow(tmp_path, monkeypatch):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.png").write_text("7", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "PIL", None)

    def loader(path):
        with open(path, encoding="utf-8") as file:
            return int(file.read())

    assert datasets.ImageFolder(tmp_path, loader=loader)[0] == (7, 0)
    assert datasets.DatasetFolder(tmp_path, loader, (".png",))[0] == (7, 0)


def test_without_pillow_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"tinytorch-vision\[images\]"):
        datasets.ImageFolder(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "image.png").write_bytes(b"")
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in") as error:
        datasets.ImageFolder(tmp_path)
    assert str(tmp_path) in str(error.value)
    with pytest.raises(FileNotFoundError):
        datasets.ImageFolder(tmp_path / "nowhere")


def test_a_class_without_images_is_refused(tmp_path):
    save(tmp_path / "cat" / "a.png")
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog" / "a.txt").write_text("", encoding="utf-8")
    with pytest.raises(
        FileNotFoundError, match=r"no valid file for the classes dog .* Supported extensions are: \.jpg"
    ):
        datasets.ImageFolder(tmp_path)
    data = datasets.ImageFolder(tmp_path, allow_empty=True)
    assert data.classes == ["cat", "dog"]
    assert data.targets == [0]


def test_valid_files_may_be_told_otherwise(tmp_path):
    save(tmp_path / "cat" / "a.png")
    save(tmp_path / "cat" / "b.png")
    data = datasets.ImageFolder(tmp_path, is_valid_file=lambda path: path.endswith("b.png"))
    assert [path for path, _ in data.samples] == [str(tmp_path / "cat" / "b.png")]
    for given in ({}, {"extensions": (".png",), "is_valid_file": bool}):
        with pytest.raises(ValueError, match="cannot be None or not None at the same time"):
            datasets.DatasetFolder(tmp_path, str, **given)


@pytest.mark.parametrize("content", [b"", b"no image", "truncated"])
def test_a_broken_image_is_named(tmp_path, content):
    path = tmp_path / "cat" / "a.png"
    save(path, (40, 40))
    path.write_bytes(path.read_bytes()[:500] if content == "truncated" else content)
    with pytest.raises(OSError, match="can't be read as an image") as error:
        datasets.ImageFolder(tmp_path)[0]
    assert str(path) in str(error.value)
