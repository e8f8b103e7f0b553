"""Transforms: what is done to images before a network sees them (torchvision.transforms)."""

from tinytorch.core import lazy

__getattr__, __dir__, __all__ = lazy(__name__)
