"""The public names of `tinytorch.core.functional`, and the room that each comes from."""

from ..m01_tensor import (
    one_hot as one_hot,
    pad as pad,
)
from ..m02_activations import (
    gelu as gelu,
    log_softmax as log_softmax,
    logsigmoid as logsigmoid,
    sigmoid as sigmoid,
    softmax as softmax,
    softplus as softplus,
    tanh as tanh,
)
from ..m02_activations.inplace import (
    elu as elu,
    hardtanh as hardtanh,
    leaky_relu as leaky_relu,
    mish as mish,
    relu as relu,
    selu as selu,
    silu as silu,
)
from ..m03_layers import (
    bilinear as bilinear,
    dropout as dropout,
    linear as linear,
)
from ..m04_losses import (
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
    cross_entropy as cross_entropy,
    huber_loss as huber_loss,
    kl_div as kl_div,
    l1_loss as l1_loss,
    mse_loss as mse_loss,
    nll_loss as nll_loss,
    smooth_l1_loss as smooth_l1_loss,
)
