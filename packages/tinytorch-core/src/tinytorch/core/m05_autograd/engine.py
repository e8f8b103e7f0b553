"""The engine: walk back through the recorded operations and apply the chain rule to each.

Nodes are taken in reverse order of birth. An operation is always born after the operations that made
its inputs, so when a node's turn comes, every gradient that flows into it has arrived. The walk is a
loop, not a recursion, so a chain of 100,000 operations is no deeper than one of three.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from heapq import heappop, heappush
from itertools import zip_longest
from typing import Any

import numpy as np

from ..m01_tensor import views
from ..m01_tensor.record import Node, mode
from ..m01_tensor.tensor import Tensor, wrap
from .parts import Part


@np.errstate(all="ignore")  # as in the forward pass, inf and nan are values like others
def walk_back(
    starts: Sequence[tuple[Any, Any]], retain_graph: bool, wanted: Collection[Any] = (), watch: Any = None
) -> tuple[dict[Any, Any], set[Any]]:
    """Carry the gradients given at `starts` back to the leaves.

    Args:
        starts: pairs of a target (a Node, or a leaf Tensor) and its gradient.
        retain_graph: don't free what the nodes saved.
        wanted: nodes whose gradients are to be returned as well.
        watch: called after each node with it, its gradient, and those of its inputs.

    Returns:
        The gradients by target, and the targets whose array nobody else holds.
    """
    gradients: dict[Any, Any] = {}
    owned: set[Any] = set()  # targets whose gradient is an array of our own, so may be added to
    heap: list[tuple[int, Node]] = []  # nodes to visit, the youngest first
    results: dict[Any, Any] = {}

    def give(target: Any, g: Any, ours: bool) -> None:
        array = target if target.__class__ is Node else target.array
        if g.__class__ is Part:
            if target in owned and gradients[target].ndim:
                g.add_to(gradients[target])
                return
            g, ours = g.whole(), True
        if g.shape != array.shape:
            g, ours = sum_to_shape(g, array.shape), True
        if g.dtype is not array.dtype:
            g, ours = g.astype(array.dtype), True
        if target in gradients:
            if target in owned and g.ndim:
                gradients[target] += g
            elif ours and g.ndim and g.flags.writeable:
                g += gradients[target]  # a fresh array saves making another one
                gradients[target] = g
                owned.add(target)
            else:
                gradients[target] = gradients[target] + g
                owned.add(target)
        else:
            gradients[target] = g
            if ours:
                owned.add(target)
            if array is target:
                heappush(heap, (-target.birth, target))

    for target, g in starts:
        give(target, g, False)
    while heap:
        node = heappop(heap)[1]
        g = gradients.pop(node)
        if node.hooks:
            g = run_hooks(node.hooks, g)
            owned.discard(node)
        if node in wanted:
            results[node] = g
        edges = node.edges
        if edges is None or node.rule is None:
            raise refusal(node)
        thunks = node.rule(g, *node.saved)
        if thunks.__class__ is not tuple:
            thunks = tuple(thunks) if thunks.__class__ is list else (thunks,)
        if views.last_change > node.birth:
            check_unchanged(node, thunks)
        for edge, thunk in zip(edges, thunks, strict=True):
            if edge is not None:
                if thunk is None:
                    raise refusal(node)
                d = thunk()
                # What a rule made is ours to add to; g and views of g belong to others as well.
                give(edge, d, d.base is None and d is not g)
        if watch is not None:
            watch(node, g, [gradients[edge] for edge in edges if edge is not None])
        if not retain_graph:
            node.edges = node.saved = None
        thunks = ()  # they hold what the node saved, which the next rule needn't wait for
    results.update(gradients)
    return results, owned


def refusal(node: Node) -> Exception:
    """Return the error for a node that can't be differentiated."""
    if node.edges is None:
        return RuntimeError(
            f"Trying to backward through the graph a second time (at {node.name}), but what it had saved "
            "has been freed. Say backward(retain_graph=True) the first time."
        )
    missing = "" if node.rule is None else " for one of the inputs that require a gradient"
    return NotImplementedError(f"the operation '{node.name}' has no gradient rule{missing}")


def check_unchanged(node: Node, thunks: Sequence[Any]) -> None:
    """Raise an error if a value that a gradient needs was changed in place after it was saved.

    What each function of the rule needs is seen in its closure. A value that only the functions of
    inputs without gradient need may change; one that is in no closure was needed by the rule itself.
    """
    needed: set[int] = set()
    idle: set[int] = set()
    for thunk, edge in zip_longest(thunks, node.edges):
        if thunk is not None:
            held = idle if edge is None else needed
            held.update(id(cell.cell_contents) for cell in getattr(thunk, "__closure__", None) or ())
    for x in node.saved:
        if id(x) in idle and id(x) not in needed:
            continue
        for array in x if isinstance(x, list) else [x]:
            if views.changed_since(array, node.birth):
                raise RuntimeError(
                    "one of the variables needed for gradient computation has been modified by an "
                    f"inplace operation: '{node.name}' saved a tensor of shape {array.shape}, "
                    "which was changed before backward()"
                )


def sum_to_shape(g: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: sum `g` over the dimensions that were added or stretched from 1."""
    extra = g.ndim - len(shape)
    stretched = [extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1]
    return g.sum(axis=(*range(extra), *stretched)).reshape(shape)


def run_hooks(hooks: Sequence[Any], g: Any) -> Any:
    """Show the gradient to each hook; what a hook returns takes its place."""
    for hook in tuple(hooks):
        replaced = hook(wrap(g))
        if replaced is not None:
            g = replaced.array
    return g


def seed(output: Tensor, gradient: Tensor | None) -> Any:
    """Return the array that the walk starts with at `output`."""
    if not output.requires_grad:
        raise RuntimeError(
            "element 0 of tensors does not require grad and does not have a grad_fn: nothing that it was "
            "made from has requires_grad=True, or it was made under no_grad()"
        )
    if gradient is None:
        if output.array.size != 1:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs; "
                f"this one has shape {output.shape}: give backward() a gradient of that shape"
            )
        array = output.array
        return np.ones_like(array) if array.ndim else array.dtype.type(1)
    if not isinstance(gradient, Tensor):
        raise TypeError(f"gradients must be Tensors or None, not {type(gradient).__name__}")
    if gradient.shape != output.shape:
        raise RuntimeError(
            f"Mismatch in shape: the gradient has a shape of {gradient.shape} "
            f"and the output has a shape of {output.shape}"
        )
    return gradient.array


def differentiate(
    outputs: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    retain_graph: bool,
    create_graph: bool,
    wanted: Collection[Any] = (),
) -> dict[Any, Any]:
    """Walk back from `outputs`; return an array of its own for each leaf and each `wanted` node.

    Nothing is stored on any tensor, so an error on the way leaves no gradient half added.
    """
    if create_graph:
        raise NotImplementedError("gradients of gradients (create_graph=True) aren't supported")
    starts = [
        (output._node or output, seed(output, gradient))
        for output, gradient in zip(outputs, gradients, strict=True)
    ]
    watch = mode.watch_backward
    if watch is not None:
        watch(None, True, ())
    try:
        results, owned = walk_back(starts, retain_graph, wanted, watch)
        for target, g in results.items():
            ours = target in owned
            if target.__class__ is not Node and target._hooks:
                g, ours = run_hooks(target._hooks, g), False
            if not ours or g.__class__ is not np.ndarray:
                results[target] = np.array(g)
        return results
    finally:
        if watch is not None:
            watch(None, False, ())


def backward(tensor: Tensor, gradient: Tensor | None, retain_graph: bool | None, create_graph: bool) -> None:
    """Do the work of `Tensor.backward`."""
    for leaf, g in differentiate([tensor], [gradient], bool(retain_graph), create_graph).items():
        if leaf.grad is None:
            leaf.grad = wrap(g)
        else:
            leaf.grad.array += g
            views.mark_changed(leaf.grad.array)
