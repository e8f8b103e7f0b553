"""TinyGPT's training and folders: interruptions change nothing, and nothing is half-written."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tinytorch.core import default_generator, no_grad
from tinytorch.systems import Corpus, TinyGPT, TinyGPTError, TinyGPTOptions, TinyGPTTraining, tinytorch_gpt

SIZES = {"n_layer": 1, "n_head": 2, "n_embd": 16, "block_size": 16, "batch_size": 4, "steps": 30, "warmup": 5}
OPTIONS = TinyGPTOptions(tokenizer="char", **SIZES)
FLAGS = ["--tokenizer", "char", "--layers", "1", "--heads", "2", "--width", "16", "--context", "16"]
FLAGS += ["--batch", "4", "--warmup", "5", "--threads", "1"]
TEXT = "To be, or not to be: that is the question:\nWhether 'tis nobler in the mind to suffer\n" * 60


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Call the command in a folder of its own, and return its exit code and what it said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")

    def call(*words):
        code = tinytorch_gpt([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def train(run, *words, steps=30, out="run"):
    return run("train", "--data", "text.txt", "--out", out, "--steps", steps, "--no-table", *FLAGS, *words)


def weights(folder):
    return (folder / "model.safetensors").read_bytes()


def forget(gpt):
    with no_grad():
        for parameter in gpt.model.parameters():
            parameter.zero_()


def corpus():
    return Corpus("text", TEXT[:4500], TEXT[4500:])


# Learning


def test_it_learns():
    training = TinyGPTTraining(TinyGPT.new(replace(OPTIONS, steps=60, lr=1e-2), TEXT), corpus())
    before = training.look()
    losses = list(training.run())
    assert len(losses) == 60
    assert training.look() < before - 0.5
    assert training.losses == losses
    assert training.looks == [(0, before), (60, training.looks[1][1])]


def test_the_loss_is_of_every_character_once():
    """A model that knows nothing is as surprised as the logarithm of its alphabet, for each character."""
    gpt = TinyGPT.new(OPTIONS, TEXT)
    forget(gpt)
    size = gpt.tokenizer.vocab_size
    for length in (1, 15, 16, 17, 700):
        assert gpt.loss(TEXT[:length]) == pytest.approx(math.log(size), rel=1e-5)


def test_losses_of_byte_pairs_are_for_each_character_too():
    options = replace(OPTIONS, tokenizer="bpe", vocab_size=300)
    gpt = TinyGPT.new(options, TEXT)
    forget(gpt)
    tokens = len(gpt.tokenizer.encode("\n" + TEXT)) - 1
    expected = tokens * math.log(gpt.tokenizer.vocab_size) / len(TEXT)
    assert gpt.loss(TEXT) == pytest.approx(expected, rel=1e-5)
    assert gpt.loss("\N{SNOWMAN}") > gpt.loss("a")  # three bytes, one character


def test_batches_depend_on_the_step_alone():
    one, other = (TinyGPTTraining(TinyGPT.new(OPTIONS, TEXT), corpus()) for _ in range(2))
    list(one.run(until=7))
    for step in (0, 7, 29):
        a, b = one.batch(step), other.batch(step)
        assert np.array_equal(a[0].numpy(), b[0].numpy())
        assert np.array_equal(a[0].numpy()[:, 1:], a[1].numpy()[:, :-1])
    assert not np.array_equal(one.batch(0)[0].numpy(), one.batch(1)[0].numpy())


def test_a_loss_that_is_no_number_ends_training_and_changes_nothing():
    training = TinyGPTTraining(TinyGPT.new(OPTIONS, TEXT), corpus())
    arrays, facts = training.state()
    arrays = {name: array.copy() for name, array in arrays.items()}
    arrays["model.transformer.h.0.attn.c_attn.weight"][:] = np.nan
    training.restore(arrays, facts)
    before = {name: array.copy() for name, array in training.gpt.weights().items()}
    with pytest.raises(TinyGPTError, match="smaller --lr"):
        training.learn()
    assert training.step == 0
    for name, array in training.gpt.weights().items():
        assert np.array_equal(array, before[name], equal_nan=True)


def test_a_text_shorter_than_a_window_is_refused():
    gpt = TinyGPT.new(replace(OPTIONS, block_size=512), TEXT)
    short = corpus()
    with pytest.raises(TinyGPTError, match="shorter --context"):
        TinyGPTTraining(gpt, replace(short, train=short.train[:300]))


# Going on


def test_a_run_that_went_on_is_bit_identical(run, tmp_path, monkeypatch):
    assert train(run, out="whole")[0] == 0
    stop_after(monkeypatch, 13)
    code, out, _ = train(run, out="parts")
    assert code == 130
    assert "tinytorch-gpt train --out parts --resume" in out
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    default_generator.manual_seed(99)  # whatever else happened in between
    code, out, _ = run("train", "--data", "text.txt", "--out", "parts", "--resume", "--no-table")
    assert code == 0
    assert "step 13 of 30" in out
    assert weights(tmp_path / "whole") == weights(tmp_path / "parts")
    whole, parts = (
        json.loads((tmp_path / name / "training" / "last.json").read_text()) for name in ("whole", "parts")
    )
    assert whole["losses"] == parts["losses"]
    assert whole["looks"] == parts["looks"]
    assert whole["crc32"] == parts["crc32"]  # what the optimizer remembers, too


def stop_after(monkeypatch, step):
    """Press Ctrl-C in a certain step."""
    import signal

    learn = TinyGPTTraining.learn

    def learn_and_press(self):
        loss = learn(self)
        if self.step == step:
            signal.raise_signal(signal.SIGINT)
        return loss

    monkeypatch.setattr(TinyGPTTraining, "learn", learn_and_press)


def test_going_on_with_another_recipe_or_text_is_refused(run, tmp_path):
    train(run)
    before = weights(tmp_path / "run")
    code, _, err = train(run, "--resume", "--lr", "0.1")
    assert code == 1
    assert "lr is 0.003 there, 0.1 here" in err
    code, _, err = train(run, "--resume", steps=60)
    assert code == 1
    assert "steps is 30 there, 60 here" in err
    (tmp_path / "text.txt").write_text(TEXT + "!", encoding="utf-8")
    code, _, err = run("train", "--data", "text.txt", "--out", "run", "--resume")
    assert code == 1
    assert "another text" in err
    assert weights(tmp_path / "run") == before


def test_a_finished_run_that_goes_on_does_nothing_more(run, tmp_path):
    train(run)
    before = weights(tmp_path / "run")
    assert train(run, "--resume")[0] == 0
    assert weights(tmp_path / "run") == before


def test_a_run_is_never_overwritten(run, tmp_path):
    train(run)
    before = weights(tmp_path / "run")
    code, _, err = train(run, "--seed", "5")
    assert code == 1
    assert "--resume" in err
    assert "--replace" in err
    assert weights(tmp_path / "run") == before
    code, out, _ = train(run, "--seed", "5", "--replace")
    assert code == 0
    assert "run.bak" in out
    assert weights(tmp_path / "run.bak") == before
    assert train(run, "--seed", "6", "--replace")[0] == 0
    assert weights(tmp_path / "run.bak") == before
    assert (tmp_path / "run.bak2").is_dir()


def test_a_folder_with_something_else_is_not_touched(run, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("mine", encoding="utf-8")
    code, _, err = train(run)
    assert code == 1
    assert "not empty" in err
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert train(run, out="file")[0] == 1
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_going_on_without_a_run_is_an_error(run):
    code, _, err = train(run, "--resume")
    assert code == 1
    assert "without --resume" in err


# Damage


@pytest.mark.parametrize("what", ["half", "flipped", "gone", "json", "empty"])
def test_a_damaged_checkpoint_falls_back_to_the_one_before(run, tmp_path, monkeypatch, what):
    train(run, out="whole")
    stop_after(monkeypatch, 25)
    train(run, "--save-every", "10")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "run" / "training"
    newest = place / "step-000025.safetensors"
    assert sorted(path.name for path in place.glob("step*")) == [
        "step-000020.safetensors",
        "step-000025.safetensors",
    ]
    data = newest.read_bytes()
    if what == "half":
        newest.write_bytes(data[: len(data) // 2])
    elif what == "flipped":
        newest.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif what == "gone":
        newest.unlink()
    elif what == "json":
        (place / "last.json").write_text('{"step": 25', encoding="utf-8")
    else:
        (place / "last.json").write_text("{}", encoding="utf-8")
    code, out, _ = run("train", "--data", "text.txt", "--out", "run", "--resume", "--no-table")
    assert code == 0
    assert "going on from the checkpoint before it, step 20" in out
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")


def test_with_both_checkpoints_damaged_nothing_is_made_up(run, tmp_path):
    train(run, "--save-every", "10")
    for path in (tmp_path / "run" / "training").glob("step*"):
        path.write_bytes(b"")
    code, _, err = train(run, "--resume")
    assert code == 1
    assert "no checkpoint" in err


def test_the_other_files_of_a_run_are_not_needed_to_go_on(run, tmp_path, monkeypatch):
    train(run, out="whole")
    stop_after(monkeypatch, 13)
    train(run)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    for name in ("tokenizer.json", "model.safetensors", "tinygpt.json"):
        (tmp_path / "run" / name).unlink()
    assert run("train", "--data", "text.txt", "--out", "run", "--resume", "--no-table")[0] == 0
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.safetensors", b"half", "damaged"),
        ("model.safetensors", None, "isn't there"),
        ("tokenizer.json", b"{", "damaged"),
        ("tokenizer.json", None, "tokenizer.json"),
        ("tinygpt.json", b"", "damaged"),
        ("tinygpt.json", b"[]", "damaged"),
        ("tinygpt.json", b'{"format": 99}', "newer"),
        ("tinygpt.json", None, "holds no TinyGPT"),
    ],
)
def test_a_damaged_model_is_named(tmp_path, name, content, words):
    folder = tmp_path / "model"
    TinyGPT.new(OPTIONS, TEXT).save(folder)
    TinyGPT.load(folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(TinyGPTError, match=words) as caught:
        TinyGPT.load(folder)
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_refused(tmp_path):
    TinyGPT.new(OPTIONS, TEXT).save(tmp_path / "a")
    TinyGPT.new(replace(OPTIONS, n_embd=32), TEXT).save(tmp_path / "b")
    about = json.loads((tmp_path / "a" / "tinygpt.json").read_text())
    about["crc32"] = json.loads((tmp_path / "b" / "tinygpt.json").read_text())["crc32"]
    (tmp_path / "a" / "tinygpt.json").write_text(json.dumps(about))
    (tmp_path / "a" / "model.safetensors").write_bytes(weights(tmp_path / "b"))
    with pytest.raises(TinyGPTError, match="don't fit"):
        TinyGPT.load(tmp_path / "a")


def test_saving_and_loading_is_exact(tmp_path):
    for kind in ("char", "bpe"):
        gpt = TinyGPT.new(replace(OPTIONS, tokenizer=kind, vocab_size=280), TEXT)
        gpt.save(tmp_path / kind)
        again = TinyGPT.load(tmp_path / kind)
        assert list(again.stream("To be", 40, seed=1)) == list(gpt.stream("To be", 40, seed=1))
        assert again.options == gpt.options
        assert not list((tmp_path / kind).glob(".*"))  # drafts


# Bad input


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "too short"),
        (b"x" * 100, "too short"),
        (b"x" * 5000, "only one character"),
        (b"\xff\xfe" + b"ab" * 3000, "isn't UTF-8"),
        (b"ab\0" * 3000, "null characters"),
    ],
)
def test_a_text_that_can_not_be_learnt_is_named(run, tmp_path, content, words):
    path = tmp_path / "other.txt"
    if content is not None:
        path.write_bytes(content)
    code, _, err = run("train", "--data", path, "--out", "run")
    assert code == 1
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_folder_is_no_text(run, tmp_path):
    code, _, err = run("train", "--data", tmp_path, "--out", "run")
    assert code == 1
    assert "one text file" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "steps"),
        ({"n_head": 3}, "multiple"),
        ({"n_embd": 10**9}, "n_embd"),
        ({"lr": math.nan}, "lr"),
        ({"lr": -1.0}, "lr"),
        ({"vocab_size": 1}, "vocab_size"),
        ({"tokenizer": "words"}, "tokenizer"),
        ({"seed": -1}, "seed"),
        ({"beta1": 1.0}, "beta1"),
        ({"steps": True}, "steps"),
    ],
)
def test_options_out_of_range_are_named(options, words):
    with pytest.raises(TinyGPTError, match=words):
        TinyGPTOptions(**options)


def test_options_survive_json():
    assert TinyGPTOptions.from_json(json.loads(json.dumps(OPTIONS.to_json()))) == OPTIONS
    with pytest.raises(TinyGPTError, match="unknown"):
        TinyGPTOptions.from_json({**OPTIONS.to_json(), "more": 1})


def test_the_rate_goes_up_then_down():
    options = replace(OPTIONS, steps=100, warmup=10, lr=1.0, last_lr=0.1)
    rates = [options.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == rates[9] == rates[10] == pytest.approx(1.0)
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert options.rate(100) == pytest.approx(0.1)
