"""Milestone 05: what it reaches, that it repeats, and which texts it learns from."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from tinytorch.core import from_numpy, manual_seed, no_grad
from tinytorch.language import SelfAttention, plays as whole_text
from tinytorch.milestones import attention_proof, transformer_2017
from tinytorch.milestones.attention_maps import look_inside, weights_of
from tinytorch.milestones.command import main
from tinytorch.milestones.data import DataError, plays, read_text
from tinytorch.milestones.outcome import Options
from tinytorch.milestones.progress import Progress
from tinytorch.milestones.transformer_2017 import FULL, QUICK, Net, Recipe

QUIET = Progress(quiet=True)
TINY = Recipe(layers=2, heads=2, width=16, context=16, batch=4, iterations=5, warm_up=2, rotary=True)


@pytest.fixture
def fable(tmp_path: Path) -> Path:
    """Write a text of one's own: 12,000 characters, some of them not ASCII, one of them HTML's."""
    words = np.random.default_rng(0).choice(["der Bär", "träumt", "<laut>", "&", "$5", "von Honig\n"], 3000)
    path = tmp_path / "fabel <1>.txt"
    path.write_text(" ".join(words)[:12_000], encoding="utf-8")
    return path


def facts_in(folder: Path) -> dict:
    return json.loads((folder / "transformer" / "metrics.json").read_text(encoding="ascii"))


# What it reaches


def test_transformer_reaches_what_it_must(everything) -> None:
    facts = facts_in(everything.folder)
    m = facts["metrics"]
    assert m["test_loss"] <= 2.12
    assert m["test_loss"] < m["loss_of_pairs"] < m["loss_of_singles"] < m["test_curve"][0][1]
    assert m["test_curve"][0][1] == pytest.approx(math.log(facts["data"]["letters"]), abs=0.1)
    assert abs(m["test_curve"][-1][1] - m["test_loss"]) < 0.1  # what was seen along the way is no other story
    assert len(m["losses"]) == m["recipe"]["iterations"] == QUICK.iterations
    for task in ("reverse", "sort"):
        assert m["proofs"][task]["accuracy"] >= 0.99
        assert m["proofs"][task]["curve"][0][1] < 0.01
    assert [len(text) for _, text in m["samples"]] == [150, 150, 150, 600]
    assert set(facts["speed"]) == {"training_tokens_per_second", "writing_tokens_per_second"}
    assert min(facts["speed"].values()) > 0


def test_what_it_writes_looks_like_a_play(everything) -> None:
    written = facts_in(everything.folder)["metrics"]["samples"][-1][1]
    known = set(plays().train.split())
    words = written.split()
    assert sum(word in known for word in words) / len(words) > 0.5
    untrained = facts_in(everything.folder)["metrics"]["samples"][0][1].split()
    assert sum(word in known for word in untrained) / len(untrained) < 0.3


def test_report_shows_what_it_writes(everything) -> None:
    text = (everything.folder / "report.html").read_text(encoding="utf-8")
    assert text.count('<figure class="sample">') == 4
    assert "nine plays by Shakespeare" in text
    assert "Text: nine plays by William Shakespeare (public domain)" in text


def test_full_is_nanogpts_recipe() -> None:
    sizes = (FULL.layers, FULL.heads, FULL.width, FULL.context, FULL.batch, FULL.iterations)
    assert sizes == (4, 4, 128, 64, 12, 2000)
    assert (FULL.rate, FULL.last_rate, FULL.warm_up, FULL.threshold) == (1e-3, 1e-4, 100, 1.93)
    assert (transformer_2017.DECAY, transformer_2017.BETAS, transformer_2017.CLIP) == (0.1, (0.9, 0.99), 1.0)
    net = Net(65, FULL)
    assert net.lm_head.weight is net.transformer["wte"].weight
    assert not net.config.rotary
    assert net.config.dropout == 0


# How it learns


def test_rate_goes_up_in_a_line_and_down_along_a_cosine() -> None:
    rates = [transformer_2017.rate_at(i, 2000, FULL) for i in range(2000)]
    assert rates[0] == pytest.approx(1e-5)
    assert rates[49] == pytest.approx(5e-4)
    assert rates[99] == rates[100] == pytest.approx(1e-3)
    assert rates[1050] == pytest.approx((1e-3 + 1e-4) / 2)
    assert rates[-1] == pytest.approx(1e-4, rel=1e-3)
    assert rates[100:] == sorted(rates[100:], reverse=True)


def test_decay_is_for_matrices_and_gradients_are_clipped(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Net(20, TINY)
    optimizer = transformer_2017.make_optimizer(net, TINY)
    decays = {group["weight_decay"]: {p.ndim for p in group["params"]} for group in optimizer.param_groups}
    assert decays == {0.1: {2}, 0.0: {1}}
    ids = from_numpy(np.random.default_rng(0).integers(0, 20, (4, 16)))
    with no_grad():
        for p in net.parameters():
            p.mul_(20 if p.ndim > 1 else 1)  # so that gradients are long
    transformer_2017.train(net, optimizer, ids, ids.flip(1), 1e-3)
    length = math.sqrt(sum(p.grad.norm().item() ** 2 for p in net.parameters()))
    assert length == pytest.approx(1.0, rel=1e-4)


def test_loss_of_a_text_is_that_of_its_windows() -> None:
    net = Net(20, TINY)
    text = np.random.default_rng(0).integers(0, 20, 40 * 16 + 5)
    losses = []
    for start in range(0, 40 * 16, 16):
        ids, next_ids = text[None, start : start + 16], text[None, start + 1 : start + 17]
        losses.append(net(from_numpy(ids), from_numpy(next_ids))[1].item())
    assert transformer_2017.test(net, text, None) == pytest.approx(np.mean(losses), rel=1e-5)
    some = transformer_2017.test(net, text, 2)
    assert some == pytest.approx(np.mean([losses[0], losses[-1]]), rel=1e-5)


def test_maps_are_the_attention_that_the_layers_use() -> None:
    manual_seed(0)
    for options in ({}, {"rotary": True}, {"is_causal": False}):
        attention = SelfAttention(8, 2, **options).double()
        x = from_numpy(np.random.default_rng(1).standard_normal((3, 5, 8)))
        weights = weights_of(attention, x)
        assert weights.shape == (3, 2, 5, 5)
        assert np.allclose(weights.sum(-1), 1)
        values = np.split(attention.c_attn(x).detach().numpy(), 3, axis=-1)[2].reshape(3, 5, 2, 4)
        found = np.einsum("bhij,bjhd->bihd", weights, values).reshape(3, 5, 8)
        expected = attention.c_proj(from_numpy(found)).detach().numpy()
        assert np.allclose(attention(x).detach().numpy(), expected)
    for rotary in (True, False):
        net = Net(20, Recipe(layers=2, heads=2, width=16, context=16, rotary=rotary))
        maps = look_inside(net, [1, 2, 3, 4, 5])
        assert maps.shape == (2, 2, 5, 5)
        assert not np.triu(maps, 1).any()


def test_held_out_sequences_are_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[np.ndarray] = []
    monkeypatch.setattr(attention_proof, "DIGITS", 2)  # so few sequences that many would come again
    monkeypatch.setattr(attention_proof, "LENGTH", 6)
    monkeypatch.setattr(attention_proof, "HELD_OUT", 10)
    train = attention_proof.train
    monkeypatch.setattr(
        attention_proof, "train", lambda n, o, ids, *more: seen.append(ids.numpy()) or train(n, o, ids, *more)
    )
    attention_proof.prove("sort", 0.02, 0, QUIET)
    held_out = attention_proof.draw(np.random.default_rng(0), 10)
    trained = np.concatenate(seen)
    assert len(trained) > 100
    assert not (trained[:, None] == held_out).all(-1).any()


# Texts


def test_the_last_tenth_of_the_plays_is_for_the_test() -> None:
    text = plays()
    assert text.train + text.test == whole_text()
    assert len(text.test) == round(0.1 * len(whole_text()))
    assert text.train.startswith("ALL'S WELL THAT ENDS WELL")
    assert "HOSTESS" in text.test


def test_loss_without_context(tmp_path: Path) -> None:
    path = tmp_path / "ab.txt"
    path.write_text("ab" * 10_000, encoding="utf-8")
    singles, pairs = read_text(path).without_context()
    assert singles == pytest.approx(math.log(2), abs=1e-3)
    assert pairs == pytest.approx(0, abs=1e-3)


def test_own_text(fable: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", "transformer", "--data", str(fable), "--epochs", "2", "--quiet", "--out"]
    for place in ("a", "b"):
        main([*arguments, str(tmp_path / place)])
    assert capsys.readouterr().out.isascii()
    first, second = (facts_in(tmp_path / place) for place in "ab")
    for facts in (first, second):
        facts.pop("seconds")
        facts.pop("speed")
    assert first == second
    assert first["data"]["train"] == 10_800
    assert first["data"]["embedded"] is False
    assert first["epochs"] == 2
    assert first["checks"][0]["at_most"] == first["metrics"]["loss_of_singles"]
    assert first["command"].endswith("fabel <1>.txt'")
    for picture in first["pictures"]:
        again = (tmp_path / "b" / "transformer" / picture["file"]).read_bytes()
        assert (tmp_path / "a" / "transformer" / picture["file"]).read_bytes() == again
    report = (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    assert "fabel &lt;1&gt;.txt" in report
    assert "<laut>" not in report


def test_line_ends_and_a_byte_order_mark_are_no_characters(tmp_path: Path) -> None:
    path = tmp_path / "windows.txt"
    path.write_bytes(b"\xef\xbb\xbf" + b"one\r\ntwo\rthree\n" * 1000)
    assert read_text(path).letters == ["\n", *sorted(set("onetwothree"))]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty: there is nothing to learn from"),
        (b"too short", "is too short: 9 characters, at least 10,000 are needed"),
        (b"a" * 20_000, "has only one character, again and again"),
        (b"caf\xe9 " * 5000, "isn't UTF-8: byte 3 is 0xe9; save it as UTF-8 first"),
        ("".join(map(chr, range(0x4E00, 0x7600))).encode(), "has 10,240 different characters, at most 1,000"),
    ],
)
def test_texts_that_cannot_be_learnt(content: bytes, message: str, tmp_path: Path, capsys) -> None:
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        Options(data=path).text()
    assert main(["run", "transformer", "--data", str(path), "--out", str(tmp_path / "out")]) == 2
    written = capsys.readouterr().err
    assert written.startswith("error: ")
    assert written.count("\n") == 1
    assert not (tmp_path / "out" / "transformer").exists()


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder: the transformer learns from one text file"):
        read_text(tmp_path)
    with pytest.raises(DataError, match="no such file or folder"):
        read_text(tmp_path / "missing.txt")


def test_full_is_for_the_transformer_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "mlp", "--full", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "error: --full is for transformer: the others learn all they can\n"
