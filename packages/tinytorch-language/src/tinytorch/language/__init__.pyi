"""The public names of `tinytorch.language`, and the room that each comes from."""

from . import functional as functional
from .m11_embeddings import (
    Embedding as Embedding,
)
from .m12_attention import (
    MultiheadAttention as MultiheadAttention,
    causal_mask as causal_mask,
    padding_mask as padding_mask,
)

__version__: str
