"""What the transforms do, with parameters that the caller chooses (torchvision.transforms.functional)."""

from tinytorch.core import lazy

__getattr__, __dir__, __all__ = lazy(__name__)
