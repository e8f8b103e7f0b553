"""Runs one call in one library, and tells how two runs differ."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .inputs import Built
from .libraries import Library, dtype_name, is_tensor, to_array

# Per dtype: relative and absolute tolerance. Sums are done in another order, nothing else differs.
TOLERANCE = {"float16": (4e-3, 4e-3), "float32": (2e-5, 2e-6), "float64": (1e-11, 1e-12)}


@dataclass
class Outcome:
    """What a run gave."""

    library: Library
    error: Exception | None = None
    warnings: list[str] = field(default_factory=list)
    mode_left: bool = True  # whether operations are recorded afterwards
    result: Any = None
    inputs: list[Any] = field(default_factory=list)
    grad_error: Exception | None = None
    grads: list[Any] = field(default_factory=list)
    is_input: list[tuple[bool, bool]] = field(default_factory=list)  # per output tensor: is, shares


Difference = tuple[str, str]  # the aspect in which two runs differ, and how


def listening(call: Callable[[], Any], heard: list[str]) -> Any:
    """Call, and note the categories of the warnings that it gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return call()
        finally:
            heard += [w.category.__name__ for w in caught]


def run(library: Library, call: Callable[[Built], Any], built: Built, seed: int = 0) -> Outcome:
    """Do the call, then go backward from each output with a gradient that the seed decides."""
    outcome = Outcome(library)
    t = library.namespace["t"]
    try:
        outcome.result = listening(lambda: call(built), outcome.warnings)
    except Exception as error:
        outcome.error = error
    outcome.mode_left = t.is_grad_enabled()
    t.set_grad_enabled(True)
    if outcome.error is not None:
        return outcome
    outcome.inputs = [to_array(x).copy() for x in built.tensors]
    outputs = list(tensors_in(outcome.result))
    given = [x for x in [*built.args, *built.kwargs.values()] if is_tensor(x)]
    outcome.is_input = [
        (any(o is x for x in given), any(shares_memory(o, x) for x in given)) for o in outputs
    ]
    try:
        differentiable = [x for x in outputs if x.requires_grad]
        for i, output in enumerate(differentiable):
            rng = np.random.default_rng(seed + i)
            g = np.round(rng.uniform(-2, 2, tuple(output.shape)) * 16) / 16
            gradient = library.tensor(np.asarray(g, dtype_name(output.dtype)))
            last = i + 1 == len(differentiable)
            listening(lambda o=output, g=gradient, last=last: o.backward(g, retain_graph=not last), [])
    except Exception as error:
        outcome.grad_error = error
        return outcome
    outcome.grads = [x.grad if x.is_leaf else None for x in built.tensors]
    return outcome


def tensors_in(result: Any) -> Iterator[Any]:
    """Yield the tensors in a result, in order."""
    if is_tensor(result):
        yield result
    elif isinstance(result, dict):
        for value in result.values():
            yield from tensors_in(value)
    elif isinstance(result, (tuple, list)):
        for value in result:
            yield from tensors_in(value)


def shares_memory(x: Any, y: Any) -> bool:
    """Tell whether two tensors of a library share memory."""
    a, b = to_array(x), to_array(y)
    return bool(a.size and b.size and np.may_share_memory(a, b))


def differences(ours: Outcome, theirs: Outcome, tolerance: float = 1.0) -> Iterator[Difference]:
    """Yield how our run differs from PyTorch's; `tolerance` is a factor on the tolerances."""
    if ours.mode_left != theirs.mode_left:
        yield "mode", f"grad mode afterwards {ours.mode_left}, PyTorch {theirs.mode_left}"
    if set(ours.warnings) - set(theirs.warnings):
        yield "warning", f"warns {set(ours.warnings)}, PyTorch {set(theirs.warnings)}"
    if ours.error is not None or theirs.error is not None:
        yield from error_differences("error", ours.error, theirs.error)
        return
    yield from compare(ours.result, theirs.result, "value", tolerance)
    for position, (o, t) in enumerate(zip(ours.is_input, theirs.is_input)):
        if o != t:
            yield "alias", f"output {position} (is an input, shares its memory): {o}, PyTorch {t}"
    for position, (a, b) in enumerate(zip(ours.inputs, theirs.inputs, strict=True)):
        for how in array_differences(a, b, tolerance):
            yield "input", f"input {position} afterwards: {how}"
    if ours.grad_error is not None or theirs.grad_error is not None:
        yield from error_differences("grad", ours.grad_error, theirs.grad_error)
        return
    # A gradient is as exact as the coarsest dtype on its way.
    dtypes = [dtype_name(x.dtype) for x in tensors_in(theirs.result)]
    coarsest = max((TOLERANCE[d] for d in dtypes if d in TOLERANCE), default=(0, 0))
    for position, (x, y) in enumerate(zip(ours.grads, theirs.grads)):
        if (x is None) != (y is None):
            yield "grad", f"grad of input {position}: {x}, PyTorch {y}"
        elif x is not None:
            for how in array_differences(to_array(x), to_array(y), tolerance * 4, coarsest):
                yield "grad", f"grad of input {position}: {how}"


# What PyTorch says where it fails for reasons of its own: there, we may compute or raise.
LIMITS = (
    "not implemented for",  # no kernel for this dtype on the CPU
    "not supported on CPU",
    "derivative for aten::",  # floor_divide, the divisor of remainder
    "INTERNAL ASSERT",
    "grad_input must be contiguous",  # nll_loss of images that aren't contiguous
    "size mismatch (got input: [5], target: [1])",  # backward of nll_loss without batch, not contiguous
    "returned an invalid gradient",  # scatter whose src is larger than its index
)


def error_differences(aspect: str, ours: Exception | None, theirs: Exception | None) -> Iterator[Difference]:
    """Yield a difference unless both are None or ours can be caught as PyTorch's."""
    if any(limit in str(theirs) for limit in LIMITS):
        return
    if isinstance(theirs, AttributeError) and isinstance(ours, TypeError) and "object has no attribute" in str(theirs):
        return  # PyTorch met something that isn't a tensor, and we say so
    # PyTorch's own classes of exceptions stand for the built-in ones that they come from.
    wanted = next(c for c in type(theirs).__mro__ if c.__module__ == "builtins")
    slip = (AttributeError, NameError)  # ours only where it is PyTorch's as well
    wrong_type = not isinstance(ours, wanted) or (isinstance(ours, slip) and not isinstance(theirs, slip))
    if (ours is None) != (theirs is None) or wrong_type:
        yield aspect, f"{said(ours)}; PyTorch {said(theirs)}"


def said(error: Exception | None) -> str:
    """Return an error as one short line."""
    if error is None:
        return "no error"
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:160]}"


def compare(ours: Any, theirs: Any, aspect: str, tolerance: float = 1.0) -> Iterator[Difference]:
    """Yield how two results differ: type, dtype, shape, requires_grad, value."""
    if is_tensor(theirs):
        if not is_tensor(ours):
            yield "type", f"{type(ours).__name__}, PyTorch a Tensor"
            return
        if ours.requires_grad != theirs.requires_grad:
            yield "requires_grad", f"requires_grad {ours.requires_grad}, PyTorch {theirs.requires_grad}"
        if ours.is_leaf != theirs.is_leaf:
            yield "requires_grad", f"is_leaf {ours.is_leaf}, PyTorch {theirs.is_leaf}"
        for how in array_differences(to_array(ours), to_array(theirs), tolerance):
            yield ("dtype" if "dtype" in how else "shape" if "shape" in how else aspect), how
    elif isinstance(theirs, (tuple, list)):
        if not isinstance(ours, tuple if isinstance(theirs, tuple) else list):
            yield "type", f"{type(ours).__name__}, PyTorch {type(theirs).__name__}"
            return
        if fields(ours) != fields(theirs):
            yield "type", f"fields {fields(ours)}, PyTorch {fields(theirs)}"
        if len(ours) != len(theirs):
            yield "shape", f"{len(ours)} results, PyTorch {len(theirs)}"
            return
        for a, b in zip(ours, theirs):
            yield from compare(a, b, aspect, tolerance)
    elif isinstance(theirs, dict):
        if list(ours) != list(theirs):
            yield "type", f"keys {list(ours)}, PyTorch {list(theirs)}"
            return
        for key in theirs:
            yield from compare(ours[key], theirs[key], aspect, tolerance)
    elif type(theirs).__module__ == "torch" and type(theirs).__name__ == "dtype":
        if dtype_name(ours) != dtype_name(theirs):
            yield "dtype", f"{ours}, PyTorch {theirs}"
    elif isinstance(theirs, np.ndarray):
        for how in array_differences(np.asarray(ours), theirs, tolerance):
            yield aspect, how
    elif isinstance(theirs, (bool, int, float, str, type(None))):
        if type(ours) is not type(theirs):
            yield "type", f"{type(ours).__name__} {ours!r}, PyTorch {type(theirs).__name__} {theirs!r}"
        elif isinstance(theirs, float):
            for how in array_differences(np.float32(ours), np.float32(theirs), tolerance):
                yield aspect, how
        elif (isinstance(theirs, str) and ours != theirs.replace("=torch.", "=")) or (ours != theirs and not isinstance(theirs, str)):
            yield aspect, f"{ours!r}, PyTorch {theirs!r}"


def fields(x: Any) -> tuple[str, ...]:
    """Return the field names of a named tuple; () for a plain one."""
    return getattr(x, "_fields", ()) or (type(x).__match_args__ if hasattr(x, "n_fields") else ())


def array_differences(
    ours: Any, theirs: Any, tolerance: float = 1.0, at_least: tuple[float, float] = (0, 0)
) -> Iterator[str]:
    """Yield how two arrays differ: exactly for integers and bools, to a tolerance for floats."""
    if ours.dtype != theirs.dtype:
        yield f"dtype {ours.dtype}, PyTorch {theirs.dtype}"
    elif ours.shape != theirs.shape:
        yield f"shape {ours.shape}, PyTorch {theirs.shape}"
    else:
        if ours.dtype.kind == "f":
            relative, absolute = (x * tolerance for x in max(TOLERANCE[ours.dtype.name], at_least))
            a, b = ours.astype(np.float64), theirs.astype(np.float64)
            with np.errstate(all="ignore"):
                scale = np.max(np.abs(b), initial=0, where=np.isfinite(b))
                same = (np.abs(a - b) <= relative * np.abs(b) + absolute * max(scale, 1)) | (a == b)
                same |= np.isnan(a) & np.isnan(b)
        else:
            same = ours == theirs
        if not np.all(same):
            where = tuple(int(i) for i in np.argwhere(~np.atleast_1d(same))[0])
            a, b = np.atleast_1d(ours)[where], np.atleast_1d(theirs)[where]
            yield f"{a!r} at {list(where)}, PyTorch {b!r} ({int(np.sum(~same))} of {np.size(same)} differ)"
