"""TinyTorch's vision track: datasets and data loading, and the layers that look at images.

The public names are listed in `__init__.pyi`; each is imported when it is first used.
"""

from tinytorch.core import lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy(__name__)
