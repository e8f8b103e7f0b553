"""Putting values around a tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .comparison import as_element
from .index import index
from .op import Array, op
from .shape import clone

if TYPE_CHECKING:
    from .tensor import Tensor


@op
def _constant_pad(input: Array, widths: Any, value: Any) -> Array:
    inside, kept = overlap(input.shape, widths)
    shape = [n + before + after for n, (before, after) in zip(input.shape, widths)]
    if input.dtype.kind == "u" and value < 0:
        raise RuntimeError(f"pad(): the value {value} doesn't fit into {input.dtype}")
    out = np.full(shape, as_element("pad", value, input.dtype))
    out[inside] = input[kept]
    return out


def overlap(shape: Sequence[int], widths: Any) -> tuple[Any, Any]:
    """Return where the input's elements stand in the result, and which of the input's they are.

    A negative width cuts elements away.
    """
    inside, kept = [], []
    for n, (before, after) in zip(shape, widths):
        start, stop = max(-before, 0), n - max(-after, 0)
        if stop < start:
            raise RuntimeError(f"pad(): padding {(before, after)} cuts off more than a length of {n}")
        kept.append(slice(start, stop))
        inside.append(slice(max(before, 0), max(before, 0) + stop - start))
    return tuple(inside), tuple(kept)


# Each gives, for positions outside a dimension of length n of which start to stop are kept, the
# positions inside that they repeat.
_SOURCES: dict[str, Callable[[Any, int, int, int], Any]] = {
    "reflect": lambda i, n, start, stop: (n - 1) - abs((n - 1) - abs(i)),
    "replicate": lambda i, n, start, stop: i.clip(0, n - 1),
    "circular": lambda i, n, start, stop: start + (i - start) % (stop - start),
}


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Put values around a tensor.

    Args:
        input: the tensor; modes other than constant pad the last one to three dimensions of a tensor that
            has one or two more.
        pad: two widths for each padded dimension, before and after, the last dimension first:
            `(left, right, top, bottom)`. Negative widths cut off.
        mode: "constant", "reflect" (mirror, without repeating the edge), "replicate" (the edge's value) or
            "circular" (from the other end).
        value: what "constant" puts there, 0 if not given.

    Raises:
        RuntimeError: an odd number of widths, too many, or wider than the mode allows.
        NotImplementedError: an unknown mode, or one that can't pad these dimensions.

    Examples:
        >>> tt.pad(tt.ones(1, 2), (1, 1, 0, 1))
        tensor([[0., 1., 1., 0.],
                [0., 0., 0., 0.]])

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """
    if len(pad) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2, got {len(pad)}")
    if len(pad) > 2 * input.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension, "
            f"but got padding length {len(pad)} and input of dimension {input.ndim}"
        )
    padded = len(pad) // 2
    pairs = [(pad[2 * i], pad[2 * i + 1]) for i in range(padded)][::-1]
    widths = [(0, 0)] * (input.ndim - padded) + pairs
    if mode == "constant":
        return _constant_pad(input, widths, value or 0)
    if mode not in _SOURCES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}; use constant or {', '.join(_SOURCES)}")
    if value is not None:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if not 1 <= padded <= 3 or input.ndim - padded not in (1, 2):
        raise NotImplementedError(
            f"Padding mode {mode} pads the last 1 to 3 dimensions of a tensor with 1 or 2 more; "
            f"got {padded} dimensions to pad of {input.ndim}"
        )
    out = clone(input) if not any(map(any, pairs)) else input
    for axis, (before, after) in enumerate(widths):
        n = input.shape[axis]
        limit = {"reflect": n - 1, "circular": n}.get(mode, max(before, after))
        kept, result = n + min(before, 0) + min(after, 0), n + before + after
        empty = kept <= 0 < result if mode == "circular" else n <= 0 or result <= 0
        impossible = axis >= input.ndim - padded and (empty or result < 0)
        if impossible or max(before, after) > limit:
            raise RuntimeError(
                f"Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at dimension {axis} of input {list(input.shape)} in mode {mode}"
            )
        if before or after:
            start, stop = max(-before, 0), max(n - max(-after, 0), 1)
            positions = _SOURCES[mode](np.arange(-before, n + after), n, start, stop)
            out = index(out, [slice(None)] * axis + [positions])
    return out
