"""Operations on the rows of a matrix by the compiled kernels: norms, softmax, cross-entropy, embeddings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import FLOAT32, INT64, once, ready, whole
from .kernel import Kernel
from .library import Library

FULL = 8  # a table's gradient is made whole if it has at most so many rows for each id


def kernels(lib: Library) -> list[Kernel]:
    """Return the kernels of operations on rows."""

    def layer_norm(
        input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
    ) -> Any:
        shape = tuple(normalized_shape)
        given = [p for p in (weight, bias) if p is not None]
        if not ready(input) or not shape or input.shape[-len(shape) :] != shape:
            return NotImplemented
        if not all(p.shape == shape and ready(p) for p in given):
            return NotImplemented
        width = math.prod(shape)
        rows = input.size // width
        out = np.empty(input.shape, FLOAT32)
        means, scales = np.empty(rows, FLOAT32), np.empty(rows, FLOAT32)
        parameters = weight, weight is not None, bias, bias is not None
        lib.layer_norm_forward(out, means, scales, input, *parameters, rows, width, eps)
        return out, {"means": means, "scales": scales}

    def layer_norm_rule(g: Any, input: Any, weight: Any, bias_shape: Any, means: Any, scales: Any) -> Any:
        rows = len(means)
        width = input.size // rows

        def compute() -> Any:
            d = np.empty(input.shape, FLOAT32)
            by_weight, by_bias = np.empty(width, FLOAT32), np.empty(width, FLOAT32)
            norm = means, scales, weight, weight is not None
            lib.layer_norm_backward(d, by_weight, by_bias, whole(g), input, *norm, rows, width)
            return d, by_weight, by_bias

        part = once(compute)
        return (
            lambda: part(0),
            lambda: _shaped(part(1), weight.shape),
            lambda: _shaped(part(2), bias_shape),
        )

    def softmax_of(name: str, logarithm: bool) -> Kernel:
        def forward(input: Any, dim: Any = None, dtype: Any = None) -> Any:
            if dtype is not None or not ready(input) or dim not in (-1, input.ndim - 1) or not input.ndim:
                return NotImplemented
            out = np.empty(input.shape, FLOAT32)
            lib.softmax_forward(out, input, input.size // input.shape[-1], input.shape[-1], logarithm)
            return out

        def rule(g: Any, out: Any) -> Any:
            def derivative() -> Any:
                d = np.empty(out.shape, FLOAT32)
                width = out.shape[-1]
                lib.softmax_backward(d, whole(g), out, out.size // width, width, logarithm)
                return d

            return derivative

        return Kernel(name, forward, rule)

    def cross_entropy(
        input: Any, target: Any, weight: Any, ignore_index: int, reduction: str, label_smoothing: float
    ) -> Any:
        if weight is not None or label_smoothing or input.ndim != 2 or not ready(input):
            return NotImplemented
        if target.dtype is not INT64 or not target.flags.c_contiguous or not target.flags.aligned:
            return NotImplemented
        rows, width = input.shape
        losses, sums = np.empty(rows, FLOAT32), np.empty(rows, FLOAT32)
        exps = np.empty(input.shape, FLOAT32)
        if lib.cross_entropy_forward(losses, exps, sums, input, target, rows, width, ignore_index):
            return NotImplemented  # a target that is ignored, or wrong
        loss: Any = losses
        if reduction != "none":
            loss = np.add.reduce(losses)
            loss = np.asarray(loss / FLOAT32.type(rows) if reduction == "mean" else loss)
        return loss, {"exps": exps, "sums": sums, "count": rows if reduction == "mean" else 1}

    def cross_entropy_rule(g: Any, target: Any, exps: Any, sums: Any, count: Any) -> Any:
        def for_scores() -> Any:
            d = np.empty(exps.shape, FLOAT32)
            many = g.ndim > 0
            factor = 0.0 if many else float(g) / count
            lib.cross_entropy_backward(d, exps, sums, target, whole(g), many, factor, *exps.shape)
            return d

        return for_scores, None, None

    def look_up(weight: Any, ids: Any, padding_idx: Any, by_frequency: bool) -> Any:
        fits = padding_idx is None and not by_frequency and ids.dtype is INT64 and ids.flags.c_contiguous
        if not fits or not ready(weight) or not ids.size or len(weight) > FULL * ids.size:
            return NotImplemented
        if ids.min() < 0:
            return NotImplemented
        return weight.take(ids, axis=0)

    def look_up_rule(g: Any, weight_shape: Any, ids: Any) -> Any:
        def for_weight() -> Any:
            d = np.zeros(weight_shape, FLOAT32)
            lib.add_rows(d, whole(g), ids, ids.size, *weight_shape)
            return d

        return for_weight, None

    return [
        Kernel("layer_norm", layer_norm, layer_norm_rule),
        softmax_of("softmax", False),
        softmax_of("log_softmax", True),
        Kernel("cross_entropy_of_indices", cross_entropy, cross_entropy_rule),
        Kernel("look_up", look_up, look_up_rule),
    ]


def _shaped(x: Any, shape: tuple[int, ...]) -> Any:
    return x if x.shape == shape else x.reshape(shape)
