"""The tensor's methods that change the dtype."""

from __future__ import annotations

from typing import Any

from . import dtypes, op
from .functions import cast


class ConvertMethods:
    """From one dtype to another; a tensor that has the dtype already is returned as it is."""

    dtype: Any

    def to(self, dtype: Any, *, copy: Any = False) -> Any:
        """Return the tensor with another dtype, or with that of another tensor.

        Between floating-point dtypes the gradient passes through.

        Args:
            dtype: a dtype, or a Tensor whose dtype is taken.
            copy: make a copy even if the dtype stays.
        """
        wanted = dtype.dtype if isinstance(dtype, op.Tensor) else dtypes.as_dtype(dtype)
        return self if wanted == self.dtype and not copy else cast(self, wanted)

    def type_as(self, other: Any) -> Any:
        """Return the tensor with the dtype of `other`."""
        if not isinstance(other, ConvertMethods):
            raise TypeError(f"type_as(): argument 'other' must be a Tensor, not {type(other).__name__}")
        return self.to(other)

    def half(self) -> Any:
        """Return the tensor as float16."""
        return self.to(dtypes.float16)

    def float(self) -> Any:
        """Return the tensor as float32."""
        return self.to(dtypes.float32)

    def double(self) -> Any:
        """Return the tensor as float64."""
        return self.to(dtypes.float64)

    def short(self) -> Any:
        """Return the tensor as int16."""
        return self.to(dtypes.int16)

    def int(self) -> Any:
        """Return the tensor as int32."""
        return self.to(dtypes.int32)

    def long(self) -> Any:
        """Return the tensor as int64."""
        return self.to(dtypes.int64)

    def bool(self) -> Any:
        """Return the tensor as bool: True where it isn't zero."""
        return self.to(dtypes.bool_)
