"""The three products that a convolution and its gradients are made of, on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .lines import Lines
from .products import each, multiply, multiply_transposed
from .windows import Window, add_windows
from .winograd import correlate_pairs, correlate_weight_pairs, suits

SHORT = 128  # places of the window, below which the products of one image alone are too short ...
MANY_WEIGHTS = 2**17  # ... for writing so many sums


def correlate(x: Any, weight: Any, bias: Any, window: Window, groups: int) -> Any:
    """Slide every kernel over the images: (N, C, H, W) and (K, C / G, KH, KW) to (N, K, OH, OW)."""
    if x.dtype.kind == "f" and suits(x.shape, weight.shape, window, groups):
        return correlate_pairs(x, weight, bias, window, groups)
    n, k = len(x), len(weight) // groups
    lines = Lines(x.shape[1:], window, groups, k)
    oh, ow = lines.rows, lines.row
    matrix = np.ascontiguousarray(weight).reshape(groups, k, lines.depth)
    out = np.empty((n, groups, k, oh, ow), x.dtype)
    if bias is not None:
        bias = bias.reshape(groups, k, 1, 1)

    def work(start: int, stop: int) -> None:
        some = min(lines.images, stop - start)
        room, columns_room = lines.room(some, x.dtype), lines.columns_room(some, x.dtype)
        gaps = lines.step != ow  # what is computed for them goes to `products` and stays there
        products = np.empty((some, groups, k, lines.block * lines.step), x.dtype) if gaps else None
        for i in range(start, stop, some):
            written = lines.write(x[i : min(i + some, stop)], room)
            m = len(written)
            for r in range(0, oh, lines.block):
                rows = min(lines.block, oh - r)
                columns = lines.columns(lines.view(written, r, rows), columns_room)
                result = out[i : i + m, :, :, r : r + rows]
                if products is None:
                    multiply(matrix, columns, result.reshape(m, groups, k, rows * ow))
                    if bias is not None:
                        result += bias
                    continue
                target = products[:m, :, :, : rows * lines.step]
                multiply(matrix, columns, target[..., : columns.shape[-1]])
                whole = target.reshape(m, groups, k, rows, lines.step)[..., :ow]
                if bias is None:
                    np.copyto(result, whole)
                else:
                    np.add(whole, bias, out=result)

    each(n, lines.images, work)
    return out.reshape(n, groups * k, oh, ow)


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
    at_once = Lines((groups * c, *size), window, groups, k).images

    def work(start: int, stop: int) -> None:
        for i in range(start, stop, at_once):
            some = g[i : min(i + at_once, stop)]
            right = some.reshape(len(some), groups, k, -1)
            product = np.empty((len(some), groups, c * kh * kw, right.shape[-1]), g.dtype)
            multiply(matrix, right, product)
            shape = (len(some), groups * c, kh, kw, *g.shape[2:])
            out[i : i + len(some)] = add_windows(product.reshape(shape), window, size)

    each(n, at_once, work)
    return out


def correlate_weight(g: Any, x: Any, kernel: tuple[int, ...], window: Window, groups: int) -> Any:
    """Return the gradient of the weights, of shape `kernel`: (K, C / G, KH, KW)."""
    n, k = len(g), kernel[0] // groups
    c, kh, kw = kernel[1:]
    lines = Lines(x.shape[1:], window, groups, k)
    oh, ow = lines.rows, lines.row
    if oh * ow < SHORT and lines.depth * k > MANY_WEIGHTS:
        return _weight_of_small_images(g, x, lines, k).reshape(kernel)
    if suits(x.shape, kernel, window, groups):
        return correlate_weight_pairs(g, x, kernel, window, groups)
    # With enough channels each kernel offset is a product of its own, with shifted lines as they lie.
    apart = lines.shifted and c >= 16
    shape = (groups, kh, kw, c, k) if apart else (groups, 1, 1, lines.depth, k)
    parts: dict[int, Any] = {}  # of the batch: added up in its order, whichever thread is first

    def work(start: int, stop: int) -> None:
        some = min(lines.images, stop - start)
        room = lines.room(some, x.dtype)
        columns_room = None if apart else lines.columns_room(some, x.dtype)
        gaps = lines.step != ow  # columns of windows over the end of a row count zero times
        spread = np.zeros((some, groups, k, lines.block, lines.step), x.dtype) if gaps else None
        total = np.zeros(shape, x.dtype)
        for i in range(start, stop, some):
            written = lines.write(x[i : min(i + some, stop)], room)
            m = len(written)
            for r in range(0, oh, lines.block):
                rows = min(lines.block, oh - r)
                given = g[i : i + m, :, r : r + rows].reshape(m, groups, k, rows, ow)
                if spread is not None:
                    np.copyto(spread[:m, :, :, :rows, :ow], given)
                    given = spread[:m, :, :, :rows]
                view = lines.view(written, r, rows)
                if apart:
                    left = view.transpose(0, 1, 3, 4, 2, 5)
                else:
                    left = lines.columns(view, columns_room)[:, :, None, None]
                right = given.reshape(m, groups, 1, 1, k, -1)[..., : left.shape[-1]]
                total += multiply_transposed(left, right).sum(axis=0)
        parts[start] = total

    each(n, lines.images, work)
    total = sum((parts[i] for i in sorted(parts)), np.zeros(shape, x.dtype))
    return total.transpose(0, 4, 3, 1, 2).reshape(kernel)


def _weight_of_small_images(g: Any, x: Any, lines: Lines, k: int) -> Any:
    """Return the gradient of many weights, (G, K / G, depth), by products over many images at once."""
    total = np.zeros((lines.groups, k, lines.depth), x.dtype)
    for i in range(0, len(g), 4 * lines.images):
        some = slice(i, i + 4 * lines.images)
        view = lines.view(lines.write(x[some], lines.room(len(x[some]), x.dtype)), 0, lines.rows)
        if lines.shifted:  # windows over the end of a row are left out
            *outer, length = view.strides
            shape = (*view.shape[:-1], lines.rows, lines.row)
            view = as_strided(view, shape, (*outer, lines.step * length, length))
        columns = np.moveaxis(view, 0, 4).reshape(lines.groups, lines.depth, -1)
        given = g[some].reshape(-1, lines.groups, k, lines.rows * lines.row)
        total += given.transpose(1, 2, 0, 3).reshape(lines.groups, k, -1) @ columns.swapaxes(1, 2)
    return total
