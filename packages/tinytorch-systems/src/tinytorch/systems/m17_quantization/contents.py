"""What a quantized model consists of, apart from the code: what goes into a file, and back into a model."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tinytorch.core import Module

from .activations import InputQuantizer
from .dtypes import DTYPES
from .holding import PARTS, buffer_name, buffers_of, held, hold, layouts
from .model import M, convert_class
from .quantized_tensor import Layout, QuantizedTensor

INPUT = "input_quantizer"
LISTED = 5  # names in a message


@dataclass
class Contents:
    """The numbers of a quantized model by the names of its parameters.

    Attributes:
        quantized: quantized parameters.
        plain: parameters and buffers that aren't.
        shared: names of what is another parameter as well, and the name of that.
        inputs: for modules whose inputs are rounded, the dimensions of a row.
        ranges: of these, scale and zero-point where they are static.
    """

    quantized: dict[str, QuantizedTensor] = field(default_factory=dict)
    plain: dict[str, Any] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def described(self) -> tuple[dict[str, Any], list[Any]]:
        """Return a description for JSON, and the arrays in its order.

        What is of one kind stands together, so that the kind is said once.
        """
        kinds: dict[str, dict[str, Any]] = {}
        for name, q in self.quantized.items():
            layout = q.layout
            axis = "" if layout.axis is None else layout.axis
            zero = int(q.zero_point is not None)
            kind = f"{layout.dtype!r},{axis},{layout.group},{q.scale.dtype.name},{zero}"
            kinds.setdefault(kind, {})[name] = layout.shape
        plain: dict[str, dict[str, Any]] = {}
        for name, x in self.plain.items():
            plain.setdefault(x.dtype.name, {})[name] = x.shape
        parts: list[Any] = []
        for name in (name for group in kinds.values() for name in group):
            q = self.quantized[name]
            parts += [q.data, q.scale, q.zero_point]
        parts += [self.plain[name] for group in plain.values() for name in group]
        parts += [x for ends in self.ranges.values() for x in ends]
        every = {"q": kinds, "p": plain, "s": self.shared, "i": self.inputs, "r": list(self.ranges)}
        return {key: value for key, value in every.items() if value}, [x for x in parts if x is not None]

    @classmethod
    def restored(cls, description: dict[str, Any], data: bytes) -> Contents:
        """Return what was described.

        Raises:
            ValueError: the description and the data don't go together.
        """
        result = cls(shared=dict(description.get("s", {})), inputs=dict(description.get("i", {})))
        place = 0

        def take(shape: tuple[int, ...], dtype: str) -> Any:
            nonlocal place
            if any(type(n) is not int or n < 0 for n in shape):
                raise ValueError(f"{shape} is no shape")
            kind = np.dtype(dtype)
            array = np.frombuffer(data, kind.newbyteorder("<"), math.prod(shape), place).reshape(shape)
            place += array.nbytes
            return array.astype(kind)  # a copy, its bytes in the order of this machine

        for kind, group in description.get("q", {}).items():
            dtype_name, axis, size, scale, zero = kind.split(",")
            dtype = DTYPES[dtype_name]
            for name, shape in group.items():
                layout = Layout(tuple(shape), dtype, int(axis) if axis else None, int(size))
                numbers = take(layout.packed, dtype.stored.name)
                scales = take(layout.scales, scale)
                zeros = take(layout.scales, dtype.numpy.name) if zero == "1" else None
                result.quantized[name] = QuantizedTensor(layout, numbers, scales, zeros)
        for dtype_name, group in description.get("p", {}).items():
            for name, shape in group.items():
                result.plain[name] = take(tuple(shape), dtype_name)
        for name in description.get("r", []):
            result.ranges[name] = (take((), "float32"), take((), "uint8"))
        if place != len(data):
            raise ValueError(f"{place} bytes are described, and there are {len(data)}")
        return result

    def names(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter and buffer, shared ones under each name."""
        shapes = {name: tuple(q.shape) for name, q in self.quantized.items()}
        shapes |= {name: x.shape for name, x in self.plain.items()}
        return shapes | {name: shapes[other] for name, other in self.shared.items()}

    def misfit(self, model: Module) -> str:
        """Say why this can't be the content of a model, or "" if it can."""
        other = contents_of(model)
        mine, theirs = self.names(), other.names()
        reasons = []
        for what, names in (
            ("the file lacks", [name for name in theirs if name not in mine]),
            ("the model lacks", [name for name in mine if name not in theirs]),
        ):
            if names:
                reasons.append(f"{what} {listed(names)}")
        wrong = [name for name in mine if name in theirs and mine[name] != theirs[name]]
        if wrong:
            reasons.append(
                f"{wrong[0]} has the shape {mine[wrong[0]]} in the file and {theirs[wrong[0]]} in the model"
            )
        theirs_only = [name for name in other.quantized if name in self.plain]
        if theirs_only and not reasons:
            reasons.append(
                f"{listed(theirs_only)} is quantized in the model, but not in the file; give the float model"
            )
        lost = [
            path for path in self.inputs if f"{path}.weight".lstrip(".") not in self.quantized | self.shared
        ]
        if lost:
            reasons.append(f"it has ranges of inputs for {listed(lost)}, which isn't quantized")
        return "; ".join(reasons)


def listed(names: list[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(names[:LISTED]) + more


def state(model: Module) -> Iterator[tuple[str, Module, str, Any]]:
    """Yield path, module, name and tensor of each parameter and saved buffer; of quantized ones the data."""
    for path, module in model.named_modules(remove_duplicate=True):
        if isinstance(module, InputQuantizer):
            continue
        hidden = {buffer_name(name, part) for name in layouts(module) for part in PARTS}
        own = [name for name in module.state_dict(keep_vars=True) if "." not in name]
        for name in (*layouts(module), *(name for name in own if name not in hidden)):
            tensor = module.__dict__[buffer_name(name, PARTS[0]) if name in layouts(module) else name]
            yield f"{path}.{name}" if path else name, module, name, tensor


def contents_of(model: Module) -> Contents:
    """Return what a model consists of; arrays share its memory."""
    result = Contents()
    first: dict[int, str] = {}
    for path, module, name, tensor in state(model):
        if id(tensor) in first:
            result.shared[path] = first[id(tensor)]
            continue
        first[id(tensor)] = path
        if name in layouts(module):
            result.quantized[path] = held(module, name)
        else:
            result.plain[path] = tensor.detach().numpy()
    for path, module in model.named_modules():
        quantizer = module.__dict__.get(INPUT)
        if isinstance(quantizer, InputQuantizer):
            result.inputs[path] = quantizer.dimensions
            if quantizer.steps is not None:
                result.ranges[path] = quantizer.steps
    return result


def copied(model: M, contents: Contents) -> M:
    """Return a copy of a model to be filled; parameters that are going to be replaced aren't copied."""
    memo: dict[int, Any] = {}
    for path, module, name, _ in state(model):
        if contents.shared.get(path, path) in contents.quantized and name not in layouts(module):
            memo[id(module.__dict__[name])] = module.__dict__[name]
    return copy.deepcopy(model, memo)


def fill(model: Module, contents: Contents) -> None:
    """Put contents into a model that they fit."""
    parts = {name: (q.layout, buffers_of(q)) for name, q in contents.quantized.items()}
    changed = []
    for path, module, name, tensor in list(state(model)):
        source = contents.shared.get(path, path)
        if source in parts:
            hold(module, name, *parts[source])
            changed.append(module)
        else:
            tensor.array = contents.plain[source].copy()
    for module in changed:
        convert_class(module)
    for path, dimensions in contents.inputs.items():
        scale, zero = contents.ranges.get(path, (None, None))
        setattr(model.get_submodule(path), INPUT, InputQuantizer(scale, zero, dimensions))
