"""Letting another implementation do an operation's work: the seam for faster kernels.

Nothing is patched for it. An operation keeps its own forward and rule, and notes beside them which others
are to be used; which of the two did a call stands with what was saved for the call's gradient.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol

from .arguments import taking_all_by_position
from .record import Rule

Keep = Callable[..., list[Any]]


class Exchangeable(Protocol):
    """What an operation has that can be exchanged."""

    name: str
    names: list[str]
    forward: Callable[..., Any]
    rule: Rule | None
    keep: Keep
    own: tuple[Callable[..., Any], Rule | None, Keep] | None

    def keeper(self, rule: Rule) -> Keep:
        """Return the function that picks what a rule wants to be kept."""


class _Other(dict[str, Any]):
    """What the other forward saved for the other rule."""


def use(op: Exchangeable, forward: Callable[..., Any] | None, rule: Rule | None) -> None:
    """Do the work of `Op.use`."""
    if op.own is None:
        op.own = op.forward, op.rule, op.keep
    own_forward, own_rule, own_keep = op.own
    if forward is None:
        op.forward, op.rule, op.keep = op.own
        op.own = None
        return
    names = list(inspect.signature(forward).parameters)
    if names != op.names:
        op.own = op.own if op.forward is not own_forward else None
        raise ValueError(
            f"{op.name} takes ({', '.join(op.names)}), but what is to be used for it ({', '.join(names)})"
        )
    other = taking_all_by_position(forward)

    @named(op.name)
    def either(*values: Any) -> Any:
        out = other(*values)
        return own_forward(*values) if out is NotImplemented else out

    if rule is None:
        op.forward, op.rule, op.keep = either, own_rule, own_keep
        return
    other_rule, other_keep = rule, op.keeper(rule)

    @named(op.name)
    def marked(*values: Any) -> Any:
        out = other(*values)
        if out is NotImplemented:
            return own_forward(*values)
        return (out[0], _Other(out[1])) if out.__class__ is tuple else (out, _Other())

    def keep(edges: Any, values: Any, out: Any, extras: Any) -> list[Any]:
        if extras.__class__ is _Other:
            return [True, *other_keep(edges, values, out, extras)]
        return [False, *own_keep(edges, values, out, extras)]

    def either_rule(g: Any, by_other: bool, *saved: Any) -> Any:
        if by_other:
            return other_rule(g, *saved)
        assert own_rule is not None
        return own_rule(g, *saved)

    op.forward, op.rule, op.keep = marked, either_rule, keep


def named(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a function bear the operation's name, by which a `Watcher` knows it."""

    def name_it(function: Callable[..., Any]) -> Callable[..., Any]:
        function.__name__ = name
        return function

    return name_it
