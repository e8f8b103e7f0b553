"""Shapes: values against NumPy, memory shared or not, gradients by `gradcheck`, and bad arguments."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import (
    Tensor,
    arange,
    cat,
    chunk,
    concat,
    diag,
    flatten,
    float32,
    float64,
    from_numpy,
    gradcheck,
    int64,
    meshgrid,
    numel,
    ones,
    split,
    stack,
    tensor,
    tile,
    uint8,
    unflatten,
    zeros,
)
from tinytorch.core.functional import pad

X = np.arange(24.0).reshape(2, 3, 4)

VIEWS = {
    "reshape": (lambda x: x.reshape(4, 6), lambda a: a.reshape(4, 6)),
    "reshape -1": (lambda x: x.reshape((2, -1)), lambda a: a.reshape(2, -1)),
    "view": (lambda x: x.view(6, 4), lambda a: a.reshape(6, 4)),
    "view_as": (lambda x: x.view_as(zeros(6, 4)), lambda a: a.reshape(6, 4)),
    "reshape_as": (lambda x: x.reshape_as(zeros(12, 2)), lambda a: a.reshape(12, 2)),
    "flatten": (lambda x: x.flatten(), np.ravel),
    "flatten 1": (lambda x: x.flatten(1), lambda a: a.reshape(2, 12)),
    "flatten 0 1": (lambda x: flatten(x, 0, 1), lambda a: a.reshape(6, 4)),
    "unflatten": (lambda x: x.unflatten(-1, (2, -1)), lambda a: a.reshape(2, 3, 2, 2)),
    "permute": (lambda x: x.permute(2, 0, -2), lambda a: a.transpose(2, 0, 1)),
    "transpose": (lambda x: x.transpose(0, -1), lambda a: a.swapaxes(0, 2)),
    "T": (lambda x: x.T, lambda a: a.T),
    "mT": (lambda x: x.mT, lambda a: a.swapaxes(1, 2)),
    "t": (lambda x: x[0].t(), lambda a: a[0].T),
    "movedim": (lambda x: x.movedim(0, -1), lambda a: np.moveaxis(a, 0, -1)),
    "movedims": (lambda x: x.movedim((0, 1), (2, 0)), lambda a: np.moveaxis(a, (0, 1), (2, 0))),
    "unsqueeze": (lambda x: x.unsqueeze(-2), lambda a: a[:, :, None]),
    "squeeze": (lambda x: x[:, :1].squeeze(), lambda a: a[:, 0]),
    "squeeze 1": (lambda x: x[:1, :1].squeeze(1), lambda a: a[:1, 0]),
    "squeeze none": (lambda x: x.squeeze(1), lambda a: a),
    "squeeze (0, 1)": (lambda x: x[:1].squeeze((0, 1)), lambda a: a[0]),
    "expand": (lambda x: x[:, :1].expand(-1, 5, 4), lambda a: np.broadcast_to(a[:, :1], (2, 5, 4))),
    "expand new": (lambda x: x.expand(2, *x.shape), lambda a: np.broadcast_to(a, (2, 2, 3, 4))),
    "expand_as": (lambda x: x[0].expand_as(x), lambda a: np.broadcast_to(a[0], (2, 3, 4))),
    "broadcast_to": (lambda x: x[0].broadcast_to((2, 3, 4)), lambda a: np.broadcast_to(a[0], (2, 3, 4))),
    "diagonal": (lambda x: x.diagonal(1, 1, 2), lambda a: a.diagonal(1, 1, 2)),
    "narrow": (lambda x: x.narrow(-1, 1, 2), lambda a: a[..., 1:3]),
    "select": (lambda x: x.select(1, -1), lambda a: a[:, -1]),
    "contiguous": (lambda x: x.contiguous(), lambda a: a),
    "split": (lambda x: x.split(2, -1)[1], lambda a: a[..., 2:]),
    "chunk": (lambda x: x.chunk(2, 1)[1], lambda a: a[:, 2:]),
    "unbind": (lambda x: x.unbind(1)[2], lambda a: a[:, 2]),
}
COPIES = {
    "clone": (lambda x: x.clone(), lambda a: a),
    "repeat": (lambda x: x.repeat(2, 1, 2), lambda a: np.tile(a, (2, 1, 2))),
    "repeat new": (lambda x: x.repeat(2, 1, 1, 1), lambda a: np.tile(a, (2, 1, 1, 1))),
    "tile": (lambda x: x.tile(2), lambda a: np.tile(a, 2)),
    "tile longer": (lambda x: tile(x, (2, 1, 1, 2)), lambda a: np.tile(a, (2, 1, 1, 2))),
    "roll": (lambda x: x.roll(5), lambda a: np.roll(a, 5)),
    "roll dims": (lambda x: x.roll((1, -1), (0, 2)), lambda a: np.roll(a, (1, -1), (0, 2))),
    "flip": (lambda x: x.flip(0, -1), lambda a: np.flip(a, (0, 2))),
    "tril": (lambda x: x.tril(-1), lambda a: np.tril(a, -1)),
    "triu": (lambda x: x.triu(1), lambda a: np.triu(a, 1)),
    "diag": (lambda x: diag(x[0], 1), lambda a: np.diag(a[0], 1)),
    "diag of vector": (lambda x: x[0, 0].diag(-1), lambda a: np.diag(a[0, 0], -1)),
    "contiguous": (lambda x: x.T.contiguous(), lambda a: a.T),
    "reshape": (lambda x: x.T.reshape(-1), lambda a: a.T.reshape(-1)),
    "cat": (lambda x: cat([x, x[:, :1]], 1), lambda a: np.concatenate([a, a[:, :1]], 1)),
    "cat with empty": (lambda x: concat([x, zeros(0), x], dim=-1), lambda a: np.concatenate([a, a], -1)),
    "stack": (lambda x: stack((x, x * 2), -1), lambda a: np.stack([a, a * 2], -1)),
    "pad": (
        lambda x: pad(x, (1, 2, 0, 1), value=3.0),
        lambda a: np.pad(a, ((0, 0), (0, 1), (1, 2)), constant_values=3),
    ),
    "pad negative": (lambda x: pad(x, (-1, 2)), lambda a: np.pad(a[..., 1:], ((0, 0), (0, 0), (0, 2)))),
    "pad reflect": (
        lambda x: pad(x, (3, 1, 1, 2), "reflect"),
        lambda a: np.pad(a, ((0, 0), (1, 2), (3, 1)), "reflect"),
    ),
    "pad replicate": (
        lambda x: pad(x, (5, 1), "replicate"),
        lambda a: np.pad(a, ((0, 0), (0, 0), (5, 1)), "edge"),
    ),
    "pad circular": (
        lambda x: pad(x, (4, 2), "circular"),
        lambda a: np.pad(a, ((0, 0), (0, 0), (4, 2)), "wrap"),
    ),
}
ALL = {**{f"view {k}": v for k, v in VIEWS.items()}, **{f"copy {k}": v for k, v in COPIES.items()}}


@pytest.mark.parametrize(("ours", "numpys"), ALL.values(), ids=ALL)
def test_values_and_gradients(ours, numpys):
    x = tensor(X)
    np.testing.assert_array_equal(ours(x).numpy(), numpys(X))
    np.testing.assert_array_equal(ours(from_numpy(X[::-1, ::-1])).numpy(), numpys(X[::-1, ::-1]))
    gradcheck(ours, (tensor(X / 7, requires_grad=True),))


@pytest.mark.parametrize(("take", "numpys"), VIEWS.values(), ids=VIEWS)
def test_views_share_memory(take, numpys):
    x = tensor(X)
    y = take(x)
    assert np.shares_memory(x.array, y.array)
    x.fill_(5.0)
    assert (y.numpy() == 5).all()


@pytest.mark.parametrize(("make", "numpys"), COPIES.values(), ids=COPIES)
def test_copies_do_not_share_memory(make, numpys):
    x = tensor(X)
    y = make(x)
    assert not np.shares_memory(x.array, y.array)
    assert y.array.flags.writeable


ZERO_D = {
    "reshape": lambda x: x.reshape(1, 1),
    "flatten": lambda x: x.flatten(),
    "transpose": lambda x: x.transpose(0, -1),
    "permute": lambda x: x.permute(()),
    "T": lambda x: x.T,
    "t": lambda x: x.t(),
    "mT": lambda x: x.mT,
    "movedim": lambda x: x.movedim(0, -1),
    "squeeze": lambda x: x.squeeze(0),
    "unsqueeze": lambda x: x.unsqueeze(-1),
    "expand": lambda x: x.expand(2, 3),
    "unflatten": lambda x: x.reshape(1).unflatten(0, (1, 1)),
    "repeat": lambda x: x.repeat(3),
    "roll": lambda x: x.roll(1),
    "flip": lambda x: x.flip(0),
    "stack": lambda x: stack([x, x]),
    "clone": lambda x: x.clone(),
}


@pytest.mark.parametrize("f", ZERO_D.values(), ids=ZERO_D)
def test_zero_dimensional(f):
    x = tensor(2.5, dtype=float64, requires_grad=True)
    y = f(x)
    assert set(y.reshape(-1).tolist()) == {2.5}
    y.sum().backward()
    assert x.grad.item() == y.numel()


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 3)])
def test_zero_size(shape):
    x = zeros(*shape, dtype=float64, requires_grad=True)
    n = len(shape)
    results = [
        x.reshape(-1, 3) if 3 in shape else x.reshape(0),
        x.flatten(),
        x.T,
        x.unsqueeze(0),
        x.squeeze(),
        x.expand(2, *shape),
        x.repeat(*[2] * n),
        x.roll(1, 0),
        x.flip(0),
        cat([x, x]),
        stack([x, x]),
        pad(x, (0, 0) * n),
    ]
    assert all(y.numel() == 0 for y in results)
    sum(y.sum() for y in results).backward()
    assert x.grad.shape == shape


@settings(deadline=None)
@given(hnp.array_shapes(max_dims=4, min_side=0, max_side=4), st.data())
def test_random_permutations_and_reshapes(shape, data):
    array = np.arange(float(np.prod(shape))).reshape(shape)
    x = tensor(array, requires_grad=True)
    order = data.draw(st.permutations(range(len(shape))))
    y = x.permute(*order)
    np.testing.assert_array_equal(y.detach().numpy(), array.transpose(order))
    z = y.reshape(-1)
    np.testing.assert_array_equal(z.detach().numpy(), array.transpose(order).reshape(-1))
    weights = np.arange(float(array.size))
    z.backward(tensor(weights))
    moved = weights.reshape([shape[i] for i in order]).transpose(np.argsort(order))
    np.testing.assert_array_equal(x.grad.numpy(), moved)


@settings(deadline=None)
@given(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5), st.integers(1, 6), st.data())
def test_splitting_and_joining_are_inverse(shape, size, data):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = tensor(np.arange(float(np.prod(shape))).reshape(shape))
    for pieces in (split(x, size, dim), chunk(x, size, dim), x.split([shape[dim], 0], dim)):
        assert isinstance(pieces, tuple)
        assert cat(pieces, dim).tolist() == x.tolist()
    assert len(chunk(x, size, dim)) <= size
    if shape[dim]:
        assert stack(x.unbind(dim), dim).tolist() == x.tolist()


def test_results_of_splitting():
    x = arange(5)
    assert [p.tolist() for p in split(x, 2)] == [[0, 1], [2, 3], [4]]
    assert [p.tolist() for p in x.split([1, 4])] == [[0], [1, 2, 3, 4]]
    assert [p.tolist() for p in chunk(x, 4)] == [[0, 1], [2, 3], [4]]
    assert len(chunk(zeros(0), 3)) == 3
    assert zeros(0, 3).unbind() == ()
    assert [row.tolist() for row in arange(4).reshape(2, 2)] == [[0, 1], [2, 3]]


def test_gradients_of_pieces_are_added_up():
    x = tensor(X, requires_grad=True)
    doubled = x * 2
    pieces = [*doubled.unbind(0), *doubled.split(1, -1), doubled[0, 0, 0], doubled[1:], doubled[:, [0, 0]]]
    total = sum(p.sum() for p in pieces) + doubled.sum() + x.select(0, 1).sum() + x[..., 0].sum()
    total.backward()
    counts = np.full(X.shape, 2.0 * 3)  # of unbind, split and the whole
    counts[0, 0, 0] += 2
    counts[1:] += 2
    counts[:, 0] += 4
    counts[1] += 1
    counts[..., 0] += 1
    np.testing.assert_array_equal(x.grad.numpy(), counts)
    number = tensor(3.0, dtype=float64, requires_grad=True)
    (number[...] + number[...] * 2 + number).backward()
    assert number.grad.item() == 4


def test_dtypes_of_joined_tensors():
    assert cat([zeros(1), zeros(1, dtype=int64)]).dtype == float32
    assert cat([zeros(1), zeros(0, dtype=float64)]).dtype == float64
    assert stack([zeros(1, dtype=int64), tensor([True])]).dtype == int64


def test_meshgrid():
    a, b = tensor([1.0, 2.0]), tensor([3.0, 4.0, 5.0])
    for indexing in ("ij", "xy"):
        ours = meshgrid(a, b, indexing=indexing)
        expected = np.meshgrid(a.numpy(), b.numpy(), indexing=indexing)
        for x, y in zip(ours, expected):
            np.testing.assert_array_equal(x.numpy(), y)
    assert meshgrid([a, b])[0].shape == (2, 3)
    assert meshgrid(a, tensor(1.0))[1].shape == (2, 1)
    for args, kwargs, text in [
        ((a, ones(2, 2)), {}, "1-D"),
        ((a, arange(2)), {}, "same dtype"),
        ((), {}, "non-empty"),
        ((a,), {"indexing": "no"}, "indexing must be"),
    ]:
        with pytest.raises(RuntimeError, match=text):
            meshgrid(*args, **kwargs)


def test_small_things():
    x = tensor(X)
    assert numel(x) == x.numel() == 24
    assert x.contiguous() is x
    assert x.flatten(1, 1) is x
    assert x.T.contiguous().is_contiguous()
    assert unflatten(zeros(0, 3), 0, (0, 2)).shape == (0, 2, 3)
    assert x.reshape(tensor(24)).shape == (24,)
    assert x.diagonal().shape == (4, 2)
    assert zeros(3, 3).diagonal(10).shape == (0,)
    with pytest.raises(TypeError, match="must be Tensor, not list"):
        numel([1])


def x3() -> Tensor:
    return tensor(X)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: x3().reshape(5, 5), RuntimeError, r"shape '\[5, 5\]' is invalid for input of size 24"),
        (lambda: x3().reshape(5, -1), RuntimeError, r"'\[5, -1\]' is invalid"),
        (lambda: x3().reshape(-1, -1), RuntimeError, "only one dimension can be inferred"),
        (lambda: x3().reshape(-2), RuntimeError, "invalid shape dimension -2"),
        (lambda: zeros(0).reshape(-1, 0), RuntimeError, "ambiguous"),
        (lambda: x3().reshape(()), RuntimeError, r"shape '\[\]' is invalid"),
        (lambda: x3().reshape(), TypeError, "missing"),
        (lambda: x3().view(), TypeError, "missing"),
        (lambda: x3().reshape("a"), TypeError, "'str' object"),
        (lambda: x3().reshape(2.0, 12), TypeError, "float"),
        (lambda: x3().view(float32), TypeError, "integer"),
        (lambda: x3().transpose(0, 1).view(24), RuntimeError, "view size is not compatible"),
        (lambda: x3().permute(0, 1), RuntimeError, "len.dims. = 2"),
        (lambda: x3().permute(0, 0, 1), RuntimeError, "repeated"),
        (lambda: x3().permute(0, 1, 3), IndexError, r"range of \[-3, 2\], but got 3"),
        (lambda: x3().transpose(0, 3), IndexError, r"range of \[-3, 2\], but got 3"),
        (lambda: tensor(1.0).transpose(0, 1), IndexError, r"range of \[-1, 0\], but got 1"),
        (lambda: x3().t(), RuntimeError, "<= 2 dimensions"),
        (lambda: zeros(3).mT, RuntimeError, "only supported on matrices"),
        (lambda: x3().movedim((0, 1), (2,)), RuntimeError, "same number"),
        (lambda: x3().movedim(0, 5), IndexError, "out of range"),
        (lambda: x3().squeeze(5), IndexError, "out of range"),
        (lambda: x3().squeeze((0, 0)), RuntimeError, "multiple times"),
        (lambda: x3().unsqueeze(5), IndexError, r"range of \[-4, 3\], but got 5"),
        (lambda: zeros(3).expand(2, 4), RuntimeError, r"expanded size of the tensor \(4\) must match"),
        (lambda: zeros(3).expand(-1, 3), RuntimeError, r"\(-1\)"),
        (lambda: zeros(2, 3).expand(3), RuntimeError, "greater or equal"),
        (lambda: x3().flatten(2, 1), RuntimeError, "start_dim cannot come after"),
        (lambda: x3().flatten(0, 5), IndexError, "out of range"),
        (lambda: x3().unflatten(2, (3, -1)), RuntimeError, "don't multiply up"),
        (lambda: x3().unflatten(2, ()), RuntimeError, "don't multiply up"),
        (lambda: x3().repeat(2), RuntimeError, "can not be smaller"),
        (lambda: x3().repeat(1, 1, -1), RuntimeError, "negative"),
        (lambda: tile(x3(), 2), TypeError, "tuple of ints"),
        (lambda: x3().roll((1, 2), 0), RuntimeError, "must align"),
        (lambda: x3().roll(1, 5), IndexError, "out of range"),
        (lambda: x3().flip(0, 0), RuntimeError, "multiple times"),
        (lambda: x3().flip(5), IndexError, "out of range"),
        (lambda: zeros(3).tril(), RuntimeError, "at least 2 dimensions"),
        (lambda: zeros(3).triu(), RuntimeError, "at least 2 dimensions"),
        (lambda: diag(x3()), RuntimeError, "1D or 2D"),
        (lambda: x3().diagonal(0, 1, 1), RuntimeError, "identical"),
        (lambda: zeros(3).diagonal(), IndexError, "out of range"),
        (lambda: cat([]), RuntimeError, "non-empty"),
        (lambda: cat(zeros(2)), TypeError, "list or tuple of Tensors"),
        (lambda: cat([zeros(2), 3]), TypeError, "int"),
        (lambda: cat([zeros(2, 2), zeros(2)]), RuntimeError, "same number of dimensions"),
        (lambda: cat([zeros(2, 2), zeros(2, 3)]), RuntimeError, "except in dimension 0"),
        (lambda: cat([tensor(1.0)]), RuntimeError, "zero-dimensional"),
        (lambda: cat([zeros(2)], 1), IndexError, "out of range"),
        (lambda: stack([zeros(2), zeros(3)]), RuntimeError, r"\[2\] at entry 0 and \[3\] at entry 1"),
        (lambda: stack([zeros(2)], 2), IndexError, "out of range"),
        (lambda: split(zeros(5), [2, 2]), RuntimeError, "sum exactly to 5"),
        (lambda: split(zeros(5), [-1, 6]), RuntimeError, "split_sizes"),
        (lambda: split(zeros(5), 0), RuntimeError, "non-negative"),
        (lambda: split(tensor(1.0), 1), RuntimeError, "at least a 1-dimensional"),
        (lambda: split(zeros(5), 2, 1), IndexError, "out of range"),
        (lambda: chunk(zeros(5), 0), RuntimeError, "greater than 0"),
        (lambda: tensor(1.0).unbind(), IndexError, "0-d"),
        (lambda: x3().narrow(0, 1, 5), RuntimeError, "exceeds dimension size"),
        (lambda: x3().narrow(0, 3, 0), IndexError, "out of range"),
        (lambda: x3().select(1, 5), IndexError, "out of bounds"),
        (lambda: pad(x3(), (1, 2, 3)), RuntimeError, "divisible by 2"),
        (lambda: pad(x3(), (1,) * 8), RuntimeError, "two times the input dimension"),
        (lambda: pad(x3(), (-3, -3)), RuntimeError, "cuts off"),
        (lambda: pad(zeros(3, dtype=uint8), (1, 1), value=-1), RuntimeError, "doesn't fit"),
        (lambda: pad(x3(), (4, 1), "reflect"), RuntimeError, r"padding \(4, 1\) at dimension 2"),
        (lambda: pad(x3(), (5, 1), "circular"), RuntimeError, r"padding \(5, 1\)"),
        (lambda: pad(x3()[0, 0], (1, 1), "reflect"), NotImplementedError, "reflect"),
        (lambda: pad(x3(), (1, 1), "no"), NotImplementedError, "Unrecognised padding mode no"),
        (lambda: pad(x3(), (1, 1), "reflect", 3.0), RuntimeError, "value argument"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_joined_and_softmaxed_tensors_can_be_viewed_whatever_order_they_came_in():
    x = tensor(np.ones((2, 3), np.float32)).T
    assert cat([x, x]).view(-1).shape == (12,)
    assert x.softmax(0).view(-1).shape == (6,)
    assert x.log_softmax(0).view(-1).shape == (6,)
