"""Transformers: blocks of attention and MLP, and the GPT that is made of them.

To understand it, read these first: `norms.py` and `mlp.py` (the two parts that attention lacks), `block.py`
(how they are put together), `gpt.py` (a stack of blocks that predicts), `generate.py` (how it writes). Then

- norm_layers.py, self_attention.py: the layers that blocks are made of
- config.py, gpt2.py: the sizes of a GPT, and reading GPT-2's weights
- logits.py: how the next token is chosen
- encoder.py: PyTorch's TransformerEncoder
"""

from .block import TransformerBlock as TransformerBlock
from .config import GPTConfig as GPTConfig
from .encoder import (
    TransformerEncoder as TransformerEncoder,
    TransformerEncoderLayer as TransformerEncoderLayer,
)
from .gpt import GPT as GPT
from .logits import (
    choose_token as choose_token,
    discourage_repetition as discourage_repetition,
    keep_top_k as keep_top_k,
    keep_top_p as keep_top_p,
)
from .mlp import MLP as MLP, SwiGLU as SwiGLU
from .norm_layers import LayerNorm as LayerNorm, RMSNorm as RMSNorm
from .norms import layer_norm as layer_norm, rms_norm as rms_norm
from .self_attention import LayerCache as LayerCache, SelfAttention as SelfAttention
