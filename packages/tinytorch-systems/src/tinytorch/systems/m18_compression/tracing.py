"""What happens to each layer's output, found by running the model once and looking at autograd's graph."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from tinytorch.core import Linear, Module, Tensor, enable_grad, from_numpy

from .masking import find_parameter
from .scores import array_of


class Trace:
    """One run of a model in evaluation mode.

    Attributes:
        children: for each node of the graph those that use its result, each with the position of that input.
        output_of: for each layer that ran exactly once the node of its output.
        layer_of: the same the other way round, for layers with parameters.
        input_of: for each such layer the array that it got.
        ends: the nodes of the model's outputs.
        result: the arrays of the model's outputs.
    """

    def __init__(self, model: Module, inputs: tuple[Any, ...]) -> None:
        seen: dict[Module, list[tuple[Any, Any]]] = defaultdict(list)

        def note(module: Module, given: Any, output: Any) -> None:
            first = given[0] if given else None
            if isinstance(output, Tensor) and isinstance(first, Tensor):
                seen[module].append((array_of(first), output.grad_fn))
            else:
                seen[module].append((None, None))

        with recorded(model, note), enable_grad():
            outputs = list(tensors_in(model(*inputs)))
        if not outputs:
            raise TypeError(f"{type(model).__name__} returned no tensor, so its layers can't be followed")
        once = {
            layer: calls[0] for layer, calls in seen.items() if len(calls) == 1 and calls[0][1] is not None
        }
        self.result = [array_of(t) for t in outputs]
        self.ends = {t.grad_fn for t in outputs if t.grad_fn is not None}
        self.output_of = {layer: node for layer, (_, node) in once.items()}
        self.input_of = {layer: x for layer, (x, _) in once.items()}
        weighted = [layer for layer in self.output_of if any(True for _ in layer.parameters(recurse=False))]
        self.layer_of = {self.output_of[layer]: layer for layer in weighted}  # a Dropout passes its input on
        self.children: dict[Any, list[tuple[Any, int]]] = defaultdict(list)
        waiting, known = list(self.ends), set(self.ends)
        while waiting:
            node = waiting.pop()
            for position, edge in enumerate(node.edges):
                if edge is None or isinstance(edge, Tensor):
                    continue
                self.children[edge].append((node, position))
                if edge not in known:
                    known.add(edge)
                    waiting.append(edge)


@contextmanager
def recorded(model: Module, note: Any) -> Iterator[None]:
    """Have a model ready for one recorded run: evaluation, all parameters with gradients; then as before."""
    modes = [(module, module.training) for module in model.modules()]
    frozen = [p for p in model.parameters() if not p.requires_grad and p.is_floating_point()]
    handles = [module.register_forward_hook(note) for module, _ in modes]
    model.eval()
    model_parameters = [p.requires_grad_() for p in frozen]
    try:
        yield
    finally:
        for parameter in model_parameters:
            parameter.requires_grad_(False)
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Give the tensors in what a model returned."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors_in(part)


def as_inputs(model: Module, example_inputs: Any) -> tuple[Any, ...]:
    """Return the arguments to run a model with; without an example, some that its first layer takes.

    Raises:
        TypeError: the first layer doesn't say what it takes.
    """
    from tinytorch.language import GPT, Embedding

    if isinstance(example_inputs, tuple):
        return example_inputs
    if example_inputs is not None:
        return (example_inputs,)
    ids = from_numpy(np.zeros((1, 2), np.int64))
    if isinstance(model, GPT):
        return (ids[:, : model.config.block_size],)
    first = next((m for m in model.modules() if list(m.parameters(recurse=False))), None)
    if isinstance(first, Embedding):
        return (ids,)
    if isinstance(first, Linear):
        dtype = array_of(find_parameter(first, "weight")).dtype
        values = np.random.default_rng(0).standard_normal((4, first.in_features))
        return (from_numpy(values.astype(dtype)),)
    raise TypeError(
        f"give example_inputs, such as a batch of images: the first layer of this {type(model).__name__} "
        "doesn't say what sizes it takes"
    )


def follow_shape(node: Any, shape: tuple[int, ...], axis: int, k: int) -> tuple[int, int] | None:
    """Return where a layer's channels are after an operation that leaves them apart; None if it doesn't.

    Args:
        node: the operation.
        shape: of its input.
        axis: the dimension of the input that the channels are numbered by.
        k: how many neighbours along it belong to one channel.

    Returns:
        The axis and k of the output.
    """
    name, after = node.name.strip("_"), node.shape
    if name in ELEMENTWISE:
        return (axis, k) if after == shape else None
    if name in POOLING:  # the last dimensions are places
        same = axis < len(shape) - 1 and after[: axis + 1] == shape[: axis + 1]
        return (axis, k) if same else None
    if name == "mean":  # over the places
        same = after[: axis + 1] == shape[: axis + 1] and all(n == 1 for n in after[axis + 1 :])
        return (axis, k) if same else None
    if name in ("view", "reshape"):
        before, places = int(np.prod(shape[:axis])), int(np.prod(shape[axis + 1 :]))
        for i, length in enumerate(after):
            if int(np.prod(after[:i])) == before:
                if length == shape[axis]:
                    return i, k
                if length == shape[axis] * places:  # flattened: the places of a channel are neighbours
                    return i, k * places
    return None


ELEMENTWISE = {
    *("relu", "gelu", "silu", "tanh", "sigmoid", "elu", "selu", "leaky_relu", "hardtanh", "mish", "softplus"),
    *("logsigmoid", "clamp", "abs", "square", "exp", "neg", "sin", "cos", "erf"),
    *("dropout", "clone", "contiguous", "cast", "copied"),
}
POOLING = {"max_pool", "avg_pool", "adaptive_avg_pool2d", "adaptive_max_pool"}
