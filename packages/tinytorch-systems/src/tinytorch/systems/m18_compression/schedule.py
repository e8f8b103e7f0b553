"""Pruning step by step while training goes on, so that what is left can make up for what is gone."""

from __future__ import annotations

from collections.abc import Iterable

from tinytorch.core import Module

from . import prune
from .masking import find_parameter, pruned_by
from .models import prunable
from .scores import array_of, check_amount


def cubic_sparsity(step: int, begin: int, end: int, final: float, initial: float = 0.0) -> float:
    """Return how sparse a model should be at a step: fast at first, when much is superfluous, then slowly.

        s = final + (initial - final) * (1 - (step - begin) / (end - begin))**3

    Args:
        step: now.
        begin: when pruning begins; before it there are no zeros at all.
        end: when `final` is reached, and kept from then on.
        final: the share of zeros in the end.
        initial: the share of zeros at `begin`.

    Raises:
        ValueError: a share is out of range, `final` is below `initial`, or `end` isn't after `begin`.

    Examples:
        >>> [round(systems.cubic_sparsity(step, 0, 100, 0.9), 3) for step in (0, 50, 100)]
        [0.0, 0.787, 0.9]

    Source: Zhu and Gupta, "To prune, or not to prune", 2017 (arXiv:1710.01878)
    """
    for share in (float(initial), float(final)):
        check_amount(share)
    if initial > final:
        raise ValueError(f"pruning can't undo itself: final={final} is below initial={initial}")
    if begin >= end:
        raise ValueError(f"end={end} must come after begin={begin}")
    if step < begin:
        return 0.0
    left = 1 - min(step - begin, end - begin) / (end - begin)
    return float(final + (initial - final) * left**3)


class GradualPruner:
    """Prunes a model a little every few steps of its training, on the cubic schedule.

        pruner = GradualPruner(model, final=0.9, end=500, every=10)
        for images, labels in batches:
            ...
            optimizer.step()
            pruner.step()

    What is pruned stays pruned. When training is over, `finish_pruning(model)` makes it final.

    Args:
        model: a model, whose `prunable` weights are meant, or pairs of a module and a parameter's name.
        final: the share of zeros in the end.
        end: the step at which it is reached.
        initial: the share of zeros at `begin`.
        begin: the step at which pruning begins.
        every: how many steps lie between two prunings.
        scope: "global" compares all weights, "layer" makes each layer equally sparse.

    Attributes:
        steps: how many steps there have been.

    Raises:
        ValueError: a share or a number of steps is out of range, or there is nothing to prune.

    Source: Zhu and Gupta, "To prune, or not to prune", 2017 (arXiv:1710.01878)
    """

    def __init__(
        self,
        model: Module | Iterable[tuple[Module, str]],
        final: float,
        end: int,
        *,
        initial: float = 0.0,
        begin: int = 0,
        every: int = 1,
        scope: str = "global",
    ) -> None:
        cubic_sparsity(0, begin, end, final, initial)  # raises what is out of range
        if every < 1:
            raise ValueError(f"every={every} must be at least 1 step")
        if scope not in ("global", "layer"):
            raise ValueError(f'scope must be "global" or "layer", not {scope!r}')
        self.pairs = prunable(model) if isinstance(model, Module) else list(model)
        if not self.pairs:
            raise ValueError("there is no weight to prune in what was given")
        self.schedule = (begin, end, final, initial)
        self.every = every
        self.scope = scope
        self.steps = 0
        self._share = self._masked_share()

    def step(self) -> float:
        """Count a step of the optimizer, and prune if it is time; return the share of zeros in the masks."""
        self.steps += 1
        begin, end, *_ = self.schedule
        if begin <= self.steps <= end and ((self.steps - begin) % self.every == 0 or self.steps == end):
            wanted = cubic_sparsity(self.steps, *self.schedule)
            groups = [self.pairs] if self.scope == "global" else [[pair] for pair in self.pairs]
            for pairs in groups:
                masked, size = self._masked(pairs)
                more = min(round(wanted * size), size - 1) - masked  # a layer keeps one weight
                if more > 0:
                    prune.global_unstructured(pairs, prune.L1Unstructured, amount=more)
            self._share = self._masked_share()
        return self._share

    def _masked_share(self) -> float:
        masked, size = self._masked(self.pairs)
        return masked / size if size else 0.0

    @staticmethod
    def _masked(pairs: list[tuple[Module, str]]) -> tuple[int, int]:
        """Return how many entries are pruned, and how many there are."""
        masked = size = 0
        for module, name in pairs:
            size += find_parameter(module, name).numel()
            if pruned_by(module, name) is not None:
                masked += int((array_of(getattr(module, f"{name}_mask")) == 0).sum())
        return masked, size
