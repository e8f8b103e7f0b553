"""The second half of a block: what each position does with what attention brought it, on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinytorch.core import Dropout, Linear, Module, Tensor, functional as F

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
    "silu": F.silu,
}


class MLP(Module):
    """Widen each position's features, bend them, and narrow them again.

    The layers are called `c_fc` and `c_proj`, as in GPT-2. Input and output are (*, embed_dim).

    Args:
        embed_dim: the features of a position.
        hidden_dim: the features in between; left out, four times as many.
        activation: "gelu", "gelu_tanh" (GPT-2's approximation), "relu" or "silu".
        dropout: the probability with which a feature of the output is set to zero in training.
        bias: whether the two layers have biases.
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: the activation is unknown.

    Source: Radford et al., "Language models are unsupervised multitask learners", 2019
    """

    def __init__(
        self,
        embed_dim: int,
        hidden_dim: int | None = None,
        *,
        activation: str = "gelu",
        dropout: float = 0.0,
        bias: bool = True,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, not {activation!r}")
        hidden = 4 * embed_dim if hidden_dim is None else hidden_dim
        self.activation = activation
        self.c_fc = Linear(embed_dim, hidden, bias=bias, dtype=dtype)
        self.c_proj = Linear(hidden, embed_dim, bias=bias, dtype=dtype)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return (*, embed_dim) for (*, embed_dim)."""
        hidden = ACTIVATIONS[self.activation](self.c_fc(x))  # (*, hidden_dim)
        out: Tensor = self.dropout(self.c_proj(hidden))
        return out

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"activation={self.activation!r}"


class SwiGLU(Module):
    """An MLP whose hidden features are each multiplied by a gate: `down(silu(gate(x)) * up(x))`.

    The layers are called `gate_proj`, `up_proj` and `down_proj`, as in Llama. Three matrices stand in for
    two, so a hidden width of two thirds of the usual one costs the same.

    Args:
        embed_dim: the features of a position.
        hidden_dim: the features in between; left out, 8/3 as many, rounded up to a multiple of 8.
        dropout: the probability with which a feature of the output is set to zero in training.
        bias: whether the three layers have biases.
        dtype: of the parameters; left out, the default dtype.

    Examples:
        >>> language.SwiGLU(64)(tt.zeros(2, 10, 64)).shape
        (2, 10, 64)

    Source: Shazeer, "GLU variants improve Transformer", arXiv:2002.05202
    """

    def __init__(
        self,
        embed_dim: int,
        hidden_dim: int | None = None,
        *,
        dropout: float = 0.0,
        bias: bool = False,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        hidden = -(-8 * embed_dim // 24) * 8 if hidden_dim is None else hidden_dim
        self.gate_proj = Linear(embed_dim, hidden, bias=bias, dtype=dtype)
        self.up_proj = Linear(embed_dim, hidden, bias=bias, dtype=dtype)
        self.down_proj = Linear(hidden, embed_dim, bias=bias, dtype=dtype)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Return (*, embed_dim) for (*, embed_dim)."""
        hidden = F.silu(self.gate_proj(x)) * self.up_proj(x)  # (*, hidden_dim)
        out: Tensor = self.dropout(self.down_proj(hidden))
        return out
