"""The sizes and options of a GPT."""

from __future__ import annotations

from dataclasses import dataclass

from .self_attention import check_heads


@dataclass(frozen=True)
class GPTConfig:
    """The sizes and options of a GPT; the defaults are GPT-2's smallest.

    Args:
        block_size: the context: how many tokens it can see at once.
        vocab_size: how many different tokens there are.
        n_layer: blocks.
        n_head: heads of attention in each block.
        n_embd: the width: features of a position.
        dropout: the probability of becoming zero, for embeddings, attention weights, and what is added
            to the residual path.
        bias: whether layers and norms have biases.
        n_kv_head: heads of keys and values, each shared by several of queries; None for as many.
        norm: "layer" or "rms".
        norm_first: normalize before attention and MLP (GPT-2) instead of after the sums (2017).
        norm_eps: added to the variance.
        mlp: "gelu_tanh" (GPT-2), "gelu", "relu", "silu" or "swiglu".
        rotary: rotary positions instead of a table of them.
        tie_weights: use the token embedding as the last layer, too.

    Examples:
        >>> language.GPTConfig(block_size=64, vocab_size=100, n_layer=2, n_head=4, n_embd=32).n_embd
        32

    Source: https://github.com/karpathy/nanoGPT
    """

    block_size: int = 1024
    vocab_size: int = 50257
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768
    dropout: float = 0.0
    bias: bool = True
    n_kv_head: int | None = None
    norm: str = "layer"
    norm_first: bool = True
    norm_eps: float = 1e-5
    mlp: str = "gelu_tanh"
    rotary: bool = False
    tie_weights: bool = True

    def check(self) -> None:
        """Raise a ValueError if the sizes don't go together."""
        for name in ("block_size", "vocab_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"GPTConfig: {name} must be at least 1, but it is {getattr(self, name)}")
        if self.n_layer < 0:
            raise ValueError(f"GPTConfig: n_layer can't be negative, but it is {self.n_layer}")
        check_heads(self.n_embd, self.n_head, self.n_head if self.n_kv_head is None else self.n_kv_head)
