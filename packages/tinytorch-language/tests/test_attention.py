"""Scaled dot-product attention against a slow and plain reference, in all its forms."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tinytorch.core import Tensor, from_numpy, manual_seed, no_grad, ones, randn, zeros
from tinytorch.language import causal_mask, padding_mask
from tinytorch.language.functional import scaled_dot_product_attention
from tinytorch.language.m12_attention import blocks, kernels, packed_attention, plain, tiles

FORMS = ("chosen", "plain", "blockwise", "small tiles", "many threads")


def attend_slowly(q, k, v, mask=None, is_causal=False, scale=None):
    """Compute attention of matrices (L, E), (S, E), (S, Ev) query by query."""
    scale = 1 / np.sqrt(q.shape[-1]) if scale is None else scale
    out = np.zeros((len(q), v.shape[-1]))
    for i, query in enumerate(q):
        scores = np.array([scale * query @ key for key in k])
        if mask is not None:
            scores = np.where(mask[i], scores, -np.inf) if mask.dtype == bool else scores + mask[i]
        if is_causal:
            scores[i + 1 :] = -np.inf
        if len(k) and scores.max() > -np.inf:
            weights = np.exp(scores - scores.max())
            out[i] = weights / weights.sum() @ v
    return out


def attend_slowly_in_heads(q, k, v, mask=None, **options):
    """Compute attention of (N, H, L, E) and (N, K, S, E) head by head."""
    out = np.zeros((*q.shape[:3], v.shape[-1]))
    group = q.shape[1] // k.shape[1]
    if mask is not None:
        mask = np.broadcast_to(mask, (*q.shape[:3], k.shape[2]))
    for n in range(len(q)):
        for h in range(q.shape[1]):
            m = None if mask is None else mask[n, h]
            out[n, h] = attend_slowly(q[n, h], k[n, h // group], v[n, h // group], m, **options)
    return out


@pytest.fixture(params=FORMS)
def form(request, monkeypatch):
    """Have attention computed in one of its ways."""
    use(request.param, monkeypatch)
    return request.param


def use(form, patch):
    module = "tinytorch.language.m12_attention.functions.LONG"
    if form in ("blockwise", "small tiles"):
        patch.setattr(module, 0)
    if form == "plain":
        patch.setattr(module, 10**9)
    if form != "chosen":
        patch.setattr(plain, "FEW", 2)
    if form in ("small tiles", "many threads"):
        patch.setattr(blocks, "ROWS", 4)
        patch.setattr(blocks, "COLUMNS", 3)
        patch.setattr(plain, "ROWS", 2)
        patch.setattr(kernels, "PRODUCT", 10)
        patch.setattr(kernels, "BLOCK", 2)
        patch.setattr(tiles, "TILE", 16)
        patch.setattr(plain, "TILE", 16)
    if form == "many threads":
        patch.setattr(tiles, "WORTH_SHARING", 1)
        patch.setenv("OMP_NUM_THREADS", "3")


@st.composite
def problems(draw):
    """Draw queries, keys, values and options."""
    n, k, g = draw(st.integers(0, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    length, keys = draw(st.integers(0, 9)), draw(st.integers(0, 9))
    width, values = draw(st.integers(0, 4)), draw(st.integers(0, 3))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    size = draw(st.sampled_from([1.0, 30.0]))  # large scores need their maximum taken off
    q, key, v = (
        rng.standard_normal(shape) * size
        for shape in ((n, k * g, length, width), (n, k, keys, width), (n, k, keys, values))
    )
    kind = draw(st.sampled_from(["none", "causal", "bool", "float"]))
    mask = None
    if kind in ("bool", "float"):
        shape = [draw(st.sampled_from([1, m])) for m in (n, k * g, length, keys)]
        shape = shape[draw(st.integers(0, 2)) :]
        mask = rng.random(shape) < 0.6
        if kind == "float":
            mask = np.where(mask, rng.standard_normal(shape), -np.inf)
    options = {"is_causal": kind == "causal"}
    if draw(st.booleans()):
        options["scale"] = draw(st.sampled_from([0.0, 0.3, -1.5]))
    return q, key, v / max(size, 1), mask, options


@settings(deadline=None, max_examples=150)
@given(problem=problems(), form=st.sampled_from(FORMS))
def test_it_is_what_the_reference_says(problem, form):
    q, k, v, mask, options = problem
    if not q.shape[-1]:
        options.setdefault("scale", 1.0)
    with pytest.MonkeyPatch.context() as patch, np.errstate(invalid="ignore"):
        use(form, patch)
        tensors = [from_numpy(x) for x in (q, k, v)]
        given_mask = None if mask is None else from_numpy(mask)
        out = scaled_dot_product_attention(*tensors, given_mask, enable_gqa=True, **options)
    wanted = attend_slowly_in_heads(q, k, v, mask, **options)
    assert out.shape == wanted.shape
    np.testing.assert_allclose(out.numpy(), wanted, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(problem=problems(), form=st.sampled_from(FORMS))
def test_all_forms_have_the_same_gradients(problem, form):
    q, k, v, mask, options = problem

    def gradients(form):
        with pytest.MonkeyPatch.context() as patch:
            use(form, patch)
            tensors = [from_numpy(x.copy()).requires_grad_() for x in (q, k, v)]
            given_mask = None if mask is None else from_numpy(mask)
            out = scaled_dot_product_attention(*tensors, given_mask, enable_gqa=True, **options)
            g = np.random.default_rng(0).standard_normal(out.shape)
            out.backward(from_numpy(g))
        return [x.grad.numpy() for x in tensors]

    for ours, wanted in zip(gradients(form), gradients("plain"), strict=True):
        np.testing.assert_allclose(ours, wanted, atol=1e-8, rtol=1e-6)


def test_the_future_is_hidden(form):
    q, k, v = (randn(2, 3, 11, 4) for _ in range(3))
    out = scaled_dot_product_attention(q, k, v, is_causal=True).numpy()
    for t in range(1, 11):
        later = [x.clone() for x in (q, k, v)]
        for x in later:
            x[..., t:, :] = randn(2, 3, 11 - t, 4) * 5
        changed = scaled_dot_product_attention(*later, is_causal=True).numpy()
        np.testing.assert_allclose(out[..., :t, :], changed[..., :t, :], atol=1e-5)
        assert not np.allclose(out[..., t, :], changed[..., t, :])


def test_the_future_has_no_gradient(form):
    q, k, v = (randn(1, 2, 9, 4).requires_grad_() for _ in range(3))
    scaled_dot_product_attention(q, k, v, is_causal=True)[..., :5, :].sum().backward()
    for x in (q, k, v):
        assert (x.grad[..., 5:, :] == 0).all()
        assert (x.grad[..., 1:5, :] != 0).any()


def test_a_query_that_may_look_at_nothing_gives_zeros(form):
    q, k, v = (randn(2, 6, 4).requires_grad_() for _ in range(3))
    for shown in (False, float("-inf")):
        mask = ones(6, 6, dtype="bool") if shown is False else zeros(6, 6)
        mask[2] = shown
        out = scaled_dot_product_attention(q, k, v, mask)
        assert (out[:, 2] == 0).all()
        assert (out[:, 3] != 0).all()
        out.sum().backward()
        assert (q.grad[:, 2] == 0).all()
        assert np.isfinite(k.grad.numpy()).all()


def test_huge_scores_do_not_overflow(form):
    q, k = (randn(2, 7, 4) * 1e4 for _ in range(2))
    v = randn(2, 7, 3)
    out = scaled_dot_product_attention(q, k, v).numpy()
    wanted = [attend_slowly(*(x[i].numpy().astype(np.float64) for x in (q, k, v))) for i in range(2)]
    np.testing.assert_allclose(out, wanted, atol=1e-3)


def test_masks_that_mean_the_same_give_the_same(form):
    q, k, v = (randn(2, 2, 6, 4) for _ in range(3))
    wanted = scaled_dot_product_attention(q, k, v, is_causal=True).numpy()
    seen = from_numpy(np.tri(6, dtype=bool))
    for mask in (causal_mask(6), seen, seen.expand(2, 2, 6, 6), causal_mask(6) * 2):
        np.testing.assert_allclose(scaled_dot_product_attention(q, k, v, mask).numpy(), wanted, atol=1e-6)


def test_padding_mask_says_what_to_leave_out():
    assert padding_mask([2, 0, 3]).tolist() == [
        [False, False, True],
        [True, True, True],
        [False, False, False],
    ]
    assert padding_mask(from_numpy(np.array([1])), 3).tolist() == [[False, True, True]]
    q, k, v = (randn(2, 1, 3, 4) for _ in range(3))
    shown = ~padding_mask([2, 3])[:, None, None, :]
    short = scaled_dot_product_attention(q[:1], k[:1, :, :2], v[:1, :, :2]).numpy()
    np.testing.assert_allclose(scaled_dot_product_attention(q, k, v, shown).numpy()[:1], short, atol=1e-6)
    for lengths, size in (([4], 3), ([-1], 3), ([1.5], 3), ([[1]], 3)):
        with pytest.raises(ValueError, match="padding_mask"):
            padding_mask(lengths, size)


@pytest.mark.parametrize("p", [0.3, 1.0])
def test_dropout_keeps_the_mean_and_is_repeatable(form, p):
    q, k = zeros(4, 60, 8), zeros(4, 50, 8)
    v = ones(4, 50, 2)
    manual_seed(3)
    first = scaled_dot_product_attention(q, k, v, None, p).numpy()
    manual_seed(3)
    second = scaled_dot_product_attention(q, k, v, None, p).numpy()
    assert np.array_equal(first, second)
    assert abs(first.mean() - (p < 1)) < 0.02
    assert (first.std() > 0.01) == (p < 1)


def test_dropout_does_not_depend_on_the_threads(monkeypatch):
    monkeypatch.setattr("tinytorch.language.m12_attention.functions.LONG", 0)
    monkeypatch.setattr(blocks, "COLUMNS", 8)
    q, k, v = (randn(2, 3, 20, 4) for _ in range(3))
    outs = []
    for threads, worth in (("1", 2**18), ("3", 1)):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        monkeypatch.setattr(tiles, "WORTH_SHARING", worth)
        manual_seed(0)
        outs.append(scaled_dot_product_attention(q, k, v, None, 0.5, True).numpy())
    np.testing.assert_allclose(*outs, atol=1e-6)


@pytest.mark.parametrize("is_causal", [False, True])
def test_memory_of_long_sequences_grows_with_the_length(is_causal):
    def peak(length):
        q, k, v = (randn(2, length, 16).requires_grad_() for _ in range(3))
        tracemalloc.start()
        scaled_dot_product_attention(q, k, v, is_causal=is_causal).sum().backward()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(64)  # whatever is made once
    short, long = peak(2048), peak(4096)
    assert long < 2.2 * short
    assert long < 2 * 4096 * 4096 * 4 / 2  # half of the matrix of scores


def test_half_precision_and_mixed_masks():
    q, k, v = (randn(2, 5, 4, dtype="float64") for _ in range(3))
    wanted = scaled_dot_product_attention(q, k, v, causal_mask(5)).numpy()
    half = scaled_dot_product_attention(*(x.half() for x in (q, k, v)), causal_mask(5))
    assert half.dtype == np.float16
    np.testing.assert_allclose(half.numpy(), wanted, atol=5e-3)


def test_a_mask_can_be_learned():
    q, k, v = (randn(3, 700, 4, dtype="float64") for _ in range(3))
    mask = zeros(700, dtype="float64").expand(1, 700).clone().requires_grad_()
    scaled_dot_product_attention(q, k, v, mask).square().sum().backward()
    assert mask.grad.shape == (1, 700)
    step = 1e-6
    moved = zeros(1, 700, dtype="float64")
    moved[0, 5] = step
    up, down = (scaled_dot_product_attention(q, k, v, m).square().sum().item() for m in (moved, -moved))
    assert abs((up - down) / (2 * step) - mask.grad[0, 5].item()) < 1e-5


@pytest.mark.parametrize(("heads", "shared"), [(4, 4), (4, 2), (4, 1), (1, 1)])
@pytest.mark.parametrize("length", [1, 33, 600])
def test_packed_attention_is_the_same_in_one_piece(heads, shared, length):
    qkv = randn(2, length, (heads + 2 * shared) * 4, dtype="float64").requires_grad_()
    parts = qkv.split([heads * 4, shared * 4, shared * 4], dim=-1)
    counts = heads, shared, shared
    q, k, v = (x.reshape(2, length, n, 4).transpose(1, 2) for x, n in zip(parts, counts, strict=True))
    wanted = scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).transpose(1, 2)
    g = randn(2, length, heads * 4, dtype="float64")
    wanted.reshape(2, length, -1).backward(g)
    gradient, qkv.grad = qkv.grad, None
    out = packed_attention(qkv, heads, shared, is_causal=True)
    out.backward(g)
    np.testing.assert_allclose(
        out.detach().numpy(), wanted.reshape(2, length, -1).detach().numpy(), atol=1e-12
    )
    np.testing.assert_allclose(qkv.grad.numpy(), gradient.numpy(), atol=1e-10)
    assert packed_attention(qkv.detach().half(), heads, shared).dtype == np.float16


def test_packed_attention_says_what_does_not_fit():
    for shape, heads, shared in (((2, 3, 13), 4, 4), ((3, 12), 1, 1), ((2, 3, 12), 3, 2), ((2, 3, 12), 0, 0)):
        with pytest.raises(RuntimeError, match="packed_attention"):
            packed_attention(zeros(shape), heads, shared)
    with pytest.raises(RuntimeError, match="int64"):
        packed_attention(zeros(2, 3, 12, dtype="int64"), 4)
    with pytest.raises(TypeError, match="ndarray"):
        packed_attention(np.zeros((2, 3, 12)), 4)


Q, K, V = zeros(2, 3, 4, 5), zeros(2, 3, 6, 5), zeros(2, 3, 6, 7)
BOOL = ones(4, 6, dtype="bool")


@pytest.mark.parametrize(
    ("args", "options", "error", "words"),
    [
        ((Q, K, V, BOOL), {"is_causal": True}, RuntimeError, "attn_mask should not be set"),
        ((Q[0, 0, 0], K, V), {}, RuntimeError, "at least 2 dimensional"),
        ((Q, K[..., :4], V), {}, RuntimeError, "5 and 4"),
        ((Q, K, V[:, :, :5]), {}, RuntimeError, "6 keys and 5 values"),
        ((Q, K.double(), V), {}, RuntimeError, "float64"),
        ((Q.long(), K.long(), V.long()), {}, RuntimeError, "int64"),
        ((Q, K[:, :2], V[:, :2]), {}, RuntimeError, "enable_gqa"),
        ((Q, K[:, :2], V[:, :2]), {"enable_gqa": True}, RuntimeError, "2, 2 and 3"),
        ((Q[0, 0], K[0, 0], V[0, 0]), {"enable_gqa": True}, IndexError, "heads"),
        ((Q, K, V, BOOL[:, :5]), {}, RuntimeError, r"\(4, 5\)"),
        ((Q, K, V, BOOL[None, None, None]), {}, RuntimeError, r"\(1, 1, 1, 4, 6\)"),
        ((Q[:1], K[:1], V[:1], BOOL.expand(2, 3, 4, 6)), {}, RuntimeError, r"\(2, 3, 4, 6\)"),
        ((Q, K, V, BOOL[0]), {}, IndexError, r"\(6,\)"),
        ((Q, K, V, BOOL.long()), {}, RuntimeError, "int64"),
        ((Q, K, V, BOOL.double()), {}, RuntimeError, "float64"),
        ((Q, K, V, BOOL.numpy()), {}, TypeError, "attn_mask"),
        ((Q, K, None), {}, TypeError, "value"),
        ((Q, K, V), {"dropout_p": 1.5}, RuntimeError, "1.5"),
        ((Q, K, V), {"dropout_p": "a"}, TypeError, "dropout_p"),
        ((Q, K, V), {"scale": "a"}, TypeError, "scale"),
        ((Q, K, V), {"is_causal": 1}, TypeError, "is_causal"),
        ((Q, K, V), {"enable_gqa": 1}, TypeError, "enable_gqa"),
    ],
)
def test_what_does_not_fit_is_said(args, options, error, words):
    with pytest.raises(error, match=words):
        scaled_dot_product_attention(*args, **options)


@pytest.mark.parametrize(
    ("q", "k", "v", "shape"),
    [
        ((2, 3, 4, 5), (1, 3, 6, 5), (6, 7), (2, 3, 4, 7)),
        ((4, 5), (2, 3, 6, 5), (3, 6, 7), (2, 3, 4, 7)),
        ((2, 1, 4, 5), (1, 3, 6, 5), (2, 1, 6, 7), (2, 3, 4, 7)),
        ((4, 5), (6, 5), (6, 7), (4, 7)),
        ((2, 2, 3, 4, 5), (3, 6, 5), (2, 1, 3, 6, 7), (2, 2, 3, 4, 7)),
    ],
)
def test_first_dimensions_are_broadcast(form, q, k, v, shape):
    tensors = [randn(s, dtype="float64").requires_grad_() for s in (q, k, v)]
    out = scaled_dot_product_attention(*tensors)
    assert out.shape == shape
    wide = [x.detach().expand(*shape[:-2], *x.shape[-2:]).clone().requires_grad_() for x in tensors]
    wanted = scaled_dot_product_attention(*wide)
    np.testing.assert_allclose(out.detach().numpy(), wanted.detach().numpy(), atol=1e-12)
    out.square().sum().backward()
    wanted.square().sum().backward()
    for x, y in zip(tensors, wide, strict=True):
        extra = y.grad.ndim - x.ndim
        axes = [i for i in range(y.grad.ndim) if i < extra or x.shape[i - extra] != y.grad.shape[i]]
        summed = y.grad.numpy().sum(axis=tuple(axes)).reshape(x.shape)
        np.testing.assert_allclose(x.grad.numpy(), summed, atol=1e-10)


def test_changing_a_saved_input_in_place_is_noticed(form):
    q = randn(2, 5, 4).requires_grad_()
    k, v = randn(2, 5, 4), randn(2, 5, 4)
    out = scaled_dot_product_attention(q, k, v)
    k.add_(1)
    with pytest.raises(RuntimeError, match="modified by an"):
        out.sum().backward()


def test_nothing_is_recorded_without_gradients():
    q = randn(2, 5, 4).requires_grad_()
    with no_grad():
        out = scaled_dot_product_attention(q, q, q)
    assert isinstance(out, Tensor)
    assert not out.requires_grad
