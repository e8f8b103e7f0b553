"""The public names of `tinytorch.systems.functional`, and the room that each comes from."""

from ..m17_quantization import integer_linear as integer_linear
