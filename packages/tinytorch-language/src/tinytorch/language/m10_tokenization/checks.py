"""What a version of the tokenization module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tinytorch.language import BertNormalizer, BPETokenizer, CharTokenizer, WordPieceTokenizer

SPACE = "\u0120"  # how GPT-2 writes the byte of a space


def _raises(error: type[Exception], do: Callable[[], Any], what: str, hint: str) -> None:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error:
        return
    except Exception as caught:
        raise AssertionError(
            f"{what}: expected {error.__name__}, got {type(caught).__name__}: {caught}. Hint: {hint}"
        ) from caught
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}. Hint: {hint}")


def _same(what: str, got: Any, expected: Any, hint: str) -> None:
    assert got == expected, f"{what}: expected {expected!a}, got {got!a}. Hint: {hint}"


def _alphabet() -> dict[str, int]:
    """Return the ids of the 256 bytes."""
    return BPETokenizer.train("x", 256).get_vocab()


def _with(merges: list[tuple[str, str]], special: tuple[str, ...] = ()) -> BPETokenizer:
    """Return a tokenizer with these merges after the 256 bytes."""
    vocab = _alphabet()
    for first, second in merges:
        vocab[first + second] = len(vocab)
    return BPETokenizer(vocab, merges, special)


def _pieces(tokenizer: Any, text: str, **options: Any) -> list[str]:
    return [tokenizer.id_to_token(number) for number in tokenizer.encode(text, **options)]


def check_characters() -> None:
    """Number the characters of a text, and go back."""
    tokenizer = CharTokenizer.train("hello")
    hint = "sorted(set(text)); a character's index is its id"
    _same('the characters of "hello"', tokenizer.itos, ["e", "h", "l", "o"], hint)
    _same('"hole"', tokenizer.encode("hole"), [1, 3, 2, 0], hint)
    _same("ids as an array", tokenizer.decode(np.array([1, 3, 2, 0])), "hole", "accept arrays and tensors")
    _raises(ValueError, lambda: tokenizer.encode("help"), '"help" with p unknown', "name the character")
    _raises(IndexError, lambda: tokenizer.decode([4]), "id 4 of 4 tokens", "compare with the vocabulary")
    _raises(IndexError, lambda: tokenizer.decode([-1]), "id -1", "Python's negative indices are not ids")
    unknown = CharTokenizer.train("hello", unk_token="?").encode("help")
    _same('"help" with unk_token="?"', unknown, [1, 0, 2, 4], "an unknown character becomes unk_token's id")


def check_every_byte_comes_back() -> None:
    """Encode any text with 256 tokens, one for each byte, and decode it again."""
    tokenizer = BPETokenizer.train("x", 256)
    _same("vocab_size", tokenizer.vocab_size, 256, "the alphabet is all bytes, not those of the text alone")
    first = [tokenizer.id_to_token(number) for number in (0, 64, 188, 220)]
    hint = "sort the 256 characters by their code points; see the lesson on how a byte is written"
    _same("tokens 0, 64, 188 and 220", first, ["!", "a", "\u0100", SPACE], hint)
    for text in ("plain", "na\u00efve", "\u65e5\u672c\u8a9e", "\U0001f600\u200d", "\x00\t\r\n  "):
        ids = tokenizer.encode(text)
        _same(f"the number of tokens of {text!a}", len(ids), len(text.encode()), "a token for each byte")
        _same(
            f"{text!a} encoded and decoded",
            tokenizer.decode(ids),
            text,
            "join bytes first, then decode UTF-8",
        )
    half = tokenizer.decode(tokenizer.encode("\u65e5")[:1])
    _same("one byte of a character", half, "\ufffd", 'decode with errors="replace"')


def check_the_first_merges() -> None:
    """Join the pair that is most frequent, and again; count new pairs with what was joined."""
    corpus = "low low low low low lower lower newest newest newest newest newest newest widest widest widest"
    merges = BPETokenizer.train(corpus, 262, 1).merges
    expected = [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w"), ("e", "w"), ("n", "ew")]
    _same("six merges of the lesson's corpus", merges, expected, "count by hand as in the lesson")
    few = BPETokenizer.train("ab ab ac", 300, 2).merges
    _same("min_frequency=2", few, [("a", "b")], "a pair that is rarer isn't merged")


def check_ties_go_to_the_lower_ids() -> None:
    """Of pairs that are equally frequent, take the one with the lower ids."""
    _same('"cd ab"', BPETokenizer.train("cd ab", 257, 1).merges, [("a", "b")], "compare (count, -ids)")
    overlap = BPETokenizer.train("aaaa", 258, 1).merges
    _same('"aaaa"', overlap, [("a", "a"), ("aa", "aa")], "merge from left to right, then count anew")


def check_merges_apply_in_the_order_learned() -> None:
    """Encode with the merge that was learned first, not with the longest token or the leftmost pair."""
    tokenizer = _with([("b", "c"), ("a", "b"), ("ab", "c")])
    _same('"abc"', _pieces(tokenizer, "abc"), ["a", "bc"], "(b, c) was learned before (a, b)")
    tokenizer = _with([("a", "b"), ("ab", "ab"), ("c", "abab")])
    _same('"cababab"', _pieces(tokenizer, "cababab"), ["cabab", "ab"], "the leftmost of equal pairs first")


def check_merges_stay_inside_of_words() -> None:
    """Split text into words by GPT-2's pattern, with the space before a word as a part of it."""
    tokenizer = BPETokenizer.train("to be or not to be  12ab don't we'll", 1000, 1)
    expected = ["to", f"{SPACE}be", f"{SPACE}or", f"{SPACE}not", f"{SPACE}to", f"{SPACE}be", SPACE]
    expected += [f"{SPACE}12", "ab", f"{SPACE}don", "'t", f"{SPACE}we", "'ll"]
    got = _pieces(tokenizer, "to be or not to be  12ab don't we'll")
    _same("all words learned", got, expected, "of two spaces before a word, the last belongs to it")


def check_special_tokens() -> None:
    """Turn special tokens into one id where that is allowed, and refuse them where nobody said so."""
    tokenizer = _with([("a", "b")], ("<s>", "<s><s>"))
    _raises(ValueError, lambda: tokenizer.encode("a<s>b"), 'encode("a<s>b")', "refuse unless allowed_special")
    got = _pieces(tokenizer, "a<s>b", allowed_special="all")
    _same('allowed_special="all"', got, ["a", "<s>", "b"], "cut the text at special tokens first")
    got = _pieces(tokenizer, "<s><s><s>", allowed_special="all")
    _same("two that begin at one place", got, ["<s><s>", "<s>"], "the longest counts")
    got = _pieces(tokenizer, "<s>", disallowed_special=())
    _same("disallowed_special=()", got, ["<", "s", ">"], "then it is text like any other")
    text = tokenizer.decode(tokenizer.encode("a<s>", allowed_special="all"), skip_special_tokens=True)
    _same("skip_special_tokens=True", text, "a", "leave them out when decoding")


def check_offsets() -> None:
    """Say where each token stood, in characters."""
    tokenizer = _with([("a", "b"), (SPACE, "ab")], ("<s>",))
    got = tokenizer.encode_with_offsets("ab\u00e9 ab<s>", allowed_special="all")
    expected = [(0, 2), (2, 3), (2, 3), (3, 6), (6, 9)]
    _same("offsets", got.offsets, expected, "a token with some bytes of a character gets the whole character")
    _same("tokens", got.tokens, ["ab", "\u00c3", "\u00a9", f"{SPACE}ab", "<s>"], "as in the vocabulary")


def check_bad_input_is_refused() -> None:
    """Refuse what can't be right, with an error that says what it is."""
    tokenizer = _with([("a", "b")])
    _raises(
        IndexError, lambda: tokenizer.decode([257]), "id 257 of 257 tokens", "compare with the vocabulary"
    )
    _raises(TypeError, lambda: tokenizer.decode([1.5]), "id 1.5", "ids are integers")
    _raises(TypeError, lambda: tokenizer.encode(b"ab"), "bytes instead of a str", "check the type")  # type: ignore[arg-type]
    _raises(ValueError, lambda: BPETokenizer.train("", 300), "an empty corpus", "nothing can be learned")
    _raises(ValueError, lambda: BPETokenizer.train("ab", 255), "vocab_size=255", "256 bytes must fit")
    _raises(ValueError, lambda: BPETokenizer({"a": 0, "b": 2}, []), "ids 0 and 2", "ids have no gaps")
    _raises(
        ValueError, lambda: BPETokenizer({"a": 0}, [("a", "b")]), "a merge with unknown parts", "check them"
    )


def check_long_words_take_no_quadratic_time() -> None:
    """Encode 20,000 characters without a space in a second, not in minutes."""
    tokenizer = _with([("a", "a"), ("aa", "aa"), ("aaaa", "aaaa")])
    began = time.perf_counter()
    ids = tokenizer.encode("a" * 20_000)
    took = time.perf_counter() - began
    _same("the number of tokens of 20,000 a", len(ids), 2500, "merge until nothing is left to merge")
    assert took < 5, f"it took {took:.1f} s. Hint: keep possible merges in a heap instead of searching again"


def check_files() -> None:
    """Save in the form of tokenizer.json and of GPT-2's files, load, and refuse what is damaged."""
    tokenizer = BPETokenizer.train("low lower lowest caf\u00e9", 270, 1, ["<s>"])
    with tempfile.TemporaryDirectory() as name:
        file, vocab, merges = (Path(name) / n for n in ("tokenizer.json", "vocab.json", "merges.txt"))
        tokenizer.save(file)
        tokenizer.save_files(vocab, merges)
        for what, loaded in (
            ("load", BPETokenizer.load(file)),
            ("from_files", BPETokenizer.from_files(vocab, merges)),
        ):
            _same(f"the vocabulary after {what}", loaded.get_vocab(), tokenizer.get_vocab(), "keep every id")
            _same(f"the merges after {what}", loaded.merges, tokenizer.merges, "keep their order")
            _same(f"the special tokens after {what}", loaded.special_tokens, {"<s>": 0}, "see the lesson")
        header = merges.read_text(encoding="utf-8").split("\n")[0]
        _same("the first line of merges.txt", header, "#version: 0.2", "GPT-2's reader drops the first line")
        file.write_text('{"model": {"type": "BPE", "vocab"', encoding="utf-8")
        _raises(ValueError, lambda: BPETokenizer.load(file), "half a file", "say that it isn't JSON")


def check_bert_words() -> None:
    """Make text plain as BERT does: lower case, no accents, no control characters, punctuation alone."""
    normalizer = BertNormalizer()
    got = normalizer.normalize_str("Na\u00efve\x07 CAF\u00c9\t\u65e5")
    _same("normalize_str", got, "naive cafe  \u65e5 ", "NFD, then without the marks; spaces around Chinese")
    words = [word for words in normalizer.words("Don't pay $5!") for word in words]
    _same("words", words, ["don", "'", "t", "pay", "$", "5", "!"], "each punctuation mark is a word")


def check_word_pieces() -> None:
    """Take the longest piece that fits, from the left; a word with a part that no piece fits is unknown."""
    names = ["[UNK]", "un", "##aff", "##able", "##a", "##f", "play", "##ing"]
    tokenizer = WordPieceTokenizer({token: number for number, token in enumerate(names)})
    hint = "after the first piece, look for ## and the rest"
    _same('"unaffable"', _pieces(tokenizer, "unaffable"), ["un", "##aff", "##able"], hint)
    _same(
        '"playing unx"',
        _pieces(tokenizer, "playing unx"),
        ["play", "##ing", "[UNK]"],
        "all of it, not a part",
    )
    _same("decode", tokenizer.decode([6, 7, 1, 4]), "playing una", "join what begins with ##")
    learned = WordPieceTokenizer.train("hug pug pun bun hugs hug", 30, 2).get_vocab()
    assert "hug" in learned, (
        f'"hug" occurs three times, but the pieces are {list(learned)}. Hint: merge as in BPE'
    )
