"""Quantized tensors, how their steps are chosen, observers, and rounding while training."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.systems as ts
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from tinytorch.core import functional as F
from tinytorch.systems import functional as SF

DTYPES = [ts.qint8, ts.quint8, ts.qint4x2, ts.quint4x2]
SHARED = [{}, {"axis": 0}, {"axis": -1}, {"group_size": 4}, {"group_size": 3}]
rng = np.random.default_rng(0)


def largest_error(x, q):
    """Return by how many steps the worst number is off, computed with more digits than float64 has."""
    if not x.size:
        return 0.0
    back = q.dequantize().numpy()
    assert back.dtype == (np.float64 if x.dtype == np.float64 else np.float32)
    assert np.isfinite(back).all()
    steps = np.broadcast_to(q.layout.spread(q.scale.astype(np.float64)), x.shape)
    return float((np.abs(x.astype(np.longdouble) - back.astype(np.longdouble)) / steps).max())


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(
    ("size", "kind"),
    [
        *((s, np.float32) for s in (3.4e38, 1e38, 1, 1e-20, 1e-38, 1e-42, 1.4e-45)),
        *((s, np.float64) for s in (1e308, 1, 1e-310)),
    ],
)
def test_no_number_is_off_by_more_than_half_a_step(dtype, symmetric, size, kind):
    for shape in ((7,), (3, 5), (4, 3, 2, 3), (0, 4), (4, 0), (), (1,)):
        drawn = rng.standard_normal(shape)
        for values in (drawn, np.abs(drawn), -np.abs(drawn), np.zeros(shape), np.full(shape, 0.7)):
            x = np.asarray(np.clip(values, -1, 1) * kind(size), kind)
            for options in SHARED if shape else SHARED[:1]:
                q = ts.quantize_tensor(tt.from_numpy(x), dtype, symmetric=symmetric, **options)
                assert largest_error(x, q) <= 0.5


@settings(deadline=None, max_examples=60)
@given(
    x=hnp.arrays(
        np.float32,
        hnp.array_shapes(max_dims=3, max_side=9),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    ),
    dtype=st.sampled_from(DTYPES),
    symmetric=st.booleans(),
    shared=st.sampled_from(SHARED),
)
def test_half_a_step_whatever_the_numbers(x, dtype, symmetric, shared):
    q = ts.quantize_tensor(tt.from_numpy(x), dtype, symmetric=symmetric, **shared)
    assert largest_error(x, q) <= 0.5


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("symmetric", [True, False])
def test_zero_comes_back_as_zero(dtype, symmetric):
    for low, high in ((-1, 1), (0.1, 7), (-3, -1), (-1e-3, 5)):
        x = np.append(rng.uniform(low, high, 50), 0).astype(np.float32)
        for options in ({}, {"axis": 0}, {"group_size": 7}):
            q = ts.quantize_tensor(tt.from_numpy(x.reshape(1, -1)), dtype, symmetric=symmetric, **options)
            assert q.dequantize().numpy()[0, -1] == 0


def test_affine_uses_the_range_better_when_it_is_one_sided():
    x = tt.from_numpy(np.abs(rng.standard_normal(1000)).astype(np.float32))
    symmetric, affine = (ts.quantize_tensor(x, symmetric=s) for s in (True, False))
    assert affine.q_scale() < 0.51 * symmetric.q_scale()
    assert symmetric.q_zero_point() == 0
    assert affine.q_zero_point() == -128


def test_the_bytes_are_those_that_it_says():
    x = tt.randn(64, 128)
    for dtype, options, data, extra in (
        ("int8", {}, 8192, 4),
        ("int8", {"axis": 0}, 8192, 128),
        ("int8", {"axis": 0, "symmetric": False}, 8192, 128 + 64),
        ("int4", {}, 4096, 4),
        ("int4", {"group_size": 32}, 4096, 64 * 4 * 2),
        ("int4", {"group_size": 32, "symmetric": False}, 4096, 64 * 4 * 3),
        ("int4", {"group_size": 100}, 4096, 64 * 2 * 2),
    ):
        q = ts.quantize_tensor(x, dtype, **options)
        arrays = [a for a in vars(q).values() if isinstance(a, np.ndarray)]
        assert q.data.nbytes == data
        assert q.nbytes == data + extra == sum(a.nbytes for a in arrays)
        assert all(a.base is None or a.base.nbytes == a.nbytes for a in arrays), (
            "a larger array is kept alive"
        )
    assert ts.quantize_tensor(tt.randn(5), "int4").data.nbytes == 3


@pytest.mark.parametrize(("dtype", "low", "high"), [("qint4x2", -8, 7), ("quint4x2", 0, 15)])
@pytest.mark.parametrize("count", [0, 1, 5, 16])
def test_four_bits_lie_two_to_a_byte(dtype, low, high, count):
    numbers = np.resize(np.arange(low, high + 1), count)
    q = ts.quantize_per_tensor(tt.from_numpy(numbers.astype(np.float32)), 1.0, 0, dtype)
    assert q.data.dtype == np.uint8
    assert q.data.size == (count + 1) // 2
    assert q.int_repr().tolist() == numbers.tolist()
    if count == 5:
        assert [b & 15 for b in q.data] == [n & 15 for n in numbers[::2]]
        assert [b >> 4 for b in q.data] == [*(n & 15 for n in numbers[1::2]), 0]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shared", [{}, {"axis": 0}, {"axis": 1}, {"group_size": 4}, {"group_size": 5}])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("width", [6, 7])
def test_rows_are_those_of_the_whole(dtype, shared, symmetric, width):
    q = ts.quantize_tensor(tt.randn(5, width), dtype, symmetric=symmetric, **shared)
    for ids in (np.array([[0, 4], [3, 3]]), np.array(2), np.zeros((0, 2), np.int64)):
        assert np.array_equal(q.rows(ids), q.dequantize().numpy()[ids])


def test_an_outlier_spoils_only_what_shares_its_scale():
    x = rng.standard_normal((8, 64)).astype(np.float32)
    x[0, 0] = 1000
    errors = [
        np.abs(ts.quantize_tensor(tt.from_numpy(x), **o).dequantize().numpy() - x)[1:].mean()
        for o in ({}, {"axis": 0})
    ]
    assert errors[1] < errors[0] / 50
    rest = [
        np.abs(ts.quantize_tensor(tt.from_numpy(x), **o).dequantize().numpy() - x)[0, 8:].mean()
        for o in ({"axis": 0}, {"group_size": 8})
    ]
    assert rest[1] < rest[0] / 50


def test_calibrations():
    x = rng.standard_normal((1, 20000)).astype(np.float32)
    x[0, :5] *= 20

    def error(method, **options):
        back = ts.quantize_tensor(tt.from_numpy(x), "int4", calibration=method, **options).dequantize()
        return float(((back.numpy() - x) ** 2).mean())

    assert error("mse") < error("percentile", percentile=99.9) < error("minmax")
    assert error("percentile", percentile=100) == error("minmax")
    with pytest.raises(ValueError, match="calibration must be one of minmax, percentile, mse, not 'entropy'"):
        error("entropy")
    with pytest.raises(ValueError, match="percentile must be above 50"):
        error("percentile", percentile=3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(bad):
    x = np.ones((2, 3), np.float32)
    x[1, 2] = bad
    with pytest.raises(ValueError, match=rf"there is {bad} at \[1, 2\] \(1 of 6 numbers\)"):
        ts.quantize_tensor(tt.from_numpy(x))
    with pytest.raises(ValueError, match="can't be quantized"):
        ts.quantize_per_tensor(tt.from_numpy(x), 0.1, 0)


def test_impossible_arguments():
    x = tt.randn(3, 4)
    for scale in (0.0, -1.0, float("nan"), float("inf"), 1e-60):
        with pytest.raises(ValueError, match="a scale must be positive and finite"):
            ts.quantize_per_tensor(x, scale, 0)
    with pytest.raises(ValueError, match="from 0 to 15"):
        ts.quantize_per_tensor(x, 0.1, 16, ts.quint4x2)
    with pytest.raises(ValueError, match="a whole number"):
        ts.quantize_per_channel(x, [1.0, 1, 1], [0.0, 0, 0], 0)
    with pytest.raises(ValueError, match="3 channels need as many"):
        ts.quantize_per_channel(x, [1.0, 1], [0, 0], 0)
    with pytest.raises(IndexError, match="axis 2"):
        ts.quantize_tensor(x, axis=2)
    with pytest.raises(ValueError, match="group_size must be at least 1"):
        ts.quantize_tensor(x, group_size=0)
    with pytest.raises(TypeError, match="one of qint8, quint8"):
        ts.quantize_tensor(x, "int3")
    with pytest.raises(TypeError, match="not int64"):
        ts.quantize_tensor(tt.arange(3))
    with pytest.raises(TypeError, match="only a Tensor"):
        ts.quantize_tensor([1.0])
    with pytest.raises(RuntimeError, match="has a scale for each channel"):
        ts.quantize_tensor(x, axis=0).q_scale()
    with pytest.raises(RuntimeError, match="has one scale for all"):
        ts.quantize_tensor(x).q_per_channel_scales()
    with pytest.raises(ValueError, match="needs data of shape"):
        ts.QuantizedTensor(ts.quantize_tensor(x).layout, np.zeros(3, np.int8), np.ones(()))


def test_what_a_tensor_says_of_itself():
    q = ts.quantize_tensor(tt.zeros(2, 3), group_size=2, symmetric=False)
    assert (q.shape, q.ndim, q.numel(), q.dtype) == ((2, 3), 2, 6, ts.qint8)
    assert repr(q) == "QuantizedTensor(shape=(2, 3), dtype=qint8, per_group_affine, group=2, nbytes=18)"
    assert ts.quantize_tensor(tt.zeros(2)).qscheme() == "per_tensor_symmetric"
    half = ts.quantize_tensor(tt.randn(3, 3).half(), axis=0)
    assert half.dequantize().dtype == tt.float32


@pytest.mark.parametrize("k", [1, 255, 256, 257, 3000])
def test_products_of_whole_numbers_are_exact(k):
    for kind, other in ((np.uint8, np.int8), (np.int8, np.int8), (np.uint8, np.uint8)):
        ends = np.iinfo(kind), np.iinfo(other)
        a = rng.choice([ends[0].min, ends[0].max, 0, 1], (3, k)).astype(kind)
        b = rng.choice([ends[1].min, ends[1].max, 1], (4, k)).astype(other)
        a[0], b[0] = ends[0].max, ends[1].max
        for zero in (0, 3, 255 if kind is np.uint8 else -128):
            out = SF.integer_linear(tt.from_numpy(a), tt.from_numpy(b), zero)
            assert out.dtype == tt.int32
            assert np.array_equal(out.numpy(), (a.astype(np.int64) - zero) @ b.T.astype(np.int64))
    with pytest.raises(RuntimeError, match="int8 or uint8"):
        SF.integer_linear(tt.ones(2, 3), tt.from_numpy(b))
    with pytest.raises(RuntimeError, match="shapes don't go together"):
        SF.integer_linear(tt.from_numpy(a[:, :-1]), tt.from_numpy(b))


def test_observers_keep_what_they_saw():
    observer = ts.MinMaxObserver()
    with pytest.raises(RuntimeError, match="MinMaxObserver has seen nothing"):
        observer.calculate_qparams()
    for values in ([0.5, 1.0], [-1.0, 0.0], []):
        x = tt.tensor(values)
        assert observer(x) is x
    scale, zero = observer.calculate_qparams()
    assert scale.item() == pytest.approx(2 / 255, rel=1e-4)
    assert zero.item() == 128 or zero.item() == 127
    observer.reset_min_max_vals()
    assert not observer.has_seen
    with pytest.raises(ValueError, match="can't observe NaN"):
        observer(tt.tensor([float("nan")]))
    with pytest.raises(ValueError, match="qscheme is one of per_tensor_affine, per_tensor_symmetric"):
        ts.MinMaxObserver(qscheme="per_channel_affine")
    with pytest.raises(ValueError, match="quant_min and quant_max"):
        ts.MinMaxObserver(quant_min=5, quant_max=5)


@pytest.mark.parametrize("make", [functools.partial(ts.PercentileObserver, 99.0), ts.MSEObserver])
def test_observers_that_leave_out_the_rare(make):
    rare, all_of_it = make(dtype="int4"), ts.MinMaxObserver(dtype="int4")
    for i in range(40):
        x = rng.standard_normal(5000).astype(np.float32)
        x[0] = 100 if i == 7 else 0
        rare(tt.from_numpy(x))
        all_of_it(tt.from_numpy(x))
    assert rare.calculate_qparams()[0].item() < all_of_it.calculate_qparams()[0].item() / 3
    assert rare._sample.size <= 2**16


def test_fake_quantize_follows_in_training_only():
    fake = ts.FakeQuantize(averaging_constant=0.5)
    fake(tt.tensor([0.0, 1.0]))
    first = fake.scale.item()
    fake.eval()
    fake(tt.tensor([0.0, 9.0]))
    assert fake.scale.item() == first
    fake.train()
    fake.disable_observer()
    fake(tt.tensor([0.0, 9.0]))
    assert fake.scale.item() == first
    fake.enable_observer()
    assert fake(tt.tensor([0.0, 9.0])).tolist()[1] == pytest.approx(5, abs=0.02)
    fake.disable_fake_quant()
    assert fake(tt.tensor([0.123456])).tolist() == tt.tensor([0.123456]).tolist()
    fake.enable_fake_quant()
    channels = ts.FakeQuantize(ts.PerChannelMinMaxObserver, ch_axis=0, qscheme="per_channel_symmetric")
    assert channels(tt.tensor([[1.0, 2.0], [10.0, 20.0]])).tolist()[1][1] == pytest.approx(20, rel=0.01)


def test_the_gradient_goes_straight_through_except_where_it_is_clamped():
    x = tt.tensor([-5.0, -0.6, 0.2, 0.34, 0.74, 5.0], requires_grad=True)
    y = ts.fake_quantize_per_tensor_affine(x, 0.1, 1, -5, 7)
    (y * tt.arange(1, 7)).sum().backward()
    assert x.grad.tolist() == [0, 2, 3, 4, 0, 0]
    np.testing.assert_allclose(y.tolist(), [-0.6, -0.6, 0.2, 0.3, 0.6, 0.6], rtol=1e-6)


def test_learning_through_rounding():
    """What plain rounding can't learn, since its slope is 0, the straight-through estimator does."""
    tt.manual_seed(0)
    target = tt.tensor([0.3, -0.8, 0.55])
    w = tt.zeros(3, requires_grad=True)
    optimizer = tt.SGD([w], lr=0.1)
    for _ in range(100):
        optimizer.zero_grad()
        F.mse_loss(ts.fake_quantize_per_tensor_affine(w, 0.125, 0, -8, 7), target).backward()
        optimizer.step()
    rounded = ts.fake_quantize_per_tensor_affine(w.detach(), 0.125, 0, -8, 7)
    assert (rounded - target).abs().max().item() <= 0.125
