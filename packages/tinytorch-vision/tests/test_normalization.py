"""Normalisation over channels: statistics, what is remembered, and what is refused."""

import numpy as np
import pytest
from tinytorch.core import from_numpy, manual_seed, no_grad, ones, randn, tensor
from tinytorch.vision import BatchNorm1d, BatchNorm2d, GroupNorm, InstanceNorm2d, functional as F


def spread(x, axes) -> tuple[np.ndarray, np.ndarray]:
    array = x.detach().numpy()
    return array.mean(axis=axes), array.var(axis=axes)


def test_batch_norm_makes_each_channel_standard():
    manual_seed(0)
    mean, variance = spread(BatchNorm2d(3)(randn(8, 3, 5, 5) * 7 + 100), (0, 2, 3))
    np.testing.assert_allclose(mean, 0, atol=1e-5)
    np.testing.assert_allclose(variance, 1, atol=1e-3)


def test_variance_of_values_far_from_zero_keeps_its_digits():
    x = (np.random.default_rng(0).normal(size=(64, 2, 9)) + 1000).astype(np.float32)
    out = F.batch_norm(from_numpy(x), None, None, training=True).numpy()
    wide = x.astype(np.float64)
    wanted = (wide - wide.mean(axis=(0, 2), keepdims=True)) / wide.std(axis=(0, 2), keepdims=True)
    np.testing.assert_allclose(out, wanted, atol=1e-3)


def test_running_statistics_are_those_of_pytorch():
    layer = BatchNorm1d(1, momentum=0.25)
    layer(tensor([[1.0], [3.0]]))  # mean 2, unbiased variance 2
    assert layer.running_mean.tolist() == [0.5]
    assert layer.running_var.tolist() == [1.25]
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    layer(tensor([[100.0], [300.0]]))
    assert layer.running_mean.tolist() == [0.5]
    assert layer.num_batches_tracked.item() == 1


def test_momentum_none_is_the_plain_average():
    layer = BatchNorm1d(1, momentum=None)
    for low in (0.0, 2.0, 7.0):
        layer(tensor([[low], [low + 2]]))
    assert layer.running_mean.tolist() == pytest.approx([4.0])


def test_evaluation_does_not_depend_on_the_company():
    manual_seed(0)
    layer = BatchNorm2d(2)
    layer(randn(8, 2, 3, 3))
    layer.eval()
    x = randn(4, 2, 3, 3)
    np.testing.assert_allclose(layer(x)[:1].detach().numpy(), layer(x[:1]).detach().numpy(), rtol=1e-6)


def test_running_mean_must_not_move_between_forward_and_backward():
    layer = BatchNorm1d(2).eval()
    y = layer(randn(4, 2).requires_grad_())
    layer.running_mean.fill_(9)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_training_without_a_gradient_still_remembers():
    layer = BatchNorm1d(2)
    with no_grad():
        layer(ones(3, 2))
    assert layer.running_mean.tolist() == pytest.approx([0.1, 0.1])


@pytest.mark.parametrize("make", [lambda: GroupNorm(2, 4), lambda: InstanceNorm2d(4)])
def test_group_and_instance_norm_see_each_image_alone(make):
    manual_seed(0)
    layer, x = make(), randn(3, 4, 5, 5)
    np.testing.assert_allclose(layer(x)[1:2].detach().numpy(), layer(x[1:2]).detach().numpy(), atol=1e-6)


def test_states_have_pytorchs_names():
    assert list(BatchNorm2d(3).state_dict()) == [
        "weight",
        "bias",
        "running_mean",
        "running_var",
        "num_batches_tracked",
    ]
    assert list(BatchNorm2d(3, affine=False, track_running_stats=False).state_dict()) == []
    assert list(GroupNorm(1, 3).state_dict()) == ["weight", "bias"]
    assert list(InstanceNorm2d(3).state_dict()) == []


def test_float32_stays_float32():
    x = randn(4, 2, 3, 3).requires_grad_()
    for layer in (BatchNorm2d(2), BatchNorm2d(2).eval(), GroupNorm(1, 2), InstanceNorm2d(2, affine=True)):
        x.grad = None
        y = layer(x)
        (y * y).sum().backward()
        assert y.dtype == x.grad.dtype == np.float32
        assert all(p.grad.dtype == np.float32 for p in layer.parameters())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: BatchNorm1d(3)(ones(1, 3)), ValueError, "more than 1 value per channel.*larger batch"),
        (lambda: BatchNorm2d(3)(ones(2, 3)), ValueError, "expected 4D input"),
        (
            lambda: BatchNorm2d(3)(ones(2, 4, 2, 2)),
            RuntimeError,
            "should contain 4 elements",
        ),
        (lambda: BatchNorm1d(3)(ones(2, 3).double()), RuntimeError, "dtype of the input, float64"),
        (lambda: GroupNorm(3, 4), ValueError, "divisible"),
        (lambda: F.instance_norm(ones(2, 3, 1)), ValueError, "more than 1 spatial element"),
        (lambda: F.batch_norm(ones(2, 3), None, None), RuntimeError, "must be given"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_instance_norm_without_parameters_warns_of_another_number_of_channels():
    with pytest.warns(UserWarning, match="not used"):
        InstanceNorm2d(3)(ones(1, 2, 3, 3))
