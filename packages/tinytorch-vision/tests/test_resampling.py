"""Images in another size, pixels moved to other places, and dropout of whole channels."""

import numpy as np
import pytest
from tinytorch.core import arange, float32, from_numpy, manual_seed, ones, tensor, zeros
from tinytorch.vision import (
    Dropout2d,
    PixelShuffle,
    PixelUnshuffle,
    ReflectionPad2d,
    Upsample,
    ZeroPad2d,
    functional as F,
)


def test_nearest_repeats_pixels():
    x = tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert Upsample(scale_factor=2)(x)[0, 0].tolist() == np.kron([[1, 2], [3, 4]], np.ones((2, 2))).tolist()


def test_linear_blends_neighbours():
    x = tensor([[[0.0, 4.0]]])
    assert F.interpolate(x, 4, mode="linear")[0, 0].tolist() == [0, 1, 3, 4]
    assert F.interpolate(x, 5, mode="linear", align_corners=True)[0, 0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_a_flat_image_stays_flat(mode):
    for size in (1, 3, 7, 20):
        out = F.interpolate(ones(1, 2, 5, 6), size, mode=mode)
        np.testing.assert_allclose(out.numpy(), np.ones((1, 2, size, size)), rtol=1e-6)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_the_gradient_hands_out_all_that_it_got(mode):
    x = zeros(1, 1, 5, 6, requires_grad=True)
    F.interpolate(x, 11, mode=mode).sum().backward()
    assert x.grad.sum().item() == pytest.approx(121, rel=1e-5)


@pytest.mark.parametrize("length", [20, 300])  # by a product with a matrix, and element by element
@pytest.mark.parametrize("mode", ["nearest", "linear"])
def test_short_and_long_dimensions_agree(length, mode):
    values = np.random.default_rng(0).normal(size=length)
    x = from_numpy(values[None, None]).requires_grad_()
    out = F.interpolate(x, 2 * length, mode=mode)
    wanted = np.repeat(values, 2)
    if mode == "linear":
        wanted = np.interp((np.arange(2 * length) + 0.5) / 2 - 0.5, np.arange(length), values)
    np.testing.assert_allclose(out.detach().numpy()[0, 0], wanted, atol=1e-12)
    out.sum().backward()
    edges = 1 if mode == "nearest" else slice(1, -1)
    np.testing.assert_allclose(x.grad.numpy()[0, 0][edges], 2, atol=1e-12)


def test_infinity_stays_where_it_is():
    x = tensor([[[0.0, 0.0, float("inf"), 0.0, 0.0, 0.0]]])
    assert np.isfinite(F.interpolate(x, 12, mode="linear").numpy()[0, 0, 8:]).all()


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({}, ValueError, "either size or scale_factor"),
        ({"size": 2, "scale_factor": 2}, ValueError, "only one of"),
        ({"size": 0}, RuntimeError, "greater than 0"),
        ({"size": (2,)}, ValueError, "same number of spatial dimensions"),
        ({"size": 3, "mode": "linear"}, NotImplementedError, "use nearest, nearest-exact, bilinear, bicubic"),
        ({"size": 3, "mode": "area"}, NotImplementedError, "no mode 'area'"),
        ({"size": 3, "align_corners": True}, ValueError, "align_corners"),
    ],
)
def test_what_interpolate_refuses(kwargs, error, message):
    with pytest.raises(error, match=message):
        F.interpolate(ones(1, 1, 4, 4), **kwargs)


def test_integers_can_only_be_repeated():
    image = from_numpy(np.arange(4, dtype=np.uint8).reshape(1, 1, 2, 2))
    assert F.interpolate(image, 4).dtype == np.uint8
    with pytest.raises(NotImplementedError, match=r"use float\(\)"):
        F.interpolate(image, 4, mode="bilinear")


def test_pixel_shuffle_and_back():
    x = arange(2 * 8 * 3 * 2, dtype=float32).reshape(2, 8, 3, 2)
    wide = PixelShuffle(2)(x)
    assert wide.shape == (2, 2, 6, 4)
    assert wide[0, 0, :2, :2].flatten().tolist() == x[0, :4, 0, 0].tolist()
    assert PixelUnshuffle(2)(wide).tolist() == x.tolist()
    with pytest.raises(RuntimeError, match="divisible by the square"):
        PixelShuffle(3)(x)


def test_padding():
    x = tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    assert ZeroPad2d((1, 0, 0, 1))(x)[0, 0].tolist() == [[0, 1, 2], [0, 3, 4], [0, 0, 0]]
    assert ReflectionPad2d(1)(x)[0, 0, 0].tolist() == [4, 3, 4, 3]


def test_whole_channels_are_dropped():
    manual_seed(0)
    out = Dropout2d(0.25)(ones(50, 40, 3, 3)).numpy()
    assert (out == out[:, :, :1, :1]).all()
    assert set(np.unique(out).round(4)) == {0, np.float32(4 / 3).round(4)}
    assert 0.2 < (out[:, :, 0, 0] == 0).mean() < 0.3
    layer = Dropout2d().eval()
    x = ones(2, 2, 2, 2)
    assert layer(x) is x
    with pytest.raises(RuntimeError, match="Expected 3D or 4D input"):
        F.dropout2d(ones(2, 3))
