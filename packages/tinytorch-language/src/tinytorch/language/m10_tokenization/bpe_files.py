"""The files of a byte-level vocabulary: tokenizer.json, and GPT-2's vocab.json and merges.txt."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .alphabet import BYTES
from .files import PathLike, damaged, field, read_json, read_text, write_text
from .hugging_face import added_tokens, check_only, read_added_tokens, read_model, write_json
from .splitting import GPT2_PATTERN

if TYPE_CHECKING:
    from .bpe import BPETokenizer

HEADER = "#version: 0.2"  # the first line of merges.txt; GPT-2's own reader drops it unseen


def write_gpt2(tokenizer: BPETokenizer, vocab: PathLike, merges: PathLike, backup: bool) -> None:
    """Write vocab.json and merges.txt (see `BPETokenizer.save_files`)."""
    lines = "".join(f"{first} {second}\n" for first, second in tokenizer.merges)
    write_text(vocab, json.dumps(tokenizer.get_vocab(), ensure_ascii=False) + "\n", backup)
    write_text(merges, f"{HEADER}\n{lines}", backup)


def read_gpt2(
    kind: type[BPETokenizer], vocab: PathLike, merges: PathLike, special_tokens: Sequence[str] | None
) -> BPETokenizer:
    """Read vocab.json and merges.txt (see `BPETokenizer.from_files`)."""
    ids = read_json(vocab)
    lines = read_text(merges).split("\n")
    pairs = []
    for number, line in enumerate(lines, start=1):
        line = line.removesuffix("\r")
        if (number == 1 and line.startswith("#version")) or (number == len(lines) and not line):
            continue
        parts = line.split(" ")
        if len(parts) != 2 or not all(parts):
            raise ValueError(
                f"{os.fspath(merges)}, line {number}: expected two tokens with a space between, got {line!a}"
            )
        pairs.append((parts[0], parts[1]))
    with damaged(vocab):
        if special_tokens is None and isinstance(ids, dict):
            made = {first + second for first, second in pairs} | BYTES.keys()
            special_tokens = [token for token in ids if token not in made]
        return kind(ids, pairs, special_tokens or ())


def write_tokenizer(tokenizer: BPETokenizer, path: PathLike, backup: bool) -> None:
    """Write tokenizer.json (see `BPETokenizer.save`)."""
    splitter = tokenizer._splitter
    byte_level = {
        "type": "ByteLevel",
        "add_prefix_space": splitter.add_prefix_space,
        "trim_offsets": True,
        "use_regex": splitter.is_gpt2,
    }
    split = {"type": "Split", "pattern": {"Regex": splitter.pattern}, "behavior": "Isolated", "invert": False}
    sequence = {"type": "Sequence", "pretokenizers": [split, byte_level]}
    data = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens(tokenizer.special_tokens),
        "normalizer": None,
        "pre_tokenizer": byte_level if splitter.is_gpt2 else sequence,
        "post_processor": {
            "type": "ByteLevel",
            "add_prefix_space": True,
            "trim_offsets": tokenizer._trim_offsets,
            "use_regex": True,
        },
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": tokenizer.get_vocab(),
            "merges": tokenizer.merges,
        },
    }
    write_json(path, data, backup)


def read_tokenizer(kind: type[BPETokenizer], path: PathLike) -> BPETokenizer:
    """Read tokenizer.json (see `BPETokenizer.load`)."""
    data = read_json(path)
    with damaged(path):
        model = read_model(data, "BPE")
        check_only(model, "the model", dropout=(None, 0), byte_fallback=False, ignore_merges=False)
        check_only(model, "the model", continuing_subword_prefix=("", None), end_of_word_suffix=("", None))
        check_only(data, "the tokenizer", normalizer=None, truncation=None, padding=None)
        vocab = dict(field(model, "vocab", dict, "the model"))
        if not BYTES.keys() <= vocab.keys():  # otherwise nothing is unknown, whatever stands for it
            check_only(model, "the model, which lacks some of the 256 bytes,", unk_token=(None, ""))
        merges: list[Any] = field(model, "merges", list, "the model")
        # Before version 0.20, tokenizers wrote a merge as one string.
        merges = [merge.split(" ") if isinstance(merge, str) else merge for merge in merges]
        special = read_added_tokens(data, vocab)
        pattern, add_prefix_space = read_pre_tokenizer(data.get("pre_tokenizer"))
        trim_offsets = read_post_processor(data.get("post_processor"))
        if data.get("decoder") is not None:
            check_only(data["decoder"], "the decoder", type="ByteLevel")
        return kind(
            vocab,
            merges,
            special,
            pattern=pattern,
            add_prefix_space=add_prefix_space,
            trim_offsets=trim_offsets,
        )


def read_pre_tokenizer(data: Any) -> tuple[str, bool]:
    """Return the pattern of a pre-tokenizer, and whether it adds a space before the text."""
    where = "the pre_tokenizer"
    kind = field(data, "type", str, where)
    if kind == "ByteLevel":
        if not data.get("use_regex", True):
            raise ValueError(
                f"{where} doesn't split text into words (use_regex is false), which isn't supported"
            )
        return GPT2_PATTERN, field(data, "add_prefix_space", bool, where)
    parts = field(data, "pretokenizers", list, where) if kind == "Sequence" else []
    if len(parts) != 2:
        raise ValueError(
            f"{where} is {kind!r}; supported are ByteLevel, and a Sequence of Split and ByteLevel"
        )
    split, byte_level = parts
    check_only(split, f"{where}'s first part", type="Split", behavior="Isolated", invert=False)
    pattern = field(field(split, "pattern", dict, where), "Regex", str, f"{where}'s pattern")
    check_only(
        byte_level, f"{where}'s second part", type="ByteLevel", use_regex=False, add_prefix_space=False
    )
    return pattern, False


def read_post_processor(data: Any) -> bool:
    """Return whether a post-processor takes spaces out of the offsets."""
    if data is None:
        return False
    check_only(data, "the post_processor", type="ByteLevel")
    trim = field(data, "trim_offsets", bool, "the post_processor")
    if trim:
        check_only(data, "the post_processor that trims offsets", add_prefix_space=True)
    return bool(trim)
