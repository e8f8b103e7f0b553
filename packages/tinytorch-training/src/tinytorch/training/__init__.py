"""TinyTorch's optional training track: what one writes a loop with after having written it by hand often.

The public names are listed in `__init__.pyi`; each is imported when it is first used.
"""

from tinytorch.core import lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy(__name__)
