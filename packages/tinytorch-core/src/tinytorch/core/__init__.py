"""TinyTorch's core: tensors, layers, losses, automatic differentiation and optimizers.

The public names are listed in `__init__.pyi`; each is imported when it is first used.
"""

from . import _blas as _blas  # first of all: it must be there before NumPy
from ._facade import lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy(__name__)
