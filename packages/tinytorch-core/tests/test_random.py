"""Random numbers: seeds and states, ranges and moments, and bad arguments."""

import json

import numpy as np
import pytest
from tinytorch.core import (
    Generator,
    bernoulli,
    bool as bool_,
    default_generator,
    float16,
    float32,
    float64,
    full,
    initial_seed,
    int64,
    manual_seed,
    multinomial,
    no_grad,
    normal,
    ones,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    tensor,
    uint8,
    zeros,
)

DRAWS = {
    "rand": lambda g: rand(5, generator=g),
    "randn": lambda g: randn(5, generator=g),
    "randint": lambda g: randint(100, (5,), generator=g),
    "randperm": lambda g: randperm(20, generator=g),
    "rand_like": lambda g: rand_like(zeros(5), generator=g),
    "randn_like": lambda g: randn_like(zeros(5), generator=g),
    "randint_like": lambda g: randint_like(zeros(5), 100, generator=g),
    "normal": lambda g: normal(0.0, 1.0, (5,), generator=g),
    "normal of tensors": lambda g: normal(zeros(5), ones(5), generator=g),
    "bernoulli": lambda g: bernoulli(full((30,), 0.5), generator=g),
    "multinomial": lambda g: multinomial(ones(30), 5, generator=g),
    "multinomial again": lambda g: multinomial(ones(30), 5, True, generator=g),
    "normal_": lambda g: zeros(5).normal_(generator=g),
    "uniform_": lambda g: zeros(5).uniform_(generator=g),
    "bernoulli_": lambda g: zeros(30).bernoulli_(generator=g),
    "random_": lambda g: zeros(5).random_(generator=g),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_same_seed_same_numbers(draw):
    generator = Generator().manual_seed(7)
    first, second = draw(generator), draw(generator)
    assert first.tolist() != second.tolist()
    assert draw(Generator().manual_seed(7)).tolist() == first.tolist()
    manual_seed(7)
    assert draw(None).tolist() == first.tolist()
    with pytest.raises(TypeError, match="must be Generator, not int"):
        draw(3)


def test_known_numbers():
    """What a seed gives must not change from one version or platform to another."""
    g = Generator().manual_seed(0)
    assert randint(1000, (5,), generator=g).tolist() == [850, 636, 511, 269, 307]
    assert randperm(6, generator=g).tolist() == [4, 5, 2, 0, 3, 1]
    np.testing.assert_allclose(rand(3, generator=g).numpy(), [0.5036269, 0.6066357, 0.9707428], atol=1e-6)
    np.testing.assert_allclose(randn(3, generator=g).numpy(), [-0.9584742, -1.2749319, -1.3653381], atol=1e-6)


def test_seeds():
    g = Generator()
    assert g.initial_seed() == 67280421310721
    assert g.manual_seed(-1).initial_seed() == 2**64 - 1
    assert g.seed() == g.initial_seed() != 2**64 - 1
    assert manual_seed(3) is default_generator
    assert initial_seed() == 3
    assert seed() == initial_seed() == default_generator.initial_seed()
    for bad in (2**64, -(2**63) - 1):
        with pytest.raises(ValueError, match="must be from"):
            g.manual_seed(bad)
    assert manual_seed("7").initial_seed() == 7
    with pytest.raises(TypeError, match="NoneType"):
        manual_seed(None)
    for bad in (1.5, "a", None, True):
        with pytest.raises(RuntimeError, match="expected an int"):
            g.manual_seed(bad)


def test_state_survives_json():
    g = Generator().manual_seed(5)
    randint(10, (3,), dtype=uint8, generator=g)
    state = json.loads(json.dumps(g.get_state()))
    expected = randn(4, generator=g).tolist()
    other = Generator()
    other.set_state(state)
    assert other.initial_seed() == 5
    assert randn(4, generator=other).tolist() == expected


@pytest.mark.parametrize(
    "state", [{}, {"algorithm": "MT"}, None, "PCG64", {"state": "zz"}, {"spare": "x"}, {"seed": None}]
)
def test_bad_states_change_nothing(state):
    g = Generator().manual_seed(5)
    before = g.get_state()
    bad = {**before, **state} if isinstance(state, dict) and state else state
    with pytest.raises((ValueError, TypeError), match="state of a Generator"):
        g.set_state(bad)
    assert g.get_state() == before


def test_shapes_and_dtypes():
    for make in (rand, randn):
        assert make(2, 3).shape == make((2, 3)).shape == make(size=(2, 3)).shape == (2, 3)
        assert make(()).shape == ()
        assert make(0).shape == (0,)
        assert [make(1, dtype=d).dtype for d in (float16, float32, float64)] == [float16, float32, float64]
        assert make(2, requires_grad=True).requires_grad
        with pytest.raises(NotImplementedError, match="int64"):
            make(2, dtype=int64)
    assert randint(5, (2,)).dtype == int64
    assert randint(5, size=(2,), dtype=float32).dtype == float32
    assert randint(0, 2, (3,), dtype=bool_).dtype == bool_
    assert randperm(4, dtype=float32).dtype == float32
    assert randn_like(zeros(2, dtype=float64)).dtype == float64
    assert randint_like(zeros(2), 2, 5).dtype == float32
    assert normal(zeros(2, 3), ones(3)).shape == (2, 3)
    assert normal(1.0, ones(3, dtype=float64)).dtype == float64
    assert normal(1.0, 2.0, (3,), dtype=float64, requires_grad=True).dtype == float64
    assert zeros(3).bernoulli().tolist() == zeros(3).bernoulli(0.0).tolist() == [0.0] * 3
    assert tensor([0.0, 1.0]).multinomial(2, True).tolist() == [1, 1]


def test_moments():
    g = Generator().manual_seed(1)
    n = 20000
    u, z = rand(n, generator=g).numpy(), randn(n, generator=g).numpy()
    assert 0 <= u.min() <= u.max() < 1
    assert abs(u.mean() - 0.5) < 0.01
    assert abs(u.var() - 1 / 12) < 0.005
    assert abs(z.mean()) < 0.03
    assert abs(z.std() - 1) < 0.02
    half = rand(n, dtype=float16, generator=g).numpy()
    assert half.max() < 1
    assert abs(half.mean(dtype=np.float64) - 0.5) < 0.01
    x = normal(tensor([-3.0, 5.0]).expand(n, 2), tensor([0.5, 2.0]), generator=g).numpy()
    np.testing.assert_allclose(x.mean(0), [-3, 5], atol=0.06)
    np.testing.assert_allclose(x.std(0), [0.5, 2], rtol=0.03)
    assert abs(bernoulli(full((n,), 0.3), generator=g).numpy().mean() - 0.3) < 0.02
    filled = zeros(n).uniform_(-2, 4, generator=g).numpy()
    assert -2 <= filled.min() <= filled.max() <= 4
    assert abs(filled.mean() - 1) < 0.06


def test_integers():
    g = Generator().manual_seed(1)
    assert set(randint(2, 5, (200,), generator=g).tolist()) == {2, 3, 4}
    assert sorted(randperm(50, generator=g).tolist()) == list(range(50))
    assert randperm(0).shape == (0,)
    assert set(zeros(200).random_(3, generator=g).tolist()) == {0.0, 1.0, 2.0}
    assert set(zeros(200, dtype=int64).random_(2, 4, generator=g).tolist()) == {2, 3}
    assert zeros(200).random_(generator=g).numpy().max() > 2**20
    assert set(zeros(50, dtype=bool_).random_(generator=g).tolist()) == {False, True}
    for call, text in [
        (lambda: randint(5, 5, (2,)), "less than"),
        (lambda: randint(0, 300, (2,), dtype=uint8), "out of bounds"),
        (lambda: randperm(300, dtype=uint8), "can't hold"),
        (lambda: randperm(-1), "non-negative"),
        (lambda: zeros(3).random_(5, 2), "less than"),
    ]:
        with pytest.raises(RuntimeError, match=text):
            call()
    for call in (lambda: randint(5), lambda: randint(5, 3), lambda: randint(2.5, (2,))):
        with pytest.raises(TypeError, match=r"randint\(\)"):
            call()


def test_bernoulli_and_normal_refuse():
    assert bernoulli(tensor([0.0, 1.0])).tolist() == [0.0, 1.0]
    for p in (1.5, -0.1, float("nan")):
        with pytest.raises(RuntimeError, match=r"\[0, 1\]"):
            bernoulli(tensor([p]))
        with pytest.raises(RuntimeError, match=r"\[0, 1\]"):
            zeros(2).bernoulli_(p)
    with pytest.raises(NotImplementedError, match="int64"):
        bernoulli(tensor([0, 1]))
    for call in (lambda: normal(0.0, 1.0), lambda: normal(zeros(2), 1.0, (2,))):
        with pytest.raises(TypeError, match="takes a tensor"):
            call()
    for call in (
        lambda: normal(zeros(2), -1.0),
        lambda: normal(0.0, -ones(2)),
        lambda: zeros(2).normal_(0, -1),
    ):
        with pytest.raises(RuntimeError, match="std >= 0"):
            call()
    with pytest.raises(RuntimeError, match="broadcast"):
        normal(zeros(2), ones(3))
    with pytest.raises(RuntimeError, match="from=2 > to=1"):
        zeros(2).uniform_(2, 1)
    with pytest.raises(NotImplementedError, match="int64"):
        zeros(2, dtype=int64).normal_()


def test_multinomial():
    g = Generator().manual_seed(1)
    weights = tensor([[1.0, 0.0, 3.0], [0.0, 2.0, 2.0]])
    for replacement in (False, True):
        picked = multinomial(weights, 2, replacement, generator=g)
        assert picked.shape == (2, 2)
        assert picked.dtype == int64
    alone = np.array([sorted(multinomial(weights, 2, generator=g).tolist()[0]) for _ in range(20)])
    assert (alone == [0, 2]).all()  # without replacement, and never one of weight 0
    counts = np.bincount(multinomial(weights[0], 8000, True, generator=g).numpy(), minlength=3)
    assert counts[1] == 0
    assert abs(counts[0] / 8000 - 0.25) < 0.02
    first = np.array([multinomial(weights[0], 1, generator=g).item() for _ in range(2000)])
    assert abs((first == 0).mean() - 0.25) < 0.04
    assert multinomial(ones(0, 3), 1).shape == (0, 1)
    for args, text in [
        ((tensor([1.0, 2.0]), 3), "without replacement"),
        ((tensor([1.0, 0.0]), 2), "fewer weights above 0"),
        ((tensor([1.0, -1.0]), 1), "element < 0"),
        ((tensor([1.0, float("nan")]), 1), "`nan`"),
        ((tensor([0.0, 0.0]), 1, True), "sum of probabilities"),
        ((tensor([1, 2]), 1), "floating-point"),
        ((tensor(1.0), 1), "1 or 2 dimensions"),
        ((tensor([1.0]), 0), "<= 0 samples"),
    ]:
        with pytest.raises(RuntimeError, match=text):
            multinomial(*args)


def test_no_gradient_flows_through_what_was_drawn():
    mean, std = zeros(3, requires_grad=True), ones(3, requires_grad=True)
    (normal(mean, std) + bernoulli(mean + 0.5)).sum().backward()
    assert mean.grad.tolist() == std.grad.tolist() == [0.0, 0.0, 0.0]
    w = ones(3, requires_grad=True)
    x = w * 2
    x.normal_()
    (x * 3).sum().backward()
    assert w.grad.tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(RuntimeError, match="leaf"):
        w.uniform_()
    with no_grad():
        assert w.uniform_(2, 3) is w
    assert w.requires_grad
    assert w.is_leaf
    assert w.detach().numpy().min() >= 2
