"""In two steps: prepare a model, run it on data or train it, then convert it.

`prepare` puts observers before the layers, `prepare_qat` makes a model compute with rounded parameters while
it trains the exact ones. `convert` makes of both what `quantize` makes at once.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor, from_numpy

from .activations import unwatch, watch
from .dtypes import qint8
from .fake import FakeQuantize, round_to_grid
from .holding import reader
from .model import RECIPE, M, carry_out, planned
from .observers import MinMaxObserver
from .recipe import Recipe
from .rounding import checked


class Pretender:
    """Marks the classes of modules that compute with rounded parameters."""


def prepare(
    model: M, dtype: Any = qint8, *, observer: Any = MinMaxObserver, inplace: bool = False, **options: Any
) -> M:
    """Return a model that observes the inputs of its `Linear` and `Conv2d`, for `convert` to round them.

    Args:
        model: any module.
        dtype: of matrices and kernels, as of `quantize`.
        observer: called without arguments, gives an observer; `functools.partial(PercentileObserver, 99.99)`
            is one, too.
        inplace: change `model` itself rather than a copy.
        options: granularity, group_size, symmetric, calibration, percentile, only, skip, as of `quantize`.

    Raises:
        ValueError: an option is none of those that there are, or the model is prepared already.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.prepare.html
    """
    how = Recipe(dtype, **options, activations="static")
    model = _unprepared(model, inplace)
    watch(model, observer)
    model.__dict__[RECIPE] = how
    return model


def prepare_qat(
    model: M,
    dtype: Any = qint8,
    *,
    activations: str | None = None,
    inplace: bool = False,
    **options: Any,
) -> M:
    """Return a model that computes with rounded parameters, and trains the exact ones.

    `parameters()` and `state_dict()` are those of the model; gradients go straight through the rounding.
    Train it as any other, then `convert` it: what comes out computes the same.

    Args:
        model: any module.
        dtype: of matrices and kernels, as of `quantize`.
        activations: "static" rounds the inputs of `Linear` and `Conv2d`, too, by a moving average of their
            range; None leaves them.
        inplace: change `model` itself rather than a copy.
        options: granularity, group_size, symmetric, calibration, percentile, only, skip, as of `quantize`.

    Raises:
        ValueError: an option is none of those that there are, or the model is prepared already.

    Source: Jacob et al., "Quantization and training of neural networks for efficient
    integer-arithmetic-only inference", arXiv:1712.05877;
    https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.prepare_qat.html
    """
    if activations not in (None, "static"):
        raise ValueError(f'activations must be None or "static" here, not {activations!r}')
    how = Recipe(dtype, **options, activations=activations)
    model = _unprepared(model, inplace)
    plan = planned(model, how)  # what would not get smaller isn't rounded, then, either
    if activations:
        watch(model, FakeQuantize)
    names: dict[int, tuple[Module, list[str]]] = {}
    for module, name in plan:
        names.setdefault(id(module), (module, []))[1].append(name)
    for module, chosen in names.values():
        module.__dict__[RECIPE] = how
        kind: Any = type(module)
        module.__class__ = pretending(kind, tuple(chosen))
    model.__dict__[RECIPE] = how
    return model


def convert(model: M, inplace: bool = False) -> M:
    """Return the quantized model of a prepared one.

    Args:
        model: what `prepare` or `prepare_qat` returned, run on data or trained since.
        inplace: change `model` itself rather than a copy.

    Raises:
        ValueError: the model isn't prepared, or a parameter has NaN or an infinity.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.convert.html
    """
    how = model.__dict__.get(RECIPE)
    if not isinstance(how, Recipe):
        raise ValueError("this model isn't prepared: call prepare or prepare_qat first, or quantize at once")
    if not inplace:
        model = copy.deepcopy(model)
    for module in model.modules():
        module.__dict__.pop(RECIPE, None)
        if isinstance(module, Pretender):
            module.__class__ = type(module).__mro__[2]
    ranges = unwatch(model)
    carry_out(planned(model, how), how.activations, ranges)
    return model


def _unprepared(model: M, inplace: bool) -> M:
    if RECIPE in model.__dict__:
        raise ValueError("this model is prepared already; convert it, or prepare the original")
    return model if inplace else copy.deepcopy(model)


@cache
def pretending(kind: Any, names: tuple[str, ...]) -> type[Module]:
    """Return a subclass of any module's class whose parameters, when it reads them, are rounded."""
    readers = {name: reader(name, _rounding(name)) for name in names}
    return type(f"FakeQuantized{kind.__name__}", (Pretender, kind), {"__doc__": kind.__doc__, **readers})


def _rounding(name: str) -> Any:
    def read(module: Any) -> Any:
        return rounded_parameter(module.__dict__[name], module.__dict__[RECIPE])

    return read


def rounded_parameter(parameter: Tensor, how: Recipe) -> Tensor:
    """Return a parameter rounded to the grid that `quantize` would choose now."""
    x = checked(parameter)
    layout = how.layout(parameter)
    scale, zero = how.grid(x, layout)
    wide = from_numpy(np.asarray(layout.spread(scale.astype(np.float64))))
    middle = np.full(scale.shape, layout.dtype.middle) if zero is None else zero
    offset = from_numpy(np.asarray(layout.spread(middle.astype(np.float64))))
    return round_to_grid(parameter, wide, offset, layout.dtype.low, layout.dtype.high)
