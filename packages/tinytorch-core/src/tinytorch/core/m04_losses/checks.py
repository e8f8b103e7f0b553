"""What a version of the losses module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tinytorch.core as tt
from tinytorch.core import functional as F


def _compared(got: Any, expected: Any, near: Any) -> str:
    """Say what was expected and what came; of many elements only the first that differs."""
    if expected.size <= 24:
        return f"expected {expected.tolist()}, got {got.tolist()}"
    at = tuple(int(i) for i in np.argwhere(~near)[0])
    return f"at {list(at)}: expected {expected[at]}, got {got[at]}"


def _near(got: Any, expected: Any, what: str, hint: str) -> None:
    """Compare a tensor's shape and values with what was expected."""
    assert isinstance(got, tt.Tensor), f"{what}: expected a Tensor, got {type(got).__name__}. Hint: {hint}"
    array, wanted = got.numpy(), np.asarray(expected)
    assert array.shape == wanted.shape, (
        f"{what}: expected shape {wanted.shape}, got {array.shape}. Hint: {hint}"
    )
    near = np.isclose(array, wanted, rtol=1e-5, atol=1e-12, equal_nan=True)
    assert near.all(), f"{what}: {_compared(array, wanted, near)}. Hint: {hint}"


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


def _log_softmax(scores: Any) -> Any:
    """Return the log-probabilities of the classes, which are dimension 1, in NumPy."""
    shifted = scores - scores.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def _examples(*more: int) -> tuple[Any, Any, Any]:
    """Return float64 scores for 6 samples and 4 classes, their targets, and the loss of each sample."""
    rng = np.random.default_rng(0)
    scores, targets = rng.standard_normal((6, 4, *more)), rng.integers(0, 4, (6, *more))
    own = np.take_along_axis(_log_softmax(scores), targets[:, None], 1)[:, 0]
    return scores, targets, -own


def check_reductions_agree() -> None:
    """Reduce the losses of all elements as "none", "sum" or "mean" says; refuse other words."""
    x, y = tt.tensor([[1.0, 4.0], [0.0, 0.0]]), tt.tensor([[0.0, 2.0], [0.0, 3.0]])
    _near(F.mse_loss(x, y, reduction="none"), [[1, 4], [0, 9]], "mse_loss, none", "a loss for each element")
    _near(F.mse_loss(x, y, reduction="sum"), 14, "mse_loss, sum", "their sum")
    _near(F.mse_loss(x, y), 3.5, "mse_loss", "the mean is the default")
    _raises(
        ValueError, lambda: F.mse_loss(x, y, reduction="average"), "reduction='average'", "an unknown word"
    )
    _near(F.mse_loss(tt.zeros(0), tt.zeros(0)), math.nan, "mse_loss of nothing", "0 / 0 is nan, not 0")


def check_squared_and_absolute_errors() -> None:
    """Write mse_loss and l1_loss; warn if the shapes differ, because broadcasting is hardly ever meant."""
    x, y = tt.tensor([1.0, -2.0, 3.0]), tt.tensor([1.0, 2.0, 1.0])
    _near(F.mse_loss(x, y), 20 / 3, "mse_loss", "the mean of (x - y)**2")
    _near(F.l1_loss(x, y), 2, "l1_loss", "the mean of |x - y|")
    weight = tt.tensor([1.0, 0.0, 3.0])
    _near(
        F.mse_loss(x, y, weight=weight), 12 / 4, "mse_loss with weights", "divide by the sum of the weights"
    )
    _near(F.l1_loss(x, y, weight=weight), 6 / 4, "l1_loss with weights", "divide by the sum of the weights")
    for loss in (F.mse_loss, F.l1_loss):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loss(tt.zeros(4, 1), tt.zeros(4))
        assert caught, "a loss of shapes (4, 1) and (4,): expected a warning. Hint: warnings.warn"
    _raises(
        RuntimeError, lambda: _quiet(F.mse_loss, tt.zeros(2), tt.zeros(3)), "(2,) and (3,)", "they don't fit"
    )


def _quiet(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return f(*args, **kwargs)


def check_huber_joins_smoothly() -> None:
    """Write huber_loss and smooth_l1_loss: a parabola near zero, straight lines beyond."""
    d = np.array([-5.0, -2.0, -1.0, 0.0, 0.5, 1.999, 2.001, 7.0])
    x, zero = tt.tensor(d), tt.zeros(8, dtype=tt.float64)
    for delta in (1.0, 2.0):
        inside = np.abs(d) <= delta
        huber = np.where(inside, d * d / 2, delta * (np.abs(d) - delta / 2))
        got = F.huber_loss(x, zero, reduction="none", delta=delta)
        _near(
            got, huber, f"huber_loss, delta={delta}", "d**2 / 2 up to delta, then delta * (|d| - delta / 2)"
        )
        got = F.smooth_l1_loss(x, zero, reduction="none", beta=delta)
        _near(got, huber / delta, f"smooth_l1_loss, beta={delta}", "the Huber loss divided by its delta")
    got = F.smooth_l1_loss(x, zero, beta=0.0)
    _near(got, np.abs(d).mean(), "smooth_l1_loss, beta=0", "the absolute error, without dividing by 0")
    _raises(
        RuntimeError, lambda: F.huber_loss(x, zero, delta=0.0), "huber_loss, delta=0", "it must be positive"
    )


def check_nll_picks_the_own_class() -> None:
    """Write nll_loss: minus the log-probability of each sample's own class; refuse what isn't a class."""
    scores, targets, losses = _examples()
    x, t = tt.tensor(_log_softmax(scores)), tt.tensor(targets)
    _near(F.nll_loss(x, t, reduction="none"), losses, "nll_loss, none", "-x[i, target[i]]")
    _near(F.nll_loss(x, t), losses.mean(), "nll_loss", "their mean")
    _near(F.nll_loss(x[0], t[0]), losses[0], "nll_loss of one sample", "scores (C,) and a target of shape ()")
    for wrong in (4, -1):
        bad = tt.tensor([0, 1, wrong, 0, 0, 0])
        hint = "a class is 0 to C - 1; a negative index must not count from the end"
        _raises(IndexError, partial(F.nll_loss, x, bad), f"target {wrong} of 4 classes", hint)
    _raises(ValueError, lambda: F.nll_loss(x, t[:5]), "6 samples, 5 targets", "the numbers must agree")
    _raises(
        RuntimeError, lambda: F.nll_loss(x, t.to(tt.float32)), "float targets", "class indices are integers"
    )


def check_cross_entropy_is_the_surprise() -> None:
    """Write cross_entropy from scores: -log(softmax(scores)[own class])."""
    scores, targets, losses = _examples()
    x, t = tt.tensor(scores), tt.tensor(targets)
    hint = "log(sum(exp(scores))) - own score, for each row; softmax over dimension 1"
    _near(F.cross_entropy(x, t, reduction="none"), losses, "cross_entropy, none", hint)
    _near(F.cross_entropy(x, t, reduction="sum"), losses.sum(), "cross_entropy, sum", hint)
    _near(F.cross_entropy(x, t), losses.mean(), "cross_entropy", hint)
    _near(F.cross_entropy(x[0], t[0]), losses[0], "cross_entropy of one sample", "scores (C,), target ()")
    _near(F.cross_entropy(tt.zeros(5, 10), tt.arange(5)), math.log(10), "equal scores, 10 classes", "log(10)")
    same = F.cross_entropy(x + 100, t)
    _near(same, losses.mean(), "cross_entropy of scores + 100", "only differences of scores count")
    _near(x, scores, "the scores after the loss", "work on a copy")
    half = F.cross_entropy(tt.zeros(100, 2, dtype=tt.float16), tt.zeros(100, dtype=tt.int64))
    assert half.dtype == tt.float16, f"float16 scores: expected a float16 loss, got {half.dtype}"
    assert abs(half.item() - math.log(2)) < 0.005, f"float16 scores: expected log(2), got {half.item()}"


def check_cross_entropy_is_stable() -> None:
    """Keep the loss finite, and exact, for scores whose exponentials overflow or vanish."""
    hint = "subtract each row's maximum, and never take the logarithm of a softmax"
    x = tt.tensor([[1000.0, 0.0], [0.0, 1000.0], [-1000.0, -1000.0]])
    expected = [1000, 0, math.log(2)]
    _near(F.cross_entropy(x, tt.tensor([1, 1, 0]), reduction="none"), expected, "scores of +-1000", hint)
    x = tt.tensor([[0.0, -math.inf]])
    _near(F.cross_entropy(x, tt.tensor([0])), 0, "a score of -inf for another class", "exp(-inf) is 0")


def check_class_weights_make_a_weighted_mean() -> None:
    """Give each class a weight; the mean divides by the sum of the weights that were used."""
    scores, targets, losses = _examples()
    x, t = tt.tensor(scores), tt.tensor(targets)
    weight = np.array([0.5, 2.0, 1.0, 10.0])
    w = weight[targets]
    for name, loss, given in [
        ("cross_entropy", F.cross_entropy, x),
        ("nll_loss", F.nll_loss, tt.tensor(_log_softmax(scores))),
    ]:
        got = loss(given, t, tt.tensor(weight), reduction="none")
        _near(got, w * losses, f"{name} with weights, none", "weight[target] * loss")
        got = loss(given, t, tt.tensor(weight))
        _near(
            got,
            (w * losses).sum() / w.sum(),
            f"{name} with weights",
            "divide by weight[target].sum(), not by N",
        )
    _raises(
        RuntimeError, lambda: F.cross_entropy(x, t, tt.ones(3)), "3 weights, 4 classes", "one for each class"
    )


def check_ignored_targets_do_not_count() -> None:
    """Leave out samples whose target is ignore_index, in the sum and in the divisor."""
    scores, targets, losses = _examples()
    targets[[1, 4]] = -100
    kept = np.array([True, False, True, True, False, True])
    x, t = tt.tensor(scores), tt.tensor(targets)
    hint = "a loss of 0 for the ignored, and the mean over the others"
    _near(F.cross_entropy(x, t, reduction="none"), np.where(kept, losses, 0), "ignored, none", hint)
    _near(F.cross_entropy(x, t), losses[kept].mean(), "ignored, mean", hint)
    log_p = tt.tensor(_log_softmax(scores))
    _near(F.nll_loss(log_p, t), losses[kept].mean(), "nll_loss, ignored, mean", hint)
    scores, targets, losses = _examples()
    first = int(targets[0])
    got = F.cross_entropy(tt.tensor(scores), tt.tensor(targets), ignore_index=first)
    _near(got, losses[targets != first].mean(), f"ignore_index={first}", "a class may be ignored as well")
    nothing = F.cross_entropy(x, tt.full((6,), -100))
    _near(nothing, math.nan, "all targets ignored", "the mean of nothing is nan, as in PyTorch")


def check_label_smoothing() -> None:
    """Spread a part of the target evenly over all classes."""
    scores, targets, losses = _examples()
    x, t = tt.tensor(scores), tt.tensor(targets)
    even = -_log_softmax(scores).mean(1)
    expected = 0.8 * losses + 0.2 * even
    hint = "(1 - s) * loss of the own class + s * the mean over the losses of all classes"
    _near(F.cross_entropy(x, t, reduction="none", label_smoothing=0.2), expected, "smoothing 0.2, none", hint)
    _near(F.cross_entropy(x, t, label_smoothing=0.2), expected.mean(), "smoothing 0.2", hint)
    targets[0] = -100
    got = F.cross_entropy(x, tt.tensor(targets), label_smoothing=0.2)
    _near(
        got, expected[1:].mean(), "smoothing with an ignored target", "ignored samples are ignored entirely"
    )
    _raises(
        RuntimeError, lambda: F.cross_entropy(x, t, label_smoothing=1.5), "smoothing 1.5", "it is from 0 to 1"
    )


def check_targets_may_be_probabilities() -> None:
    """Take targets of the scores' shape as probabilities of all classes."""
    scores, _, _ = _examples()
    p = np.exp(_log_softmax(np.random.default_rng(1).standard_normal((6, 4))))
    losses = -(p * _log_softmax(scores)).sum(1)
    x, t = tt.tensor(scores), tt.tensor(p)
    hint = "minus the sum over the classes of probability times log_softmax; the mean is over N"
    _near(F.cross_entropy(x, t, reduction="none"), losses, "probabilities, none", hint)
    _near(F.cross_entropy(x, t), losses.mean(), "probabilities, mean", hint)
    weight = np.array([0.5, 2.0, 1.0, 10.0])
    got = F.cross_entropy(x, t, tt.tensor(weight))
    expected = -(p * weight * _log_softmax(scores)).sum(1).mean()
    _near(got, expected, "probabilities with weights", "here the mean divides by N")
    smooth = 0.9 * p + 0.1 / 4
    expected = -(smooth * _log_softmax(scores)).sum(1).mean()
    got = F.cross_entropy(x, t, label_smoothing=0.1)
    _near(got, expected, "probabilities with smoothing", "smooth the targets, then as before")


def check_more_dimensions() -> None:
    """Take scores (N, C, d1, ...) with targets (N, d1, ...): the classes are always dimension 1."""
    for more in ((3,), (2, 3)):
        scores, targets, losses = _examples(*more)
        x, t = tt.tensor(scores), tt.tensor(targets)
        what = f"cross_entropy of scores {x.shape}"
        hint = "the class axis is 1, so a step along it is d1 * d2 ... numbers long in memory"
        _near(F.cross_entropy(x, t, reduction="none"), losses, f"{what}, none", hint)
        _near(F.cross_entropy(x, t), losses.mean(), what, "the mean over all positions")
        _near(
            F.nll_loss(tt.tensor(_log_softmax(scores)), t),
            losses.mean(),
            f"nll_loss of scores {x.shape}",
            hint,
        )
    scores, targets, losses = _examples(3)
    x = tt.tensor(np.moveaxis(scores, 1, 2).copy()).transpose(1, 2)
    _near(F.cross_entropy(x, tt.tensor(targets)), losses.mean(), "transposed scores", "any memory layout")


def check_binary_cross_entropy() -> None:
    """Write the loss of yes-or-no questions, from scores (exactly) and from probabilities."""
    x = np.array([-3.0, -0.5, 0.0, 2.0])
    t = np.array([0.0, 1.0, 0.3, 1.0])
    yes, no = np.log1p(np.exp(-x)), np.log1p(np.exp(x))  # -log(p) and -log(1 - p)
    losses = t * yes + (1 - t) * no
    scores, targets = tt.tensor(x), tt.tensor(t)
    with_logits = F.binary_cross_entropy_with_logits
    hint = "(1 - t) * x - logsigmoid(x)"
    _near(with_logits(scores, targets, reduction="none"), losses, "with logits, none", hint)
    _near(with_logits(scores, targets), losses.mean(), "with logits", hint)
    _near(with_logits(scores, targets, reduction="sum"), losses.sum(), "with logits, sum", hint)
    large, ends = tt.tensor([1000.0, -1000.0, -80.0]), tt.tensor([0.0, 1.0, 0.0])
    hint = "min(x, 0) - log1p(exp(-|x|)) is the logsigmoid that never overflows and keeps small numbers"
    _near(with_logits(large, ends, reduction="none"), [1000, 1000, math.exp(-80)], "large scores", hint)
    got = with_logits(scores, targets, pos_weight=tt.tensor(3.0, dtype=tt.float64))
    hint = "pos_weight multiplies the part with t, not that with 1 - t"
    _near(got, (3 * t * yes + (1 - t) * no).mean(), "pos_weight=3", hint)
    got = with_logits(scores, targets, weight=tt.tensor([1.0, 0.0, 2.0, 1.0], dtype=tt.float64))
    _near(got, (losses * [1, 0, 2, 1]).mean(), "weight", "times each loss; the mean still divides by N")
    p = tt.tensor(1 / (1 + np.exp(-x)))
    _near(
        F.binary_cross_entropy(p, targets),
        losses.mean(),
        "from probabilities",
        "-t log p - (1 - t) log(1 - p)",
    )
    got = F.binary_cross_entropy(tt.tensor([1.0, 0.0, 1.0]), tt.tensor([0.0, 1.0, 1.0]), reduction="none")
    _near(
        got, [100, 100, 0], "probabilities of 0 and 1", "logarithms are cut off at -100, and 0 * log 0 is 0"
    )
    bad = tt.tensor([1.5])
    _raises(RuntimeError, lambda: F.binary_cross_entropy(bad, tt.ones(1)), "probability 1.5", "0 to 1 only")
    _raises(
        ValueError, lambda: with_logits(tt.ones(2, 1), tt.ones(2)), "shapes (2, 1) and (2,)", "must be equal"
    )


def check_kl_divergence() -> None:
    """Write kl_div: the sum of target * (log(target) - input), for log-probabilities as input."""
    rng = np.random.default_rng(0)
    q, p = (np.exp(_log_softmax(rng.standard_normal((3, 4)))) for _ in range(2))
    p[0] = [0, 0.5, 0.5, 0]
    with np.errstate(all="ignore"):
        terms = np.where(p == 0, 0, p * (np.log(p) - np.log(q)))
    log_q, target = tt.tensor(np.log(q)), tt.tensor(p)
    hint = "target * (log(target) - input), where 0 * log(0) is 0"
    _near(F.kl_div(log_q, target, reduction="none"), terms, "kl_div, none", hint)
    _near(F.kl_div(log_q, target, reduction="sum"), terms.sum(), "kl_div, sum", hint)
    _near(F.kl_div(log_q, target, reduction="batchmean"), terms.sum() / 3, "kl_div, batchmean", "divide by N")
    got = _quiet(F.kl_div, log_q, target)
    _near(got, terms.mean(), "kl_div, mean", "PyTorch's default divides by the number of elements")
    got = F.kl_div(log_q, log_q, reduction="sum", log_target=True)
    _near(got, 0, "kl_div of a distribution from itself, log_target=True", "exp(target) * (target - input)")


def check_modules_keep_their_options() -> None:
    """Write a module for each loss that keeps its options and calls the function."""
    scores, targets, _ = _examples()
    x, t = tt.tensor(scores), tt.tensor(targets)
    y, p = tt.tensor(scores[::-1].copy()), F.softmax(tt.tensor(scores), dim=1)
    w = tt.tensor([0.5, 2.0, 1.0, 10.0], dtype=tt.float64)
    log_p = F.log_softmax(x, dim=1)
    cases: list[tuple[Any, tuple[Any, Any], Any]] = [
        (tt.MSELoss(reduction="sum"), (x, y), F.mse_loss(x, y, reduction="sum")),
        (tt.L1Loss(), (x, y), F.l1_loss(x, y)),
        (tt.HuberLoss(delta=0.3), (x, y), F.huber_loss(x, y, delta=0.3)),
        (tt.SmoothL1Loss(beta=0.3), (x, y), F.smooth_l1_loss(x, y, beta=0.3)),
        (tt.NLLLoss(w, ignore_index=1), (log_p, t), F.nll_loss(log_p, t, w, ignore_index=1)),
        (
            tt.CrossEntropyLoss(w, ignore_index=1, label_smoothing=0.1),
            (x, t),
            F.cross_entropy(x, t, w, ignore_index=1, label_smoothing=0.1),
        ),
        (tt.BCELoss(reduction="none"), (p, p), F.binary_cross_entropy(p, p, reduction="none")),
        (
            tt.BCEWithLogitsLoss(pos_weight=w),
            (x, p),
            F.binary_cross_entropy_with_logits(x, p, pos_weight=w),
        ),
        (
            tt.KLDivLoss(reduction="batchmean", log_target=True),
            (log_p, log_p),
            F.kl_div(log_p, log_p, reduction="batchmean", log_target=True),
        ),
    ]
    for module, given, expected in cases:
        what = f"{type(module).__name__}(...)(input, target)"
        _near(module(*given), expected.numpy(), what, "pass every option on to the function")
    saved = list(tt.CrossEntropyLoss(w).state_dict())
    assert saved == ["weight"], (
        f"state of CrossEntropyLoss(weight): expected ['weight'], got {saved}. Hint: register_buffer"
    )
