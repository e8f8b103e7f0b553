"""PyTorch's encoder: the same names, the same numbers with the same weights."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tinytorch.core import Dropout, Linear, Module, ModuleList, Tensor, functional as F

from ..m12_attention import MultiheadAttention
from .norm_layers import LayerNorm

Activation = Callable[[Tensor], Tensor]


class TransformerEncoderLayer(Module):
    """Self-attention and a network of two layers, each around a residual path, with PyTorch's names.

    Args:
        d_model: the features of a position.
        nhead: the heads of attention, which divide `d_model`.
        dim_feedforward: the features between the two layers.
        dropout: the probability of becoming zero, in training.
        activation: "relu", "gelu", or a function of tensors.
        layer_norm_eps: added to the variance in the norms.
        batch_first: inputs are (N, L, d_model) instead of (L, N, d_model).
        norm_first: normalize what goes into attention and layers, instead of the sums.
        bias: whether layers and norms have biases.
        dtype: of the parameters; left out, the default dtype.

    Raises:
        RuntimeError: the activation is unknown.
        AssertionError: `nhead` doesn't divide `d_model`.

    Examples:
        >>> layer = language.TransformerEncoderLayer(64, nhead=4, batch_first=True)
        >>> layer(tt.zeros(2, 10, 64)).shape
        (2, 10, 64)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, dtype=dtype
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _named(activation) if isinstance(activation, str) else activation

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Return the encoded sequence, of the input's shape.

        Args:
            src: (L, N, d_model), (N, L, d_model) if `batch_first`, or (L, d_model).
            src_mask: (L, L) or (N * nhead, L, L): True where a position must not look at another, or
                numbers that are added to the scores.
            src_key_padding_mask: (N, L), True where a position is only padding.
            is_causal: a hint that `src_mask` is the causal mask; it doesn't replace it.
        """
        x = src
        if self.norm_first:
            x = x + self._attend(self.norm1(x), src_mask, src_key_padding_mask, is_causal)
            x = x + self._feed_forward(self.norm2(x))
        else:
            x = self.norm1(x + self._attend(x, src_mask, src_key_padding_mask, is_causal))
            x = self.norm2(x + self._feed_forward(x))
        return x

    def _attend(self, x: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool) -> Tensor:
        found, _ = self.self_attn(
            x, x, x, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
        )
        out: Tensor = self.dropout1(found)
        return out

    def _feed_forward(self, x: Tensor) -> Tensor:
        hidden = self.dropout(self.activation(self.linear1(x)))  # (..., dim_feedforward)
        out: Tensor = self.dropout2(self.linear2(hidden))
        return out


class TransformerEncoder(Module):
    """A stack of encoder layers.

    Args:
        encoder_layer: the layer; the stack has copies of it, which all begin with its weights.
        num_layers: how many.
        norm: what the output goes through at last, if anything.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
    """

    def __init__(self, encoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = ModuleList(copy.deepcopy(encoder_layer) for _ in range(num_layers))
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Return the encoded sequence, of the input's shape.

        Args:
            src: as of `TransformerEncoderLayer`.
            mask: its `src_mask`.
            src_key_padding_mask: as of `TransformerEncoderLayer`.
            is_causal: a hint that `mask` is the causal mask.
        """
        output = src
        for layer in self.layers:
            output = layer(output, mask, src_key_padding_mask, bool(is_causal))
        return output if self.norm is None else self.norm(output)


def _named(activation: str) -> Activation:
    if activation == "relu":
        return F.relu
    if activation == "gelu":
        return F.gelu
    raise RuntimeError(f"activation should be relu/gelu, not {activation}")
