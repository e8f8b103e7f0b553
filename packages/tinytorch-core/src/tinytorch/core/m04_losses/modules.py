"""The losses as modules, which keep their options."""

from __future__ import annotations

from ..m01_tensor.tensor import Tensor
from ..m03_layers.module import Module
from .classification import cross_entropy, nll_loss
from .probability import binary_cross_entropy, binary_cross_entropy_with_logits, kl_div
from .regression import huber_loss, l1_loss, mse_loss, smooth_l1_loss


class MSELoss(Module):
    """The mean of `(input - target)**2`.

    Args:
        reduction: "mean", "sum", or "none" for a loss for each element.

    Examples:
        >>> tt.MSELoss()(tt.tensor([1.0, 2.0]), tt.tensor([1.0, 4.0]))
        tensor(2.)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of predictions and targets of the same shape."""
        return mse_loss(input, target, reduction=self.reduction)


class L1Loss(Module):
    """The mean of `|input - target|`.

    Args:
        reduction: "mean", "sum", or "none" for a loss for each element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of predictions and targets of the same shape."""
        return l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Module):
    """The mean of `|d| - beta / 2` with `d = input - target`, rounded off to a parabola for `|d| < beta`.

    Args:
        reduction: "mean", "sum", or "none" for a loss for each element.
        beta: where the parabola ends; at least 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__()
        self.reduction = reduction
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of predictions and targets of the same shape."""
        return smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Module):
    """The mean of `d**2 / 2` with `d = input - target`, continued by straight lines beyond `|d| = delta`.

    Args:
        reduction: "mean", "sum", or "none" for a loss for each element.
        delta: where the parabola ends; greater than 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__()
        self.reduction = reduction
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of predictions and targets of the same shape."""
        return huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class CrossEntropyLoss(Module):
    """The mean of `-log(softmax(input)[target])`: the loss of a classifier that gives scores.

    Args:
        weight: a factor for each class, shape (C,).
        ignore_index: samples with this class index don't count.
        reduction: "mean", "sum", or "none" for a loss for each sample.
        label_smoothing: from 0 to 1, the part of the target that is spread evenly over all classes.

    Examples:
        >>> scores = tt.zeros(3, 10)  # for three samples: all classes alike
        >>> tt.CrossEntropyLoss()(scores, tt.tensor([7, 1, 0]))
        tensor(2.3026)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of scores (N, C, ...) and class indices (N, ...) or probabilities (N, C, ...)."""
        return cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(Module):
    """The mean of `-input[target]` for log-probabilities, as `LogSoftmax` gives them.

    Args:
        weight: a factor for each class, shape (C,).
        ignore_index: samples with this class index don't count.
        reduction: "mean", "sum", or "none" for a loss for each sample.

    Examples:
        >>> tt.NLLLoss()(tt.LogSoftmax(dim=1)(tt.zeros(3, 10)), tt.tensor([7, 1, 0]))
        tensor(2.3026)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
    """

    weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of log-probabilities (N, C, ...) and class indices (N, ...)."""
        return nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(Module):
    """The mean binary cross-entropy of probabilities, as `Sigmoid` gives them.

    Args:
        weight: a factor for each loss, broadcast to the target's shape.
        reduction: "mean", "sum", or "none" for a loss for each element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None = None, *, reduction: str = "mean") -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of probabilities and targets of the same shape."""
        return binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Module):
    """The mean binary cross-entropy of scores; more exact than `Sigmoid` followed by `BCELoss`.

    Args:
        weight: a factor for each loss, broadcast to the target's shape.
        reduction: "mean", "sum", or "none" for a loss for each element.
        pos_weight: a factor for the part of the loss that comes from positive targets, broadcast alike.

    Examples:
        >>> tt.BCEWithLogitsLoss()(tt.tensor([0.0, 1000.0]), tt.tensor([0.0, 1.0]))
        tensor(0.3466)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of scores and targets of the same shape."""
        return binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(Module):
    """The Kullback-Leibler divergence of a target distribution from predicted log-probabilities.

    Args:
        reduction: "batchmean" for the divergence, averaged over the batch; "sum", "none", or "mean",
            which averages over all elements.
        log_target: whether the targets are logarithms, too.

    Examples:
        >>> predicted = tt.log_softmax(tt.zeros(1, 2), dim=1)
        >>> tt.KLDivLoss(reduction="batchmean")(predicted, tt.tensor([[1.0, 0.0]]))
        tensor(0.6931)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
    """

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__()
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the divergence for log-probabilities and targets of the same shape."""
        return kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
