"""The three products that a convolution and its gradients are made of, on arrays.

A convolution is a matrix product: each output channel is a row of weights, (K, C * KH * KW), and each
place of the window a column of inputs, (C * KH * KW, OH * OW). Building the columns ("im2col") copies every
pixel KH * KW times, so what matters is how, and that the copies are multiplied while they are in the cache.

Where the stride is 1, a trick saves most of the work. Write the rows of a padded channel one after the
other, as a line. Moving the window by one pixel moves everything along the line by one, so the
columns of one kernel offset are just the line, shifted: a long copy without a gap. The windows that
reach over the end of a row come out as well, and are thrown away with the results. Between two rows there
need be no more zeros than on one side, since the end of one row is the beginning of the next.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from tinytorch.core import number_of_threads, share, small_is_fast

from .windows import Window, add_windows

BLOCK = 2**18  # numbers in the columns that are made at once: 1 MiB of float32, the size of a cache
PIECE = 1_000_000  # multiplications up to which OpenBLAS takes matrices as they lie, in one thread
WASTE = 512  # products thrown away for each row of a window, up to which gaps are cheaper than short copies


class Columns:
    """How images are laid out in memory so that their windows are the columns of a matrix.

    Args:
        shape: of the images, (C, H, W).
        window: the geometry.
        groups: of channels, each multiplied by its own weights.
        outputs: output channels of a group.
    """

    def __init__(self, shape: tuple[int, ...], window: Window, groups: int, outputs: int) -> None:
        channels, self.height, self.width = shape
        self.window = window
        self.groups = groups
        self.channels = channels // groups
        self.depth = self.channels * window.kernel[0] * window.kernel[1]
        self.rows, self.row = window.places((self.height, self.width))  # OH, OW
        (self.top, self.left), (bottom, right) = window.before, window.after
        self.padded = any((*window.before, *window.after))
        line = max(self.width + max(self.left, right), self.row)
        self.flat = window.stride == (1, 1) and outputs * (line - self.row) <= WASTE
        self.pitch = line if self.flat else self.width + self.left + right
        # The last row's windows end where there is no next row that could lend its zeros.
        self.plane = (self.height + self.top + bottom) * self.pitch + self.left + right
        if not self.padded:
            self.plane = self.height * self.width
        self.step = self.pitch if self.flat else self.row  # columns that a row of output takes
        self.block = max(1, min(self.rows, BLOCK // max(1, self.depth * self.step)))  # rows at a time
        self.images = max(1, BLOCK // max(1, self.depth * self.step * self.rows))  # images at a time
        piece = PIECE // max(1, outputs * self.depth) // 16 * 16
        self.piece = piece if piece and small_is_fast() else self.length(self.block)

    def length(self, rows: int) -> int:
        """Return how many columns some rows of output take; the last one ends without a gap."""
        return (rows - 1) * self.step + self.row

    def room(self, n: int, dtype: Any) -> Any:
        """Return memory for the lines of `n` images, zeros where the padding is."""
        return np.zeros((n, self.groups * self.channels, self.plane), dtype) if self.padded else None

    def lines(self, images: Any, room: Any) -> Any:
        """Write images (n, C, H, W) as lines (n, C, plane)."""
        n = len(images)
        if room is None:
            return np.ascontiguousarray(images).reshape(n, -1, self.plane)
        lines = room[:n]
        start = self.top * self.pitch + self.left
        a, b, c = lines.strides
        inside = as_strided(lines[:, :, start:], images.shape, (a, b, self.pitch * c, c))
        np.copyto(inside, images)
        return lines

    def view(self, lines: Any, first: int, rows: int) -> Any:
        """Return the windows of some rows of output, a view (n, G, C / G, KH, KW, columns) of the lines."""
        (kh, kw), (sh, sw), (dh, dw) = self.window.kernel, self.window.stride, self.window.dilation
        a, b, c = lines.strides
        down = self.pitch * c
        start = lines[:, :, first * sh * self.pitch :]
        shape = (len(lines), self.groups, self.channels, kh, kw)
        strides = (a, self.channels * b, b, dh * down, dw * c)
        if self.flat:
            return as_strided(start, (*shape, self.length(rows)), (*strides, c))
        return as_strided(start, (*shape, rows, self.row), (*strides, sh * down, sw * c))

    def buffer(self, n: int, dtype: Any) -> Any:
        """Return memory for the columns of a block."""
        shape = (n, self.groups, self.depth, self.length(self.block))
        return None if self.depth == self.channels and self.flat else np.empty(shape, dtype)

    def matrix(self, view: Any, buffer: Any) -> Any:
        """Return the columns of a block as matrices (n, G, depth, columns)."""
        n, last = view.shape[0], view.shape[5:]
        if buffer is None:  # a kernel of one element: the lines are the columns
            return view[:, :, :, 0, 0, :]
        columns = buffer[:n, :, :, : int(np.prod(last))]
        if columns.shape != buffer.shape:  # a smaller block, from memory without gaps
            columns = buffer.reshape(-1)[: columns.size].reshape(columns.shape)
        np.copyto(columns.reshape(view.shape), view)
        return columns

    def each(self, n: int, work: Callable[[int, int], None], threads: bool = True) -> None:
        """Call `work(first, last)` for pieces of the batch of `n` images, on several threads."""
        # The fewer pieces, the fewer times memory is made; a few more than threads even out their speeds.
        workers = number_of_threads() if threads and small_is_fast() else 1
        size = max(self.images, -(-n // (4 * workers))) if workers > 1 else n
        tasks = [partial(work, i, min(i + size, n)) for i in range(0, n, size)]
        if len(tasks) > 1:
            share(tasks)
        else:
            for task in tasks:
                task()


def correlate(x: Any, weight: Any, bias: Any, window: Window, groups: int) -> Any:
    """Slide every kernel over the images: (N, C, H, W) and (K, C / G, KH, KW) to (N, K, OH, OW)."""
    n, k = len(x), len(weight) // groups
    columns = Columns(x.shape[1:], window, groups, k)
    oh, ow = columns.rows, columns.row
    matrix = np.ascontiguousarray(weight).reshape(groups, k, -1)
    out = np.empty((n, groups, k, oh, ow), x.dtype)
    if bias is not None:
        bias = bias.reshape(groups, k, 1, 1)

    def work(start: int, stop: int) -> None:
        some = min(columns.images, stop - start)
        room, buffer = columns.room(some, x.dtype), columns.buffer(some, x.dtype)
        gaps = columns.step != ow  # what is computed for them goes to `products` and stays there
        products = np.empty((some, groups, k, columns.block * columns.step), x.dtype) if gaps else None
        for i in range(start, stop, some):
            m = min(some, stop - i)
            lines = columns.lines(x[i : i + m], room)
            for r in range(0, oh, columns.block):
                rows = min(columns.block, oh - r)
                right = columns.matrix(columns.view(lines, r, rows), buffer)
                result = out[i : i + m, :, :, r : r + rows]
                if products is None:
                    target = result.reshape(m, groups, k, rows * ow)
                    multiply(matrix, right, target, columns.piece)
                    if bias is not None:
                        result += bias
                    continue
                target = products[:m, :, :, : rows * columns.step]
                multiply(matrix, right, target[..., : right.shape[-1]], columns.piece)
                whole = target.reshape(m, groups, k, rows, columns.step)[..., :ow]
                if bias is None:
                    np.copyto(result, whole)
                else:
                    np.add(whole, bias, out=result)

    columns.each(n, work)
    return out.reshape(n, groups * k, oh, ow)


def multiply(a: Any, b: Any, out: Any, piece: int) -> None:
    """Multiply matrices into `out`, some columns at a time, so that each product is a small one."""
    length = b.shape[-1]
    if length <= piece:
        np.matmul(a, b, out=out)
        return
    for i in range(0, length, piece):
        np.matmul(a, b[..., i : i + piece], out=out[..., i : i + piece])


def correlate_input(g: Any, weight: Any, window: Window, groups: int, size: tuple[int, int]) -> Any:
    """Return the gradient of the images: every output's gradient goes back to the window it came from."""
    n, k = len(g), len(weight) // groups
    c, kh, kw = weight.shape[1:]
    grouped = weight.reshape(groups, k, c, kh, kw)
    if window.stride == (1, 1):
        # The places that one pixel went to form a window, too: the kernel turned round.
        turned = grouped.transpose(0, 2, 1, 3, 4)[..., ::-1, ::-1].reshape(groups * c, k, kh, kw)
        oh, ow = g.shape[2:]
        reach = (window.span[0] - 1, window.span[1] - 1)
        before = (reach[0] - window.before[0], reach[1] - window.before[1])
        after = (size[0] + reach[0] - before[0] - oh, size[1] + reach[1] - before[1] - ow)
        if min(before + after) < 0:  # more padding than the kernel reaches: some outputs saw only zeros
            top, left, bottom, right = (max(-p, 0) for p in (*before, *after))
            g = g[:, :, top : oh - bottom, left : ow - right]
            before, after = (max(before[0], 0), max(before[1], 0)), (max(after[0], 0), max(after[1], 0))
        back = Window((kh, kw), before=before, after=after, dilation=window.dilation)
        return correlate(g, turned, None, back, groups)
    matrix = np.ascontiguousarray(grouped.reshape(groups, k, c * kh * kw).swapaxes(1, 2))
    out = np.empty((n, groups * c, *size), g.dtype)
    columns = Columns((groups * c, *size), window, groups, k)

    def work(start: int, stop: int) -> None:
        for i in range(start, stop, columns.images):
            some = g[i : min(i + columns.images, stop)]
            right = some.reshape(len(some), groups, k, -1)
            product = np.matmul(matrix, right)  # (n, G, C / G * KH * KW, OH * OW)
            shape = (len(some), groups * c, kh, kw, *g.shape[2:])
            out[i : i + len(some)] = add_windows(product.reshape(shape), window, size)

    columns.each(n, work)
    return out


def correlate_weight(g: Any, x: Any, kernel: tuple[int, ...], window: Window, groups: int) -> Any:
    """Return the gradient of the weights, of shape `kernel`: (K, C / G, KH, KW)."""
    n, k = len(g), kernel[0] // groups
    columns = Columns(x.shape[1:], window, groups, k)
    oh, ow = columns.rows, columns.row
    parts: dict[int, Any] = {}  # of the batch: added up in its order, whichever thread is first

    def work(start: int, stop: int) -> None:
        some = min(columns.images, stop - start)
        room, buffer = columns.room(some, x.dtype), columns.buffer(some, x.dtype)
        gaps = columns.step != ow  # columns of windows over the end of a row count zero times
        spread = np.zeros((some, groups, k, columns.block, columns.step), x.dtype) if gaps else None
        total = np.zeros((groups, columns.depth, k), x.dtype)
        for i in range(start, stop, some):
            m = min(some, stop - i)
            lines = columns.lines(x[i : i + m], room)
            for r in range(0, oh, columns.block):
                rows = min(columns.block, oh - r)
                left = columns.matrix(columns.view(lines, r, rows), buffer)
                given = g[i : i + m, :, r : r + rows].reshape(m, groups, k, rows, ow)
                if spread is not None:
                    np.copyto(spread[:m, :, :, :rows, :ow], given)
                    given = spread[:m, :, :, :rows]
                right = given.reshape(m, groups, k, -1)[..., : left.shape[-1]]
                total += np.matmul(left, right.swapaxes(-1, -2)).sum(axis=0)
        parts[start] = total

    columns.each(n, work)
    total = sum((parts[i] for i in sorted(parts)), np.zeros((groups, columns.depth, k), x.dtype))
    return np.ascontiguousarray(total.swapaxes(-1, -2)).reshape(kernel)
