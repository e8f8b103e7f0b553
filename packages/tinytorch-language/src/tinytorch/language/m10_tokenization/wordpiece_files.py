"""The file of a vocabulary of word pieces: Hugging Face's tokenizer.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .bert import BertNormalizer
from .files import PathLike, damaged, field, read_json
from .hugging_face import added_tokens, check_only, read_added_tokens, read_model, write_json

if TYPE_CHECKING:
    from .wordpiece import WordPieceTokenizer


def write_tokenizer(tokenizer: WordPieceTokenizer, path: PathLike, backup: bool) -> None:
    """Write tokenizer.json (see `WordPieceTokenizer.save`)."""
    data = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens(tokenizer.special_tokens),
        "normalizer": {"type": "BertNormalizer", **tokenizer._splitter._asdict()},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": frame(tokenizer),
        "decoder": {"type": "WordPiece", "prefix": tokenizer.prefix, "cleanup": tokenizer.cleanup},
        "model": {
            "type": "WordPiece",
            "unk_token": tokenizer.unk_token,
            "continuing_subword_prefix": tokenizer.prefix,
            "max_input_chars_per_word": tokenizer.max_input_chars_per_word,
            "vocab": tokenizer.get_vocab(),
        },
    }
    write_json(path, data, backup)


def frame(tokenizer: WordPieceTokenizer) -> dict[str, Any] | None:
    """Return the post-processor that puts [CLS] before a text and [SEP] after it; None if there are none."""
    if tokenizer.cls_token is None or tokenizer.sep_token is None:
        return None
    both = (tokenizer.cls_token, tokenizer.sep_token)
    ids = {token: tokenizer.token_to_id(token) for token in both}
    first, last = ({"SpecialToken": {"id": token, "type_id": 0}} for token in both)
    end = {"SpecialToken": {"id": tokenizer.sep_token, "type_id": 1}}
    one, two = ({"Sequence": {"id": name, "type_id": i}} for i, name in enumerate("AB"))
    return {
        "type": "TemplateProcessing",
        "single": [first, one, last],
        "pair": [first, one, last, two, end],
        "special_tokens": {
            token: {"id": token, "ids": [number], "tokens": [token]} for token, number in ids.items()
        },
    }


def read_tokenizer(kind: type[WordPieceTokenizer], path: PathLike) -> WordPieceTokenizer:
    """Read tokenizer.json (see `WordPieceTokenizer.load`)."""
    data = read_json(path)
    with damaged(path):
        model = read_model(data, "WordPiece")
        check_only(data, "the tokenizer", truncation=None, padding=None)
        vocab = dict(field(model, "vocab", dict, "the model"))
        special = read_added_tokens(data, vocab)
        check_only(
            field(data, "pre_tokenizer", dict, "the file"), "the pre_tokenizer", type="BertPreTokenizer"
        )
        cls_token, sep_token = read_frame(data.get("post_processor"))
        decoder = data.get("decoder") or {}
        prefix = field(model, "continuing_subword_prefix", str, "the model")
        check_only(decoder, "the decoder", type="WordPiece", prefix=prefix)
        return kind(
            vocab,
            field(model, "unk_token", str, "the model"),
            special,
            cls_token=cls_token,
            sep_token=sep_token,
            prefix=prefix,
            max_input_chars_per_word=field(model, "max_input_chars_per_word", int, "the model"),
            normalizer=read_normalizer(data.get("normalizer")),
            cleanup=field(decoder, "cleanup", bool, "the decoder") if decoder else True,
        )


def read_normalizer(data: Any) -> BertNormalizer:
    """Return how a text becomes words."""
    if data is None:
        return BertNormalizer(
            clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False
        )
    where = "the normalizer"
    check_only(data, where, type="BertNormalizer")
    return BertNormalizer(
        field(data, "clean_text", bool, where),
        field(data, "handle_chinese_chars", bool, where),
        field(data, "strip_accents", (bool, type(None)), where),
        field(data, "lowercase", bool, where),
    )


def read_frame(data: Any) -> tuple[str | None, str | None]:
    """Return the tokens that a post-processor puts before and after a text."""
    if data is None:
        return None, None
    where = "the post_processor"
    kind = field(data, "type", str, where)
    if kind == "BertProcessing":
        pairs = [field(data, name, list, where) for name in ("cls", "sep")]
        if all(len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
            return pairs[0][0], pairs[1][0]
    if kind == "TemplateProcessing":
        match field(data, "single", list, where):
            case [{"SpecialToken": {"id": str(first)}}, {"Sequence": _}, {"SpecialToken": {"id": str(last)}}]:
                return first, last
    raise ValueError(f"{where} isn't one that puts one token before a text and one after it: {data!r:.300}")
