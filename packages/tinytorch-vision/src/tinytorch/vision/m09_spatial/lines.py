"""Images written as lines, whose windows are the columns of a matrix.

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

import math
from typing import Any

import numpy as np

from .windows import Window, strided

BLOCK = 2**20  # numbers that are worked on at once: so many that calling NumPy costs little beside
WASTE = 512  # products thrown away for each row of a window, up to which gaps are cheaper than short copies


class Lines:
    """How images lie in memory while they are multiplied.

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
        self.shifted = window.stride == (1, 1) and outputs * (line - self.row) <= WASTE
        self.pitch = line if self.shifted else self.width + self.left + right
        # The last row's windows end where there is no next row that could lend its zeros.
        self.plane = (self.height + self.top + bottom) * self.pitch + self.left + right
        if not self.padded:
            self.plane = self.height * self.width
        self.step = self.pitch if self.shifted else self.row  # columns that a row of output takes
        self.ready = self.shifted and window.kernel == (1, 1)  # the lines are the columns
        numbers = max(1, groups * (self.depth + outputs) * self.step)  # for one row of output
        self.block = max(1, min(self.rows, BLOCK // numbers))  # rows of output at a time
        self.images = max(1, BLOCK // (numbers * self.rows))  # images at a time

    def length(self, rows: int) -> int:
        """Return how many columns some rows of output take; the last one ends without a gap."""
        return (rows - 1) * self.step + self.row

    def room(self, n: int, dtype: Any) -> Any:
        """Return memory for the lines of `n` images, zeros where the padding is."""
        return np.zeros((n, self.groups * self.channels, self.plane), dtype) if self.padded else None

    def write(self, images: Any, room: Any) -> Any:
        """Write images (n, C, H, W) as lines (n, C, plane)."""
        if room is None:
            return np.ascontiguousarray(images).reshape(*images.shape[:2], self.plane)
        lines = room[: len(images)]
        a, b, c = lines.strides
        start = self.top * self.pitch + self.left
        np.copyto(strided(lines, images.shape, (a, b, self.pitch * c, c), start), images)
        return lines

    def view(self, lines: Any, first: int, rows: int) -> Any:
        """Return the windows of some rows of output, a view (n, G, C / G, KH, KW, columns) of the lines."""
        (kh, kw), (sh, sw), (dh, dw) = self.window.kernel, self.window.stride, self.window.dilation
        a, b, c = lines.strides
        down = self.pitch * c
        start = first * sh * self.pitch
        shape = (len(lines), self.groups, self.channels, kh, kw)
        strides = (a, self.channels * b, b, dh * down, dw * c)
        if self.shifted:
            return strided(lines, (*shape, self.length(rows)), (*strides, c), start)
        return strided(lines, (*shape, rows, self.row), (*strides, sh * down, sw * c), start)

    def columns(self, view: Any, room: Any) -> Any:
        """Return the windows of a view as matrices (n, G, depth, columns), in the memory `room`."""
        if self.ready:
            return view[:, :, :, 0, 0]
        columns = room[: view.size]
        np.copyto(columns.reshape(view.shape), view)
        return columns.reshape(*view.shape[:2], self.depth, math.prod(view.shape[5:]))

    def columns_room(self, n: int, dtype: Any) -> Any:
        """Return memory for the columns of a block of `n` images."""
        size = 0 if self.ready else n * self.groups * self.depth * self.length(self.block)
        return np.empty(size, dtype)
