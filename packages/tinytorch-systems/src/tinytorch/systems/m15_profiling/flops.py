"""How many floating-point operations an operation takes, by closed formulas of the shapes.

Two kinds are counted apart.

- `flops`: the multiplications and additions of products: matrices, convolutions, attention. A product of
  (M, K) and (K, N) takes 2 * M * N * K. This is what PyTorch's `FlopCounterMode` counts, and what is meant by
  "6 * parameters * tokens". Attention counts all pairs of positions, causal or not.
- `elementwise`: all other arithmetic: each addition, multiplication, division, maximum, comparison, exp, tanh
  and so on counts as one. Biases, activations, norms, losses, sums.

Moving, choosing and sorting numbers isn't arithmetic: those operations count 0 by definition. An operation
that isn't listed has no formula, and is reported so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple, TypeAlias

from .events import BACKWARD, OPERATION, WORK, Event


class Count(NamedTuple):
    """Floating-point operations."""

    flops: int = 0
    elementwise: int = 0

    def __add__(self, other: Any) -> Count:
        return Count(self.flops + other[0], self.elementwise + other[1])


class Call:
    """An operation as a formula sees it.

    Attributes:
        values: what it was called with, by parameter: shapes in the place of tensors.
        out: the shape of the result.
        needs: in the backward pass, whether each input that is a tensor needs its gradient, in their order.
        extras: the shapes of what the forward saved.
    """

    def __init__(self, event: Event) -> None:
        forward = event.forward or event
        self.values = forward.values
        self.out = forward.out
        self.extras = forward.extras
        self.needs = event.needs

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)

    def size(self, name: str = "") -> int:
        """Return the number of elements of an input, or of the result."""
        return prod(self.values[name] or ()) if name else prod(self.out)


Formula: TypeAlias = Callable[[Call], Sequence[int]]
MOVES = ("copy", "assignment")  # work outside of operations that does no arithmetic
_formulas: dict[str, tuple[Formula, Formula | None]] = {}


def register_flop_formula(
    names: str | Sequence[str], backward: Formula | None = None
) -> Callable[[Formula], Formula]:
    """Say how many floating-point operations your own operation takes.

        @register_flop_formula("my_product", backward=lambda call: (4 * call.size(), 0))
        def my_product_flops(call):
            return 2 * call.size() * call["input"][-1], 0

    Args:
        names: of one operation, or of several.
        backward: the same for its gradient rule, which looks at `call.needs`; None if there is no formula.

    Returns:
        A decorator for a function that takes a `Call` and returns `(flops, elementwise)`.

    Source: `torch.utils.flop_counter.register_flop_formula`
    """

    def register(forward: Formula) -> Formula:
        for name in [names] if isinstance(names, str) else names:
            _formulas[name] = forward, backward
        return forward

    return register


def has_flop_formula(name: str) -> bool:
    """Tell whether there is a formula for the operation called `name`."""
    _load()
    return name in _formulas


def count(event: Event) -> Count | None:
    """Return what an operation or a gradient rule took; None if there is no formula.

    Module calls and ranges have no arithmetic of their own: they return a count of zeros.
    """
    if event.kind not in (OPERATION, BACKWARD):
        return None if event.kind == WORK and event.name not in MOVES else Count()
    _load()
    source = event if event.kind == OPERATION else event.forward
    pair = None if source is None else _formulas.get(source.name)
    formula = None if pair is None else pair[event.kind == BACKWARD]
    return None if formula is None else Count(*(int(x) for x in formula(Call(event))))


def _load() -> None:
    """Bring in the table of formulas, when one is first needed."""
    from . import formulas_elementwise, formulas_products, formulas_reductions  # noqa: F401  (they register)
