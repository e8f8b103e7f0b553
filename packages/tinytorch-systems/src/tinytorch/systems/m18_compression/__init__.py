"""Compression: pruning, low rank, distillation, shared weights, and files that are smaller.

To understand it, read these first: `scores.py` and `masking.py` (what a pruned parameter is), `prune.py`
(PyTorch's functions). Then

- pruning_methods.py, models.py, schedule.py: which entries go, whole models, step by step
"""

from . import prune as prune
from .channels import prune_channels as prune_channels, shrink as shrink
from .distillation import distillation_loss as distillation_loss
from .files import load_compressed as load_compressed, save_compressed as save_compressed
from .low_rank import LowRankLinear as LowRankLinear, factorize as factorize, low_rank as low_rank
from .models import (
    finish_pruning as finish_pruning,
    prunable as prunable,
    prune_model as prune_model,
    sparsity as sparsity,
)
from .schedule import GradualPruner as GradualPruner, cubic_sparsity as cubic_sparsity
from .sharing import (
    share_weights as share_weights,
    unshare_weights as unshare_weights,
)
from .sparse import SparseTensor as SparseTensor
