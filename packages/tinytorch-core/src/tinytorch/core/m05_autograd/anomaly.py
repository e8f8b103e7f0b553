"""Anomaly mode: find the operation that made the first NaN."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np

from ..m01_tensor.record import Node, mode


class detect_anomaly:
    """Within this block an operation that makes a NaN is an error that names it.

    In the forward pass the error comes from the line that made the NaN. In the backward pass it names
    the operation whose rule made it and shows the line where that operation was recorded, if that was
    inside the block as well. Every result is searched, which costs time: use it to look for a fault.

    Args:
        check_nan: False only notes where operations are recorded.

    Examples:
        >>> x = tt.tensor([-1.0], requires_grad=True)
        >>> with tt.detect_anomaly():
        ...     x.sqrt()
        Traceback (most recent call last):
            ...
        RuntimeError: the operation 'sqrt' made a NaN from inputs that have none

    Source: https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self.lines: dict[Node, str] = {}

    def __enter__(self) -> None:
        self.before = (mode.watch, mode.watch_backward)
        mode.watch, mode.watch_backward = self._forward, self._backward

    def __exit__(self, *error: object) -> None:
        mode.watch, mode.watch_backward = self.before
        self.lines.clear()

    def _forward(self, op: Any, inputs: Any, result: Any) -> None:
        if self.before[0] is not None:
            self.before[0](op, inputs, result)
        if result._node is not None:
            self.lines[result._node] = _line_of_the_caller()
        if self.check_nan and _has_nan([result.array]) and not _has_nan(inputs):
            raise RuntimeError(f"the operation '{op.name}' made a NaN from inputs that have none")

    def _backward(self, node: Node | None, g: Any, gradients: Any) -> None:
        if self.before[1] is not None:
            self.before[1](node, g, gradients)
        if node is None:
            return
        if self.check_nan and _has_nan(gradients) and not _has_nan([g]):
            where = self.lines.get(node, "outside detect_anomaly()")
            raise RuntimeError(
                f"the gradient of the operation '{node.name}' is the first with a NaN; "
                f"the operation was recorded {where}"
            )


def _has_nan(arrays: Any) -> bool:
    return any(np.isnan(x).any() for x in arrays if getattr(x, "dtype", np.dtype("O")).kind == "f")


def _line_of_the_caller() -> str:
    """Say which line outside this framework is being run."""
    for frame in reversed(traceback.extract_stack()):
        if "tinytorch" not in frame.filename.replace("\\", "/").split("/"):
            return f"in {frame.filename}, line {frame.lineno}: {frame.line}"
    return "inside tinytorch"
