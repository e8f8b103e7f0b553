"""Taking and setting parts: random shapes and indices against NumPy, gradients, and bad indices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import (
    Tensor,
    arange,
    argsort,
    float16,
    float32,
    float64,
    from_numpy,
    functional,
    gather,
    index_add,
    index_select,
    int8,
    int32,
    int64,
    masked_select,
    nonzero,
    one_hot,
    ones,
    scatter,
    scatter_add,
    sort,
    take_along_dim,
    tensor,
    topk,
    uint8,
    unique,
    zeros,
)
from tinytorch.core import bool as bool_


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
    with pytest.raises(IndexError, match="too many|0-dim"):
        tensor(3.0)[[0]]


def test_an_index_that_changed_is_an_error():
    w = ones(3, requires_grad=True)
    index = tensor([0, 1])
    y = w[index].sum()
    index.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


# Along one dimension


@st.composite
def along(draw):
    """Draw a shape, a dimension, and an index for gather and scatter."""
    shape = draw(hnp.array_shapes(max_dims=3, max_side=4))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    other = [draw(st.integers(1, n)) for n in shape]
    other[dim] = draw(st.integers(1, 5))
    index = draw(hnp.arrays(np.int64, tuple(other), elements=st.integers(0, shape[dim] - 1)))
    return shape, dim, index


@settings(max_examples=150, deadline=None)
@given(along())
def test_gather_and_scatter(case):
    shape, dim, index = case
    rng = np.random.default_rng(0)
    array, source = rng.standard_normal(shape), rng.standard_normal(index.shape)
    places = np.arange(array.size).reshape(shape)[tuple(map(slice, index.shape[: dim % len(shape)]))]
    cut = [slice(n) for n in index.shape]
    cut[dim] = slice(None)
    places = np.take_along_axis(np.arange(array.size).reshape(shape)[tuple(cut)], index, dim)

    x, s = tensor(array, requires_grad=True), tensor(source, requires_grad=True)
    y = gather(x, dim, tensor(index))
    np.testing.assert_array_equal(y.detach().numpy(), array.reshape(-1)[places])
    y.backward(tensor(source))
    sums = np.bincount(places.ravel(), source.ravel(), minlength=array.size).reshape(shape)
    np.testing.assert_allclose(x.grad.numpy(), sums, atol=1e-12)

    added = scatter_add(x.detach(), dim, tensor(index), s)
    np.testing.assert_allclose(added.detach().numpy(), array + sums, atol=1e-12)
    added.backward(tensor(array))
    np.testing.assert_array_equal(s.grad.numpy(), array.reshape(-1)[places])

    put = array.copy().reshape(-1)
    put[places.ravel()] = source.ravel()
    np.testing.assert_array_equal(
        scatter(x.detach(), dim, tensor(index), s.detach()).numpy(), put.reshape(shape)
    )
    np.testing.assert_array_equal(
        x.detach().clone().scatter_(dim, tensor(index), 2.0).numpy(),
        np.where(np.isin(np.arange(array.size), places), 2.0, array.reshape(-1)).reshape(shape),
    )


def test_scatter_where_several_go_to_one_place():
    src = tensor([1.0, 2.0, 3.0], requires_grad=True)
    out = scatter(zeros(2), 0, tensor([1, 1, 0]), src)
    assert out.tolist() == [3.0, 2.0]
    (out * tensor([10.0, 20.0])).sum().backward()
    assert src.grad.tolist() == [0.0, 20.0, 10.0]


def test_slices_by_index():
    x = tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    y = index_select(x, 1, tensor([2, 0, 2]))
    assert y.tolist() == [[2.0, 0.0, 2.0], [5.0, 3.0, 5.0]]
    y.sum().backward()
    assert x.grad.tolist() == [[1.0, 0.0, 2.0]] * 2
    assert index_select(x, 0, tensor(1, dtype=int32)).tolist() == [[3.0, 4.0, 5.0]]
    z = index_add(zeros(3, 2), 0, tensor([0, 0, 2]), ones(3, 2), alpha=2)
    assert z.tolist() == [[4.0, 4.0], [0.0, 0.0], [2.0, 2.0]]
    assert zeros(3).index_add_(0, tensor([1]), ones(1)).tolist() == [0.0, 1.0, 0.0]
    assert zeros(3).scatter_add_(0, tensor([1, 1]), ones(2)).tolist() == [0.0, 2.0, 0.0]


def test_take_along_dim_undoes_argsort():
    x = tensor(np.random.default_rng(0).standard_normal((3, 4)), requires_grad=True)
    for dim in (0, 1):
        np.testing.assert_array_equal(
            take_along_dim(x, argsort(x, dim), dim).detach().numpy(), np.sort(x.detach().numpy(), dim)
        )
    assert take_along_dim(x, tensor([0, 11])).tolist() == [x[0, 0].item(), x[2, 3].item()]
    assert take_along_dim(x, tensor([[1]]), 1).shape == (3, 1)
    take_along_dim(x, tensor([[1]]), 1).sum().backward()
    assert x.grad.tolist() == [[0.0, 1.0, 0.0, 0.0]] * 3


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: gather(x, 0, tensor([[-1]])), RuntimeError, "index -1 is out of bounds for dimension 0"),
        (
            lambda x: gather(x, 0, tensor([[2]])),
            RuntimeError,
            "index 2 is out of bounds for dimension 0 with size 2",
        ),
        (lambda x: gather(x, 0, tensor([0])), RuntimeError, "same number of dimensions"),
        (
            lambda x: gather(x, 0, zeros(1, 4, dtype=int64)),
            RuntimeError,
            "Size does not match at dimension 1",
        ),
        (lambda x: gather(x, 0, zeros(1, 1)), RuntimeError, "int32 or int64"),
        (lambda x: gather(x, 2, zeros(1, 1, dtype=int64)), IndexError, "Dimension out of range"),
        (lambda x: gather(x, 0, [[0]]), TypeError, "'index' must be a Tensor, not list"),
        (lambda x: scatter(x, 0, tensor([[0]]), tensor([[1]])), RuntimeError, "src.dtype"),
        (lambda x: scatter(x, 0, tensor([[0, 1]]), zeros(1, 1)), RuntimeError, "no larger size than src"),
        (lambda x: scatter(x, 0, tensor([[2]]), 1.0), RuntimeError, "out of bounds"),
        (lambda x: scatter_add(x, 0, tensor([[0]]), 1.0), TypeError, "'src' must be a Tensor, not float"),
        (lambda x: index_select(x, 0, tensor([2])), IndexError, "out of range"),
        (lambda x: index_select(x, 0, tensor([-1])), IndexError, "out of range"),
        (lambda x: index_select(x, 0, tensor([[0]])), IndexError, "vector"),
        (lambda x: index_select(x, 0, tensor([0.0])), RuntimeError, "int32 or int64"),
        (lambda x: index_add(x, 0, tensor([2]), zeros(1, 3)), RuntimeError, "out of bounds"),
        (
            lambda x: index_add(x, 0, tensor([0]), zeros(1, 4)),
            RuntimeError,
            r"need a source of shape \[1, 3\]",
        ),
        (lambda x: index_add(x, 0, tensor([0]), zeros(1, 3, dtype=float64)), RuntimeError, "scalar type"),
        (lambda x: take_along_dim(x, tensor([0]), 0), RuntimeError, "same number of dimensions"),
        (lambda x: take_along_dim(x, zeros(5, 1, dtype=int64), 1), RuntimeError, "don't broadcast"),
        (lambda x: take_along_dim(x, tensor([6])), RuntimeError, "out of bounds"),
        (lambda x: masked_select(x, tensor([1, 0, 1])), RuntimeError, "dtype bool, got int64"),
        (lambda x: masked_select(x, tensor([True, False])), RuntimeError, "can't be broadcast"),
        (lambda x: topk(x, 4), RuntimeError, "k out of range"),
        (lambda x: topk(x, -1), RuntimeError, "k out of range"),
        (lambda x: topk(x > 0, 1), RuntimeError, "bool"),
        (lambda x: topk(x, 1, 2), IndexError, "Dimension out of range"),
        (lambda x: sort(x, 2), IndexError, "Dimension out of range"),
        (lambda x: argsort(x, -3), IndexError, "Dimension out of range"),
        (lambda x: unique(x, dim=2), IndexError, "Dimension out of range"),
        (lambda x: one_hot(x), RuntimeError, "int64, not float32"),
        (lambda x: one_hot(tensor([-1])), RuntimeError, "non-negative"),
        (lambda x: one_hot(tensor([2]), 2), RuntimeError, "smaller than num_classes"),
        (lambda x: one_hot(zeros(0, dtype=int64)), RuntimeError, "empty tensor"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call(zeros(2, 3))


# Order


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(max_dims=3, min_side=0, max_side=40),
        elements=st.sampled_from([0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan]),
    ),
    st.booleans(),
    st.data(),
)
def test_sort_and_topk(array, descending, data):
    dim = data.draw(st.integers(-array.ndim, array.ndim - 1))
    x = tensor(array)
    values, indices = sort(x, dim, descending)
    assert indices.dtype == int64
    expected = np.sort(array, dim)
    if descending:
        expected = np.flip(expected, dim)
    np.testing.assert_array_equal(values.numpy(), expected)
    np.testing.assert_array_equal(np.take_along_axis(array, indices.numpy(), dim), expected)
    along, places = np.moveaxis(values.numpy(), dim, 0), np.moveaxis(indices.numpy(), dim, 0)
    assert (places[1:] > places[:-1])[along[1:] == along[:-1]].all()  # stable
    k = data.draw(st.integers(0, array.shape[dim]))
    best = topk(x, k, dim, largest=descending)
    np.testing.assert_array_equal(best.values.numpy(), expected.take(np.arange(k), dim))
    np.testing.assert_array_equal(np.take_along_axis(array, best.indices.numpy(), dim), best.values.numpy())


def test_sorted_values_carry_gradients():
    x = tensor([3.0, 1.0, 2.0], requires_grad=True)
    (x.sort().values * tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100.0, 1.0, 10.0]
    x.grad = None
    x.topk(2).values.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]
    assert not x.argsort().requires_grad
    assert sort(tensor(3.0)).indices.item() == 0
    assert topk(tensor(3.0), 1).values.item() == 3
    assert sort(tensor([True, False])).values.tolist() == [False, True]
    assert sort(tensor([3, 1], dtype=uint8), descending=True).values.tolist() == [3, 1]
    assert topk(arange(100, dtype=float16), 3).indices.tolist() == [99, 98, 97]


@given(
    hnp.arrays(np.int64, hnp.array_shapes(max_dims=3, min_side=0, max_side=4), elements=st.integers(-3, 3))
)
def test_unique(array):
    values, inverse, counts = unique(tensor(array), return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(values.numpy(), np.unique(array))
    np.testing.assert_array_equal(values.numpy()[inverse.numpy()], array)
    assert counts.sum().item() == array.size
    assert unique(tensor(array)).tolist() == values.tolist()


def test_unique_slices_and_nan():
    x = tensor([[3, 1], [1, 3], [3, 1]])
    rows, inverse, counts = x.unique(return_inverse=True, return_counts=True, dim=0)
    assert rows.tolist() == [[1, 3], [3, 1]]
    assert inverse.tolist() == [1, 0, 1]
    assert counts.tolist() == [1, 2]
    assert unique(tensor([np.nan, 1.0, np.nan])).shape == (3,)


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)))
def test_nonzero_and_masked_select(mask):
    found = nonzero(tensor(mask))
    np.testing.assert_array_equal(found.numpy(), np.argwhere(mask))
    assert found.dtype == int64
    columns = nonzero(tensor(mask), as_tuple=True)
    for ours, theirs in zip(columns, np.nonzero(np.atleast_1d(mask)), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs)
    x = tensor(np.arange(float(mask.size)).reshape(mask.shape), requires_grad=True)
    picked = masked_select(x, tensor(mask))
    np.testing.assert_array_equal(picked.detach().numpy(), x.detach().numpy()[mask].reshape(-1))
    picked.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), mask)


def test_masks_are_broadcast():
    x = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert x.masked_select(tensor([True, False])).tolist() == [1.0, 3.0]
    y = tensor([1.0, 2.0], requires_grad=True).masked_select(x > 2)
    assert y.tolist() == [1.0, 2.0]


def test_one_hot():
    assert one_hot is functional.one_hot
    assert one_hot(tensor([0, 2])).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert one_hot(tensor([[0], [1]]), 3).shape == (2, 1, 3)
    assert one_hot(tensor(1)).tolist() == [0, 1]
    assert one_hot(zeros(0, dtype=int64), 3).shape == (0, 3)
    assert one_hot(tensor([0])).dtype == int64


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
