"""The losses: values against plain NumPy, gradients against measured ones, extreme inputs, errors."""

import warnings

import numpy as np
import pytest
import tinytorch.core.functional as F
from tinytorch.core import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
    Tensor,
    float16,
    float32,
    float64,
    from_numpy,
    no_grad,
    tensor,
)
from tinytorch.core.m05_autograd import gradcheck

REDUCTIONS = ["none", "mean", "sum"]
SHAPES = [(), (4,), (3, 2), (0,), (2, 0, 3)]


def numbers(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype) * 2


def probabilities(*shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).uniform(0.05, 0.95, shape).astype(dtype)


def leaf(array):
    return from_numpy(np.array(array)).requires_grad_()


def reduce(losses, reduction, count=None):
    """Reduce as the name says; a mean of nothing is nan."""
    if reduction == "none":
        return losses
    total = losses.sum()
    if reduction == "sum":
        return total
    count = losses.size if count is None else count
    return total / count if count else np.nan


def agrees(result: Tensor, expected) -> None:
    np.testing.assert_allclose(result.numpy(force=True), expected, rtol=1e-12, atol=1e-12)
    assert result.shape == np.shape(expected)


# Plain formulas, one element or one sample after the other


def plain_huber(d, delta):
    return 0.5 * d**2 if abs(d) <= delta else delta * (abs(d) - 0.5 * delta)


def plain_smooth_l1(d, beta):
    return 0.5 * d**2 / beta if abs(d) < beta else abs(d) - 0.5 * beta


def each(function, *arrays):
    return np.array([function(*xs) for xs in zip(*(a.ravel() for a in arrays), strict=True)]).reshape(
        arrays[0].shape
    )


def log_softmax(scores):
    """Return the log-softmax of a one-dimensional array."""
    scores = scores - scores.max()
    return scores - np.log(np.exp(scores).sum())


def samples(scores):
    """Go over the samples of scores (C,) or (N, C, d1, ...): the index of each and its scores."""
    if scores.ndim == 1:
        yield (), scores
    else:
        moved = np.moveaxis(scores, 1, -1)
        for index in np.ndindex(moved.shape[:-1]):
            yield index, moved[index]


def plain_cross_entropy(scores, target, weight=None, ignore_index=-100, reduction="mean", smoothing=0.0):
    """Cross-entropy of class indices, sample by sample."""
    classes = scores.shape[0 if scores.ndim == 1 else 1]
    weight = np.ones(classes) if weight is None else weight
    losses, count = np.zeros(target.shape), 0.0
    for index, z in samples(scores):
        label = target[index]
        if label == ignore_index:
            continue
        log_p = log_softmax(z)
        losses[index] = -(1 - smoothing) * weight[label] * log_p[label]
        losses[index] -= smoothing / classes * (weight * log_p).sum()
        count += weight[label]
    return reduce(losses, reduction, count)


def plain_soft_cross_entropy(scores, target, weight=None, reduction="mean", smoothing=0.0):
    """Cross-entropy of class probabilities, sample by sample."""
    classes = scores.shape[0 if scores.ndim == 1 else 1]
    weight = np.ones(classes) if weight is None else weight
    wanted = dict(samples(target))
    losses = np.zeros(scores.shape[:1] + scores.shape[2:] if scores.ndim > 1 else ())
    for index, z in samples(scores):
        q = wanted[index] * (1 - smoothing) + smoothing / classes
        losses[index] = -(weight * q * log_softmax(z)).sum()
    return reduce(losses, reduction)


def plain_nll(log_p, target, weight=None, ignore_index=-100, reduction="mean"):
    classes = log_p.shape[0 if log_p.ndim == 1 else 1]
    weight = np.ones(classes) if weight is None else weight
    losses, count = np.zeros(target.shape), 0.0
    for index, row in samples(log_p):
        if target[index] != ignore_index:
            losses[index] = -weight[target[index]] * row[target[index]]
            count += weight[target[index]]
    return reduce(losses, reduction, count)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", SHAPES)
class TestElementwise:
    def test_mse(self, shape, reduction):
        x, y = numbers(*shape), numbers(*shape, seed=1)
        expected = reduce((x - y) ** 2, reduction)
        agrees(F.mse_loss(tensor(x), tensor(y), reduction=reduction), expected)
        agrees(MSELoss(reduction=reduction)(tensor(x), tensor(y)), expected)
        gradcheck(lambda a, b: F.mse_loss(a, b, reduction=reduction), [leaf(x), leaf(y)])

    def test_l1(self, shape, reduction):
        x, y = numbers(*shape), numbers(*shape, seed=1)
        expected = reduce(abs(x - y), reduction)
        agrees(F.l1_loss(tensor(x), tensor(y), reduction=reduction), expected)
        agrees(L1Loss(reduction=reduction)(tensor(x), tensor(y)), expected)
        gradcheck(lambda a, b: F.l1_loss(a, b, reduction=reduction), [leaf(x), leaf(y)])

    @pytest.mark.parametrize("delta", [0.3, 1.0, 2.5])
    def test_huber(self, shape, reduction, delta):
        x, y = numbers(*shape), numbers(*shape, seed=1)
        expected = reduce(each(lambda d: plain_huber(d, delta), x - y), reduction)
        agrees(F.huber_loss(tensor(x), tensor(y), reduction, delta), expected)
        agrees(HuberLoss(reduction, delta)(tensor(x), tensor(y)), expected)
        gradcheck(lambda a, b: F.huber_loss(a, b, reduction, delta), [leaf(x), leaf(y)])

    @pytest.mark.parametrize("beta", [0.3, 1.0, 2.5])
    def test_smooth_l1(self, shape, reduction, beta):
        x, y = numbers(*shape), numbers(*shape, seed=1)
        expected = reduce(each(lambda d: plain_smooth_l1(d, beta), x - y), reduction)
        agrees(F.smooth_l1_loss(tensor(x), tensor(y), reduction=reduction, beta=beta), expected)
        agrees(SmoothL1Loss(reduction=reduction, beta=beta)(tensor(x), tensor(y)), expected)
        gradcheck(lambda a, b: F.smooth_l1_loss(a, b, reduction=reduction, beta=beta), [leaf(x), leaf(y)])

    @pytest.mark.parametrize("weighted", [False, True])
    def test_binary_cross_entropy(self, shape, reduction, weighted):
        p, y = probabilities(*shape), probabilities(*shape, seed=1)
        w = probabilities(*shape[-1:], seed=2) if weighted else None
        losses = each(lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p)), p, y)
        expected = reduce(losses * w if weighted else losses, reduction)
        weight = tensor(w) if weighted else None
        agrees(F.binary_cross_entropy(tensor(p), tensor(y), weight, reduction=reduction), expected)
        agrees(BCELoss(weight, reduction=reduction)(tensor(p), tensor(y)), expected)
        gradcheck(lambda a, b: F.binary_cross_entropy(a, b, weight, reduction=reduction), [leaf(p), leaf(y)])

    @pytest.mark.parametrize("weighted", [False, True])
    @pytest.mark.parametrize("positive", [False, True])
    def test_binary_cross_entropy_with_logits(self, shape, reduction, weighted, positive):
        x, y = numbers(*shape), probabilities(*shape, seed=1)
        w = probabilities(*shape[-1:], seed=2) if weighted else None
        pw = 3 * probabilities(*shape[-1:], seed=3) if positive else None
        p = 1 / (1 + np.exp(-x))
        losses = -((1.0 if pw is None else pw) * y * np.log(p) + (1 - y) * np.log(1 - p))
        expected = reduce(losses * w if weighted else losses, reduction)
        weight, pos_weight = tensor(w) if weighted else None, tensor(pw) if positive else None
        loss = BCEWithLogitsLoss(weight, reduction=reduction, pos_weight=pos_weight)
        agrees(loss(tensor(x), tensor(y)), expected)
        gradcheck(loss, [leaf(x), leaf(y)])

    @pytest.mark.filterwarnings("ignore:reduction='mean'")
    @pytest.mark.parametrize("log_target", [False, True])
    def test_kl_div(self, shape, reduction, log_target):
        x, y = numbers(*shape), probabilities(*shape, seed=1)
        expected = reduce(each(lambda x, y: y * (np.log(y) - x), x, y), reduction)
        given = np.log(y) if log_target else y
        loss = KLDivLoss(reduction=reduction, log_target=log_target)
        agrees(loss(tensor(x), tensor(given)), expected)
        gradcheck(loss, [leaf(x), leaf(given)])


class TestElementwiseOptions:
    def test_mse_weight(self):
        x, y, w = numbers(3, 2), numbers(3, 2, seed=1), probabilities(3, 2)
        losses = w * (x - y) ** 2
        args = tensor(x), tensor(y)
        agrees(F.mse_loss(*args, reduction="none", weight=tensor(w)), losses)
        agrees(F.mse_loss(*args, reduction="sum", weight=tensor(w)), losses.sum())
        agrees(F.mse_loss(*args, weight=tensor(w)), losses.sum() / w.sum())
        gradcheck(lambda a, b, c: F.mse_loss(a, b, weight=c), [leaf(x), leaf(y), leaf(w)])

    def test_l1_weight(self):
        x, y, w = numbers(3, 2), numbers(3, 2, seed=1), probabilities(3, 2)
        losses = w * abs(x - y)
        agrees(F.l1_loss(tensor(x), tensor(y), weight=tensor(w)), losses.sum() / w.sum())

    def test_huber_weight_doesnt_change_what_the_mean_divides_by(self):
        x, y, w = numbers(3, 2), numbers(3, 2, seed=1), probabilities(3, 2)
        losses = w * each(lambda d: plain_huber(d, 1.0), x - y)
        agrees(F.huber_loss(tensor(x), tensor(y), weight=tensor(w)), losses.mean())
        agrees(F.huber_loss(tensor(x), tensor(y), "none", weight=tensor(w)), losses)

    def test_smooth_l1_of_beta_0_is_l1(self):
        x, y = numbers(3, 2), numbers(3, 2, seed=1)
        agrees(F.smooth_l1_loss(tensor(x), tensor(y), beta=0), abs(x - y).mean())

    def test_l1_of_integers_stays_an_integer(self):
        loss = F.l1_loss(tensor([1, 5]), tensor([4, 4]), reduction="sum")
        assert loss.item() == 4
        assert loss.dtype == np.int64

    def test_l1_has_gradient_0_where_it_has_a_corner(self):
        x = leaf([1.0, 2.0])
        F.l1_loss(x, tensor([1.0, 3.0], dtype=float64), reduction="sum").backward()
        assert x.grad.tolist() == [0, -1]

    def test_huber_of_an_outlier_pulls_with_constant_force(self):
        x = leaf([1e30, -np.inf])
        loss = F.huber_loss(x, tensor([0.0, 0.0], dtype=float64), "none", 2.0)
        loss.sum().backward()
        assert loss.tolist() == [2e30, np.inf]
        assert x.grad.tolist() == [2, -2]

    @pytest.mark.parametrize("shape", [(), (4,), (3, 2), (2, 3, 4)])
    def test_kl_div_batchmean(self, shape):
        x, y = numbers(*shape), probabilities(*shape, seed=1)
        expected = (y * (np.log(y) - x)).sum() / (shape[0] if shape else 1)
        agrees(F.kl_div(tensor(x), tensor(y), reduction="batchmean"), expected)
        agrees(KLDivLoss(reduction="batchmean")(tensor(x), tensor(y)), expected)

    def test_kl_div_of_impossible_events_is_0(self):
        loss = F.kl_div(tensor([-1.0, -2.0]), tensor([0.0, 1.0]), reduction="none")
        assert loss.tolist() == [0, 2]

    def test_kl_div_says_that_its_mean_isnt_the_divergence(self):
        with pytest.warns(UserWarning, match="batchmean"):
            F.kl_div(tensor([-1.0]), tensor([1.0]))

    def test_kl_div_broadcasts(self):
        x, y = numbers(3, 1), probabilities(4)
        agrees(F.kl_div(tensor(x), tensor(y), reduction="sum"), (y * (np.log(y) - x)).sum())
        gradcheck(lambda a, b: F.kl_div(a, b, reduction="sum"), [leaf(x), leaf(y)])

    def test_bce_of_certain_mistakes_costs_100(self):
        loss = F.binary_cross_entropy(
            tensor([0.0, 1.0, 0.0, 1.0]), tensor([1.0, 0.0, 0.0, 1.0]), reduction="none"
        )
        assert loss.tolist() == [100, 100, 0, 0]

    def test_bce_of_certainty_has_finite_gradients(self):
        x = leaf(np.float32([0, 1, 0, 1]))
        F.binary_cross_entropy(x, tensor([1.0, 0.0, 0.0, 1.0]), reduction="sum").backward()
        assert np.isfinite(x.grad.numpy()).all()
        assert x.grad.numpy()[2:].tolist() == [0, 0]

    def test_bce_with_logits_of_extreme_scores(self):
        x = leaf(np.float32([1e4, -1e4, 1e4, -1e4, -40.0]))
        loss = F.binary_cross_entropy_with_logits(x, tensor([1.0, 0.0, 0.0, 1.0, 0.0]), reduction="none")
        loss.sum().backward()
        np.testing.assert_allclose(loss.tolist(), [0, 0, 1e4, 1e4, np.exp(-40.0)], rtol=1e-6)
        np.testing.assert_allclose(x.grad.numpy(), [0, 0, 1, -1, np.exp(-40.0)], rtol=1e-6)

    def test_bce_with_logits_and_pos_weight_of_extreme_scores(self):
        x = leaf(np.float32([1e4, -1e4, -40.0, 40.0]))
        loss = F.binary_cross_entropy_with_logits(
            x, tensor([0.0, 1.0, 0.0, 1.0]), reduction="none", pos_weight=tensor(3.0)
        )
        loss.sum().backward()
        np.testing.assert_allclose(loss.tolist(), [1e4, 3e4, np.exp(-40.0), 3 * np.exp(-40.0)], rtol=1e-6)
        np.testing.assert_allclose(x.grad.numpy(), [1, -3, np.exp(-40.0), -3 * np.exp(-40.0)], rtol=1e-6)

    @pytest.mark.parametrize(
        "loss", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss], ids=lambda f: f.__name__
    )
    def test_different_shapes_warn_and_broadcast(self, loss):
        x, y = numbers(3, 1), numbers(3, seed=1)
        with pytest.warns(UserWarning, match=r"\(3,\).*different.*\(3, 1\)") as caught:
            result = loss(tensor(x), tensor(y))
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            agrees(result, loss(tensor(x + 0 * y), tensor(y + 0 * x)).numpy())
            gradcheck(loss, [leaf(x), leaf(y)])


WEIGHTS = np.array([0.5, 2.0, 1.0, 0.25])
CLASS_SHAPES = [  # of scores and targets
    ((4,), ()),
    ((4,), (1,)),
    ((5, 4), (5,)),
    ((1, 4), (1,)),
    ((3, 4, 2), (3, 2)),
    ((3, 4, 1), (3, 1)),
    ((2, 4, 3, 2), (2, 3, 2)),
    ((2, 4, 1, 2, 2), (2, 1, 2, 2)),
    ((0, 4), (0,)),
    ((0, 4, 2), (0, 2)),
    ((2, 4, 0), (2, 0)),
]


def labels(shape, ignore_index=None):
    rng = np.random.default_rng(4)
    target = rng.integers(0, 4, shape)
    return target if ignore_index is None else np.where(rng.random(shape) < 0.4, ignore_index, target)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize(("shape", "target_shape"), CLASS_SHAPES)
class TestClasses:
    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
    @pytest.mark.parametrize("ignore_index", [None, -100, 2, 9])
    def test_cross_entropy_of_indices(self, shape, target_shape, weight, reduction, smoothing, ignore_index):
        scores, target = numbers(*shape), labels(target_shape, ignore_index)
        ignored = -100 if ignore_index is None else ignore_index
        expected = plain_cross_entropy(scores, target, weight, ignored, reduction, smoothing)
        expected = np.reshape(expected, ()) if len(shape) == 1 else expected
        w = None if weight is None else tensor(weight)
        loss = CrossEntropyLoss(w, ignore_index=ignored, reduction=reduction, label_smoothing=smoothing)
        agrees(loss(tensor(scores), tensor(target)), expected)
        if not np.isnan(expected).any():
            gradcheck(lambda x: loss(x, tensor(target)), [leaf(scores)])

    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
    def test_cross_entropy_of_probabilities(self, shape, target_shape, weight, reduction, smoothing):
        scores, target = numbers(*shape), probabilities(*shape)
        w = None if weight is None else tensor(weight)
        loss = CrossEntropyLoss(w, reduction=reduction, label_smoothing=smoothing)
        expected = plain_soft_cross_entropy(scores, target, weight, reduction, smoothing)
        agrees(loss(tensor(scores), tensor(target)), expected)
        gradcheck(loss, [leaf(scores), leaf(target)])

    @pytest.mark.parametrize("ignore_index", [None, -100, 2])
    def test_nll(self, shape, target_shape, weight, reduction, ignore_index):
        log_p, target = numbers(*shape), labels(target_shape, ignore_index)
        ignored = -100 if ignore_index is None else ignore_index
        expected = plain_nll(log_p, target, weight, ignored, reduction)
        expected = np.reshape(expected, ()) if len(shape) == 1 else expected
        w = None if weight is None else tensor(weight)
        loss = NLLLoss(w, ignore_index=ignored, reduction=reduction)
        agrees(loss(tensor(log_p), tensor(target)), expected)
        if not np.isnan(expected).any():
            gradcheck(lambda x: loss(x, tensor(target)), [leaf(log_p)])


class TestCrossEntropy:
    def test_by_hand(self):
        loss = F.cross_entropy(tensor([[0.0, 0.0], [np.log(3.0), 0.0]]), tensor([0, 0]), reduction="none")
        np.testing.assert_allclose(loss.numpy(), [np.log(2), np.log(4 / 3)], rtol=1e-6)

    def test_one_hot_probabilities_are_indices(self):
        scores, target = numbers(5, 4), labels(5)
        one_hot = np.eye(4)[target]
        for smoothing in (0.0, 0.3):
            hard = F.cross_entropy(tensor(scores), tensor(target), label_smoothing=smoothing)
            soft = F.cross_entropy(tensor(scores), tensor(one_hot), label_smoothing=smoothing)
            agrees(hard, soft.numpy())

    def test_weight_of_probabilities_has_a_gradient(self):
        gradcheck(
            lambda x, q, w: F.cross_entropy(x, q, w, label_smoothing=0.1),
            [leaf(numbers(3, 4, 2)), leaf(probabilities(3, 4, 2)), leaf(WEIGHTS)],
        )

    @pytest.mark.parametrize("dtype", [float16, float32, float64])
    def test_extreme_scores(self, dtype):
        x = leaf(np.array([[1e4, -1e4, 0], [-1e4, -1e4, -1e4], [0, 0, 2e4]], dtype))
        loss = F.cross_entropy(x, tensor([1, 0, 2]), reduction="none")
        loss.sum().backward()
        np.testing.assert_allclose(loss.numpy(force=True), np.array([2e4, np.log(3), 0], dtype), rtol=1e-3)
        expected = [[1, -1, 0], [-2 / 3, 1 / 3, 1 / 3], [0, 0, 0]]
        np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-3)

    def test_impossible_class_costs_infinitely_much(self):
        assert F.cross_entropy(tensor([[1.0, -np.inf]]), tensor([1])).item() == np.inf
        assert F.cross_entropy(tensor([[1.0, -np.inf]]), tensor([0])).item() == 0

    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    def test_all_ignored(self, smoothing):
        x = leaf(numbers(2, 3))
        loss = F.cross_entropy(x, tensor([-100, -100]), label_smoothing=smoothing)
        loss.backward()
        assert np.isnan(loss.item())
        assert (x.grad.numpy() == 0).all()

    def test_ignored_samples_with_infinite_scores_dont_matter(self):
        scores = [[1.0, 2.0], [np.inf, -np.inf]]
        loss = F.cross_entropy(tensor(scores), tensor([0, -100]))
        agrees(loss, F.cross_entropy(tensor(scores[:1]), tensor([0])).numpy())

    def test_empty_batch(self):
        x = leaf(np.zeros((0, 3)))
        loss = F.cross_entropy(x, tensor(np.zeros(0, np.int64)))
        loss.backward()
        assert np.isnan(loss.item())
        assert x.grad.shape == (0, 3)

    def test_many_samples_in_float16_keep_their_mean(self):
        x = from_numpy(np.zeros((70_000, 2), np.float16))
        target = tensor(np.zeros(70_000, np.int64))
        loss = F.cross_entropy(x, target)
        assert loss.dtype == float16
        assert loss.item() == pytest.approx(np.log(2), rel=1e-3)
        ignoring = F.cross_entropy(x, target, ignore_index=1, weight=tensor([2.0, 1.0], dtype=float16))
        assert ignoring.item() == pytest.approx(np.log(2), rel=1e-3)

    @pytest.mark.parametrize("dtype", [float16, float32, float64])
    @pytest.mark.parametrize("reduction", REDUCTIONS)
    def test_keeps_the_dtype(self, dtype, reduction):
        x = leaf(numbers(3, 4, dtype=dtype))
        for target in (tensor([0, 3, 1]), tensor(probabilities(3, 4, dtype=dtype))):
            loss = F.cross_entropy(x, target, reduction=reduction, label_smoothing=0.1)
            loss.backward(from_numpy(np.ones(loss.shape, dtype)))
            assert loss.dtype == x.grad.dtype == dtype
            x.grad = None

    def test_mixed_dtypes_of_probabilities_are_promoted(self):
        loss = F.cross_entropy(tensor([[1.0, 2.0]]), tensor([[0.5, 0.5]], dtype=float64))
        assert loss.dtype == float64

    def test_uint8_indices(self):
        scores = tensor(numbers(3, 4))
        small = F.cross_entropy(scores, tensor(np.array([0, 3, 1], np.uint8)))
        agrees(small, F.cross_entropy(scores, tensor([0, 3, 1])).numpy())

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_memory_order_doesnt_matter(self, order):
        scores, target = numbers(3, 4, 2), labels((3, 2))
        x = from_numpy(np.asarray(scores, order=order)).requires_grad_()
        loss = F.cross_entropy(x, tensor(target))
        agrees(loss, plain_cross_entropy(scores, target))
        gradcheck(lambda x: F.cross_entropy(x, tensor(target)), [x])

    def test_scores_stay_as_they_are(self):
        scores = numbers(5, 4)
        x = leaf(scores)
        for _ in range(2):
            F.cross_entropy(x, tensor(labels(5)), reduction="sum").backward()
        assert np.array_equal(x.numpy(force=True), scores)

    def test_backward_twice_gives_the_same_twice(self):
        x = leaf(numbers(5, 4))
        loss = F.cross_entropy(x, tensor(labels(5)), label_smoothing=0.1)
        loss.backward(retain_graph=True)
        once = x.grad.numpy().copy()
        loss.backward()
        np.testing.assert_allclose(x.grad.numpy(), 2 * once)

    def test_records_nothing_without_need(self):
        x = leaf(numbers(5, 4))
        with no_grad():
            assert F.cross_entropy(x, tensor(labels(5))).grad_fn is None

    def test_scores_may_change_before_backward(self):
        x = leaf(numbers(5, 4))
        y = x * 1
        loss = F.cross_entropy(y, tensor(labels(5)))
        y.zero_()  # the rule needs only what it computed itself
        loss.backward()
        z = leaf(x.numpy(force=True))
        F.cross_entropy(z, tensor(labels(5))).backward()
        np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy())

    def test_is_nll_of_log_softmax(self):
        scores, target = tensor(numbers(3, 4, 2)), tensor(labels((3, 2)))
        agrees(F.cross_entropy(scores, target), F.nll_loss(F.log_softmax(scores, dim=1), target).numpy())


class TestModules:
    def test_weights_are_buffers(self):
        loss = CrossEntropyLoss(tensor([1.0, 2.0]))
        assert list(loss.state_dict()) == ["weight"]
        assert list(CrossEntropyLoss().state_dict()) == []
        loss = BCEWithLogitsLoss(pos_weight=tensor([1.0, 2.0]))
        assert list(loss.state_dict()) == ["pos_weight"]

    def test_weights_follow_the_dtype(self):
        loss = CrossEntropyLoss(tensor([1.0, 2.0])).double()
        assert loss(tensor([[1.0, 2.0]], dtype=float64), tensor([1])).dtype == float64

    @pytest.mark.parametrize(
        "loss",
        [
            MSELoss,
            L1Loss,
            SmoothL1Loss,
            HuberLoss,
            CrossEntropyLoss,
            NLLLoss,
            BCELoss,
            BCEWithLogitsLoss,
            KLDivLoss,
        ],
    )
    def test_repr_and_no_parameters(self, loss):
        assert repr(loss()) == f"{loss.__name__}()"
        assert list(loss().parameters()) == []
        assert loss().reduction == "mean"


class TestErrors:
    x = tensor(numbers(3, 5, dtype=np.float32))

    @pytest.mark.parametrize(
        ("loss", "target"),
        [
            (F.mse_loss, x),
            (F.l1_loss, x),
            (F.smooth_l1_loss, x),
            (F.huber_loss, x),
            (F.kl_div, x),
            (F.binary_cross_entropy, x),
            (F.binary_cross_entropy_with_logits, x),
            (F.cross_entropy, tensor([0, 1, 2])),
            (F.nll_loss, tensor([0, 1, 2])),
        ],
    )
    def test_unknown_reduction(self, loss, target):
        with pytest.raises(ValueError, match="bar is not a valid value for reduction"):
            loss(self.x, target, reduction="bar")

    def test_batchmean_is_only_kl_divs(self):
        with pytest.raises(ValueError, match="batchmean is not a valid value for reduction"):
            F.mse_loss(self.x, self.x, reduction="batchmean")

    @pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
    @pytest.mark.parametrize("wrong", [12, 5, -1, -101, 2**62, -(2**62)])
    def test_class_out_of_bounds(self, loss, wrong):
        with pytest.raises(IndexError, match=rf"Target {wrong} is out of bounds\."):
            loss(self.x, tensor([0, wrong, 2]))
        with pytest.raises(IndexError, match=rf"Target {wrong} is out of bounds\."):
            loss(self.x, tensor([0, wrong, 2]), ignore_index=0)

    def test_class_out_of_bounds_among_spatial_dims(self):
        with pytest.raises(IndexError, match=r"Target 7 is out of bounds\."):
            F.cross_entropy(tensor(numbers(2, 5, 3)), tensor(np.full((2, 3), 7)))

    @pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
    @pytest.mark.parametrize("dtype", [np.int32, np.float32, np.bool_])
    def test_dtype_of_indices(self, loss, dtype):
        with pytest.raises(RuntimeError, match="expected target dtype to be int64 or uint8, but got"):
            loss(self.x, from_numpy(np.zeros(3, dtype)))

    @pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
    def test_shapes_of_indices(self, loss):
        with pytest.raises(ValueError, match=r"input batch_size \(3\) to match target batch_size \(2\)"):
            loss(self.x, tensor([0, 1]))
        with pytest.raises(ValueError, match=r"input batch_size \(3\) to match target batch_size \(0\)"):
            loss(self.x, tensor(1))
        with pytest.raises(ValueError, match="1D target must have size 1, but got target size: 3"):
            loss(self.x[0], tensor([0, 1, 2]))
        with pytest.raises(RuntimeError, match=r"Expected target size \[3\], got \[3, 2\]"):
            loss(self.x, tensor(np.zeros((3, 2), np.int64)))
        with pytest.raises(RuntimeError, match=r"Expected target size \[2, 3\], got \[2, 4\]"):
            loss(tensor(numbers(2, 5, 3)), tensor(np.zeros((2, 4), np.int64)))

    def test_indices_in_the_shape_of_probabilities(self):
        with pytest.raises(RuntimeError, match="class probabilities"):
            F.cross_entropy(self.x, tensor(np.zeros((3, 5), np.int64)))

    def test_scores_without_dimensions(self):
        with pytest.raises(IndexError, match="1 or more dimensions"):
            F.cross_entropy(tensor(1.0), tensor(1.0))
        with pytest.raises(ValueError, match="1 or more dimensions"):
            F.nll_loss(tensor(1.0), tensor(0))

    @pytest.mark.parametrize("shape", [(4,), (5, 1), ()])
    def test_shape_of_class_weights(self, shape):
        weight = tensor(np.ones(shape, np.float32))
        for loss, target in (
            (F.cross_entropy, tensor([0, 1, 2])),
            (F.cross_entropy, self.x),
            (F.nll_loss, tensor([0, 1, 2])),
        ):
            with pytest.raises(
                RuntimeError, match="weight tensor should be defined either for all 5 classes"
            ):
                loss(self.x, target, weight)

    @pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
    def test_class_weights_of_indices(self, loss):
        with pytest.raises(RuntimeError, match="expected a weight of dtype float32, but got float64"):
            loss(self.x, tensor([0, 1, 2]), tensor(np.ones(5)))
        with pytest.raises(RuntimeError, match="not differentiable with respect to 'weight'"):
            loss(self.x, tensor([0, 1, 2]), tensor(np.ones(5, np.float32)).requires_grad_())

    @pytest.mark.parametrize("smoothing", [1.5, -0.1, np.nan])
    def test_label_smoothing(self, smoothing):
        with pytest.raises(RuntimeError, match=r"label_smoothing must be between 0\.0 and 1\.0"):
            F.cross_entropy(self.x, tensor([0, 1, 2]), label_smoothing=smoothing)

    def test_ignore_index_with_probabilities(self):
        with pytest.raises(RuntimeError, match="ignore_index is not supported for floating point target"):
            F.cross_entropy(self.x, self.x, ignore_index=2)

    @pytest.mark.parametrize("loss", [F.binary_cross_entropy, F.mse_loss, F.cross_entropy, F.kl_div])
    def test_not_a_tensor(self, loss):
        with pytest.raises(TypeError, match="argument 'target' must be a Tensor, not str"):
            loss(self.x, "cat")
        with pytest.raises(TypeError, match="argument 'input' must be a Tensor, not list"):
            loss([1.0], self.x)

    @pytest.mark.parametrize("loss", [F.mse_loss, F.smooth_l1_loss, F.huber_loss])
    def test_integers(self, loss):
        with pytest.raises(NotImplementedError, match="int64"):
            loss(tensor([1, 2]), tensor([3, 4]))

    def test_mean_of_integers(self):
        with pytest.raises(RuntimeError, match="mean of int64"):
            F.l1_loss(tensor([1, 2]), tensor([3, 4]))
        with pytest.raises(RuntimeError, match="bool"):
            F.l1_loss(tensor([True]), tensor([False]), reduction="sum")

    def test_shapes_that_dont_broadcast(self):
        with pytest.warns(UserWarning, match="different"), pytest.raises(RuntimeError, match=r"\(3, 2\)"):
            F.mse_loss(tensor(numbers(3, 2)), tensor(numbers(3)))

    def test_weight_of_another_shape(self):
        for loss in (F.mse_loss, F.l1_loss, F.huber_loss):
            with pytest.raises(ValueError, match="Weights and input must have the same size"):
                loss(self.x, self.x, weight=tensor(np.ones(5, np.float32)))

    def test_bounds_of_delta_and_beta(self):
        for delta in (0, -1.0, np.nan):
            with pytest.raises(RuntimeError, match="non-positive values for delta"):
                F.huber_loss(self.x, self.x, delta=delta)
        with pytest.raises(RuntimeError, match="negative values for beta"):
            F.smooth_l1_loss(self.x, self.x, beta=-1.0)

    @pytest.mark.parametrize("wrong", [1.5, -0.1, np.nan])
    def test_bce_outside_0_and_1(self, wrong):
        with pytest.raises(RuntimeError, match="all elements of input should be between 0 and 1"):
            F.binary_cross_entropy(tensor([0.5, wrong]), tensor([1.0, 0.0]))
        with pytest.raises(RuntimeError, match="all elements of target should be between 0 and 1"):
            F.binary_cross_entropy(tensor([0.5, 0.5]), tensor([1.0, wrong]))

    def test_bce_shapes_and_dtypes(self):
        half = tensor([0.5, 0.5])
        with pytest.raises(ValueError, match="Please ensure they have the same size"):
            F.binary_cross_entropy(half, tensor([[0.5, 0.5]]))
        with pytest.raises(ValueError, match="must be the same as input size"):
            F.binary_cross_entropy_with_logits(half, tensor([[0.5, 0.5]]))
        with pytest.raises(RuntimeError, match="Found dtype int64 but expected float32"):
            F.binary_cross_entropy(half, tensor([1, 0]))
        with pytest.raises(RuntimeError, match="floating-point dtype, got int64"):
            F.binary_cross_entropy_with_logits(half, tensor([1, 0]))
        with pytest.raises(NotImplementedError, match="int64"):
            F.binary_cross_entropy_with_logits(tensor([1, 0]), half)

    @pytest.mark.parametrize("loss", [F.binary_cross_entropy, F.binary_cross_entropy_with_logits])
    def test_bce_weights(self, loss):
        half = tensor([[0.5, 0.5]])
        for shape in ((3,), (4, 1, 2)):
            with pytest.raises(RuntimeError, match="can't be broadcast"):
                loss(half, half, tensor(np.ones(shape, np.float32)))
        with pytest.raises(RuntimeError, match="not differentiable with respect to 'weight'"):
            loss(half, half, tensor([1.0]).requires_grad_())

    def test_kl_div_of_integers(self):
        with pytest.raises(RuntimeError, match="Integral inputs not supported"):
            F.kl_div(tensor([1.0]), tensor([1]), reduction="sum")
