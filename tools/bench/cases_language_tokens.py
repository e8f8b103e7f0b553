"""Benchmarks of tokenization: learning merges, encoding, decoding, beside `tokenizers` and `tiktoken`.

These are written in Rust, and are shown to tell how far Python gets; the limits are times of our own, in
seconds for a text of a known length.
"""

from __future__ import annotations

import lzma
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import Case

Step = Callable[[], Any]
ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "packages" / "tinytorch-language" / "tests" / "data"
END = "<|endoftext|>"
WORDS = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""


def megabyte(kind: str) -> str:
    """Return a million characters, all of them ASCII: plays, or words of random letters."""
    if kind == "plays":
        from tinytorch.language import plays

        return plays()[:1_000_000]
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ("".join(rng.choices(letters, k=rng.randrange(3, 11))) for _ in range(150_000))
    return " ".join(words)[:1_000_000]


def gpt2(library: str) -> Any:
    """Return GPT-2's tokenizer: something with a method `encode` and a method `decode`."""
    os.environ["RAYON_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "1")
    from tinytorch.language import BPETokenizer

    lines = lzma.decompress((DATA / "gpt2_merges.txt.xz").read_bytes()).decode().split("\n")[1:-1]
    merges = [tuple(line.split(" ")) for line in lines]
    alphabet = BPETokenizer.train("x", 256).get_vocab()
    vocab = alphabet | {"".join(merge): 256 + i for i, merge in enumerate(merges)}
    ours = BPETokenizer(vocab, merges, [END])
    if library == "tokenizers":
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers

        theirs = Tokenizer(models.BPE(vocab=vocab, merges=merges))
        theirs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        theirs.decoder = decoders.ByteLevel()
        return theirs
    if library == "tiktoken":
        import tiktoken

        ranks = {ours.decode_bytes([i]): i for i in range(len(vocab))}
        return tiktoken.Encoding("gpt2", pat_str=WORDS, mergeable_ranks=ranks, special_tokens={})
    return ours


def training(library: str) -> Callable[[], Step]:
    """Return what builds a step that learns 1,000 merges from Hamlet."""

    def build() -> Step:
        text = lzma.decompress((DATA / "hamlet.txt.xz").read_bytes()).decode()
        if library == "tokenizers":
            os.environ["RAYON_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "1")
            from tokenizers import ByteLevelBPETokenizer

            return lambda: ByteLevelBPETokenizer().train_from_iterator(
                [text], vocab_size=1256, min_frequency=2, show_progress=False
            )
        from tinytorch.language import BPETokenizer

        return lambda: BPETokenizer.train(text, vocab_size=1256, show_progress=False)

    return build


def encoding(library: str, text: str, cold: bool = False) -> Callable[[], Step]:
    """Return what builds a step that encodes a million characters; cold, without any word remembered."""

    def build() -> Step:
        tokenizer, data = gpt2(library), megabyte(text)

        def step() -> None:
            if cold:
                tokenizer._cache.clear()
            tokenizer.encode(data)

        return step

    return build


def batch(library: str) -> Callable[[], Step]:
    """Return what builds a step that encodes the same as a list of lines."""

    def build() -> Step:
        tokenizer, lines = gpt2(library), megabyte("plays").split("\n")
        return lambda: tokenizer.encode_batch(lines)

    return build


def decoding(library: str) -> Callable[[], Step]:
    """Return what builds a step that decodes a million characters."""

    def build() -> Step:
        tokenizer = gpt2(library)
        ids = gpt2("tinytorch").encode(megabyte("plays"))
        return lambda: tokenizer.decode(ids)

    return build


def pieces(library: str) -> Callable[[], Step]:
    """Return what builds a step that splits a million characters into word pieces."""

    def build() -> Step:
        os.environ["RAYON_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS", "1")
        from tinytorch.language import WordPieceTokenizer

        text = megabyte("plays")
        tokenizer: Any = WordPieceTokenizer.train(text[:200_000], 3000)
        if library == "tokenizers":
            from tokenizers import BertWordPieceTokenizer

            tokenizer = BertWordPieceTokenizer(tokenizer.get_vocab())
        return lambda: tokenizer.encode(text)

    return build


CASES = [
    Case(
        "BPE: learn 1,000 merges from Hamlet (174 kB)",
        {"tinytorch": training("tinytorch"), "tokenizers": training("tokenizers")},
        limits={"tinytorch": 3.0},
        threads=(1,),
    ),
    Case(
        "BPE: encode 1 MB of plays, GPT-2's vocabulary",
        {name: encoding(name, "plays") for name in ("tinytorch", "tokenizers", "tiktoken")},
        limits={"tinytorch": 1.0},
        threads=(1,),
    ),
    Case(
        "BPE: encode 1 MB of plays, no word remembered",
        {"tinytorch": encoding("tinytorch", "plays", cold=True)},
        limits={"tinytorch": 1.0},
        threads=(1,),
    ),
    Case(
        "BPE: encode 1 MB of words that don't repeat",
        {name: encoding(name, "random") for name in ("tinytorch", "tokenizers", "tiktoken")},
        limits={"tinytorch": 1.0},
        threads=(1,),
    ),
    Case(
        "BPE: encode 1 MB of plays as a batch of lines",
        {name: batch(name) for name in ("tinytorch", "tokenizers")},
        limits={"tinytorch": 1.0},
        threads=(1,),
    ),
    Case(
        "BPE: decode 1 MB of plays",
        {name: decoding(name) for name in ("tinytorch", "tokenizers", "tiktoken")},
        limits={"tinytorch": 1.0},
        threads=(1,),
    ),
    Case(
        "WordPiece: encode 1 MB of plays",
        {name: pieces(name) for name in ("tinytorch", "tokenizers")},
        limits={"tinytorch": 1.0},
        threads=(1,),
    ),
]
