"""The ladder: one computation, made faster step by step, with the same result on every rung."""

from __future__ import annotations

import math
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from tinytorch.core import number_of_threads, share

from .compiler import NoKernels
from .library import Library, shared_library

LINEAR = math.sqrt(2 / math.pi)
CUBIC = LINEAR * 0.044715
BLOCK = 128  # rows whose results, and what is computed on the way, fit the second cache


class Rung(NamedTuple):
    """One way to compute it, and what that was worth."""

    name: str
    seconds: float  # for all rows
    speedup: float  # over the first rung
    error: float  # the largest difference from float64, relative to the largest value
    note: str


class SpeedLadder(NamedTuple):
    """The rungs, from the slowest on; `str()` of it is a table."""

    rungs: list[Rung]
    task: str

    def __str__(self) -> str:
        lines = [self.task, f"{'rung':12} {'time':>12} {'faster':>10} {'error':>8}  what is new"]
        for r in self.rungs:
            lines.append(f"{r.name:12} {r.seconds * 1e3:9.2f} ms {r.speedup:9.1f}x {r.error:8.0e}  {r.note}")
        return "\n".join(lines)


def speed_ladder(
    rows: int = 8192, inputs: int = 64, outputs: int = 512, *, repeats: int = 7, compiler: str | None = None
) -> SpeedLadder:
    """Compute `gelu(x @ w.T + b)` in six ways, from loops to compiled kernels, and measure each.

    Loops take so long that they do a few rows only, and their time is multiplied. Every other rung does all
    of them, `repeats` times in turn with the others; the median counts. NumPy's BLAS has one thread all
    along, so that "threaded" is what ours are worth.

    Args:
        rows: of x, (rows, inputs).
        inputs: columns of x.
        outputs: of the result, (rows, outputs).
        repeats: how often each rung is measured.
        compiler: as of `accelerate`; without one, the last rung is missing.

    Returns:
        The rungs, with their times and errors.

    Raises:
        ValueError: a size or `repeats` isn't positive.
    """
    if min(rows, inputs, outputs, repeats) < 1:
        raise ValueError("rows, inputs, outputs and repeats must be positive")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, inputs), dtype=np.float32)
    w = rng.standard_normal((outputs, inputs), dtype=np.float32) / np.float32(math.sqrt(inputs))
    b = rng.standard_normal(outputs, dtype=np.float32)
    few = max(1, min(rows, 20000 // (inputs * outputs)))
    ways: list[tuple[str, Callable[..., Any], str]] = [
        ("loops", loops, f"one number at a time (measured on {few} of {rows} rows)"),
        ("vectorised", vectorised, "whole arrays: the loops are NumPy's"),
        ("blocked", blocked, "some rows at a time: temporaries stay in the cache"),
        ("fused", fused, "no temporaries: each step in place"),
        ("threaded", threaded, f"blocks shared by {number_of_threads()} threads"),
    ]
    try:
        library = shared_library(compiler)
        ways.append(("compiled", partial(compiled, library=library), "one pass in C, and the threads too"))
    except NoKernels as reason:
        warnings.warn(f"speed_ladder(): no compiled rung, because {reason}", stacklevel=2)
    right = vectorised(x.astype(np.float64), w.astype(np.float64), b.astype(np.float64))

    from threadpoolctl import threadpool_limits

    times: dict[str, list[float]] = {name: [] for name, *_ in ways}
    results: dict[str, Any] = {}
    with threadpool_limits(limits=1, user_api="blas"):
        for turn in range(repeats + 1):  # the first warms up
            for name, way, _ in ways:
                if name == "loops" and turn > 1:
                    continue
                given = x[:few] if name == "loops" else x
                began = time.perf_counter()
                results[name] = way(given, w, b)
                seconds = time.perf_counter() - began
                if turn:
                    times[name].append(seconds * rows / len(given))
    medians = {name: statistics.median(t) for name, t in times.items()}
    rungs = []
    for name, _, note in ways:
        out = results[name]
        error = float(np.abs(out - right[: len(out)]).max() / np.abs(right).max())
        rungs.append(Rung(name, medians[name], medians["loops"] / medians[name], error, note))
    return SpeedLadder(rungs, f"gelu(x @ w.T + b) for x ({rows}, {inputs}) and w ({outputs}, {inputs})")


def loops(x: Any, w: Any, b: Any) -> Any:
    """Write the definition down in Python."""
    rows, weights, biases = x.tolist(), w.tolist(), b.tolist()
    out = []
    for row in rows:
        values = []
        for weight, bias in zip(weights, biases, strict=True):
            z = bias
            for a, c in zip(row, weight, strict=True):
                z += a * c
            values.append(0.5 * z * (1 + math.tanh(LINEAR * z + CUBIC * z * z * z)))
        out.append(values)
    return np.array(out, dtype=np.float32)


def vectorised(x: Any, w: Any, b: Any) -> Any:
    """Write the formula on whole arrays."""
    z = x @ w.T + b
    return 0.5 * z * (1 + np.tanh(LINEAR * z + CUBIC * z * z * z))


def blocked(x: Any, w: Any, b: Any) -> Any:
    """Do some rows at a time."""
    out = np.empty((len(x), len(w)), x.dtype)
    for i in range(0, len(x), BLOCK):
        out[i : i + BLOCK] = vectorised(x[i : i + BLOCK], w, b)
    return out


def fused_block(x: Any, w: Any, b: Any, out: Any, room: Any) -> None:
    """Compute some rows, in place and in memory that is there already."""
    np.matmul(x, w.T, out=out)
    out += b
    tmp = room[: len(x)]
    np.multiply(out, out, out=tmp)
    tmp *= CUBIC
    tmp += LINEAR
    tmp *= out
    np.tanh(tmp, out=tmp)
    tmp += 1
    tmp *= 0.5
    out *= tmp


def fused(x: Any, w: Any, b: Any) -> Any:
    """Do some rows at a time without making an array on the way."""
    out, room = np.empty((len(x), len(w)), x.dtype), np.empty((BLOCK, len(w)), x.dtype)
    for i in range(0, len(x), BLOCK):
        fused_block(x[i : i + BLOCK], w, b, out[i : i + BLOCK], room)
    return out


def threaded(x: Any, w: Any, b: Any) -> Any:
    """Share the blocks; NumPy lets go of Python's lock while it computes."""
    out = np.empty((len(x), len(w)), x.dtype)
    length = -(-len(x) // (2 * number_of_threads() * BLOCK)) * BLOCK  # rows of a task: whole blocks

    def work(start: int) -> None:
        room = np.empty((BLOCK, len(w)), x.dtype)
        for i in range(start, min(start + length, len(x)), BLOCK):
            fused_block(x[i : i + BLOCK], w, b, out[i : i + BLOCK], room)

    share([partial(work, i) for i in range(0, len(x), length)])
    return out


def compiled(x: Any, w: Any, b: Any, library: Library) -> Any:
    """Let the kernels of `accelerate()` do it."""
    out = np.empty((len(x), len(w)), x.dtype)
    library.linear_forward(out, x, w, b, 1, len(x), x.shape[1], len(w))
    library.gelu_forward(out, None, 0, out, 1, out.size)
    return out
