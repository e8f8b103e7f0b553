"""Multi-head attention: several small attentions side by side, as PyTorch's module has them."""

from __future__ import annotations

from typing import Any

from tinytorch.core import (
    Linear,
    Module,
    Parameter,
    Tensor,
    cat,
    empty,
    functional as F,
    init,
    softmax,
    zeros,
)

from .functions import scaled_dot_product_attention
from .multihead_checks import check_inputs, check_masks
from .packed import packed_attention


class MultiheadAttention(Module):
    """Project queries, keys and values to several heads, let each attend, and project what they found.

    In its masks of bools True means to be left out, the opposite of `scaled_dot_product_attention`.

    Args:
        embed_dim: the width of queries and outputs; each head gets `embed_dim // num_heads` of it.
        num_heads: the number of heads, which divides `embed_dim`.
        dropout: the probability with which an attention weight is set to zero in training.
        bias: whether the projections have biases.
        add_bias_kv: append a key and a value that are learned to those of every sequence.
        add_zero_attn: append a key and a value of zeros.
        kdim: the width of the keys; left out, `embed_dim`.
        vdim: the width of the values; left out, `embed_dim`.
        batch_first: inputs and outputs are (N, L, embed_dim) instead of (L, N, embed_dim).
        dtype: of the parameters; left out, the default dtype.

    Raises:
        ValueError: `embed_dim` or `num_heads` isn't positive.
        AssertionError: `num_heads` doesn't divide `embed_dim`.

    Examples:
        >>> attention = language.MultiheadAttention(64, num_heads=4, batch_first=True)
        >>> x = tt.randn(2, 10, 64)
        >>> out, weights = attention(x, x, x)
        >>> out.shape, weights.shape
        ((2, 10, 64), (2, 10, 10))

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
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
        self.add_zero_attn = add_zero_attn
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
        for name in ("bias_k", "bias_v"):
            extra = Parameter(empty(1, 1, embed_dim, dtype=dtype)) if add_bias_kv else None
            self.register_parameter(name, extra)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew; biases become zero."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)

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
        """Return the output, and the attention weights if they are wanted, else None.

        Without a batch the inputs are (L, embed_dim), (S, kdim) and (S, vdim), and N is 1 below.

        Args:
            query: (L, N, embed_dim), or (N, L, embed_dim) with `batch_first`.
            key: (S, N, kdim), or (N, S, kdim).
            value: (S, N, vdim), or (N, S, vdim).
            key_padding_mask: (N, S): True where a key is only padding; or floats, added to the scores.
            need_weights: return the weights as well, which is slower.
            attn_mask: (L, S) or (N * num_heads, L, S): True where a query must not look at a key; or floats,
                added to the scores.
            average_attn_weights: return the mean of the heads' weights, (N, L, S), not all of them, (N,
                num_heads, L, S).
            is_causal: `attn_mask` is the causal mask, which needn't be looked at then.

        Raises:
            AssertionError: inputs or masks have wrong shapes or dtypes.
            RuntimeError: a mask has a wrong shape, or `is_causal` is said without one.
        """
        check_inputs(self, query, key, value)
        same = query is key and key is value
        batched = query.ndim == 3
        if not batched:
            query, key, value = query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0)
            if key_padding_mask is not None:
                key_padding_mask = key_padding_mask.unsqueeze(0)
        elif not self.batch_first:
            query, key, value = query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1)
        check_masks(self, query, key, key_padding_mask, attn_mask, is_causal)
        hint = is_causal and key_padding_mask is None and not need_weights
        extended = self.bias_k is not None or self.add_zero_attn
        p = self.dropout if self.training else 0.0

        weights = None
        if (
            same
            and self.in_proj_weight is not None
            and not (need_weights or extended or p)
            and (hint or (attn_mask is None and key_padding_mask is None))
        ):
            qkv = F.linear(query, self.in_proj_weight, self.in_proj_bias)  # (N, L, 3 * embed_dim)
            out = packed_attention(qkv, self.num_heads, is_causal=hint)
        else:
            q, k, v = self._projected(query, key, value, same)  # (N, heads, length, head_dim)
            mask = None if hint and not extended else self._mask(attn_mask, key_padding_mask, len(query), v)
            if need_weights:
                out, weights = self._with_weights(q, k, v, mask, p)
            else:
                out = scaled_dot_product_attention(q, k, v, mask, p, hint and not extended)
            out = out.transpose(1, 2).reshape(*query.shape[:2], self.embed_dim)
        out = self.out_proj(out)
        if weights is not None and average_attn_weights:
            weights = weights.mean(1)
        if not batched:
            return out.squeeze(0), None if weights is None else weights.squeeze(0)
        return (out if self.batch_first else out.transpose(0, 1)), weights

    def _projected(self, query: Tensor, key: Tensor, value: Tensor, same: bool) -> list[Tensor]:
        """Return queries, keys and values of each head: (N, heads, length, head_dim)."""
        width = self.embed_dim
        if same and self.in_proj_weight is not None:
            parts = list(F.linear(query, self.in_proj_weight, self.in_proj_bias).split(width, dim=-1))
        else:
            weights: Any = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
            if self.in_proj_weight is not None:
                weights = self.in_proj_weight.split(width)
            biases: Any = [None] * 3 if self.in_proj_bias is None else self.in_proj_bias.split(width)
            inputs = (query, key, value)
            parts = [F.linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True)]
        for i, extra in ((1, self.bias_k), (2, self.bias_v)):
            if extra is not None:
                parts[i] = cat([parts[i], extra.expand(len(query), 1, width)], dim=1)
            if self.add_zero_attn:
                parts[i] = cat([parts[i], zeros(len(query), 1, width, dtype=parts[i].dtype)], dim=1)
        return [x.reshape(*x.shape[:2], self.num_heads, self.head_dim).transpose(1, 2) for x in parts]

    def _mask(self, attn_mask: Any, padding: Any, batch: int, value: Tensor) -> Any:
        """Return one mask, True where a query may look or to be added, for (N, heads, L, S)."""
        if attn_mask is not None and attn_mask.ndim == 3:
            attn_mask = attn_mask.reshape(batch, self.num_heads, *attn_mask.shape[1:])
        if padding is not None:
            padding = padding[:, None, None, :]
        masks = [x for x in (attn_mask, padding) if x is not None]
        if not masks:
            return None
        if all(x.dtype.kind == "b" for x in masks):
            hidden = masks[0] if len(masks) == 1 else masks[0] | masks[1]
            more, zero = value.shape[-2] - hidden.shape[-1], zeros((), dtype="bool")
        else:
            added = [_as_added(x, value.dtype) for x in masks]
            hidden = added[0] if len(added) == 1 else added[0] + added[1]
            more, zero = value.shape[-2] - hidden.shape[-1], zeros((), dtype=value.dtype)
        if more:  # what was appended to the keys, everybody may look at
            hidden = cat([hidden, zero.expand(*hidden.shape[:-1], more)], dim=-1)
        return ~hidden if hidden.dtype.kind == "b" else hidden

    def _with_weights(self, q: Tensor, k: Tensor, v: Tensor, mask: Any, p: float) -> tuple[Tensor, Tensor]:
        """Return what each head found, and the weights with which it looked for it."""
        scores = (q * self.head_dim**-0.5) @ k.transpose(-1, -2)  # (N, heads, L, S)
        if mask is not None and mask.dtype.kind == "b":
            scores = scores.masked_fill(~mask, float("-inf"))
        elif mask is not None:
            scores = scores + mask
        weights = F.dropout(softmax(scores, -1), p)
        return weights @ v, weights


def _as_added(mask: Tensor, dtype: Any) -> Tensor:
    """Return a mask of bools, True for what is left out, as one that is added to the scores."""
    if mask.dtype.kind != "b":
        return mask
    return zeros(mask.shape, dtype=dtype).masked_fill(mask, float("-inf"))
