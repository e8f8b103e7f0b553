"""The public names of `tinytorch.training`, and the room that each comes from."""

__version__: str
