"""Embeddings: looking up, the gradient that touches only the rows used, and the errors."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tinytorch.core import SGD, Parameter, from_numpy, int32, manual_seed, randn, tensor, zeros
from tinytorch.language import Embedding
from tinytorch.language.functional import embedding


def dense_gradient(rows, ids, g):
    total = np.zeros((rows, g.shape[-1]))
    np.add.at(total, ids.reshape(-1), g.reshape(-1, g.shape[-1]))
    return total


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_the_gradient_is_the_sum_over_equal_ids(data):
    rows = data.draw(st.integers(1, 12))
    ids = np.array(data.draw(st.lists(st.integers(0, rows - 1), max_size=80)), np.int64)
    padding = data.draw(st.none() | st.integers(-rows, rows - 1))
    weight = from_numpy(np.random.default_rng(rows).standard_normal((rows, 3))).requires_grad_()
    g = np.random.default_rng(len(ids)).standard_normal((len(ids), 3))
    out = embedding(from_numpy(ids), weight, padding_idx=padding)
    assert np.array_equal(out.detach().numpy(), weight.detach().numpy()[ids])
    out.backward(from_numpy(g))
    wanted = dense_gradient(rows, ids, g)
    if padding is not None:
        wanted[padding] = 0
    np.testing.assert_allclose(weight.grad.numpy(), wanted, atol=1e-12)


def test_gradients_are_divided_by_how_often_an_id_occurs():
    weight = zeros(4, 2).requires_grad_()
    ids = tensor([1, 1, 1, 3] + [2] * 20)
    embedding(ids, weight, scale_grad_by_freq=True).sum().backward()
    assert weight.grad.tolist() == [[0, 0], [1, 1], [1, 1], [1, 1]]


def test_the_backward_pass_of_a_tied_table_allocates_only_what_is_used():
    """The output layer's gradient is dense and comes first; the embedding adds its rows to it."""
    table = Parameter(randn(20_000, 64))
    ids = tensor(np.arange(0, 20_000, 500))
    x = embedding(ids, table)
    loss = (table * 2).sum() + (x * x).sum()
    tracemalloc.start()
    loss.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    dense = table.array.nbytes
    # mul's and sum's gradients are dense; one more array of that size would be the embedding's own
    assert peak < 3.5 * dense
    wanted = np.full((20_000, 64), 2.0, np.float32)
    wanted[ids.numpy()] += 2 * table.detach().numpy()[ids.numpy()]
    np.testing.assert_allclose(table.grad.numpy(), wanted, rtol=1e-6)


@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3, 4)])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_ids_may_have_any_shape(shape, dtype):
    layer = Embedding(5, 7)
    ids = np.random.default_rng(0).integers(0, 5, shape).astype(dtype)
    assert layer(tensor(ids)).shape == (*shape, 7)


@pytest.mark.parametrize("wrong", [-1, 10, 2**40, -(2**40)])
def test_an_id_outside_the_table_is_named(wrong):
    with pytest.raises(IndexError, match=rf"id {wrong}, .*num_embeddings=10"):
        Embedding(10, 3)(tensor([0, wrong, 9]))


def test_an_empty_table_has_no_ids():
    with pytest.raises(IndexError, match="num_embeddings=0"):
        Embedding(0, 3)(tensor([0]))
    assert Embedding(0, 3)(tensor(np.zeros(0, np.int64))).shape == (0, 3)


@pytest.mark.parametrize("dtype", ["float32", "bool", "uint8", "int16", "int8"])
def test_ids_must_be_int64_or_int32(dtype):
    with pytest.raises(RuntimeError, match=dtype):
        Embedding(10, 3)(zeros(2, dtype=dtype))


def test_wrong_arguments():
    with pytest.raises(TypeError, match="'input' must be a Tensor"):
        embedding([1, 2], zeros(3, 2))
    with pytest.raises(RuntimeError, match="2-D"):
        embedding(tensor([1]), zeros(3))
    for padding in (10, -11):
        with pytest.raises(AssertionError, match=str(padding)):
            Embedding(10, 3, padding_idx=padding)
    with pytest.raises(AssertionError, match=r"\(3, 10\)"):
        Embedding(10, 3, _weight=zeros(3, 10))
    with pytest.raises(AssertionError, match="2-dimensional"):
        Embedding.from_pretrained(zeros(3))
    with pytest.raises(TypeError, match="padding_idx"):
        embedding(tensor([1]), zeros(3, 2), padding_idx=1.0)


def test_padding_starts_at_zero_and_stays_there():
    layer = Embedding(5, 3, padding_idx=-1)
    assert layer.padding_idx == 4
    assert layer.weight[4].tolist() == [0, 0, 0]
    layer(tensor([[0, 4], [4, 1]])).sum().backward()
    SGD(layer.parameters(), lr=1.0).step()
    assert layer.weight[4].tolist() == [0, 0, 0]
    assert (layer.weight.grad[:2] == 1).all()


def test_from_pretrained_shares_memory_and_freezes():
    table = randn(4, 2)
    frozen = Embedding.from_pretrained(table)
    assert not frozen.weight.requires_grad
    assert np.shares_memory(frozen.weight.detach().numpy(), table.numpy())
    learning = Embedding.from_pretrained(table, freeze=False, padding_idx=0)
    assert learning.weight.requires_grad
    assert learning.padding_idx == 0
    assert np.array_equal(learning(tensor([2])).detach().numpy(), table.numpy()[[2]])


def test_max_norm_shortens_rows_that_are_used_alone():
    manual_seed(0)
    layer = Embedding(6, 8, max_norm=1.0)
    before = layer.weight.detach().numpy().copy()
    layer(tensor([1, 3, 3]))
    after = layer.weight.detach().numpy()
    np.testing.assert_allclose(np.linalg.norm(after[[1, 3]], axis=1), 1, rtol=1e-5)
    assert np.array_equal(after[[0, 2, 4, 5]], before[[0, 2, 4, 5]])


def test_max_norm_changes_the_table_in_place_and_backward_knows():
    layer = Embedding(6, 8, max_norm=0.5)
    loss = (layer.weight * layer.weight).sum()
    layer(tensor([1]))
    with pytest.raises(RuntimeError, match="modified by an"):
        loss.backward()


def test_repr_and_state():
    layer = Embedding(10, 3, padding_idx=2, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)
    wanted = "Embedding(10, 3, padding_idx=2, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)"
    assert repr(layer) == wanted
    assert list(layer.state_dict()) == ["weight"]
    assert Embedding(3, 2, dtype="float64").weight.dtype == np.float64
    assert layer(tensor([1], dtype=int32)).requires_grad
