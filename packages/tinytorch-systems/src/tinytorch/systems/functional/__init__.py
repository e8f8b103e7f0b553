"""Functional forms: what the layers compute, as functions (torch.nn.functional)."""

from tinytorch.core import lazy

__getattr__, __dir__, __all__ = lazy(__name__)
