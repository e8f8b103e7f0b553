"""Rounding what goes into a layer: by its own range (dynamic), or by one that was observed (static)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from tinytorch.core import Linear, Module, Tensor, from_numpy, no_grad

from .dtypes import quint8
from .observers import MinMaxObserver
from .ranges import scale_and_zero_point, to_steps


class InputQuantizer(Module):
    """Round a layer's inputs to eight bits.

    Without an observed range each row, (in_features) of a `Linear` or (C, H, W) of a `Conv2d`, is cut into
    steps of its own, so that what else is in the batch makes no difference. With one, all are cut alike.

    Args:
        scale: of the observed range; None: each row's own.
        zero_point: of the observed range.
        dimensions: of a row.
    """

    scale: Tensor | None
    zero_point: Tensor | None

    def __init__(self, scale: Any = None, zero_point: Any = None, dimensions: int = 1) -> None:
        super().__init__()
        self.dimensions = dimensions
        static = scale is not None
        self.register_buffer("scale", from_numpy(np.array(scale, np.float32)) if static else None)
        self.register_buffer("zero_point", from_numpy(np.array(zero_point, np.uint8)) if static else None)

    @property
    def steps(self) -> tuple[Any, Any] | None:
        """The observed scale and zero-point, or None."""
        if self.scale is None or self.zero_point is None:
            return None
        return self.scale.numpy(), self.zero_point.numpy()

    def numbers(self, input: Tensor) -> tuple[Tensor, Tensor, Any]:
        """Return the whole numbers (uint8), the scale, and the zero-point, both to broadcast with a row.

        Raises:
            ValueError: there is NaN or an infinity.
        """
        x = input.detach().numpy()
        scale, zero = self._steps(x)
        numbers = to_steps(x, scale, zero, quint8).astype(np.uint8)
        return from_numpy(numbers), from_numpy(np.asarray(scale, x.dtype)), zero

    def forward(self, input: Tensor) -> Tensor:
        """Return the input, rounded."""
        x = input.detach().numpy()
        scale, zero = self._steps(x)
        steps = to_steps(x, scale, zero, quint8)
        steps -= zero
        steps *= scale
        return from_numpy(steps.astype(x.dtype))

    def _steps(self, x: Any) -> tuple[Any, Any]:
        if not np.isfinite(x).all():
            raise ValueError("the input of a layer has NaN or infinities, which can't be quantized")
        if self.steps is not None:
            scale, zero = self.steps
            return scale.astype(np.float64), zero.astype(np.int64)
        axes = tuple(range(x.ndim - self.dimensions, x.ndim))
        low = x.min(axis=axes, keepdims=True, initial=0)
        high = x.max(axis=axes, keepdims=True, initial=0)
        return scale_and_zero_point(low, high, quint8, False)

    def extra_repr(self) -> str:
        """Return what it does, for `repr`."""
        if self.steps is None:
            return "dynamic"
        return f"scale={self.steps[0]:.4g}, zero_point={self.steps[1]}"


def takes_numbers(module: Module) -> bool:
    """Tell whether a module is one whose inputs can be rounded: a `Linear` or a `Conv2d`, as they are."""
    kind = type(module)
    return kind is Linear or (kind.__name__ == "Conv2d" and kind.__module__.startswith("tinytorch.vision."))


OBSERVER = "input_observer"


@cache
def watching(kind: Any) -> type[Module]:
    """Return a subclass of a layer's class that shows each input to an observer first."""

    def forward(self: Any, input: Tensor) -> Any:
        return kind.forward(self, self.input_observer(input))

    return type(f"Observed{kind.__name__}", (kind,), {"__doc__": kind.__doc__, "forward": forward})


def watch(model: Module, make: Any = MinMaxObserver) -> None:
    """Give each layer whose inputs can be rounded an observer of them."""
    for module in list(model.modules()):
        if takes_numbers(module):
            module.register_module(OBSERVER, make())
            kind: Any = type(module)
            module.__class__ = watching(kind)


def unwatch(model: Module) -> dict[int, Any]:
    """Take the observers away; return the scale and zero-point of the inputs by the `id` of the layer."""
    ranges = {}
    for module in list(model.modules()):
        observer = module.__dict__.get(OBSERVER)
        if observer is not None:
            delattr(module, OBSERVER)
            module.__class__ = type(module).__mro__[1]
            if observer.has_seen:
                scale, zero = observer.calculate_qparams()
                ranges[id(module)] = (scale.item(), int(zero.item()))
    return ranges


def observed(model: Module, data: Iterable[Any]) -> dict[int, Any]:
    """Run a model on data and return scale and zero-point of the inputs of its layers by their `id`."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    watch(model)
    try:
        with no_grad():
            for item in data:
                model(*item) if isinstance(item, (tuple, list)) else model(item)
    finally:
        ranges = unwatch(model)
        for module in training:
            module.training = True
    return ranges
