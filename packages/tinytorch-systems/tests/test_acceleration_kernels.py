"""Every kernel against the operation that it stands in for: values and gradients, many shapes."""

import warnings

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.language as tl
from hypothesis import given, settings, strategies as st
from tinytorch.core import functional as F, ops
from tinytorch.language import functional as LF
from tinytorch.systems import accelerate
from tinytorch.vision import functional as VF


def fast():
    """Accelerate, on machines without a compiler too: then both sides are NumPy's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return accelerate()


def t(*shape, dtype="float32", seed=0):
    return tt.from_numpy(np.random.default_rng(seed + sum(shape)).standard_normal(shape).astype(dtype))


def ids(n, *shape):
    return tt.from_numpy(np.random.default_rng(1).integers(0, n, shape))


def run(function, inputs):
    """Return the result and all gradients."""
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    out = function(*leaves)
    g = np.random.default_rng(2).standard_normal(out.shape).astype(out.dtype)
    out.backward(tt.from_numpy(np.asarray(g)))
    return [out.detach().numpy(), *(x.grad.numpy() for x in leaves)]


def compare(function, *inputs, rtol=3e-5):
    plain = run(function, inputs)
    with fast():
        quick = run(function, inputs)
        again = run(function, inputs)
    for a, b, c in zip(plain, quick, again, strict=True):
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        np.testing.assert_array_equal(b, c, err_msg="not deterministic")
        scale = max(float(np.abs(a[np.isfinite(a)]).max(initial=0)), 0.1)
        np.testing.assert_allclose(b, a, rtol=rtol, atol=rtol * scale)
    for a, b in zip(plain, run(function, inputs), strict=True):
        np.testing.assert_array_equal(a, b, err_msg="not undone")


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 13, 64, 131])
@pytest.mark.parametrize(
    ("inputs", "outputs"), [(1, 1), (3, 10), (64, 65), (130, 129), (784, 33), (700, 300)]
)
def test_linear(rows, inputs, outputs):
    compare(F.linear, t(rows, inputs), t(outputs, inputs), t(outputs))


def test_linear_without_bias_and_with_more_dimensions():
    compare(F.linear, t(3, 5, 40), t(50, 40))
    compare(F.linear, t(2, 2, 5, 40), t(50, 40), t(50))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((9, 5), (5, 7)),
        ((100, 300), (300, 70)),
        ((2, 3, 9, 5), (2, 3, 5, 7)),
        ((4, 9, 5), (5, 7)),
        ((4, 9, 5), (1, 5, 7)),
        ((9, 0), (0, 3)),
        ((12,), (12,)),
    ],
)
def test_matmul(a, b):
    compare(tt.matmul, t(*a), t(*b))


@pytest.mark.parametrize("shape", [(), (0, 3), (5,), (17, 1001), (3, 40000)])
def test_pointwise(shape):
    x = t(*shape)
    compare(F.relu, x)
    compare(F.gelu, x)
    compare(lambda x: F.gelu(x * 5, approximate="tanh"), x)
    compare(lambda x, y: x + y, x, t(*shape, seed=5))
    compare(lambda x, y: x * y, x, t(*shape, seed=5))


def test_values_at_the_ends_of_the_range():
    x = tt.tensor([-np.inf, -1e30, -104, -88, -20, -1e-30, 0, 1e-30, 20, 88, 89, 1e30, np.inf, np.nan] * 3)
    for function in (F.relu, F.gelu, lambda x: F.gelu(x, approximate="tanh"), lambda x: F.softmax(x[:9], -1)):
        plain = function(x).numpy()
        with fast():
            quick = function(x).numpy()
        np.testing.assert_allclose(quick, plain, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("width", [1, 2, 15, 16, 17, 65, 500])
@pytest.mark.parametrize("rows", [1, 3, 150])
def test_rows(rows, width):
    x = t(rows, width)
    compare(lambda x: F.softmax(x * 9, -1), x)
    compare(lambda x: F.log_softmax(x * 9, -1), x, rtol=1e-4)
    if width > 1:
        compare(lambda x, w, b: LF.layer_norm(x, (width,), w, b), x, t(width), t(width, seed=3), rtol=2e-4)
        compare(lambda x: LF.layer_norm(x, (width,)), x, rtol=2e-4)
    target = ids(width, rows)
    for reduction in ("mean", "sum", "none"):
        compare(lambda x, r=reduction: F.cross_entropy(x * 3, target, reduction=r), x)


def test_cross_entropy_that_is_left_to_numpy():
    x = t(20, 7)
    target = ids(7, 20)
    compare(lambda x: F.cross_entropy(x, target, label_smoothing=0.1), x)
    compare(lambda x: F.cross_entropy(x, target, weight=t(7, seed=8).abs()), x)
    some = target.clone()
    some[3] = -100
    compare(lambda x: F.cross_entropy(x, some), x)
    compare(lambda x: F.cross_entropy(x, target, ignore_index=2), x)
    compare(lambda x: F.cross_entropy(x.transpose(0, 1), ids(20, 7)), x)
    with fast(), pytest.raises(IndexError, match=r"Target 7 is out of bounds"):
        F.cross_entropy(x, target + 7 - target.max())


def test_embedding():
    places = ids(30, 11, 4)
    compare(lambda w: LF.embedding(places, w), t(30, 13))
    compare(lambda w: LF.embedding(places, w, padding_idx=3), t(30, 13))
    compare(lambda w: LF.embedding(places[:1, :1], w), t(3000, 2))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (5, 5), (64, 64), (70, 33), (33, 70), (130, 300)])
@pytest.mark.parametrize(("heads", "shared"), [(2, 2), (4, 2)])
def test_attention(causal, queries, keys, heads, shared):
    def attention(q, k, v):
        return LF.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)

    inputs = t(2, heads, queries, 16), t(2, shared, keys, 16, seed=1), t(2, shared, keys, 24, seed=2)
    compare(attention, *inputs, rtol=1e-4)


def test_attention_of_heads_that_are_views_and_large_scores():
    def attention(x):
        q, k, v = (y.view(2, 20, 3, 8).transpose(1, 2) for y in (x * 30).split(24, dim=-1))
        return LF.scaled_dot_product_attention(q, k, v, is_causal=True)

    compare(attention, t(2, 20, 72), rtol=1e-3)
    compare(lambda q, k, v: LF.scaled_dot_product_attention(q, k, v, scale=-0.3), *[t(3, 9, 8)] * 3)


def test_a_transformer_block_of_every_kind():
    for options in ({}, {"num_kv_heads": 2}, {"rotary": True}, {"norm": "rms", "mlp": "swiglu"}):
        tt.manual_seed(0)
        block = tl.TransformerBlock(32, 4, **options)
        compare(lambda x, block=block: block(x), t(2, 40, 32), rtol=3e-4)


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (16, 16), (14, 28), (33, 31)])
@pytest.mark.parametrize("channels", [(1, 1), (3, 7), (5, 70)])
@pytest.mark.parametrize(
    "options",
    [
        {"padding": 1},
        {"padding": "same"},
        {"padding": (2, 1), "dilation": (2, 1)},
        {"padding": 3},
        {"stride": 2, "padding": 1},
    ],
)
def test_convolution(size, channels, options):
    c, k = channels
    compare(lambda x, w, b: VF.conv2d(x, w, b, **options), t(3, c, *size), t(k, c, 3, 3), t(k), rtol=1e-4)


def test_convolutions_of_other_kinds():
    compare(lambda x, w: VF.conv2d(x, w), t(70, 2, 20, 20), t(4, 2, 5, 1), rtol=1e-4)
    compare(lambda x, w: VF.conv2d(x, w), t(2, 20, 20), t(4, 2, 1, 1), rtol=1e-4)
    compare(lambda x, w: VF.conv2d(x, w, groups=2, padding=1), t(2, 4, 20, 20), t(4, 2, 3, 3), rtol=1e-4)
    compare(lambda x, w: VF.conv2d(x, w), t(0, 4, 20, 20), t(4, 4, 3, 3))


@pytest.mark.parametrize("size", [(2, 2), (7, 9), (28, 28), (32, 34), (1, 5)])
def test_max_pool(size):
    if min(size) > 1:
        compare(lambda x: VF.max_pool2d(x, 2), t(2, 3, *size))
    compare(lambda x: VF.max_pool2d(x, 3, 1, padding=1), t(2, 3, *size))


def test_max_pool_of_equal_numbers_infinities_and_nan():
    values = np.random.default_rng(0).integers(0, 2, (2, 3, 20, 40)).astype(np.float32)
    odd = values.copy()
    places = np.random.default_rng(1).random(odd.shape)
    odd[places < 0.1] = np.nan
    odd[places > 0.9] = np.inf
    odd[(places > 0.85) & (places < 0.9)] = -np.inf
    for x in (values, odd):
        results = []
        for quick in (False, True):
            leaf = tt.from_numpy(x.copy()).requires_grad_()
            with fast() if quick else warnings.catch_warnings():
                out = VF.max_pool2d(leaf, 2)
                out.sum().backward()
            results.append((out.detach().numpy(), leaf.grad.numpy()))
        for a, b in zip(*results, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_other_dtypes_are_left_to_numpy_to_the_bit(dtype):
    x, w = t(20, 30).to(np.dtype(dtype)), t(40, 30).to(np.dtype(dtype))
    for function in (F.linear, lambda x, w: F.gelu(x).sum() + F.softmax(w, -1).sum()):
        plain = run(function, [x, w])
        with fast():
            quick = run(function, [x, w])
        for a, b in zip(plain, quick, strict=True):
            np.testing.assert_array_equal(a, b)


def test_arrays_with_gaps_are_left_to_numpy():
    wide = t(40, 60)

    def function(x, w):
        return F.softmax(F.gelu(F.relu(F.linear(x[::2, ::3], w[:, ::2]))).transpose(0, 1), -1)

    compare(function, wide, t(30, 40))
    backwards = np.ascontiguousarray(wide.numpy())[::-1]
    compare(F.linear, tt.from_numpy(backwards.copy()).flip(0), t(10, 60))


def test_a_gradient_with_gaps():
    compare(
        lambda x, w: F.linear(x, w).transpose(0, 1).sum(0, keepdim=True).expand(9, 40), t(40, 20), t(30, 20)
    )


OPTIMIZERS = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1, "maximize": True, "betas": (0.5, 0.7), "eps": 1e-3}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.1}),
    ("AdamW", {"lr": 0.1, "maximize": True}),
]


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_optimizers(name, options):
    def steps(quick):
        p = [t(7), t(50, 1000), t(3, 5, dtype="float64"), t(0, 2), t(20, 30).transpose(0, 1)]
        p = [x.detach().clone().requires_grad_() if i < 4 else x.requires_grad_() for i, x in enumerate(p)]
        optimizer = getattr(tt, name)(p, **options)
        for step in range(4):
            for x in p:
                g = np.random.default_rng(step).standard_normal(x.shape)
                x.grad = tt.from_numpy(g.astype(x.dtype))
            with fast() if quick and step != 2 else warnings.catch_warnings():  # the state goes to and fro
                optimizer.step()
        return [x.detach().numpy().copy() for x in p]

    for a, b in zip(steps(False), steps(True), strict=True):
        np.testing.assert_allclose(b, a, rtol=2e-5, atol=2e-6)


def test_a_subclass_with_a_rule_of_its_own_keeps_it():
    class Still(tt.Adam):
        def rule(self, group, state):
            return lambda p, g, m, v: None

    x = t(5).requires_grad_()
    before = x.detach().numpy().copy()
    x.grad = tt.ones(5)
    with fast():
        Still([x]).step()
    np.testing.assert_array_equal(x.detach().numpy(), before)


STEPS = {
    "relu": F.relu,
    "gelu": F.gelu,
    "softmax": lambda x: F.softmax(x, -1),
    "norm": lambda x: LF.layer_norm(x, (x.shape[-1],)),
    "double": lambda x: x + x,
    "square": lambda x: x * x,
    "residual": lambda x: x + F.relu(x),
    "flip": lambda x: x.transpose(-1, -2),
    "cut": lambda x: x[..., : max(1, x.shape[-1] // 2)],
    "every other": lambda x: x[::2],
    "project": lambda x: F.linear(x, t(19, x.shape[-1]) * 0.2),
    "self": lambda x: tt.matmul(x, x.transpose(-1, -2)) * 0.1,
    "attend": lambda x: LF.scaled_dot_product_attention(x[None], x[None], x[None])[0],
    "pool": lambda x: VF.max_pool2d(x[None], 2)[0] if min(x.shape) > 1 else x,
    "convolve": lambda x: VF.conv2d(x[None, None], t(2, 1, 3, 3) * 0.3, padding=1)[0, 0],
}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 40), st.integers(2, 70), st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=7)
)
def test_random_programs(rows, columns, program):
    def function(x):
        for step in program:
            x = STEPS[step](x).clip(-10, 10)
        return x

    x = t(rows, columns)
    plain = run(function, [x])
    with fast():
        quick = run(function, [x])
    for a, b in zip(plain, quick, strict=True):
        # Where a number lies within rounding of a bend (relu, the largest of two), the gradient may differ.
        scale = max(1.0, float(np.abs(a).max(initial=0)))
        off = ~np.isclose(b, a, rtol=1e-3, atol=1e-3 * scale)
        assert off.mean() <= 0.02, program


def test_threads_of_python_may_compute_at_the_same_time():
    from concurrent.futures import ThreadPoolExecutor

    inputs = t(200, 300), t(100, 300), t(100)
    wanted = run(F.linear, inputs)
    with fast(), ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: run(F.linear, inputs), range(40)):
            for a, b in zip(wanted, found, strict=True):
                np.testing.assert_allclose(b, a, rtol=1e-4, atol=1e-3)


def test_operations_are_their_own_again_whatever_order_they_are_left_in():
    names = ("linear", "gelu", "_max_pool")
    before = [ops[name].forward for name in names]
    first, second = fast(), fast()
    first.off()
    assert second.on == (second.library is not None)
    if second.library is not None:
        assert [ops[name].forward for name in names] != before
    second.off()
    second.off()
    assert [ops[name].forward for name in names] == before
    assert tt.Adam._kernel is None
