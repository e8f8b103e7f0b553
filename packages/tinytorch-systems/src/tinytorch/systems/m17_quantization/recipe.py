"""The options of quantizing a model, checked and put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tinytorch.core import Tensor

from .calibration import METHODS
from .dtypes import as_quantized_dtype, qint8
from .quantized_tensor import Layout, QuantizedTensor
from .rounding import checked, grid, layout_of, rounded

GRANULARITIES = ("auto", "tensor", "channel", "group")
LONG = 128  # numbers in a row from which "auto" gives each row a scale: it adds less than 2%
GROUP = 32


@dataclass(frozen=True)
class Recipe:
    """How parameters are quantized: the options of `quantize`.

    Raises:
        ValueError: an option is none of those that there are.
        TypeError: the dtype is none, or patterns aren't in a list.
    """

    dtype: Any = qint8
    granularity: str = "auto"
    group_size: int | None = None
    symmetric: bool = True
    calibration: str = "minmax"
    percentile: float = 99.9
    only: Sequence[str] = ()
    skip: Sequence[str] = ()
    activations: str | None = None

    def __post_init__(self) -> None:
        as_quantized_dtype(self.dtype)
        if self.granularity not in GRANULARITIES:
            raise ValueError(
                f"granularity must be one of {', '.join(GRANULARITIES)}, not {self.granularity!r}"
            )
        if self.group_size is not None and self.granularity not in ("auto", "group"):
            raise ValueError(f'group_size goes with granularity="group", not with {self.granularity!r}')
        if self.calibration not in METHODS:
            raise ValueError(f"calibration must be one of {', '.join(METHODS)}, not {self.calibration!r}")
        if self.activations not in (None, "dynamic", "static"):
            raise ValueError(f'activations must be None, "dynamic" or "static", not {self.activations!r}')
        if isinstance(self.only, str) or isinstance(self.skip, str):
            raise TypeError("only and skip are lists of patterns, such as skip=['lm_head*']")

    def apply(self, parameter: Tensor) -> QuantizedTensor:
        """Return a parameter, quantized."""
        x = checked(parameter)
        layout = self.layout(parameter)
        return rounded(x, layout, *self.grid(x, layout))

    def grid(self, x: Any, layout: Layout) -> tuple[Any, Any]:
        """Return the scales and zero-points that suit an array; vectors always have both."""
        if x.ndim < 2:
            return grid(x, layout, False)
        return grid(x, layout, self.symmetric, self.calibration, self.percentile)

    def layout(self, parameter: Tensor) -> Layout:
        """Return the layout that a parameter is to have; vectors have eight bits and one scale."""
        if parameter.ndim < 2:
            return layout_of(parameter.shape, qint8, None, None)
        dtype = as_quantized_dtype(self.dtype)
        granularity = "group" if self.group_size is not None else self.granularity
        if granularity == "auto":
            length = parameter.numel() // max(1, parameter.shape[0])
            granularity = "group" if dtype.bits == 4 else "channel" if length >= LONG else "tensor"
        axis = None if granularity == "tensor" else 0
        group = None if granularity != "group" else GROUP if self.group_size is None else self.group_size
        return layout_of(parameter.shape, dtype, axis, group)


def matches(path: str, patterns: Sequence[str], used: set[str]) -> bool:
    """Tell whether a parameter's name, or that of a module it is in, fits a pattern; note those that do."""
    parts = path.split(".")
    names = [".".join(parts[:i]) for i in range(1, len(parts) + 1)]
    fitting = [p for p in patterns if any(fnmatchcase(name, p) for name in names)]
    used.update(fitting)
    return bool(fitting)
