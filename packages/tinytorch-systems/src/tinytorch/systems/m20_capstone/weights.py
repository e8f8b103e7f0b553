"""The file with a model's weights: in floats, in few bits, or without what was pruned."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from ..m17_quantization import QuantizedFileError, load_quantized, save_quantized
from ..m18_compression import load_compressed, save_compressed
from .errors import TinyGPTError
from .storage import read_arrays, read_file, write_arrays

if TYPE_CHECKING:
    from .tinygpt import TinyGPT

PLAIN, QUANTISED, COMPRESSED = "float", "quantised", "compressed"


def write_weights(gpt: TinyGPT, path: Path) -> tuple[str, int]:
    """Write the weights in one step; return their form, and the CRC-32 of the file.

    Raises:
        TinyGPTError: the file can't be written.
    """
    if gpt.form == PLAIN:
        return gpt.form, write_arrays(path, gpt.weights())
    save = save_quantized if gpt.form == QUANTISED else save_compressed
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(gpt.model, path)
    except OSError as error:
        raise TinyGPTError(f"{path} can't be written: {error.strerror or error}") from error
    return gpt.form, zlib.crc32(path.read_bytes())


def read_weights(gpt: TinyGPT, path: Path, form: str, checksum: int) -> None:
    """Put the weights of a file into a model of the same recipe.

    Raises:
        TinyGPTError: the file is missing, damaged, or of another model.
    """
    gpt.form = form
    if form == PLAIN:
        gpt.set_weights(read_arrays(path, checksum))
        return
    data = read_file(path)
    if zlib.crc32(data) != checksum:
        raise TinyGPTError(f"{path} is damaged: {len(data):,} bytes that aren't those that were written")
    try:
        if form == QUANTISED:
            gpt.model = load_quantized(gpt.model, path).eval()
        elif form == COMPRESSED:
            gpt.model = load_compressed(path, gpt.model).eval()
        else:
            raise TinyGPTError(
                f"{path.parent} was written by a newer tinytorch-systems: its weights are {form!r}"
            )
    except (QuantizedFileError, ValueError, OSError) as error:
        raise TinyGPTError(f"{path} can't be read: {error}") from None
