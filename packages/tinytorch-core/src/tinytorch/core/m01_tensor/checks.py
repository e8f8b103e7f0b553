"""What a version of the tensor module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import copy
import math
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


def _table(rows: dict[str, tuple[Any, Any]], hint: str) -> None:
    """Compare several results, each given with its name and with what was expected."""
    for what, (got, expected) in rows.items():
        _near(got, expected, what, hint)


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
    x = tt.tensor([1.75, -2.0])
    conversions: list[tuple[str, Any]] = [
        ("half", tt.float16),
        ("float", tt.float32),
        ("double", tt.float64),
        ("short", tt.int16),
        ("int", tt.int32),
        ("long", tt.int64),
        ("bool", tt.bool),
    ]
    for name, dtype in conversions:
        converted = getattr(x, name)()
        _equal(converted.dtype, dtype, f"dtype of x.{name}()", "a method for each dtype")
        _near(converted, np.array([1.75, -2.0]).astype(dtype), f"x.{name}()", "fractions are cut off")
    assert x.to(tt.float32) is x, "x.to(its own dtype) must be x itself. Hint: convert only if need be"
    _equal(x.type_as(ints).dtype, tt.int32, "dtype of x.type_as(ints)", "the dtype of the other tensor")
    tt.set_default_dtype(tt.float64)
    wide = tt.tensor(1.0).dtype
    tt.set_default_dtype(tt.float32)
    _equal(
        wide, tt.float64, "dtype of tensor(1.0) after set_default_dtype(float64)", "floats get the default"
    )


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
    x = tt.tensor([1, 2])
    assert tt.as_tensor(x) is x, "as_tensor(tensor) must be the tensor itself"
    _near(
        tt.as_tensor([1, 2], dtype=tt.float64), [1.0, 2.0], "as_tensor([1, 2], dtype=float64)", "else a copy"
    )
    _near(
        tt.tensor([tt.tensor(1), tt.tensor(2)]), [1, 2], "tensor([tensor(1), tensor(2)])", "0-d tensors count"
    )
    _equal(tt.is_tensor(x) and not tt.is_tensor([1]), True, "is_tensor", "True for Tensors only")
    copied = copy.deepcopy(x)
    copied[0] = 9
    _equal(x.tolist(), [1, 2], "x after its deepcopy changed", "__deepcopy__ copies the memory")


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
    _equal(tt.empty(2, 3).shape, (2, 3), "shape of empty(2, 3)", "any values")
    _near(tt.zeros_like(like), [[0, 0], [0, 0]], "zeros_like", "shape and dtype of the other")
    _near(tt.full_like(like, 5), [[5, 5], [5, 5]], "full_like", "shape and dtype of the other")
    _equal(tt.empty_like(like).dtype, tt.int32, "dtype of empty_like", "that of the other")
    for name, got, expected in [
        ("new_zeros", like.new_zeros(2), [0, 0]),
        ("new_ones", like.new_ones(2), [1, 1]),
        ("new_full", like.new_full((2,), 3), [3, 3]),
        ("new_tensor", like.new_tensor([4, 5]), [4, 5]),
    ]:
        _near(got, expected, name, "a method that takes the dtype from the tensor")
        _equal(got.dtype, tt.int32, f"dtype of {name}", "a method that takes the dtype from the tensor")
    _raises(RuntimeError, lambda: tt.zeros(-1), "zeros(-1)", "a length can't be negative")


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
    state = own.get_state()
    again = tt.rand(3, generator=own).numpy()
    own.set_state(state)
    _near(tt.rand(3, generator=own), again, "rand after set_state(get_state())", "go on from the same place")
    tt.manual_seed(0)
    _equal(tt.initial_seed(), 0, "initial_seed()", "what manual_seed was given")
    like = tt.zeros(4, 500, dtype=tt.float64)
    for name, numbers, mean, std in [
        ("randn_like", tt.randn_like(like), 0, 1),
        ("rand_like", tt.rand_like(like), 0.5, 12**-0.5),
        ("randint_like(0, 2)", tt.randint_like(like, 0, 2), 0.5, 0.5),
        ("normal(3, 2)", tt.normal(3.0, 2.0, (4, 500)), 3, 2),
        ("bernoulli", tt.bernoulli(tt.full((4, 500), 0.2)), 0.2, 0.4),
        ("normal_(3, 2)", tt.zeros(4, 500).normal_(3, 2), 3, 2),
        ("uniform_(1, 3)", tt.zeros(4, 500).uniform_(1, 3), 2, 2 * 12**-0.5),
        ("bernoulli_(0.2)", tt.zeros(4, 500).bernoulli_(0.2), 0.2, 0.4),
        ("random_(0, 2)", tt.zeros(4, 500).random_(0, 2), 0.5, 0.5),
    ]:
        _equal(numbers.shape, (4, 500), f"shape of {name}", "that of what was given")
        found = (float(numbers.numpy().mean()), float(numbers.numpy().std()))
        assert np.allclose(found, (mean, std), atol=0.15), (
            f"{name}: mean and std {found}, expected {(mean, std)}"
        )
    drawn = tt.multinomial(tt.tensor([0.0, 3.0, 1.0]), 2)
    _equal(
        sorted(drawn.tolist()), [1, 2], "multinomial([0, 3, 1], 2)", "indices, without repetition, never a 0"
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
    b = np.array([0.1, 0.5, 0.9])
    y = tt.tensor(b)
    for name in (
        *(
            "exp",
            "expm1",
            "log",
            "log1p",
            "log2",
            "log10",
            "sqrt",
            "square",
            "reciprocal",
            "sin",
            "cos",
            "tan",
        ),
        *("sinh", "cosh", "tanh", "floor", "ceil", "round", "trunc", "sign"),
    ):
        _near(getattr(tt, name)(y), getattr(np, name)(b), name, "NumPy's function of the same name")
        _near(getattr(y, name)(), getattr(np, name)(b), f"x.{name}()", "functions are methods as well")
    rows = {
        "rsqrt": (tt.rsqrt(y), b**-0.5),
        "asin": (tt.asin(y), np.arcsin(b)),
        "acos": (tt.acos(y), np.arccos(b)),
        "atan": (tt.atan(y), np.arctan(b)),
        "erf": (tt.erf(y), [math.erf(v) for v in b]),
        "erf of float32": (tt.erf(y.float()), [math.erf(v) for v in b]),
        "round(decimals=1)": (tt.round(tt.tensor(2.345), decimals=1), 2.3),
        "exp of integers": (tt.exp(tt.tensor([0, 1])), [1, math.e]),
    }
    _table(rows, "element by element")


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
    rows = {
        "x - 1": (x - 1, [1, -5]),
        "1 + x": (1 + x, [3, -3]),
        "3 * x": (3 * x, [6, -12]),
        "x / 2": (x / 2, [1, -2]),
        "7 // x": (7 // x, [3, -2]),
        "7 % x": (7 % x, [1, -1]),
        "x ** 0.5": (tt.tensor([4.0, 9.0]) ** 0.5, [2, 3]),
        "a ** tensor": (b ** tt.tensor([3, 0]), [8, 1]),
        "+x": (+x, [2, -4]),
        "abs(x)": (abs(x), [2, 4]),
        "add(alpha=3)": (tt.add(x, x, alpha=3), [8, -16]),
        "div(trunc)": (tt.div(a, b, rounding_mode="trunc"), [3, -3]),
        "div(floor)": (tt.div(a, b, rounding_mode="floor"), [3, -4]),
        "minimum": (tt.minimum(a, b), [2, -7]),
        "lerp": (tt.lerp(x, x * 3, 0.25), [3, -6]),
        "clamp": (x.clamp(-1, 1), [1, -1]),
    }
    _table(rows, "check the order of the operands and the signs")


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
    a, b = tt.tensor([1, 2, 3]), tt.tensor([3, 2, 1])
    yes, no = tt.tensor([True, True, False]), tt.tensor([True, False, False])
    rows = {
        "a < b": (a < b, [True, False, False]),
        "a <= b": (a <= b, [True, True, False]),
        "a > b": (a > b, [False, False, True]),
        "a >= b": (a >= b, [False, True, True]),
        "a != b": (a != b, [True, False, True]),
        "2 < a": (a > 2, [False, False, True]),
        "yes & no": (yes & no, [True, False, False]),
        "yes | no": (yes | no, [True, True, False]),
        "yes ^ no": (yes ^ no, [False, True, False]),
        "~yes": (~yes, [False, False, True]),
        "6 & 3": (tt.tensor(6) & 3, 2),
        "logical_and": (tt.logical_and(a, no), [True, False, False]),
        "logical_or": (tt.logical_or(no, yes), [True, True, False]),
        "logical_xor": (tt.logical_xor(no, yes), [False, True, False]),
        "logical_not": (tt.logical_not(a), [False, False, False]),
        "isfinite": (tt.isfinite(x), [True, True, False]),
        "isinf": (tt.isinf(x / 0), [True, True, False]),
        "isclose": (tt.isclose(x, x + 1e-9), [True, True, False]),
    }
    _table(rows, "bools, element by element")
    _equal(tt.allclose(a * 1.0, a + 1e-7), True, "allclose", "a Python bool: all elements are close")


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
    y = tt.arange(24).reshape(2, 3, 4)
    a = y.numpy()
    rows = {
        "movedim(0, 2)": (y.movedim(0, 2), np.moveaxis(a, 0, 2)),
        "mT": (y.mT, a.swapaxes(1, 2)),
        "t": (x.t(), x.numpy().T),
        "unflatten": (tt.arange(6).unflatten(0, (2, -1)), np.arange(6).reshape(2, 3)),
        "diagonal": (y[0].diagonal(), [0, 5, 10]),
        "unbind(1)[2]": (y.unbind(1)[2], a[:, 2]),
        "narrow(2, 1, 2)": (y.narrow(2, 1, 2), a[:, :, 1:3]),
        "select(1, 2)": (y.select(1, 2), a[:, 2]),
        "contiguous": (y.mT.contiguous(), a.swapaxes(1, 2)),
        "view_as": (x.view_as(tt.zeros(3, 2)), x.numpy().reshape(3, 2)),
        "reshape_as": (x.reshape_as(tt.zeros(6)), np.arange(6)),
        "expand_as": (x[:1].expand_as(tt.zeros(4, 3)), [[0, 1, 2]] * 4),
        "broadcast_to": (tt.broadcast_to(x[0], (2, 3)), [[0, 1, 2]] * 2),
    }
    _table(rows, "the same numbers, read in another order")
    _equal(y.mT.is_contiguous(), False, "is_contiguous() of a transpose", "its rows don't lie in a row")


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
    m = tt.arange(6).reshape(2, 3)
    a = m.numpy()
    rows = {
        "tile(2)": (m.tile(2), np.tile(a, 2)),
        "flip((1,))": (m.flip((1,)), a[:, ::-1]),
        "triu(1)": (m.triu(1), np.triu(a, 1)),
        "m.tril()": (m.tril(), np.tril(a)),
        "diag of a vector": (tt.diag(z[:2]), np.diag([0, 1])),
        "diag of a matrix": (tt.diag(m), [0, 4]),
        "meshgrid[1]": (tt.meshgrid(z[:2], z[:3], indexing="ij")[1], [[0, 1, 2]] * 2),
        "pad((1, 0, 0, 1))": (
            tt.functional.pad(m, (1, 0, 0, 1), value=9),
            np.pad(a, ((0, 1), (1, 0)), constant_values=9),
        ),
        "pad with negative widths": (tt.functional.pad(m, (-1, 0)), a[:, 1:]),
    }
    _table(rows, "pad counts from the last dimension, in pairs before and after")


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
    index, source = tt.tensor([[0, 1, 0]]), tt.tensor([[10, 20, 30]])
    rows = {
        "scatter(0)": (table.scatter(0, index, source), [[10, 2, 30], [4, 20, 6]]),
        "scatter_add(0)": (table.scatter_add(0, index, source), [[11, 2, 33], [4, 25, 6]]),
        "index_add": (table.index_add(1, tt.tensor([0, 0]), tt.ones(2, 2).long()), [[3, 2, 3], [6, 5, 6]]),
        "take_along_dim": (tt.take_along_dim(table, index, 0), [[1, 5, 3]]),
        "scatter_add_ in place": (table.clone().scatter_add_(0, index, source), [[11, 2, 33], [4, 25, 6]]),
        "scatter_ in place": (table.clone().scatter_(0, index, source), [[10, 2, 30], [4, 20, 6]]),
        "index_add_ in place": (
            table.clone().index_add_(1, tt.tensor([2]), tt.tensor([[1], [1]])),
            [[1, 2, 4], [4, 5, 7]],
        ),
    }
    _table(rows, "what comes twice is added twice")
    table[tt.tensor([0, 1]), tt.tensor([2, 0])] = tt.tensor([7, 8])
    _near(table, [[1, 2, 7], [8, 5, 6]], "table[[0, 1], [2, 0]] = [7, 8]", "pairs of indices, one value each")


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
    m = x[0]
    rows = {
        "amin(dim=1)": (m.amin(dim=1), [1, 3]),
        "min(dim=0).values": (m.min(dim=0).values, [1, 2]),
        "argmax(dim=1)": (m.argmax(dim=1), [1, 1]),
        "norm": (m.norm(), np.sqrt(30)),
        "norm(1, dim=0)": (m.norm(1, dim=0), [4, 6]),
        "cumprod": (tt.cumprod(m, 0), [[1, 2], [3, 8]]),
        "count_nonzero": (tt.count_nonzero(tt.tensor([0, 2, 3])), 2),
        "bincount": (tt.bincount(tt.tensor([1, 3, 1])), [0, 2, 0, 1]),
        "all(dim=0)": ((m > 1).all(dim=0), [False, True]),
        "any(dim=1)": ((m > 3).any(dim=1), [False, True]),
    }
    _table(rows, "as for sum: dim is the one that disappears")


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


def check_sorting_and_searching() -> None:
    """Sort, take the largest, and find what differs or isn't zero."""
    x = tt.tensor([[3, 1, 2], [0, 5, 0]])
    ordered = x.sort(dim=1, descending=True)
    largest = x.topk(2, dim=1)
    rows = {
        "sort(descending).values": (ordered.values, [[3, 2, 1], [5, 0, 0]]),
        "sort(descending).indices": (ordered.indices[0], [0, 2, 1]),
        "sort(dim=0).values": (x.sort(dim=0).values, [[0, 1, 0], [3, 5, 2]]),
        "argsort": (x[0].argsort(), [1, 2, 0]),
        "topk(2).values": (largest.values, [[3, 2], [5, 0]]),
        "topk(2).indices": (largest.indices[0], [0, 2]),
        "topk(1, largest=False)": (x.topk(1, largest=False).values, [[1], [0]]),
        "unique": (x.unique(), [0, 1, 2, 3, 5]),
        "nonzero": (x.nonzero(), [[0, 0], [0, 1], [0, 2], [1, 1]]),
        "masked_select": (x.masked_select(x > 1), [3, 2, 5]),
        "one_hot": (tt.functional.one_hot(tt.tensor([2, 0]), 3), [[0, 0, 1], [1, 0, 0]]),
    }
    _table(rows, "pairs of values and int64 indices, as for max")
    _raises(RuntimeError, lambda: x.topk(4), "topk(4) of length 3", "there aren't that many")


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
    batch = np.stack([b, 2 * b])
    rows = {
        "mv": (tt.mv(x, x[0]), a @ a[0]),
        "dot": (tt.dot(x[0], x[1]), a[0] @ a[1]),
        "bmm": (tt.bmm(tt.tensor(batch).mT, tt.tensor(batch)), batch.swapaxes(1, 2) @ batch),
        "addmm": (tt.addmm(tt.ones(4, dtype=tt.float64), x, y, beta=2, alpha=3), 2 + 3 * a @ b),
        "x.matmul(y)": (x.matmul(y), a @ b),
        "x.mm(y)": (x.mm(y), a @ b),
        "x.mv(v)": (x.mv(x[1]), a @ a[1]),
        "v.dot(v)": (x[0].dot(x[0]), a[0] @ a[0]),
        "v.outer(w)": (x[0].outer(y[0]), np.outer(a[0], b[0])),
        "integers": (tt.tensor([[1, 2]]) @ tt.tensor([[3], [4]]), [[11]]),
    }
    _table(rows, "a matrix product for special shapes")


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
    y = tt.tensor([4.0, -9.0])
    memory = y.detach()
    y.abs_().sqrt_().mul_(2).div_(4).sub_(0.5).pow_(2).neg_().clamp_(min=-0.5).exp_()
    _near(memory, np.exp([-0.25, -0.5]), "a chain of methods that end in _", "every one works in the memory")


def check_history_is_recorded() -> None:
    """Record operations on tensors that require a gradient, and nothing else; walking back comes later."""
    x = tt.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    for what, got, expected in [
        ("x.is_leaf", x.is_leaf, True),
        ("y.is_leaf", y.is_leaf, False),
        ("y.requires_grad", y.requires_grad, True),
        ("y.grad_fn", repr(y.grad_fn)[:4], "<Mul"),
        ("(x > 1).requires_grad", (x > 1).requires_grad, False),
        ("y.detach().requires_grad", y.detach().requires_grad, False),
        ("y.data.grad_fn", y.data.grad_fn, None),
        ("(x.detach() * 2).grad_fn", (x.detach() * 2).grad_fn, None),
    ]:
        _equal(got, expected, what, "a result of a recorded operation knows its node, unlike a leaf")
    _raises(RuntimeError, lambda: y.numpy(), "numpy() of a recorded result", "NumPy couldn't follow: refuse")
    _raises(
        RuntimeError, lambda: x.add_(1), "a leaf, changed in place", "its old value would be lost: refuse"
    )
    _raises(RuntimeError, lambda: tt.arange(2).requires_grad_(), "integers with gradients", "floats only")
    base = tt.zeros(2)
    part = base[:1]
    part.add_(x[:1])
    _equal(
        base.requires_grad, True, "base.requires_grad after a change of its view", "tell the base's history"
    )
    y.detach_()
    _equal((y.is_leaf, y.requires_grad), (True, False), "y after detach_()", "it has forgotten its history")


def check_tensors_talk_to_python() -> None:
    """Answer Python's len, iter, in, float, int, index, bool, format and NumPy's asarray, and print."""
    x = tt.tensor([[1, 2], [3, 4]])
    for what, got, expected in [
        ("len(x)", len(x), 2),
        ("list(x)", [row.tolist() for row in x], [[1, 2], [3, 4]]),
        ("3 in x", 3 in x, True),
        ("float(x[0, 1])", float(x[0, 1]), 2.0),
        ("int(tensor(2.7))", int(tt.tensor(2.7)), 2),
        ("'abcd'[x[0, 1]]", "abcd"[x[0, 1]], "c"),
        ("bool(tensor(0.0))", bool(tt.tensor(0.0)), False),
        ("f'{tensor(1.234):.1f}'", f"{tt.tensor(1.234):.1f}", "1.2"),
        ("np.asarray(x)", np.asarray(x).tolist(), [[1, 2], [3, 4]]),
        ("x.size(1)", x.size(1), 2),
        ("x.dim(), x.ndim", (x.dim(), x.ndim), (2, 2)),
        ("x.numel(), numel(x)", (x.numel(), tt.numel(x)), (4, 4)),
        ("x.nbytes, x.itemsize, x.element_size()", (x.nbytes, x.itemsize, x.element_size()), (32, 8, 8)),
        ("x.is_floating_point()", x.is_floating_point(), False),
    ]:
        _equal(got, expected, what, "Python's protocols, by the methods with two underscores")
    _raises(TypeError, lambda: len(tt.tensor(1)), "len() of a 0-d tensor", "it has no dimension")
    _raises(RuntimeError, lambda: x.item(), "item() of four elements", "one element only")
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
