"""What a version of the tensor module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt


def _compared(got: Any, expected: Any, near: Any) -> str:
    """Say what was expected and what came; of many elements only the first that differs."""
    if expected.size <= 24:
        return f"expected {expected.tolist()}, got {got.tolist()}"
    at = tuple(int(i) for i in np.argwhere(~near)[0])
    return f"at {list(at)}: expected {expected[at]}, got {got[at]}"


def _near(got: Any, expected: Any, what: str, hint: str) -> None:
    """Compare a tensor's shape and values with what was expected."""
    assert isinstance(got, tt.Tensor), f"{what}: expected a Tensor, got {type(got).__name__}. Hint: {hint}"
    array, wanted = got.numpy(), np.asarray(expected)
    assert array.shape == wanted.shape, (
        f"{what}: expected shape {wanted.shape}, got {array.shape}. Hint: {hint}"
    )
    near = np.isclose(array, wanted, rtol=1e-5, atol=1e-6, equal_nan=True)
    assert near.all(), f"{what}: {_compared(array, wanted, near)}. Hint: {hint}"


def _equal(got: Any, expected: Any, what: str, hint: str) -> None:
    assert got == expected, f"{what}: expected {expected!r}, got {got!r}. Hint: {hint}"


def _raises(error: type[Exception], do: Callable[[], Any], what: str, hint: str) -> str:
    """Return the message of the error that `do` must raise."""
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error as caught:
        return str(caught)
    except Exception as caught:
        raise AssertionError(
            f"{what}: expected {error.__name__}, got {type(caught).__name__}: {caught}. Hint: {hint}"
        ) from caught
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}. Hint: {hint}")


def check_dtypes_are_promoted() -> None:
    """Find the common dtype of two dtypes, and of tensors mixed with 0-d tensors and numbers."""
    for a, b, expected in [
        (tt.int64, tt.float16, tt.float16),
        (tt.int8, tt.int32, tt.int32),
        (tt.uint8, tt.int8, tt.int16),
        (tt.bool, tt.uint8, tt.uint8),
        (tt.float32, tt.float64, tt.float64),
    ]:
        hint = "any float beats any integer, whatever their widths; otherwise the smallest that holds both"
        _equal(tt.promote_types(a, b), expected, f"promote_types({a}, {b})", hint)
        _equal(tt.promote_types(b, a), expected, f"promote_types({b}, {a})", "the order must not matter")
    floats, ints = tt.ones(2, dtype=tt.float16), tt.ones(2, dtype=tt.int32)
    hint = "a Python number or a 0-d tensor raises bool to integer to float, but never widens"
    _equal((floats * 2.5).dtype, tt.float16, "dtype of float16 tensor * 2.5", hint)
    _equal((ints * 2).dtype, tt.int32, "dtype of int32 tensor * 2", hint)
    _equal((ints * 2.5).dtype, tt.float32, "dtype of int32 tensor * 2.5", "floats get the default dtype")
    _equal((ints + tt.tensor(1, dtype=tt.int64)).dtype, tt.int32, "dtype of int32 tensor + 0-d int64", hint)
    _equal((ints / ints).dtype, tt.float32, "dtype of int32 / int32", "division of integers gives floats")
    _equal((ints + tt.ones(2)).dtype, tt.float32, "dtype of int32 + float32", "not NumPy's float64")


def check_tensor_copies_its_data() -> None:
    """Make tensors of nested lists and arrays: copied, of the right dtype, and never ragged."""
    hint = "floats become the default dtype, ints int64, bools bool; NumPy arrays keep theirs"
    _equal(tt.tensor([[1, 2.5]]).dtype, tt.float32, "dtype of tensor([[1, 2.5]])", hint)
    _equal(tt.tensor([1, 2]).dtype, tt.int64, "dtype of tensor([1, 2])", hint)
    _equal(tt.tensor([True]).dtype, tt.bool, "dtype of tensor([True])", hint)
    _equal(tt.tensor(np.ones(2)).dtype, tt.float64, "dtype of tensor(float64 array)", hint)
    _equal(tt.tensor([1, 2], dtype=tt.float64).dtype, tt.float64, "tensor([1, 2], dtype=float64)", hint)
    _equal(tt.Tensor([1, 2]).dtype, tt.float32, "dtype of Tensor([1, 2])", "the class always makes floats")
    _near(tt.tensor([[1, 2], [3, 4]]), [[1, 2], [3, 4]], "tensor([[1, 2], [3, 4]])", "keep the nesting")
    _equal(tt.tensor(3.5).shape, (), "shape of tensor(3.5)", "a number is a tensor of no dimensions")
    source = np.zeros(2, np.float32)
    copied, shared = tt.tensor(source), tt.from_numpy(source)
    source[0] = 7
    _near(copied, [0, 0], "tensor(array) after the array changed", "tensor() copies")
    _near(shared, [7, 0], "from_numpy(array) after the array changed", "from_numpy() shares the memory")
    _raises(
        ValueError, lambda: tt.tensor([[1], [2, 3]]), "tensor([[1], [2, 3]])", "rows must be equally long"
    )
    _raises(TypeError, lambda: tt.tensor("12"), "tensor('12')", "text isn't a number")


def check_patterns() -> None:
    """Make tensors filled with a pattern: zeros, ones, ranges, the identity, and their `_like` forms."""
    _near(tt.zeros(2, 3), np.zeros((2, 3)), "zeros(2, 3)", "a size may be given as several ints")
    _near(tt.ones((2, 3)), np.ones((2, 3)), "ones((2, 3))", "a size may be given as one tuple")
    _equal(tt.zeros(2).dtype, tt.float32, "dtype of zeros(2)", "the default dtype, not NumPy's float64")
    _near(tt.full((2,), 7), [7, 7], "full((2,), 7)", "size first, then the value")
    _equal(tt.full((2,), 7).dtype, tt.int64, "dtype of full((2,), 7)", "the dtype follows the value")
    _near(tt.arange(2, 10, 3), [2, 5, 8], "arange(2, 10, 3)", "start, end (left out), step")
    _equal(tt.arange(3).dtype, tt.int64, "dtype of arange(3)", "ints give int64")
    _equal(
        tt.arange(0, 1, 0.5).dtype, tt.float32, "dtype of arange(0, 1, 0.5)", "one float makes them floats"
    )
    _near(tt.linspace(0, 1, 5), [0, 0.25, 0.5, 0.75, 1], "linspace(0, 1, 5)", "both ends are included")
    _near(tt.eye(2, 3), [[1, 0, 0], [0, 1, 0]], "eye(2, 3)", "ones on the diagonal")
    like = tt.ones_like(tt.zeros(2, 2, dtype=tt.int32))
    _near(like, [[1, 1], [1, 1]], "ones_like", "the shape of the other tensor")
    _equal(like.dtype, tt.int32, "dtype of ones_like(int32)", "and its dtype")


def check_random_numbers_follow_the_seed() -> None:
    """Draw random numbers that a seed makes repeatable, from the right ranges."""
    tt.manual_seed(3)
    first = tt.randn(1000)
    second = tt.randn(1000)
    tt.manual_seed(3)
    _near(
        tt.randn(1000), first.numpy(), "randn after the same seed", "manual_seed() starts the generator anew"
    )
    assert not np.allclose(first.numpy(), second.numpy()), (
        "two draws after one seed are equal. Hint: the generator must go on from where it was"
    )
    _equal(first.dtype, tt.float32, "dtype of randn(1000)", "the default dtype")
    spread = float(first.numpy().std())
    assert 0.9 < spread < 1.1, f"randn: expected a standard deviation near 1, got {spread}"
    uniform = tt.rand(1000).numpy()
    assert uniform.min() >= 0, f"rand: expected numbers from [0, 1), got {uniform.min()}"
    assert 0.9 < uniform.max() < 1, f"rand: expected a largest number just below 1, got {uniform.max()}"
    whole = tt.randint(2, 5, (300,))
    _equal(
        sorted(set(whole.tolist())), [2, 3, 4], "values of randint(2, 5, ...)", "the upper end is left out"
    )
    _equal(whole.dtype, tt.int64, "dtype of randint", "integers are int64")
    _equal(sorted(tt.randperm(8).tolist()), list(range(8)), "randperm(8), sorted", "each number just once")
    own = tt.Generator().manual_seed(3)
    _near(
        tt.randn(1000, generator=own),
        first.numpy(),
        "randn(generator=...)",
        "the same seed, the same numbers",
    )


def check_operations_take_tensors_and_numbers() -> None:
    """Lift functions on arrays to operations on tensors, called by position or keyword; refuse the rest."""
    x = tt.tensor([1.0, -2.0])
    _near(tt.add(x, 1), [2, -1], "add(x, 1)", "an Operand may be a Python number")
    _near(tt.add(input=x, other=x), [2, -4], "add(input=x, other=x)", "arguments may be given by keyword")
    _near(tt.clamp(x, max=0.5), [0.5, -2], "clamp(x, max=0.5)", "fill in defaults for what is left out")
    _near(tt.abs(x), [1, 2], "abs(x)", "functions of one tensor are operations as well")
    _near(x, [1, -2], "x after add(x, 1)", "an operation doesn't change its inputs")
    _raises(TypeError, lambda: x + "1", "x + '1'", "text is neither a tensor nor a number")
    _raises(TypeError, lambda: tt.exp(2.0), "exp(2.0)", "exp takes an Array, so a number isn't enough")
    exp: Any = tt.exp
    _raises(TypeError, lambda: exp(x, hurry=True), "exp(x, hurry=True)", "unknown arguments are errors")
    _raises(TypeError, lambda: exp(), "exp()", "a required argument is missing")
    _near(tt.log(tt.zeros(1)), [-np.inf], "log(0)", "tensors carry inf silently: switch NumPy's warnings off")


def check_arithmetic_broadcasts() -> None:
    """Make + - * / // % ** broadcast two shapes and work with numbers on either side."""
    row, column = tt.tensor([1.0, 2.0, 3.0]), tt.tensor([[10.0], [20.0]])
    hint = "line shapes up from the right; lengths are equal or one is 1"
    _near(row + column, [[11, 12, 13], [21, 22, 23]], "(3,) + (2, 1)", hint)
    _equal((tt.zeros(5, 1, 3) * tt.zeros(4, 1)).shape, (5, 4, 3), "shape of (5, 1, 3) * (4, 1)", hint)
    _equal((tt.zeros(0, 3) + tt.zeros(1, 3)).shape, (0, 3), "shape of (0, 3) + (1, 3)", hint)
    message = _raises(
        RuntimeError, lambda: tt.zeros(2) + tt.zeros(3), "(2,) + (3,)", "RuntimeError, as PyTorch"
    )
    assert {"2", "3"} <= set(message), f"the error should name both shapes, but says: {message}"
    x = tt.tensor([2.0, -4.0])
    hint = "__rsub__, __rtruediv__ and __rpow__ get their operands in reverse"
    _near(10 - x, [8, 14], "10 - x", hint)
    _near(8 / x, [4, -2], "8 / x", hint)
    _near(2**x, [4, 1 / 16], "2 ** x", hint)
    _near(-x, [-2, 4], "-x", "__neg__")
    a, b = tt.tensor([7, -7]), tt.tensor([2, 2])
    _near(a // b, [3, -4], "[7, -7] // 2", "// rounds down, as in Python")
    _near(a % b, [1, 1], "[7, -7] % 2", "the remainder has the sign of the divisor")
    _near(a / b, [3.5, -3.5], "[7, -7] / 2", "/ is true division")
    _near(x**3, [8, -64], "x ** 3", "negative numbers have whole powers")


def check_masks_choose() -> None:
    """Compare element by element, and choose by the masks that result."""
    x = tt.tensor([1.0, -2.0, float("nan")])
    positive = x > 0
    _equal(positive.dtype, tt.bool, "dtype of x > 0", "a comparison gives bools")
    _near(positive, [True, False, False], "x > 0", "nothing is larger or smaller than nan")
    _near(x == x, [True, True, False], "x == x", "nan isn't equal to itself")
    _near(tt.isnan(x), [False, False, True], "isnan(x)", "element by element")
    _near(
        tt.where(positive, x, 0.0), [1, 0, 0], "where(x > 0, x, 0.0)", "the second where true, else the third"
    )
    _near(
        x.masked_fill(positive, 9),
        [9, -2, np.nan],
        "x.masked_fill(x > 0, 9)",
        "a new tensor, filled where true",
    )
    _near(tt.maximum(tt.tensor([1, 5]), tt.tensor([3, 2])), [3, 5], "maximum", "the larger of each pair")
    _equal((x > -5).all().item(), False, "(x > -5).all()", "nan > -5 is False")
    _equal(positive.any().item(), True, "(x > 0).any()", "one is enough")
    _raises(
        RuntimeError,
        lambda: bool(tt.tensor([True, False])),
        "bool() of two elements",
        "ambiguous: use any() or all()",
    )
    _equal(
        tt.equal(tt.ones(2), tt.ones(3)), False, "equal(ones(2), ones(3))", "a Python bool for whole tensors"
    )


def check_views_share_memory() -> None:
    """Change shapes without copying where the memory allows it, and say so where it doesn't."""
    views: list[tuple[str, Callable[[Any], Any]]] = [
        ("reshape(3, 2)", lambda t: t.reshape(3, 2)),
        ("view(-1)", lambda t: t.view(-1)),
        ("T", lambda t: t.T),
        ("permute(1, 0)", lambda t: t.permute(1, 0)),
        ("unsqueeze(0)", lambda t: t.unsqueeze(0)),
        ("flatten()", lambda t: t.flatten()),
        ("expand(4, 2, 3)", lambda t: t.expand(4, 2, 3)),
        ("x[:, 1:]", lambda t: t[:, 1:]),
        ("chunk(2)[0]", lambda t: t.chunk(2)[0]),
        ("detach()", lambda t: t.detach()),
    ]
    for name, take in views:
        x = tt.arange(6).reshape(2, 3)
        view = take(x)
        x[0, 1] = 99
        assert 99 in view.numpy(), f"{name} copied: a change of x isn't seen in it. Hint: return NumPy's view"
    x = tt.arange(6).reshape(2, 3)
    _near(x.T, [[0, 3], [1, 4], [2, 5]], "x.T", "rows become columns")
    _near(x.T.reshape(6), [0, 3, 1, 4, 2, 5], "x.T.reshape(6)", "row order of the transpose, so a copy")
    _near(x.reshape(3, -1), [[0, 1], [2, 3], [4, 5]], "x.reshape(3, -1)", "-1 stands for what is left")
    _raises(RuntimeError, lambda: x.T.view(6), "x.T.view(6)", "a view isn't possible, so say so")
    _raises(RuntimeError, lambda: x.reshape(4), "6 elements as (4,)", "the number of elements must stay")
    _raises(IndexError, lambda: x.transpose(0, 2), "transpose(0, 2) of a matrix", "IndexError for a bad dim")
    _equal(tt.zeros(1, 3, 1).squeeze().shape, (3,), "shape of (1, 3, 1).squeeze()", "drop all lengths of 1")
    _equal(tt.zeros(1, 3, 1).squeeze(0).shape, (3, 1), "shape of (1, 3, 1).squeeze(0)", "only that one")
    copy = x.clone()
    copy[0, 0] = -1
    _equal(x[0, 0].item(), 0, "x after its clone changed", "clone() copies")


def check_joining_and_splitting() -> None:
    """Join tensors along old and new dimensions, and take them apart again."""
    x, y = tt.tensor([[1, 2]]), tt.tensor([[3, 4]])
    _near(tt.cat([x, y]), [[1, 2], [3, 4]], "cat([x, y])", "along dimension 0, which exists")
    _near(tt.cat([x, y], dim=-1), [[1, 2, 3, 4]], "cat([x, y], dim=-1)", "negative dims count from the end")
    _near(tt.stack([x, y], dim=1), [[[1, 2], [3, 4]]], "stack([x, y], dim=1)", "a new dimension at 1")
    _equal(
        tt.cat([x, x * 0.5]).dtype, tt.float32, "dtype of cat([ints, floats])", "promote as arithmetic does"
    )
    _raises(
        RuntimeError, lambda: tt.cat([x, tt.ones(1, 3)]), "cat of (1, 2) and (1, 3)", "the others must agree"
    )
    _raises(
        RuntimeError, lambda: tt.stack([x, tt.ones(2)]), "stack of (1, 2) and (2,)", "all shapes must agree"
    )
    z = tt.arange(5)
    _equal(
        [p.tolist() for p in z.split(2)], [[0, 1], [2, 3], [4]], "arange(5).split(2)", "the rest comes last"
    )
    _equal(
        [p.tolist() for p in z.split([1, 4])], [[0], [1, 2, 3, 4]], "arange(5).split([1, 4])", "given lengths"
    )
    _equal([p.tolist() for p in z.chunk(3)], [[0, 1], [2, 3], [4]], "arange(5).chunk(3)", "ceil(5 / 3) each")
    _near(tt.cat(z.split(2)), z.numpy(), "cat(split)", "splitting and joining must give back the tensor")
    _near(
        tt.tensor([1, 2]).repeat(2, 2),
        [[1, 2, 1, 2]] * 2,
        "repeat(2, 2)",
        "copies of the whole, not of elements",
    )
    _near(z.roll(1, 0), [4, 0, 1, 2, 3], "roll(1, 0)", "what leaves at the end enters at the start")
    _near(tt.tril(tt.ones(2, 2)), [[1, 0], [1, 1]], "tril", "the diagonal and what is below")


def check_indexing_reads_and_writes() -> None:
    """Read and write parts by ints, slices, None, `...`, masks and integer tensors."""
    x = tt.arange(24).reshape(2, 3, 4)
    a = x.numpy()
    for name, index, expected in [
        ("x[1]", 1, a[1]),
        ("x[-1, 0]", (-1, 0), a[-1, 0]),
        ("x[:, 1:, ::2]", (slice(None), slice(1, None), slice(None, None, 2)), a[:, 1:, ::2]),
        ("x[..., 0]", (..., 0), a[..., 0]),
        ("x[:, None]", (slice(None), None), a[:, None]),
        ("x[x > 20]", x > 20, a[a > 20]),
        ("x[:, tensor([2, 0])]", (slice(None), tt.tensor([2, 0])), a[:, [2, 0]]),
        ("x[[0, 1], [2, 2]]", ([0, 1], [2, 2]), a[[0, 1], [2, 2]]),
    ]:
        _near(x[index], expected, name, "as NumPy's indexing, with tensors allowed as indices")
    _raises(IndexError, lambda: x[2], "x[2] of length 2", "an index out of range is an IndexError")
    x[0, :, 1] = 7
    _near(x[0, :, 1], [7, 7, 7], "x[0, :, 1] = 7", "assignment writes to the memory of x and broadcasts")
    x[x > 6] = 0
    _equal(x.max().item(), 6, "x.max() after x[x > 6] = 0", "a mask may stand on the left")
    x[1] = tt.ones(3, 4)
    _equal(x[1].sum().item(), 12, "x[1] = ones(3, 4)", "a tensor may stand on the right")
    table = tt.tensor([[1, 2, 3], [4, 5, 6]])
    _near(table.gather(1, tt.tensor([[2], [0]])), [[3], [4]], "gather(1, ...)", "row i takes column index[i]")
    _near(table.index_select(1, tt.tensor([2, 0])), [[3, 1], [6, 4]], "index_select", "whole columns")


def check_reductions_drop_dimensions() -> None:
    """Reduce over all, one or several dimensions, keeping them with length 1 on request."""
    x = tt.tensor([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]])
    a = x.numpy()
    _near(x.sum(), 36, "x.sum()", "without dim: all elements, a 0-d tensor")
    _near(x.sum(dim=0), a.sum(0), "x.sum(dim=0)", "dim is the one that disappears")
    _near(x.sum(dim=(0, -1)), a.sum((0, 2)), "x.sum(dim=(0, -1))", "a tuple of dims, negative ones too")
    _near(x.mean(-1, keepdim=True), a.mean(-1, keepdims=True), "x.mean(-1, keepdim=True)", "length 1 stays")
    _near(x.var(dim=0), a.var(0, ddof=1), "x.var(dim=0)", "divide by n - 1")
    _near(x.std(dim=0, correction=0), a.std(0), "x.std(dim=0, correction=0)", "divide by n")
    _near(x.amax(dim=(0, 2)), a.max((0, 2)), "x.amax(dim=(0, 2))", "values only")
    best = x.max(dim=1)
    _near(best.values, a.max(1), "x.max(dim=1).values", "a pair with the names values and indices")
    _near(best.indices, a.argmax(1), "x.max(dim=1).indices", "where the maxima are, int64")
    _near(x.argmin(), 0, "x.argmin()", "without dim: the position in the flattened tensor")
    _near(x.flatten().cumsum(0), np.cumsum(a), "cumsum", "running sums keep the shape")
    _near(tt.prod(tt.tensor([2, 3, 4])), 24, "prod", "the product of all elements")
    _equal(
        tt.ones(3, dtype=tt.bool).sum().item(), 3, "sum of three True", "bools and ints are summed as int64"
    )
    _raises(
        RuntimeError, lambda: tt.arange(3).mean(), "mean of ints", "a mean of integers is an error in PyTorch"
    )
    _raises(IndexError, lambda: x.sum(dim=3), "x.sum(dim=3)", "dim out of range is an IndexError")


def check_logsumexp_is_stable() -> None:
    """Compute log(sum(exp(x))) for numbers whose exponentials overflow or vanish."""
    hint = "take the maximum m out: m + log(sum(exp(x - m)))"
    _near(tt.logsumexp(tt.tensor([0.0, 0.0]), 0), np.log(2), "logsumexp([0, 0])", "log(1 + 1)")
    _near(tt.logsumexp(tt.tensor([1000.0, 1000.0]), 0), 1000 + np.log(2), "logsumexp([1000, 1000])", hint)
    _near(tt.logsumexp(tt.tensor([-1000.0, -1001.0]), 0), -999.6867, "logsumexp([-1000, -1001])", hint)
    infinite = tt.tensor([[-np.inf, 0.0], [-np.inf, -np.inf], [np.inf, 0.0]])
    _near(
        tt.logsumexp(infinite, 1),
        [0, -np.inf, np.inf],
        "with infinities",
        "inf - inf is nan: don't subtract it",
    )
    _equal(
        tt.logsumexp(tt.zeros(2, 3), 1, keepdim=True).shape,
        (2, 1),
        "shape with keepdim",
        "as other reductions",
    )


def check_matmul_follows_its_shapes() -> None:
    """Multiply vectors, matrices and batches of matrices."""
    rng = np.random.default_rng(0)
    shapes = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((8, 1, 2, 3), (4, 3, 5))]
    for left, right in shapes:
        a, b = rng.standard_normal(left), rng.standard_normal(right)
        hint = "1-D is a row on the left and a column on the right; the first dimensions are a batch"
        _near(tt.tensor(a) @ tt.tensor(b), a @ b, f"{left} @ {right}", hint)
    a, b = rng.standard_normal((2, 3)), rng.standard_normal((3, 4))
    x, y = tt.tensor(a), tt.tensor(b)
    _near(tt.mm(x, y), a @ b, "mm", "matrices only")
    _near(
        tt.einsum("ij,jk->ki", x, y),
        (a @ b).T,
        "einsum('ij,jk->ki')",
        "sum over the letters that are dropped",
    )
    _near(tt.outer(x[0], y[0]), np.outer(a[0], b[0]), "outer", "all products of two vectors")
    message = _raises(RuntimeError, lambda: x @ x, "(2, 3) @ (2, 3)", "the inner lengths must agree")
    assert {"2", "3"} <= set(message), f"the error should name both shapes, but says: {message}"
    _raises(RuntimeError, lambda: tt.mm(x[0], y), "mm of a vector", "mm takes matrices only")


def check_in_place_keeps_the_memory() -> None:
    """Change a tensor in place: the memory stays, all its views see the change, the shape can't change."""
    x = tt.ones(2, 3)
    column, array = x[:, 0], x.numpy()
    assert x.add_(1) is x, "add_ must return the tensor itself. Hint: return self"
    _near(column, [2, 2], "a view after x.add_(1)", "write into the memory instead of making a new array")
    column.mul_(tt.tensor([5.0, 10.0]))
    _near(x, [[10, 2, 2], [20, 2, 2]], "x after a view of it was multiplied", "a view's memory is its base's")
    x += 1
    x.zero_().fill_(3).sub_(tt.ones(3), alpha=2)
    assert x.numpy() is array or np.shares_memory(x.numpy(), array), "the chain made a new array"
    _near(x, np.ones((2, 3)), "x.zero_().fill_(3).sub_(ones(3), alpha=2)", "3 - 2 * 1")
    x.copy_(tt.tensor([1, 2, 3]))
    _near(x, [[1, 2, 3], [1, 2, 3]], "x.copy_([1, 2, 3])", "broadcast, and convert to the dtype of x")
    hint = "the result must fit into the memory that is there"
    _raises(RuntimeError, lambda: tt.ones(3).add_(tt.ones(2, 3)), "(3,).add_((2, 3))", hint)
    _raises(RuntimeError, lambda: tt.arange(3).mul_(0.5), "int64 mul_(0.5)", hint)


def check_repr_lines_up() -> None:
    """Print tensors as PyTorch does: rows in columns of equal width, the dtype if it isn't obvious."""
    for x, expected in [
        (tt.tensor([1.0, -2.5]), "tensor([ 1.0000, -2.5000])"),
        (tt.tensor([1.0, 20.0]), "tensor([ 1., 20.])"),
        (tt.tensor([[1, 20], [300, 4]]), "tensor([[  1,  20],\n        [300,   4]])"),
        (tt.tensor(3.5), "tensor(3.5000)"),
        (tt.tensor([True, False]), "tensor([ True, False])"),
        (tt.zeros(2, dtype=tt.float64), "tensor([0., 0.], dtype=float64)"),
        (tt.tensor([]), "tensor([])"),
    ]:
        _equal(
            repr(x).replace("torch.", ""),
            expected,
            "repr",
            "one format for all elements; name the dtype if unusual",
        )
