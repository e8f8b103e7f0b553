"""What a version of the spatial module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt
import tinytorch.vision as vision
from tinytorch.vision import functional as F


def _numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape)


def _tensor(*shape: int, seed: int = 0) -> tt.Tensor:
    """Return float64 numbers, so that rounding hides nothing."""
    return tt.tensor(_numbers(*shape, seed=seed))


def _close(what: str, got: Any, expected: Any, hint: str, tolerance: float = 1e-8) -> None:
    got, expected = np.asarray(got.detach().numpy()), np.asarray(expected)
    assert got.shape == expected.shape, (
        f"{what}: expected the shape {expected.shape}, got {got.shape}. Hint: {hint}"
    )
    worst = np.abs(got - expected).max() if got.size else 0.0
    assert np.allclose(got, expected, rtol=tolerance, atol=tolerance), (
        f"{what}: off by up to {worst:.2g}; expected {expected.ravel()[:6].tolist()}..., "
        f"got {got.ravel()[:6].tolist()}.... Hint: {hint}"
    )


def _raises(error: type[Exception], do: Callable[[], Any], what: str, hint: str) -> None:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error:
        return
    except Exception as caught:
        raise AssertionError(
            f"{what}: expected {error.__name__}, got {type(caught).__name__}: {caught}. Hint: {hint}"
        ) from caught
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}. Hint: {hint}")


def _correlate(x: Any, w: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    """Convolve by one product for each place of the output."""
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    k, c, kh, kw = w.shape
    spans = [d * (n - 1) + 1 for d, n in zip(dilation, (kh, kw), strict=True)]
    oh, ow = ((n - span) // s + 1 for n, span, s in zip(x.shape[2:], spans, stride, strict=True))
    out = np.zeros((len(x), k, oh, ow))
    for i in range(oh):
        for j in range(ow):
            y, z = i * stride[0], j * stride[1]
            window = x[:, :, y : y + spans[0] : dilation[0], z : z + spans[1] : dilation[1]]
            for kernel in range(k):
                first = kernel // (k // groups) * c
                out[:, kernel, i, j] = (window[:, first : first + c] * w[kernel]).sum(axis=(1, 2, 3))
    return out


# Stride, padding, dilation, groups
_OPTIONS: tuple[tuple[tuple[int, int], tuple[int, int], tuple[int, int], int], ...] = (
    ((1, 1), (0, 0), (1, 1), 1),
    ((1, 1), (1, 1), (1, 1), 1),
    ((2, 1), (1, 2), (1, 1), 1),
    ((1, 1), (2, 1), (2, 1), 1),
    ((2, 3), (1, 0), (1, 2), 2),
    ((1, 1), (1, 1), (1, 1), 4),
)


def check_the_definition() -> None:
    """Compute a convolution number by number."""
    x = tt.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    w = tt.tensor([[[[1.0, 0.0], [0.0, -1.0]]]])
    got = vision.conv2d_naive(x, w)
    hint = "out[i, j] is the sum over a, b of x[i + a, j + b] * w[a, b]; nothing is turned round"
    _close("conv2d_naive of 1..9 with [[1, 0], [0, -1]]", got, [[[[-4, -4], [-4, -4]]]], hint)
    x, bias = _tensor(2, 4, 5, 6), _numbers(8)
    for stride, padding, dilation, groups in _OPTIONS:
        w = _tensor(8, 4 // groups, 3, 2)
        got = vision.conv2d_naive(x, w, tt.tensor(bias), stride, padding, dilation, groups)
        expected = _correlate(x.numpy(), w.numpy(), stride, padding, dilation, groups) + bias[:, None, None]
        what = f"conv2d_naive with {stride=}, {padding=}, {dilation=}, {groups=}"
        _close(what, got, expected, "the window begins at i * stride; its elements are dilation apart")


def check_the_fast_convolution() -> None:
    """Give the same numbers as the definition, for every option, with and without a batch."""
    x, bias = _tensor(2, 4, 6, 7), _numbers(8)
    for stride, padding, dilation, groups in _OPTIONS:
        w = _tensor(8, 4 // groups, 3, 3)
        expected = _correlate(x.numpy(), w.numpy(), stride, padding, dilation, groups) + bias[:, None, None]
        got = F.conv2d(x, w, tt.tensor(bias), stride, padding, dilation, groups)
        what = f"conv2d with {stride=}, {padding=}, {dilation=}, {groups=}"
        _close(what, got, expected, "compare with conv2d_naive on a small case")
    w = _tensor(3, 4, 3, 2)
    same = F.conv2d(x, w, padding="same")
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (1, 1), (0, 1)))
    expected = _correlate(padded, w.numpy(), (1, 1), (0, 0), (1, 1), 1)
    _close('conv2d with padding="same"', same, expected, "what can't be halved goes to the right and below")
    one = F.conv2d(x[0], w)
    _close("one image without a batch", one, F.conv2d(x, w).numpy()[0], "(C, H, W) gives (K, OH, OW)")
    nothing = F.conv2d(x[:0], w)
    assert nothing.shape == (0, 3, 4, 6), f"no images: expected the shape (0, 3, 4, 6), got {nothing.shape}"
    single = F.conv2d(x.float(), w.float())
    assert single.dtype == tt.float32, f"float32 images: expected float32, got {single.dtype}"


def check_convolution_gradients() -> None:
    """Know the gradients of images, weights and bias."""
    for stride, padding, dilation, groups in _OPTIONS:
        x = _tensor(2, 4, 5, 5).requires_grad_()
        w = _tensor(4, 4 // groups, 3, 2).requires_grad_()
        b = _tensor(4).requires_grad_()
        options = (stride, padding, dilation, groups)
        what = f"gradients of conv2d with {stride=}, {padding=}, {dilation=}, {groups=}"
        fine = tt.gradcheck(
            lambda x, w, b, o=options: F.conv2d(x, w, b, *o), (x, w, b), raise_exception=False
        )
        assert fine, f"{what} are wrong. Hint: every output's gradient goes back to all that it came from"


def check_it_is_fast() -> None:
    """Be at least 50 times faster than the definition: one matrix product instead of seven loops."""
    x, w = tt.randn(4, 3, 24, 24), tt.randn(8, 3, 3, 3)
    begin = time.perf_counter()
    vision.conv2d_naive(x[:1], w)
    slow = (time.perf_counter() - begin) * 4
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        F.conv2d(x, w)
        times.append(time.perf_counter() - begin)
    ratio = slow / min(times)
    assert ratio > 50, f"conv2d is only {ratio:.0f} times faster than conv2d_naive. Hint: windows as columns"


def check_other_convolutions() -> None:
    """Convolve sequences, and convolve backwards."""
    x, w, b = _tensor(2, 4, 9), _tensor(6, 2, 3), _numbers(6)
    got = F.conv1d(x, w, tt.tensor(b), 2, 1, 2, 2)
    expected = _correlate(x.numpy()[:, :, None], w.numpy()[:, :, None], (1, 2), (0, 1), (1, 2), 2)[:, :, 0]
    _close(
        "conv1d with stride 2, padding 1, dilation 2, 2 groups",
        got,
        expected + b[:, None],
        "an image of height 1",
    )
    w4 = _tensor(3, 2, 3, 2)
    for stride, padding, extra in ((1, 0, 0), (2, 1, 1), (3, 0, 2)):
        y = _tensor(2, 3, 4, 5)
        got = F.conv_transpose2d(y, w4, None, stride, padding, extra)
        sizes = tuple((n - 1) * stride - 2 * padding + k + extra for n, k in ((4, 3), (5, 2)))
        hint = "(n - 1) * stride - 2 * padding + kernel + output_padding"
        assert got.shape == (2, 2, *sizes), (
            f"conv_transpose2d: expected {(2, 2, *sizes)}, got {got.shape}. Hint: {hint}"
        )
        u = _tensor(2, 2, *sizes, seed=3)
        there = F.conv2d(u, w4, None, stride, padding)
        a, c = (there * y).sum().item(), (u * got).sum().item()
        assert math.isclose(a, c, rel_tol=1e-8), (
            f"conv_transpose2d with {stride=}, {padding=} isn't the way of conv2d's gradient: {c}, not {a}"
        )


def check_convolution_layers() -> None:
    """Wrap them as layers that start, are named and are shown as in PyTorch."""
    layer = vision.Conv2d(8, 6, (3, 5), padding=1, groups=2)
    assert list(layer.state_dict()) == ["weight", "bias"], f"parameters: got {list(layer.state_dict())}"
    assert layer.weight.shape == (6, 4, 3, 5), f"weight: expected (6, 4, 3, 5), got {layer.weight.shape}"
    bound = 1 / math.sqrt(4 * 3 * 5)
    largest = layer.weight.abs().max().item()
    assert 0.9 * bound < largest <= bound, (
        f"the weights reach {largest:.4f}, expected up to {bound:.4f}. "
        "Hint: uniform within 1 / sqrt(C / groups * KH * KW)"
    )
    shown = "Conv2d(8, 6, kernel_size=(3, 5), stride=(1, 1), padding=(1, 1), groups=2)"
    assert repr(layer) == shown, f"repr: expected {shown}, got {layer!r}"
    layer = vision.Conv2d(2, 3, 3, padding=1, padding_mode="circular", bias=False, dtype=tt.float64)
    assert layer.bias is None, "bias=False leaves the bias out"
    x = _tensor(2, 2, 4, 5)
    around = np.pad(x.numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap")
    expected = _correlate(around, layer.weight.detach().numpy(), (1, 1), (0, 0), (1, 1), 1)
    _close('padding_mode="circular"', layer(x), expected, "pad first, then convolve without padding")


def check_max_pooling() -> None:
    """Keep the largest value of each window, and send the gradient to where it was."""
    x = tt.arange(20.0).view(1, 1, 4, 5).requires_grad_()
    out, places = F.max_pool2d(x, 2, return_indices=True)
    _close("max_pool2d of 0..19 in a 4x5 image", out, [[[[6, 8], [16, 18]]]], "the last column has no window")
    assert places.tolist() == [[[[6, 8], [16, 18]]]], (
        f"places: expected row * W + column, got {places.tolist()}"
    )
    out.sum().backward()
    assert x.grad is not None, "max_pool2d has no gradient"
    assert x.grad.view(-1).nonzero().view(-1).tolist() == [6, 8, 16, 18], (
        "the gradient goes to the largest alone"
    )
    ties = tt.zeros(1, 1, 2, 2, requires_grad=True)
    F.max_pool2d(ties, 2).sum().backward()
    assert ties.grad is not None, "max_pool2d has no gradient"
    assert ties.grad.tolist() == [[[[1, 0], [0, 0]]]], (
        f"of equal values the first one: got {ties.grad.tolist()}"
    )
    negative = -tt.ones(1, 1, 3, 3)
    got = F.max_pool2d(negative, 3, 2, 1)
    _close("padding around negative numbers", got, -np.ones((1, 1, 2, 2)), "padding is -inf, not 0")
    ceil = F.max_pool1d(tt.arange(5.0).view(1, 5), 2, ceil_mode=True)
    _close("ceil_mode", ceil, [[1, 3, 4]], "a last window may reach over the end if it begins inside")
    overlapping = _tensor(2, 2, 6, 5).requires_grad_()
    fine = tt.gradcheck(lambda x: vision.MaxPool2d(3, 2, 1)(x), (overlapping,), raise_exception=False)
    assert fine, "gradients of MaxPool2d(3, 2, 1) are wrong. Hint: a value can win in several windows"


def check_average_pooling() -> None:
    """Average each window, and windows for a given size."""
    x = tt.arange(20.0).view(1, 1, 4, 5)
    _close("avg_pool2d", F.avg_pool2d(x, 2), [[[[3, 5], [13, 15]]]], "the mean of 4 numbers")
    ones = tt.ones(1, 1, 2, 2)
    _close("zeros count", F.avg_pool2d(ones, 2, padding=1), np.full((1, 1, 2, 2), 0.25), "divide by 4")
    got = F.avg_pool2d(ones, 2, padding=1, count_include_pad=False)
    _close("zeros don't count", got, np.ones((1, 1, 2, 2)), "divide by the pixels under the window")
    got = F.adaptive_avg_pool2d(x, (2, 2))
    expected = [[[[3.5, 5.5], [13.5, 15.5]]]]
    _close(
        "adaptive_avg_pool2d of 4x5 to 2x2",
        got,
        expected,
        "from floor(i * n / count) to ceil((i + 1) * n / count)",
    )
    got = vision.AdaptiveMaxPool2d((None, 1))(x)
    _close("AdaptiveMaxPool2d((None, 1))", got, [[[[4], [9], [14], [19]]]], "None keeps the height")
    leaf = _tensor(1, 2, 5, 7).requires_grad_()
    for name, function in (("avg_pool2d", F.avg_pool2d), ("adaptive_avg_pool2d", F.adaptive_avg_pool2d)):
        fine = tt.gradcheck(lambda x, f=function: f(x, 3), (leaf,), raise_exception=False)
        assert fine, f"gradients of {name} are wrong"


def check_unfold_and_fold() -> None:
    """Write windows as columns, and add them up where they came from."""
    x, w = _tensor(2, 3, 5, 6), _tensor(4, 3, 2, 3)
    columns = F.unfold(x, (2, 3), padding=1)
    assert columns.shape == (2, 18, 36), f"unfold: expected the shape (2, 18, 36), got {columns.shape}"
    product = (w.view(4, -1) @ columns).view(2, 4, 6, 6)
    _close(
        "weights times unfold",
        product,
        F.conv2d(x, w, padding=1).numpy(),
        "rows: channel, then kernel row, then column",
    )
    counted = F.fold(F.unfold(tt.ones(1, 1, 3, 3), 2), 3, 2)
    _close(
        "fold of unfold of ones", counted, [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]], "the sum over all windows"
    )


def check_batch_norm() -> None:
    """Normalise over the batch in training, with the running statistics afterwards."""
    x = _numbers(8, 3, 4, 4) * 5 + 2
    norm = vision.BatchNorm2d(3, momentum=0.5, dtype=tt.float64)
    out = norm(tt.tensor(x))
    mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    shape = (3, 1, 1)
    expected = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + 1e-5)
    _close("BatchNorm2d in training", out, expected, "mean and variance over N, H and W, for each channel")
    _close("running_mean", norm.running_mean, 0.5 * mean, "(1 - momentum) * running + momentum * batch")
    _close("running_var", norm.running_var, 0.5 + 0.5 * var * 128 / 127, "begins at 1; the unbiased variance")
    norm.eval()
    one = norm(tt.tensor(x[:1]))
    hint = "the running statistics, as numbers that don't change"
    assert norm.running_mean is not None, "BatchNorm2d has a running_mean"
    assert norm.running_var is not None, "BatchNorm2d has a running_var"
    center, spread = (np.asarray(t.numpy()).reshape(shape) for t in (norm.running_mean, norm.running_var))
    _close("in evaluation", one, (x[:1] - center) / np.sqrt(spread + 1e-5), hint)
    leaf = _tensor(4, 2, 3, 3).requires_grad_()
    fine = tt.gradcheck(lambda x: F.batch_norm(x, None, None, training=True), (leaf,), raise_exception=False)
    assert fine, "gradients of batch_norm are wrong. Hint: mean and variance depend on x, too"


def check_other_norms() -> None:
    """Normalise each image by itself: over groups of channels, or each channel alone."""
    x = _numbers(2, 4, 3, 3) * 3 + 1
    groups = x.reshape(2, 2, -1)
    expected = (groups - groups.mean(-1, keepdims=True)) / np.sqrt(groups.var(-1, keepdims=True) + 1e-5)
    got = vision.GroupNorm(2, 4, dtype=tt.float64)(tt.tensor(x))
    _close("GroupNorm(2, 4)", got, expected.reshape(x.shape), "one mean for each image and group")
    each = x.reshape(2, 4, -1)
    expected = (each - each.mean(-1, keepdims=True)) / np.sqrt(each.var(-1, keepdims=True) + 1e-5)
    got = vision.InstanceNorm2d(4)(tt.tensor(x))
    _close("InstanceNorm2d(4)", got, expected.reshape(x.shape), "one mean for each image and channel")


def check_dropout_of_channels() -> None:
    """Drop whole channels in training, nothing in evaluation."""
    tt.manual_seed(0)
    layer = vision.Dropout2d(0.25)
    out = layer(tt.ones(64, 8, 3, 3)).numpy().reshape(512, 9)
    whole = (out == out[:, :1]).all()
    assert whole, "a channel is dropped as a whole, or not at all"
    kept = (out[:, 0] > 0).mean()
    assert 0.65 < kept < 0.85, f"Dropout2d(0.25) keeps three quarters of the channels, not {kept:.0%}"
    assert np.allclose(out[out[:, 0] > 0], 4 / 3), "what is kept grows by 1 / (1 - p)"
    layer.eval()
    assert (layer(tt.ones(2, 2, 2, 2)).numpy() == 1).all(), "in evaluation nothing is dropped"


def check_resizing() -> None:
    """Resize images: by repeating pixels, by straight lines between them, by moving channels to pixels."""
    x = tt.tensor([[[[1.0, 3.0]]]])
    got = F.interpolate(x, scale_factor=2)
    _close('interpolate by 2, "nearest"', got, [[[[1, 1, 3, 3], [1, 1, 3, 3]]]], "each pixel becomes 2x2")
    got = vision.Upsample(size=(1, 4), mode="bilinear")(x)
    _close(
        'Upsample to 1x4, "bilinear"',
        got,
        [[[[1, 1.5, 2.5, 3]]]],
        "pixel i's middle lies at (i + 0.5) / scale - 0.5",
    )
    y = tt.arange(8.0).view(1, 4, 1, 2)
    got = F.pixel_shuffle(y, 2)
    _close(
        "pixel_shuffle(2)",
        got,
        [[[[0, 2, 1, 3], [4, 6, 5, 7]]]],
        "channel 2i + j goes to row i, column j of a 2x2 block",
    )


def check_bad_input_is_refused() -> None:
    """Say what is wrong, with PyTorch's types of errors."""
    x, w = _tensor(2, 4, 5, 5), _tensor(6, 4, 3, 3)
    hint = "check the arguments before computing"
    _raises(RuntimeError, lambda: F.conv2d(x, w[:, :3]), "a weight for 3 channels, an image with 4", hint)
    _raises(RuntimeError, lambda: F.conv2d(x, _tensor(6, 4, 7, 7)), "a kernel larger than the image", hint)
    _raises(RuntimeError, lambda: F.conv2d(x, w, groups=4), "6 kernels in 4 groups", hint)
    _raises(RuntimeError, lambda: F.conv2d(x, w, padding="same", stride=2), '"same" with a stride', hint)
    _raises(RuntimeError, lambda: F.conv2d(x, w, padding=-1), "negative padding", hint)
    _raises(RuntimeError, lambda: F.conv2d(x[0, 0], w), "an image without channels", hint)
    _raises(RuntimeError, lambda: F.conv2d(x.float(), w), "float32 and float64 together", hint)
    _raises(ValueError, lambda: vision.Conv2d(4, 6, 3, groups=3), "4 channels in 3 groups", hint)
    _raises(RuntimeError, lambda: F.max_pool2d(x, 6), "a window larger than the image", hint)
    _raises(RuntimeError, lambda: F.max_pool2d(x, 2, padding=2), "padding of more than half a window", hint)


def check_a_network_learns() -> None:
    """Tell horizontal bars from vertical ones, wherever they are."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((200, 1, 8, 8)).astype(np.float32) * 0.3
    labels = rng.integers(0, 2, 200)
    for image, label in zip(images, labels, strict=True):
        at, along = rng.integers(0, 8), rng.integers(0, 4)
        bar = (0, slice(along, along + 4), at) if label else (0, at, slice(along, along + 4))
        image[bar] += 1.5
    tt.manual_seed(0)
    net = tt.Sequential(
        vision.Conv2d(1, 8, 3, padding=1),
        tt.ReLU(),
        vision.MaxPool2d(2),
        vision.Conv2d(8, 8, 3, padding=1),
        tt.ReLU(),
        vision.AdaptiveMaxPool2d(1),
        tt.Flatten(),
        tt.Linear(8, 2),
    )
    optimizer = tt.Adam(net.parameters(), lr=0.01)
    x, y = tt.tensor(images), tt.tensor(labels)
    for _ in range(60):
        optimizer.zero_grad()
        tt.CrossEntropyLoss()(net(x), y).backward()
        optimizer.step()
    right = (net(x).argmax(dim=1) == y).to(tt.float32).mean().item()
    assert right > 0.95, f"after 60 steps {right:.0%} of the bars are told apart, expected more than 95%"
