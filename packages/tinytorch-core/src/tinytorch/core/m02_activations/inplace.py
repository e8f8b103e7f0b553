"""The activations that may overwrite their input, in the form of torch.nn.functional.

`inplace=True` saves no memory when gradients are recorded, because a rule that needs the old or the new
values gets its own copy; without gradients it does.
"""

from __future__ import annotations

from typing import Any

from ..m01_tensor.tensor import Tensor
from ..m01_tensor.views import write_in_place
from . import functions


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `max(0, input)`; with `inplace`, in the input's own memory.

    Examples:
        >>> tt.relu(tt.tensor([-1.0, 0.0, 2.0]))
        tensor([0., 0., 2.])
    """
    return write_in_place(input, functions.relu) if inplace else functions.relu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return `input` where it is positive, else `negative_slope * input`; `inplace` as in `relu`."""
    return _run(functions.leaky_relu, inplace, input, negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return `input` where it is positive, else `alpha * (exp(input) - 1)`; `inplace` as in `relu`."""
    return _run(functions.elu, inplace, input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the self-normalizing ELU; `inplace` as in `relu`."""
    return _run(functions.selu, inplace, input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `input * sigmoid(input)`; `inplace` as in `relu`."""
    return _run(functions.silu, inplace, input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `input * tanh(softplus(input))`; `inplace` as in `relu`."""
    return _run(functions.mish, inplace, input)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return `input` limited to the range from `min_val` to `max_val`; `inplace` as in `relu`.

    Raises:
        ValueError: `min_val` is greater than `max_val`.
    """
    if min_val > max_val:
        raise ValueError(f"min_val cannot be greater than max_val, but got {min_val} and {max_val}")
    return _run(functions.hardtanh, inplace, input, min_val, max_val)


def _run(operation: Any, inplace: bool, input: Tensor, *args: Any) -> Tensor:
    return write_in_place(input, operation, *args) if inplace else operation(input, *args)
