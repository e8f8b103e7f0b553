"""Observers: watch numbers go by, then say how to cut their range into steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import Module, Tensor, from_numpy

from .dtypes import as_quantized_dtype, quint8
from .ranges import scale_and_zero_point

SCHEMES = ("per_tensor_affine", "per_tensor_symmetric", "per_channel_affine", "per_channel_symmetric")
EPS = float(np.finfo(np.float32).eps)


class MinMaxObserver(Module):
    """Remember the smallest and the largest number ever seen.

    Called with a tensor it looks at it and returns it. `calculate_qparams()` gives scale and zero-point.

    Args:
        dtype: what numbers will be rounded to.
        qscheme: "per_tensor_affine", or "per_tensor_symmetric" to have zero in the middle.
        quant_min: the smallest whole number to use, if not all of the dtype's.
        quant_max: the largest.
        eps: the smallest scale.

    Raises:
        ValueError: the scheme or the range of whole numbers is none.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.observer.MinMaxObserver.html
    """

    min_val: Tensor
    max_val: Tensor
    schemes = SCHEMES[:2]

    def __init__(
        self,
        dtype: Any = quint8,
        qscheme: str = "per_tensor_affine",
        quant_min: int | None = None,
        quant_max: int | None = None,
        eps: float = EPS,
    ) -> None:
        super().__init__()
        if qscheme not in self.schemes:
            raise ValueError(
                f"{type(self).__name__}: qscheme is one of {', '.join(self.schemes)}, not {qscheme!r}"
            )
        self.dtype = as_quantized_dtype(dtype)
        self.qscheme = qscheme
        self.quant_min = self.dtype.low if quant_min is None else quant_min
        self.quant_max = self.dtype.high if quant_max is None else quant_max
        if not self.dtype.low <= self.quant_min < self.quant_max <= self.dtype.high:
            raise ValueError(
                f"{type(self).__name__}: quant_min and quant_max must be within {self.dtype.low} and "
                f"{self.dtype.high}, but they are {self.quant_min} and {self.quant_max}"
            )
        self.eps = eps
        self.register_buffer("min_val", from_numpy(np.array(np.inf)))
        self.register_buffer("max_val", from_numpy(np.array(-np.inf)))

    def forward(self, x_orig: Tensor) -> Tensor:
        """Look at a tensor and return it.

        Raises:
            ValueError: it has NaN or an infinity.
        """
        x = x_orig.detach().numpy()
        if x.size:
            if not np.isfinite(x).all():
                raise ValueError(f"{type(self).__name__} can't observe NaN or infinities")
            self.look(x)
        return x_orig

    def look(self, x: Any) -> None:
        """Take note of an array that isn't empty."""
        self._widen(x.min(), x.max())

    def ends(self) -> tuple[Any, Any]:
        """Return where the range begins and ends."""
        return self.min_val.numpy(), self.max_val.numpy()

    @property
    def has_seen(self) -> bool:
        """Whether anything was observed."""
        return bool(np.isfinite(self.min_val.numpy()).all())

    def calculate_qparams(self) -> tuple[Tensor, Tensor]:
        """Return the scale, float32, and the zero-point, int64: (1), or (channels).

        Raises:
            RuntimeError: nothing was observed.
        """
        if not self.has_seen:
            raise RuntimeError(
                f"{type(self).__name__} has seen nothing; run the model on data before calculate_qparams()"
            )
        low, high = self.ends()
        kind = type(self.dtype)(self.dtype.name, self.dtype.bits, self.quant_min, self.quant_max)
        scale, zero = scale_and_zero_point(low, high, kind, self.qscheme.endswith("symmetric"), self.eps)
        return from_numpy(np.atleast_1d(scale).astype(np.float32)), from_numpy(np.atleast_1d(zero))

    def reset_min_max_vals(self) -> None:
        """Forget everything."""
        self._set(np.array(np.inf), np.array(-np.inf))

    def extra_repr(self) -> str:
        """Return what was seen, for `repr`."""
        return f"min_val={self.min_val.tolist()}, max_val={self.max_val.tolist()}"

    def _widen(self, low: Any, high: Any) -> None:
        self._set(np.minimum(self.min_val.numpy(), low), np.maximum(self.max_val.numpy(), high))

    def _set(self, low: Any, high: Any) -> None:
        self.min_val = from_numpy(np.array(low, np.float64))
        self.max_val = from_numpy(np.array(high, np.float64))


class MovingAverageMinMaxObserver(MinMaxObserver):
    """Let the range follow what is seen: each time it moves a little towards the new one.

    Args:
        averaging_constant: how much of the way, from 0 to 1.
        dtype: as of `MinMaxObserver`.
        qscheme: as of `MinMaxObserver`.
        quant_min: as of `MinMaxObserver`.
        quant_max: as of `MinMaxObserver`.
        eps: as of `MinMaxObserver`.

    Source:
    https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.observer.MovingAverageMinMaxObserver.html
    """

    def __init__(
        self,
        averaging_constant: float = 0.01,
        dtype: Any = quint8,
        qscheme: str = "per_tensor_affine",
        quant_min: int | None = None,
        quant_max: int | None = None,
        eps: float = EPS,
    ) -> None:
        super().__init__(dtype, qscheme, quant_min, quant_max, eps)
        self.averaging_constant = averaging_constant

    def look(self, x: Any) -> None:
        """Move towards the range of an array; the first one is taken as it is."""
        low, high = self.min_val.numpy(), self.max_val.numpy()
        if not np.isfinite(low):
            self._set(x.min(), x.max())
        else:
            share = self.averaging_constant
            self._set(low + share * (x.min() - low), high + share * (x.max() - high))


class PerChannelMinMaxObserver(MinMaxObserver):
    """Remember the smallest and the largest number of each channel.

    Args:
        ch_axis: the dimension of the channels.
        dtype: as of `MinMaxObserver`.
        qscheme: "per_channel_affine" or "per_channel_symmetric".
        quant_min: as of `MinMaxObserver`.
        quant_max: as of `MinMaxObserver`.
        eps: as of `MinMaxObserver`.

    Source:
    https://docs.pytorch.org/docs/stable/generated/torch.ao.quantization.observer.PerChannelMinMaxObserver.html
    """

    schemes = SCHEMES[2:]

    def __init__(
        self,
        ch_axis: int = 0,
        dtype: Any = quint8,
        qscheme: str = "per_channel_affine",
        quant_min: int | None = None,
        quant_max: int | None = None,
        eps: float = EPS,
    ) -> None:
        super().__init__(dtype, qscheme, quant_min, quant_max, eps)
        self.ch_axis = ch_axis

    def look(self, x: Any) -> None:
        """Take note of an array's channels."""
        rows = np.moveaxis(x, self.ch_axis, 0).reshape(x.shape[self.ch_axis], -1)
        self._widen(rows.min(axis=1), rows.max(axis=1))
