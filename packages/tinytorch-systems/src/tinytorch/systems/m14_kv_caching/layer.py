"""What one layer of attention remembers."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Tensor, from_numpy, is_grad_enabled

from .attention import attend, unseen
from .storage import Int8Store, Store


class LayerMemory:
    """The keys and values of one layer: a `LayerCache` of tinytorch-language, in memory that stays in place.

    Args:
        batch: sequences.
        heads: of the keys.
        width: of a head.
        max_length: positions at most; None where a window bounds them.
        window: each position sees itself and the `window - 1` before it; None for all.
        capacity: positions to have room for at first.
        dtype: in which numbers are stored.
        compute: of the keys and values that come in and go out.
        quantized: store them in eight bits.

    Attributes:
        length: the positions seen so far.
    """

    def __init__(
        self,
        batch: int,
        heads: int,
        width: int,
        *,
        max_length: int | None,
        window: int | None,
        capacity: int,
        dtype: Any,
        compute: Any,
        quantized: bool,
    ) -> None:
        kind = Int8Store if quantized else Store
        self.key, self.value = (kind(batch, heads, capacity, width, dtype) for _ in range(2))
        self.lead, self.width = (batch, heads), width
        self.max_length = max_length
        self.window = window
        self.compute = np.dtype(compute)
        self.length = 0
        self.first = 0  # the oldest position that is still there

    @property
    def nbytes(self) -> int:
        """How many bytes the arrays take."""
        return self.key.nbytes + self.value.nbytes

    def extend(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append keys and values (B, heads, T, width); return all that one of the new positions sees.

        Raises:
            ValueError: they are of other sequences, heads or width, or there is no room for so many.
            TypeError: they are of another dtype.
        """
        recorded = is_grad_enabled() and (key.requires_grad or value.requires_grad)
        k, v = self.append(key.detach().numpy(), value.detach().numpy())
        pair = from_numpy(k), from_numpy(v)
        if recorded:
            for x in pair:
                x.requires_grad_().register_hook(refuse)
        return pair

    def attend(self, query: Any, key: Any, value: Any) -> Any:
        """Append keys and values, and return what the new positions gather: (B, T, H * width).

        Args:
            query: an array (B, T, H, width).
            key: an array (B, T, heads, width).
            value: an array (B, T, heads, width).
        """
        T = query.shape[1]
        k, v = self.append(key.swapaxes(1, 2), value.swapaxes(1, 2))  # (B, heads, S, width)
        hidden = None if T == 1 else unseen(T, k.shape[2], self.window)
        return attend(query, k, v, hidden)

    def append(self, key: Any, value: Any) -> tuple[Any, Any]:
        """Do the work of `extend` on arrays; what it returns may be changed by the next call."""
        self._check(key, value)
        T: int = key.shape[2]
        if self.max_length is not None and self.length + T > self.max_length:
            raise full(self.length, T, self.max_length)
        stored = self.length - self.first
        visible = stored + T
        if self.window is not None:
            visible = min(visible, self.window - 1 + T)
        if stored + T > self.key.capacity:
            if self.window is None:
                self._grow(stored + T)
            else:
                self._forget()
                stored = self.length - self.first
                if stored + T > self.key.capacity:
                    return self._append_long(key, value)
        self.key.write(key, stored)
        self.value.write(value, stored)
        self.length += T
        stop = stored + T
        first = stop - visible
        return self.key.read(first, stop, self.compute), self.value.read(first, stop, self.compute)

    def _append_long(self, key: Any, value: Any) -> tuple[Any, Any]:
        """Append more than there is room for: all of it is seen now, and the end of it remembered."""
        assert self.window is not None
        window, stored = self.window, self.length - self.first
        results = []
        for store, new in zip((self.key, self.value), (key, value), strict=True):
            new_parts = store.encoded(new)
            old = [part[:, :, :stored] for part in store.parts]
            parts = [
                np.concatenate([a, b.astype(a.dtype, copy=False)], 2)
                for a, b in zip(old, new_parts, strict=True)
            ]
            results.append(store.decoded(parts, self.compute))
            assert self.window is not None
            for part, whole in zip(store.parts, parts, strict=True):
                part[:, :, : self.window] = whole[:, :, -self.window :]
        self.length += key.shape[2]
        self.first = self.length - window
        return results[0], results[1]

    def _forget(self) -> None:
        """Move to the front what a next position can see."""
        assert self.window is not None
        stored = self.length - self.first
        kept = min(stored, self.window - 1)
        for store in (self.key, self.value):
            store.move(stored - kept, stored)
        self.first = self.length - kept

    def _grow(self, needed: int) -> None:
        capacity = max(needed, 2 * self.key.capacity)
        if self.max_length is not None:
            capacity = min(capacity, self.max_length)
        for store in (self.key, self.value):
            store.grow(capacity, self.length)

    def truncate(self, length: int) -> None:
        """Forget all positions but the first `length`."""
        self.length = min(self.length, length)
        if length == 0:
            self.first = 0

    def take(self, rows: Any) -> None:
        """Put other sequences in the place of the present ones."""
        for store in (self.key, self.value):
            store.take(rows, self.length - self.first)
        self.lead = len(rows), self.lead[1]

    def _check(self, key: Any, value: Any) -> None:
        """Raise an error unless keys and values are such as the memory was made for."""
        shape = *self.lead, *key.shape[2:3], self.width
        if key.shape == value.shape == shape and key.dtype == value.dtype == self.compute:
            return
        for name, x in (("keys", key), ("values", value)):
            if x.dtype != self.compute:
                raise TypeError(
                    f"this cache was made for {self.compute}, but the {name} are {x.dtype}: make it of the "
                    f"model itself, KVCache(model), or with dtype={x.dtype}"
                )
            if x.shape != shape:
                raise ValueError(self._misfit(name, x.shape))

    def _misfit(self, name: str, shape: tuple[int, ...]) -> str:
        batch, heads = self.lead
        expected = f"({batch}, {heads}, T, {self.width})"
        text = f"this cache takes {name} of shape (batch, heads, length, width) = {expected}, not {shape}"
        if len(shape) == 4 and shape[0] != batch:
            return f"{text}: make it for {shape[0]} sequences, KVCache(model, {shape[0]})"
        return f"{text}: make it of the same model, KVCache(model)"


def full(length: int, new: int, most: int) -> ValueError:
    """Return the error of a cache that has no room."""
    return ValueError(
        f"the cache is full: it holds {length} of at most {most} positions, and {new} more don't fit; make "
        f"one with a larger max_length or with a window, or forget what it holds with reset() or truncate()"
    )


def refuse(g: Tensor) -> None:
    """Stop a backward pass that has come to a cache."""
    raise RuntimeError(
        "a KVCache keeps keys and values without their history, so no gradient gets through it: train "
        "without a cache, and use one under no_grad()"
    )
