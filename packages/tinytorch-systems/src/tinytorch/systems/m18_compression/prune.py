"""Pruning of single parameters, with the names of `torch.nn.utils.prune`.

    from tinytorch.systems import prune

    prune.l1_unstructured(layer, "weight", amount=0.5)   # layer.weight = weight_orig * weight_mask
    ... train on ...
    prune.remove(layer, "weight")                        # final: layer.weight has zeros in it

Every function changes the module and returns it. A share counts what is left: 0.5 twice leaves a quarter.
`layer.weight` is computed anew before each forward, so after an optimizer's step it is the one of the last
forward until the next. What differs from PyTorch: pruning everything (`amount=1.0`) is an error, and so are
NaN weights; `copy.deepcopy` works; `n_m_structured` is new.

Source: https://docs.pytorch.org/docs/stable/nn.html#utilities
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor, from_numpy

from .masking import BasePruningMethod, PruningContainer, find_parameter, pruned_by
from .pruning_methods import (
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    NMStructured,
    RandomStructured,
    RandomUnstructured,
)
from .scores import array_of, check_scores

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "NMStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "n_m_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


def identity(module: Module, name: str) -> Module:
    """Give a parameter a mask of ones, without pruning anything.

    Raises:
        AttributeError: the module has no parameter of this name.
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prune entries at random.

    Args:
        module: whose parameter it is.
        name: the parameter's name in the module, such as "weight".
        amount: how many, or which share of those that are left.

    Raises:
        AttributeError: the module has no parameter of this name.
        ValueError: `amount` is out of range, or nothing would be left.
        TypeError: `amount` isn't a number.
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(
    module: Module, name: str, amount: float, importance_scores: Tensor | None = None
) -> Module:
    """Prune the entries with the smallest magnitudes.

    Args:
        module: whose parameter it is.
        name: the parameter's name in the module, such as "weight".
        amount: how many, or which share of those that are left.
        importance_scores: whose magnitudes count, of the parameter's shape; left out, the parameter's own.

    Raises:
        AttributeError: the module has no parameter of this name.
        ValueError: `amount` is out of range, nothing would be left, or weights are NaN.
        TypeError: `amount` isn't a number.
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prune channels at random.

    Args:
        module: whose parameter it is.
        name: the parameter's name in the module, such as "weight".
        amount: how many channels, or which share of those that are left.
        dim: the dimension that the channels are numbered by: 0 is the outputs, 1 the inputs.

    Raises:
        AttributeError: the module has no parameter of this name.
        ValueError: `amount` is out of range, nothing would be left, or the parameter has one dimension.
        IndexError: the parameter has no dimension `dim`.
        TypeError: `amount` isn't a number.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prune the channels with the smallest norms.

    Args:
        module: whose parameter it is.
        name: the parameter's name in the module, such as "weight".
        amount: how many channels, or which share of those that are left.
        n: the norm that they are judged by: a number, inf, -inf or "fro".
        dim: the dimension that the channels are numbered by: 0 is the outputs, 1 the inputs.
        importance_scores: whose norms count, of the parameter's shape; left out, the parameter's own.

    Raises:
        AttributeError: the module has no parameter of this name.
        ValueError: `amount` or `n` is out of range, nothing would be left, weights are NaN, or the
            parameter has one dimension.
        IndexError: the parameter has no dimension `dim`.
        TypeError: `amount` isn't a number.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def n_m_structured(
    module: Module,
    name: str,
    n: int = 2,
    m: int = 4,
    dim: int = 1,
    importance_scores: Tensor | None = None,
) -> Module:
    """Keep the `n` largest of every `m` neighbours. PyTorch has no such function here.

    Args:
        module: whose parameter it is.
        name: the parameter's name in the module, such as "weight".
        n: how many of a group are kept.
        m: how many make a group.
        dim: along which they are neighbours; 1 is the inputs.
        importance_scores: whose magnitudes count, of the parameter's shape; left out, the parameter's own.

    Raises:
        AttributeError: the module has no parameter of this name.
        ValueError: n:m is out of range, or the dimension isn't a multiple of `m`.
        TypeError: `n` or `m` isn't an int.

    Source: Mishra et al., "Accelerating sparse deep neural networks", arXiv:2104.08378
    """
    NMStructured.apply(module, name, n, m, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune where a mask is zero.

    Args:
        module: whose parameter it is.
        name: the parameter's name in the module, such as "weight".
        mask: of the parameter's shape, zeros and ones or bools.

    Raises:
        AttributeError: the module has no parameter of this name.
        ValueError: the mask has another shape or other values.
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if they were one: each layer loses what is least important overall.

    Args:
        parameters: pairs of a module and a parameter's name in it.
        pruning_method: `L1Unstructured` or `RandomUnstructured`.
        importance_scores: for each pair whose magnitudes count; left out, the parameter's own.
        kwargs: for the method, such as `amount`.

    Raises:
        AttributeError: a module has no parameter of that name.
        ValueError: `amount` is out of range, nothing would be left, weights are NaN, or no parameters or
            one twice are given.
        TypeError: the method prunes channels, or the arguments aren't pairs.

    Warns:
        UserWarning: a layer has lost all its weights.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable of pairs (module, name)")
    if importance_scores is not None and not isinstance(importance_scores, Mapping):
        raise TypeError("global_unstructured(): importance_scores must be a dict by (module, name)")
    pairs = list(parameters)
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            f'Only "unstructured" PRUNING_TYPE supported, but {pruning_method.__name__} is '
            f'"{method.PRUNING_TYPE}": channels of different layers can\'t be compared'
        )
    found = [find_parameter(module, name) for module, name in pairs]
    if not found:
        raise ValueError("global_unstructured(): there are no parameters to prune")
    if len(set(found)) < len(found):
        raise ValueError("global_unstructured(): a parameter is given twice; pass each once, tied ones too")
    scores, masks = [], []
    for (module, name), parameter in zip(pairs, found):
        before = pruned_by(module, name)
        mask = np.ones(parameter.shape) if before is None else array_of(getattr(module, f"{name}_mask"))
        own = array_of(parameter) * mask
        given = None if importance_scores is None else importance_scores.get((module, name))
        score = own if given is None else array_of(given)
        if score.shape != own.shape:
            raise ValueError(f"importance_scores must have {name}'s shape, {own.shape}, not {score.shape}")
        check_scores(score, f"{type(module).__name__}.{name}")
        scores.append(score.ravel())
        masks.append(mask.ravel())
    method._tensor_name = "all"
    together = from_numpy(np.concatenate(masks))
    mask = array_of(PruningContainer(method).compute_mask(from_numpy(np.concatenate(scores)), together))
    for (module, name), parameter in zip(pairs, found):
        part, mask = mask[: parameter.numel()], mask[parameter.numel() :]
        if part.size and not part.any():
            warnings.warn(
                f"{type(module).__name__}.{name} of shape {parameter.shape} has lost all its weights: the "
                "network's output no longer depends on its input there; prune less, or layer by layer",
                stacklevel=2,
            )
        custom_from_mask(module, name, from_numpy(part.reshape(parameter.shape)))


def remove(module: Module, name: str) -> Module:
    """Make the pruning of a parameter final: it is a parameter again, with zeros in it. Nothing is undone.

    Raises:
        ValueError: the parameter isn't pruned.
    """
    method = pruned_by(module, name)
    if method is None:
        raise ValueError(
            f"Parameter '{name}' of module {type(module).__name__} has to be pruned before pruning can be "
            "removed"
        )
    method.remove(module)
    return module


def is_pruned(module: Module) -> bool:
    """Tell whether a parameter of the module, or of one in it, is pruned and the pruning isn't final."""
    return any(m.__dict__.get("_pruned") for m in module.modules())
