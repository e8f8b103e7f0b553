"""Quantized models in files: one safetensors file that is hardly larger than the numbers in it.

safetensors writes about 90 bytes of text for each tensor, and a quantized model has two or three for each
parameter: for a small model more text than numbers. So all bytes stand in one tensor, and behind them, packed
by zlib, what they are.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save
from tinytorch.core import Module

from .._files import write_bytes
from .contents import Contents, contents_of, copied, fill
from .model import M

NAME = "tinytorch.quantized.1"  # of the tensor; the number is that of the format
TAIL = 8  # the length of the description and a checksum, four bytes each
# What nearly every description has in it, so that compression needn't spell it out: a part of the format.
FAMILIAR = (
    b'{"p":{"float32":{"s":{"lm_head.weight":"transformer.wte.weight"},"i":{"r":["conv1.weight":["fc2.bias":['
    b'"transformer.h.0.attn.c_attn.weight":["transformer.h.0.mlp.c_fc.bias":["layers.0.0.weight":['
    b'"qint4x2,0,32,float16,0":{"qint8,0,0,float16,0":{"0.weight":["classifier.weight":[10,],'
    b'{"q":{"qint8,,0,float32,0":{"features.0.weight":[12,1,3,3],"features.3.weight":[32,16,3,3]},'
    b'"qint8,,0,float32,1":{"features.0.bias":[12],"features.3.bias":[24],"classifier.bias":[10]}}}'
)
LONGEST = 2**24  # bytes of a description; more is an attack


class QuantizedFileError(RuntimeError):
    """A file that can't be used as a quantized model; the message says why and what to do."""


def save_quantized(model: Module, path: str | os.PathLike[str]) -> int:
    """Write a quantized model to a safetensors file: completely, or not at all.

    A file that is there already and differs is kept beside it as `name.bak`.

    Args:
        model: what `quantize` or `convert` returned.
        path: the file, by custom called `*.safetensors`. Its folder is made if it isn't there.

    Returns:
        The size of the file in bytes.

    Raises:
        ValueError: nothing in the model is quantized.
        OSError: the file can't be written. The old one is untouched then.
    """
    contents = contents_of(model)
    if not contents.quantized:
        raise ValueError("nothing in this model is quantized: save what quantize(model) returns")
    description, arrays = contents.described()
    text = squeezed(json.dumps(description, separators=(",", ":")).encode())
    body = b"".join([*(little(x).tobytes() for x in arrays), text, len(text).to_bytes(4, "little")])
    body += zlib.crc32(body).to_bytes(4, "little")
    data = save({NAME: np.frombuffer(body, np.uint8)})
    write_bytes(path, data)
    return len(data)


def load_quantized(model: M, path: str | os.PathLike[str], inplace: bool = False) -> M:
    """Return the quantized model of a file; its numbers are those that were saved, bit by bit.

    Nothing in the file is executed.

    Args:
        model: a module of the same architecture, quantized or not; its own weights don't matter.
        path: what `save_quantized` wrote.
        inplace: change `model` itself rather than a copy.

    Raises:
        FileNotFoundError: there is no such file.
        QuantizedFileError: the file is cut off, damaged, made by something else, or of another model.
            Nothing is changed then.
    """
    path = Path(path)
    contents = read(path)
    misfit = contents.misfit(model)
    if misfit:
        raise QuantizedFileError(
            f"{path} holds another model than the {type(model).__name__} given: {misfit}"
        )
    if not inplace:
        model = copied(model, contents)
    fill(model, contents)
    return model


def read(path: Path) -> Contents:
    """Read a file and check that it is whole."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    data = path.read_bytes()
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        if data.startswith((b"PK\x03\x04", b"\x80")):
            raise QuantizedFileError(
                f"{path} is a pickle or a zip file, not a safetensors file; it isn't read, because a pickle "
                "can run any code"
            ) from None
        raise QuantizedFileError(
            f"{path} can't be read: it is cut off, damaged, or not a safetensors file ({error})"
        ) from None
    if list(tensors) != [NAME] or tensors[NAME].dtype != np.uint8:
        newer = [name for name in tensors if name.startswith(NAME[:-1])]
        hint = (
            "it was written by a newer tinytorch-systems: pip install --upgrade tinytorch-systems"
            if newer
            else "load weights in floats with safetensors and load_state_dict, then quantize"
        )
        raise QuantizedFileError(
            f"{path} is a safetensors file, but not one that save_quantized wrote: {hint}"
        )
    body = tensors[NAME].tobytes()
    if len(body) < TAIL or zlib.crc32(body[:-4]) != int.from_bytes(body[-4:], "little"):
        raise QuantizedFileError(f"{path} is damaged: its checksum isn't that of its content; save it again")
    length = int.from_bytes(body[-8:-4], "little")
    try:
        description = json.loads(unsqueezed(body[-8 - length : -8]))
        return Contents.restored(description, body[: -8 - length])
    except (ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        raise QuantizedFileError(f"{path} is damaged: its description can't be read ({error})") from None


def little(array: Any) -> Any:
    """Return an array whose bytes lie as on nearly all machines: the lowest first."""
    return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)


def squeezed(text: bytes) -> bytes:
    """Return a description, compressed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, FAMILIAR)
    return packer.compress(text) + packer.flush()


def unsqueezed(data: bytes) -> bytes:
    """Return what `squeezed` compressed.

    Raises:
        zlib.error: it isn't that.
        ValueError: it is far too long.
    """
    unpacker = zlib.decompressobj(-15, FAMILIAR)
    text = unpacker.decompress(data, LONGEST)
    if not unpacker.eof:
        raise ValueError("the description doesn't end")
    return text
