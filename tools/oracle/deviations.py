"""Where tinytorch.core differs from PyTorch on purpose. Nothing else may differ.

`ACCEPTED` is checked: an entry that no case needs any more fails the comparison. `GENERAL` says what holds
everywhere and therefore is built into the comparison.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GENERAL = {
    "dtypes are NumPy's": "tinytorch.core.float32 is np.dtype('float32'); compared by name",
    "shapes are tuples": "Tensor.shape is a plain tuple, torch.Size is one, too",
    "limits of PyTorch": "where PyTorch fails for reasons of its own (`LIMITS` in compare.py), we may compute or raise",
    "TypeError for what isn't a tensor": "where PyTorch meets a list or number with AttributeError, we say TypeError",
    "repr": "shows dtype=float64, not dtype=torch.float64",
    "warnings": "we need not give PyTorch's; where we warn, PyTorch warns in the same category",
    "named results": "namedtuples with PyTorch's field names, not torch.return_types",
    "subclasses of errors": "an error of ours may be a subclass of the type that PyTorch raises",
    "empty tensors": "an index out of range in a tensor without elements may or may not be an error",
    "repeated indices": "y[[0, 0]] = v: the last value stays, and its gradient is that of what was computed",
    "several sizes": "methods that take sizes one by one (view, permute, tile ...) don't take them by keyword",
    "device=, out=, layout=, names=, pin_memory=, memory_format=": "don't exist: Python raises TypeError",
}


@dataclass
class Accepted:
    """A difference that we want.

    Attributes:
        case: regular expression that must match the whole text of the case.
        aspect: which aspect differs: value, dtype, shape, type, grad, error, alias, requires_grad, input.
        how: regular expression that must be found in what is reported.
        reason: why.
    """

    case: str
    aspect: str
    how: str
    reason: str
    used: bool = False


ACCEPTED: list[Accepted] = []


def is_accepted(case: str, aspect: str, how: str) -> bool:
    """Tell whether a difference is in the list."""
    found = False
    for entry in ACCEPTED:
        if entry.aspect == aspect and re.fullmatch(entry.case, case) and re.search(entry.how, how):
            entry.used = found = True
    return found
