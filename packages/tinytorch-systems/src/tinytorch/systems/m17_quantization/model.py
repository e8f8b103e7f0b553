"""Whole models: which parameters are quantized, and how."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from tinytorch.core import Module, Tensor

from .activations import InputQuantizer, observed
from .dtypes import qint8
from .holding import Holder, buffers_of, hold, holder_of, layouts
from .layers import QuantizedConv2d, QuantizedLayer, QuantizedLinear, layer_for
from .quantized_tensor import Layout
from .recipe import Recipe, matches

M = TypeVar("M", bound=Module)
Plan = dict[tuple[Module, str], tuple[Layout, dict[str, Any]]]

NO_RANGES: Mapping[int, Any] = {}
FEW = 1 / 400  # of all numbers: so few vectors stay as they are, since they would save nothing
RECIPE = "_quantization_recipe"  # the attribute of a model that is prepared, but not quantized yet


def quantize(
    model: M,
    dtype: Any = qint8,
    *,
    granularity: str = "auto",
    group_size: int | None = None,
    symmetric: bool = True,
    calibration: str = "minmax",
    percentile: float = 99.9,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    activations: str | None = None,
    data: Iterable[Any] | None = None,
    inplace: bool = False,
) -> M:
    """Return a model whose parameters are whole numbers of few bits.

    `Linear`, `Conv2d` and `Embedding` become `QuantizedLinear`, `QuantizedConv2d` and `QuantizedEmbedding`;
    any other module keeps computing what it does, with parameters that become real numbers when they are
    read. Parameters that are shared stay so. Vectors (biases, the gains of norms) are rounded to eight bits
    with a zero-point if they are more than a 400th of the numbers, else they stay as they are. What isn't
    floating-point, what would not get smaller, and tables that change when they are read (`max_norm`) stay,
    too.

    Args:
        model: any module.
        dtype: of matrices and kernels: `qint8` ("int8"), `quint8`, `qint4x2` ("int4") or `quint4x2`.
        granularity: what shares a scale: "tensor", "channel" (a row, that is what one output is made of) or
            "group" (32 numbers of a row, or `group_size`). "auto": groups for four bits; for eight a row
            where it has 128 numbers or more, else the tensor.
        group_size: numbers in a group.
        symmetric: matrices have no zero-points.
        calibration: "minmax", "percentile" or "mse", as of `quantize_tensor`; for matrices.
        percentile: as of `quantize_tensor`.
        only: names of parameters or modules, with wildcards as `fnmatch` has; others stay as they are.
        skip: names of those that stay as they are.
        activations: "dynamic" rounds the inputs of quantized `Linear` and `Conv2d`, too, by their own range;
            "static" by the range that `data` has there; None leaves them.
        data: for "static": what the model is called with, each a tensor or a tuple of arguments.
        inplace: change `model` itself rather than a copy.

    Raises:
        ValueError: a parameter has NaN or an infinity (it is named; nothing is changed), an option is
            unknown, a pattern fits no parameter, or "static" has no data.
        TypeError: the dtype is none of these.

    Examples:
        >>> model = tt.Sequential(tt.Linear(256, 256), tt.ReLU(), tt.Linear(256, 10))
        >>> small = systems.quantize(model)
        >>> systems.model_nbytes(model) / systems.model_nbytes(small) > 3.5
        True
    """
    if not isinstance(model, Module):
        raise TypeError(
            f"quantize takes a Module, not a {type(model).__name__}; quantize_tensor takes tensors"
        )
    options = (granularity, group_size, symmetric, calibration, percentile, only, skip, activations)
    how = Recipe(dtype, *options)
    if (activations == "static") != (data is not None):
        raise ValueError('activations="static" and data= go together: the ranges are those of the data')
    if RECIPE in model.__dict__:
        raise ValueError("this model is prepared; convert() makes the quantized model of it")
    plan = planned(model, how)
    if not inplace:
        model, plan = copied(model, plan)
    ranges = NO_RANGES if data is None else observed(model, data)
    carry_out(plan, activations, ranges)
    return model


def copied(model: M, plan: Plan) -> tuple[M, Plan]:
    """Return a copy of a model, and the plan for it.

    Parameters that are going to be replaced aren't copied, which would take as much memory as they do.
    """
    memo: dict[int, Any] = {}
    for module, name in plan:
        parameter = module.__dict__.get(name)
        memo[id(parameter)] = parameter
    result = copy.deepcopy(model, memo)
    return result, {(memo[id(module)], name): what for (module, name), what in plan.items()}


def carry_out(plan: Plan, activations: str | None = None, ranges: Mapping[int, Any] = NO_RANGES) -> None:
    """Put quantized parameters in the place of others, and change the classes of their modules.

    Args:
        plan: what is to be put where.
        activations: as of `quantize`.
        ranges: for "static", scale and zero-point of the inputs, by the `id` of the module.
    """
    modules = {id(module): module for module, _ in plan}.values()
    for (module, name), (layout, parts) in plan.items():
        hold(module, name, layout, parts)
    for module in modules:
        convert_class(module)
        if activations and isinstance(module, (QuantizedLinear, QuantizedConv2d)):
            scale, zero = ranges.get(id(module), (None, None))
            if activations == "dynamic" or scale is not None:
                rows = 1 if isinstance(module, QuantizedLinear) else 3
                module.input_quantizer = InputQuantizer(scale, zero, rows)


def convert_class(module: Module) -> None:
    """Give a module with quantized parameters the class that uses them."""
    layer = layer_for(module)
    names = tuple(layouts(module))
    if isinstance(module, QuantizedLayer):
        return
    if layer is not None and "weight" in names:
        module.__class__ = layer
        return
    base: Any = type(module)
    if issubclass(base, Holder):
        base = base.__mro__[2]
    module.__class__ = holder_of(base, names)


def planned(model: Module, how: Recipe) -> Plan:
    """Return what is to be put where: for each module and parameter a layout and the parts of its data.

    Raises:
        ValueError: a parameter has NaN or an infinity, or a pattern fits none.
    """
    chosen = list(candidates(model, how))
    made: dict[int, Any] = {}
    plan = {}
    for path, module, name, parameter in chosen:
        if id(parameter) not in made:
            try:
                quantized = how.apply(parameter)
            except ValueError as error:
                raise ValueError(f"the parameter {path} can't be quantized: {error}") from None
            smaller = quantized.nbytes < parameter.detach().numpy().nbytes
            made[id(parameter)] = (quantized.layout, buffers_of(quantized)) if smaller else None
        if made[id(parameter)] is not None:
            plan[module, name] = made[id(parameter)]
    return plan


def candidates(model: Module, how: Recipe) -> Iterator[tuple[str, Module, str, Tensor]]:
    """Yield the path, module, name and tensor of each parameter that is to be quantized."""
    found = []
    stay = set()
    used: set[str] = set()
    for path, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False, remove_duplicate=False):
            full = f"{path}.{name}" if path else name
            found.append((full, module, name, parameter))
            fixed = getattr(module, "max_norm", None) is not None and hasattr(module, "num_embeddings")
            wanted = not how.only or matches(full, how.only, used)
            if fixed or matches(full, how.skip, used) or not wanted or parameter.dtype.kind != "f":
                stay.add(id(parameter))
    useless = [pattern for pattern in (*how.only, *how.skip) if pattern not in used]
    if useless:
        known = ", ".join(full for full, *_ in found[:8])
        raise ValueError(f"no parameter is called {useless[0]!r}; there are {known}, ...")
    sizes = {id(p): (p.numel(), p.ndim) for _, _, _, p in found}
    vectors = sum(n for n, ndim in sizes.values() if ndim < 2)
    keep = not how.only and vectors <= FEW * sum(n for n, _ in sizes.values())
    for entry in found:
        parameter = entry[3]
        if id(parameter) not in stay and not (keep and parameter.ndim < 2):
            yield entry


def model_nbytes(model: Module) -> int:
    """Return the bytes of a model's parameters and buffers; what is shared counts once.

    Args:
        model: any module, quantized or not.

    Examples:
        >>> systems.model_nbytes(tt.Linear(10, 10))
        440
    """
    arrays = (tensor.detach().numpy() for tensor in (*model.parameters(), *model.buffers()))
    return sum({array.__array_interface__["data"][0]: array.nbytes for array in arrays}.values())
