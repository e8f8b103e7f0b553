"""Files: written in one step, never over what a user has, read with care, and in the form of others."""

import json
import os
from pathlib import Path

import pytest
from tinytorch.language import BertNormalizer, BPETokenizer, CharTokenizer, WordPieceTokenizer
from tinytorch.language.m10_tokenization import files

TEXT = "low lower lowest newer wider don't caf\xe9 \u65e5\u672c 1234 " * 3


def bpe():
    return BPETokenizer.train(TEXT, 290, 1, ["<s>", "<|end|>"])


def wordpiece():
    return WordPieceTokenizer.train(TEXT, 60, 1)


MAKERS = {"char": lambda: CharTokenizer.train(TEXT, unk_token="<unk>"), "bpe": bpe, "wordpiece": wordpiece}


@pytest.fixture(params=MAKERS)
def tokenizer(request):
    return MAKERS[request.param]()


def test_what_is_saved_is_loaded(tokenizer, tmp_path):
    file = tmp_path / "tokenizer.json"
    tokenizer.save(file)
    loaded = type(tokenizer).load(str(file))
    assert loaded.get_vocab() == tokenizer.get_vocab()
    text = "the lowest caf\xe9, \u65e5!" if isinstance(tokenizer, BPETokenizer) else "low er"
    assert loaded.encode(text) == tokenizer.encode(text)
    loaded.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == file.read_bytes()


def test_options_are_saved(tmp_path):
    file = tmp_path / "t.json"
    plain = bpe()
    first = BPETokenizer(plain.get_vocab(), plain.merges, ["<s>"], add_prefix_space=True, trim_offsets=True)
    first.save(file)
    assert BPETokenizer.load(file).encode_with_offsets("low") == first.encode_with_offsets("low")
    second = BPETokenizer(plain.get_vocab(), plain.merges, pattern=r"\p{L}+|\s")
    second.save(file, backup=False)
    assert BPETokenizer.load(file).encode("low, 12") == second.encode("low, 12")
    normalizer = BertNormalizer(False, False, False, False)
    vocab = {"UNK": 0, "a": 1, "A": 2, "@a": 3, "[": 4, "]": 5}
    third = WordPieceTokenizer(
        vocab,
        "UNK",
        ["UNK"],
        cls_token="[",
        sep_token="]",
        prefix="@",
        max_input_chars_per_word=3,
        normalizer=normalizer,
        cleanup=False,
    )
    third.save(file, backup=False)
    loaded = WordPieceTokenizer.load(file)
    assert loaded.encode("aa A aaaa b", add_special_tokens=True) == [4, 1, 3, 2, 0, 0, 5]
    assert loaded.cleanup is False
    assert loaded.prefix == "@"


def test_gpt2_files(tmp_path):
    tokenizer = bpe()
    vocab, merges = tmp_path / "vocab.json", tmp_path / "merges.txt"
    tokenizer.save_files(vocab, merges)
    lines = merges.read_text(encoding="utf-8").split("\n")
    assert lines[0] == "#version: 0.2"
    assert lines[-1] == ""  # GPT-2's own reader drops the first line and the last
    assert [tuple(line.split(" ")) for line in lines[1:-1]] == tokenizer.merges
    assert json.loads(vocab.read_text(encoding="utf-8")) == tokenizer.get_vocab()
    loaded = BPETokenizer.from_files(vocab, merges)
    assert loaded.special_tokens == {"<s>": 0, "<|end|>": 1}  # neither bytes nor made by merges
    assert loaded.encode(TEXT) == tokenizer.encode(TEXT)
    assert BPETokenizer.from_files(vocab, merges, ["<s>"]).special_tokens == {"<s>": 0}
    merges.write_bytes(merges.read_bytes().replace(b"\n", b"\r\n"))
    assert BPETokenizer.from_files(vocab, merges).merges == tokenizer.merges


def test_the_old_file_is_kept(tokenizer, tmp_path):
    file = tmp_path / "tokenizer.json"
    file.write_text("mine", encoding="utf-8")
    tokenizer.save(file)
    assert (tmp_path / "tokenizer.json.bak").read_text(encoding="utf-8") == "mine"
    tokenizer.save(file)  # the same again: nothing to keep
    assert sorted(p.name for p in tmp_path.iterdir()) == ["tokenizer.json", "tokenizer.json.bak"]
    file.write_text("mine, too", encoding="utf-8")
    tokenizer.save(file)
    assert (tmp_path / "tokenizer.json.bak").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "tokenizer.json.bak2").read_text(encoding="utf-8") == "mine, too"
    file.write_text("mine", encoding="utf-8")  # of this there is a copy already
    tokenizer.save(file)
    assert len(list(tmp_path.iterdir())) == 3
    file.write_text("not wanted", encoding="utf-8")
    tokenizer.save(file, backup=False)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_failed_write_leaves_all_as_it_was(tmp_path, monkeypatch):
    file = tmp_path / "t.json"
    file.write_text("mine", encoding="utf-8")

    def fail(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        bpe().save(file, backup=False)
    assert file.read_text(encoding="utf-8") == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["t.json"]


def test_a_folder_that_does_not_exist(tokenizer, tmp_path):
    with pytest.raises(FileNotFoundError):
        tokenizer.save(tmp_path / "missing" / "t.json")
    with pytest.raises(FileNotFoundError):
        type(tokenizer).load(tmp_path / "missing.json")


def test_modes_and_links_stay(tmp_path):
    if os.name != "posix":
        return  # Windows knows neither
    file, link = tmp_path / "t.json", tmp_path / "link.json"
    CharTokenizer("ab").save(file)
    (tmp_path / "plain").touch()
    assert file.stat().st_mode & 0o777 == (tmp_path / "plain").stat().st_mode & 0o777
    file.chmod(0o640)
    link.symlink_to(file)
    CharTokenizer("abc").save(link, backup=False)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert CharTokenizer.load(file).vocab_size == 3


def broken(path, tokenizer, change):
    """Save a tokenizer, change the JSON, and write it back."""
    tokenizer.save(path, backup=False)
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")


def put(*path, value):
    """Return a change of what stands at a path of keys."""

    def change(data):
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = value

    return change


def remove(*path):
    """Return a change that takes away what stands at a path of keys."""

    def change(data):
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return change


@pytest.mark.parametrize("content", [b"", b"{", b"not JSON", b'{"a": 1,}', b"\xff\xfe{}", b"[" * 100_000])
def test_files_that_are_no_json(tokenizer, tmp_path, content):
    file = tmp_path / "t.json"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.json isn't (JSON|UTF-8)"):
        type(tokenizer).load(file)


@pytest.mark.parametrize("content", ["null", "[]", "1", '"text"', "{}", '{"model": null}', '{"model": {}}'])
def test_json_that_is_no_tokenizer(tokenizer, tmp_path, content):
    file = tmp_path / "t.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"t\.json"):
        type(tokenizer).load(file)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (remove("model"), "no 'model'"),
        (put("model", "type", value="WordPiece"), "type 'WordPiece', not 'BPE'"),
        (put("model", "type", value="Unigram"), "type 'Unigram', not 'BPE'"),
        (remove("model", "vocab"), "no 'vocab'"),
        (remove("model", "merges"), "no 'merges'"),
        (put("model", "vocab", value=[]), "'vocab' must be of type dict"),
        (put("model", "vocab", value={}), "empty|isn't in the vocabulary|has the id"),
        (put("model", "vocab", "!", value="2"), "must be an int"),
        (put("model", "vocab", "!", value=1.0), "must be an int"),
        (put("model", "vocab", "!", value=3), "same id"),
        (put("model", "vocab", "!", value=100_000), "without gaps"),
        (put("model", "vocab", "!", value=-1), "without gaps"),
        (remove("model", "vocab", "!"), "without gaps"),
        (put("model", "merges", value={}), "'merges' must be of type list"),
        (put("model", "merges", 0, value=["l", "\u2603"]), "isn't in the vocabulary"),
        (put("model", "merges", 0, value=["q", "q"]), "'qq' isn't in the vocabulary"),
        (put("model", "merges", 0, value="lo"), "pair of strings"),
        (put("model", "merges", 0, value=["l"]), "pair of strings"),
        (put("model", "merges", 0, value=7), "pair of strings"),
        (put("model", "dropout", value=0.1), "dropout 0.1, which isn't supported"),
        (put("model", "byte_fallback", value=True), "byte_fallback"),
        (put("model", "ignore_merges", value=True), "ignore_merges"),
        (put("model", "end_of_word_suffix", value="</w>"), "end_of_word_suffix"),
        (put("normalizer", value={"type": "NFC"}), "normalizer"),
        (put("truncation", value={"max_length": 5}), "truncation"),
        (put("pre_tokenizer", value=None), "pre_tokenizer"),
        (put("pre_tokenizer", "type", value="Whitespace"), "'Whitespace', not ByteLevel|Whitespace"),
        (put("pre_tokenizer", "use_regex", value=False), "use_regex"),
        (remove("pre_tokenizer", "add_prefix_space"), "add_prefix_space"),
        (put("decoder", "type", value="WordPiece"), "decoder"),
        (put("post_processor", "type", value="BertProcessing"), "post_processor"),
        (put("added_tokens", value={}), "'added_tokens' must be of type list"),
        (put("added_tokens", 0, value="<s>"), "must be a JSON object"),
        (put("added_tokens", 0, "id", value=5), "'<s>' has the id 5, but 0 in the vocabulary"),
        (put("added_tokens", 0, "content", value="\u2603"), "has the id 0|same id"),
        (put("added_tokens", 0, "lstrip", value=True), "lstrip"),
        (put("added_tokens", 0, "content", value=""), "empty string|added token|same id"),
    ],
)
def test_a_damaged_file_of_bpe(tmp_path, change, words):
    file = tmp_path / "t.json"
    broken(file, bpe(), change)
    with pytest.raises(ValueError, match=words) as caught:
        BPETokenizer.load(file)
    assert str(caught.value).startswith(str(file))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (put("model", "type", value="BPE"), "type 'BPE', not 'WordPiece'"),
        (put("model", "unk_token", value="[NONE]"), "doesn't have the unk_token"),
        (put("model", "unk_token", value=None), "'unk_token' must be of type str"),
        (put("model", "max_input_chars_per_word", value="100"), "must be of type int"),
        (put("model", "vocab", "[PAD]", value=1), "same id|has the id"),
        (put("normalizer", "type", value="Lowercase"), "normalizer"),
        (put("normalizer", "lowercase", value=1), "'lowercase' must be of type bool"),
        (put("pre_tokenizer", "type", value="Whitespace"), "pre_tokenizer"),
        (put("post_processor", "single", value=[]), "post_processor"),
        (put("post_processor", value={"type": "RobertaProcessing"}), "post_processor"),
        (put("decoder", "prefix", value="@@"), "decoder"),
    ],
)
def test_a_damaged_file_of_word_pieces(tmp_path, change, words):
    file = tmp_path / "t.json"
    broken(file, wordpiece(), change)
    with pytest.raises(ValueError, match=words) as caught:
        WordPieceTokenizer.load(file)
    assert str(caught.value).startswith(str(file))


@pytest.mark.parametrize(
    "change",
    [
        put("type", value="BPE"),
        remove("type"),
        remove("vocab"),
        put("vocab", "a", value=100),
        put("vocab", "a", value="0"),
        put("unk_token", value=3),
        put("vocab", value={"ab": 0}),
        put("vocab", value=[]),
    ],
)
def test_a_damaged_file_of_characters(tmp_path, change):
    file = tmp_path / "t.json"
    broken(file, CharTokenizer.train("abc"), change)
    with pytest.raises(ValueError, match=r"t\.json"):
        CharTokenizer.load(file)


def test_a_key_that_appears_twice(tmp_path):
    file = tmp_path / "t.json"
    file.write_text(
        '{"type": "CharTokenizer", "unk_token": null, "vocab": {"a": 0, "a": 0}}', encoding="utf-8"
    )
    with pytest.raises(ValueError, match="'a' appears twice"):
        CharTokenizer.load(file)


@pytest.mark.parametrize("line", ["a", "a b c", "a  b", "", " a", "a "])
def test_a_damaged_merges_txt(tmp_path, line):
    vocab, merges = tmp_path / "vocab.json", tmp_path / "merges.txt"
    vocab.write_text('{"a": 0, "b": 1, "ab": 2}', encoding="utf-8")
    merges.write_text(f"#version: 0.2\na b\n{line}\na b\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"merges\.txt, line 3: expected two tokens"):
        BPETokenizer.from_files(vocab, merges)
    merges.write_text("a b\na c\n", encoding="utf-8")  # a file without the header
    with pytest.raises(ValueError, match=r"vocab\.json.*merge 1 joins 'a' and 'c', but 'c' isn't in"):
        BPETokenizer.from_files(vocab, merges)
    vocab.write_text("[]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"vocab\.json.*dict"):
        BPETokenizer.from_files(vocab, merges)


def test_files_of_older_versions_are_read(tmp_path):
    """Merges as strings, models without their type, no words on what is new."""
    tokenizer, file = bpe(), tmp_path / "t.json"

    def old(data):
        model = data["model"]
        model["merges"] = [" ".join(merge) for merge in model["merges"]]
        for key in ("type", "byte_fallback", "ignore_merges"):
            del model[key]
        model["continuing_subword_prefix"] = model["end_of_word_suffix"] = model["unk_token"] = ""
        del data["pre_tokenizer"]["use_regex"]

    broken(file, tokenizer, old)
    assert BPETokenizer.load(file).encode(TEXT) == tokenizer.encode(TEXT)
    broken(file, tokenizer, put("added_tokens", 1, "special", value=False))
    assert BPETokenizer.load(file).special_tokens == tokenizer.special_tokens


def test_added_tokens_may_stand_outside_of_the_model(tmp_path):
    tokenizer, file = bpe(), tmp_path / "t.json"
    number = tokenizer.vocab_size
    added = {"id": number, "content": "<new>", "special": True}
    broken(file, tokenizer, lambda data: data["added_tokens"].append(added))
    assert BPETokenizer.load(file).encode("<new>", allowed_special="all") == [number]


def test_nothing_is_written_beside_the_file(tokenizer, tmp_path):
    tokenizer.save(Path(tmp_path) / "t.json")
    assert [p.name for p in tmp_path.iterdir()] == ["t.json"]
