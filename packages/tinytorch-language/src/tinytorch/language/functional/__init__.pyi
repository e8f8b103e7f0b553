"""The public names of `tinytorch.language.functional`, and the room that each comes from."""

from ..m11_embeddings import apply_rotary as apply_rotary, embedding as embedding
from ..m12_attention import scaled_dot_product_attention as scaled_dot_product_attention
from ..m13_transformers import (
    layer_norm as layer_norm,
    rms_norm as rms_norm,
)
