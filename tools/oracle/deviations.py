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
    "memory layout": "a result may keep the order of its input's memory where PyTorch's is contiguous (reductions, "
    "softmax, cat ... of transposed tensors), so view() may be refused; reshape() always works",
    "expanded tensors": "may not be changed in place at all; PyTorch lets a few operations pass",
    "empty tensors": "an index out of range in a tensor without elements may or may not be an error",
    "repeated indices": "y[[0, 0]] = v: the last value stays, and its gradient is that of what was computed",
    "np.bool_ as an operand": "is a bool; PyTorch takes it for a float",
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


ACCEPTED = [
    # Values and gradients
    Accepted(r"F\.gelu\(.*inf.*", "value", "PyTorch np.float32\\(nan\\)", "gelu(inf) is inf; PyTorch's vectorized erf gives nan"),
    Accepted(r"F\.gelu\(.*inf.*tanh.*", "grad", "PyTorch np.float.*nan", "the gradient at +-inf is 1 or 0, not nan"),
    Accepted(r"F\.mish\(.*inf.*", "grad", "PyTorch np.float.*nan", "the gradient at inf is 1, not nan"),
    Accepted(r"F\.(l1|smooth_l1)_loss\(.*nan.*", "grad", "nan", "the gradient where a value is nan is nan, not 0"),
    Accepted(r"F\.kl_div\(.*values.*", "grad", "PyTorch np.float.*nan", "0 * log(0): the slope is infinite, not nan"),
    Accepted(r"F\.binary_cross_entropy\(.*values.*", "grad", "e\\+?1|000\\.0", "at 0 and 1 PyTorch divides by float32's 1e-12"),
    Accepted(r"cumprod\(.*nan.*", "grad", "PyTorch np.float.*nan", "beyond a zero the gradient is 0, although a factor is nan"),
    Accepted(r"norm\(.* ?(p=)?0[,)].*", "grad", "PyTorch None", "the zero norm is flat: its gradient is zeros, not None"),
    Accepted(r"y = x\.clone\(\); y\[False\] = v.*", "grad", "PyTorch None", "what goes nowhere has a gradient of zeros, not None"),
    Accepted(r"y = x \* 1; y\[i\] (\+=|=) .*", "grad", "differ", "repeated indices: our gradient is that of what stayed, PyTorch calls it undefined"),
    Accepted(r"scatter\(T\(\[3, 3\]\), 0, .*, T\(\[2, 3\]\)\)", "grad", "expanded.*differ", "repeated indices, as above"),
    Accepted(r"F\.huber_loss\(.*dtype.*", "dtype", "", "mixed dtypes are promoted as in the other losses; PyTorch's backward fails"),
    Accepted(r"F\.huber_loss\(.*dtype.*", "grad", "Found dtype", "see above"),
    # Operations that PyTorch refuses
    Accepted(r".*leaky_relu.*inplace=True.*-0\.5.*", "grad", "negative slope", "we keep what the gradient needs, so a negative slope works in place"),
    Accepted(r".*y (\*|/|%|\*\*)= y.*|.*y\.mul_\(y\).*", "grad", "modified by an inplace", "y *= y works: we keep the old value"),
    Accepted(r"(sum|prod|cumsum|cumprod)\(.*dtype=D.*", "error", "Autograd not support", "asking for integers gives a result without gradient, as x.long() does"),
    Accepted(r".*x\.requires_grad_\(\).*v \* v.*", "grad", "differ", "a view follows its base, even if that begins to require a gradient later"),
    Accepted(r"with t\.no_grad.*v\.requires_grad.*", "value", "False, PyTorch True", "views taken under no_grad() don't require a gradient"),
    Accepted(r"error t\.from_numpy\(.*-1\].*", "error", "stride", "NumPy arrays may have negative strides"),
    Accepted(r"error t\.tensor\(\[1\], dtype='q'\).*", "error", "must be torch.dtype", "NumPy's names of dtypes are welcome"),
    Accepted(r"error x\.grad = .*", "error", "", "grad is a plain attribute; optimizers check what they find there"),
    Accepted(r"o = optim\.SGD.*o\.state\.values.*", "shape", "", "SGD without momentum keeps empty states; state_dict() leaves them out"),
    # Where we refuse
    Accepted(r".*create_graph=True.*", "error", "NotImplementedError", "gradients of gradients aren't supported"),
    Accepted(r"h = x \+ 1; .*", "error", "second time", "what was walked is freed, also where an operation had saved nothing"),
    Accepted(r".*y\.data\.add_.*", "error", "inplace operation", "a change through .data is noticed; PyTorch's gradient is wrong"),
    Accepted(r"\.(fill|zero|masked_fill)_\(.*", "error", "int8 expanded.*read-only|.* expanded.*read-only", "expanded tensors may not be changed in place"),
    Accepted(r"x\[u8\].*", "error", "uint8", "uint8 masks are deprecated in PyTorch"),
    Accepted(r"x\[\[\[0, 1\], \[2, 0\]\]\].*", "shape", "", "a list of lists is one index array; PyTorch's reading as a tuple is deprecated"),
    Accepted(r"x\[\[\[0, 1\], \[2, 0\]\]\].*", "grad", "", "see above"),
    # Types of operands
    Accepted(r"promotion (eq|ne|lt|le|gt|ge)\(.*, .*\)", "error", "invalid combination", "eq(2, x) works, as 2 == x does"),
    Accepted(r"promotion promote_types\(.*np\..*", "error", "must be torch.dtype", "a NumPy number is a name for its dtype"),
    Accepted(r"promotion setitem\(.*np\..*", "error", "can't assign a numpy", "NumPy numbers may be assigned"),
    Accepted(r"promotion (mse_loss)\(.*\[\].*", "dtype", "float", "0-d tensors give way in losses, too; PyTorch expands them first"),
    # Types of errors
    Accepted(r"error (\.to\(.*|m\.to)\(?.*nonsense.*", "error", "TypeError", "there are no devices, so any text is a wrong dtype"),
    Accepted(r"error (cat|concat)\(\[\]\)", "error", "ValueError", "RuntimeError, as stack([]) in both"),
    Accepted(r"error F\.rms_norm\(T\(.*", "error", "must have at least", "RuntimeError for too few dimensions, as in layer_norm"),
    Accepted(r"error s\.insert\(0, 3\).*", "error", "AssertionError", "TypeError, as for every other wrong type"),
]


def is_accepted(case: str, aspect: str, how: str) -> bool:
    """Tell whether a difference is in the list."""
    found = False
    for entry in ACCEPTED:
        if entry.aspect == aspect and re.fullmatch(entry.case, case) and re.search(entry.how, how):
            entry.used = found = True
    return found
