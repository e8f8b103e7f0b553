"""Dropout of whole channels: pixels beside each other say nearly the same, so dropping one does little."""

from __future__ import annotations

from tinytorch.core import Module, Tensor, rand


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero with probability `p`, and multiply the others by `1 / (1 - p)`.

    Args:
        input: (N, C, L) or (C, L), floating-point.
        p: the probability of becoming zero.
        training: if False, the input itself is returned.
        inplace: put the result into the input's own memory.

    Raises:
        ValueError: `p` isn't between 0 and 1.
        RuntimeError: an input of other dimensions, or of integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html
    """
    _check("dropout1d", input, p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input: "
            "(N, C, L), or (C, L) without a batch"
        )
    return _drop(input, input.shape[:-1], p, training, inplace)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to zero with probability `p`, and multiply the others by `1 / (1 - p)`.

    Args:
        input: (N, C, H, W), or (N, C, L), floating-point; the first two dimensions are always image and
            channel.
        p: the probability of becoming zero.
        training: if False, the input itself is returned.
        inplace: put the result into the input's own memory.

    Raises:
        ValueError: `p` isn't between 0 and 1.
        RuntimeError: an input of other dimensions, or of integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html;
    arXiv:1411.4280
    """
    _check("dropout2d", input, p)
    if input.ndim not in (3, 4):
        raise RuntimeError(
            f"dropout2d: Expected 3D or 4D input, but received a {input.ndim}D input: "
            "(N, C, H, W) or (N, C, L)"
        )
    return _drop(input, input.shape[:2], p, training, inplace)


def _check(name: str, input: Tensor, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}(): argument 'input' must be a Tensor, not {type(input).__name__}")


def _drop(input: Tensor, channels: tuple[int, ...], p: float, training: bool, inplace: bool) -> Tensor:
    """Multiply each channel by 0, with probability `p`, or by `1 / (1 - p)`."""
    if not training or p == 0 or input.numel() == 0:
        return input
    if input.dtype.kind != "f" and p != 1:
        raise RuntimeError(f"result type float can't be cast to the desired output type {input.dtype}")
    mask = rand(channels) >= p  # never for p = 1
    factors = mask.to(input.dtype) * (0 if p == 1 else 1 / (1 - p))
    factors = factors.reshape(*channels, *[1] * (input.ndim - len(channels)))
    return input.mul_(factors) if inplace else input * factors


class _ChannelDropout(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return the arguments for `repr`."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(_ChannelDropout):
    """In training, set whole channels to zero with probability `p` and scale up the others.

    Input and output have the same shape, (N, C, L) or (C, L).

    Args:
        p: the probability of becoming zero.
        inplace: put the result into the input's own memory.

    Raises:
        ValueError: `p` isn't between 0 and 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with some channels set to zero if `training`, else itself."""
        return dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_ChannelDropout):
    """In training, set whole channels to zero with probability `p` and scale up the others.

    Input and output have the same shape, (N, C, H, W) or (N, C, L).

    Args:
        p: the probability of becoming zero.
        inplace: put the result into the input's own memory.

    Raises:
        ValueError: `p` isn't between 0 and 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html (arXiv:1411.4280)
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with some channels set to zero if `training`, else itself."""
        return dropout2d(input, self.p, self.training, self.inplace)
