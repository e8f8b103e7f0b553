"""The walk over all operations of the track: each is examined by `opcheck` on the cases listed here.

An operation without a case fails `test_every_operation_has_a_case`, so a new one can't be forgotten.
"""

import importlib
from pathlib import Path

import numpy as np
import pytest
import tinytorch.systems
from tinytorch.core import Tensor, from_numpy, opcheck, ops
from tinytorch.systems import checkpoint

Part = importlib.import_module(checkpoint.__module__).Part

for room in sorted(Path(tinytorch.systems.__file__).parent.glob("m[0-9]*")):
    importlib.import_module(f"tinytorch.systems.{room.name}")


def t(*shape: int, low: float = -1.0, high: float = 1.2, seed: int = 0) -> Tensor:
    """Make a float64 tensor of distinct values away from each other."""
    n = int(np.prod(shape))
    values = np.linspace(low, high, n + 2)[1:-1] if n else np.zeros(0)
    return from_numpy(np.random.default_rng(seed + n).permutation(values).reshape(shape))


def bits(*values: int) -> Tensor:
    """Make a tensor of bytes."""
    return from_numpy(np.array(values, dtype=np.uint8))


def steps(*values: float) -> Tensor:
    """Make a float32 tensor, which `opcheck` doesn't differentiate."""
    return from_numpy(np.array(values, dtype=np.float32))


def half(*values: float) -> Tensor:
    """Make a tensor of float16."""
    return from_numpy(np.array(values, dtype=np.float16))


def whole(*values: int) -> Tensor:
    """Make a tensor of int64."""
    return from_numpy(np.array(values, dtype=np.int64))


def signed(*values: int) -> Tensor:
    """Make a tensor of int8."""
    return from_numpy(np.array(values, dtype=np.int8))


class Computed(Part):
    """A checkpointed part whose value is computed on the arrays that the operation is given."""

    def value(self, arrays):
        return np.asarray(self.function(*arrays))


def checkpointed(function: object, *inputs: Tensor) -> tuple:
    """Make the arguments of a checkpointed function that arrays have, too."""
    kept = [x.requires_grad_() for x in inputs]
    return kept, Computed(function, kept, {})


CASES: dict[str, list[tuple]] = {
    # acceleration
    "_checkpointed": [
        checkpointed(lambda a, b: (a * b * a).sum(0), t(2, 3), t(3)),
        checkpointed(lambda a: a.sum(), t(2, 0)),
        checkpointed(lambda a: a, t(2)),
    ],
    # quantization: steps so short that rounding to them looks like a straight line, cut off at both ends
    "fake_quantize_per_tensor_affine": [
        (t(3, 4), 1e-13, 0, -8 * 10**12, 3 * 10**12),
        (t(7), 1e-13, 10**12, -2 * 10**12, 4 * 10**12),
        (t(0, 2), 1e-13, 0, -5, 5),
    ],
    "fake_quantize_per_channel_affine": [
        (t(3, 4), steps(1e-13, 2e-13, 4e-13), whole(0, 10**12, 0), 0, -8 * 10**12, 3 * 10**12),
        (t(3, 2), steps(1e-13, 2e-13), whole(0, 0), -1, -3 * 10**12, 8 * 10**12),
    ],
    "round_to_grid": [
        (t(2, 6), steps(1e-13, 2e-13).reshape(2, 1), whole(0, 1).reshape(2, 1), -4 * 10**12, 3 * 10**12),
        (t(5), steps(1e-13), whole(0), -4 * 10**12, 3 * 10**12),
    ],
    "scaled_linear": [
        (t(4, 3), signed(1, -2, 3, 4, -5, 6).reshape(2, 3), half(2, 3), t(2), 0),
        (t(2, 2, 3), bits(1, 2, 3, 4, 5, 6).reshape(2, 3), half(0.5, 2), None, 3),
        (t(3), signed(1, 2, 3).reshape(1, 3), half(0.5).reshape(()), None, 0),
    ],
    "integer_linear": [
        (bits(*range(6)).reshape(2, 3), signed(-128, 127, 3, 4, -5, 6).reshape(2, 3), 3, 0),
        (signed(1, -2, 3).reshape(3), signed(1, 2, 3).reshape(1, 3)),
        (signed(), bits()[:0].reshape(3, 0)),
    ],
    # compression
    "from_codebook": [
        (t(2), bits(0b10110010), 1, (2, 4)),
        (t(4), bits(0b00011011, 0b11000000), 2, (5,)),
        (t(5), bits(0b00000101, 0b00111000), 3, (5, 1)),
        (t(9), bits(0x08, 0x12, 0x70), 4, (5,)),
        (t(3), bits(0, 2, 2, 1, 2, 0), 8, (2, 3)),
        (t(1), bits(), 4, (0, 3)),
    ],
}


@pytest.mark.parametrize(("name", "case"), [(n, c) for n, cases in CASES.items() for c in cases])
def test_operation(name, case):
    opcheck(ops[name], case)


def test_every_operation_has_a_case():
    ours = {name for name, op in ops.items() if op.__module__.startswith("tinytorch.systems.")}
    assert ours - set(CASES) == set(), "operations without a case"
    assert set(CASES) - ours == set(), "cases without an operation"
