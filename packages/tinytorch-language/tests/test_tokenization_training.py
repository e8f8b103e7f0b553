"""Training: the merges of `tokenizers`, from texts and files, with clear errors and without waiting."""

import hashlib
import lzma
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tinytorch.language import BPETokenizer, CharTokenizer, WordPieceTokenizer
from tinytorch.language.m10_tokenization.splitting import GPT2_PATTERN, Splitter

HAMLET = lzma.decompress((Path(__file__).parent / "data" / "hamlet.txt.xz").read_bytes()).decode()


def by_the_book(text, vocab_size, min_frequency):
    """Count all pairs anew for each merge; of the most frequent take the one with the lowest ids."""
    tokenizer = BPETokenizer.train("x", 256)
    tokens = [tokenizer.id_to_token(i) for i in range(256)]
    words = Counter(word for words in Splitter().words(text) for word in words)
    parts = {word: tokenizer.encode_bytes(word.encode()) for word in words}
    merges = []
    while len(tokens) < vocab_size:
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(parts[word], parts[word][1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        if pairs[best] < min_frequency:
            break
        merges.append((tokens[best[0]], tokens[best[1]]))
        tokens.append("".join(merges[-1]))
        for word, old in parts.items():
            new = []
            for part in old:
                if new and (new[-1], part) == best:
                    new[-1] = len(tokens) - 1
                else:
                    new.append(part)
            parts[word] = new
    return merges


@given(st.text("ab ", max_size=80), st.integers(256, 275), st.integers(0, 3))
def test_merges_are_those_of_the_plain_algorithm(text, vocab_size, min_frequency):
    text += "ab"
    tokenizer = BPETokenizer.train(text, vocab_size, min_frequency)
    expected = by_the_book(text, vocab_size, max(1, min_frequency))
    # Where two ways lead to the same token, the plain algorithm above would give it two ids.
    if len({"".join(merge) for merge in expected}) == len(expected):
        assert tokenizer.merges == expected


def test_merges_of_a_play_are_those_of_tokenizers():
    """The sums were taken from the merges of tokenizers 0.23."""
    for vocab_size, min_frequency, expected in (
        (1256, 2, "002a6473de14701ea2db55ad479801d4a18e216d58318ad728bd2ee773061f84"),
        (30_000, 0, "a595317c8f8915ff307595e23c81194ff1a479d3d919a8bc7ca0215625bddc2e"),
    ):
        tokenizer = BPETokenizer.train(HAMLET, vocab_size, min_frequency)
        lines = "\n".join(" ".join(merge) for merge in tokenizer.merges)
        assert hashlib.sha256(lines.encode()).hexdigest() == expected
        assert tokenizer.decode(tokenizer.encode(HAMLET)) == HAMLET


def test_ids_are_special_tokens_then_bytes_then_merges():
    tokenizer = BPETokenizer.train("ab ab ab", 260, 1, ["<s>", "</s>"])
    assert [tokenizer.id_to_token(i) for i in range(4)] == ["<s>", "</s>", "!", '"']
    assert [tokenizer.id_to_token(i) for i in range(258, 260)] == ["ab", "\u0120ab"]
    assert tokenizer.vocab_size == len(tokenizer) == len(tokenizer.get_vocab()) == 260
    assert tokenizer.token_to_id("ab") == 258
    assert tokenizer.token_to_id("ba") is None
    assert tokenizer.id_to_token(260) is None
    assert tokenizer.id_to_token(-1) is None


def test_ties_go_to_the_lower_ids():
    assert BPETokenizer.train("cd ab", 257, 1).merges == [("a", "b")]
    # A special token comes first of all, also as a part of a merge.
    assert BPETokenizer.train("ab cd", 257, 1, ["c", "x"]).merges == [("c", "d")]


def test_a_token_that_exists_gets_no_new_id():
    tokenizer = BPETokenizer.train("the the the", 258, 1, ["he"])
    assert tokenizer.merges == [("h", "e"), ("t", "he")]
    assert tokenizer.vocab_size == 258
    assert tokenizer.decode(tokenizer.encode("the", disallowed_special=())) == "the"


def test_training_ends_when_there_is_nothing_left():
    assert BPETokenizer.train("abc", 1000, 1).vocab_size == 258
    assert BPETokenizer.train("abc", 1000, 2).vocab_size == 256
    assert BPETokenizer.train("abc abc", 256).merges == []


def test_a_string_is_one_text_and_several_are_several():
    text = "one two two"
    assert BPETokenizer.train(text, 270, 1).merges == BPETokenizer.train([text], 270, 1).merges
    assert BPETokenizer.train((t for t in [text]), 270, 1).merges == BPETokenizer.train([text], 270, 1).merges
    assert ("\u0120t", "wo") not in BPETokenizer.train(list(text), 270, 1).merges


def test_files_are_read_line_by_line(tmp_path):
    text = "a\n\n\nb\r\n  c"
    file = tmp_path / "a.txt"
    file.write_bytes(text.encode())
    lines = text.splitlines(keepends=True)
    expected = BPETokenizer.train(["a\n", "\n", "\n", "b\r\n", "  c"], 270, 1)
    assert len(lines) == 5
    assert BPETokenizer.train_from_files(file, 270, 1).merges == expected.merges
    assert BPETokenizer.train_from_files([str(file)], 270, 1).merges == expected.merges
    assert BPETokenizer.train(text, 270, 1).merges != expected.merges
    assert WordPieceTokenizer.train_from_files(file, 30, 1).vocab_size > 5


def test_progress_is_shown_if_asked_for(capsys, tmp_path):
    BPETokenizer.train("ab " * 100, 300, show_progress=True)
    shown = capsys.readouterr().err
    assert "reading" in shown
    assert "learning merges" in shown
    file = tmp_path / "a.txt"
    file.write_text("ab ab\n", encoding="utf-8")
    WordPieceTokenizer.train_from_files(file, 100, show_progress=True)
    assert "reading" in capsys.readouterr().err
    BPETokenizer.train("ab " * 100, 300)
    BPETokenizer.train("ab " * 100, 300, show_progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", [BPETokenizer, WordPieceTokenizer])
@pytest.mark.parametrize("corpus", ["", [], ["", ""], iter(())])
def test_an_empty_corpus_is_an_error(kind, corpus):
    with pytest.raises(ValueError, match="corpus is empty"):
        kind.train(corpus, 300)


def test_an_empty_file_is_an_empty_corpus(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"")
    with pytest.raises(ValueError, match="corpus is empty"):
        BPETokenizer.train_from_files(tmp_path / "a.txt")
    with pytest.raises(ValueError, match="corpus is empty"):
        BPETokenizer.train_from_files([])
    with pytest.raises(FileNotFoundError):
        BPETokenizer.train_from_files(tmp_path / "missing.txt")


def test_invalid_utf8_says_where(tmp_path):
    file = tmp_path / "latin.txt"
    file.write_bytes("good\nna\xefve\n".encode("latin-1"))
    for kind in (BPETokenizer, WordPieceTokenizer):
        with pytest.raises(ValueError, match=r"latin\.txt isn't UTF-8 text: line 2 has the byte 0xef"):
            kind.train_from_files(file)


def test_a_vocabulary_smaller_than_the_alphabet_is_an_error():
    with pytest.raises(ValueError, match=r"vocab_size 255 is smaller .* 256 tokens"):
        BPETokenizer.train("abc", 255)
    with pytest.raises(ValueError, match="258 tokens"):
        BPETokenizer.train("abc", 257, special_tokens=["<a>", "<b>"])
    with pytest.raises(ValueError, match="10 tokens"):
        WordPieceTokenizer.train("abc", 9)
    assert WordPieceTokenizer.train("abc", 10).vocab_size == 10


def test_wrong_arguments_are_clear_errors():
    for texts in (b"bytes", [b"bytes"], [1], 3):
        with pytest.raises(TypeError):
            BPETokenizer.train(texts, 300)
    for size in ("300", 300.0, True, None):
        with pytest.raises(TypeError, match="vocab_size must be an int"):
            BPETokenizer.train("abc", size)
    with pytest.raises(TypeError, match="min_frequency must be an int"):
        BPETokenizer.train("abc", 300, 1.5)
    with pytest.raises(ValueError, match="min_frequency must be at least 0"):
        BPETokenizer.train("abc", 300, -1)
    with pytest.raises(TypeError, match="special_tokens must be a list of strings"):
        BPETokenizer.train("abc", 300, special_tokens="<s>")
    with pytest.raises(TypeError, match="special_tokens"):
        BPETokenizer.train("abc", 300, special_tokens=[1])
    with pytest.raises(ValueError, match="twice"):
        BPETokenizer.train("abc", 300, special_tokens=["<s>", "<s>"])
    with pytest.raises(ValueError, match="empty string"):
        BPETokenizer.train("abc", 300, special_tokens=[""])
    with pytest.raises(ValueError, match="is how other bytes are written"):
        BPETokenizer.train("abc", 300, special_tokens=["\u00e9"])  # how byte 0xE9 is written
    with pytest.raises(ValueError, match="isn't a regular expression"):
        BPETokenizer.train("abc", 300, pattern="(")
    with pytest.raises(ValueError, match="surrogate"):
        BPETokenizer.train("a\ud800", 300)


def test_a_word_without_end_takes_no_quadratic_time():
    """100,000 letters without a space; a quadratic way would take minutes."""
    began = time.perf_counter()
    tokenizer = BPETokenizer.train("a" * 100_000 + " " + "ab" * 50_000, 300, 1)
    assert time.perf_counter() - began < 30
    assert tokenizer.decode(tokenizer.encode("a" * 100_000)) == "a" * 100_000


def test_char_tokenizer_learns_the_characters():
    tokenizer = CharTokenizer.train("hello")
    assert tokenizer.itos == ["e", "h", "l", "o"]
    assert tokenizer.stoi == {"e": 0, "h": 1, "l": 2, "o": 3}
    assert CharTokenizer.train(["he", "llo"]).itos == tokenizer.itos
    assert GPT2_PATTERN.startswith("'s")
