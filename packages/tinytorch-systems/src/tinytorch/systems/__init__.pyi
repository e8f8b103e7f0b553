"""The public names of `tinytorch.systems`, and the room that each comes from."""

from . import functional as functional
from .m14_kv_caching import KVCache as KVCache
from .m18_compression import (
    GradualPruner as GradualPruner,
    LowRankLinear as LowRankLinear,
    SparseTensor as SparseTensor,
    cubic_sparsity as cubic_sparsity,
    distillation_loss as distillation_loss,
    factorize as factorize,
    finish_pruning as finish_pruning,
    load_compressed as load_compressed,
    low_rank as low_rank,
    prunable as prunable,
    prune as prune,
    prune_channels as prune_channels,
    prune_model as prune_model,
    save_compressed as save_compressed,
    share_weights as share_weights,
    shrink as shrink,
    sparsity as sparsity,
    state_nbytes as state_nbytes,
    unshare_weights as unshare_weights,
)
from .m20_capstone import (
    ServerLimits as ServerLimits,
    TinyGPT as TinyGPT,
    TinyGPTError as TinyGPTError,
    TinyGPTOptions as TinyGPTOptions,
    TinyGPTServer as TinyGPTServer,
    TinyGPTTraining as TinyGPTTraining,
    tinytorch_gpt as tinytorch_gpt,
)

__version__: str
