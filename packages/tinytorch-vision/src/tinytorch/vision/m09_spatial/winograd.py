"""Kernels of three rows with two thirds of the multiplications (Winograd).

Two outputs, one below the other, of a kernel with the rows w0, w1, w2 need six products of rows:

    y0 = x0 w0 + x1 w1 + x2 w2
    y1 = x1 w0 + x2 w1 + x3 w2

Four are enough, of sums of the inputs and sums of the weights:

    m0 = (x0 - x2) w0                       m1 = (x1 + x2) (w0 + w1 + w2) / 2
    m3 = (x1 - x3) w2                       m2 = (x2 - x1) (w0 - w1 + w2) / 2

    y0 = m0 + m1 + m2,                      y1 = m1 - m2 - m3

The sums cost little, because each serves all kernels and all columns of the kernel. Here x0 is a row of the
image and a product with w0 a convolution along that row, so these are four convolutions with kernels of one
row, each over pairs of rows. For the gradient of the weights the same is read backwards. An infinity in
the image comes out as nan, in the places that see it. Done along the columns, too, it would take four
products for nine, but the sums then take longer than the products saved.

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", arXiv:1509.09308
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .products import each, multiply, multiply_transposed
from .windows import Window, strided

BLOCK = 2**20  # numbers that are worked on at once
FEWEST = 1000  # places of the window in all images, from which it pays to make the sums of weights
WORTH = 12  # products saved for each sum that comes on top, from which it pays


class Pairs:
    """How images lie in memory: even and odd rows apart, each as a line with zeros between the rows.

    Args:
        shape: of the images, (C, H, W).
        window: the geometry, with three rows.
        groups: of channels.
        outputs: output channels of a group.
    """

    def __init__(self, shape: tuple[int, ...], window: Window, groups: int, outputs: int) -> None:
        channels, self.height, self.width = shape
        self.window = window
        self.groups = groups
        self.channels = channels // groups
        self.rows, self.row = window.places((self.height, self.width))
        self.pairs = -(-self.rows // 2)
        self.top, self.left = window.before
        self.pitch = max(self.width + max(self.left, window.after[1]), self.row)
        self.length = (self.pairs - 1) * self.pitch + self.row  # of a line of outputs
        self.line = (self.pairs + 1) * self.pitch + self.left + window.after[1]
        self.inputs = channels
        depth = self.channels * window.kernel[1]
        numbers = 4 * groups * (depth + outputs) * self.length
        self.images = max(1, BLOCK // max(1, numbers))

    def room(self, n: int, dtype: Any) -> Any:
        """Return memory for the lines of `n` images, zeros where the padding is."""
        return np.zeros((2, n, self.inputs, self.line), dtype)

    def write(self, images: Any, room: Any) -> Any:
        """Write images (n, C, H, W) as lines (2, n, C, line) of their even and odd padded rows."""
        lines = room[:, : len(images)]
        a, b, c = lines.strides[1:]
        for parity in (0, 1):
            first = (parity - self.top) % 2  # row of the image that comes first in this line
            rows = images[:, :, first::2]
            start = (first + self.top) // 2 * self.pitch + self.left
            np.copyto(strided(lines[parity], rows.shape, (a, b, self.pitch * c, c), start), rows)
        return lines

    def sums(self, lines: Any, room: Any) -> Any:
        """Return the sums of rows that are multiplied, (4, n, C, line), in the memory `room`."""
        out = room[:, : lines.shape[1]]
        # All lines are one long line here, because NumPy is faster so; where one ends and the next begins
        # it adds what doesn't belong together, and nobody looks.
        even, odd = (x.reshape(-1) for x in lines)
        s0, s1, s2, s3 = (x.reshape(-1)[: -self.pitch] for x in out)
        x0, x2 = even[: -self.pitch], even[self.pitch :]
        x1, x3 = odd[: -self.pitch], odd[self.pitch :]
        np.subtract(x0, x2, out=s0)
        np.add(x1, x2, out=s1)
        np.subtract(x2, x1, out=s2)
        np.subtract(x1, x3, out=s3)
        return out

    def sums_room(self, n: int, dtype: Any) -> Any:
        """Return memory for the sums of `n` images."""
        return np.empty((4, n, self.inputs, self.line), dtype)

    def view(self, sums: Any) -> Any:
        """Return the windows of one row, (4, n, G, C / G, KW, length), as a view of the sums."""
        a, b, c, d = sums.strides
        shape = (4, sums.shape[1], self.groups, self.channels, self.window.kernel[1], self.length)
        strides = (a, b, self.channels * c, c, self.window.dilation[1] * d, d)
        return as_strided(sums, shape, strides)


def suits(shape: tuple[int, ...], kernel: tuple[int, ...], window: Window, groups: int) -> bool:
    """Tell whether the sums, of images (N, C, H, W) and of weights, cost less than the products they save."""
    channels, outputs = kernel[1], kernel[0] // groups
    places = window.places((shape[2], shape[3]))
    return (
        kernel[2] == 3
        and window.stride == (1, 1)
        and window.dilation[0] == 1
        and min(places) > 1
        and shape[0] * places[0] * places[1] >= FEWEST
        and kernel[3] * channels * outputs >= WORTH * (channels + outputs) * 3
    )


def correlate_pairs(x: Any, weight: Any, bias: Any, window: Window, groups: int) -> Any:
    """Compute `correlate` for kernels of three rows."""
    n, k = len(x), len(weight) // groups
    pairs = Pairs(x.shape[1:], window, groups, k)
    oh, ow = pairs.rows, pairs.row
    w0, w1, w2 = (weight[:, :, i].reshape(groups, k, -1) for i in range(3))  # (G, K / G, C / G * KW)
    outer, inner = (w0 + w2) / 2, w1 / 2
    matrix = np.stack([w0, outer + inner, outer - inner, w2])[:, None]
    out = np.empty((n, groups, k, oh, ow), x.dtype)
    if bias is not None:
        bias = bias.reshape(groups, k, 1)

    def work(start: int, stop: int) -> None:
        some = min(pairs.images, stop - start)
        room, sums_room = pairs.room(some, x.dtype), pairs.sums_room(some, x.dtype)
        columns_room = np.empty(4 * some * matrix.shape[-1] * groups * pairs.length, x.dtype)
        all_products = np.empty((4, some, groups, k, pairs.pairs * pairs.pitch), x.dtype)
        for i in range(start, stop, some):
            lines = pairs.write(x[i : min(i + some, stop)], room)
            m = lines.shape[1]
            view = pairs.view(pairs.sums(lines, sums_room))
            columns = columns_room[: view.size].reshape(view.shape)
            np.copyto(columns, view)
            columns = columns.reshape(4, m, groups, -1, pairs.length)
            products = all_products[:, :m]
            multiply(matrix, columns, products[..., : pairs.length])
            m0, m1, m2, m3 = products
            if bias is not None:
                m1 += bias  # which is in both rows
            both = m1 + m2
            m1 -= m2
            result = out[i : i + m]
            shape = (m, groups, k, pairs.pairs, pairs.pitch)
            m0, m1, m3, both = (p.reshape(shape)[..., :ow] for p in (m0, m1, m3, both))
            np.add(m0, both, out=result[:, :, :, 0::2])
            odd = oh // 2
            np.subtract(m1[:, :, :, :odd], m3[:, :, :, :odd], out=result[:, :, :, 1::2])

    each(n, pairs.images, work)
    return out.reshape(n, groups * k, oh, ow)


def correlate_weight_pairs(g: Any, x: Any, kernel: tuple[int, ...], window: Window, groups: int) -> Any:
    """Compute `correlate_weight` for kernels of three rows."""
    n, k = len(g), kernel[0] // groups
    c, kw = kernel[1], kernel[3]
    pairs = Pairs(x.shape[1:], window, groups, k)
    oh, ow = pairs.rows, pairs.row
    shape = (4, groups, kw, c, k)
    parts: dict[int, Any] = {}  # of the batch: added up in its order, whichever thread is first

    def work(start: int, stop: int) -> None:
        some = min(pairs.images, stop - start)
        room, sums_room = pairs.room(some, x.dtype), pairs.sums_room(some, x.dtype)
        all_given = np.zeros((4, some, groups, k, pairs.pairs, pairs.pitch), x.dtype)
        total = np.zeros(shape, x.dtype)
        for i in range(start, stop, some):
            lines = pairs.write(x[i : min(i + some, stop)], room)
            m = lines.shape[1]
            view = pairs.view(pairs.sums(lines, sums_room))
            left = view.transpose(0, 1, 2, 4, 3, 5)  # (4, m, G, KW, C / G, length)
            given = all_given[:, :m]
            rows = g[i : i + m].reshape(m, groups, k, oh, ow)
            np.copyto(given[0, ..., :ow], rows[:, :, :, 0::2])
            np.copyto(given[3, ..., : oh // 2, :ow], rows[:, :, :, 1::2])
            np.add(given[0], given[3], out=given[1])
            np.subtract(given[0], given[3], out=given[2])
            right = given.reshape(4, m, groups, 1, k, -1)[..., : pairs.length]
            total += multiply_transposed(left, right).sum(axis=1)
        parts[start] = total

    each(n, pairs.images, work)
    m0, m1, m2, m3 = sum((parts[i] for i in sorted(parts)), np.zeros(shape, x.dtype))
    rows = np.stack([m0 + (m1 + m2) / 2, (m1 - m2) / 2, (m1 + m2) / 2 - m3])  # (3, G, KW, C / G, K / G)
    return rows.transpose(1, 4, 3, 0, 2).reshape(kernel)
