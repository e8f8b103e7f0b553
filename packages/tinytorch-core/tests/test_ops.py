"""The walk over all operations: each is examined by `opcheck` on the cases listed here.

An operation without a case fails `test_every_operation_has_a_case`, so a new one can't be forgotten.
"""

import importlib
from pathlib import Path

import numpy as np
import pytest
import tinytorch.core
from tinytorch.core import Tensor, from_numpy, opcheck, tensor
from tinytorch.core.m01_tensor.extremes import largest
from tinytorch.core.m01_tensor.op import ops

for lesson in sorted(Path(tinytorch.core.__file__).parent.glob("*/LESSON.md")):
    importlib.import_module(f"tinytorch.core.{lesson.parent.name}")
importlib.import_module("tinytorch.core.m05_autograd")


def t(*shape: int, low: float = -2.0, high: float = 2.3, seed: int = 0) -> Tensor:
    """Make a float64 tensor of distinct values away from each other, so that no maximum is a tie."""
    n = int(np.prod(shape))
    values = np.linspace(low, high, n + 2)[1:-1] if n else np.zeros(0)
    return from_numpy(np.random.default_rng(seed + n).permutation(values).reshape(shape))


def pos(*shape: int) -> Tensor:
    """Make a float64 tensor of values between 0.2 and 3."""
    return t(*shape, low=0.2, high=3.0, seed=1)


def constant(*shape: int) -> Tensor:
    """Make a float32 tensor, which `opcheck` doesn't differentiate: class weights have no gradient."""
    return pos(*shape).to(np.float32)


def u(*shape: int) -> Tensor:
    """Make a float64 tensor of values between 0.05 and 0.95."""
    return t(*shape, low=0.05, high=0.95, seed=2)


def i(*values: object) -> Tensor:
    """Make an int64 tensor."""
    return tensor(np.array(values[0] if len(values) == 1 else values, dtype=np.int64))


def b(*values: object) -> Tensor:
    """Make a bool tensor."""
    return tensor(np.array(values[0] if len(values) == 1 else values, dtype=bool))


UNARY = [(t(2, 3),), (t(),), (t(0, 2),), (t(2, 1, 3),)]
UNARY_POSITIVE = [(pos(2, 3),), (pos(),), (pos(0, 2),)]
UNARY_UNIT = [(u(2, 3),), (u(),), (u(0, 2),)]
BINARY = [
    (t(2, 3), t(2, 3, seed=5)),
    (t(2, 1, 3), t(4, 1, seed=5)),
    (t(), t(2, seed=5)),
    (t(0, 3), t(1, 3, seed=5)),
    (t(2, 3), 1.5),
    (1.5, t(2, 3)),
]
BINARY_TENSORS = BINARY[:4]
BINARY_POSITIVE = [
    (pos(2, 3), pos(3)),
    (pos(), pos(2)),
    (pos(2, 3), 1.5),
    (1.5, pos(2, 3)),
    (pos(0, 3), pos(1, 3)),
]
REDUCE = [
    (t(2, 3),),
    (t(2, 3), 0),
    (t(2, 3), -1, True),
    (t(2, 3, 2), (0, 2)),
    (t(),),
    (t(2, 3), (0, 1), True),
]
REDUCE_DIM = [(t(2, 3), 0), (t(2, 3), -1), (t(2, 3, 2), 1), (t(), 0)]
LOGITS = (t(4, 3), i(0, 2, 1, 2))
REDUCTIONS = ("mean", "sum", "none")
MASK = b([[True, False, True], [False, True, True]])


def each(names: list[str], cases: list[tuple]) -> dict[str, list[tuple]]:
    """Give all these operations the same cases."""
    return {name: cases for name in names}


def loss(*extra: object) -> list[tuple]:
    """Make the cases of a loss of two tensors of one shape, for every reduction."""
    return [(t(2, 3), t(2, 3, seed=7), *extra, r) for r in REDUCTIONS]


CASES: dict[str, list[tuple]] = {
    # arithmetic
    "add": BINARY,
    "sub": BINARY,
    "mul": BINARY,
    "div": BINARY_POSITIVE,
    "floor_divide": [(t(2, 3), pos(3)), (t(2, 3), 1.5)],
    "trunc_divide": [(t(2, 3), pos(3)), (t(2, 3), 1.5)],
    "remainder": [(t(2, 3), pos(3)), (t(2, 3), 0.7)],
    "pow": [
        *BINARY_POSITIVE,
        (t(2, 3), 2),
        (t(2, 3), 3),
        (t(2, 3), 4),
        (t(2, 3), 0),
        (t(2, 3), 1),
        (t(2, 3), -1),
        (pos(2, 3), -1.5),
        (pos(2, 3), 0.5),
        (t(2, 3), tensor(3.0, dtype=np.float32)),
    ],
    "maximum": BINARY_TENSORS,
    "minimum": BINARY_TENSORS,
    "clamp": [
        (t(2, 3), -0.5, 0.9),
        (t(2, 3), None, 0.9),
        (t(2, 3), -0.5, None),
        (t(2, 3), t(3, low=-1.1, high=-0.3), t(2, 1, low=0.21, high=1.13)),
        (t(), 0.0, 1.0),
        (t(0, 2), 0.0, 1.0),
    ],
    "lerp": [(t(2, 3), t(3), 0.3), (t(2, 3), t(2, 3, seed=3), u(2, 1)), (t(0, 2), t(1, 2), 0.5)],
    # functions of one tensor
    **each(
        ["neg", "abs", "square", "exp", "expm1", "sin", "cos", "sinh", "cosh", "tanh", "erf", "atan"], UNARY
    ),
    **each(["sign", "floor", "ceil", "trunc"], UNARY),
    **each(["reciprocal", "sqrt", "rsqrt", "log", "log1p", "log2", "log10"], UNARY_POSITIVE),
    **each(["tan", "asin", "acos"], UNARY_UNIT),
    "round": [(t(2, 3),), (t(2, 3), {"decimals": 1})],
    "cast": [(t(2, 3), np.dtype(np.float64))],
    # comparisons and logic
    **each(["eq", "ne", "lt", "le", "gt", "ge", "isclose"], [(t(2, 3), t(3))]),
    **each(["isnan", "isinf", "isfinite"], [(t(2, 3),)]),
    **each(["logical_and", "logical_or", "logical_xor"], [(MASK, MASK[0])]),
    "logical_not": [(MASK,)],
    **each(["bitwise_and", "bitwise_or", "bitwise_xor"], [(i(1, 6), i(3, 2)), (i(1, 6), 3)]),
    "bitwise_not": [(i(1, 6),)],
    "choose": [(MASK, t(2, 3), t(3)), (MASK, t(), 1.0), (MASK, 2.0, t(2, 1))],
    "masked_fill": [(t(2, 3), MASK, 0.5), (t(3), MASK, t())],
    # reductions
    "sum": [*REDUCE, (t(0, 3), 0), (t(0, 3),)],
    "mean": REDUCE,
    "variance": [(t(2, 3), None, 1.0, False), (t(2, 3), 1, 0.0, True), (t(2, 3, 2), (0, 2), 1.0, False)],
    "deviation": [(t(2, 3), None, 1.0, False), (t(2, 3), 1, 0.0, True), (t(2, 3, 2), (0, 2), 1.0, False)],
    "prod": [
        (t(2, 3),),
        (t(2, 3), 0),
        (t(2, 3), 1, True),
        (tensor([0.0, 2.0, 3.0], dtype=np.float64),),
        (t(),),
    ],
    "cumsum": REDUCE_DIM,
    "cumprod": [*REDUCE_DIM, (tensor([2.0, 0.0, 3.0, 0.0, 4.0], dtype=np.float64), 0)],
    "logsumexp": [(t(2, 3), 0), (t(2, 3), (0, 1)), (t(2, 3), -1, True), (t(), 0)],
    "norm": [
        *[(t(2, 3), p, 1) for p in (1, 2, 3, 0.5, float("inf"), float("-inf"))],
        (t(2, 3),),
        (t(2, 3), 2, (0, 1), True),
        (tensor([0.3], dtype=np.float64), 2),
    ],
    "amax": [(t(2, 3), 0), (t(2, 3), (0, 1), True), (t(2, 3),), (t(),)],
    "of_all": [(t(2, 3), "max"), (t(), "min")],
    "amin": [(t(2, 3), 0), (t(2, 3), (0, 1), True), (t(2, 3),), (t(),)],
    **each(["argmax", "argmin"], [(t(2, 3),), (t(2, 3), 0, True)]),
    **each(["any", "all"], [(MASK,), (MASK, 1)]),
    "count_nonzero": [(MASK,)],
    "bincount": [(i(0, 2, 2), t(3)), (i(0, 2, 2), t(3), 5)],
    # shapes
    "reshape": [(t(2, 3), (3, 2)), (t(), (1, 1)), (t(0, 3), (3, 0))],
    "permute": [(t(2, 3, 4), (2, 0, 1)), (t(2, 3), (-1, 0))],
    "transpose": [(t(2, 3), 0, 1), (t(2, 3, 4), -1, 0)],
    "movedim": [(t(2, 3, 4), 0, 2), (t(2, 3, 4), (0, 1), (2, 0))],
    "squeeze": [(t(2, 1, 3),), (t(2, 1, 3), 1), (t(2, 1, 3), 0)],
    "unsqueeze": [(t(2, 3), 0), (t(2, 3), -1), (t(), 0)],
    "expand": [(t(2, 1), (2, 3)), (t(3), (2, 3)), (t(), (2,))],
    "diagonal": [(t(3, 4),), (t(2, 3, 4), 1, 1, 2), (t(3, 3), -1)],
    "contiguous": [(t(2, 3),)],
    "clone": [(t(2, 3),)],
    "cat": [([t(2, 3), t(1, 3)],), ([t(2, 3), t(2, 1)], -1), ([t(2), t(0)],)],
    "stack": [([t(2, 3), t(2, 3)],), ([t(2, 3), t(2, 3, seed=2)], -1), ([t(), t()],)],
    "repeat": [(t(2, 3), (2, 2)), (t(3), (2, 1, 2))],
    "roll": [(t(2, 3), 1), (t(2, 3), (1, -1), (0, 1))],
    "flip": [(t(2, 3), (0,)), (t(2, 3), (0, 1))],
    "tril": [(t(3, 4),), (t(2, 3, 3), 1)],
    "triu": [(t(3, 4),), (t(2, 3, 3), -1)],
    "diag": [(t(3),), (t(3, 4),), (t(2), 1), (t(3, 3), -1)],
    "view": [(t(2, 3), (2, 3, 1)), (t(0, 3), (3, 0))],
    "_constant_pad": [(t(2, 3), [(1, 0), (2, 1)], 0.5), (t(2, 3), [(0, 0), (-1, 2)], 0.0), (t(), [], 0.0)],
    # parts
    "select": [
        (t(2, 3), (1, ...)),
        (t(4, 3), (slice(1, 4, 2), None, 0, ...)),
        (t(), (None, ...)),
        (t(2, 0), (..., slice(None))),
    ],
    "index": [
        (t(2, 3), [np.array([1, 0, 1])]),
        (t(2, 3), [slice(None), np.array([[2, -1], [0, 0]])]),
        (t(2, 3, 2), [np.array([1, 0, 1]), slice(None), np.array([[0], [-1]])]),
        (t(2, 3, 40), [np.array([1, 0, 1])]),
        (t(2, 3), [np.array([0, 1]), np.array([2, 0])], True),
        (t(0, 3), [np.zeros(0, np.int64)]),
    ],
    "index_put": [
        (t(3, 2), t(2, 2, seed=3), [np.array([2, 0])]),
        (t(3, 2), t(3, 1, seed=3), [np.array([2, -1, 0])]),
        (t(3, 2), t(seed=3), [slice(None), np.array([0])]),
        (t(3, 2), t(1, 2, seed=3), [np.array([0, 1]), np.array([1, 0])], True),
    ],
    "gather": [
        (t(2, 3), 1, i([[0, 0, 2], [1, 1, 1]])),
        (t(2, 3), 0, i([[1, 0]])),
        (t(2, 3), -1, i([[2], [0]])),
        (t(), 0, i(0)),
        (t(), 0, i(0, 0)),
        (t(0, 3), 0, i(np.zeros((0, 3)))),
    ],
    "scatter": [
        (t(2, 3), 1, i([[0, 2], [1, 0]]), t(2, 3, seed=3)),
        (t(2, 3), 1, i([[0, 0], [1, 1]]), t(2, 2, seed=3)),
        (t(2, 3), 0, i([[1, 0, 1]]), 0.5),
        (t(), 0, i(0), t(seed=3)),
    ],
    "scatter_add": [
        (t(2, 3), 1, i([[0, 0], [1, 0]]), t(2, 3, seed=3)),
        (t(3, 2), 0, i([[2, 2], [2, 0]]), t(2, 2, seed=3)),
        (t(), 0, i(0), t(seed=3)),
    ],
    "index_select": [(t(2, 3), 0, i(1, 0, 1)), (t(2, 3), -1, i(2)), (t(), 0, i(0)), (t(2, 0), 1, i([]))],
    "index_add": [
        (t(3, 2), 0, i(2, 0, 2), t(3, 2, seed=3), {"alpha": 2.0}),
        (t(3, 2), 1, i(1), t(3, 1, seed=3)),
        (t(), 0, i(0), t(seed=3)),
    ],
    **each(["argsort"], [(t(2, 3),), (t(2, 3), 0, True), (t(),)]),
    "_topk_indices": [(t(2, 3), 2, 1, True, True), (t(2, 30), 2, -1, False, True)],
    "_nonzero": [(MASK,), (t(2, 3),)],
    "one_hot": [(i(0, 2, 1),), (i(0, 2, 1), 4)],
    "drawn": [(t(2, 3), t(3), np.zeros((2, 3))), (t(2, 3), None, np.ones((2, 3)))],
    # products
    "_einsum": [
        ([t(2, 3), t(3, 4)], ["ij", "jk"], "ik"),
        ([t(2, 3)], ["ij"], "j"),
        ([t(2, 3)], ["ij"], "ji"),
        ([t(3, 3)], ["ii"], ""),
        ([t(3, 3), t(3)], ["ii", "i"], "i"),
        ([t(2, 3), t(3), t(2, 4)], ["ij", "j", "ik"], "k"),
        ([t(2, 1), t(3, 4)], ["ij", "jk"], "ik"),
        ([t(2, 1), t(2, 3)], ["ij", "ij"], "ij"),
        ([t(2, 0), t(0, 3)], ["ij", "jk"], "ik"),
        ([t(), t(2)], ["", "i"], "i"),
        ([t(2, 2, 3), t(2, 4, 3), t(2, 4, 2)], ["bqd", "bkd", "bkv"], "bqv"),
    ],
    "matmul": [
        (t(2, 3), t(3, 4)),
        (t(3), t(3)),
        (t(2, 3), t(3)),
        (t(3), t(3, 2)),
        (t(5, 2, 3), t(3, 2)),
        (t(5, 1, 2, 3), t(4, 3, 2)),
        (t(2, 2, 3), t(3)),
        (t(3), t(2, 3, 2)),
        (t(0, 3), t(3, 2)),
        (t(2, 0), t(0, 3)),
    ],
    "mm": [(t(2, 3), t(3, 4))],
    "mv": [(t(2, 3), t(3))],
    "bmm": [(t(2, 2, 3), t(2, 3, 2))],
    "dot": [(t(3), t(3, seed=4))],
    "outer": [(t(3), t(2))],
    "addmm": [(t(2, 4), t(2, 3), t(3, 4)), (t(4), t(2, 3), t(3, 4), {"beta": 0.5, "alpha": 2.0})],
    # activations
    **each(
        [
            "relu",
            "leaky_relu",
            "elu",
            "selu",
            "sigmoid",
            "logsigmoid",
            "silu",
            "mish",
            "softplus",
            "hardtanh",
        ],
        UNARY,
    ),
    "gelu": [*UNARY, (t(2, 3), {"approximate": "tanh"})],
    "softmax": [(t(2, 3), 0), (t(2, 3), -1), (t(), 0), (t(0, 3), 1)],
    "log_softmax": [(t(2, 3), 0), (t(2, 3), -1), (t(), 0), (t(0, 3), 1)],
    # layers
    "linear": [
        (t(2, 3), t(4, 3), t(4)),
        (t(2, 3), t(4, 3)),
        (t(3), t(4, 3), t(4)),
        (t(2, 0, 3), t(4, 3), t(4)),
    ],
    "bilinear": [(t(2, 3), t(2, 4), t(5, 3, 4), t(5)), (t(2, 2, 3), t(2, 2, 4), t(5, 3, 4))],
    "_dropout": [(t(2, 3), np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 2.0]]))],
    # losses
    "squared_error": loss(),
    "absolute_error": loss(),
    "parabola_with_tails": [*loss(1.0, 1.0), *loss(0.5, 2.0)],
    "bernoulli_cross_entropy": [(u(2, 3), u(3, 2).T, w, r) for w in (None, constant(3)) for r in REDUCTIONS],
    "logistic_cross_entropy": [
        (t(2, 3), u(2, 3), w, p, r)
        for w in (None, constant(3))
        for p in (None, constant(3))
        for r in REDUCTIONS
    ],
    "divergence": [(t(2, 3), pos(2, 3), log, r) for log in (False, True) for r in REDUCTIONS],
    "cross_entropy_of_indices": [
        *[
            (*LOGITS, w, g, r, s)
            for w in (None, constant(3))
            for g in (-100, 2)
            for r in REDUCTIONS
            for s in (0.0, 0.2)
        ],
        (t(3), i(1), None, -100, "mean", 0.0),
        (t(2, 3, 4), i([[0, 1, 2, 0], [2, 2, 1, 0]]), constant(3), 1, "mean", 0.1),
        (t(0, 3), i(np.zeros(0)), None, -100, "sum", 0.0),
    ],
    "cross_entropy_of_probabilities": [
        *[(t(4, 3), u(4, 3), w, r, s) for w in (None, constant(3)) for r in REDUCTIONS for s in (0.0, 0.2)],
        (t(3), u(3), None, "mean", 0.0),
        (t(2, 3, 4), u(2, 3, 4), None, "none", 0.0),
    ],
    "negative_log_likelihood": [
        *[(*LOGITS, w, g, r) for w in (None, constant(3)) for g in (-100, 2) for r in REDUCTIONS],
        (t(2, 3, 4), i([[0, 1, 2, 0], [2, 2, 1, 0]]), constant(3), 1, "mean"),
    ],
    "found": [(t(2, 3), i([1, 0]), 1, False, largest), (t(2, 3), i([[1, 1, 1]]), 0, True, largest)],
    # in-place forms and random numbers, as operations of their own
    "copied": [(t(2, 3), t(3)), (t(2, 3), t(2, 1))],
    "filled": [(t(2, 3), 0.5), (t(2, 3), t())],
}


def parts(case: tuple) -> tuple[tuple, dict]:
    """Split a case into arguments and keyword arguments."""
    return (case[:-1], case[-1]) if isinstance(case[-1], dict) else (case, {})


@pytest.mark.parametrize(("name", "case"), [(n, c) for n, cases in CASES.items() for c in cases])
def test_operation(name, case):
    args, kwargs = parts(case)
    opcheck(ops[name], args, kwargs)


def test_every_operation_has_a_case():
    ours = {name for name, op in ops.items() if op.__module__.startswith("tinytorch.core.")}
    assert ours - set(CASES) == set(), "operations without a case"
    assert set(CASES) - ours == set(), "cases without an operation"
