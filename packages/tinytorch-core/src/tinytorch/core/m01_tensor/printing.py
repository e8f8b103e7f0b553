"""What `print(tensor)` shows: PyTorch's layout, with short names of dtypes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .dtypes import bool_, get_default_dtype, int64

if TYPE_CHECKING:
    from .tensor import Tensor


@dataclass(frozen=True)
class Options:
    """How tensors are printed; see `set_printoptions`."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=float("inf")),
}
_options = _PROFILES["default"]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; what isn't given stays, except `sci_mode`.

    Args:
        precision: digits after the point (4).
        threshold: up to this number of elements all are shown (1000).
        edgeitems: how many are shown at each end of each dimension otherwise (3).
        linewidth: characters in a line (80).
        profile: "default", "short" or "full", to start from.
        sci_mode: whether to write 1.0000e+00; None lets the values decide.

    Raises:
        ValueError: an unknown profile.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
    """
    global _options
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"profile must be one of {', '.join(_PROFILES)}, not {profile!r}")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _options = replace(_PROFILES[profile] if profile else _options, sci_mode=sci_mode, **changes)


def tensor_repr(tensor: Tensor) -> str:
    """Return what `repr(tensor)` is."""
    array = tensor.array
    start = "tensor("
    suffixes = []
    if array.size:
        numbers = _block(array, _formatter(array), len(start), array.size > _options.threshold)
        told_by_numbers = array.dtype in (get_default_dtype(), int64, bool_)
    else:
        numbers = "[]"
        if array.ndim != 1:
            suffixes.append(f"size={array.shape}")
        told_by_numbers = array.dtype == get_default_dtype()
    if not told_by_numbers:
        suffixes.append(f"dtype={array.dtype.name}")
    if tensor.grad_fn is not None:
        suffixes.append(f"grad_fn={tensor.grad_fn}")
    elif tensor.requires_grad:
        suffixes.append("requires_grad=True")

    text = start + numbers
    length = len(text) - text.rfind("\n")  # of the last line, and one for the bracket
    for suffix in suffixes:
        if length + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * len(start) + suffix
            length = len(start) + len(suffix)
        else:
            text += ", " + suffix
            length += len(suffix) + 2
    return text + ")"


def _shown(array: Any) -> Any:
    """Return the elements that are shown: all, or the edges of each dimension."""
    edge = _options.edgeitems
    if array.size > _options.threshold:
        for axis, n in enumerate(array.shape):
            if n > 2 * edge:
                array = array.take([*range(edge), *range(n - edge, n)], axis)
    return array


def _formatter(array: Any) -> Callable[[Any], str]:
    """Return the function that writes one element, in a width that fits all."""
    shown = _shown(array).reshape(-1)
    if array.dtype.kind != "f":
        longest = max(len(str(x)) for x in shown.tolist())
        return lambda x: str(x).rjust(longest)

    digits, sci = _options.precision, _options.sci_mode
    values = np.abs(shown[np.isfinite(shown) & (shown != 0)].astype(np.float64))
    whole = bool((values == np.ceil(values)).all())
    least, most = (float(values.min()), float(values.max())) if values.size else (1.0, 1.0)
    if sci is None:
        sci = most > 1000 * least or most > 1e8 or (least < 1e-4 and not whole)
    if sci:
        spec = f".{digits}e"
    elif whole:
        spec = ".0f"
    else:
        spec = f".{digits}f"
    point = "." if whole and not sci else ""

    def write(x: Any) -> str:
        return format(x, spec) + (point if np.isfinite(x) else "")

    width = max((len(write(x)) for x in shown.tolist() if np.isfinite(x) and x != 0), default=1 + len(point))
    return lambda x: write(x).rjust(width)


def _block(array: Any, write: Callable[[Any], str], indent: int, cut: bool) -> str:
    """Write an array in brackets, the lines after the first indented to stand below its first element.

    Args:
        array: what to write.
        write: writes one element.
        indent: where the opening bracket stands.
        cut: whether only the edges of long dimensions are shown.
    """
    if array.ndim == 0:
        return write(array.item())
    edge, n = _options.edgeitems, len(array)
    cut_here = cut and n > 2 * edge
    shown = [*range(edge), *range(n - edge, n)] if cut_here else range(n)
    if array.ndim == 1:
        items = [write(x) for x in array[list(shown)].tolist()]
        dots, separator = " ...", "\n" + " " * (indent + 1)
    else:
        items = [_block(array[i], write, indent + 1, cut) for i in shown]
        dots, separator = "...", "\n" * (array.ndim - 1) + " " * (indent + 1)
    if cut_here:
        items.insert(edge, dots)
    if array.ndim > 1:
        return "[" + f",{separator}".join(items) + "]"
    per_line = max(1, (_options.linewidth - indent) // (len(items[0]) + 2))
    lines = [", ".join(items[k : k + per_line]) for k in range(0, len(items), per_line)]
    return "[" + f",{separator}".join(lines) + "]"
