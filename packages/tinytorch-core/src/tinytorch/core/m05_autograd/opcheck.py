"""The examination that every operation of every track has to pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..m01_tensor.op import Op
from ..m01_tensor.tensor import Tensor, wrap
from .gradients import gradcheck


def opcheck(
    op: Op[...], args: Sequence[Any], kwargs: Mapping[str, Any] | None = None, atol: float = 1e-5
) -> None:
    """Check an operation's forward and rule on one set of arguments.

    The forward must not change its inputs. The gradients are compared with measured ones (`gradcheck`)
    for the inputs as given, for strided ones and for column-ordered ones. The rule must keep its
    promises: each of its functions gives `g`, a view of `g` or an array of its own, and nothing that
    was saved is changed.

    Args:
        op: the operation.
        args: its arguments; float64 tensors among them are differentiated.
        kwargs: its keyword arguments.
        atol: absolute tolerance of the gradients.

    Raises:
        AssertionError: a promise is broken; the message names it.
        GradcheckError: the gradients are wrong.

    Examples:
        >>> x = tt.randn(2, 3, dtype=tt.float64, requires_grad=True)
        >>> tt.opcheck(tt.exp, [x])  # raises an error if the rule is wrong
    """
    kwargs = kwargs or {}
    for layout in ("as given", "strided", "column-ordered"):
        laid = [_with_layout(x, layout) for x in args]
        before = [x.array.copy() for x in _tensors(laid)]
        result = op(*laid, **kwargs)
        for x, old in zip(_tensors(laid), before, strict=True):
            assert np.array_equal(x.array, old, equal_nan=True), f"{op.name} changed its input ({layout})"
        if not op.differentiable:
            assert not result.requires_grad, f"{op.name} is declared non-differentiable"
            continue
        leaves = [x for x in _tensors(laid) if x.requires_grad]
        assert leaves, f"give {op.name} a float64 tensor that requires a gradient"
        assert op.rule is not None, f"{op.name} has neither a rule nor is declared non-differentiable"

        def function(*given: Any, laid: Any = laid, kwargs: Any = kwargs) -> Tensor:
            return op(*laid, **kwargs)  # gradcheck moves the leaves in place

        gradcheck(function, leaves, atol=atol)
        _check_promises(op, result)


def _check_promises(op: Op[...], result: Tensor) -> None:
    node = result._node
    assert node is not None
    assert node.rule is not None
    saved = [x for x in node.saved if isinstance(x, np.ndarray)]
    before = [x.copy() for x in saved]
    g = np.ones_like(result.array)
    thunks = node.rule(g, *node.saved)
    thunks = thunks if isinstance(thunks, (tuple, list)) else (thunks,)
    made: list[Any] = []
    for thunk, edge in zip(thunks, node.edges, strict=False):
        if thunk is None or edge is None:
            continue
        d = thunk()
        if d is not g and getattr(d, "base", None) is None and isinstance(d, np.ndarray):
            others = saved + made
            assert not any(np.shares_memory(d, x) for x in others), (
                f"{op.name}: a function of the rule must not give an array that is saved or given elsewhere"
            )
            made.append(d)
    assert np.array_equal(g, np.ones_like(g)), f"{op.name}: the rule changed the gradient it was given"
    for x, old in zip(saved, before, strict=True):
        assert np.array_equal(x, old, equal_nan=True), f"{op.name}: the rule changed what was saved"


def _tensors(args: Sequence[Any]) -> Iterator[Tensor]:
    for x in args:
        if isinstance(x, Tensor):
            yield x
        elif isinstance(x, (list, tuple)):
            yield from _tensors(x)


def _with_layout(x: Any, layout: str) -> Any:
    """Copy the tensors in `x` into memory of another order; float64 ones require gradients."""
    if isinstance(x, (list, tuple)):
        return type(x)(_with_layout(item, layout) for item in x)
    if not isinstance(x, Tensor):
        return x
    array = x.array
    if layout == "strided":
        room = np.zeros([2 * n for n in array.shape], array.dtype)
        target = room[tuple(slice(None, None, 2) for _ in array.shape)] if array.ndim else room
        target = np.asarray(target)
        target[...] = array
    else:
        target = np.array(array, order="F" if layout == "column-ordered" else "C")
    return wrap(target).requires_grad_(x.dtype == np.float64)
