"""The milestones themselves: what they reach, that they repeat, and that nothing leaks."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tinytorch.core import from_numpy, manual_seed, no_grad, tensor
from tinytorch.milestones import mlp_1986, perceptron_1957, xor_1969
from tinytorch.milestones.catalog import RUNNABLE
from tinytorch.milestones.command import main
from tinytorch.milestones.data import digits
from tinytorch.milestones.progress import Progress

QUIET = Progress(quiet=True)
NAMES = [milestone.name for milestone in RUNNABLE]


def metrics(folder: Path, name: str) -> dict:
    return json.loads((folder / name / "metrics.json").read_text(encoding="ascii"))


def test_all_thresholds_are_met(everything) -> None:
    assert everything.code == 0
    assert everything.out.isascii()
    assert everything.err.isascii()
    lines = everything.out.decode().splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["PASSED", name] for name in NAMES]
    assert lines[-1].startswith("Report: ")
    assert b"Traceback" not in everything.err
    assert b"training" in everything.err


@pytest.mark.parametrize("name", NAMES)
def test_metrics_have_their_form(everything, name: str) -> None:
    facts = metrics(everything.folder, name)
    assert facts["schema"].startswith("tinytorch-milestones ")
    assert facts["milestone"] == name
    assert facts["passed"] is True
    assert facts["seed"] == 0
    assert facts["command"] == f"python -m tinytorch.milestones run {name} --seed 0"
    assert set(facts["seconds"]) == {"learning", "pictures", "total"}
    assert {"name", "train", "test", "credit"} <= set(facts["data"])
    for check in facts["checks"]:
        assert check["passed"] is True
        assert isinstance(check["value"], int | float)
        assert check["at_least"] is not None or check["at_most"] is not None
    for picture in facts["pictures"]:
        content = (everything.folder / name / picture["file"]).read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(picture["alt"]) > 20
    assert len(facts["pictures"]) >= 3


def test_perceptron_reaches_what_it_must(everything) -> None:
    m = metrics(everything.folder, "perceptron")["metrics"]
    assert len(m["pairs"]) == 45
    easy = [r for r in m["pairs"] if r["easy"]]
    assert len(easy) == 10
    assert min(r["distance"] for r in easy) >= max(r["distance"] for r in m["pairs"] if not r["easy"])
    right = sum(round(r["accuracy"] * r["test_images"]) for r in easy)
    assert right / sum(r["test_images"] for r in easy) >= 0.98
    assert 0.45 <= m["untrained_accuracy"] <= 0.55
    assert m["together_accuracy"] > 0.85


def test_xor_reaches_what_it_must(everything) -> None:
    m = metrics(everything.folder, "xor")["metrics"]
    assert m["best_single_layer"] <= 0.75
    assert m["best_of_random_lines"] == 0.75
    assert m["solved"]["4"] >= 95
    assert m["solved"]["2"] < m["solved"]["4"]
    assert m["mean_final_loss_single_layer"] == pytest.approx(np.log(2), abs=1e-3)


def test_mlp_reaches_what_it_must(everything) -> None:
    m = metrics(everything.folder, "mlp")["metrics"]
    table = np.array(m["confusion"])
    assert table.sum() == 355
    assert table.trace() / 355 == pytest.approx(m["test_accuracy"])
    assert m["test_accuracy"] >= 0.96
    assert m["untrained_accuracy"] < 0.3
    assert m["wrong"] == 355 - table.trace()
    assert len(m["losses"]) == 30
    assert m["losses"][-1] < 0.1 * m["losses"][0]
    assert 0.8 < m["unknown_hands_accuracy"] < 1


def test_same_seed_gives_same_numbers(everything, tmp_path: Path) -> None:
    assert main(["run", "mlp", "perceptron", "--quiet", "--out", str(tmp_path)]) == 0
    for name in ("mlp", "perceptron"):
        first, second = metrics(everything.folder, name), metrics(tmp_path, name)
        first.pop("seconds")
        second.pop("seconds")
        assert first == second
        for picture in first["pictures"]:
            again = (tmp_path / name / picture["file"]).read_bytes()
            assert (everything.folder / name / picture["file"]).read_bytes() == again


def test_xor_repeats_too_and_other_seeds_differ(tmp_path: Path) -> None:
    for seed, place in ((3, "a"), (3, "b"), (4, "c")):
        arguments = [
            "run",
            "xor",
            "--epochs",
            "20",
            "--seed",
            str(seed),
            "--quiet",
            "--out",
            str(tmp_path / place),
        ]
        assert main(arguments) == 1
    first, second, other = (metrics(tmp_path / place, "xor") for place in "abc")
    for facts in (first, second, other):
        facts.pop("seconds")
    assert first == second
    assert first["metrics"] != other["metrics"]
    assert first["metrics"]["first_seed"] == 300


def test_second_run_into_the_same_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "xor" / "losses.png"
    mine.parent.mkdir()
    mine.write_bytes(b"my own picture")
    (tmp_path / "notes.txt").write_bytes(b"mine")
    arguments = ["run", "xor", "--epochs", "1", "--out", str(tmp_path)]
    assert main(arguments) == 1
    assert "losses.kept-1.png" in capsys.readouterr().out
    assert main(arguments) == 1
    assert "kept" not in capsys.readouterr().out
    assert (tmp_path / "xor" / "losses.kept-1.png").read_bytes() == b"my own picture"
    assert (tmp_path / "notes.txt").read_bytes() == b"mine"
    assert mine.read_bytes().startswith(b"\x89PNG")


# The learning itself


@settings(max_examples=25)
@given(st.integers(0, 2**16), st.integers(2, 6))
def test_perceptron_converges_as_novikoff_says(seed: int, pixels: int) -> None:
    """At most (R / margin)^2 corrections from zero weights, when a boundary with that margin exists."""
    random = np.random.default_rng(seed)
    direction = random.normal(size=pixels + 1)
    direction /= np.linalg.norm(direction)
    x = random.normal(size=(60, pixels)).astype(np.float32)
    sums = np.column_stack([x, np.ones(60)]) @ direction
    keep = np.abs(sums) > 0.2
    x, answers = x[keep], np.sign(sums[keep]).astype(np.float32)
    radius = np.linalg.norm(np.column_stack([x, np.ones(len(x))]), axis=1).max(initial=0)

    net = perceptron_1957.Net(pixels)
    with no_grad():
        for parameter in net.parameters():
            parameter.zero_()
    mistakes = perceptron_1957.train(net, from_numpy(x), from_numpy(answers), passes=10_000)
    assert mistakes[-1] == 0
    assert sum(mistakes) <= (radius / 0.2) ** 2
    assert perceptron_1957.test(net, from_numpy(x), from_numpy(answers)).all().item()


def test_perceptron_learns_without_gradients() -> None:
    net = perceptron_1957.Net(2)
    perceptron_1957.train(net, tensor([[0.0, 1.0], [1.0, 0.0]]), tensor([1.0, -1.0]), passes=50)
    assert all(parameter.grad is None for parameter in net.parameters())


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_no_single_layer_solves_xor(seed: int) -> None:
    manual_seed(seed)
    _, best = xor_1969.train(xor_1969.make_net(0), steps=40)
    assert best <= 0.75


def test_hidden_layer_solves_xor() -> None:
    manual_seed(0)
    net = xor_1969.make_net(xor_1969.HIDDEN)
    losses, best = xor_1969.train(net, steps=xor_1969.STEPS)
    assert best == xor_1969.test(net) == 1.0
    assert losses[-1] < xor_1969.SOLVED


def test_training_never_sees_the_test_images() -> None:
    data = digits()
    other = dataclasses.replace(data, test_images=1 - data.test_images, test_labels=9 - data.test_labels)
    first = mlp_1986.learn(data, 2, 0, "", QUIET)
    second = mlp_1986.learn(other, 2, 0, "", QUIET)
    assert first["losses"] == second["losses"]
    assert first["curve"]["train"] == second["curve"]["train"]
    for a, b in zip(first["net"].parameters(), second["net"].parameters()):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_pixels_are_scaled_by_the_training_images() -> None:
    train_x, _, test_x, _ = mlp_1986.prepare(digits())
    assert train_x.mean().item() == pytest.approx(0, abs=1e-5)
    assert train_x.numpy().std() == pytest.approx(1, abs=1e-5)
    assert abs(test_x.mean().item()) > 1e-4
