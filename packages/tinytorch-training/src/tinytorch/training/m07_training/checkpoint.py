"""Checkpoints: one file with everything that a training run is, written so that a kill can't spoil it.

A file is in the safetensors format, which any reader of it can open: arrays, and text that says what they
are. Nothing in it is ever executed, as a pickle would be. The state is any nesting of dicts, lists and tuples
of numbers, text, None, tensors and arrays; the text is JSON of the same nesting, with the name of an array
where one stands.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from tinytorch.core import Tensor, from_numpy

FORMAT = 1  # raised when an older reader would misread a file
KIND = "tinytorch-training checkpoint"
DTYPES = {
    **{"F16": "<f2", "F32": "<f4", "F64": "<f8", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"},
    **{"U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "BOOL": "?"},
}


class CheckpointError(RuntimeError):
    """A file that can't be used as a checkpoint; the message says why and what to do."""


def save_checkpoint(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write a state to a file: completely, or not at all.

    It is written to a temporary file beside it, flushed to the disk, and renamed. Whoever reads `path` at
    any moment finds the whole old file or the whole new one.

    Args:
        path: the file, by custom called `*.safetensors`. Its folder is made if it isn't there.
        state: nested dicts, lists and tuples of tensors, arrays, numbers, text, bools and None.

    Raises:
        TypeError: something in the state is none of these.
        OSError: the file can't be written. The old one is untouched then.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     training.save_checkpoint(f"{folder}/last.safetensors", {"epoch": 3, "best": tt.tensor(0.5)})
        ...     training.load_checkpoint(f"{folder}/last.safetensors")
        {'epoch': 3, 'best': tensor(0.5000)}
    """
    path = Path(path)
    arrays: dict[str, np.ndarray] = {}
    tree = _flatten(state, "", arrays)
    text = json.dumps({"state": tree, "crc32": {name: _checksum(x) for name, x in arrays.items()}})
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        metadata = {"kind": KIND, "format": str(FORMAT), "content": text, "crc32": _text_checksum(text)}
        save_file(arrays, temporary, metadata=metadata)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if hasattr(os, "O_DIRECTORY"):  # elsewhere a folder can't be flushed
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the state that `save_checkpoint` wrote; tensors come back as tensors, arrays as arrays.

    Raises:
        FileNotFoundError: there is no such file.
        CheckpointError: the file is cut off, damaged, made by something else or by a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no checkpoint {path}")
    content = _content(path, _metadata(path))
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        places = json.loads(file.read(length))

        def array(name: str) -> np.ndarray:
            # Read, not mapped: pages of a mapped file would stand in memory a second time.
            place = places[name]
            file.seek(8 + length + place["data_offsets"][0])
            count = math.prod(place["shape"])
            found = np.fromfile(file, DTYPES[place["dtype"]], count).reshape(place["shape"])
            if _checksum(found) != content["crc32"].get(name):
                raise CheckpointError(f"{path} is damaged: {name} isn't what was written")
            return found

        try:
            state: dict[str, Any] = _unflatten(content["state"], array)
        except (KeyError, ValueError, TypeError) as error:
            raise CheckpointError(f"{path} is damaged: {error!r}") from error
    return state


def latest_checkpoint(folder: str | os.PathLike[str], skip_damaged: bool = False) -> Path:
    """Return the checkpoint of a folder that was written last.

    Args:
        folder: where `*.safetensors` files lie.
        skip_damaged: pass over those that can't be read, for the last good one.

    Raises:
        FileNotFoundError: there is none, or none that can be read.
        CheckpointError: the last one is damaged, and that wasn't to be passed over.
    """
    folder = Path(folder)
    files = sorted(folder.glob("*.safetensors"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    for path in reversed(files):
        try:
            load_checkpoint(path)
        except CheckpointError as error:
            if not skip_damaged:
                others = len(files) - 1
                hint = (
                    f" {others} other files lie in {folder}: skip_damaged=True takes the last good one."
                    if others
                    else ""
                )
                raise CheckpointError(f"{error}.{hint}") from error
        else:
            return path
    raise FileNotFoundError(
        f"there is no {'readable ' if files else ''}checkpoint (*.safetensors) in {folder}"
    )


def _metadata(path: Path) -> Mapping[str, str]:
    """Check that a file is a whole safetensors file, and return the text that it carries."""
    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except SafetensorError as error:
        with open(path, "rb") as raw:
            begin = raw.read(8)
        if begin.startswith((b"PK\x03\x04", b"\x80")):
            raise CheckpointError(
                f"{path} is a pickle, as torch.save writes it. It could run any code, so it isn't read; "
                "convert it with the safetensors package where you trust it"
            ) from error
        raise CheckpointError(
            f"{path} can't be read: it is cut off, damaged, or not a safetensors file ({error})"
        ) from error


def _content(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    if metadata.get("kind") != KIND:
        raise CheckpointError(
            f"{path} is a safetensors file, but not a checkpoint of tinytorch.training; load weights alone "
            "with safetensors and load_state_dict"
        )
    try:
        version = int(metadata["format"])
        if version > FORMAT:
            raise CheckpointError(
                f"{path} was written by a newer tinytorch-training (format {version}, this one reads up to "
                f"{FORMAT}): pip install --upgrade tinytorch-training"
            )
        if metadata["crc32"] != _text_checksum(metadata["content"]):
            raise ValueError("it isn't what was written")
        content = json.loads(metadata["content"])
        if not isinstance(content["state"], dict) or not isinstance(content["crc32"], dict):
            raise ValueError("not a state")
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: its description can't be read ({error})") from error
    return dict(content)


def _checksum(array: np.ndarray) -> int:
    """Return the CRC-32 of an array's bytes, which safetensors doesn't keep."""
    data: Any = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return zlib.crc32(data)


def _text_checksum(text: str) -> str:
    return str(zlib.crc32(text.encode("utf-8")))


# Where the JSON needs more than it has, an object with one of these keys stands for it.
_ARRAY, _TENSOR, _TUPLE, _PAIRS = "$array", "$tensor", "$tuple", "$pairs"


def _flatten(value: Any, name: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return a value as JSON can hold it, and put its arrays, by name, into `arrays`."""
    if isinstance(value, (Tensor, np.ndarray)):
        array = value.array if isinstance(value, Tensor) else value
        if array.dtype.kind not in "fiub":
            raise TypeError(
                f"{name} is an array of dtype {array.dtype}; a checkpoint holds numbers and bools"
            )
        while name in arrays:  # {"a": {"b": x}, "a.b": y}
            name += "+"
        arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
        return {_TENSOR if isinstance(value, Tensor) else _ARRAY: name}
    if isinstance(value, Mapping):
        inside = {key: _flatten(x, f"{name}.{key}" if name else str(key), arrays) for key, x in value.items()}
        plain = all(isinstance(key, str) and not key.startswith("$") for key in inside)
        return inside if plain else {_PAIRS: [[key, x] for key, x in inside.items()]}
    if isinstance(value, (list, tuple)):
        items = [_flatten(x, f"{name}.{i}", arrays) for i, x in enumerate(value)]
        return items if isinstance(value, list) else {_TUPLE: items}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(
        f"{name or 'the state'} is a {type(value).__name__}; a checkpoint holds tensors, arrays, numbers, "
        "text, bools, None, and dicts, lists and tuples of them"
    )


def _unflatten(value: Any, array: Any) -> Any:
    """Undo `_flatten`; `array` gives the array of a name."""
    if isinstance(value, list):
        return [_unflatten(x, array) for x in value]
    if not isinstance(value, dict):
        return value
    if _TENSOR in value:
        return from_numpy(array(value[_TENSOR]))
    if _ARRAY in value:
        return array(value[_ARRAY])
    if _TUPLE in value:
        return tuple(_unflatten(x, array) for x in value[_TUPLE])
    if _PAIRS in value:
        return {key: _unflatten(x, array) for key, x in value[_PAIRS]}
    return {key: _unflatten(x, array) for key, x in value.items()}
