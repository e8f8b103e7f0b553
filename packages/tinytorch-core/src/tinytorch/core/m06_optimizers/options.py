"""The options of optimizers: their checks, and the effect of those that all have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from ..m01_tensor.tensor import wrap
from .chunks import scratch

Group: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, Any]
Update: TypeAlias = Callable[..., None]

_CALLED = {"lr": "learning rate", "eps": "epsilon value"}  # what PyTorch calls them in its messages


def check_not_negative(options: Mapping[str, Any], *names: str) -> None:
    """Raise an error if one of the named options isn't a number of at least 0.

    Raises:
        TypeError: it isn't a number.
        ValueError: it is negative or nan.
    """
    for name in names:
        check_range(_CALLED.get(name, f"{name} value"), options[name])


def check_betas(options: Mapping[str, Any]) -> None:
    """Raise an error if `betas` isn't a pair of numbers from 0 up to, but not including, 1.

    Raises:
        TypeError: it isn't a pair of numbers.
        ValueError: one of them is out of range.
    """
    betas = options["betas"]
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise TypeError(f"betas must be a pair of numbers, got {betas!r}")
    for i, beta in enumerate(betas):
        check_range(f"beta parameter at index {i}", beta, below=1)


def check_range(called: str, value: Any, below: float = math.inf) -> None:
    """Raise an error if `value` isn't a number from 0 up to, but not including, `below`."""
    if not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"Invalid {called}: expected a number, got {type(value).__name__} {value!r}")
    if not 0 <= value < below:
        raise ValueError(f"Invalid {called}: {value}")


def with_options(group: Group, update: Update) -> Update:
    """Put the effect of `maximize`, `weight_decay` and `decoupled_weight_decay` before an update."""
    maximize, decay = group.get("maximize"), group.get("weight_decay")
    if not maximize and not decay:
        return update
    decoupled = decay and group.get("decoupled_weight_decay")
    keep = 1 - group["lr"] * decay if decoupled else 1

    def adjusted(p: Any, g: Any, *buffers: Any) -> None:
        tmp = scratch(p, "gradient")
        if decoupled:
            np.multiply(p, keep, out=p)  # p = p - lr * decay * p
        elif decay:
            np.multiply(p, decay, out=tmp)  # g = g + decay * p, where g is minus the gradient to maximize
            g = np.subtract(tmp, g, out=tmp) if maximize else np.add(tmp, g, out=tmp)
        if maximize and (decoupled or not decay):
            g = np.negative(g, out=tmp)
        update(p, g, *buffers)

    return adjusted


def count_step(state: State) -> int:
    """Count the steps of a parameter in its state, in PyTorch's form, and return the new count."""
    if "step" not in state:
        state["step"] = wrap(np.zeros((), np.float32))
    step = state["step"].array
    step += 1
    return int(step)


def average(mean: Any, x: Any, beta: float, tmp: Any) -> None:
    """Let a running mean forget a little and take in `x`: `mean = beta * mean + (1 - beta) * x`."""
    np.multiply(mean, beta, out=mean)
    np.multiply(x, 1 - beta, out=tmp)
    np.add(mean, tmp, out=mean)
