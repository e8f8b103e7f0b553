"""The engine: walk back through the recorded operations and apply the chain rule to each.

Nodes are taken in reverse order of birth. An operation is always born after the operations that made
its inputs, so when a node's turn comes, every gradient that flows into it has arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..m01_tensor.op import Node, mode
from ..m01_tensor.tensor import Tensor, wrap
from ..m01_tensor.views import changed_since
from ..m01_tensor import views


class Walk:
    """One backward pass: the gradients on their way, and the nodes still to visit."""

    def __init__(self) -> None:
        self.gradients: dict[Any, Any] = {}  # by Node, or by leaf Tensor
        self.owned: set[Any] = set()  # whose gradient is an array of our own, so may be added to
        self.heap: list[tuple[int, Node]] = []  # nodes by reverse birth

    def give(self, target: Any, g: Any, ours: bool) -> None:
        """Add `g` to the gradient of `target`; `ours` tells that nobody else uses the array."""
        if g.shape != target.shape:
            g, ours = sum_to_shape(g, target.shape), True
        if g.dtype is not target.dtype:
            g, ours = g.astype(target.dtype), True
        so_far = self.gradients.get(target)
        if so_far is None:
            self.gradients[target] = g
            if ours:
                self.owned.add(target)
            if target.__class__ is Node:
                heappush(self.heap, (-target.birth, target))
        elif target in self.owned and so_far.ndim:
            so_far += g
        else:
            self.gradients[target] = so_far + g
            self.owned.add(target)

    def run(self, retain_graph: bool, wanted: Sequence[Any] = ()) -> dict[Any, Any]:
        """Visit all nodes; return the gradients of the leaves and of the `wanted` nodes."""
        results: dict[Any, Any] = {}
        heap, gradients, give = self.heap, self.gradients, self.give
        watch = mode.watch_backward
        while heap:
            node = heappop(heap)[1]
            g = gradients.pop(node)
            if node.hooks:
                g = run_hooks(node.hooks, g)
            if node in wanted:
                results[node] = g
            edges, saved = node.edges, node.saved
            if edges is None:
                raise RuntimeError(
                    f"Trying to backward through the graph a second time (at {node.name}), but what it "
                    "had saved is freed. Say backward(retain_graph=True) the first time."
                )
            if node.rule is None:
                raise NotImplementedError(f"the operation '{node.name}' has no gradient rule")
            if views.last_change > node.birth:
                check_unchanged(node)
            thunks = node.rule(g, *saved)
            if thunks.__class__ not in (tuple, list):
                thunks = (thunks,)
            for position, edge in enumerate(edges):
                if edge is None:
                    continue
                thunk = thunks[position] if position < len(thunks) else None
                if thunk is None:
                    raise NotImplementedError(
                        f"the operation '{node.name}' has no gradient for its input {position}"
                    )
                d = thunk()
                give(edge, d, d is not g and getattr(d, "base", None) is None)
            if watch is not None:
                watch(node, [gradients.get(e) for e in edges if e is not None])
            if not retain_graph:
                node.edges = node.saved = None
        results.update(gradients)
        return results


def backward(
    tensor: Tensor, gradient: Tensor | None, retain_graph: bool | None, create_graph: bool
) -> None:
    """Do the work of `Tensor.backward`."""
    leaves = differentiate([tensor], [gradient], bool(retain_graph), create_graph)[0]
    for leaf, (g, ours) in leaves.items():
        if leaf.grad is not None:
            np.add(leaf.grad.array, g, out=leaf.grad.array)
            views.mark_changed(leaf.grad.array)
        else:
            leaf.grad = wrap(g if ours else g.copy())


def differentiate(
    outputs: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    retain_graph: bool,
    create_graph: bool,
    wanted: Sequence[Any] = (),
) -> tuple[dict[Tensor, tuple[Any, bool]], dict[Any, Any]]:
    """Walk back from `outputs`; return the leaves' gradients (and if they are ours), and the wanted.

    Nothing is stored on any tensor, so an error on the way leaves no gradient half added.
    """
    if create_graph:
        raise NotImplementedError("gradients of gradients (create_graph=True) aren't supported")
    walk = Walk()
    for output, gradient in zip(outputs, gradients, strict=True):
        if not output.requires_grad:
            raise RuntimeError(
                "element 0 of tensors does not require grad and does not have a grad_fn: nothing that it "
                "was made from has requires_grad=True, or it was made under no_grad()"
            )
        walk.give(output._node or output, seed(output, gradient), ours=gradient is None)
    with np.errstate(all="ignore"):
        results = walk.run(retain_graph, wanted)
    leaves: dict[Tensor, tuple[Any, bool]] = {}
    for leaf, g in results.items():
        if isinstance(leaf, Tensor):
            ours = leaf in walk.owned
            if leaf._hooks:
                g, ours = run_hooks(leaf._hooks, g), False
            leaves[leaf] = (g, ours)
    return leaves, results


def seed(output: Tensor, gradient: Tensor | None) -> Any:
    """Return the array that the walk starts with at `output`."""
    if gradient is None:
        if output.array.size != 1:
            raise RuntimeError(
                "grad can be implicitly created only for scalar outputs; "
                f"this one has shape {output.shape}: give backward() a gradient of that shape"
            )
        return np.ones_like(output.array)
    if not isinstance(gradient, Tensor):
        raise TypeError(f"gradients must be Tensors or None, not {type(gradient).__name__}")
    if gradient.shape != output.shape:
        raise RuntimeError(
            f"Mismatch in shape: the gradient has a shape of {gradient.shape} "
            f"and the output has a shape of {output.shape}"
        )
    return gradient.array


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


def check_unchanged(node: Node) -> None:
    """Raise an error if a value that the node's rule needs was changed after it was saved."""
    for x in node.saved:
        if changed_since(x, node.birth):
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an inplace "
                f"operation: the operation '{node.name}' saved a tensor of shape {x.shape}, "
                "which was changed before backward()"
            )
