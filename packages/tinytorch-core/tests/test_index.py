"""Taking and setting parts: random shapes and indices against NumPy, gradients, and bad indices."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import (
    Tensor,
    bool as bool_,
    float32,
    float64,
    from_numpy,
    int8,
    int64,
    ones,
    sort,
    tensor,
    uint8,
    zeros,
)


def take(array: np.ndarray, index: tuple) -> np.ndarray:
    """Take from a NumPy array as PyTorch does: first the view, then the gathering."""
    basic, later = [], []
    for x in index:
        if isinstance(x, np.ndarray):
            basic += [slice(None)] * (x.ndim if x.dtype == bool else 1)
            later.append(x)
        else:
            basic.append(x)
            if x is None or isinstance(x, slice):
                later.append(slice(None))
            elif x is Ellipsis:
                later.append(x)
    return (
        array[tuple(basic)][tuple(later)]
        if any(isinstance(x, np.ndarray) for x in later)
        else array[tuple(basic)]
    )


@st.composite
def shapes_and_indices(draw):
    """Draw a shape and a valid index for it: ints, slices, None, Ellipsis, masks and integer arrays."""
    shape = draw(hnp.array_shapes(max_dims=4, min_side=0, max_side=4))
    index, axis, arrays = [], 0, 0
    common = draw(hnp.array_shapes(max_dims=2, max_side=3))  # to which all integer arrays broadcast
    stop = draw(st.integers(0, len(shape)))
    while axis < stop:
        n = shape[axis]
        kinds = ["slice", "None"] + ["int", "array", "array"] * (n > 0) + ["mask"] * (arrays == 0)
        kind = draw(st.sampled_from(kinds))
        if kind == "None":
            index.append(None)
            continue
        if kind == "slice":
            bound = st.none() | st.integers(-n - 1, n + 1)
            index.append(slice(draw(bound), draw(bound), draw(st.none() | st.integers(1, 3))))
        elif kind == "int":
            index.append(draw(st.integers(-n, n - 1)))
        elif kind == "array":
            own = draw(st.sampled_from([common, common[-1:], (1,)]))
            index.append(draw(hnp.arrays(np.int64, own, elements=st.integers(-n, n - 1))))
            arrays += 1
        else:
            dims = draw(st.integers(1, stop - axis))
            index.append(draw(hnp.arrays(np.bool_, shape[axis : axis + dims])))
            arrays += 10  # a second array would have to broadcast with as many as are true
            axis += dims - 1
        axis += 1
        if arrays >= 10:
            stop = min(stop, axis)
    if draw(st.booleans()):
        index.append(...)
    return shape, tuple(index)


def as_tensors(index: tuple, draw_list: bool = False) -> tuple:
    return tuple(
        (x.tolist() if draw_list and x.size else tensor(x)) if isinstance(x, np.ndarray) else x for x in index
    )


@settings(max_examples=300, deadline=None)
@given(shapes_and_indices(), st.booleans())
def test_getitem_agrees_with_numpy(case, as_lists):
    shape, index = case
    array = np.arange(float(np.prod(shape))).reshape(shape)
    x = tensor(array, requires_grad=True)
    expected = take(array, index)
    item = as_tensors(index, as_lists)
    y = x[item[0] if len(item) == 1 and not as_lists else item]
    np.testing.assert_array_equal(y.detach().numpy(), expected)
    if not any(isinstance(i, np.ndarray) for i in index) and y.numel():
        assert np.shares_memory(y.array, x.array)

    g = np.cos(np.arange(float(expected.size))).reshape(expected.shape)
    y.backward(tensor(g))
    sums = np.bincount(expected.ravel().astype(int), g.ravel(), minlength=array.size)
    np.testing.assert_allclose(x.grad.numpy(), sums.reshape(shape), atol=1e-12)


@settings(max_examples=300, deadline=None)
@given(shapes_and_indices(), st.data())
def test_setitem_agrees_with_numpy(case, data):
    shape, index = case
    places = take(np.arange(int(np.prod(shape))).reshape(shape), index)
    value_shape = tuple(n if data.draw(st.booleans()) else 1 for n in places.shape)
    if data.draw(st.booleans()):
        value_shape = value_shape[data.draw(st.integers(0, len(value_shape))) :]
    value = 100 + np.arange(float(np.prod(value_shape))).reshape(value_shape)
    expected = -np.arange(float(np.prod(shape)))
    expected[places.ravel()] = np.broadcast_to(value, places.shape).ravel()  # the last one stays

    x = tensor(-np.arange(float(np.prod(shape))).reshape(shape), requires_grad=True)
    v = tensor(value, requires_grad=True)
    plain, recorded = x.detach().clone(), x * 1
    plain[as_tensors(index)] = v.detach()
    recorded[as_tensors(index)] = v
    np.testing.assert_array_equal(plain.numpy(), expected.reshape(shape))
    np.testing.assert_array_equal(recorded.detach().numpy(), expected.reshape(shape))

    g = np.cos(np.arange(float(expected.size)))
    recorded.backward(tensor(g.reshape(shape)))
    kept = np.ones(expected.size)
    kept[places.ravel()] = 0
    np.testing.assert_array_equal(x.grad.numpy(), (g * kept).reshape(shape))
    if v.grad is not None:
        writer = np.full(expected.size, -1)
        writer[places.ravel()] = np.broadcast_to(
            np.arange(value.size).reshape(value_shape), places.shape
        ).ravel()
        sums = np.bincount(writer[writer >= 0], g[writer >= 0], minlength=value.size)
        np.testing.assert_allclose(v.grad.numpy(), sums.reshape(value_shape), atol=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays(np.int64, st.integers(0, 40), elements=st.integers(-5, 4)),
    st.sampled_from([(), (1,), (3,), (40,), (5, 9)]),
)
def test_rows_taken_several_times_gather_their_gradients(rows, rest):
    """Short rows, long rows and numbers take different ways to be added up."""
    table = zeros(5, *rest, dtype=float64, requires_grad=True)
    y = table[tensor(rows)]
    g = np.random.default_rng(0).standard_normal(y.shape)
    y.backward(tensor(g))
    expected = np.zeros((5, *rest))
    np.add.at(expected, rows, g)
    np.testing.assert_allclose(table.grad.numpy(), expected, atol=1e-12)
    assert table.grad.dtype == float64


def test_float32_gradients_stay_float32():
    for width in (1, 4, 64):
        table = ones(3, width, requires_grad=True)
        table[[0, 2, 0]].sum().backward()
        assert table.grad.dtype == float32
        assert table.grad[:, 0].tolist() == [2.0, 0.0, 1.0]


def test_pytorchs_order_of_dimensions():
    x = tensor(np.arange(24).reshape(2, 3, 4))
    assert x[0, :, [0, 1]].shape == (3, 2)
    assert x[tensor(0), :, tensor([0, 1])].shape == (3, 2)
    assert x[[0, 1], :, [0, 1]].shape == (2, 3)
    assert x[:, [0, 1], None, [0, 1]].shape == (2, 2, 1)
    assert x[True].shape == (1, 2, 3, 4)
    assert x[False].shape == (0, 2, 3, 4)
    assert x[..., ...].shape == (2, 3, 4)
    assert x[0, True, [1, 2]].shape == (2, 4)
    assert x[range(2)].shape == (2, 3, 4)
    assert x[[]].shape == (0, 3, 4)
    assert x[tensor(1) :].shape == (1, 3, 4)
    assert x[np.int64(1)].shape == (3, 4)
    assert x[np.array([0, 1], dtype=np.int32)].shape == (2, 3, 4)
    assert tensor(3.0)[None].shape == tensor(3.0)[True].shape == (1,)
    assert tensor(3.0)[...].item() == 3.0


def test_values_that_can_be_set():
    x = zeros(3)
    x[0] = 2
    x[1:] = tensor([3, 4])  # a view is converted
    x[[0]] = np.float64(5)
    assert x.tolist() == [5.0, 3.0, 4.0]
    n = zeros(3, dtype=int64)
    n[0] = 2.5
    n[1] = tensor(3.7)
    n[n == 0] = True
    with pytest.raises(RuntimeError, match="overflow"):
        zeros(3, dtype=uint8)[0] = 300
    assert n.tolist() == [2, 3, 1]
    m = zeros(2, 3)
    m[0] = ones(1, 1, 3)
    m[[1]] = tensor([[7.0]])
    assert m.tolist() == [[1.0, 1.0, 1.0], [7.0, 7.0, 7.0]]
    s = tensor(1.0)
    s[...] = 2
    assert s.item() == 2
    s[()] = 3
    assert s.item() == 3


@pytest.mark.parametrize(
    ("index", "value", "error", "text"),
    [
        (0, ones(2), RuntimeError, "shape mismatch"),
        (slice(0, 2), ones(3), RuntimeError, "shape mismatch"),
        ([0, 1], ones(3), RuntimeError, r"value tensor of shape \[3\] .* indexing result of shape \[2\]"),
        ([0, 1], ones(2, dtype=float64), RuntimeError, "source and destination dtypes match"),
        ([0], tensor(2), RuntimeError, "source and destination dtypes match"),
        (tensor([True, False, True]), ones(3), RuntimeError, r"indexing result of shape \[2\]"),
        (0, [1.0], TypeError, "can't assign a list"),
        (0, np.ones(1), TypeError, "can't assign a ndarray"),
        (0, "a", TypeError, "can't assign a str"),
        (0, None, TypeError, "can't assign a NoneType"),
        (5, 1, IndexError, "index 5 is out of bounds for dimension 0 with size 3"),
        ([5], 1, IndexError, "index 5 is out of bounds for dimension 0 with size 3"),
    ],
)
@pytest.mark.parametrize("recorded", [False, True])
def test_values_that_cannot_be_set(index, value, error, text, recorded):
    x = zeros(3, requires_grad=True) * 1 if recorded else zeros(3)
    with pytest.raises(error, match=text):
        x[index] = value
    assert x.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("index", "error", "text"),
    [
        ((0, 0, 0, 0), IndexError, "too many indices for tensor of dimension 3"),
        ((0, 0, 0, [0]), IndexError, "too many indices for tensor of dimension 3"),
        (5, IndexError, "index 5 is out of bounds for dimension 0 with size 2"),
        ((slice(None), -4), IndexError, "index -4 is out of bounds for dimension 1 with size 3"),
        ([5], IndexError, "index 5 is out of bounds for dimension 0 with size 2"),
        (([0, 1], [0, 1, 2]), IndexError, "indexing tensors could not be broadcast together"),
        (slice(None, None, -1), ValueError, "greater than zero"),
        (slice(None, None, 0), ValueError, "greater than zero|cannot be zero"),
        (slice(0, 1.5), TypeError, "slice indices must be integers"),
        (1.0, IndexError, r"valid indices \(got float\)"),
        ({}, IndexError, r"valid indices \(got dict\)"),
        ("a", TypeError, r"valid indices \(got str\)"),
        (tensor(1.0), IndexError, "must be int64, int32 or bool tensors, not float32"),
        ([1.5], IndexError, "not float32"),
        (tensor([1], dtype=uint8), IndexError, "not uint8"),
        (tensor([1], dtype=int8), IndexError, "not int8"),
        (tensor([True, False, True]), IndexError, r"mask \[3\] at index 0 .* tensor \[2, 3, 4\] at index 0"),
        ((0, tensor([True, False])), IndexError, r"mask \[2\] at index 1"),
    ],
)
def test_bad_indices(index, error, text):
    x = zeros(2, 3, 4)
    with pytest.raises(error, match=text):
        x[index]
    with pytest.raises(error, match=text):
        x[index] = 1.0


def test_zero_dimensional_tensors_have_no_parts():
    with pytest.raises(IndexError, match="0-dim tensor"):
        tensor(3.0)[0]
    with pytest.raises(IndexError, match=r"too many|0-dim"):
        tensor(3.0)[[0]]


def test_an_index_that_changed_is_an_error():
    w = ones(3, requires_grad=True)
    index = tensor([0, 1])
    y = w[index].sum()
    index.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_strided_memory():
    array = np.arange(48.0).reshape(6, 8)[::-2, ::2]
    x = from_numpy(array)
    assert isinstance(x, Tensor)
    np.testing.assert_array_equal(x[[0, 2], 1:].numpy(), array[[0, 2], 1:])
    np.testing.assert_array_equal(x[x > 20].numpy(), array[array > 20])
    np.testing.assert_array_equal(sort(x, 0).values.numpy(), np.sort(array, 0))
    x[:, [0, -1]] = tensor([-1.0, -2.0], dtype=float64)
    assert array[:, 0].tolist() == [-1.0] * 3
    assert x[tensor([False, True, False])].dtype == float64
    assert zeros(2, dtype=bool_)[0].item() is False
