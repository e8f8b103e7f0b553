"""What the pooling operations share: their arguments, and the walk over a window's offsets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from tinytorch.core import number_of_threads, share

from .windows import Ints, Window, ints

CHUNK = 2**18  # numbers of the input that are pooled at once: they and what comes of them fit a cache
MANY = 2**17  # numbers from which the work is worth waking other threads

Places: TypeAlias = tuple[tuple[slice, slice], tuple[slice, slice]]  # in the output, and in the input


def pooling_window(
    name: str,
    shape: tuple[int, ...],
    kernel_size: Ints,
    stride: Ints | None,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool,
    n: int,
) -> tuple[Window, tuple[int, int]]:
    """Check the arguments of a pooling over `n` dimensions; return its window and the output's size.

    With `ceil_mode` a last window that reaches over the end counts too, if it begins inside. The window
    returned has the padding after the end that this takes.
    """
    kernel = ints(kernel_size, n, name, "kernel_size")
    steps = kernel if stride is None or stride == () or stride == [] else ints(stride, n, name, "stride")
    pad, apart = ints(padding, n, name, "padding"), ints(dilation, n, name, "dilation")
    checks = (
        (min(kernel) > 0, f"kernel size should be greater than zero, but got {kernel_size}"),
        (min(steps) > 0, f"stride should be greater than zero, but got {stride}"),
        (min(apart) > 0, f"dilation should be greater than zero, but got {dilation}"),
        (min(pad) >= 0, f"pad must be non-negative, but got pad: {padding}"),
        (
            all(2 * p <= k for p, k in zip(pad, kernel, strict=True)),
            f"pad should be at most half of effective kernel size, but got pad={padding}, "
            f"kernel_size={kernel_size} and dilation={dilation}",
        ),
    )
    for fine, message in checks:
        if not fine:
            raise RuntimeError(f"{name}(): {message}")
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(
            f"{name}(): Expected {n + 1}D or {n + 2}D (batch mode) tensor for input, but got: {list(shape)}"
        )
    if 0 in shape[-n - 1 :]:
        raise RuntimeError(
            f"{name}(): Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size "
            f"for input, but got: {list(shape)}"
        )
    if n == 1:
        kernel, steps, pad, apart = (1, *kernel), (1, *steps), (0, *pad), (1, *apart)
    size = shape[-2:] if n == 2 else (1, shape[-1])
    out, after = [], []
    for length, k, s, p, d in zip(size, kernel, steps, pad, apart, strict=True):
        room = length + 2 * p - d * (k - 1) - 1
        count = room // s + 1
        if ceil_mode and -(-room // s) * s < length + p:
            count = -(-room // s) + 1
        out.append(count)
        after.append(max(p, (count - 1) * s + d * (k - 1) + 1 - length - p))
    if min(out) < 1:
        raise RuntimeError(
            f"{name}(): Given input size: {list(shape)}. Calculated output size: {out[-n:]}. "
            "Output size is too small: the window is larger than the padded input"
        )
    window = Window(_pair(kernel), _pair(steps), _pair(pad), _pair(after), _pair(apart))
    return window, _pair(out)


def _pair(values: Sequence[int]) -> tuple[int, int]:
    return values[0], values[1]


def offsets(window: Window, size: tuple[int, int], out: tuple[int, int]) -> Iterator[Places]:
    """Yield for each element of the window where it meets the input, in order of memory.

    Each is a pair of slices of the output (the windows of which this element isn't padding), and the pair of
    slices of the input that it then stands on.
    """
    for i in range(window.kernel[0]):
        rows = _along(window, size, out, 0, i)
        for j in range(window.kernel[1]):
            columns = _along(window, size, out, 1, j)
            yield (rows[0], columns[0]), (rows[1], columns[1])


def _along(
    window: Window, size: tuple[int, int], out: tuple[int, int], axis: int, i: int
) -> tuple[slice, slice]:
    """Return where the `i`-th element along an axis is inside the input: slices of output and input."""
    step = window.stride[axis]
    shift = i * window.dilation[axis] - window.before[axis]  # where the first window has it
    first = max(0, -(shift // step))
    last = max(first, min(out[axis], (size[axis] - 1 - shift) // step + 1))
    start = first * step + shift
    stop = start + (last - first - 1) * step + 1 if last > first else start
    return slice(first, last), slice(start, stop, step)


def covers(places: Places, out: tuple[int, int]) -> bool:
    """Tell whether these places are all of the output."""
    return all(p.start == 0 and p.stop == n for p, n in zip(places[0], out, strict=True))


def in_chunks(x: Any, work: Callable[[slice], None]) -> None:
    """Call `work` with slices of the first dimension of `x`, of a size that the cache holds, on threads."""
    n = len(x)
    if not x.size:
        return
    threads = number_of_threads() if x.size >= MANY else 1
    count = -(-x.size // CHUNK)
    count = -(-count // threads) * threads  # as many for each
    step = -(-n // count)
    parts = [slice(i, min(i + step, n)) for i in range(0, n, step)]
    if threads > 1:
        share([partial(work, part) for part in parts])
    else:
        for part in parts:
            work(part)


def planes(x: Any, n: int) -> Any:
    """Return all channels of all images (or sequences) as one array (planes, H, W)."""
    size = x.shape[-2:] if n == 2 else (1, x.shape[-1])
    return np.ascontiguousarray(x).reshape(-1, *size)


def overlap(window: Window) -> bool:
    """Tell whether an input can belong to several windows."""
    return any(s < span for s, span in zip(window.stride, window.span, strict=True))


def leaves_out(window: Window, size: tuple[int, int]) -> bool:
    """Tell whether some input belongs to no window, though none belongs to two."""
    even = window.stride == window.kernel and not any(window.before)
    return not even or any(n % k for n, k in zip(size, window.kernel, strict=True))
