"""Module 04, losses: one number that says how wrong a model is."""

from .classification import cross_entropy as cross_entropy
from .classification import nll_loss as nll_loss
from .modules import BCELoss as BCELoss
from .modules import BCEWithLogitsLoss as BCEWithLogitsLoss
from .modules import CrossEntropyLoss as CrossEntropyLoss
from .modules import HuberLoss as HuberLoss
from .modules import KLDivLoss as KLDivLoss
from .modules import L1Loss as L1Loss
from .modules import MSELoss as MSELoss
from .modules import NLLLoss as NLLLoss
from .modules import SmoothL1Loss as SmoothL1Loss
from .probability import binary_cross_entropy as binary_cross_entropy
from .probability import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .probability import kl_div as kl_div
from .regression import huber_loss as huber_loss
from .regression import l1_loss as l1_loss
from .regression import mse_loss as mse_loss
from .regression import smooth_l1_loss as smooth_l1_loss
