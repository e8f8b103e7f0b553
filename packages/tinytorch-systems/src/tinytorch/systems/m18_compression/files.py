"""Files for compressed models: safetensors in which zeros take no room, and which know the layers' sizes."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save
from tinytorch.core import Module

from .._files import PathLike, write_bytes
from .masking import pruned_by
from .rebuilding import layers_of, rebuild
from .scores import array_of
from .sparse import PARTS, SparseTensor

KIND = "tinytorch-compressed"


def save_compressed(model: Module, path: PathLike) -> int:
    """Write a model to a safetensors file that is as small as its zeros allow.

    Each tensor is stored as `SparseTensor` chooses, a pruned one with its zeros, one with two names once,
    shared weights as codebook and packed numbers. If the file is there already and differs, the old one is
    kept beside it, as `name.bak`, `name.bak2` and so on.

    Args:
        model: what `load_compressed` will return. Pruning needn't be final, but is in the file.
        path: the file.

    Returns:
        The size of the file in bytes.

    Raises:
        OSError: it can't be written; then the old file is as it was.
        ValueError: weights that two layers share are pruned in one of them only.
    """
    arrays: dict[str, Any] = {}
    tensors: dict[str, Any] = {}
    first_name: dict[int, str] = {}
    for name, key, array in named_arrays(model):
        if key in first_name:
            tensors[name] = {"same_as": first_name[key]}
            continue
        first_name[key] = name
        stored = SparseTensor(array)
        tensors[name] = {"format": stored.format, "shape": list(stored.shape), "dtype": str(stored.dtype)}
        for part, values in stored.parts.items():
            arrays[part_name(name, stored.format, part)] = values
    about = {"kind": KIND, "version": 1, "tensors": tensors, "layers": layers_of(model)}
    data = save(arrays, {KIND: json.dumps(about)})
    write_bytes(path, data)
    return len(data)


def named_arrays(model: Module) -> list[tuple[str, int, Any]]:
    """Return what a model's state is: each name, whose memory it is, and the values that count."""
    found = []
    owners = dict(model.named_modules(remove_duplicate=False))
    for name, tensor in model.state_dict(keep_vars=True).items():
        path, _, own = name.rpartition(".")
        owner, plain = owners[path], own.removesuffix("_orig").removesuffix("_mask")
        if pruned_by(owner, plain) is None:
            found.append((name, id(tensor), array_of(tensor)))
        elif own.endswith("_orig"):
            if pruned_alone(tensor, owners):
                raise ValueError(
                    f"{path}.{plain} is pruned, but the same weights are used elsewhere as they are; a file "
                    "can hold them only once: call finish_pruning(model) first, or prune both"
                )
            masked = array_of(tensor) * array_of(getattr(owner, f"{plain}_mask"))
            found.append((name.removesuffix("_orig"), id(tensor), masked))
    return found


def pruned_alone(parameter: Any, owners: dict[str, Module]) -> bool:
    """Tell whether a pruned parameter is also used without its mask, or under another one."""
    masks: list[Any] = []
    for module in set(owners.values()):
        for name, own in module.named_parameters(recurse=False):
            if own is parameter:
                mask = f"{name.removesuffix('_orig')}_mask"
                masks.append(array_of(getattr(module, mask)) if name.endswith("_orig") else None)
    return any(mask is None or not np.array_equal(mask, masks[0]) for mask in masks)


def part_name(name: str, format: str, part: str) -> str:
    """Return the name in the file of one of a tensor's arrays."""
    return name if format == "dense" else f"{name}#{part}"


def load_compressed(path: PathLike, model: Module) -> Module:
    """Return a model as it was saved by `save_compressed`.

    Args:
        path: the file.
        model: one of the same architecture, before it was compressed; it stays as it is. Layers become as
            small, of as low a rank, and shared as they are in the file.

    Returns:
        A copy of the model with the file's sizes and values; `eval()` and `train()` as in `model`.

    Raises:
        OSError: there is no such file, or it can't be read.
        ValueError: the file is damaged, was written by something else, or belongs to another architecture.
    """
    data = Path(path).read_bytes()
    try:
        arrays = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        about = json.loads(header.get("__metadata__", {})[KIND])
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{os.fspath(path)} is cut off, damaged, or not a safetensors file: {error}"
        ) from None
    except KeyError:
        raise ValueError(f"{os.fspath(path)} wasn't written by save_compressed") from None
    version = about.get("version") if isinstance(about, dict) else None
    if version != 1:
        raise ValueError(f"{os.fspath(path)} has version {version}; this tinytorch reads version 1")
    try:
        values: dict[str, Any] = {}
        for name, entry in about["tensors"].items():
            if "same_as" in entry:
                values[name] = values[entry["same_as"]]
                continue
            form = entry["format"]
            parts = {part: arrays[part_name(name, form, part)] for part in PARTS.get(form, ())}
            stored = SparseTensor.from_parts(form, tuple(entry["shape"]), entry["dtype"], parts)
            values[name] = stored.to_dense()
        return rebuild(copy.deepcopy(model), values, about["layers"])
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{os.fspath(path)} doesn't fit {type(model).__name__}: {error}") from error
