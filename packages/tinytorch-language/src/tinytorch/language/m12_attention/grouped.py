"""Grouped-query attention: several heads of queries share one of keys and values."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Linear, Module, Tensor

from .functions import scaled_dot_product_attention


class GroupedQueryAttention(Module):
    """Attention whose keys and values have fewer heads than its queries, as in LLaMA.

    With one head of keys and values it is multi-query attention, with `num_heads` multi-head attention. What
    a model must remember of each position to go on writing, keys and values, becomes smaller by the same
    factor; the result hardly suffers.

    Args:
        embed_dim: the width of inputs and outputs; each head has `embed_dim // num_heads`.
        num_heads: the heads of the queries, which divide `embed_dim`.
        num_kv_heads: the heads of keys and values, which divide `num_heads`.
        dropout: the probability with which an attention weight is set to zero in training.
        bias: whether the projections have biases.
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: a number isn't positive, or doesn't divide what it must.

    Examples:
        >>> attention = language.GroupedQueryAttention(64, num_heads=8, num_kv_heads=2)
        >>> x = tt.randn(2, 10, 64)
        >>> attention(x, is_causal=True).shape
        (2, 10, 64)

    Source: Ainslie et al., "GQA: Training generalized multi-query Transformer models from multi-head
    checkpoints", 2023 (arXiv:2305.13245).
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        num_kv_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if min(embed_dim, num_heads, num_kv_heads) < 1 or embed_dim % num_heads or num_heads % num_kv_heads:
            raise ValueError(
                f"GroupedQueryAttention: num_heads must divide embed_dim, and num_kv_heads must divide "
                f"num_heads, but embed_dim={embed_dim}, num_heads={num_heads}, num_kv_heads={num_kv_heads}"
            )
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.num_kv_heads = num_kv_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = dropout
        narrow = num_kv_heads * self.head_dim
        self.q_proj = Linear(embed_dim, embed_dim, bias=bias, dtype=dtype)
        self.k_proj = Linear(embed_dim, narrow, bias=bias, dtype=dtype)
        self.v_proj = Linear(embed_dim, narrow, bias=bias, dtype=dtype)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, dtype=dtype)

    def forward(
        self,
        query: Tensor,
        key: Tensor | None = None,
        value: Tensor | None = None,
        attn_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Return (*, L, embed_dim).

        Args:
            query: (*, L, embed_dim).
            key: (*, S, embed_dim); left out, the query.
            value: (*, S, embed_dim); left out, the key.
            attn_mask: as of `scaled_dot_product_attention`: True where a query may look.
            is_causal: query i looks at the keys 0 to i alone.
        """
        key = query if key is None else key
        value = key if value is None else value
        q = self._heads(self.q_proj(query), self.num_heads)  # (*, num_heads, L, head_dim)
        k = self._heads(self.k_proj(key), self.num_kv_heads)  # (*, num_kv_heads, S, head_dim)
        v = self._heads(self.v_proj(value), self.num_kv_heads)  # (*, num_kv_heads, S, head_dim)
        p = self.dropout if self.training else 0.0
        out = scaled_dot_product_attention(q, k, v, attn_mask, p, is_causal, enable_gqa=True)
        out = out.transpose(-3, -2).reshape(query.shape)  # (*, L, embed_dim)
        result: Tensor = self.out_proj(out)
        return result

    def _heads(self, x: Tensor, heads: int) -> Tensor:
        """Split (*, length, heads * head_dim) into (*, heads, length, head_dim)."""
        return x.reshape(*x.shape[:-1], heads, self.head_dim).transpose(-3, -2)

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return (
            f"embed_dim={self.embed_dim}, num_heads={self.num_heads}, num_kv_heads={self.num_kv_heads}, "
            f"dropout={self.dropout}"
        )
