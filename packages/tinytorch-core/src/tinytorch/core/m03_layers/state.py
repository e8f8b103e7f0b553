"""The state of a module as a dictionary of tensors, and back. Files are another room's business."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..m01_tensor.tensor import Tensor
from ..m01_tensor.views import mark_changed
from .attributes import BUFFER, MODULE, PARAMETER
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module


class _Keys(NamedTuple):
    missing_keys: list[str]
    unexpected_keys: list[str]


class IncompatibleKeys(_Keys):
    """The names that the state dict lacked, and those that the module doesn't have."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


def entries(module: Module, prefix: str = "") -> Iterator[tuple[str, Module, str, Tensor]]:
    """Give for each tensor of a module's state: its key, whose attribute it is, that name, itself.

    What is reached by several paths is given for each, so that a state dict can be loaded into a module
    that shares less.
    """
    for kind in (PARAMETER, BUFFER):
        for name, tensor in module._members(kind):
            if tensor is not None:
                yield prefix + name, module, name, tensor
    for name, child in module._members(MODULE):
        if child is not None:
            yield from entries(child, f"{prefix}{name}.")


def state_dict(
    module: Module, destination: dict[str, Any] | None, prefix: str, keep_vars: bool
) -> dict[str, Any]:
    """Do the work of `Module.state_dict`."""
    result = OrderedDict() if destination is None else destination
    for key, _, _, tensor in entries(module, prefix):
        result[key] = tensor if keep_vars else tensor.detach()
    return result


def load_state_dict(module: Module, given: Any, strict: bool, assign: bool) -> IncompatibleKeys:
    """Do the work of `Module.load_state_dict`: look at everything first, then change the module."""
    if not isinstance(given, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(given)}.")
    own = list(entries(module))
    expected = {key for key, _, _, _ in own}
    missing = [key for key, _, _, _ in own if key not in given]
    unexpected = [key for key in given if key not in expected]
    errors = []
    if strict and missing:
        errors.append(f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if strict and unexpected:
        errors.append(f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    matched = [(entry, given[entry[0]]) for entry in own if entry[0] in given]
    errors += [e for (key, _, _, tensor), new in matched if (e := _mismatch(key, tensor, new, assign))]
    if errors:
        listed = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t{listed}")
    for (_, owner, name, tensor), new in matched:
        if not assign:
            np.copyto(tensor.array, new.array.reshape(tensor.shape), casting="unsafe")
            mark_changed(tensor.array)
        elif isinstance(tensor, Parameter):
            if not isinstance(new, Parameter):
                new = Parameter(new, requires_grad=tensor.requires_grad)
            setattr(owner, name, new.requires_grad_(tensor.requires_grad))
        else:
            setattr(owner, name, new)
    return IncompatibleKeys(missing, unexpected)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _mismatch(key: str, tensor: Tensor, new: Any, assign: bool) -> str:
    """Say why `new` can't take the place of `tensor`, or "" if it can."""
    if not isinstance(new, Tensor):
        return f'While copying the parameter named "{key}", expected a Tensor but received {type(new)}'
    if new.shape != tensor.shape and not (new.shape == (1,) and tensor.shape == ()):
        return (
            f"size mismatch for {key}: copying a param with shape {new.shape} from checkpoint, "
            f"the shape in current model is {tensor.shape}."
        )
    if assign and tensor.requires_grad and new.dtype.kind != "f":
        return f"{key} requires a gradient, so it can't be assigned a tensor of dtype {new.dtype}"
    if not assign and not tensor.array.flags.writeable:
        return f"the memory of {key} is read-only, so nothing can be copied into it; use assign=True"
    return ""
