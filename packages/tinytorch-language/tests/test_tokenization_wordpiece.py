"""Word pieces: the longest pieces of BERT's words; what is unknown; what comes back."""

import pytest
from hypothesis import given, strategies as st
from tinytorch.core import tensor
from tinytorch.language import BertNormalizer, WordPieceTokenizer

PIECES = [
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "un",
    "##aff",
    "##able",
    "##a",
    "##ff",
    "play",
    "##ing",
    "##i",
    "p",
    ",",
    "don",
    "'",
    "t",
]
TOKENIZER = WordPieceTokenizer(
    {token: i for i, token in enumerate(PIECES)},
    "[UNK]",
    ["[UNK]", "[CLS]", "[SEP]"],
    cls_token="[CLS]",
    sep_token="[SEP]",
)


def pieces(text, tokenizer=TOKENIZER, **options):
    return [tokenizer.id_to_token(i) for i in tokenizer.encode(text, **options)]


def test_the_longest_piece_from_the_left():
    assert pieces("unaffable") == ["un", "##aff", "##able"]
    assert pieces("Playing, PLAY") == ["play", "##ing", ",", "play"]
    assert pieces("don't") == ["don", "'", "t"]
    assert pieces("") == pieces(" \t\n") == []


def test_a_word_with_an_unknown_part_is_unknown():
    assert pieces("unaffablex play") == ["[UNK]", "play"]
    assert pieces("aff") == ["[UNK]"]  # it continues words, but begins none
    assert pieces("p" + "i" * 99) == ["p", *["##i"] * 99]
    assert pieces("p" + "i" * 100) == ["[UNK]"]


def test_special_tokens_and_the_frame():
    assert pieces("play", add_special_tokens=True) == ["[CLS]", "play", "[SEP]"]
    assert pieces("play[SEP]play", allowed_special="all") == ["play", "[SEP]", "play"]
    with pytest.raises(ValueError, match=r"special token '\[SEP\]'"):
        TOKENIZER.encode("play[SEP]")
    assert pieces("[SEP]", disallowed_special=()) == ["[UNK]"] * 3
    plain = WordPieceTokenizer({"[UNK]": 0, "a": 1})
    with pytest.raises(ValueError, match="cls_token"):
        plain.encode("a", add_special_tokens=True)
    assert TOKENIZER.encode_batch(["play", ""], add_special_tokens=True) == [[1, 8, 2], [1, 2]]


def test_decoding():
    ids = TOKENIZER.encode("[CLS] unaffable, don't", allowed_special="all")
    assert TOKENIZER.decode(ids) == "[CLS] unaffable, don ' t"
    assert TOKENIZER.decode(tensor(ids), skip_special_tokens=True) == "unaffable, don ' t"
    with pytest.raises(IndexError, match="ids 0 to 15"):
        TOKENIZER.decode([16])
    rough = WordPieceTokenizer({"[UNK]": 0, "a": 1, ",": 2}, cleanup=False)
    assert rough.decode([1, 2, 1]) == "a , a"


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ((), "\xc9T\xc9 na\xefve", "ete naive"),
        ((), "a\x00b\x07c\ufffdd\u200be\tf\ng\x0bh", "abcde f gh"),
        ((), "\u65e5\u672cab", " \u65e5  \u672c ab"),
        ((True, True, False, True), "\xc9T\xc9", "\xe9t\xe9"),
        ((True, True, True, False), "\xc9T\xc9", "ETE"),
        ((True, True, None, False), "\xc9T\xc9", "\xc9T\xc9"),
        ((True, False, None, True), "\u65e5\u672c", "\u65e5\u672c"),
        ((False, False, False, False), "A\x00\xc9\t", "A\x00\xc9\t"),
        ((), "\u03a3\u03a3", "\u03c3\u03c3"),
    ],
)
def test_normalization(options, text, expected):
    assert BertNormalizer(*options).normalize_str(text) == expected


def test_punctuation_stands_alone():
    words = [word for words in BertNormalizer().words("a-b $5+c\u2014d \u201cq\u201d") for word in words]
    assert words == ["a", "-", "b", "$", "5", "+", "c", "\u2014", "d", "\u201c", "q", "\u201d"]


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_the_fast_way_for_ascii_is_the_same(text):
    normalizer = BertNormalizer()
    fast = [word for words in normalizer.words(text) for word in words]
    slow = [word for words in normalizer.words(text + " \u0416") for word in words]
    assert [*fast, "\u0436"] == slow


def test_training():
    tokenizer = WordPieceTokenizer.train("hug pug pun bun hugs " * 3 + "hug", 25, 2)
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.vocab_size)]
    assert tokens[:5] == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert tokens[5:17] == ["b", "g", "h", "n", "p", "s", "u", "##g", "##n", "##s", "##u", "##ug"]
    assert tokens[17] == "hug"
    assert pieces("hugs bug", tokenizer) == ["hugs", "b", "##ug"]
    assert tokenizer.special_tokens == {token: i for i, token in enumerate(tokens[:5])}
    assert repr(tokenizer).startswith("WordPieceTokenizer(vocab_size=")
    assert pieces("hug", tokenizer, add_special_tokens=True) == ["[CLS]", "hug", "[SEP]"]


def test_the_alphabet_may_be_limited():
    tokenizer = WordPieceTokenizer.train("aaa aab aac xa", 100, 1, limit_alphabet=2)
    assert {"a", "b"} <= set(tokenizer.get_vocab())
    assert not {"c", "##c", "x"} & set(tokenizer.get_vocab())


def test_training_without_an_unknown_token():
    with pytest.raises(ValueError, match="unk_token"):
        WordPieceTokenizer.train("abc", 100, special_tokens=["[PAD]"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"unk_token": "<unk>"}, "doesn't have the unk_token"),
        ({"cls_token": "<s>"}, "doesn't have the cls_token"),
        ({"sep_token": "<s>"}, "doesn't have the sep_token"),
        ({"prefix": ""}, "prefix"),
    ],
)
def test_wrong_options(options, words):
    with pytest.raises(ValueError, match=words):
        WordPieceTokenizer({"[UNK]": 0, "a": 1}, **options)


def test_offsets():
    encoding = TOKENIZER.encode_with_offsets("Un\xe4ff\x00able [SEP]xy", allowed_special="all")
    assert encoding.tokens == ["un", "##aff", "##able", "[SEP]", "[UNK]"]
    assert encoding.offsets == [(0, 2), (2, 5), (6, 10), (11, 16), (16, 18)]
    assert encoding.ids == TOKENIZER.encode("Un\xe4ff\x00able [SEP]xy", allowed_special="all")
