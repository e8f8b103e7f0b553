"""What the files of all kinds of tokenizers share in Hugging Face's form, `tokenizer.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .files import PathLike, field, write_text


def write_json(path: PathLike, data: Any, backup: bool) -> None:
    """Write a tokenizer.json, laid out as `tokenizers` does."""
    write_text(path, json.dumps(data, ensure_ascii=False, indent=2) + "\n", backup)


def read_model(data: Any, kind: str) -> dict[str, Any]:
    """Return the part of a tokenizer.json that holds the vocabulary.

    Raises:
        ValueError: there is none, or it is of another kind.
    """
    model = field(data, "model", dict, "the file")
    # Files of the first versions of tokenizers don't say what they are.
    old = "BPE" if "merges" in model else "WordPiece" if "max_input_chars_per_word" in model else None
    found = model.get("type", old)
    if found != kind:
        raise ValueError(f"the model is of type {found!r}, not {kind!r}")
    return dict(model)


def check_only(data: Any, where: str, **allowed: Any) -> None:
    """Raise an error if a field has a value other than the one allowed, or the ones in a tuple.

    A field that is missing has its default, which is what is allowed.

    Raises:
        ValueError: `data` isn't an object, or asks for what we don't have.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"{where} must be a JSON object, got {data!r:.80}")
    for name, values in allowed.items():
        values = values if isinstance(values, tuple) else (values,)
        if name in data and data[name] not in values:
            raise ValueError(f"{where} has {name} {data[name]!r:.200}, which isn't supported")


def added_tokens(special_tokens: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return special tokens in the form of the field `added_tokens`."""
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    pairs = sorted(special_tokens.items(), key=lambda pair: pair[1])
    return [{"id": number, "content": token, **flags} for token, number in pairs]


def read_added_tokens(data: Any, vocab: dict[str, Any]) -> list[str]:
    """Return the tokens in the field `added_tokens`; those that the vocabulary doesn't have are put into it.

    Raises:
        ValueError: one has no content or id, another id than in the vocabulary, or a flag that we don't have.
    """
    tokens = []
    for token in field(data, "added_tokens", list, "the file") if "added_tokens" in data else []:
        content = field(token, "content", str, "an added token")
        number = field(token, "id", int, f"the added token {content!a}")
        check_only(token, f"the added token {content!a}", single_word=False, lstrip=False, rstrip=False)
        if vocab.setdefault(content, number) != number:
            raise ValueError(
                f"the added token {content!a} has the id {number}, but {vocab[content]} in the vocabulary"
            )
        tokens.append(content)
    return tokens
