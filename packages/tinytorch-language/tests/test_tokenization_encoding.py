"""Encoding and decoding: the ids of GPT-2, every byte back, offsets, special tokens, batches, limits."""

import copy
import lzma
import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tinytorch.core import tensor
from tinytorch.language import BPETokenizer, CharTokenizer, Encoding
from tinytorch.language.m10_tokenization import cache, splitting
from tinytorch.language.m10_tokenization.alphabet import ALPHABET

DATA = Path(__file__).parent / "data"
LINES = lzma.decompress((DATA / "gpt2_merges.txt.xz").read_bytes()).decode().split("\n")[1:-1]
MERGES = [tuple(line.split(" ")) for line in LINES]
TOKENS = [*ALPHABET, *("".join(merge) for merge in MERGES), "<|endoftext|>"]
GPT2 = BPETokenizer({token: i for i, token in enumerate(TOKENS)}, MERGES, ["<|endoftext|>"])

# What tiktoken and tokenizers give.
KNOWN = {
    "": [],
    "Hello world": [15496, 995],
    "To be, or not to be: that is the question.": [
        *(2514, 307, 11, 393, 407, 284, 307, 25, 326, 318, 262, 1808, 13),
    ],
    "  indented\n\n\tcode()  ": [220, 773, 4714, 628, 197, 8189, 3419, 220, 220],
    "na\xefve caf\xe9 \u65e5\u672c\u8a9e \U0001f600": [
        *(2616, 38776, 40304, 10545, 245, 98, 17312, 105, 45739, 252, 30325, 222),
    ],
    "I'll don't we've HE'S": [40, 1183, 836, 470, 356, 1053, 11179, 6, 50],
    "3.14159 2\xb2": [18, 13, 1415, 19707, 362, 31185],
    "\x00\x1c\u2028 \ufeff": [188, 216, 447, 101, 27332, 119, 123],
    "a" * 20: [24794] * 5,
    " SolidGoldMagikarp": [43453],
    "\u05e2\u05d1\u05e8\u05d9\u05ea \u0627\u0644\u0639\u0631\u0628\u064a\u0629": [
        *(147, 95, 49603, 37778, 33951, 103, 28981, 44690, 26897, 39848, 22654, 45632),
    ],
}

SPICY = st.sampled_from(
    [*"ab \n\t\r\x00\x1c\x85\xa01\xb2'.,!?-<|>\xe9\u0301\u200d\u4e2d\u05d0\U0001f600", "'ll", " the"]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(SPICY, max_size=60).map("".join))


@pytest.mark.parametrize("text", KNOWN)
def test_ids_are_those_of_gpt2(text):
    assert GPT2.encode(text) == KNOWN[text]
    assert GPT2.decode(KNOWN[text]) == text


@given(TEXTS)
def test_every_text_comes_back(text):
    ids = GPT2.encode(text, disallowed_special=())
    assert GPT2.decode(ids, errors="strict") == text
    assert GPT2.decode_bytes(ids) == text.encode()
    assert GPT2.encode_bytes(text.encode()) == ids


@given(st.binary(max_size=80))
def test_any_bytes_come_back(data):
    ids = GPT2.encode_bytes(data)
    assert GPT2.decode_bytes(ids) == data
    assert GPT2.decode(ids) == data.decode(errors="replace")


@given(TEXTS, st.integers(1, 9))
def test_where_a_long_text_is_cut_makes_no_difference(text, size):
    expected = list(splitting.Splitter().words(text))
    assert "".join(word for words in expected for word in words) == text
    before, splitting.CHUNK = splitting.CHUNK, size
    try:
        got = list(splitting.Splitter().words(text))
    finally:
        splitting.CHUNK = before
    assert [word for words in got for word in words] == [word for words in expected for word in words]


@given(st.text(st.characters(max_codepoint=127)))
def test_the_fast_pattern_finds_the_same_words(text):
    plain = splitting.compile_pattern(splitting.GPT2_PATTERN).findall(text)
    assert splitting.FIND_ASCII(text) == plain
    assert splitting.compile_pattern(splitting.REORDERED).findall(text) == plain


@given(st.lists(st.integers(0, 20), max_size=200))
def test_a_long_word_is_merged_like_a_short_one(parts):
    merge = GPT2._merge
    ids = [
        GPT2.token_to_id(character)
        for character in "the and of in ed ing"[: max(parts, default=0) + 1].replace(" ", "a")
    ]
    word = [ids[i % len(ids)] for i in parts]
    merge_short = type(merge)(merge.ranks, merge.results)
    long = merge.merge_long(list(word))
    assert GPT2.decode_bytes(long) == GPT2.decode_bytes(word)
    for i in range(0, len(word), 60):
        piece = word[i : i + 60]
        assert merge_short(list(piece)) == merge.merge_long(list(piece))


@given(TEXTS)
def test_offsets_cover_the_text(text):
    encoding = GPT2.encode_with_offsets(text, disallowed_special=())
    assert isinstance(encoding, Encoding)
    assert encoding.ids == GPT2.encode(text, disallowed_special=())
    assert encoding.tokens == [GPT2.id_to_token(i) for i in encoding.ids]
    data = bytearray()
    end = 0
    for number, (a, b) in zip(encoding.ids, encoding.offsets, strict=True):
        assert GPT2.decode_bytes([number]) in text[a:b].encode()
        assert a <= end <= b  # the next begins where the last ended, or inside of the same character
        data += GPT2.decode_bytes([number])
        end = b
    assert end == len(text)
    assert data == text.encode()


def test_offsets_of_parts_of_a_character():
    tokenizer = BPETokenizer.train("x", 256, special_tokens=[])
    assert tokenizer.encode_with_offsets("\xe9x\U0001f600").offsets == [(0, 1), (0, 1), (1, 2), *[(2, 3)] * 4]
    special = BPETokenizer.train("x", 257, special_tokens=["<s>"])
    got = special.encode_with_offsets("\xe9<s>b", allowed_special="all")
    assert got == (
        [*special.encode("\xe9"), 0, *special.encode("b")],
        ["\xc3", "\xa9", "<s>", "b"],
        [(0, 1), (0, 1), (1, 4), (4, 5)],
    )


def test_a_space_before_the_text():
    plain = BPETokenizer.train("x", 256)
    tokenizer = BPETokenizer(plain.get_vocab(), [], add_prefix_space=True)
    assert tokenizer.decode(tokenizer.encode("hi")) == " hi"
    assert tokenizer.decode(tokenizer.encode(" hi")) == " hi"
    assert tokenizer.encode("") == []
    assert tokenizer.encode_with_offsets("\xe9 x").offsets == [(0, 1), (0, 1), (0, 1), (1, 2), (2, 3)]
    trimmed = BPETokenizer(plain.get_vocab(), [], add_prefix_space=True, trim_offsets=True)
    assert trimmed.encode_with_offsets("  x ").offsets == [(0, 0), (2, 2), (2, 3), (4, 4)]


def test_special_tokens_are_refused_unless_allowed():
    text = "a<|endoftext|>b"
    with pytest.raises(ValueError, match=r"special token '<\|endoftext\|>' at position 1.*allowed_special"):
        GPT2.encode(text)
    assert GPT2.encode(text, allowed_special="all") == [64, 50256, 65]
    assert GPT2.encode(text, allowed_special={"<|endoftext|>"}) == [64, 50256, 65]
    ordinary = GPT2.encode(text, disallowed_special=())
    assert 50256 not in ordinary
    assert GPT2.decode(ordinary) == text
    assert GPT2.decode([64, 50256, 65]) == text
    assert GPT2.decode([64, 50256, 65], skip_special_tokens=True) == "ab"
    assert GPT2.special_tokens == {"<|endoftext|>": 50256}
    with pytest.raises(ValueError, match="no special token"):
        GPT2.encode("a", allowed_special={"<pad>"})
    with pytest.raises(TypeError, match="allowed_special"):
        GPT2.encode("a", allowed_special="<|endoftext|>")
    with pytest.raises(ValueError, match="special token 'xyz'"):
        GPT2.encode("wxyz", disallowed_special={"xyz"})


def test_the_longest_special_token_counts():
    tokenizer = BPETokenizer.train("x", 259, special_tokens=["<a>", "<a><b>", "<b>"])
    for choice in ("all", ["<b>", "<a>", "<a><b>"]):
        assert tokenizer.encode("<a><b><a>", allowed_special=choice) == [1, 0]
    assert tokenizer.encode("<a><b>", allowed_special={"<a>", "<b>"}, disallowed_special=()) == [0, 2]
    assert tokenizer.encode("<b><a>", allowed_special="all") == [2, 0]


def test_new_special_tokens_get_the_next_ids():
    tokenizer = BPETokenizer(GPT2.get_vocab(), MERGES, ["<|endoftext|>", "<|user|>"])
    assert tokenizer.vocab_size == 50258
    assert tokenizer.encode("<|user|>hi", allowed_special="all") == [50257, *GPT2.encode("hi")]


def test_batches():
    texts = ["Hello world", "", "a" * 20]
    assert GPT2.encode_batch(texts) == [KNOWN[text] for text in texts]
    assert GPT2.decode_batch(GPT2.encode_batch(texts)) == texts
    assert GPT2.encode_batch(iter(["<|endoftext|>"]), allowed_special="all") == [[50256]]
    assert GPT2.decode_batch([[64, 50256]], skip_special_tokens=True) == ["a"]
    assert GPT2.decode_batch(np.array([[64, 65], [66, 67]])) == ["ab", "cd"]
    assert GPT2.decode_batch(tensor([[64, 65], [66, 67]])) == ["ab", "cd"]
    with pytest.raises(TypeError, match="batch"):
        GPT2.encode_batch("Hello")
    with pytest.raises(TypeError):
        GPT2.decode_batch([64, 65])


@pytest.mark.parametrize(
    "wrap", [list, tuple, np.array, tensor, iter, lambda ids: np.array(ids, dtype=np.uint16)]
)
def test_ids_come_in_many_forms(wrap):
    assert GPT2.decode(wrap([15496, 995])) == "Hello world"
    assert GPT2.decode_bytes(wrap([15496, 995])) == b"Hello world"
    assert GPT2.decode([np.int64(15496), tensor(995)]) == "Hello world"
    assert GPT2.decode(tensor([], dtype=np.dtype("int64"))) == ""


@pytest.mark.parametrize("ids", [[50257], [-1], [15496, 10**9], np.array([50257]), tensor([-1])])
def test_ids_outside_the_vocabulary(ids):
    with pytest.raises(IndexError, match="outside the vocabulary, which has the ids 0 to 50256"):
        GPT2.decode(ids)


@pytest.mark.parametrize(
    "ids", ["15496", [1.0], [True], ["a"], np.array([1.5]), tensor([0.5]), 7, None, [None]]
)
def test_ids_that_are_no_integers(ids):
    with pytest.raises(TypeError):
        GPT2.decode(ids)
    with pytest.raises(TypeError):
        CharTokenizer("ab").decode(ids)


def test_ids_of_two_dimensions():
    with pytest.raises(ValueError, match="one dimension"):
        GPT2.decode(np.zeros((2, 2), dtype=int))


@pytest.mark.parametrize("text", [b"bytes", None, 1, ["a"]])
def test_only_texts_are_encoded(text):
    with pytest.raises(TypeError, match="expected a text of type str"):
        GPT2.encode(text)
    with pytest.raises(TypeError, match="expected a text of type str"):
        CharTokenizer("ab").encode(text)


def test_only_bytes_are_encoded_as_bytes():
    assert GPT2.encode_bytes(bytearray(b"Hello world")) == [15496, 995]
    for data in ("Hello", 5, [72], None):
        with pytest.raises(TypeError, match="expected bytes"):
            GPT2.encode_bytes(data)


def test_half_a_surrogate_pair_is_no_text():
    with pytest.raises(ValueError, match=r"character 1 of the text is '\\ud800'"):
        GPT2.encode("a\ud800")


def test_errors_of_bytes():
    half = GPT2.encode("\u65e5")[:1]
    assert GPT2.decode(half) == "\ufffd"
    assert GPT2.decode(half, errors="ignore") == ""
    with pytest.raises(UnicodeDecodeError):
        GPT2.decode(half, errors="strict")


def test_a_vocabulary_without_some_bytes_says_so():
    tokenizer = BPETokenizer({"a": 0, "b": 1, "ab": 2}, [("a", "b")])
    assert tokenizer.encode("abba") == [2, 1, 0]
    with pytest.raises(ValueError, match="no token for the byte 0x63"):
        tokenizer.encode("abc")


def test_another_pattern():
    pattern = r"\p{N}{1,3}|\p{L}+"
    tokenizer = BPETokenizer.train("1234567 ab!", 300, 1, pattern=pattern)
    assert [tokenizer.decode([i]) for i in tokenizer.encode("1234567 ab!")] == [
        "123",
        "456",
        "7",
        " ",
        "ab",
        "!",
    ]


@pytest.mark.parametrize(
    ("vocab", "merges", "error", "words"),
    [
        ({}, [], ValueError, "empty"),
        ([], [], TypeError, "dict"),
        ({"a": 0, "b": 0}, [], ValueError, "same id"),
        ({"a": 0, "b": 2}, [], ValueError, "without gaps"),
        ({"a": -1}, [], ValueError, "without gaps"),
        ({"a": "0"}, [], TypeError, "must be an int"),
        ({"a": True}, [], TypeError, "must be an int"),
        ({1: 0}, [], TypeError, "must be a str"),
        ({"a": 0}, [("a", "b")], ValueError, "'b' isn't in the vocabulary"),
        ({"a": 0, "b": 1}, [("a", "b")], ValueError, "'ab' isn't in the vocabulary"),
        ({"a": 0}, ["ab"], TypeError, "pair of strings"),
        ({"a": 0}, [("a", "b", "c")], TypeError, "pair of strings"),
        ({"a": 0}, [("a", 1)], TypeError, "pair of strings"),
        ({"\u2581the": 0}, [], ValueError, "byte-level alphabet"),
        ({"": 0}, [], ValueError, "byte-level alphabet"),
    ],
)
def test_parts_that_dont_fit(vocab, merges, error, words):
    with pytest.raises(error, match=words):
        BPETokenizer(vocab, merges)


def test_words_without_end_take_no_quadratic_time():
    began = time.perf_counter()
    for text in ("a" * 100_000, "ab" * 50_000, " " * 100_000, "\u65e5" * 100_000, "\n" * 100_000):
        assert GPT2.decode(GPT2.encode(text)) == text
    assert time.perf_counter() - began < 30  # about half a second; a quadratic way takes an hour


def test_the_cache_has_a_limit(monkeypatch):
    monkeypatch.setattr(cache, "WORDS", 100)
    tokenizer = BPETokenizer.train("ab ac", 258, 1)
    words = [f" w{i}x" for i in range(1000)]
    assert tokenizer.decode(tokenizer.encode("".join(words))) == "".join(words)
    assert len(tokenizer._cache) <= 100
    tokenizer.encode("b" * 1000)
    assert "b" * 1000 not in tokenizer._cache


def test_copies_and_pickles():
    small = BPETokenizer.train("low lower lowest", 270, 1, ["<s>"])
    for twin in (copy.copy(small), copy.deepcopy(small), pickle.loads(pickle.dumps(small))):
        assert twin.encode("lowest<s>", allowed_special="all") == small.encode(
            "lowest<s>", allowed_special="all"
        )
    assert repr(small) == "BPETokenizer(vocab_size=264, special_tokens=['<s>'])"


def test_characters():
    tokenizer = CharTokenizer("abc")
    assert tokenizer.encode("cab") == [2, 0, 1]
    assert tokenizer.decode([2, 0, 1]) == tokenizer.decode(tensor([2, 0, 1])) == "cab"
    assert tokenizer.encode_batch(["a", "bc"]) == [[0], [1, 2]]
    assert tokenizer.decode_batch([[0], [1, 2]]) == ["a", "bc"]
    assert tokenizer.vocab_size == len(tokenizer) == 3
    assert (tokenizer.token_to_id("b"), tokenizer.id_to_token(1)) == (1, "b")
    assert tokenizer.get_vocab() == {"a": 0, "b": 1, "c": 2}
    assert repr(tokenizer) == "CharTokenizer(vocab_size=3)"
    with pytest.raises(
        ValueError, match="character 'd' at position 2 isn't in the vocabulary of 3 characters"
    ):
        tokenizer.encode("abd")
    with pytest.raises(IndexError, match="ids 0 to 2"):
        tokenizer.decode([3])


def test_unknown_characters():
    tokenizer = CharTokenizer.train("ab", unk_token="<unk>")
    assert tokenizer.encode("axb") == [0, 2, 1]
    assert tokenizer.decode([0, 2, 1]) == "a<unk>b"
    assert CharTokenizer("ab?", unk_token="?").encode("ax?") == [0, 2, 2]
    assert repr(tokenizer) == "CharTokenizer(vocab_size=3, unk_token='<unk>')"


def test_wrong_characters():
    for error, make in (
        (ValueError, lambda: CharTokenizer("")),
        (ValueError, lambda: CharTokenizer(["ab"])),
        (ValueError, lambda: CharTokenizer("aa")),
        (TypeError, lambda: CharTokenizer([1])),
        (ValueError, lambda: CharTokenizer.train("")),
        (ValueError, lambda: CharTokenizer.train([])),
        (TypeError, lambda: CharTokenizer.train(b"ab")),
    ):
        with pytest.raises(error):
            make()
