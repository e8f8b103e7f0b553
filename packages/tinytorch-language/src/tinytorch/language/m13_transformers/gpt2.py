"""Reading the checkpoints of GPT-2.

Their layers are `Conv1D`: a matrix of shape (in, out), the transpose of `Linear`'s. And they hold the causal
mask as buffers, which aren't weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy

from .config import GPTConfig

PREFIX = "transformer."
TRANSPOSED = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
MASKS = (".attn.bias", ".attn.masked_bias")
HEAD = "lm_head.weight"
TABLE = "transformer.wte.weight"


def converted(state_dict: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return the weights of a GPT-2 checkpoint under our names and in our layout."""
    result = {}
    for name, value in state_dict.items():
        if name.endswith(MASKS):
            continue
        array = np.array(value, np.float32)
        if name.endswith(TRANSPOSED):
            array = np.ascontiguousarray(array.T)
        key = name if name.startswith((PREFIX, "lm_head.")) else PREFIX + name
        result[key] = from_numpy(array)
    if HEAD not in result and TABLE in result:
        result[HEAD] = result[TABLE]  # a tied head isn't always written out
    return result


def config_of(state_dict: Mapping[str, Any], n_head: int | None) -> GPTConfig:
    """Return the config that a GPT-2 checkpoint fits."""
    shapes = {name.removeprefix(PREFIX): tuple(value.shape) for name, value in state_dict.items()}
    missing = [name for name in ("wte.weight", "wpe.weight", "ln_f.weight") if name not in shapes]
    if missing:
        raise RuntimeError(f"this is no checkpoint of GPT-2: {', '.join(missing)} is missing")
    vocab_size, width = shapes["wte.weight"]
    blocks = {name.split(".")[1] for name in shapes if name.startswith("h.")}
    return GPTConfig(
        block_size=shapes["wpe.weight"][0],
        vocab_size=vocab_size,
        n_layer=len(blocks),
        n_head=max(1, width // 64) if n_head is None else n_head,
        n_embd=width,
        bias="ln_f.bias" in shapes,
    )
