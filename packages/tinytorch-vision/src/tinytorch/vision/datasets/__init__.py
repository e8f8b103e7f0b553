"""Data sets: images with labels, embedded or read from their original files (torchvision.datasets)."""

from tinytorch.core import lazy

__getattr__, __dir__, __all__ = lazy(__name__)
