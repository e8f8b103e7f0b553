"""Clipping: the length is right, the direction stays."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tinytorch.core import from_numpy, tensor, zeros
from tinytorch.training import clip_grad_norm_, clip_grad_value_, get_total_norm


def with_gradients(*gradients):
    parameters = [zeros(*np.shape(g)).requires_grad_(True) for g in gradients]
    for p, g in zip(parameters, gradients):
        p.grad = from_numpy(np.array(g, np.float32))
    return parameters


def test_a_long_gradient_is_cut_to_length_and_keeps_its_direction():
    a, b = with_gradients([3.0, 0.0], [[4.0]])
    assert clip_grad_norm_([a, b], 1.0).item() == pytest.approx(5.0)
    assert a.grad.tolist() == pytest.approx([0.6, 0.0], abs=1e-6)
    assert b.grad.tolist()[0] == pytest.approx([0.8], abs=1e-6)


def test_a_short_gradient_stays_as_it_is():
    (a,) = with_gradients([0.3, 0.4])
    before = a.grad.numpy().copy()
    assert clip_grad_norm_(a, 1.0).item() == pytest.approx(0.5)
    assert (a.grad.numpy() == before).all()


@given(
    st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=8),
    st.sampled_from([0.5, 1, 2, 3, math.inf]),
    st.floats(0.01, 100),
)
def test_no_norm_is_larger_than_the_limit(values, p, limit):
    (a,) = with_gradients(values)
    before = get_total_norm([a.grad], p).item()
    assert clip_grad_norm_(a, limit, norm_type=p).item() == before
    assert get_total_norm([a.grad], p).item() <= max(limit, 1e-6) * 1.001


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_squares_that_dont_fit_into_float32(scale):
    """3e25 squared is infinite in float32, 3e-25 squared is 0; the norm is neither."""
    (a,) = with_gradients([3 * scale, 4 * scale])
    assert get_total_norm([a.grad]).item() == pytest.approx(5 * scale, rel=1e-5)


def test_values_are_cut_one_by_one():
    (a,) = with_gradients([-3.0, 0.5, 3.0])
    clip_grad_value_(a, 1.0)
    assert a.grad.tolist() == [-1.0, 0.5, 1.0]


def test_parameters_without_gradient_are_passed_over():
    (a,) = with_gradients([3.0, 4.0])
    assert clip_grad_norm_([zeros(2).requires_grad_(True), a], 1.0).item() == pytest.approx(5.0)
    assert clip_grad_norm_([], 1.0).item() == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_isnt_finite_can_be_an_error(bad):
    (a,) = with_gradients([1.0, bad])
    with pytest.raises(RuntimeError, match="can't be clipped"):
        clip_grad_norm_(a, 1.0, error_if_nonfinite=True)
    assert a.grad.tolist()[0] == 1.0, "nothing is changed then"


def test_a_norm_is_of_the_gradients_dtype():
    assert get_total_norm([tensor([3.0, 4.0]).double()]).dtype == np.float64
