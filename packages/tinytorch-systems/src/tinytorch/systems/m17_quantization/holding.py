"""How a module holds quantized parameters: as buffers of whole numbers and scales, and nothing else.

A module is converted in place: its class changes to one whose attributes `weight`, `bias`, ... are made of
the buffers when they are read. So hooks, names, shared modules and everything else about it stay.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from tinytorch.core import Module, Parameter, from_numpy

from .quantized_tensor import Layout, QuantizedTensor

LAYOUTS = "_layouts"  # the attribute with the layout of each quantized parameter, by name
PARTS = ("data", "scale", "zero_point")


def buffer_name(parameter: str, part: str) -> str:
    """Return the name of the buffer that holds a part of a quantized parameter."""
    return f"{parameter}_{part}"


def layouts(module: Module) -> dict[str, Layout]:
    """Return the layouts of a module's own quantized parameters, by name."""
    found: dict[str, Layout] = module.__dict__.get(LAYOUTS, {})
    return found


def held(module: Module, name: str) -> QuantizedTensor:
    """Return a quantized parameter of a module; it shares the buffers' memory."""
    own = module.__dict__
    zero = own.get(f"{name}_zero_point")
    parts = (own[f"{name}_data"].array, own[f"{name}_scale"].array, None if zero is None else zero.array)
    return QuantizedTensor.trusted(own[LAYOUTS][name], *parts)


def buffers_of(quantized: QuantizedTensor) -> dict[str, Any]:
    """Return the parts of a quantized tensor as tensors that share its memory."""
    arrays = (quantized.data, quantized.scale, quantized.zero_point)
    return {p: from_numpy(np.asarray(a)) for p, a in zip(PARTS, arrays, strict=True) if a is not None}


def hold(module: Module, name: str, layout: Layout, parts: dict[str, Any]) -> None:
    """Put a quantized parameter where a parameter, or another quantized one, was.

    Modules that share it are given the same `parts`.
    """
    if name in layouts(module):
        for part in PARTS:
            if buffer_name(name, part) in module.__dict__:
                delattr(module, buffer_name(name, part))
    else:
        delattr(module, name)
    module.__dict__[LAYOUTS] = {**layouts(module), name: layout}
    for part, tensor in parts.items():
        module.register_buffer(buffer_name(name, part), tensor)


class Holder:
    """Marks the classes of modules with quantized parameters."""


def reader(name: str, read: Any) -> property:
    """Return an attribute that hides the parameter of that name and may be made of it."""
    return property(read, fdel=lambda module: module.__dict__.pop(name, None), doc="Real numbers.")


@cache
def holder_of(kind: Any, names: tuple[str, ...]) -> type[Module]:
    """Return a subclass of any module's class that reads some parameters through `dequantize`.

    It computes what the class computes, with real numbers that are made when needed and then forgotten.
    """

    def reading(name: str) -> Any:
        return lambda module: (
            held(module, name).dequantize() if name in layouts(module) else module.__dict__[name]
        )

    readers = {name: reader(name, reading(name)) for name in names}
    return type(f"Quantized{kind.__name__}", (Holder, kind), {"__doc__": kind.__doc__, **readers})


def is_parameter(module: Module, name: str) -> bool:
    """Tell whether a module has a parameter of this name, neither None nor quantized."""
    return isinstance(module.__dict__.get(name), Parameter)
