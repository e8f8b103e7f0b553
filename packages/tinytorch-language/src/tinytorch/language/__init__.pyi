"""The public names of `tinytorch.language`, and the room that each comes from."""

from . import functional as functional
from .m10_tokenization import (
    BertNormalizer as BertNormalizer,
    BPETokenizer as BPETokenizer,
    CharTokenizer as CharTokenizer,
    Encoding as Encoding,
    WordPieceTokenizer as WordPieceTokenizer,
    plays as plays,
)
from .m11_embeddings import (
    Embedding as Embedding,
    PositionalEmbedding as PositionalEmbedding,
    RotaryEmbedding as RotaryEmbedding,
    SinusoidalPositionalEncoding as SinusoidalPositionalEncoding,
    alibi_bias as alibi_bias,
    alibi_slopes as alibi_slopes,
    sinusoidal_positions as sinusoidal_positions,
)
from .m12_attention import (
    GroupedQueryAttention as GroupedQueryAttention,
    MultiheadAttention as MultiheadAttention,
    causal_mask as causal_mask,
    padding_mask as padding_mask,
)
from .m13_transformers import (
    GPT as GPT,
    MLP as MLP,
    GPTConfig as GPTConfig,
    LayerCache as LayerCache,
    LayerNorm as LayerNorm,
    RMSNorm as RMSNorm,
    SelfAttention as SelfAttention,
    SwiGLU as SwiGLU,
    TransformerBlock as TransformerBlock,
    TransformerEncoder as TransformerEncoder,
    TransformerEncoderLayer as TransformerEncoderLayer,
    choose_token as choose_token,
    discourage_repetition as discourage_repetition,
    keep_top_k as keep_top_k,
    keep_top_p as keep_top_p,
)

__version__: str
