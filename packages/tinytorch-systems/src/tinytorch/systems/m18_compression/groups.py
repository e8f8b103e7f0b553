"""Which parts of a model belong to one channel, so that they can be masked or taken away together."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tinytorch.core import Linear, Module, Tensor

from .masking import find_parameter
from .models import is_convolution
from .tracing import Trace, follow_shape


@dataclass
class Part:
    """The entries of a tensor that belong to each channel: `rows[u]` are those of channel u along `dim`."""

    module: Any  # a Module; its attributes are read by name
    name: str
    dim: int
    rows: Any  # (units, k), ints


@dataclass
class Group:
    """Channels that can be taken away one by one: what makes them, and what takes them.

    Attributes:
        label: where it is in the model.
        units: how many channels there are.
        makes: weights, biases and norms that compute a channel; masked, the channel is constant.
        takes: the weights of the layers that read it.
        decides: weights (and biases) of which a channel's being zero means that the channel is constant.
        gated: the channel is a product, so it is constant only if a factor is zero, bias included.
    """

    label: str
    units: int
    makes: list[Part] = field(default_factory=list)
    takes: list[Part] = field(default_factory=list)
    decides: list[tuple[Part, Part | None]] = field(default_factory=list)
    gated: bool = False

    def add(self, module: Module, rows: Any, decides: bool = True) -> None:
        """Add a layer that makes channels: its weight, and its bias if it has one."""
        weight, bias = Part(module, "weight", 0, rows), None
        self.makes.append(weight)
        if has(module, "bias"):
            bias = Part(module, "bias", 0, rows)
            self.makes.append(bias)
        if decides:
            self.decides.append((weight, bias))

    @property
    def layers(self) -> set[Module]:
        """The layers that take part."""
        return {part.module for part in (*self.makes, *self.takes)}


def has(module: Module, name: str) -> bool:
    """Tell whether a module has a parameter, pruned or not."""
    own = {key for key, _ in module.named_parameters(recurse=False)}
    return name in own or f"{name}_orig" in own


def each(n: int, k: int = 1) -> Any:
    """Return for each of `n` channels the numbers of its `k` neighbouring entries: (n, k)."""
    return np.arange(n * k).reshape(n, k)


def is_batch_norm(module: Module) -> bool:
    """Tell whether a module is a batch norm of tinytorch.vision, without importing that."""
    vision = sys.modules.get("tinytorch.vision")
    return vision is not None and isinstance(module, (vision.BatchNorm1d, vision.BatchNorm2d))


def find_groups(model: Module, trace: Trace) -> list[Group]:
    """Return the groups of a model: of plain chains of layers, of gated MLPs, and of attention's heads."""
    names = {module: name or type(module).__name__ for name, module in model.named_modules()}
    owners: Counter[Tensor] = Counter()
    for module in model.modules():
        owners.update(set(module.parameters(recurse=False)))
    groups = []
    for module in model.modules():
        group = attention_heads(module) or gated_mlp(module) or chain(module, trace)
        if group is None or not group.layers <= set(trace.output_of):
            continue
        group.label = names[module]
        parameters = [find_parameter(part.module, "weight") for part in group.takes + group.makes[:1]]
        if group.units > 1 and all(owners[parameter] == 1 for parameter in parameters):
            groups.append(group)
    return groups


def attention_heads(module: Module) -> Group | None:
    """Return the heads of a SelfAttention: those that share a head of keys and values go together."""
    from tinytorch.language import SelfAttention

    if not isinstance(module, SelfAttention) or type(module.c_attn) is not Linear:
        return None
    H, K, D = module.num_heads, module.num_kv_heads, module.head_dim
    queries = each(K, H // K * D)  # (K, H / K * D): rows of c_attn, and columns of c_proj
    keys, values = H * D + each(K, D), (H + K) * D + each(K, D)  # (K, D)
    group = Group("", K, takes=[Part(module.c_proj, "weight", 1, queries)])
    group.add(module.c_attn, np.concatenate([queries, keys, values], axis=1), decides=False)
    group.decides.append(
        (Part(module.c_attn, "weight", 0, values), None)
    )  # one value for all: attention averages
    return group


def gated_mlp(module: Module) -> Group | None:
    """Return the hidden features of a SwiGLU."""
    from tinytorch.language import SwiGLU

    if not isinstance(module, SwiGLU) or type(module.down_proj) is not Linear:
        return None
    n = module.down_proj.in_features
    group = Group("", n, takes=[Part(module.down_proj, "weight", 1, each(n))], gated=True)
    group.add(module.gate_proj, each(n))
    group.add(module.up_proj, each(n))
    return group


def chain(module: Any, trace: Trace) -> Group | None:
    """Return the output channels of a layer, if all that follows up to the next layers leaves them apart."""
    node = trace.output_of.get(module)
    if node is None or not has(module, "weight"):
        return None
    weight = find_parameter(module, "weight")
    if isinstance(module, Linear):
        axis = len(node.shape) - 1
    elif is_convolution(module) and module.groups == 1:
        axis = len(node.shape) - weight.ndim + 1
    else:
        return None
    units = node.shape[axis]
    group = Group("", units)
    group.add(module, each(units))
    waiting = [(node, axis, 1)]
    for node, axis, k in waiting:  # grows while it is walked
        if node in trace.ends or not trace.children[node]:
            return None  # the model's own output
        for child, position in trace.children[node]:
            place = passed(group, trace, child, position, node.shape, axis, k)
            if place is None:
                return None
            if place != ():
                waiting.append((child, *place))
    return group


def passed(
    group: Group, trace: Trace, node: Any, position: int, shape: tuple[int, ...], axis: int, k: int
) -> Any:
    """Note in a group what an operation does with its channels.

    Returns:
        Where they are afterwards (axis, k); () if they end there; None if they can't be told apart.
    """
    layer: Any = trace.layer_of.get(node)
    if layer is None:
        return follow_shape(node, shape, axis, k)
    if position != 0:
        return None
    rows = each(group.units, k)
    if isinstance(layer, Linear):
        if axis != len(shape) - 1:
            return None
        group.takes.append(Part(layer, "weight", 1, rows))
        return ()
    if is_convolution(layer) and k == 1:
        if axis != len(shape) - find_parameter(layer, "weight").ndim + 1:
            return None
        if layer.groups == 1:
            group.takes.append(Part(layer, "weight", 1, rows))
            return ()
        if layer.groups == layer.in_channels == layer.out_channels:  # each channel on its own
            group.add(layer, rows, decides=False)
            return axis, k
        return None
    if is_batch_norm(layer) and axis == (0 if len(shape) == 3 and layer.num_features == shape[0] else 1):
        for name in ("weight", "bias", "running_mean", "running_var"):
            if getattr(layer, name, None) is not None or has(layer, name):
                group.makes.append(Part(layer, name, 0, rows))
        return axis, k
    return None
