"""What an operation may be called with: its parameters, and the errors for what doesn't fit them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import FunctionType
from typing import Annotated, Any, TypeAlias

import numpy as np

from .dtypes import NUMBERS, common_dtype, get_default_dtype

# The names tell `Op` which parameters are tensors; to a type checker all three are Any.
Array: TypeAlias = Annotated[Any, "Array"]  # inside an operation a NumPy array, outside a Tensor
Operand: TypeAlias = Annotated[Any, "Operand"]  # the same, or a number on both sides
Arrays: TypeAlias = Annotated[Any, "Arrays"]  # inside a list of arrays, outside a sequence of Tensors


class Arguments:
    """The part of `Op` that knows the parameters of the forward."""

    name: str
    promote: str
    check: Callable[..., None] | None

    def _read_signature(self, forward: Callable[..., Any]) -> None:
        parameters = inspect.signature(forward).parameters.values()
        self.names = [p.name for p in parameters]
        self.defaults = [p.default for p in parameters]
        self.required = sum(p.default is p.empty for p in parameters)
        self.positional = sum(p.kind is not p.KEYWORD_ONLY for p in parameters)
        self.forward = taking_all_by_position(forward)
        kinds = [str(p.annotation) for p in parameters]
        words = [set(re.findall(r"\w+", kind)) for kind in kinds]
        self.slots = tuple(i for i, w in enumerate(words) if w & {"Array", "Operand", "Arrays"})
        self.numbers_allowed = tuple("Operand" in w for w in words)
        self.optional = tuple(bool(w & {"None", "Optional"}) for w in words)
        self.only_arrays = len(self.slots) == len(self.names)
        self.many = bool(words) and "Arrays" in words[0]  # cat, stack: the first input is a list
        if not self.slots:
            raise TypeError(f"@op: a parameter of {self.name}() must be annotated Array, Operand or Arrays")

    def _bind(self, values: list[Any], kwargs: dict[str, Any]) -> None:
        """Fill in keyword arguments and defaults, with Python's own errors for what doesn't fit."""
        given = len(values)
        if given > self.positional:
            raise TypeError(
                f"{self.name}() takes at most {self.positional} positional arguments ({given} given)"
            )
        values += self.defaults[given:]
        for name, value in kwargs.items():
            if name not in self.names:
                raise TypeError(f"{self.name}() got an unexpected keyword argument '{name}'")
            index = self.names.index(name)
            if index < given:
                raise TypeError(f"{self.name}() got multiple values for argument '{name}'")
            values[index] = value
        if given < self.required:
            for name, value in zip(self.names, values, strict=True):
                if value is inspect.Parameter.empty:
                    raise TypeError(f"{self.name}() missing required argument '{name}'")

    def _list_input(self, values: list[Any]) -> list[Any]:
        inputs = values[0]
        if not isinstance(inputs, (list, tuple)):
            raise TypeError(f"{self.name}() expected a list or tuple of Tensors, got {type(inputs).__name__}")
        if not inputs:
            raise RuntimeError(f"{self.name}() expected a non-empty list of Tensors")
        return list(inputs)

    def _number(self, x: Any, position: int) -> Any:
        """Let a number or an absent optional input pass; anything else is the caller's mistake."""
        slot = 0 if self.many else self.slots[position]
        if x is None and self.optional[slot]:
            return None
        if self.numbers_allowed[slot]:
            if x.__class__ is float or x.__class__ is int:
                return x
            if isinstance(x, NUMBERS):
                return x.item() if isinstance(x, np.generic) else x
        wanted = "a Tensor or a number" if self.numbers_allowed[slot] else "a Tensor"
        raise TypeError(
            f"{self.name}(): argument '{self.names[slot]}' must be {wanted}, not {type(x).__name__}"
        )

    def _promoted(self, arrays: list[Any]) -> list[Any]:
        """Cast the inputs to PyTorch's common dtype."""
        present = [x for x in arrays if x is not None]
        if not any(isinstance(x, np.ndarray) for x in present):
            raise TypeError(f"{self.name}() expected at least one Tensor")
        if self.check is not None:
            self.check(*arrays)
        dtype = common_dtype(present)
        if self.promote == "float" and dtype.kind != "f":
            dtype = get_default_dtype()
        return [
            x.astype(dtype, copy=False) if isinstance(x, np.ndarray) else _as_number(x, dtype) for x in arrays
        ]

    def _explained(self, error: Exception, arrays: list[Any]) -> Exception:
        """Turn NumPy's error into PyTorch's exception type, with the shapes that were given."""
        text = str(error)
        if isinstance(error, np.exceptions.AxisError) and error.ndim is not None:
            n = max(error.ndim, 1)
            return IndexError(
                f"{self.name}(): Dimension out of range "
                f"(expected to be in range of [{-n}, {n - 1}], but got {error.axis})"
            )
        if isinstance(error, (IndexError, TypeError)):
            kind = IndexError if isinstance(error, IndexError) else TypeError  # NumPy has its own kinds
            return error if text.startswith(self.name) else kind(f"{self.name}(): {text}")
        shapes = " and ".join(str(x.shape) for x in arrays if isinstance(x, np.ndarray))
        return RuntimeError(f"{self.name}(): {text} (given shapes: {shapes})")


def taking_all_by_position(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with its keyword-only parameters turned into positional ones.

    Callers of the operation name them; the operation itself has all values in order, and passing them
    by name would cost more than a small forward does.
    """
    code = forward.__code__
    flat = code.replace(co_argcount=code.co_argcount + code.co_kwonlyargcount, co_kwonlyargcount=0)
    return FunctionType(flat, forward.__globals__, forward.__name__, None, forward.__closure__)


def _as_number(x: Any, dtype: np.dtype[Any]) -> Any:
    if x is None or dtype.kind == "f":
        return x if x is None else float(x)
    return np.asarray(x).astype(dtype)[()]  # wraps around where it doesn't fit, as in PyTorch
