"""GPT: a stack of blocks that predicts the next token at every position."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from tinytorch.core import (
    Dropout,
    Generator,
    Linear,
    Module,
    ModuleDict,
    ModuleList,
    Tensor,
    arange,
    functional as F,
    init,
)

from ..m11_embeddings import Embedding
from .block import TransformerBlock, make_norm
from .config import GPTConfig
from .generate import complete, endless, stream
from .gpt2 import config_of, converted
from .self_attention import LayerCache


class GPT(Module):
    """A decoder-only Transformer with GPT-2's architecture and names, unless the config says otherwise.

    Matrices are `Linear`'s, (out, in); GPT-2's own checkpoints have them transposed (`Conv1D`), which
    `from_gpt2` undoes. With `tie_weights`, `lm_head.weight` is `transformer.wte.weight`: one parameter,
    counted once, with two names in the state dict. Weights start normal with standard deviation 0.02, and
    0.02 / sqrt(2 * n_layer) for the projections into the residual path, which adds up 2 * n_layer of them.

    Args:
        config: the sizes and options.

    Raises:
        ValueError: the config doesn't go together.

    Examples:
        >>> config = language.GPTConfig(block_size=16, vocab_size=100, n_layer=2, n_head=2, n_embd=32)
        >>> model = language.GPT(config)
        >>> logits, loss = model(tt.zeros(1, 8, dtype=tt.int64), targets=tt.ones(1, 8, dtype=tt.int64))
        >>> logits.shape, loss.shape
        ((1, 8, 100), ())

    Source: Radford et al., "Language models are unsupervised multitask learners", 2019;
    https://github.com/karpathy/nanoGPT
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        config.check()
        self.config = config
        c = config
        parts: dict[str, Module] = {"wte": Embedding(c.vocab_size, c.n_embd)}
        if not c.rotary:
            parts["wpe"] = Embedding(c.block_size, c.n_embd)
        parts["drop"] = Dropout(c.dropout)
        parts["h"] = ModuleList(
            TransformerBlock(
                c.n_embd,
                c.n_head,
                dropout=c.dropout,
                bias=c.bias,
                norm_first=c.norm_first,
                norm=c.norm,
                mlp=c.mlp,
                rotary=c.rotary,
                num_kv_heads=c.n_kv_head,
                eps=c.norm_eps,
            )
            for _ in range(c.n_layer)
        )
        if c.norm_first:  # else the last block ends with a norm already
            parts["ln_f"] = make_norm(c.norm, c.n_embd, c.norm_eps, c.bias, None)
        self.transformer = ModuleDict(parts)
        self.lm_head = Linear(c.n_embd, c.vocab_size, bias=False)
        if c.tie_weights:
            self.lm_head.weight = self.transformer["wte"].weight
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew, as GPT-2 does."""
        into_residual = 0.02 / math.sqrt(2 * max(1, self.config.n_layer))
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                init.zeros_(parameter)
            elif parameter.ndim > 1:
                last = name.endswith(("c_proj.weight", "down_proj.weight"))
                init.normal_(parameter, 0.0, into_residual if last else 0.02)

    def forward(
        self,
        ids: Tensor,
        targets: Tensor | None = None,
        *,
        key_padding_mask: Tensor | None = None,
        cache: Sequence[LayerCache] | None = None,
    ) -> Any:
        """Score every token as the next one, at each position.

        Args:
            ids: (B, T), int64; T at most `block_size`, what a cache holds included.
            targets: (B, T), the right next tokens; -100 where none is asked for.
            key_padding_mask: (B, T), True where a token is only padding.
            cache: for each block what it remembers of the positions before; `ids` are the new ones.

        Returns:
            logits of shape (B, T, vocab_size); with targets, these and their mean cross-entropy.

        Raises:
            IndexError: an id is outside the vocabulary.
            ValueError: the sequence is longer than the context, or `ids` doesn't have two dimensions.
        """
        x = self.hidden(ids, key_padding_mask, cache)  # (B, T, n_embd)
        logits: Tensor = self.lm_head(x)  # (B, T, vocab_size)
        if targets is None:
            return logits
        loss = F.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1))
        return logits, loss

    def hidden(
        self,
        ids: Tensor,
        key_padding_mask: Tensor | None = None,
        cache: Sequence[LayerCache] | None = None,
    ) -> Tensor:
        """Return what the last block makes of each position, normalized: (B, T, n_embd) for ids (B, T)."""
        if ids.ndim != 2:
            raise ValueError(f"GPT: ids must be of shape (batch, length), but their shape is {ids.shape}")
        whole = getattr(cache, "hidden", None)
        if whole is not None:
            x: Tensor = whole(self, ids, key_padding_mask)
            return x
        past = cache[0].length if cache else 0
        T = ids.shape[1]
        if past + T > self.config.block_size and not endless(self, cache):
            raise ValueError(
                f"GPT: a sequence of {past + T} tokens doesn't fit into a context of "
                f"{self.config.block_size} (block_size); crop it to its end, as generate() does"
            )
        parts = self.transformer
        x = parts["wte"](ids)  # (B, T, n_embd)
        if "wpe" in parts:
            x = x + parts["wpe"](arange(past, past + T))  # + (T, n_embd), the same for each sequence
        x = parts["drop"](x)
        for i, block in enumerate(parts["h"]):
            x = block(x, None, key_padding_mask, cache[i] if cache else None)
        if "ln_f" in parts:
            x = parts["ln_f"](x)
        return x

    def generate(
        self,
        ids: Any,
        max_new_tokens: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop_tokens: Sequence[int] = (),
        generator: Generator | None = None,
        cache: Sequence[LayerCache] | None = None,
        use_cache: bool = False,
    ) -> Tensor:
        """Continue prompts token by token.

        Dropout is off while it runs. A sequence that has grown longer than the context is cropped to its end.

        Args:
            ids: the prompts: (B, T) or (T), a tensor or lists, with at least one token each.
            max_new_tokens: how many tokens to add at most.
            temperature: divides the logits: below 1 the likely tokens become likelier. At 0 the likeliest
                one is always taken.
            top_k: choose among the k likeliest tokens alone.
            top_p: choose among the fewest tokens alone whose probabilities add up to this.
            repetition_penalty: above 1 makes tokens less likely that have occurred.
            stop_tokens: a sequence ends with the first of them; what follows it, while others go on, is the
                same token again. When all have ended, generation does.
            generator: where the random numbers come from; left out, the default one (`manual_seed`).
            cache: keys and values of each block, empty at first; then every step computes the new
                position alone.
            use_cache: make such a cache (`tinytorch.systems.KVCache`): the same tokens, sooner.

        Returns:
            The prompts and what follows them: (B, T + n), or (T + n) for a single one.

        Raises:
            ValueError: an option is out of range, or a prompt is empty.
            IndexError: an id is outside the vocabulary.
            ImportError: `use_cache` without tinytorch-systems.
        """
        choice = (temperature, top_k, top_p, repetition_penalty)
        return complete(self, ids, max_new_tokens, choice, stop_tokens, generator, cache, use_cache)

    def stream(
        self,
        ids: Any,
        max_new_tokens: int,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        repetition_penalty: float = 1.0,
        stop_tokens: Sequence[int] = (),
        generator: Generator | None = None,
        cache: Sequence[LayerCache] | None = None,
        use_cache: bool = False,
    ) -> Iterator[Tensor]:
        """Give the same tokens as `generate`, each as soon as it is there.

        Args:
            ids: as of `generate`.
            max_new_tokens: as of `generate`.
            temperature: as of `generate`.
            top_k: as of `generate`.
            top_p: as of `generate`.
            repetition_penalty: as of `generate`.
            stop_tokens: as of `generate`.
            generator: as of `generate`.
            cache: as of `generate`.
            use_cache: as of `generate`.

        Returns:
            An iterator over the next token of each sequence, (B), or () for a single one.
        """
        choice = (temperature, top_k, top_p, repetition_penalty)
        return stream(self, ids, max_new_tokens, choice, stop_tokens, generator, cache, use_cache)

    @classmethod
    def from_gpt2(cls, state_dict: Mapping[str, Any], n_head: int | None = None) -> Self:
        """Make a model of the weights of a GPT-2 checkpoint, as Hugging Face's and OpenAI's are.

        Args:
            state_dict: tensors or arrays by name, with or without the prefix "transformer.".
            n_head: how many heads share the width; left out, one for each 64 features, as in all GPT-2s.

        Raises:
            RuntimeError: weights are missing, or of another shape.
        """
        model = cls(config_of(state_dict, n_head))
        model.load_state_dict(converted(state_dict))
        return model
