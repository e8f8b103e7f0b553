"""Gradients as values, without touching any `.grad`: `grad`, and its numeric check `gradcheck`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..m01_tensor.tensor import Tensor, wrap
from .engine import differentiate
from .modes import no_grad


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return the sum of the gradients of `outputs` with respect to each of `inputs`.

    Args:
        outputs: a tensor or several.
        inputs: tensors that they were made from; leaves or not.
        grad_outputs: for each output the gradient to start with; needed unless it has one element.
        retain_graph: keep what is needed for a second call.
        create_graph: must be False.
        allow_unused: give None for an input that no output depends on.
        materialize_grads: give zeros instead of None for such an input.

    Raises:
        RuntimeError: an input doesn't require a gradient, or no output depends on it.

    Examples:
        >>> x = tt.tensor([1.0, 2.0], requires_grad=True)
        >>> tt.grad((x**3).sum(), x)
        (tensor([ 3., 12.]),)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html
    """
    outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    if grad_outputs is None or isinstance(grad_outputs, Tensor):
        starts: list[Tensor | None] = [grad_outputs] * len(outputs)
    else:
        starts = list(grad_outputs)
    if len(starts) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} outputs and {len(starts)} grad_outputs")
    for x in inputs:
        if not x.requires_grad:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    targets = [x._node or x for x in inputs]
    found = differentiate(outputs, starts, bool(retain_graph), create_graph, set(targets))
    gradients: list[Tensor | None] = []
    for x, target in zip(inputs, targets, strict=True):
        if target in found:
            gradients.append(wrap(found[target]))
        elif materialize_grads:
            gradients.append(wrap(np.zeros_like(x.array)))
        elif allow_unused:
            gradients.append(None)
        else:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
    return tuple(gradients)


class GradcheckError(RuntimeError):
    """The gradient that was computed isn't the one that was measured."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compare the gradients of `func` with differences measured by moving each input by `eps`.

    Args:
        func: takes the inputs, returns a tensor or a tuple of tensors.
        inputs: its inputs; those that require gradients are checked, and should be float64, since
            rounding in float32 is larger than the tolerances.
        eps: how far each element is moved, to both sides.
        atol: absolute tolerance.
        rtol: relative tolerance.
        raise_exception: raise an error that shows both Jacobians; otherwise return False.

    Raises:
        ValueError: no input requires a gradient.
        GradcheckError: the gradients disagree.

    Examples:
        >>> x = tt.randn(3, dtype=tt.float64, requires_grad=True)
        >>> tt.gradcheck(lambda x: (x.exp() * x).sum(), x)
        True

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
    """
    inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
    checked = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck expects at least one input tensor with requires_grad=True")
    outputs = _outputs(func, inputs)
    for i, output in enumerate(outputs):
        if not output.requires_grad:
            continue
        for j, x in enumerate(checked):
            measured = _measured_jacobian(func, inputs, x, i, eps)
            computed = _computed_jacobian(output, x)
            if not np.allclose(computed, measured, rtol, atol, equal_nan=True):
                if not raise_exception:
                    return False
                raise GradcheckError(
                    f"Jacobian mismatch for output {i} with respect to input {j}\n"
                    f"measured:\n{measured}\ncomputed:\n{computed}"
                )
    return True


def _outputs(func: Callable[..., Any], inputs: Sequence[Any]) -> list[Tensor]:
    result = func(*inputs)
    return [result] if isinstance(result, Tensor) else [t for t in result if isinstance(t, Tensor)]


def _measured_jacobian(
    func: Callable[..., Any], inputs: Sequence[Any], x: Tensor, output: int, eps: float
) -> Any:
    """Return d output / d x by central differences, of shape (elements of x, elements of output)."""
    with no_grad():
        jacobian = np.zeros((x.numel(), _outputs(func, inputs)[output].numel()))
        for row, index in enumerate(np.ndindex(x.shape)):
            value = x.array[index]
            x.array[index] = value + eps
            above = _outputs(func, inputs)[output].array.copy()
            x.array[index] = value - eps
            below = _outputs(func, inputs)[output].array.copy()
            x.array[index] = value
            jacobian[row] = (above - below).ravel() / (2 * eps)
    return jacobian


def _computed_jacobian(output: Tensor, x: Tensor) -> Any:
    """Return d output / d x by the engine: one walk for each element of the output."""
    jacobian = np.zeros((x.numel(), output.numel()))
    for column, index in enumerate(np.ndindex(output.shape)):
        start = np.zeros_like(output.array)
        start[index] = 1
        (g,) = grad(output, x, wrap(start), retain_graph=True, materialize_grads=True)
        assert g is not None
        jacobian[:, column] = g.array.ravel()
    return jacobian
