"""TinyTorch's systems track: from a model that works to a system that is fast and small.

The public names are listed in `__init__.pyi`; each is imported when it is first used.
"""

from tinytorch.core import lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy(__name__)
