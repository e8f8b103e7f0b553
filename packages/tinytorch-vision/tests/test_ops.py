"""The walk over all operations: each is examined by `opcheck` on the cases listed here.

An operation without a case fails `test_every_operation_has_a_case`, so a new one can't be forgotten.
"""

import importlib
from pathlib import Path

import numpy as np
import pytest
import tinytorch.vision
from tinytorch.core import Tensor, from_numpy, opcheck, ops
from tinytorch.vision.m09_spatial.resampling import taps_along
from tinytorch.vision.m09_spatial.statistics import over_batch, over_groups

for lesson in sorted(Path(tinytorch.vision.__file__).parent.glob("*/LESSON.md")):
    importlib.import_module(f"tinytorch.vision.{lesson.parent.name}")


def t(*shape: int, low: float = -2.0, high: float = 2.3, seed: int = 0) -> Tensor:
    """Make a float64 tensor of distinct values away from each other, so that no maximum is a tie."""
    n = int(np.prod(shape))
    values = np.linspace(low, high, n + 2)[1:-1] if n else np.zeros(0)
    return from_numpy(np.random.default_rng(seed + n).permutation(values).reshape(shape))


def taps(mode: str, *sizes: tuple[int, int]) -> list:
    """Return how to resize each dimension from its old to its new size."""
    return [taps_along(mode, old, new, False, None, np.dtype(np.float64)) for old, new in sizes]


MEAN, VARIANCE = np.array([0.1, -0.2, 0.3]), np.array([0.5, 1.5, 2.0])
CASES: dict[str, list[tuple]] = {
    # input, weight, bias, stride, padding, dilation, groups
    "conv2d": [
        (t(2, 2, 4, 5), t(3, 2, 3, 2), t(3)),
        (t(2, 4, 4), t(3, 2, 2, 2), None),
        (t(1, 2, 5, 4), t(2, 2, 3, 3), t(2), 1, 1),
        (t(1, 2, 5, 4), t(2, 2, 3, 3), None, (2, 1), (0, 2)),
        (t(1, 2, 5, 6), t(2, 2, 2, 2), t(2), 1, 1, 2),
        (t(1, 1, 5, 6), t(1, 1, 2, 3), t(1), 2, 1, (1, 2)),
        (t(1, 4, 3, 3), t(4, 1, 2, 2), t(4), 1, 0, 1, 4),
        (t(2, 4, 3, 3), t(2, 2, 2, 2), None, 2, 1, 1, 2),
        (t(1, 2, 3, 3), t(2, 2, 1, 1), t(2)),
        (t(1, 2, 3, 3), t(2, 2, 1, 1), t(2), 1, 2),
        (t(1, 1, 3, 4), t(1, 1, 2, 2), None, 1, 3),
        (t(1, 1, 4, 4), t(1, 1, 2, 3), t(1), 1, "same"),
        (t(1, 1, 4, 4), t(1, 1, 2, 3), t(1), 2, "valid"),
        (t(0, 2, 4, 4), t(3, 2, 3, 3), t(3)),
        (t(2, 0, 4, 4), t(3, 0, 3, 3), t(3)),
        # enough channels for the products of pairs of rows
        (t(1, 12, 4, 3), t(12, 12, 3, 1), None),
    ],
    "conv1d": [
        (t(2, 2, 5), t(3, 2, 3), t(3)),
        (t(2, 5), t(3, 2, 2), None, 2, 1),
        (t(1, 4, 6), t(2, 2, 2), t(2), 1, "same", 2, 2),
        (t(0, 2, 5), t(3, 2, 3), t(3)),
    ],
    # input, weight, bias, stride, padding, output_padding, groups, dilation
    "conv_transpose2d": [
        (t(2, 2, 2, 3), t(2, 3, 3, 2), t(3)),
        (t(2, 2, 3), t(2, 3, 2, 2), None, 2, 1, 1),
        (t(1, 2, 3, 2), t(2, 1, 2, 3), t(2), (2, 1), (0, 1), (1, 0), 2),
        (t(1, 1, 3, 3), t(1, 2, 2, 2), t(2), 1, 1, 1, 1, 2),
        (t(1, 1, 2, 2), t(1, 1, 1, 1), t(1), 3, 0, 2),
        (t(0, 2, 2, 3), t(2, 3, 3, 2), t(3)),
    ],
    # input, kernel_size, stride, padding, dilation, ceil_mode, number of dimensions
    "_max_pool": [
        (t(2, 2, 4, 4), 2, None, 0, 1, False, 2),
        (t(2, 5, 4), (2, 3), 1, (1, 0), 1, False, 2),
        (t(1, 1, 6, 5), 3, 2, 1, 1, True, 2),
        (t(1, 1, 6, 5), 2, 1, 1, 2, False, 2),
        (t(1, 1, 5, 7), 2, 3, 0, 1, False, 2),
        (t(2, 2, 6), 3, 2, 1, 1, True, 1),
        (t(0, 2, 4, 4), 2, None, 0, 1, False, 2),
    ],
    "_max_pool_places": [(t(2, 2, 4, 4), 2, None, 0, 1, False, 2), (t(2, 6), 3, 2, 1, 1, True, 1)],
    # input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, dimensions
    "_avg_pool": [
        (t(2, 2, 4, 4), 2, None, 0, False, True, None, 2),
        (t(2, 5, 4), (2, 3), 1, (1, 0), False, False, None, 2),
        (t(1, 1, 6, 5), 3, 2, 1, True, True, None, 2),
        (t(1, 1, 6, 5), 3, 2, 1, True, False, 5, 2),
        (t(2, 2, 6), 3, 2, 1, True, True, None, 1),
        (t(0, 2, 4, 4), 2, None, 0, False, True, None, 2),
    ],
    "adaptive_avg_pool2d": [
        (t(2, 2, 5, 4), 3),
        (t(2, 5, 4), (None, 6)),
        (t(0, 2, 5, 4), 2),
        (t(1, 1, 3, 3), 1),
    ],
    "_adaptive_max_pool": [
        (t(2, 2, 5, 4), 3),
        (t(2, 5, 4), (None, 6)),
        (t(0, 2, 5, 4), 2),
        (t(1, 1, 3, 3), 1),
    ],
    "_adaptive_max_places": [(t(2, 2, 5, 4), 3)],
    # kernel_size, dilation, padding, stride
    "unfold": [
        (t(2, 2, 4, 5), 2),
        (t(2, 4, 5), (2, 3), 1, (1, 0), 2),
        (t(1, 1, 5, 5), 2, 2, 1, (1, 2)),
        (t(0, 2, 4, 5), 2),
    ],
    "fold": [
        (t(2, 8, 12), (4, 5), 2),
        (t(12, 9), (4, 5), (2, 3), 1, (1, 0), (2, 1)),
        (t(0, 8, 12), (4, 5), 2),
    ],
    "standardized": [
        (t(4, 3), t(3), t(3, seed=2), over_batch, 0.1),
        (t(3, 4, 2, 2), t(4), None, over_groups(2), 0.1),
        (t(2, 3, 5), None, None, over_groups(3), 0.1),
        (t(0, 3), t(3), t(3), over_batch, 0.1),
    ],
    "rescaled": [
        (t(4, 3), t(3), t(3, seed=2), MEAN, VARIANCE, 0.1),
        (t(2, 3, 2, 2), None, t(3), MEAN, VARIANCE, 0.1),
    ],
    "resampled": [
        (t(2, 2, 3, 4), taps("nearest", (3, 5), (4, 2))),
        (t(1, 2, 3, 4), taps("bilinear", (3, 5), (4, 3))),
        (t(1, 1, 3, 4), taps("bicubic", (3, 5), (4, 4))),
        (t(2, 2, 3), taps("linear", (3, 7))),
        (t(0, 2, 3), taps("linear", (3, 7))),
    ],
}


@pytest.mark.parametrize(("name", "case"), [(n, c) for n, cases in CASES.items() for c in cases])
def test_operation(name, case):
    opcheck(ops[name], case)


def test_every_operation_has_a_case():
    ours = {name for name, op in ops.items() if op.__module__.startswith("tinytorch.vision.")}
    assert ours - set(CASES) == set(), "operations without a case"
    assert set(CASES) - ours == set(), "cases without an operation"
