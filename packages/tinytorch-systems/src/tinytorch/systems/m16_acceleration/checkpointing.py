"""Activation checkpointing: forget what was computed on the way, and compute it again when it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
from tinytorch.core import (
    Array,
    Arrays,
    Tensor,
    default_generator,
    enable_grad,
    from_numpy,
    grad,
    is_grad_enabled,
    op,
    tensor,
)


class Part:
    """A part of a computation: what is called, with what, and where the random numbers stood.

    Args:
        function: what is called.
        args: its arguments; of tensors only the numbers are kept, not how they were made.
        kwargs: its keyword arguments.
        random: a state of the default generator, or None to leave that alone.
    """

    def __init__(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], random: Any = None
    ) -> None:
        self.function = function
        self.names = list(kwargs)
        given = [*args, *kwargs.values()]
        self.values = [x.detach() if isinstance(x, Tensor) else x for x in given]
        self.wanted = [i for i, x in enumerate(given) if isinstance(x, Tensor) and x.requires_grad]
        self.inputs = [given[i] for i in self.wanted]  # with their history; forgotten once it is in the graph
        self.random = random
        self.parameters: list[Tensor] = []
        self.which: int | None = None  # of several results
        self.first: Any = None  # what was computed already

    def run(self, arrays: Sequence[Any] | None = None) -> tuple[Any, list[Tensor]]:
        """Call the function on leaves in place of its inputs; return its result and these."""
        values = list(self.values)
        leaves = []
        for j, i in enumerate(self.wanted):
            x = values[i].detach() if arrays is None else from_numpy(arrays[j])
            values[i] = x.requires_grad_()
            leaves.append(values[i])
        count = len(values) - len(self.names)
        with enable_grad():
            kwargs = dict(zip(self.names, values[count:], strict=True))
            return self.function(*values[:count], **kwargs), leaves

    def value(self, arrays: Sequence[Any]) -> Any:
        """Return what was computed already, and forget it."""
        first, self.first = self.first, None
        return first

    def again(self, arrays: Sequence[Any]) -> tuple[Tensor, list[Tensor]]:
        """Call it with the random numbers of the first time; return one tensor and the leaves."""
        now = default_generator.get_state()
        if self.random is not None:
            default_generator.set_state(self.random)
        try:
            out, leaves = self.run(arrays)
        finally:
            if self.random is not None:
                default_generator.set_state(now)
        return (out if self.which is None else out[self.which]), leaves


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool = False,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """Call a function without keeping what its gradient needs; the backward pass calls it again for that.

    Memory for activations becomes time: of the part inside only the inputs are kept, and the forward pass of
    it is done twice. Values and gradients are the same, also those of parameters that the function uses.

    Args:
        function: returns a tensor, or a tuple or list of tensors. It must compute the same when it is called
            again; each of several results that gets a gradient calls it once more.
        args: its arguments. Tensors made outside that require a gradient must be among these or `kwargs`;
            leaves, such as parameters, need not.
        use_reentrant: must be False; PyTorch's older kind, which leaves out gradients, doesn't exist here.
        preserve_rng_state: let dropout and other users of the default generator draw the same numbers again.
        kwargs: its keyword arguments.

    Returns:
        What the function returns.

    Raises:
        ValueError: `use_reentrant` isn't False.
        TypeError: the function returns something else than tensors.
        RuntimeError: it uses a tensor from outside that isn't an argument and requires a gradient, or
            computes something of another shape or dtype the second time.

    Examples:
        >>> layer, x = tt.Linear(4, 4), tt.ones(2, 4, requires_grad=True)
        >>> systems.checkpoint(layer, x).sum().backward()
        >>> x.grad.shape
        (2, 4)

    Examples:
        >>> x = tt.tensor([0.0, 1.0], requires_grad=True)
        >>> systems.checkpoint(lambda a: (a * 3).relu(), x, use_reentrant=False).sum().backward()
        >>> x.grad
        tensor([0., 3.])

    Source: Chen et al., "Training deep nets with sublinear memory cost", 2016 (arXiv:1604.06174);
    https://docs.pytorch.org/docs/stable/checkpoint.html
    """
    if use_reentrant:
        raise ValueError("checkpoint(): only use_reentrant=False is supported")
    if not is_grad_enabled():
        return function(*args, **kwargs)
    random = default_generator.get_state() if preserve_rng_state else None
    part = Part(function, args, kwargs, random)
    began = (tensor(0.0, requires_grad=True) * 1).grad_fn
    assert began is not None
    out, leaves = part.run()
    several = isinstance(out, (tuple, list))
    outputs: list[Any] = list(out) if several else [out]
    if not all(isinstance(x, Tensor) for x in outputs):
        raise TypeError(f"checkpoint(): the function must return tensors, not {type(out).__name__}")
    part.parameters = _parameters(outputs, leaves, began.birth)
    inputs = [*part.inputs, *part.parameters]
    part.inputs = []
    results = []
    for i, x in enumerate(outputs):
        if x.requires_grad:
            own = copy(part)
            own.which, own.first = (i if several else None), x.detach().numpy()
            x = _checkpointed(inputs, own)
        results.append(x)
    return type(out)(results) if several else results[0]


def checkpoint_sequential(
    functions: Iterable[Callable[..., Any]],
    segments: int,
    input: Any,
    use_reentrant: bool = False,
    preserve_rng_state: bool = True,
) -> Any:
    """Call functions one after the other, checkpointed in `segments` parts of about the same length.

    With the square root of their number as `segments`, memory grows with that root: each part keeps its
    input, and one part at a time its activations.

    Args:
        functions: modules or functions of one argument, for example a `Sequential`.
        segments: how many parts.
        input: what the first one gets.
        use_reentrant: as of `checkpoint`.
        preserve_rng_state: as of `checkpoint`.

    Returns:
        What the last one returns. As in PyTorch, the last part isn't checkpointed: it is needed at once.

    Raises:
        ValueError: `segments` isn't from 1 to the number of functions.

    Source: https://docs.pytorch.org/docs/stable/checkpoint.html
    """
    steps = list(functions)
    if not 1 <= segments <= max(1, len(steps)):
        raise ValueError(f"segments must be from 1 to {len(steps)}, the number of functions, not {segments}")
    length = len(steps) // segments
    for i in range(segments - 1):
        some = steps[i * length : (i + 1) * length]
        input = checkpoint(
            _chain(some), input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state
        )
    return _chain(steps[(segments - 1) * length :])(input)


def _chain(functions: Sequence[Callable[..., Any]]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        for function in functions:
            x = function(x)
        return x

    return run


def _parameters(outputs: Sequence[Tensor], arguments: Sequence[Tensor], began: int) -> list[Tensor]:
    """Return the leaves, beside the arguments, that the outputs were made of."""
    known = {id(x) for x in arguments}
    found: list[Tensor] = []
    waiting: list[Any] = [x.grad_fn or x for x in outputs if x.requires_grad]
    while waiting:
        target = waiting.pop()
        if id(target) in known:
            continue
        known.add(id(target))
        if isinstance(target, Tensor):
            found.append(target)
            continue
        if target.birth < began:
            raise RuntimeError(
                f"checkpoint(): the function uses a result of '{target.name}' from outside, which requires a "
                "gradient; give it to the function as an argument"
            )
        waiting.extend(edge for edge in target.edges or () if edge is not None)
    return found


@op
def _checkpointed(inputs: Arrays, part: Any) -> Array:
    out = part.value(inputs)
    return out.copy() if any(np.may_share_memory(out, x) for x in inputs) else out


@_checkpointed.backward
def _checkpointed_backward(g: Any, inputs: Any, part: Any) -> Any:
    made: list[Any] = []

    def gradient(i: int) -> Any:
        if not made:
            out, leaves = part.again(inputs)
            if out.shape != g.shape or out.dtype != g.dtype:
                raise RuntimeError(
                    f"checkpoint(): the function computed {g.dtype} of shape {list(g.shape)} at first, but "
                    f"{out.dtype} of shape {list(out.shape)} when it was called again for the gradient"
                )
            start = from_numpy(np.array(g))
            found = grad(
                [out], [*leaves, *part.parameters], [start], allow_unused=True, materialize_grads=True
            )
            made.extend(x.numpy() for x in found if x is not None)
        return made[i]

    return [lambda i=i: gradient(i) for i in range(len(inputs))]
