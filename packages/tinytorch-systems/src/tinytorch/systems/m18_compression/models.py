"""Pruning a whole model: which weights count, one call for all of them, and how many are zero."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from tinytorch.core import Linear, Module, Tensor

from . import prune
from .masking import find_parameter, pruned_by
from .scores import array_of, check_amount, check_scores, how_many


def is_convolution(module: Module) -> bool:
    """Tell whether a module is a `Conv1d` or `Conv2d` of tinytorch.vision, without importing that."""
    vision = sys.modules.get("tinytorch.vision")  # who has a convolution has imported it
    return vision is not None and isinstance(module, (vision.Conv1d, vision.Conv2d))


def prunable(model: Module) -> list[tuple[Module, str]]:
    """Return the weights that pruning is about: of each Linear and convolution that has its own.

    Biases are few and matter. A weight that is shared with another layer, such as GPT's output with its
    token embedding, is left out: pruned in one place it would be whole in the other.

    Returns:
        Pairs of a module and "weight", as `prune.global_unstructured` takes them.
    """
    owners: Counter[Any] = Counter()
    for module in model.modules():
        owners.update(set(module.parameters(recurse=False)))
    return [
        (module, "weight")
        for module in model.modules()
        if (isinstance(module, Linear) or is_convolution(module))
        and any(name in ("weight", "weight_orig") for name, _ in module.named_parameters(recurse=False))
        and owners[find_parameter(module, "weight")] == 1
    ]


def prune_model(model: Module, amount: float | None = None, method: str = "global") -> Module:
    """Prune the weights of all Linear layers and convolutions by magnitude.

    Args:
        model: is changed; its optimizer can go on.
        amount: the share of the weights that are left to prune; not for "2:4".
        method: "global" compares all weights of the model; "layer" takes the same share of each layer;
            "channel" whole rows (outputs) of each layer but the last; "n:m" such as "2:4" keeps n of every m
            neighbours, in the layers whose inputs come in multiples of m.

    Returns:
        The model.

    Raises:
        ValueError: the method is unknown, the amount is out of range or would leave nothing, weights are
            NaN, or there are no weights to prune.
        TypeError: the amount is missing, or isn't a number.

    Examples:
        >>> model = tt.Sequential(tt.Linear(100, 100), tt.ReLU(), tt.Linear(100, 10))
        >>> _ = systems.prune_model(model, 0.9)
        >>> round(float(systems.sparsity(model)), 2)
        0.9
    """
    pairs = prunable(model)
    if not pairs:
        raise ValueError(
            f"{type(model).__name__} has no Linear layer or convolution to prune; quantize after pruning"
        )
    for module, name in pairs:  # all errors before anything is changed
        check_scores(array_of(find_parameter(module, name)), f"{type(module).__name__}.{name}")
    ratio = re.fullmatch(r"(\d+):(\d+)", method)
    if ratio:
        n, m = int(ratio[1]), int(ratio[2])
        if amount is not None:
            raise TypeError(f"{method} says how much to prune; leave out amount={amount}")
        if not 0 < n <= m:
            raise ValueError(f"{method} must keep at least 1 and at most all of a group")
        fitting = [pair for pair in pairs if find_parameter(*pair).shape[1] % m == 0]
        if not fitting:
            raise ValueError(f"no layer has inputs in multiples of {m}, so {method} fits none")
        for module, name in fitting:
            prune.n_m_structured(module, name, n, m)
        return model
    if method not in ("global", "layer", "channel"):
        raise ValueError(f'method must be "global", "layer", "channel" or n:m such as "2:4", not {method!r}')
    if amount is None:
        raise TypeError(f"method {method!r} needs an amount, the share of the weights to prune")
    check_amount(amount)
    if method == "global":
        prune.global_unstructured(pairs, prune.L1Unstructured, amount=amount)
    elif method == "layer":
        for module, name in pairs:
            how_many(amount, weights_left(module, name))
        for module, name in pairs:
            prune.l1_unstructured(module, name, amount)
    else:
        for module, name in pairs[:-1]:  # the last layer's outputs are the model's
            prune.ln_structured(module, name, amount, n=2, dim=0)
    return model


def weights_left(module: Module, name: str) -> int:
    """Return how many entries of a parameter aren't pruned."""
    if pruned_by(module, name) is None:
        return find_parameter(module, name).numel()
    return int(np.count_nonzero(array_of(getattr(module, f"{name}_mask"))))


def finish_pruning(model: Module) -> Module:
    """Make all prunings in a model final: masks go, zeros stay.

    Returns:
        The model.
    """
    for module in model.modules():
        for name in list(module.__dict__.get("_pruned", {})):
            prune.remove(module, name)
    return model


def effective_weights(model: Module) -> Iterator[tuple[Module, Any]]:
    """Give for each prunable weight of a model its module and the values that count, masked ones as zeros."""
    for module, name in prunable(model):
        values = array_of(find_parameter(module, name))
        if pruned_by(module, name) is not None:
            values = values * array_of(getattr(module, f"{name}_mask"))
        yield module, values


def sparsity(model: Module | Tensor) -> float:
    """Return the share of zeros, from 0 to 1: among the prunable weights of a model, or in a tensor.

    Examples:
        >>> float(systems.sparsity(tt.tensor([0.0, 1.0, 0.0, 0.0])))
        0.75
    """
    if isinstance(model, Tensor):
        arrays = [array_of(model)]
    else:
        arrays = [values for _, values in effective_weights(model)]
    size = sum(values.size for values in arrays)
    return 1 - sum(np.count_nonzero(values) for values in arrays) / size if size else 0.0
