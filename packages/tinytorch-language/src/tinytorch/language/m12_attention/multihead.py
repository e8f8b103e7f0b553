"""Multi-head attention: several small attentions side by side, as PyTorch's module has them."""

from __future__ import annotations

from typing import Any

from tinytorch.core import Linear, Module, Parameter, Tensor, empty, functional as F, init, softmax, zeros

from .functions import scaled_dot_product_attention


class MultiheadAttention(Module):
    """Project queries, keys and values to several heads, let each attend, and project what they found.

    Args:
        embed_dim: the width of queries and outputs; each head gets `embed_dim // num_heads` of it.
        num_heads: the number of heads, which divides `embed_dim`.
        dropout: the probability with which an attention weight is set to zero in training.
        bias: whether the projections have biases.
        kdim: the width of the keys; left out, `embed_dim`.
        vdim: the width of the values; left out, `embed_dim`.
        batch_first: inputs and outputs are (N, L, embed_dim) instead of (L, N, embed_dim).
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: `embed_dim` or `num_heads` isn't positive.
        AssertionError: `num_heads` doesn't divide `embed_dim`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        *,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads: {embed_dim} isn't a multiple of {num_heads}"
            )
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.kdim == self.vdim == embed_dim:
            self.in_proj_weight = Parameter(empty(3 * embed_dim, embed_dim, dtype=dtype))
            for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight"):
                self.register_parameter(name, None)
        else:
            self.q_proj_weight = Parameter(empty(embed_dim, embed_dim, dtype=dtype))
            self.k_proj_weight = Parameter(empty(embed_dim, self.kdim, dtype=dtype))
            self.v_proj_weight = Parameter(empty(embed_dim, self.vdim, dtype=dtype))
            self.register_parameter("in_proj_weight", None)
        in_bias = Parameter(empty(3 * embed_dim, dtype=dtype)) if bias else None
        self.register_parameter("in_proj_bias", in_bias)
        self.out_proj = Linear(embed_dim, embed_dim, bias=bias, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew; biases become zero."""
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            weight = getattr(self, name)
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Return the output and, if `need_weights`, the attention weights, else None."""
        batched = query.ndim == 3
        if not batched:
            query, key, value = query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0)
            if key_padding_mask is not None:
                key_padding_mask = key_padding_mask.unsqueeze(0)
        elif not self.batch_first:
            query, key, value = query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1)
        q, k, v = self._projected(query, key, value)  # (N, heads, length, head_dim)
        mask: Any = None
        if attn_mask is not None:
            mask = ~attn_mask if attn_mask.dtype.kind == "b" else attn_mask
            if mask.ndim == 3:
                mask = mask.reshape(len(query), self.num_heads, *mask.shape[1:])
        if key_padding_mask is not None:
            padding = key_padding_mask[:, None, None, :]
            padding = ~padding if padding.dtype.kind == "b" else padding
            if mask is None:
                mask = padding
            elif mask.dtype == padding.dtype:
                mask = mask & padding if mask.dtype.kind == "b" else mask + padding
            else:
                mask = _added(mask, q.dtype) + _added(padding, q.dtype)
        p = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            scores = (q * self.head_dim**-0.5) @ k.transpose(-1, -2)
            if mask is not None:
                scores = scores + _added(mask, q.dtype)
            weights = softmax(scores, -1)
            out = F.dropout(weights, p) @ v
        else:
            out = scaled_dot_product_attention(
                q, k, v, mask, p, is_causal and key_padding_mask is None and mask is None
            )
        out = out.transpose(1, 2).reshape(*query.shape[:2], self.embed_dim)
        out = self.out_proj(out)
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            return out.squeeze(0), None if weights is None else weights.squeeze(0)
        return (out if self.batch_first else out.transpose(0, 1)), weights

    def _projected(self, query: Tensor, key: Tensor, value: Tensor) -> list[Tensor]:
        """Return queries, keys and values of each head: (N, heads, length, head_dim)."""
        width = self.embed_dim
        biases = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.split(width)
        if self.in_proj_weight is not None and query is key is value:
            parts = F.linear(query, self.in_proj_weight, self.in_proj_bias).split(width, dim=-1)
        else:
            if self.in_proj_weight is not None:
                weights = self.in_proj_weight.split(width)
            else:
                weights = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
            inputs = (query, key, value)
            parts = tuple(F.linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True))
        return [x.reshape(*x.shape[:2], self.num_heads, self.head_dim).transpose(1, 2) for x in parts]


def _added(mask: Tensor, dtype: Any) -> Tensor:
    """Return a mask of bools, True where to look, as one that is added to the scores."""
    if mask.dtype.kind != "b":
        return mask
    return zeros(mask.shape, dtype=dtype).masked_fill(~mask, float("-inf"))
