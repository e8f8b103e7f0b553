"""Intervals by the bootstrap (Efron 1979), and what they allow one to say about a difference.

NumPy is imported where it is used: the process of a contestant imports this module, too, and is to hold
nothing but what the contestant brings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from tinytorch.core import Array

Times: TypeAlias = "Sequence[Any] | Array"
FASTER, SLOWER, SAME, FEW = "faster", "slower", "no difference", "too few rounds"
RESAMPLES = 2000
FEWEST = 6  # the range of five values holds the median of their distribution in 94 percent of all cases only
MARGIN = 0.01  # a difference below one percent is none: where code lies in memory makes as much


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval: `value` is what was measured, the truth lies in `low` to `high`.

    `confidence` is how often such intervals hold the truth: 0.95 for 95 percent.
    """

    value: float
    low: float
    high: float
    confidence: float

    @property
    def half(self) -> float:
        """Half of its width, as a part of the value: a difference below it can't be seen."""
        return (self.high - self.low) / 2 / abs(self.value) if self.value else 0.0

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high

    def verdict(self, margin: float = MARGIN) -> str:
        """Tell what an interval of a ratio (ours / theirs, of times) says.

        Returns:
            "faster" or "slower" if all of it lies beyond 1, by more than `margin`; "no difference" if it
            reaches to within `margin` of 1: then none was found, which is not a proof that there is none -
            `half` says how large one could have gone unseen. "too few rounds" if it holds the truth in
            fewer than 90 percent of all cases.
        """
        if self.confidence < 0.9:
            return FEW
        if self.high < 1 - margin:
            return FASTER
        return SLOWER if self.low > 1 + margin else SAME


def bootstrap(
    samples: Times,
    statistic: Callable[..., Array] | None = None,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return a statistic of samples and its interval: that of the samples drawn again and again.

    The statistic is computed of `resamples` draws, each as many as the samples, with replacement; the
    interval is what holds the middle `confidence` of the results (the percentile bootstrap). Fewer than six
    samples have no 95% interval of their median at all: for them it is their whole range, with the
    confidence that this has, 1 - 2**(1 - n).

    Args:
        samples: numbers that don't depend on one another.
        statistic: of an array along `axis`, for example `np.mean`; the median if not given.
        confidence: how often the interval is to hold the truth.
        resamples: how often to draw.
        seed: of the draws; the same samples give the same interval.

    Raises:
        ValueError: no samples, samples that aren't finite, or a confidence that isn't between 0 and 1.
    """
    import numpy as np

    x, statistic = checked(samples), statistic or np.median
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence is between 0 and 1, for example 0.95; {confidence} isn't")
    value = float(statistic(x, axis=0))
    if len(x) < FEWEST:
        return Interval(value, float(x.min()), float(x.max()), 1 - 2.0 ** (1 - len(x)))
    draws = np.random.default_rng(seed).integers(0, len(x), (resamples, len(x)))
    low, high = np.quantile(statistic(x[draws], axis=1), [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value, float(low), float(high), confidence)


def paired_ratio(ours: Times, theirs: Times, **options: Any) -> Interval:
    """Return the median over the rounds of ours / theirs, with its interval.

    Pairs were measured right after one another, so what slows the machine down for a while stands in both
    and leaves their ratio alone; what is drawn again is pairs.

    Args:
        ours: seconds, one a round.
        theirs: seconds of the same rounds.
        options: those of `bootstrap`.

    Raises:
        ValueError: other numbers of rounds, or times that aren't above zero.

    Examples:
        >>> interval = systems.paired_ratio([1.0, 1.1, 0.9, 1.0], [2.0, 2.2, 1.8, 2.0])
        >>> round(interval.value, 3)
        0.5
    """
    a, b = checked(ours), checked(theirs)
    if len(a) != len(b):
        raise ValueError(f"pairs need as many rounds of each: {len(a)} of ours, {len(b)} of theirs")
    if min(a.min(), b.min()) <= 0:
        raise ValueError("a ratio needs times above zero")
    return bootstrap(a / b, **options)


def paired_difference(ours: Times, theirs: Times, **options: Any) -> Interval:
    """Return the median over the rounds of ours - theirs, with its interval; see `paired_ratio`."""
    a, b = checked(ours), checked(theirs)
    if len(a) != len(b):
        raise ValueError(f"pairs need as many rounds of each: {len(a)} of ours, {len(b)} of theirs")
    return bootstrap(a - b, **options)


def unpaired_ratio(
    new: Times,
    old: Times,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Return the ratio of the medians of two measurements that were not taken together, with its interval.

    Both sides are drawn again, each by itself. What changed on the machine between the two stands in the
    ratio and can't be told from a change of the code.

    Raises:
        ValueError: no samples, or times that aren't above zero.
    """
    import numpy as np

    a, b = checked(new), checked(old)
    if min(a.min(), b.min()) <= 0:
        raise ValueError("a ratio needs times above zero")
    value = float(np.median(a) / np.median(b))
    few = min(len(a), len(b))
    if few < FEWEST:
        return Interval(value, float(a.min() / b.max()), float(a.max() / b.min()), 1 - 2.0 ** (1 - few))
    rng = np.random.default_rng(seed)
    medians = [np.median(x[rng.integers(0, len(x), (resamples, len(x)))], axis=1) for x in (a, b)]
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(medians[0] / medians[1], ends)
    return Interval(value, float(low), float(high), confidence)


def checked(samples: Times) -> Array:
    """Return samples as an array (n, ...) of finite numbers.

    Raises:
        ValueError: they are none, or not finite.
    """
    import numpy as np

    x = np.asarray(samples, np.float64)
    if not x.size:
        raise ValueError("there are no samples; measure at least one round")
    if not np.isfinite(x).all():
        raise ValueError("a sample isn't a finite number")
    return x
