"""The block that Transformers are stacked from: attention, then an MLP, each around a residual path."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Module, Tensor

from .mlp import MLP, SwiGLU
from .norm_layers import LayerNorm, RMSNorm
from .self_attention import LayerCache, SelfAttention


class TransformerBlock(Module):
    """Attention between positions, then an MLP in each, both added to what came in.

    With `norm_first` (GPT-2 and nearly all since) the residual path runs through unchanged:

        x = x + attn(ln_1(x))
        x = x + mlp(ln_2(x))

    without it (the paper of 2017) every sum is normalized: `x = ln_1(x + attn(x))`, and the same for `mlp`.
    The parts are called `ln_1`, `attn`, `ln_2` and `mlp`, as in GPT-2.

    Args:
        embed_dim: the features of a position.
        num_heads: the heads of attention, which divide `embed_dim`.
        hidden_dim: the width of the MLP; left out, its own choice.
        dropout: the probability for attention's weights and for what is added to the residual path.
        bias: whether layers and norms have biases.
        norm_first: normalize what goes into attention and MLP, instead of the sums.
        norm: "layer" for LayerNorm, "rms" for RMSNorm.
        mlp: the activation of an `MLP` ("gelu", "gelu_tanh", "relu", "silu"), or "swiglu".
        rotary: turn queries and keys by their positions, so that no position embedding is needed.
        num_kv_heads: heads of keys and values, each shared by several of queries; left out, as many.
        is_causal: each position sees itself and those before it alone.
        eps: of the norms.
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: an option is unknown, or heads don't divide.

    Examples:
        >>> language.TransformerBlock(64, num_heads=4)(tt.zeros(2, 10, 64)).shape
        (2, 10, 64)

    Source: Vaswani et al., "Attention is all you need", 2017 (arXiv:1706.03762); Xiong et al., "On layer
    normalization in the Transformer architecture", 2020 (arXiv:2002.04745)
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        *,
        hidden_dim: int | None = None,
        dropout: float = 0.0,
        bias: bool = True,
        norm_first: bool = True,
        norm: str = "layer",
        mlp: str = "gelu",
        rotary: bool = False,
        num_kv_heads: int | None = None,
        is_causal: bool = True,
        eps: float = 1e-5,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.ln_1 = make_norm(norm, embed_dim, eps, bias, dtype)
        self.attn = SelfAttention(
            embed_dim,
            num_heads,
            num_kv_heads=num_kv_heads,
            dropout=dropout,
            bias=bias,
            rotary=rotary,
            is_causal=is_causal,
            dtype=dtype,
        )
        self.ln_2 = make_norm(norm, embed_dim, eps, bias, dtype)
        self.mlp: Module
        if mlp == "swiglu":
            self.mlp = SwiGLU(embed_dim, hidden_dim, dropout=dropout, bias=bias, dtype=dtype)
        else:
            self.mlp = MLP(embed_dim, hidden_dim, activation=mlp, dropout=dropout, bias=bias, dtype=dtype)

    def forward(
        self,
        x: Tensor,
        attn_mask: Tensor | None = None,
        key_padding_mask: Tensor | None = None,
        cache: LayerCache | None = None,
    ) -> Tensor:
        """Return (B, T, embed_dim) for (B, T, embed_dim); the masks are those of `SelfAttention`."""
        if self.norm_first:
            x = x + self.attn(self.ln_1(x), attn_mask, key_padding_mask, cache)
            x = x + self.mlp(self.ln_2(x))
        else:
            x = self.ln_1(x + self.attn(x, attn_mask, key_padding_mask, cache))
            x = self.ln_2(x + self.mlp(x))
        return x

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"norm_first={self.norm_first}"


def make_norm(norm: str, width: int, eps: float, bias: bool, dtype: Any) -> LayerNorm | RMSNorm:
    """Return the norm that is called "layer" or "rms".

    Raises:
        ValueError: it is called something else.
    """
    if norm == "layer":
        return LayerNorm(width, eps, bias=bias, dtype=dtype)
    if norm == "rms":
        return RMSNorm(width, eps, dtype=dtype)
    raise ValueError(f'norm must be "layer" or "rms", not {norm!r}')
