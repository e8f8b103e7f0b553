"""What lies in the folder of a model, apart from its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tinytorch.language import BPETokenizer, CharTokenizer

from .errors import TinyGPTError
from .options import TinyGPTOptions
from .storage import read_json

FORMAT = 1  # raised when an older reader would misread a folder


def read_about(folder: Path) -> tuple[dict[str, Any], TinyGPTOptions]:
    """Return what `tinygpt.json` in a folder says, and the recipe in it.

    Raises:
        TinyGPTError: the folder holds no TinyGPT, one of a newer version, or a damaged one.
    """
    if not folder.is_dir():
        raise TinyGPTError(f"{folder} is no folder; `tinytorch-gpt train --out {folder}` makes one")
    if not (folder / "tinygpt.json").is_file():
        raise TinyGPTError(
            f"{folder} holds no TinyGPT (no tinygpt.json); `tinytorch-gpt train` makes one, in tinygpt-run "
            "unless --out names another folder"
        )
    about = read_json(folder / "tinygpt.json")
    version = about.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise TinyGPTError(
            f"{folder} was written by a newer tinytorch-systems: pip install --upgrade tinytorch-systems"
        )
    if version != FORMAT or not {"options", "weights", "crc32", "facts"} <= set(about):
        raise TinyGPTError(f"{folder / 'tinygpt.json'} is damaged: it isn't what TinyGPT writes")
    return about, TinyGPTOptions.from_json(about["options"])


def read_tokenizer(folder: Path, options: TinyGPTOptions) -> Any:
    """Return the tokenizer of a folder.

    Raises:
        TinyGPTError: it is missing or damaged.
    """
    kind: Any = BPETokenizer if options.tokenizer == "bpe" else CharTokenizer
    try:
        return kind.load(folder / "tokenizer.json")
    except FileNotFoundError:
        raise TinyGPTError(f"{folder} lacks its tokenizer.json: the model can't be read without it") from None
    except (OSError, ValueError) as error:
        raise TinyGPTError(f"{folder / 'tokenizer.json'} is damaged: {error}") from None
