"""The public names of `tinytorch.systems`, and the room that each comes from."""

from . import functional as functional

__version__: str
