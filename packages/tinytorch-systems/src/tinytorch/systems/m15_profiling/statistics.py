"""The result of a summary: a row for each layer, and the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .text import byte_size, grid


@dataclass
class LayerInfo:
    """A module of a model.

    Attributes:
        name: its name in the module that it is part of.
        path: its name in the model; "" for the model itself.
        class_name: its class.
        depth: 0 for the model, 1 for its parts, and so on.
        input_size: the shape of the first tensor that it was called with; None if it wasn't called.
        output_size: the shape of the first tensor that it returned, in its last call.
        calls: how often it was called.
        num_params: the parameters in it and its parts; each counts once, also if it has several names.
        own_params: those of its own.
        trainable_params: of `num_params`, those that require a gradient.
        mult_adds: multiply-adds of its operations and its parts', all calls together: half the FLOPs of their
            products, and the biases that are added to these.
        output_bytes: of what it returned, all calls together.
        is_leaf: whether it has no parts.
    """

    name: str
    path: str
    class_name: str
    depth: int
    input_size: tuple[int, ...] | None = None
    output_size: tuple[int, ...] | None = None
    calls: int = 0
    num_params: int = 0
    own_params: int = 0
    trainable_params: int = 0
    mult_adds: int = 0
    output_bytes: int = 0
    is_leaf: bool = True


COLUMNS: dict[str, tuple[str, Any]] = {
    "input_size": ("Input Shape", lambda x: _shape(x.input_size)),
    "output_size": ("Output Shape", lambda x: _shape(x.output_size)),
    "num_params": ("Param #", lambda x: _number(x.num_params if x.is_leaf else x.own_params)),
    "trainable": ("Trainable", lambda x: _trainable(x)),
    "mult_adds": ("Mult-Adds", lambda x: _number(x.mult_adds if x.is_leaf else 0)),
    "calls": ("Calls", lambda x: _number(x.calls)),
}


@dataclass
class ModelStatistics:
    """What `summary` found; `print` it.

    Attributes:
        summary_list: a row for each module, in the order of the model's definition.
        input_size: the shapes of the inputs.
        total_params: each parameter once.
        trainable_params: of these, those that require a gradient.
        total_mult_adds: of the whole forward pass.
        total_input: bytes of the inputs.
        total_output_bytes: bytes of what the layers with parameters return, twice: for the gradients as well.
        total_param_bytes: bytes of the parameters.
        peak_memory: the most bytes that tensors made in this forward pass, without gradients, really held.
        without_formula: operations whose multiply-adds aren't known, and how often they ran.
    """

    summary_list: list[LayerInfo]
    input_size: list[tuple[int, ...]]
    total_params: int
    trainable_params: int
    total_mult_adds: int
    total_input: int
    total_output_bytes: int
    total_param_bytes: int
    peak_memory: int
    without_formula: dict[str, int]
    depth: int = 3
    col_names: Sequence[str] = field(default=("output_size", "num_params", "mult_adds"))

    def __str__(self) -> str:
        rows = [  # what is too deep to be shown is summed up in what holds it
            replace(row, is_leaf=True) if row.depth == self.depth else row
            for row in self.summary_list
            if row.depth <= self.depth
        ]
        names = [f"{'  ' * x.depth}{x.class_name}{f' ({x.name})' if x.name else ''}" for x in rows]
        columns = [("Layer (name)", names)]
        for name in self.col_names:
            heading, show = COLUMNS[name]
            columns.append((heading, [show(row) for row in rows]))
        text = grid(columns)
        rule = "-" * text.index("\n")
        lines = [
            text,
            f"Total params: {self.total_params:,}",
            f"Trainable params: {self.trainable_params:,}",
            f"Non-trainable params: {self.total_params - self.trainable_params:,}",
            f"Total mult-adds: {self.total_mult_adds:,}",
            rule,
            f"Input size: {byte_size(self.total_input)}",
            f"Forward/backward pass size: {byte_size(self.total_output_bytes)}",
            f"Params size: {byte_size(self.total_param_bytes)}",
            "Estimated total size: "
            + byte_size(self.total_input + self.total_output_bytes + self.total_param_bytes),
            f"Measured peak of this forward pass: {byte_size(self.peak_memory)}",
            rule,
        ]
        if self.without_formula:
            lines.append(f"No formula for: {', '.join(self.without_formula)}. The mult-adds leave them out.")
        return "\n".join(lines)

    __repr__ = __str__


def _shape(shape: tuple[int, ...] | None) -> str:
    return "--" if shape is None else str(list(shape))


def _number(number: int) -> str:
    return f"{number:,}" if number else "--"


def _trainable(row: LayerInfo) -> str:
    if not row.num_params:
        return "--"
    return {0: "False", row.num_params: "True"}.get(row.trainable_params, "Partial")
