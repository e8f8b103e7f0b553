"""Structured pruning: mask whole channels, then build the model again without them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from tinytorch.core import Module, Parameter, from_numpy, no_grad

from . import prune
from .groups import Group, Part, find_groups, has
from .low_rank import LowRankLinear
from .masking import find_parameter, pruned_by
from .models import finish_pruning, is_convolution
from .scores import array_of, check_amount, check_scores, smallest
from .tracing import Trace, as_inputs, tensors_in

NOTHING = (
    "no layer's channels can be taken away: they all reach the output, are added to others, or go through "
    "something that mixes them"
)


def prune_channels(
    model: Module, amount: float, example_inputs: Any = None, *, heads: float | None = None
) -> Module:
    """Mask the least important channels of a model, so that `shrink` can take them away.

    Channels are the outputs of Linear layers and convolutions, hidden features of MLPs, and heads of a
    GPT's attention (those that share keys and values together). Layers whose outputs are added to others, as
    in a residual path, or are the model's, keep all. A channel is masked wherever it is computed, in weights,
    biases and batch norms, and its importance is the norm of what makes it times the norm of what takes it.

    Args:
        model: is changed; train on afterwards.
        amount: the share of the channels of each layer that are left to prune; each keeps at least one.
        example_inputs: what the model is called with: a tensor, or a tuple of arguments. Not needed if the
            model begins with a Linear layer or an embedding.
        heads: the share of the heads of each attention, if it is another than `amount`; 0 leaves them all.

    Returns:
        The model.

    Raises:
        ValueError: an amount is out of range or would leave nothing, weights are NaN, or there are no
            channels to prune.
        TypeError: an amount isn't a number, or example_inputs are needed.
    """
    for share in (amount, amount if heads is None else heads):
        check_amount(
            float(share) if isinstance(share, (int, float)) and not isinstance(share, bool) else share
        )
    groups = find_groups(model, Trace(model, as_inputs(model, example_inputs)))
    if not groups:
        raise ValueError(NOTHING)
    chosen = []
    for group in groups:
        alive = np.flatnonzero(~masked_units(group))
        share = heads if heads is not None and len(group.makes[0].rows[0]) > 1 else amount
        count = min(round(share * alive.size), alive.size - 1)  # each layer keeps one
        chosen.append(alive[smallest(importance(group)[alive], count)])
    for group, gone in zip(groups, chosen):
        if gone.size:
            mask_units(group, gone)
    return model


def effective(part: Part) -> Any:
    """Return the values of a part's tensor, with zeros where they are masked."""
    if not has(part.module, part.name):
        return array_of(getattr(part.module, part.name))  # a buffer
    values = array_of(find_parameter(part.module, part.name))
    if pruned_by(part.module, part.name) is not None:
        values = values * array_of(getattr(part.module, f"{part.name}_mask"))
    return values


def of_units(part: Part) -> Any:
    """Return the values that belong to each channel: (units, n)."""
    values = np.moveaxis(effective(part), part.dim, 0)[part.rows]
    return values.reshape(len(part.rows), -1)


def masked_units(group: Group) -> Any:
    """Return for each channel whether it is the same for every input, because what makes it is zero."""
    dead = np.zeros(group.units, bool)
    for weight, bias in group.decides:
        zero = ~of_units(weight).any(axis=1)
        if group.gated and bias is not None:
            zero &= ~of_units(bias).any(axis=1)
        dead |= zero
    return dead


def importance(group: Group) -> Any:
    """Return how much each channel matters: (units)."""
    result = np.ones(group.units)
    for part in (*group.makes, *group.takes):
        values = of_units(part).astype(np.float64)
        check_scores(values, f"{group.label}: {type(part.module).__name__}.{part.name}")
        if part.name == "weight":
            result *= np.sqrt((values * values).sum(axis=1))
        elif part.name == "running_var":  # a batch norm undoes the size of what comes before it
            result /= np.sqrt(values[:, 0] + part.module.eps)
    return result


def mask_units(group: Group, units: Any) -> None:
    """Mask everything that makes some channels."""
    for part in group.makes:
        if has(part.module, part.name):
            mask = np.ones(find_parameter(part.module, part.name).shape, np.float32)
            np.moveaxis(mask, part.dim, 0)[part.rows[units].ravel()] = 0
            prune.custom_from_mask(part.module, part.name, from_numpy(mask))


def shrink(model: Module, example_inputs: Any = None) -> Module:
    """Return a smaller model that computes the same: without the channels that `prune_channels` masked.

    Any channel goes whose weights are all zero, masked or not. Where its value isn't zero but a constant (a
    bias remained), the constant is added to the bias of what reads it. The result is compared with the
    model's on the example before it is returned.

    Args:
        model: stays as it is.
        example_inputs: as of `prune_channels`.

    Returns:
        A copy with fewer channels, and all prunings final. Make a new optimizer for it.

    Raises:
        ValueError: a constant can't be moved past the zeros around a convolution's input; or there are no
            channels that could be taken away.
        TypeError: example_inputs are needed.
    """
    inputs = as_inputs(model, example_inputs)
    small = finish_pruning(copy.deepcopy(model))
    trace = Trace(small, inputs)
    groups = find_groups(small, trace)
    if not groups:
        raise ValueError(NOTHING)
    removals = []
    for group in groups:
        dead = masked_units(group)
        for part in group.takes:
            dead &= constant_units(part, trace)
        if dead.all():
            dead[0] = False  # a layer needs one
        if dead.any():
            removals.append((group, np.flatnonzero(dead)))
    for group, units in removals:  # all constants first, while the trace is still of this model
        for part in group.takes:
            move_constants(group, part, units, trace)
    for group, units in removals:
        for part in (*group.makes, *new_biases(group), *group.takes):
            remove_rows(part, part.rows[units].ravel())
    for layer in {module for group, _ in removals for module in group.layers}:
        update_sizes(layer)
    update_blocks(small)
    check_same(trace, small, inputs)
    return small


def seen_by(part: Part, trace: Trace) -> Any:
    """Return what a layer got on the example, channels last: (rows, channels)."""
    x = trace.input_of[part.module]
    axis = x.ndim - 1 if not is_convolution(part.module) else x.ndim - part.module.weight.ndim + 1
    x = np.moveaxis(x, axis, -1)
    return x.reshape(-1, x.shape[-1])


def constant_units(part: Part, trace: Trace) -> Any:
    """Return for each channel whether a layer got the same value in all places of the example: (units)."""
    x = seen_by(part, trace)
    if not x.size:
        return np.ones(len(part.rows), bool)
    spread, size = np.ptp(x, axis=0), np.abs(x).max(axis=0)
    return (spread <= 1e-5 * size)[part.rows].all(axis=1)


def move_constants(group: Group, part: Part, units: Any, trace: Trace) -> None:
    """Add to a layer's bias what the channels that go contribute to it, always the same."""
    columns = part.rows[units].ravel()
    x, layer = seen_by(part, trace), part.module
    if not x.size or not x[:, columns].any():
        return
    padded = layer.padding != "valid" and any(layer.padding) if is_convolution(layer) else False
    if padded:
        raise ValueError(
            f"{group.label} has channels that are constant but not zero, and the next convolution puts zeros "
            "around them, so no bias can stand for them; mask the biases too, as prune_channels does"
        )
    weight = array_of(layer.weight)[:, columns]
    added = np.tensordot(weight.reshape(*weight.shape[:2], -1).sum(axis=2), x[:, columns].mean(axis=0), 1)
    with no_grad():
        if layer.bias is None:
            layer.bias = Parameter(from_numpy(added.astype(weight.dtype)))
        else:
            layer.bias.copy_(layer.bias + from_numpy(added.astype(weight.dtype)))


def new_biases(group: Group) -> list[Part]:
    """Return the biases that layers of a group didn't have when it was found, but have for constants."""
    known = {part.module for part in group.makes if part.name == "bias"}
    makers = [part for part in group.makes if part.name == "weight" and part.module not in known]
    return [Part(part.module, "bias", 0, part.rows) for part in makers if has(part.module, "bias")]


def remove_rows(part: Part, rows: Any) -> None:
    """Take entries out of a parameter or buffer."""
    old = getattr(part.module, part.name)
    values = from_numpy(np.ascontiguousarray(np.delete(array_of(old), rows, axis=part.dim)))
    new = Parameter(values, requires_grad=old.requires_grad) if isinstance(old, Parameter) else values
    setattr(part.module, part.name, new)


def update_sizes(layer: Any) -> None:
    """Let a layer's numbers say what its weights are."""
    shape = layer.weight.shape if layer.weight is not None else layer.running_mean.shape
    if hasattr(layer, "num_features"):
        layer.num_features = shape[0]
    elif is_convolution(layer):
        layer.groups = 1 if layer.groups == 1 else shape[0]
        layer.out_channels, layer.in_channels = shape[0], shape[1] * layer.groups
    else:
        layer.out_features, layer.in_features = shape


def update_blocks(model: Module) -> None:
    """Let what is made of several layers know their sizes: heads of attention, ranks of products."""
    from tinytorch.language import SelfAttention

    for module in model.modules():
        if isinstance(module, SelfAttention):
            D, shared = module.head_dim, module.num_heads // module.num_kv_heads
            module.num_heads = module.c_proj.in_features // D
            module.num_kv_heads = module.num_heads // shared
        elif isinstance(module, LowRankLinear):
            module.in_features, module.out_features = module.first.in_features, module.second.out_features
            module.rank = module.first.out_features


def check_same(trace: Trace, small: Module, inputs: tuple[Any, ...]) -> None:
    """Raise an error unless a model gives what another gave.

    Raises:
        RuntimeError: it doesn't, so the layers aren't connected as they seemed to be.
    """
    modes = [(module, module.training) for module in small.modules()]
    with no_grad():
        results = [array_of(t) for t in tensors_in(small.eval()(*inputs))]
    for module, training in modes:
        module.training = training
    for before, after in zip(trace.result, results, strict=True):
        size = float(np.abs(before).max()) if before.size else 0.0
        if before.shape != after.shape or not np.allclose(
            before, after, rtol=1e-4, atol=1e-4 * max(size, 1e-6)
        ):
            raise RuntimeError(
                f"the smaller {type(small).__name__} computes something else on the example; it does more "
                "with its layers than autograd's graph shows"
            )
