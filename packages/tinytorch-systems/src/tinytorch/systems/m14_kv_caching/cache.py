"""The cache of a model: what each of its layers remembers, and which tokens that was."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from tinytorch.core import Tensor, is_grad_enabled, no_grad
from tinytorch.language import GPT, GPTConfig

from .decode import decode, is_lean
from .fitting import described, dtypes, longest, shapes
from .layer import LayerMemory, full, refuse

FEW = 64  # new positions of all sequences up to which doing without modules is faster


class KVCache(Sequence[LayerMemory]):
    """Keys and values of all positions that a GPT has seen, so that each is computed once.

    It is what `GPT.forward`, `generate` and `stream` take as `cache`: the memories of all layers in their
    order. A model computes the same with it as without; only numbers that are stored in fewer bits than they
    were computed in are rounded. After a change of the model's weights, `reset()` it.

    Args:
        model: the GPT, or the GPTConfig of one that computes in `dtype`.
        batch_size: how many sequences at the same time.
        max_length: how many positions of each at most; left out, the model's `block_size`.
        window: let each position see itself and the `window - 1` before it alone. Memory is bounded then, and
            a model with rotary positions can go on for ever.
        dtype: in which numbers are stored: that of the model, or float16 to halve the memory of float32.
        quantized: store them in eight bits, with a step for each vector: about a quarter.
        capacity: how many positions to have room for at first; it doubles when that is used up. Left out,
            all at once.

    Attributes:
        length: the positions seen so far.
        nbytes: how many bytes keys and values take.

    Raises:
        ValueError: a size is out of range, or longer than what the model can see.
        TypeError: `model` is neither, or its numbers can't be stored in `dtype`.

    Examples:
        >>> config = language.GPTConfig(block_size=32, vocab_size=50, n_layer=2, n_head=2, n_embd=16)
        >>> model = language.GPT(config).eval()
        >>> cache = systems.KVCache(model)
        >>> with tt.no_grad():
        ...     ids = model.generate(tt.zeros(1, 1, dtype=tt.int64), 8, cache=cache)
        >>> ids.shape, cache.length
        ((1, 9), 8)

    Source: Pope et al., "Efficiently scaling Transformer inference", 2022 (arXiv:2211.05102); the window:
    Jiang et al., "Mistral 7B", 2023 (arXiv:2310.06825)
    """

    def __init__(
        self,
        model: GPT | GPTConfig,
        batch_size: int = 1,
        max_length: int | None = None,
        *,
        window: int | None = None,
        dtype: Any = None,
        quantized: bool = False,
        capacity: int | None = None,
    ) -> None:
        config = model.config if isinstance(model, GPT) else model
        if not isinstance(config, GPTConfig):
            raise TypeError(f"KVCache: it is made of a GPT or a GPTConfig, not of a {type(model).__name__}")
        for name, value in (("batch_size", batch_size), ("window", window), ("capacity", capacity)):
            if value is not None and value < 1:
                raise ValueError(f"KVCache: {name} must be at least 1, but it is {value}")
        compute, stored = dtypes(model, dtype)
        self.config = config
        self.batch_size = batch_size
        self.window = window
        self.max_length = longest(config, max_length, window)
        self.dtype = np.dtype(np.int8) if quantized else stored
        self.quantized = quantized
        room = self.max_length if window is None else window + max(16, window // 4)
        assert room is not None
        if capacity is not None and window is None:
            room = min(room, capacity)
        self._shapes = shapes(model)
        self.layers = [
            LayerMemory(
                batch_size,
                heads,
                width,
                max_length=self.max_length,
                window=window,
                capacity=room,
                dtype=stored,
                compute=compute,
                quantized=quantized,
            )
            for heads, width in self._shapes
        ]
        self._tokens = np.empty((batch_size, 0), np.int64)  # the last ones seen, or fewer
        self._model: Any = None  # a weak reference to the one that has seen them

    # As a sequence of layers

    def __len__(self) -> int:
        """How many layers there are."""
        return len(self.layers)

    @overload
    def __getitem__(self, index: int) -> LayerMemory: ...
    @overload
    def __getitem__(self, index: slice) -> list[LayerMemory]: ...
    def __getitem__(self, index: int | slice) -> LayerMemory | list[LayerMemory]:
        """Return the memory of a layer."""
        return self.layers[index]

    def __repr__(self) -> str:
        of = "for ever" if self.max_length is None else f"of {self.max_length}"
        window = "" if self.window is None else f", window={self.window}"
        return (
            f"KVCache({len(self)} layers, batch_size={self.batch_size}, length={self.length} {of}{window}, "
            f"{self.dtype}, {self.nbytes:,} bytes)"
        )

    # Looking

    @property
    def length(self) -> int:
        """How many positions it has seen."""
        return min((layer.length for layer in self.layers), default=0)

    @property
    def nbytes(self) -> int:
        """How many bytes keys and values take."""
        return sum(layer.nbytes for layer in self.layers)

    # Changing

    def reset(self) -> None:
        """Forget everything; the memory stays, for another sequence or another model of the same sizes."""
        self.truncate(0)
        self._model = None

    def truncate(self, length: int) -> None:
        """Forget all positions but the first `length`.

        Raises:
            ValueError: there are fewer, or what the window has to show of them is forgotten already.
        """
        if not 0 <= length <= self.length:
            raise ValueError(f"KVCache: can't be cut to {length} positions, it holds {self.length}")
        first = max((layer.first for layer in self.layers), default=0)
        if self.window is not None and length > 0 and first > max(0, length - self.window + 1):
            raise ValueError(
                f"KVCache: can't be cut to {length} positions: those before {first} are out of the window "
                f"and forgotten; reset() it, or make it with a larger window"
            )
        start = self.length - self._tokens.shape[1]
        self._tokens = self._tokens[:, : max(0, length - start)]
        for layer in self.layers:
            layer.truncate(length)

    def reorder(self, rows: Any) -> None:
        """Put other sequences in the place of the present ones, each as often as it is named.

        Args:
            rows: numbers of sequences, a list or an array of int64; there may be more or fewer than before.

        Raises:
            IndexError: there is no such sequence.
        """
        rows = np.asarray(rows, np.int64)
        if rows.ndim != 1 or not rows.size or rows.min() < 0 or rows.max() >= self.batch_size:
            raise IndexError(f"KVCache: rows must be numbers from 0 to {self.batch_size - 1}, not {rows}")
        for layer in self.layers:
            layer.take(rows)
        self._tokens = self._tokens[rows]
        self.batch_size = len(rows)

    # What GPT asks for

    def resume(self, model: GPT, ids: Tensor, length: int) -> None:
        """Get ready to go on from prompts: keep what they have in common with what was seen, forget the rest.

        Args:
            model: the one that is going to write.
            ids: (B, T), the prompts.
            length: how many tokens it is going to see in all.

        Raises:
            ValueError: the cache is too short, or made for another number of sequences or another model.
        """
        self._admit(model, ids)
        T = ids.shape[1]
        block = model.config.block_size
        if self.window is not None and not model.config.rotary and length > block:
            raise ValueError(
                f"KVCache: with a table of {block} positions (block_size) a window can't go on to {length} "
                f"tokens; ask for fewer, leave out the window, or use a model with rotary positions"
            )
        if self.window is None:
            length = min(length, block)
        if self.max_length is not None and length > self.max_length:
            raise ValueError(
                f"KVCache: max_length is {self.max_length}, but prompts of {T} tokens and what follows them "
                f"take {length}; make it with max_length={length}, or ask for fewer new tokens"
            )
        same = self._in_common(ids.numpy())
        if same < self.length:
            try:
                self.truncate(same)
            except ValueError:  # out of the window
                self.truncate(0)

    def _in_common(self, ids: Any) -> int:
        """Return how many of the positions seen are those of the prompts; the last is to be seen anew."""
        length, T = self.length, ids.shape[1]
        start = length - self._tokens.shape[1]  # what was before it has no effect any more, or isn't known
        stop = min(length, T - 1)
        if stop <= start:
            return 0 if start else stop
        differs = (self._tokens[:, : stop - start] != ids[:, start:stop]).any(0)
        return start + int(differs.argmax()) if differs.any() else stop

    def hidden(self, model: GPT, ids: Tensor, key_padding_mask: Tensor | None = None) -> Tensor:
        """Do the work of `GPT.hidden` for new positions: (B, T, n_embd) for ids (B, T).

        After an error in the middle, the cache is as before, or empty if it has a window.

        Raises:
            ValueError: there is no room for them, or the cache is of another model or batch.
            IndexError: an id is outside the vocabulary.
            TypeError: the model computes in another dtype than the cache is made for.
        """
        if ids.ndim != 2:
            raise ValueError(f"GPT: ids must be of shape (batch, length), but their shape is {ids.shape}")
        self._admit(model, ids)
        T = ids.shape[1]
        past = self._even_length()
        if self.max_length is not None and past + T > self.max_length:
            raise full(past, T, self.max_length)
        try:
            with no_grad():
                out = self._computed(model, ids, key_padding_mask, past)
        except BaseException:  # Ctrl-C, too, may come between two layers
            self.truncate(past if self.window is None else 0)
            raise
        self._note(ids.numpy())
        if is_grad_enabled() and any(p.requires_grad for p in model.parameters()):
            out = out.requires_grad_()
            out.register_hook(refuse)
        return out

    def _computed(self, model: GPT, ids: Tensor, padding: Tensor | None, past: int) -> Tensor:
        out: Tensor
        if 0 < ids.size(0) * ids.size(1) <= FEW and padding is None and is_lean(model):
            out = decode(model, ids.numpy(), past, self.layers)
        else:
            out = model.hidden(ids, padding, list(self.layers))
        return out

    def _even_length(self) -> int:
        """Return the positions that all layers have seen, after an error came between them, too."""
        lengths = [layer.length for layer in self.layers]
        length = min(lengths, default=0)
        if lengths.count(length) != len(lengths):
            self.truncate(length)
        return length

    def _note(self, ids: Any) -> None:
        kept = self._tokens
        if self.window is not None:  # what the last layer remembers comes from so many, not from those before
            kept = kept[:, -self.window * len(self) :]
        self._tokens = np.concatenate([kept, ids], 1)

    def _admit(self, model: GPT, ids: Tensor) -> None:
        """Raise an error unless the model, and the number of sequences, are those that it is made for."""
        self._bind(model)
        if self.batch_size != ids.shape[0]:
            raise ValueError(
                f"KVCache: made for {self.batch_size} sequences, but there are {ids.shape[0]}; make it with "
                f"batch_size={ids.shape[0]}"
            )

    def _bind(self, model: GPT) -> None:
        """Raise an error unless the model is the one that has seen what is remembered, or could be."""
        if self._model is not None and self._model() is model:
            return
        mine, its = described(self._shapes, self.config), described(shapes(model), model.config)
        if shapes(model) != self._shapes or mine != its:
            raise ValueError(
                f"KVCache: made for {mine}, but the model has {its}; make it of the model, KVCache(model)"
            )
        if self.length and self._model is not None:
            raise ValueError(
                "KVCache: it holds what another model has seen; reset() it first, or make one for each model"
            )
        self._model = weakref.ref(model)
