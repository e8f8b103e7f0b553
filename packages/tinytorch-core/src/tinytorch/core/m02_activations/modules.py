"""The activations as modules, to put between layers. Input and output have the same shape, any shape.

`Module` itself is the lesson of the next room. It is imported from there, rather than a small base
class of this room's own, because there must be one answer to `isinstance(ReLU(), Module)`; the room of
the layers in turn needs nothing from this one.
"""

from __future__ import annotations

from ..m01_tensor import tanh
from ..m01_tensor.tensor import Tensor
from ..m03_layers.module import Module
from . import functions, inplace, probabilities


class _Activation(Module):
    """What activations have in common: no parameters, and a `repr` that shows some attributes."""

    shown: tuple[str, ...] = ()
    inplace: bool = False

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        arguments = [f"{name}={getattr(self, name)!r}" for name in self.shown]
        return ", ".join([*arguments, "inplace=True"] if self.inplace else arguments)


class ReLU(_Activation):
    """Apply `max(0, x)`; with `inplace`, in the input's own memory.

    Examples:
        >>> tt.ReLU()(tt.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return inplace.relu(input, True) if self.inplace else functions.relu(input)


class LeakyReLU(_Activation):
    """Apply `x` where that is positive, else `negative_slope * x`."""

    shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return inplace.leaky_relu(input, self.negative_slope, self.inplace)


class ELU(_Activation):
    """Apply `x` where that is positive, else `alpha * (exp(x) - 1)`."""

    shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return inplace.elu(input, self.alpha, self.inplace)


class SELU(_Activation):
    """Apply `scale * elu(x, alpha)` with the two constants of self-normalizing networks."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return inplace.selu(input, self.inplace)


class Sigmoid(_Activation):
    """Apply `1 / (1 + exp(-x))`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return functions.sigmoid(input)


class LogSigmoid(_Activation):
    """Apply `log(1 / (1 + exp(-x)))`."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return functions.logsigmoid(input)


class Tanh(_Activation):
    """Apply the hyperbolic tangent."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return tanh(input)


class GELU(_Activation):
    """Apply `x * P(X <= x)` for a standard normal X, exactly or (`approximate="tanh"`) nearly."""

    shown = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return functions.gelu(input, approximate=self.approximate)


class SiLU(_Activation):
    """Apply `x * sigmoid(x)`, also called swish."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return inplace.silu(input, self.inplace)


class Mish(_Activation):
    """Apply `x * tanh(softplus(x))`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return inplace.mish(input, self.inplace)


class Softplus(_Activation):
    """Apply `log(1 + exp(beta * x)) / beta`, or `x` where `beta * x > threshold`."""

    shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return functions.softplus(input, self.beta, self.threshold)


class Hardtanh(_Activation):
    """Limit `x` to the range from `min_val` to `max_val`."""

    shown = ("min_val", "max_val")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        if max_val <= min_val:
            raise AssertionError(f"max_val ({max_val}) must be greater than min_val ({min_val})")
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the activation of each element."""
        return inplace.hardtanh(input, self.min_val, self.max_val, self.inplace)


class Softmax(_Activation):
    """Turn scores into positive numbers that add up to 1 along `dim`.

    Examples:
        >>> tt.Softmax(dim=-1)(tt.zeros(2, 4))
        tensor([[0.2500, 0.2500, 0.2500, 0.2500],
                [0.2500, 0.2500, 0.2500, 0.2500]])
    """

    shown = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Return the probabilities."""
        return probabilities.softmax(input, self.dim)


class LogSoftmax(_Activation):
    """Turn scores into the logarithms of numbers that add up to 1 along `dim`."""

    shown = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Return the logarithms of the probabilities."""
        return probabilities.log_softmax(input, self.dim)
