"""Matrix products: values and shapes against NumPy, gradients, and bad arguments."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tinytorch.core import (
    Tensor,
    addmm,
    bmm,
    dot,
    einsum,
    float16,
    float32,
    float64,
    from_numpy,
    full,
    gradcheck,
    int8,
    int64,
    matmul,
    mm,
    mv,
    ones,
    outer,
    tensor,
    zeros,
)
from tinytorch.core.m01_tensor.linalg import _product_in_blocks


def random(*shape: int, seed: int = 0) -> Tensor:
    return tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


@st.composite
def matmul_shapes(draw):
    """Draw two shapes that can be multiplied: vectors, matrices, batches that broadcast."""
    side = st.integers(0, 4)
    k = draw(side)
    batch = draw(st.lists(st.integers(1, 3), max_size=2))

    def shape(last: tuple) -> tuple:
        kept = batch[draw(st.integers(0, len(batch))) :]
        return tuple(1 if draw(st.booleans()) else n for n in kept) + last

    a = (k,) if draw(st.booleans()) and draw(st.booleans()) else shape((draw(side), k))
    b = (k,) if draw(st.booleans()) and draw(st.booleans()) else shape((k, draw(side)))
    return a, b


@settings(max_examples=200, deadline=None)
@given(matmul_shapes(), st.booleans())
def test_matmul_agrees_with_numpy(shapes, transposed):
    a, b = (random(*shape, seed=i) for i, shape in enumerate(shapes))
    x, y = a.detach().numpy(), b.detach().numpy()
    if transposed and b.ndim > 1:
        b = tensor(np.ascontiguousarray(np.swapaxes(y, -1, -2)), requires_grad=True)
        out = a @ b.mT
    else:
        out = a @ b
    np.testing.assert_allclose(out.detach().numpy(), np.matmul(x, y), atol=1e-12)
    assert out.shape == np.matmul(x, y).shape

    g = np.random.default_rng(3).standard_normal(out.shape)
    out.backward(tensor(g))
    # The gradient of sum(g * (x @ y)), written with einsum.
    x2, y2 = (x if x.ndim > 1 else x[None]), (y if y.ndim > 1 else y[:, None])
    g2 = g[..., None] if y.ndim == 1 else g
    g2 = g2[..., None, :] if x.ndim == 1 else g2
    for leaf, full_gradient in [
        (a, np.einsum("...nm,...km->...nk", g2, y2)),
        (b, np.einsum("...nm,...nk->...km", g2, x2)),
    ]:
        expected = (
            full_gradient.swapaxes(-1, -2) if leaf is b and transposed and b.ndim > 1 else full_gradient
        )
        extra = expected.ndim - max(leaf.ndim, 2)
        expected = expected.sum(tuple(range(extra)))
        shape = leaf.shape if leaf.ndim > 1 else expected.shape
        stretched = tuple(i for i, n in enumerate(shape) if n == 1 and expected.shape[i] > 1)
        expected = expected.sum(stretched, keepdims=True)
        np.testing.assert_allclose(leaf.grad.numpy(), expected.reshape(leaf.shape), atol=1e-12)


def test_products_of_each_kind():
    a, b = random(2, 3), random(3, 4, seed=1)
    v, w = random(3, seed=2), random(3, seed=3)
    batch, other = random(2, 3, 4, seed=4), random(2, 4, 5, seed=5)
    c = random(4, seed=6)
    pairs = [
        (mm(a, b), a @ b),
        (a.mm(b), a @ b),
        (mv(a, v), a @ v),
        (a.mv(v), a @ v),
        (bmm(batch, other), batch @ other),
        (batch.bmm(other), batch @ other),
        (dot(v, w), v @ w),
        (v.dot(w), (v * w).sum()),
        (a.matmul(b), matmul(a, b)),
        (outer(v, c), v.unsqueeze(1) * c),
        (v.outer(c), v.unsqueeze(1) * c),
        (addmm(c, a, b), c + a @ b),
        (addmm(c, a, b, beta=0.5, alpha=2), 0.5 * c + 2 * (a @ b)),
        (random(2, 4).addmm(a, b), random(2, 4) + a @ b),
    ]
    for x, y in pairs:
        assert x.shape == y.shape
        np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), atol=1e-12)
        assert x.requires_grad
    nan = full((4,), float("nan"), dtype=float64)
    np.testing.assert_allclose(
        addmm(nan, a, b, beta=0).detach().numpy(), (a @ b).detach().numpy(), atol=1e-12
    )


def test_dtypes():
    assert (ones(2, 2) @ ones(2, 2)).dtype == float32
    n = ones(2, 3, dtype=int64) @ ones(3, 2, dtype=int64)
    assert n.dtype == int64
    assert n.tolist() == [[3, 3], [3, 3]]
    half = full((1, 4096), 1.0, dtype=float16) @ full((4096, 1), 1.0, dtype=float16)
    assert half.dtype == float16
    assert half.item() == 4096  # summed in float16 it would stop at 2048
    assert outer(ones(2), ones(3, dtype=int64)).dtype == float32
    w = ones(3, 3, requires_grad=True)
    (ones(2, 3) @ w).sum().backward()
    assert w.grad.dtype == float32


def test_gradients_of_strided_inputs():
    a = from_numpy(np.random.default_rng(0).standard_normal((8, 6))[::2, ::-1])
    b = from_numpy(np.random.default_rng(1).standard_normal((10, 6)).T[:, ::2])
    np.testing.assert_allclose((a @ b).numpy(), a.numpy() @ b.numpy(), atol=1e-12)
    gradcheck(matmul, (a.detach().requires_grad_(), b.detach().requires_grad_()))


def test_operators_refuse_what_is_not_a_tensor():
    x = ones(2, 2)
    for call in (lambda: x @ 2, lambda: 2 @ x, lambda: x @ [[1.0]], lambda: np.ones((2, 2)) @ x):
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ones(2, 3) @ ones(4, 5), RuntimeError, r"cannot be multiplied \(2x3 and 4x5\)"),
        (lambda: ones(3) @ ones(4), RuntimeError, "inconsistent tensor size.* 3 and 4"),
        (lambda: ones(2, 3) @ ones(4), RuntimeError, r"mat \(2x3\), vec \(4\)"),
        (lambda: ones(3) @ ones(4, 5), RuntimeError, r"\(1x3 and 4x5\)"),
        (lambda: ones(7, 2, 3) @ ones(4, 5), RuntimeError, r"\(14x3 and 4x5\)"),
        (lambda: ones(7, 2, 3) @ ones(7, 4, 5), RuntimeError, r"\(2x3 and 4x5\) .*\[7, 2, 3\]"),
        (lambda: ones(7, 2, 3) @ ones(6, 3, 5), RuntimeError, "batch dimensions"),
        (lambda: tensor(1.0) @ ones(4), RuntimeError, "at least 1D, but they are 0D and 1D"),
        (lambda: ones(2, 2) @ ones(2, 2, dtype=int64), RuntimeError, "same dtype, but got: float32 != int64"),
        (lambda: (ones(2, 2) > 0) @ (ones(2, 2) > 0), NotImplementedError, "bool"),
        (lambda: matmul(ones(2, 2), 2), TypeError, "'other' must be a Tensor, not int"),
        (lambda: mm(ones(2, 3), ones(3)), RuntimeError, "mat2 must be a 2-D tensor, got 1-D"),
        (lambda: mm(ones(2, 3), ones(4, 5)), RuntimeError, r"\(2x3 and 4x5\)"),
        (lambda: mv(ones(2, 3), ones(2, 3)), RuntimeError, "vec must be a 1-D"),
        (lambda: mv(ones(2, 3), ones(4)), RuntimeError, "size mismatch"),
        (lambda: bmm(ones(2, 3), ones(2, 3, 4)), RuntimeError, "input must be a 3-D"),
        (lambda: bmm(ones(2, 3, 4), ones(2, 5, 6)), RuntimeError, r"to be: \[2, 4\] but got: \[2, 5\]"),
        (lambda: bmm(ones(1, 3, 4), ones(2, 4, 6)), RuntimeError, r"to be: \[1, 4\] but got: \[2, 4\]"),
        (lambda: dot(ones(2), ones(3)), RuntimeError, "inconsistent tensor size"),
        (lambda: dot(ones(2), ones(2, 1)), RuntimeError, "tensor must be a 1-D"),
        (lambda: outer(ones(2, 2), ones(3)), RuntimeError, "input must be a 1-D"),
        (lambda: addmm(ones(4), ones(2, 4), ones(4, 3)), RuntimeError, "broadcast|expanded"),
        (lambda: addmm(ones(1, 2, 3), ones(2, 4), ones(4, 3)), RuntimeError, "can't be expanded"),
        (lambda: addmm(ones(3, dtype=float64), ones(2, 4), ones(4, 3)), RuntimeError, "same dtype"),
    ],
)
def test_bad_arguments(call, error, text):
    with pytest.raises(error, match=text):
        call()


# einsum

EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ij,kj->ki", (2, 3), (4, 3)),
    ("bij,bjk->bik", (2, 2, 3), (2, 3, 4)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("ij->ji", (2, 3)),
    ("ij->", (2, 3)),
    ("ij->j", (2, 3)),
    ("ba", (2, 3)),
    ("ii", (3, 3)),
    ("ii->i", (3, 3)),
    ("iji->j", (3, 2, 3)),
    ("ii,i->i", (3, 3), (3,)),
    ("i,j->ij", (2,), (3,)),
    ("i,i->i", (3,), (3,)),
    ("i,i->", (3,), (3,)),
    ("ij,ij->ij", (2, 3), (2, 3)),
    ("ij,kl->", (2, 3), (4, 2)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("ij,j,ik->k", (2, 3), (3,), (2, 4)),
    ("a,b,c,d->abcd", (2,), (1,), (3,), (2,)),
    ("nci,oci->no", (2, 3, 4), (5, 3, 4)),
    ("...ij,...jk->...ik", (2, 2, 3), (3, 4)),
    ("...i,...i", (2, 3, 4), (3, 4)),
    ("i...->...i", (2, 3, 4)),
    ("...ij->...", (2, 3, 4)),
    ("...,...->...", (2, 1, 3), (4, 1)),
    (" i j , j k -> i k ", (2, 3), (3, 4)),
    (",", (), ()),
    ("->", ()),
    ("ij,jk->ik", (2, 0), (0, 3)),
    ("ij,jk->ik", (0, 2), (2, 3)),
]


@pytest.mark.parametrize(("equation", "shapes"), [(e, s) for e, *s in EQUATIONS], ids=str)
def test_einsum_agrees_with_numpy(equation, shapes):
    xs = [random(*shape, seed=i) for i, shape in enumerate(shapes)]
    out = einsum(equation, *xs)
    expected = np.einsum(equation, *(x.detach().numpy() for x in xs))
    assert out.shape == expected.shape
    np.testing.assert_allclose(out.detach().numpy(), expected, atol=1e-12)
    assert len(xs) == 1 or not any(np.shares_memory(out.array, x.array) for x in xs)
    gradcheck(lambda *ys: einsum(equation, *ys), xs)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_equations(data):
    sizes = {c: data.draw(st.integers(1, 3)) for c in "abcd"}
    terms = data.draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=4))
    known = sorted(set("".join(terms)))
    output = "".join(data.draw(st.permutations(known))[: data.draw(st.integers(0, len(known)))])
    xs = [random(*(sizes[c] for c in term), seed=i) for i, term in enumerate(terms)]
    equation = f"{','.join(terms)}->{output}"
    arrays = [x.detach().numpy() for x in xs]
    out = einsum(equation, *xs)
    np.testing.assert_allclose(out.detach().numpy(), np.einsum(equation, *arrays), atol=1e-10)

    # The result is linear in each operand, so its derivative in a direction is the result for it.
    g = np.random.default_rng(9).standard_normal(out.shape)
    out.backward(tensor(g))
    for i, x in enumerate(xs):
        step = np.random.default_rng(20 + i).standard_normal(x.shape)
        moved = np.einsum(equation, *arrays[:i], step, *arrays[i + 1 :])
        np.testing.assert_allclose((x.grad.numpy() * step).sum(), (g * moved).sum(), atol=1e-9)


def test_einsum_of_one_operand_is_a_view():
    x = zeros(3, 3)
    einsum("ii->i", x).fill_(1.0)
    einsum("ij->ji", x)[0, 1] = 5.0
    assert x.tolist() == [[1.0, 0.0, 0.0], [5.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def test_einsum_of_integers():
    n = ones(2, 3, dtype=int8)
    assert einsum("ij,kj->ik", n, n).dtype == int8
    assert einsum("ij->i", n).dtype == int64
    assert einsum("ij,kj->", n, n).dtype == int64
    assert einsum("ij,kj->", n, n).item() == 12
    b = n > 0
    assert einsum("ij,ij->ij", b, b).tolist() == b.tolist()
    with pytest.raises(NotImplementedError, match="bool"):
        einsum("ij,kj->ik", b, b)


def test_einsum_broadcasts_ones():
    a, b = random(2, 1), random(4, 3, seed=1)
    expected = (a.detach() @ b.detach().sum(0, keepdim=True)).numpy()
    np.testing.assert_allclose(einsum("ij,jk->ik", a, b).detach().numpy(), expected, atol=1e-12)
    gradcheck(lambda x, y: einsum("ij,jk->ik", x, y), (a, b))
    assert einsum("i,i->", [ones(2), ones(2)]).item() == 2


@pytest.mark.parametrize(
    ("args", "error", "text"),
    [
        (("ij,jk->z", ones(2, 3), ones(3, 2)), RuntimeError, "output subscript z does not appear"),
        (("ij,jk->ii", ones(2, 3), ones(3, 2)), RuntimeError, "output subscript i appears more than once"),
        (("ij", ones(2, 3), ones(3, 2)), RuntimeError, "more operands were provided"),
        (("ij,jk", ones(2, 3)), RuntimeError, "fewer operands were provided"),
        (("ij->i", ones(2, 3, 4)), RuntimeError, r"subscripts in the equation \(2\) .* dimensions \(3\)"),
        (("ijk...->i", ones(2, 3)), RuntimeError, "does not match"),
        (("i1->i", ones(2, 3)), RuntimeError, r"in range \[a-zA-Z\] but found 1"),
        (("ij->i!", ones(2, 3)), RuntimeError, "but found !"),
        (("ij,jk", ones(2, 3), ones(4, 2)), RuntimeError, "subscript j has size 4 for operand 1"),
        (("ij,jk", ones(2, 3), ones(3, 2, dtype=float64)), RuntimeError, "same dtype"),
        (("i->",), ValueError, "at least one operand"),
        (("i->", 5), TypeError, "must be Tensors, not int"),
        ((5, ones(2)), TypeError, "equation must be a str"),
    ],
)
def test_bad_equations(args, error, text):
    with pytest.raises(error, match=text):
        einsum(*args)


def test_zero_size_products():
    a, b = zeros(2, 0, requires_grad=True), zeros(0, 3, requires_grad=True)
    out = a @ b
    assert out.tolist() == [[0.0] * 3] * 2
    out.sum().backward()
    assert a.grad.shape == (2, 0)
    assert b.grad.shape == (0, 3)


@pytest.mark.parametrize(
    "shapes",
    [
        ((64, 784), (784, 133)),
        ((129, 64), (64, 787)),
        ((200, 300), (300, 41)),
        ((61, 4096), (4096, 10)),
    ],
)
@pytest.mark.parametrize("transposed", [False, True])
def test_products_in_pieces_are_whole(shapes, transposed):
    from tinytorch.core.m01_tensor.linalg import _product_in_pieces

    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
    b = np.asfortranarray(b) if transposed else b
    expected = a.astype(np.float64) @ b.astype(np.float64)
    np.testing.assert_allclose(_product_in_pieces(a, b), expected, atol=1e-3)


class TestBlocks:
    """In one thread, products of a middle size are done block by block; nobody may see that."""

    @pytest.mark.parametrize("threads", ["1", "2"])
    @pytest.mark.parametrize("shape", [(768, 128, 384), (300, 300, 203), (512, 700, 65), (256, 512, 256)])
    def test_equals_numpy(self, monkeypatch, threads, shape):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        m, k, n = shape
        rng = np.random.default_rng(0)
        for turned_a, turned_b in ((False, False), (False, True), (True, False), (True, True)):
            a, b = (rng.standard_normal(s, dtype=np.float32) for s in ((m, k), (k, n)))
            a = np.asfortranarray(a) if turned_a else a
            b = np.asfortranarray(b) if turned_b else b
            expected = a.astype(np.float64) @ b.astype(np.float64)
            for found in (_product_in_blocks(a, b), matmul(from_numpy(a), from_numpy(b)).numpy()):
                assert found.dtype == np.float32
                assert np.abs(found - expected).max() < 1e-3

    def test_infinities_stay_where_they_are(self):
        a, b = np.ones((300, 256), np.float32), np.ones((256, 256), np.float32)
        a[3, 4] = np.inf
        out = _product_in_blocks(a, b)
        assert np.isinf(out[3]).all()
        assert np.isfinite(np.delete(out, 3, axis=0)).all()
