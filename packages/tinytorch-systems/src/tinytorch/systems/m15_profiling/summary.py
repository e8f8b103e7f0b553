"""A model at a glance: its layers, the shapes of what they return, parameters, multiply-adds, sizes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor, from_numpy, no_grad, rand, register_module_forward_hook

from .events import OPERATION, Event
from .flops import count
from .profile import profile
from .statistics import COLUMNS, LayerInfo, ModelStatistics


def summary(
    model: Module,
    input: Any = None,
    *,
    input_size: Any = None,
    input_data: Any = None,
    dtypes: Sequence[Any] | None = None,
    depth: int = 3,
    col_names: Sequence[str] = ("output_size", "num_params", "mult_adds"),
    mode: str = "eval",
    **kwargs: Any,
) -> ModelStatistics:
    """Run a model once, without gradients, and return what there is to know about its layers.

    The model is left as it was: `training` of each module, buffers, gradients, random numbers of its own.

        print(summary(model, (64, 1, 28, 28)))

    Args:
        model: the model.
        input: a tensor, or a list of tensors for several arguments; or a shape, or a list of shapes.
        input_size: the same, said to be a shape.
        input_data: the same, said to be data.
        dtypes: for shapes, the dtype of each; left out, the default floating-point one. Integers are zeros.
        depth: how many levels of modules `print` shows.
        col_names: which columns, of input_size, output_size, num_params, trainable, mult_adds, calls.
        mode: "eval", or "train" to run the model as in training; "same" as it is.
        kwargs: passed on to the model.

    Raises:
        ValueError: no input, more than one, or an unknown column or mode.
        TypeError: `model` isn't a module, or the input neither tensors nor a shape.

    Examples:
        >>> model = tt.Sequential(tt.Linear(784, 128), tt.ReLU(), tt.Linear(128, 10))
        >>> print(systems.summary(model, (64, 784)))
        ------------  ------------  -------  ---------
        Layer (name)  Output Shape  Param #  Mult-Adds
        ------------  ------------  -------  ---------
        Sequential        [64, 10]       --         --
          Linear (0)     [64, 128]  100,480  6,430,720
          ReLU (1)       [64, 128]       --         --
          Linear (2)      [64, 10]    1,290     82,560
        ------------  ------------  -------  ---------
        Total params: 101,770
        Trainable params: 101,770
        Non-trainable params: 0
        Total mult-adds: 6,513,280
        ----------------------------------------------
        Input size: 196.00 KiB
        Forward/backward pass size: 69.00 KiB
        Params size: 397.54 KiB
        Estimated total size: 662.54 KiB
        Measured peak of this forward pass: 64.00 KiB
        ----------------------------------------------

    Source: https://github.com/TylerYep/torchinfo
    """
    if not isinstance(model, Module):
        raise TypeError(f"summary: model must be a Module, not {type(model).__name__}")
    unknown = [name for name in col_names if name not in COLUMNS]
    if unknown:
        raise ValueError(f"summary: unknown column {unknown[0]!r}; use {', '.join(COLUMNS)}")
    if mode not in ("eval", "train", "same"):
        raise ValueError(f'summary: mode must be "eval", "train" or "same", not {mode!r}')
    given = [x for x in (input, input_size, input_data) if x is not None]
    if len(given) != 1 and not (kwargs and not given):
        raise ValueError("summary: give one input: tensors, or their shapes")
    inputs = _tensors(given[0], dtypes) if given else []
    rows, events, watched = _run(model, inputs, kwargs, mode)
    parameters = list(model.parameters())
    leaves = [row for row in rows if row.is_leaf and row.num_params]
    return ModelStatistics(
        rows,
        [x.shape for x in inputs],
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in parameters if p.requires_grad),
        sum(map(mult_adds, events)),
        sum(x.nbytes for x in inputs),
        2 * sum(row.output_bytes for row in leaves),
        sum(p.nbytes for p in parameters),
        watched.peak_memory,
        {name: n for name, n in watched.without_formula.items() if name in {e.name for e in events}},
        depth,
        tuple(col_names),
    )


def _run(
    model: Module, inputs: list[Tensor], kwargs: dict[str, Any], mode: str
) -> tuple[list[LayerInfo], list[Event], profile]:
    """Run the model; return its modules, its operations, and the profile."""
    rows = {id(module): _info(path, module) for path, module in model.named_modules()}
    keep = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.numpy().copy()) for buffer in model.buffers()]

    def called(module: Module, args: Any, output: Any) -> None:
        row = rows.get(id(module))
        if row is not None:
            row.calls += 1
            row.input_size = next((x.shape for x in _found(args)), None)
            found = list(_found(output))
            row.output_size = found[0].shape if found else None
            row.output_bytes += sum(x.nbytes for x in found)

    try:
        if mode != "same":
            model.train(mode == "train")
        with no_grad(), register_module_forward_hook(called), profile(profile_memory=True) as watched:
            model(*inputs, **kwargs)
    except Exception as error:
        done = [f"{row.class_name} ({row.path})" for row in rows.values() if row.calls and row.path]
        error.add_note(f"summary: the layers that ran before this error: {', '.join(done) or 'none'}")
        raise
    finally:
        for module, training in keep:
            module.training = training
        for buffer, values in buffers:
            buffer.array[...] = values
    by_path = {row.path: row for row in rows.values()}
    root = type(model).__name__
    events = [event for event in watched.events() if event.kind == OPERATION]
    for event in events:
        for path in {call.path for call in event.parents() if call.path}:
            row = by_path.get("" if path == root else path.removeprefix(f"{root}."))
            if row is not None:
                row.mult_adds += mult_adds(event)
    return list(rows.values()), events, watched


def mult_adds(event: Event) -> int:
    """Return the multiply-adds of an operation: half of a product's FLOPs, and its bias."""
    counted = count(event)
    if counted is None or not counted.flops:
        return 0
    return counted.flops // 2 + (prod(event.out) if event.values.get("bias") is not None else 0)


def _info(path: str, module: Module) -> LayerInfo:
    parameters, own = list(module.parameters()), list(module.parameters(recurse=False))
    return LayerInfo(
        path.rpartition(".")[2],
        path,
        type(module).__name__,
        path.count(".") + 1 if path else 0,
        num_params=sum(p.numel() for p in parameters),
        own_params=sum(p.numel() for p in own),
        trainable_params=sum(p.numel() for p in parameters if p.requires_grad),
        is_leaf=not list(module.children()),
    )


def _tensors(given: Any, dtypes: Sequence[Any] | None) -> list[Tensor]:
    """Return the inputs: as they are, or made of their shapes."""
    if isinstance(given, Tensor):
        return [given]
    if isinstance(given, np.ndarray):
        return [from_numpy(given)]
    if isinstance(given, (list, tuple)) and given:
        if all(isinstance(x, (int, np.integer)) and not isinstance(x, bool) for x in given):
            given = [given]
        if all(isinstance(x, Tensor) for x in given):
            return list(given)
        if all(isinstance(x, (list, tuple)) for x in given):
            kinds = list(dtypes) if dtypes is not None else [None] * len(given)
            if len(kinds) != len(given):
                raise ValueError(f"summary: {len(given)} shapes, but {len(kinds)} dtypes")
            return [_made(tuple(shape), kind) for shape, kind in zip(given, kinds, strict=True)]
    raise TypeError(
        f"summary: the input must be tensors or a shape, not {type(given).__name__}: {given!r:.60}"
    )


def _made(shape: tuple[int, ...], dtype: Any) -> Tensor:
    if dtype is None:
        from tinytorch.core import get_default_dtype

        dtype = get_default_dtype()
    if np.dtype(dtype).kind != "f":
        return from_numpy(np.zeros(shape, dtype))
    made: Tensor = rand(*shape).to(dtype)
    return made


def _found(value: Any) -> Any:
    """Give the tensors in what a module was called with or returned."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for x in value:
            yield from _found(x)
    elif isinstance(value, dict):
        for x in value.values():
            yield from _found(x)
