"""What goes into a case: descriptions of inputs that are built alike for both libraries."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .libraries import FLOATS, Library

LAYOUTS = ("contiguous", "transposed", "stepped", "expanded")


class T:
    """A tensor of the given shape, in the dtype that the case is run for.

    Args:
        shape: its shape.
        low: smallest value.
        high: largest value (for integers, too).
        values: the values themselves, instead of random ones.
        dtype: name of a dtype that doesn't follow the case's.
        grad: whether a float tensor requires a gradient.
    """

    def __init__(
        self,
        *shape: int,
        low: float = -3,
        high: float = 3,
        values: Any = None,
        dtype: str | None = None,
        grad: bool = True,
    ) -> None:
        self.shape = shape if values is None else np.shape(values)
        self.low, self.high, self.values, self.dtype, self.grad = low, high, values, dtype, grad

    def __repr__(self) -> str:
        parts = [str(list(self.shape))]
        parts += [f"{k}={v}" for k, v in vars(self).items() if k != "shape" and v != vars(T())[k]]
        return f"T({', '.join(parts)})"

    def array(self, dtype: str, layout: str, seed: int) -> np.ndarray:
        """Return the values, in memory as `layout` says."""
        dtype = self.dtype or dtype
        kind = np.dtype(dtype).kind
        rng = np.random.default_rng(seed)
        if self.values is not None:
            array = np.asarray(self.values).astype(dtype)
        elif kind == "f":
            # Multiples of 1/64 are exact in float16, and a shuffled grid has no ties.
            steps = np.arange(int(self.low * 64), int(self.high * 64) + 1)
            size = int(np.prod(self.shape, dtype=int))
            array = (rng.permutation(np.resize(steps, max(size, len(steps))))[:size] / 64).astype(dtype)
            array = array.reshape(self.shape)
        elif kind == "b":
            array = rng.integers(0, 2, self.shape).astype(bool)
        else:
            low = max(self.low, 0) if kind == "u" else self.low
            array = rng.integers(int(low), int(self.high), self.shape, endpoint=True).astype(dtype)
        return laid_out(array, layout)


def I(*shape: int, high: int, low: int = 0, values: Any = None) -> T:  # noqa: E743
    """Return an int64 tensor of indices from `low` up to, not including, `high`."""
    return T(*shape, low=low, high=high - 1, values=values, dtype="int64")


def B(*shape: int, values: Any = None) -> T:
    """Return a bool tensor."""
    return T(*shape, values=values, dtype="bool")


@dataclass(frozen=True)
class D:
    """A dtype, by name."""

    name: str


@dataclass(frozen=True)
class G:
    """A generator with a seed."""

    seed: int


@dataclass(frozen=True)
class A:
    """A NumPy array."""

    values: Any
    dtype: str = "float32"


@dataclass
class Built:
    """The inputs of one run, in one library."""

    args: list[Any]
    kwargs: dict[str, Any]
    tensors: list[Any] = field(default_factory=list)  # every tensor among them, in order


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """Return a copy of the array that lies in memory in another way."""
    if layout == "transposed":
        return np.ascontiguousarray(array.T).T
    if layout == "stepped" and array.ndim:
        wide = np.zeros((*array.shape[:-1], array.shape[-1] * 2), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    return array.copy()


def build(
    library: Library,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    dtype: str,
    layout: str = "contiguous",
    grads: tuple[int, ...] | None = None,
    leaf: bool = True,
) -> Built:
    """Make the inputs of a case in one library.

    Args:
        library: the one to build for.
        args: positional arguments, described.
        kwargs: keyword arguments, described.
        dtype: of the tensors that have none of their own.
        layout: of their memory.
        grads: which tensors may require a gradient; None: all float tensors that aren't excluded.
        leaf: False if the first tensor shall be the result of an operation.
    """
    built = Built([], {})
    as_tensor: list[Any] = []  # after a possible clone, in the same order

    def make(spec: Any) -> Any:
        if isinstance(spec, T):
            position = len(built.tensors)
            seed = zlib.crc32(f"{spec!r} {position}".encode())
            array = spec.array(dtype, layout, seed)
            expanded = layout == "expanded" and array.ndim and array.shape[0] > 1
            x = library.tensor(array[:1] if expanded else array)
            wanted = spec.grad and (grads is None or position in grads)
            if wanted and (spec.dtype or dtype) in FLOATS:
                x.requires_grad_()
            built.tensors.append(x)
            if expanded:
                x = x.expand(array.shape)
            elif not leaf and position == 0:
                x = x.clone()
            as_tensor.append(x)
            return x
        if isinstance(spec, D):
            return library.dtype(spec.name)
        if isinstance(spec, G):
            return library.namespace["t"].Generator().manual_seed(spec.seed)
        if isinstance(spec, A):
            return np.array(spec.values, spec.dtype)
        if type(spec) in (list, tuple):
            return type(spec)(make(s) for s in spec)
        if isinstance(spec, dict):
            return {k: make(v) for k, v in spec.items()}
        return spec

    built.args = [make(a) for a in args]
    built.kwargs = {k: make(v) for k, v in kwargs.items()}
    return built


def tensors_in(spec: Any) -> list[T]:
    """Return the tensors that a description of inputs holds, in order."""
    if isinstance(spec, T):
        return [spec]
    inside = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, (list, tuple)) else ()
    return [x for s in inside for x in tensors_in(s)]
