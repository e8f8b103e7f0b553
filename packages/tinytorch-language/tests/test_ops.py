"""The walk over all operations of the track: each is examined by `opcheck` on the cases listed here.

An operation without a case fails `test_every_operation_has_a_case`, so a new one can't be forgotten.
"""

import importlib
from pathlib import Path

import numpy as np
import pytest
import tinytorch.language
from tinytorch.core import Tensor, from_numpy, opcheck, ops, tensor

for lesson in sorted(Path(tinytorch.language.__file__).parent.glob("*/LESSON.md")):
    importlib.import_module(f"tinytorch.language.{lesson.parent.name}")


def t(*shape: int, low: float = -1.0, high: float = 1.2, seed: int = 0) -> Tensor:
    """Make a float64 tensor of distinct values away from each other."""
    n = int(np.prod(shape))
    values = np.linspace(low, high, n + 2)[1:-1] if n else np.zeros(0)
    return from_numpy(np.random.default_rng(seed + n).permutation(values).reshape(shape))


def constant(*shape: int) -> Tensor:
    """Make a float32 tensor, which `opcheck` doesn't differentiate."""
    return t(*shape, seed=9).to(np.float32)


def i(*values: object) -> Tensor:
    """Make an int64 tensor."""
    return tensor(np.array(values[0] if len(values) == 1 else values, dtype=np.int64))


def b(*shape: int, seed: int = 0, share: float = 0.6) -> Tensor:
    """Make a bool tensor of which a share is True."""
    return from_numpy(np.random.default_rng(seed).random(shape) < share)


def qkv(*lead: int, keys: int = 5, shared: tuple[int, ...] | None = None, low: float = -1.0) -> tuple:
    """Make queries (*, 4, 3), keys (*, keys, 3) and values (*, keys, 2)."""
    few = lead if shared is None else shared
    return (t(*lead, 4, 3, low=low), t(*few, keys, 3, seed=1, low=low), t(*few, keys, 2, seed=2))


def attention() -> list[tuple]:
    """Make the cases of an attention: queries, keys, values, mask, dropout, is_causal, scale."""
    nothing = None
    return [
        (*qkv(2), None, nothing, False, 0.5),
        (*qkv(), None, nothing, True, 0.5),
        (*qkv(2, 2), b(4, 5), nothing, False, 0.5),
        (*qkv(2, 2), b(2, 1, 4, 5, share=0.2), nothing, False, -0.5),  # some queries see nothing
        (*qkv(2, keys=3), None, nothing, True, 1.0),
        (*qkv(2, keys=7), None, nothing, True, 1.0),
        (*qkv(2, low=-60.0), b(4, 5), nothing, False, 1.0),  # scores whose exponentials overflow
        (*qkv(2, low=-60.0), None, nothing, True, 1.0),
        (*qkv(2, 4, shared=(2, 2)), None, nothing, True, 0.5),  # two heads of queries share one of keys
        (*qkv(2, shared=(1,)), None, nothing, False, 0.5),
        (*qkv(0), None, nothing, False, 0.5),
        (*qkv(2, keys=0), None, nothing, False, 0.5),
        (t(2, 0, 3), t(2, 5, 3), t(2, 5, 2), None, nothing, True, 0.5),
    ]


CASES: dict[str, list[tuple]] = {
    # embeddings
    "look_up": [
        (t(5, 3), i([[0, 2], [2, 4]]), None, False),
        (t(5, 3), i(4), None, False),
        (t(5, 3), i(np.zeros((0, 2))), None, False),
        (t(4, 2), i([0, 1, 3, 1] * 10), None, False),  # ids that occur often are added up in another way
    ],
    "apply_rotary": [
        (t(2, 3, 4), constant(3, 2), constant(3, 2), False),
        (t(2, 3, 4), constant(3, 2), constant(3, 2), True),
        (t(2, 3, 5), constant(3, 1), constant(3, 1), False),
        (t(2, 3, 5), constant(2, 3, 2), constant(2, 3, 2), True),
        (t(0, 3, 4), constant(3, 2), constant(3, 2), False),
    ],
    # attention
    "attend": [
        *attention(),
        (*qkv(2, 3), t(4, 5), None, False, 0.5),  # the mask has a gradient
        (*qkv(2, 3), t(2, 1, 1, 5), None, False, 0.5),
        (*qkv(2), None, (1.5, b(2, 4, 5, seed=3).numpy()), False, 0.5),
        (*qkv(2), t(4, 5), (1.5, b(2, 4, 5, seed=3).numpy()), False, 0.5),
    ],
    "attend_blockwise": [
        *attention(),
        (*qkv(2, 3), constant(4, 5), None, False, 0.5),
        (*qkv(2), None, (0.3, 7), True, 0.5),
        (*qkv(2), b(4, 5), (0.3, 7), False, 0.5),
    ],
    "attend_packed": [
        (t(2, 4, 12), 2, 2, True, 0.5),
        (t(2, 4, 12), 1, 1, False, 0.5),
        (t(2, 3, 16), 4, 2, True, 0.5),
        (t(0, 4, 12), 2, 2, True, 0.5),
        (t(2, 0, 12), 2, 2, True, 0.5),
    ],
    # Transformers
    "layer_norm": [
        (t(2, 3, 4), [4]),
        (t(2, 3, 4), [4], t(4, seed=1), t(4, seed=2), 1e-3),
        (t(2, 3, 4), [3, 4], t(3, 4, seed=1)),
        (t(5), [5], None, t(5, seed=2)),
        (t(0, 4), [4], t(4, seed=1), t(4, seed=2)),
    ],
    "rms_norm": [
        (t(2, 3, 4), [4]),
        (t(2, 3, 4), [4], t(4, seed=1), 1e-3),
        (t(2, 3, 4), [3, 4], t(3, 4, seed=1)),
        (t(0, 4), [4], t(4, seed=1)),
    ],
}


@pytest.mark.parametrize(("name", "case"), [(n, c) for n, cases in CASES.items() for c in cases])
def test_operation(name, case):
    opcheck(ops[name], case)


def test_every_operation_has_a_case():
    ours = {name for name, op in ops.items() if op.__module__.startswith("tinytorch.language.")}
    assert ours - set(CASES) == set(), "operations without a case"
    assert set(CASES) - ours == set(), "cases without an operation"
