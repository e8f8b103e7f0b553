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
rule names is not kept, so memory and the check for in-place changes follow from the rule alone. A
parameter annotated `Annotated[Any, "other"]` is kept only if `other` requires a gradient, else it is None.
A rule returns one function per tensor input, run only if that input needs its gradient; each gives
`g`, a view of `g`, or a fresh array. Broadcasting and dtype are undone by the engine.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, overload

import numpy as np

from .arguments import Arguments, Array as Array, Arrays as Arrays, Operand as Operand
from .exchange import use
from .record import Node, Rule, mode

P = ParamSpec("P")

ops: dict[str, Op[...]] = {}  # every operation of every imported track, by name


class Op(Arguments, Generic[P]):
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
        self.keep: Callable[..., list[Any]] = lambda edges, values, out, extras: []
        self.own: Any = None  # forward, rule and keep of its own, while others are used

        self._read_signature(forward)
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
        self.keep = self.keeper(rule)
        self.rule = rule
        return rule

    def use(self, forward: Callable[..., Any] | None = None, rule: Rule | None = None) -> None:
        """Let another forward, and another rule, do the work from now on; without any, its own again.

        The module acceleration exchanges faster kernels so. What is recorded already keeps its rule.

        Args:
            forward: a function of the same parameters, which returns what the operation's own does, or
                `NotImplemented` for arguments that it leaves to that.
            rule: the gradient of what `forward` did, in the form of `backward`'s; left out, the operation's
                own, for which `forward` must then save what that names.

        Raises:
            ValueError: the parameters of `forward` are others.
        """
        if self.rule is None and self.differentiable:
            _load_rules()
        use(self, forward, rule)

    def keeper(self, rule: Rule) -> Callable[..., list[Any]]:
        """Return the function that picks what `rule` wants to be kept."""
        wanted = []
        for name, parameter in list(inspect.signature(rule).parameters.items())[1:]:
            whole = name.removesuffix("_shape")
            if name == "out":
                source = "out"
            elif name in self.names:
                source = f"values[{self.names.index(name)}]"
            elif whole in self.names:
                source = f"shape(values[{self.names.index(whole)}])"
            else:
                source = f"extras[{name!r}]"  # something that the forward saved for the rule
            condition = re.search(r"""Annotated\[Any, ["'](\w+)["']\]""", str(parameter.annotation))
            if condition:
                edge = self.slots.index(self.names.index(condition[1]))
                source = f"{source} if edges[{edge}] is not None else None"
            wanted.append(source)
        # Made once for each rule, as namedtuple does, because it runs at every recorded operation.
        names = {"shape": np.shape}
        keep: Callable[..., list[Any]] = eval(
            f"lambda edges, values, out, extras: [{', '.join(wanted)}]", names
        )
        return keep

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
            saved = self.keep(edges, values, out, extras)
            result._node = Node(self.name, self.rule, edges, saved, out.shape, out.dtype)
        if self.view and _shared(out, arrays[0]):
            result._view = View(inputs[0], self, values[1:])
        if mode.watch is not None:
            mode.watch(self, arrays, result)
        return result


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
from .tensor import Tensor as Tensor  # noqa: E402  (see above)
from .views import View  # noqa: E402  (for the same reason)

_new = object.__new__
