"""The embedded digits and the reader of IDX files."""

from __future__ import annotations

import gzip
import hashlib
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tinytorch.milestones.data import DataError, digits, digits_by_unknown_hands, read_idx, read_idx_folder


def test_digits_are_all_there() -> None:
    data = digits()
    assert data.train_images.shape == (1442, 8, 8)
    assert data.test_images.shape == (355, 8, 8)
    assert data.train_images.dtype == data.test_images.dtype == np.float32
    assert data.train_labels.dtype == data.test_labels.dtype == np.int64
    assert data.train_images.min() == 0
    assert data.train_images.max() == 1
    assert data.size == (8, 8)
    assert data.embedded
    assert not data.large


@pytest.mark.parametrize("load", [digits, digits_by_unknown_hands])
def test_no_image_is_in_both_parts(load) -> None:
    data = load()
    train = {image.tobytes() for image in data.train_images}
    test = {image.tobytes() for image in data.test_images}
    assert len(train) == len(data.train_images)
    assert len(test) == len(data.test_images)
    assert not train & test
    assert len(train) + len(test) == 1797


def test_split_is_stratified() -> None:
    data = digits()
    for digit in range(10):
        learnt, asked = (data.train_labels == digit).sum(), (data.test_labels == digit).sum()
        assert asked == (learnt + asked) // 5


def test_split_is_the_same_each_time() -> None:
    first, second = digits(), digits()
    np.testing.assert_array_equal(first.train_images, second.train_images)
    np.testing.assert_array_equal(first.test_labels, second.test_labels)


def test_source_and_licence_lie_beside_the_digits() -> None:
    folder = files("tinytorch.milestones.data")
    text = folder.joinpath("DIGITS.txt").read_text(encoding="utf-8")
    assert hashlib.sha256(folder.joinpath("digits.csv.gz").read_bytes()).hexdigest() in text
    for needed in ("Alpaydin", "10.24432/C50P49", "CC BY 4.0", "scikit-learn", "Redistribution and use"):
        assert needed in text


@pytest.mark.parametrize("compress", [False, True])
def test_idx_folder(make_idx_folder, compress: bool) -> None:
    data = read_idx_folder(make_idx_folder(compress=compress))
    assert data.train_images.shape == (200, 6, 6)
    assert data.test_images.shape == (80, 6, 6)
    assert data.train_images.dtype == np.float32
    assert 0 <= data.train_images.min() < data.train_images.max() <= 1
    assert data.train_labels.tolist() == [0, 1, 2, 3] * 50
    assert data.classes == ("0", "1", "2", "3")
    assert not data.embedded


def test_one_of_the_files_stands_for_the_folder(make_idx_folder) -> None:
    folder = make_idx_folder()
    assert read_idx_folder(folder / "t10k-labels-idx1-ubyte").train_images.shape == (200, 6, 6)


def test_other_spelling_of_names(make_idx_folder) -> None:
    folder = make_idx_folder()
    for path in list(folder.iterdir()):
        path.rename(folder / path.name.replace("-idx", ".idx"))
    assert len(read_idx_folder(folder).test_labels) == 80


def test_labels_need_not_start_at_zero(make_idx_folder) -> None:
    labels = np.arange(200) % 4 * 3 + 5
    data = read_idx_folder(make_idx_folder(train_labels=labels, test_labels=labels[:80]))
    assert data.classes == ("5", "8", "11", "14")
    assert data.train_labels[:5].tolist() == [0, 1, 2, 3, 0]


def test_missing_files_are_named(make_idx_folder) -> None:
    folder = make_idx_folder()
    (folder / "t10k-images-idx3-ubyte").unlink()
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="train-labels-idx1-ubyte, t10k-images-idx3-ubyte") as error:
        read_idx_folder(folder)
    assert "train-images" not in str(error.value)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        read_idx_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train_labels": np.zeros(199)}, "200 train images but 199 train labels"),
        ({"test_labels": np.zeros(81)}, "80 t10k images but 81 t10k labels"),
        ({"test_images": np.zeros((80, 7, 6))}, "different sizes, 6 x 6 and 7 x 6"),
        ({"train_labels": np.zeros(200)}, "one class only"),
        ({"test_labels": np.full(80, 9)}, "t10k labels hold 9"),
        ({"train_images": np.zeros((0, 6, 6)), "train_labels": np.zeros(0)}, "no train images"),
        ({"train_images": np.zeros((200, 36))}, "3 dimension"),
    ],
)
def test_files_that_do_not_fit_together(make_idx_folder, arrays, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_idx_folder(make_idx_folder(**arrays))


GOOD = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing"),
        (b"PK\x03\x04 a zip file", "begins with 504b0304, expected 00000801"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 3]), "unsigned bytes"),  # 13: floats
        (GOOD[:6], "truncated: its header has 6 bytes, expected 8"),
        (GOOD[:-1], "truncated: it has 10 bytes, its header promises 11"),
        (GOOD + b"!", "too long"),
        (bytes([0, 0, 8, 1, 255, 255, 255, 255, 1]), "promises 4294967303"),
        (gzip.compress(GOOD)[:-9], "can't read"),
        (gzip.compress(GOOD)[:-8] + b"checksum", "can't read"),
        (b"\x1f\x8b not gzip at all", "can't read"),
    ],
)
def test_damaged_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        read_idx(path, 1)
    assert str(path) in str(error.value)


def test_good_file(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    path.write_bytes(GOOD)
    assert read_idx(path, 1).tolist() == [7, 8, 9]


@given(st.one_of(st.binary(max_size=64), st.binary(max_size=64).map(lambda b: b"\x1f\x8b\x08" + b)))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)
    for dimensions in (1, 3):
        with suppress(DataError):  # and nothing else
            assert read_idx(path, dimensions).ndim == dimensions
