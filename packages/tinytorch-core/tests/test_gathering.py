"""Picking, placing and ordering along a dimension: values against NumPy, gradients, bad arguments."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import (
    arange,
    argsort,
    float16,
    float64,
    functional,
    gather,
    index_add,
    index_select,
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
    assert zeros(3).scatter_(0, tensor([1]), value=5).tolist() == [0.0, 5.0, 0.0]
    assert zeros(3).scatter(0, tensor([1]), value=5).tolist() == [0.0, 5.0, 0.0]
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


@settings(deadline=None)
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
    w = tensor([1.0, 2.0, 1.0], requires_grad=True)
    values, inverse = unique(w, return_inverse=True)
    assert not inverse.requires_grad
    with pytest.raises(NotImplementedError, match="derivative of unique"):
        values.sum().backward()


@settings(deadline=None)
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
