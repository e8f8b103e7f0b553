"""The command `tinytorch-gpt`: what it writes, makes smaller and measures, and how it says no."""

import io
import json
import os
import shutil
import subprocess
import sys

import pytest
from tinytorch.systems import (
    Conversation,
    KVCache,
    TinyGPT,
    TinyGPTError,
    load_results,
    olympics,
    read_corpus,
    tinytorch_gpt,
)

TEXT = "To be, or not to be: that is the question:\nWhether 'tis nobler in the mind to suffer\n" * 60
FLAGS = [
    "--vocab",
    "300",
    "--layers",
    "2",
    "--heads",
    "2",
    "--width",
    "32",
    "--context",
    "32",
    "--batch",
    "4",
]
FLAGS += ["--steps", "60", "--warmup", "5", "--threads", "1", "--lr", "0.01", "--no-table", "--quiet"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a text and a small model that learnt from it."""
    folder = tmp_path_factory.mktemp("tinygpt")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    assert (
        tinytorch_gpt(["train", "--data", f"{folder / 'text.txt'}", "--out", f"{folder / 'run'}", *FLAGS])
        == 0
    )
    return folder


@pytest.fixture
def call(folder, monkeypatch, capsys):
    """Call the command there, and return its exit code and what it said."""
    monkeypatch.chdir(folder)
    capsys.readouterr()

    def call(*words):
        code = tinytorch_gpt([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return call


# sample


def test_a_sample_is_the_same_for_the_same_seed(call):
    code, out, _ = call("sample", "run", "--prompt", "To be", "--tokens", 20, "--seed", 1)
    assert code == 0
    assert out.startswith("To be")
    assert call("sample", "run", "--prompt", "To be", "--tokens", 20, "--seed", 1)[1] == out
    assert call("sample", "run", "--prompt", "To be", "--tokens", 20, "--seed", 2)[1] != out


def test_cached_text_is_the_text(call):
    """As long as everything fits into the context, the cache changes nothing."""
    words = ("sample", "run", "--prompt", "To be", "--tokens", 25, "--seed", 1)
    assert call(*words)[1] == call(*words, "--no-cache")[1]


def test_a_text_may_be_longer_than_the_context(folder):
    gpt = TinyGPT.load(folder / "run")
    for use_cache in (True, False):
        written = "".join(gpt.stream("To be", 100, seed=1, use_cache=use_cache))
        assert len(written) > 100
    assert len(list(gpt.stream(TEXT, 3, seed=1))) <= 3  # a prompt, too


def test_pieces_make_up_the_text_even_if_a_character_takes_three(folder):
    gpt = TinyGPT.load(folder / "run")
    ids = gpt.encode("a\N{SNOWMAN}\N{EURO SIGN}z")
    assert len(ids) > 4
    assert "".join(gpt.decode_stream(iter(ids))) == "a\N{SNOWMAN}\N{EURO SIGN}z"
    assert "".join(gpt.decode_stream(iter(gpt.encode("\N{SNOWMAN}")[:-1]))) == "\N{REPLACEMENT CHARACTER}"


def test_an_empty_prompt_begins_a_text(call):
    code, out, _ = call("sample", "run", "--tokens", 5, "--seed", 0)
    assert code == 0
    assert out.strip()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--temperature", "-1"), "temperature"),
        (("--temperature", "nan"), "temperature"),
        (("--top-k", "0"), "top_k"),
        (("--top-p", "2"), "top_p"),
        (("--tokens", "-5"), "max_new_tokens"),
        (("--seed", "-1" + "0" * 30), "seed"),
        (("--prompt", "\ud800"), "prompt"),
    ],
)
def test_bad_wishes_are_named(call, words, says):
    code, _, err = call("sample", "run", *words)
    assert code == 1
    assert says in err
    assert err.count("\n") == 1


def test_a_missing_model_is_named(call):
    code, _, err = call("sample", "nowhere")
    assert code == 1
    assert "train --out nowhere" in err
    code, _, err = call("sample", ".")
    assert code == 1
    assert "no tinygpt.json" in err


def test_characters_that_it_never_saw_are_named(tmp_path, folder, capsys):
    out = tmp_path / "run"
    data = ["--data", f"{folder / 'text.txt'}", "--tokenizer", "char"]
    assert tinytorch_gpt(["train", *data, "--out", f"{out}", *FLAGS, "--steps", "2"]) == 0
    assert tinytorch_gpt(["sample", f"{out}", "--prompt", "caf\xe9 #1"]) == 1
    err = capsys.readouterr().err
    assert "'#' (U+0023)" in err
    assert "'\\xe9' (U+00E9)" in err
    assert "--tokenizer bpe" in err


@pytest.mark.parametrize(
    "words", [[], ["nonsense"], ["train", "--steps", "many"], ["compress", "--sparsity", "1"]]
)
def test_what_the_command_does_not_know_is_a_usage_error(words, capsys):
    with pytest.raises(SystemExit) as ended:
        tinytorch_gpt(words)
    assert ended.value.code == 2
    assert "usage: tinytorch-gpt" in capsys.readouterr().err


def test_it_runs_as_a_module_in_a_poor_console(folder):
    """Without a terminal, in ASCII, and with a reader that leaves early."""
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "TERM": "dumb"}
    command = [
        sys.executable,
        "-m",
        "tinytorch.systems",
        "sample",
        f"{folder / 'run'}",
        "--seed",
        "1",
        "--tokens",
        "5",
    ]
    done = subprocess.run([*command, "--prompt", "\N{SNOWMAN}"], env=env, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"\\u2603")
    assert done.stderr == b""


# chat


def talk(monkeypatch, *lines):
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_a_chat_goes_on_turn_by_turn(call, monkeypatch):
    talk(monkeypatch, "To be", "or not", "", ":new", "To be", ":quit", "never read")
    code, out, err = call("chat", "run", "--tokens", 10, "--seed", 1)
    assert (code, err) == (0, "")
    assert out.count("\n") >= 4


def test_a_chat_ends_with_its_input_and_survives_what_it_can_not_read(call, monkeypatch):
    talk(monkeypatch, "\ud800", "To be")
    code, out, _ = call("chat", "run", "--tokens", 3, "--seed", 1)
    assert code == 0
    assert "can't be read" in out


def test_a_turn_costs_its_own_tokens(folder):
    gpt = TinyGPT.load(folder / "run")
    talk_to = Conversation(gpt, seed=1)
    seen = []
    hidden = KVCache.hidden

    class Counting(KVCache):
        def hidden(self, model, ids, key_padding_mask=None):
            seen.append(ids.shape[1])
            return hidden(self, model, ids, key_padding_mask)

    talk_to.cache = Counting(gpt.model, window=gpt.options.block_size)
    first = "".join(talk_to.turn("To be", 5))
    assert sum(seen) == len(gpt.encode("To be")) + 4
    seen.clear()
    second = "".join(talk_to.turn(" or not", 5))
    assert sum(seen) == 1 + len(gpt.encode(" or not")) + 4  # the last one that was written was never read
    assert len(talk_to.ids) == len(gpt.encode("To be")) + len(gpt.encode(" or not")) + 10
    assert gpt.tokenizer.decode(talk_to.ids) == f"To be{first} or not{second}"
    talk_to.reset()
    assert talk_to.ids == []


# compress


@pytest.mark.parametrize(
    ("words", "form", "smaller"),
    [
        (("--bits", 8), "quantised", 3.0),
        (("--bits", 4), "quantised", 4.0),
        (("--sparsity", 0.7, "--steps", 5), "compressed", 1.5),
        (("--channels", 0.5, "--steps", 5), "compressed", 1.1),
    ],
)
def test_a_compressed_model_is_smaller_and_writes(call, folder, tmp_path, words, form, smaller):
    out = tmp_path / "small"
    code, said, _ = call("compress", "run", "--data", "text.txt", "--out", out, *words)
    assert code == 0, said
    sizes = [(place / "model.safetensors").stat().st_size for place in (folder / "run", out)]
    assert sizes[0] > smaller * sizes[1]
    assert f"{sizes[0]:,}" in said
    assert f"{sizes[1]:,}" in said
    small = TinyGPT.load(out)
    held_out = read_corpus(folder / "text.txt").test
    assert small.form == form
    assert small.loss(held_out) == pytest.approx(small.facts["loss"], rel=1e-4)
    assert call("sample", out, "--tokens", 5, "--seed", 1)[0] == 0
    assert call("compress", out, "--data", "text.txt", "--out", tmp_path / "smaller")[0] == 1
    (out / "model.safetensors").write_bytes((out / "model.safetensors").read_bytes()[:-10])
    with pytest.raises(TinyGPTError, match="damaged"):
        TinyGPT.load(out)


def test_compressing_overwrites_nothing_and_needs_the_text(call, tmp_path):
    out = tmp_path / "small"
    out.mkdir()
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    assert call("compress", "run", "--data", "text.txt", "--out", out)[0] == 1
    assert sorted(path.name for path in out.iterdir()) == ["mine.txt"]
    code, _, err = call("compress", "run", "--out", tmp_path / "other")
    assert code == 1
    assert "another text" in err


# bench and the table


def test_bench_measures_variants_and_keeps_the_figures(call, tmp_path):
    small, json_file, html_file = (tmp_path / name for name in ("small", "figures.json", "report.html"))
    assert call("compress", "run", "--data", "text.txt", "--out", small)[0] == 0
    words = ("bench", small, "--data", "text.txt", "--rounds", 6, "--tokens", 2, "--profile")
    code, out, _ = call(*words, "--json", json_file, "--html", html_file)
    assert code == 0, out
    for name in ("baseline", "cached", "95% sure", "the machine:", "Self CPU"):
        assert name in out
    results = load_results(json_file)
    assert {(row["subject"], row["peer"]) for row in results["results"]} == {("baseline", "cached")}
    assert "TinyGPT" in html_file.read_text(encoding="utf-8")
    assert call(*words, "--json", json_file, "--html", html_file)[0] == 0
    assert json_file.with_name("figures.json.bak").exists()
    assert html_file.with_name("report.html.bak").exists()


def test_training_ends_with_the_table(folder, tmp_path, capsys):
    shutil.copy(folder / "text.txt", tmp_path)
    flags = [word for word in FLAGS if word != "--no-table"]
    assert (
        tinytorch_gpt(["train", "--data", f"{folder / 'text.txt'}", "--out", f"{tmp_path / 'run'}", *flags])
        == 0
    )
    out = capsys.readouterr().out
    for word in ("baseline", "cached", "int8", "int4", "50% zeros", "half of each MLP", "tokens/s", "loss"):
        assert word in out
    about = json.loads((tmp_path / "run" / "tinygpt.json").read_text(encoding="utf-8"))
    assert f"{about['facts']['loss']:.4f}" in out
    assert f"{(tmp_path / 'run' / 'model.safetensors').stat().st_size:,}" in out


# The olympics


def test_the_olympics_measure_all_contestants():
    found = olympics(epochs=1)
    by_name = {one.name.partition(",")[0]: one for one in found}
    assert len(found) == 7
    assert all(one.nbytes > 0 and one.rate > 0 and one.accuracy > 0.3 for one in found)
    assert found[0].nbytes > 3.9 * by_name["int8"].nbytes
    assert abs(found[0].accuracy - by_name["int8"].accuracy) <= 0.006
    assert all(one.nbytes < found[0].nbytes for one in found[1:])


def test_the_olympics_say_what_they_need(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tinytorch.vision", None)
    assert tinytorch_gpt(["olympics", "--epochs", "1", "--quiet"]) == 1
    assert "tinytorch-systems[vision]" in capsys.readouterr().err
