"""How a function on NumPy arrays becomes an operation on tensors.

An operation stands in one place: its forward is a plain function on arrays, lifted by `@op`, and
its gradient rule is keyed to it by `@name.backward`:

    @op
    def mul(input: Array, other: Operand) -> Array:
        return input * other

    @mul.backward
    def mul_backward(g, input, other):
        return lambda: g * other, lambda: g * input

The rule names what it needs: `g` (the gradient of the output), `out`, any parameter of the forward,
`<parameter>_shape`, or a name that the forward saved for it (`return out, {"mask": mask}`). What no
rule names is not kept, so memory and the check for in-place changes follow from the rule alone.
A rule returns one function per tensor input, run only if that input needs its gradient; each gives
`g`, a view of `g`, or a fresh array. Broadcasting and dtype are undone by the engine.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import FunctionType
from typing import Annotated, Any, Generic, ParamSpec, TypeAlias, overload

import numpy as np

from .dtypes import NUMBERS, common_dtype, get_default_dtype
from .record import Node, Rule, mode

# The names tell `Op` which parameters are tensors; to a type checker all three are Any.
Array: TypeAlias = Annotated[Any, "Array"]  # inside an operation a NumPy array, outside a Tensor
Operand: TypeAlias = Annotated[Any, "Operand"]  # the same, or a number on both sides
Arrays: TypeAlias = Annotated[Any, "Arrays"]  # inside a list of arrays, outside a sequence of Tensors

P = ParamSpec("P")

ops: dict[str, Op[...]] = {}  # every operation of every imported track, by name


class Op(Generic[P]):
    """An operation on tensors: a forward on arrays and, keyed to it, a gradient rule."""

    def __init__(
        self,
        forward: Callable[P, Any],
        promote: str,
        view: bool,
        differentiable: bool,
        check: Callable[..., None] | None = None,
    ) -> None:
        self.name = self.__name__ = forward.__name__
        self.__doc__ = forward.__doc__
        self.__module__ = forward.__module__
        self.__qualname__ = forward.__qualname__
        self.__wrapped__ = forward
        self.promote = promote
        self.view = view
        self.differentiable = differentiable
        self.check = check
        self.rule: Rule | None = None
        self.keep: Callable[..., list[Any]] = lambda values, out, extras: []

        parameters = inspect.signature(forward).parameters.values()
        self.names = [p.name for p in parameters]
        self.defaults = [p.default for p in parameters]
        self.required = sum(p.default is p.empty for p in parameters)
        self.positional = sum(p.kind is not p.KEYWORD_ONLY for p in parameters)
        self.forward = _taking_all_by_position(forward)
        kinds = [str(p.annotation) for p in parameters]
        words = [set(re.findall(r"\w+", kind)) for kind in kinds]
        self.slots = tuple(i for i, w in enumerate(words) if w & {"Array", "Operand", "Arrays"})
        self.numbers_allowed = tuple("Operand" in w for w in words)
        self.optional = tuple(bool(w & {"None", "Optional"}) for w in words)
        self.only_arrays = len(self.slots) == len(self.names)
        self.many = bool(words) and "Arrays" in words[0]  # cat, stack: the first input is a list
        if not self.slots:
            raise TypeError(f"@op: a parameter of {self.name}() must be annotated Array, Operand or Arrays")
        if self.name in ops and ops[self.name].__module__ != self.__module__:
            raise ValueError(
                f"two operations are called {self.name}: in {ops[self.name].__module__} and here"
            )
        ops[self.name] = self

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> str:
        return self.__qualname__  # like a function, an operation is copied by its name: there is only one

    def backward(self, rule: Rule) -> Rule:
        """Register `rule` as the gradient of this operation and note what it wants to be kept."""
        wanted = []
        for name in list(inspect.signature(rule).parameters)[1:]:
            whole = name.removesuffix("_shape")
            if name == "out":
                wanted.append("out")
            elif name in self.names:
                wanted.append(f"values[{self.names.index(name)}]")
            elif whole in self.names:
                wanted.append(f"shape(values[{self.names.index(whole)}])")
            else:
                wanted.append(f"extras[{name!r}]")  # something that the forward saved for the rule
        # Made once for each rule, as namedtuple does, because it runs at every recorded operation.
        self.keep = eval(f"lambda values, out, extras: [{', '.join(wanted)}]", {"shape": np.shape})
        self.rule = rule
        return rule

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Tensor:
        """Compute the operation on tensors and, if one of them requires a gradient, record it."""
        values: list[Any] = list(args)
        if kwargs or not self.required <= len(values) <= self.positional:
            self._bind(values, kwargs)
        elif len(values) < len(self.names):
            values += self.defaults[len(values) :]
        if self.many:
            inputs = self._list_input(values)
        else:
            inputs = values if self.only_arrays else [values[i] for i in self.slots]
        arrays: list[Any] = []
        edges: list[Any] = []
        recording = mixed = False
        dtype = None
        for x in inputs:
            if isinstance(x, Tensor):
                if x._view is not None:
                    x._view.refresh(x)
                array = x.array
                arrays.append(array)
                if array.dtype is not dtype:
                    mixed = mixed or dtype is not None
                    dtype = array.dtype
                if x._requires_grad:
                    edges.append(x._node or x)
                    recording = True
                else:
                    edges.append(None)
            else:
                arrays.append(self._number(x, len(arrays)))
                edges.append(None)
                mixed = mixed or x.__class__ is bool
        if self.promote and (mixed or dtype is None or dtype.kind != "f"):
            arrays = self._promoted(arrays)
        if self.many:
            values[0] = arrays
        elif self.only_arrays:
            values = arrays
        else:
            for i, array in zip(self.slots, arrays, strict=True):
                values[i] = array

        try:
            out = mode.quiet.run(self.forward, *values)
        except (ValueError, IndexError, TypeError) as error:
            raise self._explained(error, arrays) from error
        extras: Any = None
        if out.__class__ is tuple:
            out, extras = out
        if out.__class__ is not np.ndarray:
            out = np.asarray(out)
        result = _new(Tensor)
        result.array = out

        if recording and mode.grad and self.differentiable and out.dtype.kind == "f":
            if self.rule is None:
                _load_rules()
            result._requires_grad = True
            saved = self.keep(values, out, extras)
            result._node = Node(self.name, self.rule, edges, saved, out.shape, out.dtype)
        if self.view and _shared(out, arrays[0]):
            result._view = View(inputs[0], self, values[1:])
        if mode.watch is not None:
            mode.watch(self, arrays, result)
        return result

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


def _taking_all_by_position(forward: Callable[..., Any]) -> Callable[..., Any]:
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


@overload
def op(forward: Callable[P, Any], /) -> Op[P]: ...
@overload
def op(
    *,
    promote: str = "",
    view: bool = False,
    differentiable: bool = True,
    check: Callable[..., None] | None = None,
) -> Callable[[Callable[P, Any]], Op[P]]: ...
def op(
    forward: Callable[P, Any] | None = None,
    /,
    *,
    promote: str = "",
    view: bool = False,
    differentiable: bool = True,
    check: Callable[..., None] | None = None,
) -> Any:
    """Lift a function on arrays to an operation on tensors.

    Parameters annotated `Array` take tensors, `Operand` tensors or numbers, `Arrays` a list of tensors
    (first parameter only); all others are passed as they are.

    Args:
        forward: the function; it returns an array, or an array and a dict of what its rule needs.
        promote: "" leaves dtypes alone, "same" casts the inputs to their common dtype, "float" too,
            and makes that a floating-point one.
        view: the result may share memory with the first input.
        differentiable: False declares that there is no gradient; the output never requires one.
        check: called with the inputs before they are cast (so not if all are of one float dtype) to refuse
            some of their dtypes.
    """

    def lift(f: Callable[P, Any]) -> Op[P]:
        return Op(f, promote, view, differentiable, check)

    return lift if forward is None else lift(forward)


def _shared(out: Any, array: Any) -> bool:
    """Tell whether two arrays may share memory, without asking NumPy in the common cases."""
    base = out.base
    if base is None:
        return out is array
    return base is array or base is array.base or np.may_share_memory(out, array)


def _load_rules() -> None:
    """Bring in the rules of the modules before autograd, whose lesson they are, when first needed."""
    from .. import m05_autograd  # noqa: F401  (imported for what it registers)


# At the end, because a Tensor is made of operations and an operation makes Tensors.
from .tensor import Tensor as Tensor  # noqa: E402
from .views import View  # noqa: E402

_new = object.__new__
