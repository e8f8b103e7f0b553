"""The state of an optimizer as a dictionary, and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np

from ..m01_tensor.tensor import Tensor, wrap

if TYPE_CHECKING:
    from .optimizer import Optimizer


def state_dict(optimizer: Optimizer) -> dict[str, Any]:
    """Return state and options, with numbers for the parameters (see `Optimizer.state_dict`)."""
    params = [p for group in optimizer.param_groups for p in group["params"]]
    numbers = {id(p): i for i, p in enumerate(params)}
    groups = []
    for group in optimizer.param_groups:
        packed = {name: value for name, value in group.items() if name != "params"}
        groups.append({**packed, "params": [numbers[id(p)] for p in group["params"]]})
    state = {numbers[id(p)]: dict(kept) for p, kept in optimizer.state.items() if id(p) in numbers and kept}
    return {"state": state, "param_groups": groups}


def load_state_dict(optimizer: Optimizer, given: Mapping[str, Any]) -> None:
    """Check all, then take over state and options (see `Optimizer.load_state_dict`)."""
    if not isinstance(given, Mapping):
        raise TypeError(f"expected state_dict to be dict-like, got {type(given).__name__}")
    for key in ("state", "param_groups"):
        if key not in given:
            raise KeyError(f"the state dict of an optimizer has '{key}', but this one has {list(given)}")
    groups = optimizer.param_groups
    saved = given["param_groups"]
    if len(groups) != len(saved):
        raise ValueError(
            "loaded state dict has a different number of parameter groups: "
            f"{len(saved)} instead of {len(groups)}"
        )
    params: dict[Any, Tensor] = {}
    buffers: dict[Any, tuple[str, ...]] = {}
    new_groups = []
    for i, (group, saved_group) in enumerate(zip(groups, saved, strict=True)):
        if len(group["params"]) != len(saved_group["params"]):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's "
                f"group: group {i} has {len(saved_group['params'])} instead of {len(group['params'])}"
            )
        params.update(zip(saved_group["params"], group["params"], strict=True))
        options = {name: deepcopy(value) for name, value in saved_group.items() if name != "params"}
        new_groups.append({**optimizer.defaults, **options, "params": group["params"]})
        optimizer.check_options(new_groups[-1])
        buffers.update(dict.fromkeys(saved_group["params"], optimizer.buffers(new_groups[-1])))

    state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
    for number, kept in given["state"].items():
        if number not in params:
            raise ValueError(f"loaded state dict has a state for parameter {number}, which is in no group")
        p = params[number]
        state[p] = {name: copied(value) for name, value in kept.items() if value is not None}
        for name in buffers[number]:
            shape = getattr(state[p].get(name), "shape", None)
            if name in state[p] and shape != p.shape:
                raise ValueError(
                    f"loaded state dict doesn't fit: the '{name}' of parameter {number} has shape {shape}, "
                    f"the parameter {p.shape}"
                )
    optimizer.state = state
    optimizer.param_groups = new_groups


def copied(value: Any) -> Any:
    """Copy a value of the state; arrays and numbers, as other formats keep them, become tensors."""
    if isinstance(value, Tensor):
        value = value.array
    elif isinstance(value, (int, float)):
        value = np.array(value, np.float32)
    return wrap(np.array(value, order="C")) if isinstance(value, np.ndarray) else deepcopy(value)
