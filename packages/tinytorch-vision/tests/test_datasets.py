"""Data sets read what their makers published, wherever it lies, and refuse what is damaged."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import pickle
import re
import struct
import tarfile

import numpy as np
import pytest
from tinytorch.core import Tensor, float32, int64, uint8
from tinytorch.vision import datasets, transforms

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 28, 28), np.uint8)
LABELS = RNG.integers(0, 10, 12, np.uint8)
NAMES = {
    True: ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    False: ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder, zipped=False, dotted=False, images=IMAGES, labels=LABELS):
    folder.mkdir(parents=True, exist_ok=True)
    for names in NAMES.values():
        for name, array in zip(names, (images, labels)):
            content = idx(array)
            name = name.replace("-idx", ".idx") if dotted else name
            path = folder / (f"{name}.gz" if zipped else name)
            path.write_bytes(gzip.compress(content) if zipped else content)


# The embedded digits


def test_digits_are_split_as_documented():
    train, test = datasets.Digits(), datasets.Digits(train=False)
    assert (len(train), len(test)) == (1442, 355)
    assert train.data.shape == (1442, 8, 8)
    assert train.data.dtype == uint8
    assert train.targets.dtype == int64
    assert train.data.max().item() == 255
    share = np.bincount(test.targets.numpy()) / np.bincount(train.targets.numpy())
    assert share.min() > 0.24
    assert share.max() < 0.26
    assert train.class_to_idx == {str(digit): digit for digit in range(10)}


def test_digits_can_stand_in_for_mnist(tmp_path):
    digits = datasets.Digits(tmp_path, train=False, transform=transforms.ToTensor(), download=True)
    image, label = digits[0]
    assert image.shape == (1, 8, 8)
    assert image.dtype == float32
    assert label in range(10)
    assert repr(digits).splitlines()[:3] == [
        "Dataset Digits",
        "    Number of datapoints: 355",
        "    Split: Test",
    ]


# MNIST and its relatives


@pytest.mark.parametrize("kind", [datasets.MNIST, datasets.FashionMNIST, datasets.KMNIST])
@pytest.mark.parametrize("train", [True, False])
def test_mnist_items_are_arrays_and_ints(tmp_path, kind, train):
    write_mnist(tmp_path / kind.__name__ / "raw")
    data = kind(tmp_path, train=train)
    assert len(data) == 12
    image, label = data[3]
    assert isinstance(image, np.ndarray)
    assert type(label) is int
    np.testing.assert_array_equal(image, IMAGES[3])
    assert label == LABELS[3]
    assert isinstance(data.data, Tensor)
    assert len(data.classes) == 10
    assert [label for _, label in data] == LABELS.tolist()
    with pytest.raises(IndexError):
        data[12]


@pytest.mark.parametrize("where", ["", "raw", "MNIST", "MNIST/raw"])
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("dotted", [True, False])
def test_mnist_is_found_wherever_it_lies(tmp_path, where, zipped, dotted):
    write_mnist(tmp_path / where, zipped, dotted)
    np.testing.assert_array_equal(datasets.MNIST(str(tmp_path)).data.numpy(), IMAGES)


def test_the_root_may_begin_with_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_mnist(tmp_path / "data")
    assert len(datasets.MNIST("~/data")) == 12


def test_only_the_part_that_is_asked_for_must_be_there(tmp_path):
    write_mnist(tmp_path)
    for name in NAMES[False]:
        (tmp_path / name).unlink()
    assert len(datasets.MNIST(tmp_path)) == 12
    with pytest.raises(RuntimeError, match="MNIST was not found"):
        datasets.MNIST(tmp_path, train=False)


def test_nothing_is_written_where_the_data_are(tmp_path):
    write_mnist(tmp_path, zipped=True)
    before = sorted(tmp_path.rglob("*"))
    datasets.MNIST(tmp_path, download=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_missing_is_said_in_one_sentence(tmp_path):
    with pytest.raises(RuntimeError) as error:
        datasets.KMNIST(tmp_path)
    message = str(error.value)
    assert "\n" not in message
    assert "download=True" in message
    assert str(tmp_path / "KMNIST" / "raw") in message
    for names in NAMES.values():
        assert all(f"{name}.gz" in message for name in names)


def test_transforms_are_applied(tmp_path):
    write_mnist(tmp_path)
    data = datasets.MNIST(
        tmp_path, transform=transforms.ToTensor(), target_transform=lambda label: label + 100
    )
    image, label = data[0]
    np.testing.assert_array_equal(image.numpy(), IMAGES[0][None].astype(np.float32) / np.float32(255))
    assert label == LABELS[0] + 100
    assert "Transform: ToTensor()" in repr(data)


def test_all_images_at_once(tmp_path):
    write_mnist(tmp_path)
    data = datasets.MNIST(tmp_path, transform=transforms.ToTensor())
    images, labels = data.tensors()
    assert images.shape == (12, 1, 28, 28)
    assert labels.dtype == int64
    for i in range(12):
        np.testing.assert_array_equal(images[i].numpy(), data[i][0].numpy())
        assert labels[i].item() == data[i][1]


def test_a_part_can_be_picked_by_assigning_data_and_targets(tmp_path):
    write_mnist(tmp_path)
    data = datasets.MNIST(tmp_path)
    data.data, data.targets = data.data[:3], data.targets[:3]
    assert len(data) == 3
    assert data.tensors()[0].shape == (3, 1, 28, 28)


def changed(content: bytes, at: int, byte: int) -> bytes:
    return content[:at] + bytes([byte]) + content[at + 1 :]


GOOD = idx(IMAGES)
ZIPPED = gzip.compress(GOOD)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing"),
        (b"\0\0", "begins with 0000"),
        (changed(GOOD, 2, 13), "is no IDX file of unsigned bytes"),
        (changed(GOOD, 3, 1), "is no IDX file of unsigned bytes with 3 dimension"),
        (b"<html>404</html>", "is no IDX file"),
        (GOOD[:9], "is truncated: its header has 9 bytes, expected 16"),
        (GOOD[:-1], "is truncated: it has 9423 bytes, its header promises 9424"),
        (GOOD + b"\0", "is too long"),
        (changed(GOOD, 4, 255), "is truncated"),
        (ZIPPED[:1000], "breaks off after 1000 bytes"),
        (ZIPPED[:-4], "breaks off"),
        (changed(ZIPPED, len(ZIPPED) - 6, ZIPPED[-6] ^ 1), "is damaged, it can't be unpacked"),
        (changed(ZIPPED, 2000, ZIPPED[2000] ^ 255), "is damaged, it can't be unpacked"),
        (ZIPPED + b"more", "4 bytes too many"),
    ],
)
def test_damaged_idx_files_are_refused(tmp_path, content, message):
    write_mnist(tmp_path)
    path = tmp_path / NAMES[True][0]
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=message) as error:
        datasets.MNIST(tmp_path)
    assert str(path) in str(error.value)


def test_images_and_labels_must_be_equally_many(tmp_path):
    write_mnist(tmp_path, labels=LABELS[:11])
    with pytest.raises(RuntimeError, match=r"holds 12 images, but .* holds 11 labels"):
        datasets.MNIST(tmp_path)


def test_a_file_without_images_is_refused(tmp_path):
    write_mnist(tmp_path, images=IMAGES[:0], labels=LABELS[:0])
    with pytest.raises(RuntimeError, match="holds no images"):
        datasets.MNIST(tmp_path)


# CIFAR

PIXELS = RNG.integers(0, 256, (5, 20, 3072), np.uint8)
KINDS = RNG.integers(0, 10, (5, 20)).tolist()
ALL_KINDS = [label for labels in KINDS for label in labels]


def batch(number: int, protocol: int, old: bool = False, **changes) -> bytes:
    """A batch as Python 3 writes it; `old` has bytes for keys, as one reads what Python 2 wrote."""
    content = {
        "batch_label": f"training batch {number + 1} of 5",
        "labels": KINDS[number],
        "data": PIXELS[number],
        "filenames": [f"{i}.png" for i in range(20)],
    }
    content.update(changes)
    if old:
        content = {key.encode(): value for key, value in content.items()}
    return pickle.dumps(content, protocol=protocol)


def python_2(value) -> bytes:
    """Write as Python 2 does in its protocol 2: strings are bytes without a mark, arrays of raw strings."""
    if isinstance(value, dict):
        return b"}(" + b"".join(python_2(k) + python_2(v) for k, v in value.items()) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(python_2(x) for x in value) + b"e"
    if isinstance(value, str):
        return b"T" + struct.pack("<I", len(value)) + value.encode("latin1")
    if isinstance(value, int):
        return b"K" + bytes([value])
    assert isinstance(value, np.ndarray)
    rows, columns = value.shape
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01"
        + b"J" + struct.pack("<i", rows) + b"J" + struct.pack("<i", columns) + b"\x86"
        + b"cnumpy\ndtype\nU\x02u1K\0K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
        + b"T" + struct.pack("<I", value.size) + value.tobytes() + b"tb"
    )  # fmt: skip


def cifar_files(form: str) -> dict[str, bytes]:
    """The files of a small CIFAR-10: five training batches, the first of which is the test batch, too."""
    numbers = {f"data_batch_{i + 1}": i for i in range(5)} | {"test_batch": 0}
    if form == "binary":
        return {
            f"{name}.bin": b"".join(bytes([k]) + p.tobytes() for k, p in zip(KINDS[i], PIXELS[i]))
            for name, i in numbers.items()
        }
    if form == "python 2":
        contents = {
            name: {"labels": KINDS[i], "data": PIXELS[i], "batch_label": "x"} for name, i in numbers.items()
        }
        return {name: b"\x80\x02" + python_2(content) + b"." for name, content in contents.items()}
    protocol, _, old = form.partition(" ")
    return {name: batch(i, int(protocol), bool(old)) for name, i in numbers.items()}


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def write_tar(path, files, folder):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


FORMS = ["binary", "python 2", *(f"{protocol}" for protocol in range(6)), "2 old", "5 old"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("packed", [True, False])
def test_cifar10_is_read_in_every_form(tmp_path, form, packed):
    kind = "binary" if form == "binary" else "python"
    folder = {"binary": "cifar-10-batches-bin", "python": "cifar-10-batches-py"}[kind]
    if packed:
        write_tar(tmp_path / f"cifar-10-{kind}.tar.gz", cifar_files(form), folder)
    else:
        write(tmp_path / folder, cifar_files(form))
    before = sorted(tmp_path.rglob("*"))
    train, test = datasets.CIFAR10(tmp_path), datasets.CIFAR10(tmp_path, train=False)
    assert (len(train), len(test)) == (100, 20)
    assert train.data.shape == (100, 32, 32, 3)
    assert train.data.dtype == np.uint8
    assert train.targets == ALL_KINDS
    image, label = train[21]
    np.testing.assert_array_equal(image.transpose(2, 0, 1).reshape(-1), PIXELS[1, 1])
    assert type(label) is int
    assert train.classes[:2] == ["airplane", "automobile"]
    assert train.class_to_idx["truck"] == 9
    assert sorted(tmp_path.rglob("*")) == before


def test_cifar10_in_the_root_itself_and_all_at_once(tmp_path):
    write(tmp_path, cifar_files("4"))
    data = datasets.CIFAR10(tmp_path, transform=transforms.ToTensor())
    images, labels = data.tensors()
    assert images.shape == (100, 3, 32, 32)
    np.testing.assert_array_equal(images[42].numpy(), data[42][0].numpy())
    assert labels.tolist() == data.targets


@pytest.mark.parametrize("form", ["python", "binary"])
def test_cifar100_takes_the_fine_labels(tmp_path, form):
    fine, coarse = [99, 0, 57], [19, 0, 4]
    pixels = PIXELS[0, :3]
    for name in ("train", "test"):
        if form == "python":
            content = pickle.dumps({"data": pixels, "fine_labels": fine, "coarse_labels": coarse})
            write(tmp_path / "cifar-100-python", {name: content})
        else:
            records = [bytes([c, f]) + p.tobytes() for c, f, p in zip(coarse, fine, pixels)]
            write(tmp_path / "cifar-100-binary", {f"{name}.bin": b"".join(records)})
    data = datasets.CIFAR100(tmp_path)
    assert data.targets == fine
    assert [data.classes[label] for label in fine] == ["worm", "apple", "pear"]
    np.testing.assert_array_equal(data.data[2].transpose(2, 0, 1).reshape(-1), pixels[2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no complete pickle"),
        (b"<html>", "no complete pickle"),
        (batch(0, 2)[:-500], "no complete pickle"),
        (pickle.dumps([1, 2]), "holds a list, expected a dict"),
        (pickle.dumps({"labels": [1]}), "has no 'data'"),
        (pickle.dumps({"data": PIXELS[0]}), "has no 'labels'"),
        (batch(0, 2, data=PIXELS[0].astype(np.float32)), r"float32 \(20, 3072\), expected uint8"),
        (batch(0, 2, data=PIXELS[0, :, :-1]), r"uint8 \(20, 3071\)"),
        (batch(0, 2, data=[1, 2, 3]), "holds images as list"),
        (batch(0, 2, labels=KINDS[0][:-1]), "holds 20 images but 19 labels"),
        (batch(0, 2, labels=[10] * 20), "holds label 10, expected 0 to 9"),
        (batch(0, 2, labels=[-1] * 20), "holds label -1"),
        (batch(0, 2, labels=["cat"] * 20), "holds label 'cat'"),
        (batch(0, 2, labels=None), "holds 20 images but no list of labels"),
        (batch(0, 2, data=PIXELS[0, :0], labels=[]), "holds no images"),
    ],
)
def test_damaged_cifar_batches_are_refused(tmp_path, content, message):
    write(tmp_path, cifar_files("2") | {"data_batch_2": content})
    with pytest.raises(RuntimeError, match=message) as error:
        datasets.CIFAR10(tmp_path)
    assert str(tmp_path / "data_batch_2") in str(error.value)


def test_damaged_records_are_refused(tmp_path):
    files = cifar_files("binary")
    write(tmp_path, files | {"data_batch_2.bin": files["data_batch_2.bin"][:-1]})
    with pytest.raises(RuntimeError, match="is truncated: it has 61459 bytes, no multiple of the 3073"):
        datasets.CIFAR10(tmp_path)
    write(tmp_path, files | {"data_batch_2.bin": changed(files["data_batch_2.bin"], 0, 77)})
    with pytest.raises(RuntimeError, match="holds label 77"):
        datasets.CIFAR10(tmp_path)


def test_labels_may_be_an_array(tmp_path):
    write(tmp_path, cifar_files("2") | {"data_batch_1": batch(0, 5, labels=np.array(KINDS[0]))})
    assert datasets.CIFAR10(tmp_path).targets == ALL_KINDS
    write(tmp_path, {"data_batch_1": batch(0, 2, labels=list(np.array(KINDS[0])))})
    assert datasets.CIFAR10(tmp_path).targets == ALL_KINDS


def test_one_wrong_file_among_published_ones_is_damaged(tmp_path, monkeypatch):
    files = cifar_files("2")
    published = [(name, hashlib.md5(files[name]).hexdigest()) for name in files]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", published[:5])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", published[5:])
    write(tmp_path, files)
    assert len(datasets.CIFAR10(tmp_path)) == 100
    spoiled = files["data_batch_3"]
    write(tmp_path, {"data_batch_3": changed(spoiled, len(spoiled) // 2, spoiled[len(spoiled) // 2] ^ 1)})
    with pytest.raises(RuntimeError, match="data_batch_3 is damaged: its MD5 is"):
        datasets.CIFAR10(tmp_path, train=False)
    write(tmp_path, {name: batch(0, 3) for name in files})  # nothing is as published: somebody's own
    assert len(datasets.CIFAR10(tmp_path)) == 100


def test_a_damaged_archive_is_refused(tmp_path):
    path = tmp_path / "cifar-10-python.tar.gz"
    write_tar(path, cifar_files("2"), "cifar-10-batches-py")
    content = path.read_bytes()
    for damaged in (content[:-3000], changed(content, len(content) - 5, content[-5] ^ 1), b"no archive"):
        path.write_bytes(damaged)
        with pytest.raises(RuntimeError, match=re.escape(f"{path} is damaged, it can't be unpacked")):
            datasets.CIFAR10(tmp_path)
    files = cifar_files("2")
    del files["data_batch_4"]
    write_tar(path, files, "cifar-10-batches-py")
    with pytest.raises(RuntimeError, match="doesn't hold data_batch_4"):
        datasets.CIFAR10(tmp_path)
    write_tar(path, cifar_files("2") | {"data_batch_4": batch(0, 2, labels=[])}, "cifar-10-batches-py")
    with pytest.raises(RuntimeError, match="holds a damaged file: data_batch_4 holds 20 images but 0 labels"):
        datasets.CIFAR10(tmp_path)


def test_cifar_says_what_is_missing(tmp_path):
    with pytest.raises(RuntimeError) as error:
        datasets.CIFAR100(tmp_path)
    message = str(error.value)
    assert "\n" not in message
    for word in ("CIFAR100", "download=True", "cifar-100-python.tar.gz", str(tmp_path), "train and test"):
        assert word in message


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for kind in (datasets.MNIST, datasets.CIFAR10):
        with pytest.raises(RuntimeError, match="can't be written to"):
            kind(os.path.join(tmp_path, "file"), download=True)
