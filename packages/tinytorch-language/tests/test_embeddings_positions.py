"""Positions: learned, sinusoidal, rotary, ALiBi."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tinytorch.core import from_numpy, randn, zeros
from tinytorch.language import (
    PositionalEmbedding,
    RotaryEmbedding,
    SinusoidalPositionalEncoding,
    alibi_bias,
    alibi_slopes,
    sinusoidal_positions,
)
from tinytorch.language.functional import apply_rotary, scaled_dot_product_attention


@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_sinusoids_are_those_of_the_paper(width):
    table = sinusoidal_positions(7, width, base=100.0).numpy()
    for position in range(7):
        for feature in range(width):
            angle = position / 100.0 ** ((feature - feature % 2) / width)
            wanted = math.cos(angle) if feature % 2 else math.sin(angle)
            assert abs(table[position, feature] - wanted) < 1e-6
    shifted = sinusoidal_positions(3, width, base=100.0, offset=4).numpy()
    assert np.array_equal(table[4:], shifted)


def test_moving_on_is_a_rotation_that_depends_on_the_distance_alone():
    table = sinusoidal_positions(50, 2, dtype="float64").numpy()
    turn = np.array([[math.cos(3), math.sin(3)], [-math.sin(3), math.cos(3)]])  # by 3 positions
    np.testing.assert_allclose(table[3:], table[:-3] @ turn.T, atol=1e-12)


def test_modules_add_positions_from_an_offset():
    x = randn(2, 4, 6)
    fixed = SinusoidalPositionalEncoding(6, max_len=10)
    np.testing.assert_allclose(
        (fixed(x, offset=3) - x).numpy(), np.broadcast_to(fixed.table.numpy()[3:7], x.shape), atol=1e-6
    )
    learned = PositionalEmbedding(10, 6)
    learned(x, offset=3).sum().backward()
    assert learned.weight.grad.numpy()[:, 0].tolist() == [0, 0, 0, 2, 2, 2, 2, 0, 0, 0]
    assert list(fixed.state_dict()) == []
    assert list(learned.state_dict()) == ["weight"]
    assert (repr(learned), repr(fixed)) == (
        "PositionalEmbedding(10, 6)",
        "SinusoidalPositionalEncoding(6, max_len=10, base=10000.0)",
    )


@pytest.mark.parametrize(
    "make", [lambda: PositionalEmbedding(8, 6), lambda: SinusoidalPositionalEncoding(6, 8)]
)
def test_a_sequence_longer_than_the_table_is_refused(make):
    module = make()
    assert module(zeros(8, 6)).shape == (8, 6)
    with pytest.raises(IndexError, match=r"positions 5 to 8.*max_len=8"):
        module(zeros(4, 6), offset=5)
    with pytest.raises(RuntimeError, match=r"\(\*, T, 6\)"):
        module(zeros(4, 5))
    with pytest.raises(ValueError, match="-1"):
        module(zeros(4, 6), offset=-1)
    with pytest.raises(TypeError, match="ndarray"):
        module(np.zeros((4, 6)))


def turned_slowly(x, offset, dim, base, interleaved):
    """Turn each pair with a complex number: the definition, feature by feature."""
    out = x.copy()
    for position in range(x.shape[-2]):
        for pair in range(dim // 2):
            a, b = (2 * pair, 2 * pair + 1) if interleaved else (pair, pair + dim // 2)
            turn = np.exp(1j * (offset + position) * base ** (-2 * pair / dim))
            z = (x[..., position, a] + 1j * x[..., position, b]) * turn
            out[..., position, a], out[..., position, b] = z.real, z.imag
    return out


@settings(deadline=None, max_examples=40)
@given(st.sampled_from([2, 4, 6]), st.integers(0, 2), st.integers(0, 5), st.integers(0, 300), st.booleans())
def test_rotary_is_a_complex_rotation_of_each_pair(dim, more, length, offset, interleaved):
    x = np.random.default_rng(dim + length).standard_normal((2, 3, length, dim + more))
    rotary = RotaryEmbedding(dim, base=500.0, interleaved=interleaved)
    out = rotary(from_numpy(x), offset).numpy()
    np.testing.assert_allclose(out, turned_slowly(x, offset, dim, 500.0, interleaved), atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(out, axis=-1), np.linalg.norm(x, axis=-1), atol=1e-9)


@pytest.mark.parametrize("interleaved", [False, True])
def test_scores_depend_on_the_distance_alone(interleaved):
    rotary = RotaryEmbedding(8, interleaved=interleaved)
    q = randn(8, dtype="float64").expand(20, 8)
    k = randn(8, dtype="float64").expand(20, 8)
    scores = (rotary(q, 7) @ rotary(k, 7).T).numpy()
    for distance in range(-19, 20):
        diagonal = np.diagonal(scores, distance)
        np.testing.assert_allclose(diagonal, diagonal[0], atol=1e-12)
    assert np.ptp(scores) > 1e-3


def test_decoding_with_an_offset_gives_the_same_rows():
    rotary, x = RotaryEmbedding(6), randn(2, 9, 6)
    whole = rotary(x).numpy()
    for position in range(9):
        step = rotary(x[:, position : position + 1], offset=position).numpy()
        assert np.array_equal(step[:, 0], whole[:, position])


def test_rotary_keeps_the_dtype_and_serves_several():
    rotary = RotaryEmbedding(4)
    for dtype in ("float32", "float64", "float16", "float32"):
        assert rotary(zeros(3, 4, dtype=dtype)).dtype == dtype
    assert list(rotary.state_dict()) == []
    assert repr(rotary) == "RotaryEmbedding(4, base=10000.0, interleaved=False)"


def test_wrong_rotations():
    for dim in (0, 3, -2):
        with pytest.raises(ValueError, match=str(dim)):
            RotaryEmbedding(dim)
    with pytest.raises(RuntimeError, match=r"at least 6 features.*\(2, 4\)"):
        RotaryEmbedding(6)(zeros(2, 4))
    with pytest.raises(ValueError, match="-1"):
        RotaryEmbedding(2)(zeros(2, 4), offset=-1)
    with pytest.raises(RuntimeError, match=r"cos \(3, 2\)"):
        apply_rotary(zeros(2, 4), zeros(3, 2), zeros(3, 2))
    with pytest.raises(RuntimeError, match=r"sin \(2, 1\)"):
        apply_rotary(zeros(2, 4), zeros(2, 2), zeros(2, 1))
    with pytest.raises(RuntimeError, match="apply_rotary"):
        apply_rotary(zeros(2, 4), zeros(2, 3), zeros(2, 3))


def test_alibi_slopes_are_those_of_the_paper():
    assert alibi_slopes(8).tolist() == [2.0**-i for i in range(1, 9)]
    assert alibi_slopes(1).tolist() == [2.0**-8]
    twelve = alibi_slopes(12, dtype="float64").numpy()
    np.testing.assert_allclose(twelve[8:], [2.0 ** -(0.5 + i) for i in range(4)])  # of 16: every other one
    assert len(alibi_slopes(7)) == 7
    with pytest.raises(ValueError, match="0"):
        alibi_slopes(0)


def test_alibi_bias_is_minus_slope_times_distance():
    bias = alibi_bias(2, 3, 5).numpy()
    assert bias.shape == (2, 3, 5)
    for head, slope in enumerate(alibi_slopes(2).tolist()):
        for query in range(3):
            for key in range(5):
                distance = 2 + query - key
                wanted = -slope * distance if distance >= 0 else -np.inf
                assert bias[head, query, key] == np.float32(wanted)
    both_ways = alibi_bias(2, 3, is_causal=False).numpy()
    assert np.array_equal(both_ways, both_ways.swapaxes(1, 2))
    with pytest.raises(ValueError, match="4 queries"):
        alibi_bias(2, 4, 3)


def test_alibi_hides_the_future_in_attention():
    q, k, v = randn(1, 2, 5, 4), randn(1, 2, 5, 4), randn(1, 2, 5, 4)
    out = scaled_dot_product_attention(q, k, v, alibi_bias(2, 5)).numpy()
    v[:, :, 3:] = 100.0
    changed = scaled_dot_product_attention(q, k, v, alibi_bias(2, 5)).numpy()
    assert np.array_equal(out[:, :, :3], changed[:, :, :3])
    assert not np.allclose(out[:, :, 3:], changed[:, :, 3:])
