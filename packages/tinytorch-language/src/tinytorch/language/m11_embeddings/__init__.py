"""Numbers to vectors: embeddings, and where a token stands."""

from .alibi import alibi_bias as alibi_bias, alibi_slopes as alibi_slopes
from .embedding import Embedding as Embedding
from .lookup import embedding as embedding
from .positions import (
    PositionalEmbedding as PositionalEmbedding,
    SinusoidalPositionalEncoding as SinusoidalPositionalEncoding,
    sinusoidal_positions as sinusoidal_positions,
)
from .rotary import RotaryEmbedding as RotaryEmbedding, apply_rotary as apply_rotary
