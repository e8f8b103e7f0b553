"""The walk over all operations of the track: each is examined by `opcheck` on the cases listed here.

An operation without a case fails `test_every_operation_has_a_case`, so a new one can't be forgotten.
"""

import importlib
from pathlib import Path

import numpy as np
import pytest
import tinytorch.systems
from tinytorch.core import Tensor, from_numpy, opcheck, ops

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


CASES: dict[str, list[tuple]] = {
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
