"""Starting values: distributions, fans, errors, and that filling is in place and unrecorded."""

import math

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import Generator, Linear, Parameter, init, manual_seed, tensor, zeros


@pytest.fixture(autouse=True)
def seeded():
    manual_seed(0)


def spread(t):
    """Return mean, standard deviation and largest absolute value."""
    a = t.detach().numpy().astype(float)
    return a.mean(), a.std(), np.abs(a).max()


class TestGain:
    @pytest.mark.parametrize(
        ("name", "param", "gain"),
        [
            ("linear", None, 1),
            ("conv1d", None, 1),
            ("conv2d", None, 1),
            ("conv3d", None, 1),
            ("conv_transpose2d", None, 1),
            ("sigmoid", None, 1),
            ("tanh", None, 5 / 3),
            ("relu", None, math.sqrt(2)),
            ("selu", None, 0.75),
            ("leaky_relu", None, math.sqrt(2 / 1.0001)),
            ("leaky_relu", 0.2, math.sqrt(2 / 1.04)),
            ("leaky_relu", 1, 1),
            ("relu", 3, math.sqrt(2)),
        ],
    )
    def test_gain(self, name, param, gain):
        assert init.calculate_gain(name, param) == pytest.approx(gain)

    def test_errors(self):
        with pytest.raises(ValueError, match="Unsupported nonlinearity x"):
            init.calculate_gain("x")
        for param in ("a", True):
            with pytest.raises(ValueError, match=f"negative_slope {param} not a valid number"):
                init.calculate_gain("leaky_relu", param)


# What is filled (out, in, ...), how, and the standard deviation and bound that it should have.
N = 300
FILLS = {
    "uniform_": (lambda t: init.uniform_(t, -3, 5), 8 / math.sqrt(12), 1, -3, 5),
    "normal_": (lambda t: init.normal_(t, 2, 0.5), 0.5, 2, -math.inf, math.inf),
    "xavier_uniform_": (
        init.xavier_uniform_,
        math.sqrt(2 / (2 * N)),
        0,
        -math.sqrt(6 / (2 * N)),
        math.sqrt(6 / (2 * N)),
    ),
    "xavier_normal_": (
        lambda t: init.xavier_normal_(t, gain=3),
        3 * math.sqrt(2 / (2 * N)),
        0,
        -math.inf,
        math.inf,
    ),
    "kaiming_uniform_": (init.kaiming_uniform_, math.sqrt(2 / N), 0, -math.sqrt(6 / N), math.sqrt(6 / N)),
    "kaiming_normal_": (
        lambda t: init.kaiming_normal_(t, nonlinearity="tanh"),
        5 / 3 / math.sqrt(N),
        0,
        -math.inf,
        math.inf,
    ),
    "trunc_normal_": (lambda t: init.trunc_normal_(t, 1, 2, -3, 5), 2 * 0.87963, 1, -3, 5),
}


class TestDistributions:
    @pytest.mark.parametrize("name", FILLS)
    @pytest.mark.parametrize("dtype", [tt.float32, tt.float64, tt.float16])
    def test_moments(self, name, dtype):
        fill, std, mean, low, high = FILLS[name]
        t = zeros(N, N, dtype=dtype)
        assert fill(t) is t
        a = t.numpy().astype(float)
        # 90,000 numbers: five standard errors
        assert a.mean() == pytest.approx(mean, abs=5 * std / N)
        assert a.std() == pytest.approx(std, rel=0.02)
        slack = 1e-3 * std
        assert a.min() >= low - slack
        assert a.max() <= high + slack
        if math.isfinite(low):
            assert a.min() < low + 0.05 * std
            assert a.max() > high - 0.05 * std

    def test_fans(self):
        t = zeros(8, 500, 5, 5)
        init.kaiming_normal_(t, nonlinearity="linear")
        assert spread(t)[1] == pytest.approx(1 / math.sqrt(500 * 25), rel=0.03)
        init.kaiming_normal_(t, mode="fan_out", nonlinearity="linear")
        assert spread(t)[1] == pytest.approx(1 / math.sqrt(8 * 25), rel=0.03)
        init.kaiming_uniform_(t, a=2.0)
        assert spread(t)[1] == pytest.approx(math.sqrt(2 / 5 / (500 * 25)), rel=0.03)
        init.xavier_normal_(t)
        assert spread(t)[1] == pytest.approx(math.sqrt(2 / (508 * 25)), rel=0.03)

    @pytest.mark.parametrize(("low", "high"), [(-1, 1), (-0.1, 0.3), (2, 3), (5, 50), (30, 1000), (-9, -8)])
    def test_narrow_and_far_truncations(self, low, high):
        a = init.trunc_normal_(zeros(20000, dtype=tt.float64), a=low, b=high).numpy()
        assert a.min() >= low
        assert a.max() <= high
        # The mean by the trapezoidal rule, with the density's peak scaled to 1.
        peak = min(max(low, 0), high)
        x = np.linspace(max(low, peak - 10), min(high, peak + 10), 200001)
        density = np.exp((peak**2 - x**2) / 2)
        mean = (x * density).sum() / density.sum()
        std = math.sqrt(((x - mean) ** 2 * density).sum() / density.sum())
        assert a.mean() == pytest.approx(mean, abs=5 * std / math.sqrt(a.size))
        assert a.std() == pytest.approx(std, rel=0.05)

    def test_truncation_without_a_bound(self):
        t = init.trunc_normal_(zeros(20000), a=-math.inf, b=0.0)
        assert spread(t)[0] == pytest.approx(-math.sqrt(2 / math.pi), abs=0.03)
        assert t.numpy().max() <= 0

    @pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (6, 2, 2), (2, 3, 3)])
    def test_orthogonal(self, shape):
        t = init.orthogonal_(zeros(*shape, dtype=tt.float64), gain=2)
        m = t.numpy().reshape(shape[0], -1)
        product = m @ m.T if m.shape[0] <= m.shape[1] else m.T @ m
        np.testing.assert_allclose(product, 4 * np.eye(min(m.shape)), atol=1e-12)

    def test_orthogonal_has_no_preferred_sign(self):
        signs = [np.sign(init.orthogonal_(zeros(2, 2)).numpy()[0, 0]) for _ in range(200)]
        assert abs(sum(signs)) < 70  # five standard deviations

    def test_fixed(self):
        assert init.constant_(zeros(2), 3.5).tolist() == [3.5, 3.5]
        assert init.ones_(zeros(2, dtype=tt.int64)).tolist() == [1, 1]
        assert init.zeros_(tensor([1.0, 2.0])).tolist() == [0, 0]
        assert init.eye_(zeros(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]

    def test_degenerate(self):
        assert init.uniform_(zeros(3), 1, 1).tolist() == [1, 1, 1]
        assert init.normal_(zeros(3), 2, 0).tolist() == [2, 2, 2]
        assert init.orthogonal_(zeros(0, 3)).shape == (0, 3)
        assert init.xavier_uniform_(zeros(0, 3)).shape == (0, 3)
        assert init.xavier_normal_(zeros(0, 0)).shape == (0, 0)
        assert init.trunc_normal_(zeros(0)).shape == (0,)
        assert abs(init.normal_(zeros(())).item()) < 10

    @pytest.mark.parametrize("fill", [init.kaiming_uniform_, init.kaiming_normal_])
    def test_kaiming_of_nothing_warns(self, fill):
        with pytest.warns(UserWarning, match="zero-element tensors is a no-op") as caught:
            assert fill(zeros(0, 3)).shape == (0, 3)
        assert caught[0].filename == __file__


class TestErrors:
    @pytest.mark.parametrize(
        "fill", [init.xavier_uniform_, init.xavier_normal_, init.kaiming_uniform_, init.kaiming_normal_]
    )
    def test_fans_need_two_dimensions(self, fill):
        with pytest.raises(
            ValueError, match="Fan in and fan out can not be computed for tensor with fewer than 2"
        ):
            fill(zeros(3))

    @pytest.mark.parametrize(
        ("fill", "error", "message"),
        [
            (lambda: init.kaiming_uniform_(zeros(2, 2), mode="x"), ValueError, "Mode x not supported"),
            (
                lambda: init.kaiming_normal_(zeros(2, 2), nonlinearity="x"),
                ValueError,
                "Unsupported nonlinearity x",
            ),
            (lambda: init.eye_(zeros(3)), ValueError, "Only tensors with 2 dimensions"),
            (lambda: init.orthogonal_(zeros(3)), ValueError, "2 or more dimensions"),
            (lambda: init.uniform_(zeros(3), 2, 1), RuntimeError, "from=2 > to=1"),
            (lambda: init.normal_(zeros(3), 0, -1), RuntimeError, "std >= 0.0, but found std -1"),
            (lambda: init.trunc_normal_(zeros(3), a=2, b=1), RuntimeError, "a=2, b=1"),
            (lambda: init.trunc_normal_(zeros(3), std=0), RuntimeError, "std=0"),
            (lambda: init.uniform_(tensor([1, 2])), NotImplementedError, "int64"),
            (lambda: init.normal_(tensor([True])), NotImplementedError, "bool"),
            (lambda: init.trunc_normal_(tensor([1])), NotImplementedError, "int64"),
            (lambda: init.constant_(zeros(2), "a"), TypeError, "must be a number, not str"),
            (lambda: init.uniform_(zeros(2), generator=3), TypeError, "Generator"),
            (lambda: init.uniform_(zeros(1).expand(3)), RuntimeError, "read-only"),
        ],
    )
    def test_errors(self, fill, error, message):
        with pytest.raises(error, match=message):
            fill()


class TestInPlace:
    def test_parameters_can_be_filled(self):
        p = Parameter(zeros(2, 2))
        for fill in (init.uniform_, init.kaiming_normal_, init.ones_, init.orthogonal_, init.eye_):
            array = p.detach().array
            assert fill(p) is p
            assert p.detach().array is array
            assert p.is_leaf
            assert p.requires_grad

    def test_views_and_strides(self):
        base = zeros(4, 4)
        init.ones_(base[::2, 1::2])
        assert base.numpy().sum() == 4
        init.uniform_(base.T, 2, 3)
        assert base.numpy().min() >= 2

    def test_the_change_is_noticed(self):
        p = Parameter(zeros(2))
        y = (p * p).sum()
        init.ones_(p)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()

    @pytest.mark.parametrize("name", [*FILLS, "orthogonal_"])
    def test_seeds(self, name):
        fill = getattr(init, name)
        first = fill(zeros(3, 3)).tolist()
        manual_seed(0)
        assert fill(zeros(3, 3)).tolist() == first
        assert fill(zeros(3, 3)).tolist() != first
        own = Generator().manual_seed(7)
        a = fill(zeros(3, 3), generator=own).tolist()
        assert fill(zeros(3, 3), generator=Generator().manual_seed(7)).tolist() == a
        manual_seed(0)
        assert fill(zeros(3, 3)).tolist() == first  # the default generator was left alone


class TestDefaults:
    def test_linear(self):
        layer = Linear(400, 200)
        bound = 1 / math.sqrt(400)
        for t in (layer.weight, layer.bias):
            mean, std, largest = spread(t)
            assert largest <= bound
            assert largest > 0.95 * bound
            assert std == pytest.approx(bound / math.sqrt(3), rel=0.1)
            assert abs(mean) < 0.2 * bound

    def test_bilinear(self):
        layer = tt.Bilinear(25, 30, 20)
        for t in (layer.weight, layer.bias):
            assert spread(t)[2] <= 0.2
            assert spread(t)[2] > 0.15

    def test_reset_draws_anew(self):
        layer = Linear(3, 3)
        before = layer.weight.tolist(), layer.bias.tolist()
        weight = layer.weight
        layer.reset_parameters()
        assert layer.weight is weight
        assert layer.weight.tolist() != before[0]
        assert layer.bias.tolist() != before[1]

    def test_seeded(self):
        first = Linear(3, 3).weight.tolist()
        manual_seed(0)
        assert Linear(3, 3).weight.tolist() == first
