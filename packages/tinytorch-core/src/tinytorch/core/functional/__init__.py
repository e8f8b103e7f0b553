"""Functional forms: what the layers and losses compute, as functions (torch.nn.functional)."""

from .._facade import lazy

__getattr__, __dir__, __all__ = lazy(__name__)
