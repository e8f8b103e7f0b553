"""Making a fresh model like a compressed one: smaller layers, thin products, shared weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from tinytorch.core import Linear, Module, Parameter, Tensor, from_numpy, zeros

from .channels import update_blocks, update_sizes
from .low_rank import LowRankLinear
from .sharing import Sharing


def layers_of(model: Module) -> dict[str, Any]:
    """Return, by a layer's name, what `rebuild` must know of it beside the shapes."""
    found: dict[str, Any] = {}
    for name, module in model.named_modules():
        if isinstance(module, LowRankLinear):
            found[name] = {
                "rank": module.rank,
                "error": module.error,
                "spectral_error": module.spectral_error,
            }
        for parameter, sharing in module.__dict__.get("_shared", {}).items():
            found[name] = {"shared": parameter, "shape": list(sharing.shape), "bits": sharing.bits}
    return found


def rebuild(model: Module, values: Mapping[str, Tensor], layers: Mapping[str, Any]) -> Module:
    """Change a model's layers so that values of other sizes fit, and put these in.

    Args:
        model: is changed; of the architecture that was compressed.
        values: the state of the compressed model.
        layers: what `layers_of` said of that.

    Returns:
        The model.

    Raises:
        ValueError: a layer is of another kind or larger than the model's, or heads aren't whole.
        RuntimeError: names or sizes don't match.
    """
    shapes = {name: value.shape for name, value in values.items()}
    for name, what in layers.items():
        if "rank" in what:
            model = with_low_rank(model, name, what)
        else:
            shapes[dotted(name, what["shared"])] = tuple(what["shape"])
    for name, module in model.named_modules():
        changed = False
        for key in ("weight", "bias", "running_mean", "running_var"):
            shape = shapes.get(dotted(name, key))
            if shape is not None and hasattr(module, key):
                changed |= fit(module, key, shape, dotted(name, key))
        if changed:
            update_sizes(module)
    update_blocks(model)
    for name, what in layers.items():
        if "shared" in what:
            key = dotted(name, what["shared"])
            sharing = Sharing(what["shared"], shapes[key], int(what["bits"]))
            sharing.attach(model.get_submodule(name), values[f"{key}_codebook"], values[f"{key}_indices"])
    check_heads(model)
    model.load_state_dict(values)
    return model


def dotted(path: str, name: str) -> str:
    """Return the name in a state dict of a module's own tensor."""
    return f"{path}.{name}" if path else name


def with_low_rank(model: Module, name: str, what: Mapping[str, Any]) -> Module:
    """Put a product of two matrices in the place of a Linear layer."""
    old = model.get_submodule(name)
    if not isinstance(old, Linear):
        raise ValueError(f"{name} is a {type(old).__name__}, so it can't be a LowRankLinear")
    thin = LowRankLinear(
        old.in_features, old.out_features, int(what["rank"]), old.bias is not None, dtype=old.weight.dtype
    ).train(old.training)
    thin.error, thin.spectral_error = float(what["error"]), float(what["spectral_error"])
    if not name:
        return thin
    path, _, own = name.rpartition(".")
    model.get_submodule(path).register_module(own, thin)
    return model


def fit(module: Module, key: str, shape: tuple[int, ...], name: str) -> bool:
    """Give a module's tensor a size; return whether it had another.

    Raises:
        ValueError: it is larger than the tensor, or has other dimensions.
    """
    old = getattr(module, key)
    if old is None:  # `shrink` gave the layer a bias for constants
        module.register_parameter(key, Parameter(zeros(*shape)))
        return False
    if old.shape == shape:
        return False
    if old.ndim != len(shape) or any(new > had for new, had in zip(shape, old.shape)):
        raise ValueError(f"{name} is of shape {shape} in the file, and of {old.shape} in the model")
    empty = from_numpy(np.zeros(shape, old.dtype))
    setattr(module, key, Parameter(empty, old.requires_grad) if isinstance(old, Parameter) else empty)
    return True


def check_heads(model: Module) -> None:
    """Raise an error unless each attention's layers are of whole heads."""
    from tinytorch.language import SelfAttention

    for name, module in model.named_modules():
        if isinstance(module, SelfAttention):
            H, K, D = module.num_heads, module.num_kv_heads, module.head_dim
            if K < 1 or module.c_proj.in_features != H * D or module.c_attn.out_features != (H + 2 * K) * D:
                raise ValueError(f"{name} isn't made of whole heads of {D} features")
