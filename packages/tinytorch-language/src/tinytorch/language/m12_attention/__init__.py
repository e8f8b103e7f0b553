"""Attention: every position looks at the others."""

from .functions import scaled_dot_product_attention as scaled_dot_product_attention
from .grouped import GroupedQueryAttention as GroupedQueryAttention
from .masks import causal_mask as causal_mask, padding_mask as padding_mask
from .multihead import MultiheadAttention as MultiheadAttention
from .packed import packed_attention as packed_attention
