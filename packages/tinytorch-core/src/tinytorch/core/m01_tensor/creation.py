"""Making tensors: from Python's numbers, from NumPy, or filled with a pattern."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .convert import as_array, as_size, checked
from .dtypes import as_dtype, get_default_dtype, scalar_dtype
from .tensor import Tensor, wrap

Size = Any  # an int, several ints, or one sequence of ints


# From data


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Copy numbers into a new tensor.

    Python's floats become the default dtype, ints int64 and bools bool; NumPy's numbers and arrays and
    Tensors keep their dtype.

    Args:
        data: a number, nested sequences of numbers (0-d Tensors count), a NumPy array or a Tensor.
        dtype: the dtype to convert to.
        requires_grad: whether operations with the tensor are recorded.

    Raises:
        ValueError: nested sequences of different lengths, text in a sequence, an int beyond int64.
        TypeError: text, or numbers and sequences side by side.
        RuntimeError: `None` and other things that aren't numbers, or values that the dtype can't hold.

    Examples:
        >>> tt.tensor([[1, 2], [3, 4]])
        tensor([[1, 2],
                [3, 4]])
        >>> tt.tensor([0.5, 1.5]).dtype
        dtype('float32')

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html
    """
    return _finish(as_array(data, dtype), requires_grad)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """Make a tensor of the data, without a copy if it is a Tensor or a NumPy array of that dtype."""
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype == as_dtype(dtype) else data.to(dtype)
    if isinstance(data, np.ndarray):
        array = checked(data)
        return wrap(array if dtype is None else array.astype(as_dtype(dtype), copy=False))
    return tensor(data, dtype=dtype)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """Make a tensor that shares the memory of a NumPy array: a change of one is seen in the other.

    A read-only array gives a tensor that can't be changed in place.

    Raises:
        TypeError: not a NumPy array, or one of a dtype that tensors don't have.
        ValueError: the array's bytes are in the order of another machine.

    Examples:
        >>> x = tt.from_numpy(np.arange(3))
        >>> x += 1
        >>> x
        tensor([1, 2, 3])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if not ndarray.dtype.isnative:
        raise ValueError(
            "the array's byte order isn't this machine's, so its memory can't be shared; "
            "use tensor(array), which copies"
        )
    return wrap(checked(ndarray))


# Filled with a pattern


def empty(*sizes: Size, size: Size = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor whose values are whatever was in the memory."""
    return _finish(np.empty(as_size(sizes, "empty", size), _dtype(dtype)), requires_grad)


def zeros(*sizes: Size, size: Size = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of zeros: `zeros(2, 3)`, `zeros((2, 3))` or `zeros(size=(2, 3))`.

    Raises:
        TypeError: the size isn't made of ints.
        RuntimeError: a negative length, or an integer dtype with `requires_grad`.

    Examples:
        >>> tt.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]])
    """
    return _finish(np.zeros(as_size(sizes, "zeros", size), _dtype(dtype)), requires_grad)


def ones(*sizes: Size, size: Size = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of ones; for the size and errors see `zeros`.

    Examples:
        >>> tt.ones(3, dtype=tt.int64)
        tensor([1, 1, 1])
    """
    return _finish(np.ones(as_size(sizes, "ones", size), _dtype(dtype)), requires_grad)


def full(size: Size, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of one value, with that value's dtype unless another is given.

    Raises:
        TypeError: `size` isn't a sequence of ints, or `fill_value` isn't a number.
        RuntimeError: the dtype can't hold the value.

    Examples:
        >>> tt.full((2, 2), 7)
        tensor([[7, 7],
                [7, 7]])
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' must be tuple of ints, not {type(size).__name__}")
    value = _number(fill_value, "full", "fill_value")
    target = scalar_dtype(value) if dtype is None else as_dtype(dtype)
    return _finish(np.full(as_size((size,), "full"), as_array(value, target), target), requires_grad)


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return the numbers from `start` up to, but without, `end` in steps: shape (ceil((end-start)/step),).

    `arange(end)` starts at 0. Without a dtype, ints give int64 and floats the default dtype.

    Raises:
        RuntimeError: the step is 0 or leads away from `end`, or a bound isn't finite.

    Examples:
        >>> tt.arange(5)
        tensor([0, 1, 2, 3, 4])
        >>> tt.arange(1, 2, 0.25)
        tensor([1.0000, 1.2500, 1.5000, 1.7500])
    """
    if end is None:
        start, end = None, start
    start = 0 if start is None else start
    start, end, step = (
        _number(x, "arange", name) for x, name in ((start, "start"), (end, "end"), (step, "step"))
    )
    integral = not any(isinstance(x, float) for x in (start, end, step))
    target = (np.dtype(np.int64) if integral else get_default_dtype()) if dtype is None else as_dtype(dtype)
    if target.kind == "b":
        raise NotImplementedError("arange() isn't implemented for bool")
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(f"upper bound and lower bound inconsistent with step sign: {start}, {end}, {step}")
    if integral:
        return _finish(np.arange(start, end, step, dtype=np.int64).astype(target, copy=False), requires_grad)
    count = math.ceil((end - start) / step)
    return _finish((start + step * np.arange(count, dtype=np.float64)).astype(target), requires_grad)


def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return `steps` numbers evenly spaced from `start` to `end`, both included.

    Raises:
        RuntimeError: `steps` is negative.

    Examples:
        >>> tt.linspace(0, 1, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    start, end = _number(start, "linspace", "start"), _number(end, "linspace", "end")
    (steps,) = as_size((steps,), "linspace")
    values = np.linspace(float(start), float(end), steps)
    return _finish(values.astype(_dtype(dtype)), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a matrix of shape (n, m), or (n, n), with ones on the diagonal and zeros elsewhere.

    Examples:
        >>> tt.eye(2)
        tensor([[1., 0.],
                [0., 1.]])
    """
    rows, columns = as_size((n, n if m is None else m), "eye")
    return _finish(np.eye(rows, columns, dtype=_dtype(dtype)), requires_grad)


# Shaped like another tensor


def empty_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of `input` with whatever was in the memory."""
    return _finish(np.empty_like(_like(input, "empty_like"), _dtype_of(input, dtype)), requires_grad)


def zeros_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the shape and dtype of `input`.

    Examples:
        >>> tt.zeros_like(tt.tensor([1, 2, 3]))
        tensor([0, 0, 0])
    """
    return _finish(np.zeros_like(_like(input, "zeros_like"), _dtype_of(input, dtype)), requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the shape and dtype of `input`."""
    return _finish(np.ones_like(_like(input, "ones_like"), _dtype_of(input, dtype)), requires_grad)


def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of `input`, filled with one value."""
    shape = _like(input, "full_like").shape
    return full(shape, fill_value, dtype=_dtype_of(input, dtype), requires_grad=requires_grad)


def _finish(array: np.ndarray, requires_grad: bool) -> Tensor:
    result = wrap(array)
    if requires_grad.__class__ is not bool:
        raise TypeError(f"argument 'requires_grad' must be bool, not {type(requires_grad).__name__}")
    return result.requires_grad_() if requires_grad else result


def _dtype(dtype: Any) -> np.dtype[Any]:
    return get_default_dtype() if dtype is None else as_dtype(dtype)


def _dtype_of(input: Tensor, dtype: Any) -> np.dtype[Any]:
    return input.array.dtype if dtype is None else as_dtype(dtype)


def _like(input: Any, name: str) -> np.ndarray:
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")
    return input.array


def _number(x: Any, name: str, argument: str) -> Any:
    """Return `x`, which may be a 0-d Tensor or a NumPy number, as a Python number."""
    if isinstance(x, (Tensor, np.ndarray)) and x.ndim == 0:
        return x.item()
    if isinstance(x, np.generic):
        x = x.item()
    if not isinstance(x, (bool, int, float)):
        raise TypeError(f"{name}(): argument '{argument}' must be a number, not {type(x).__name__}")
    return x
