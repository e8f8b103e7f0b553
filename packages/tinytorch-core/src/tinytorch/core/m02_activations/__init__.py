"""Activations: the nonlinear functions between layers, as functions and as modules."""

from ..m01_tensor import tanh as tanh
from .functions import (
    elu as elu,
    gelu as gelu,
    hardtanh as hardtanh,
    leaky_relu as leaky_relu,
    logsigmoid as logsigmoid,
    mish as mish,
    relu as relu,
    selu as selu,
    sigmoid as sigmoid,
    silu as silu,
    softplus as softplus,
)
from .modules import (
    ELU as ELU,
    GELU as GELU,
    SELU as SELU,
    Hardtanh as Hardtanh,
    LeakyReLU as LeakyReLU,
    LogSigmoid as LogSigmoid,
    LogSoftmax as LogSoftmax,
    Mish as Mish,
    ReLU as ReLU,
    Sigmoid as Sigmoid,
    SiLU as SiLU,
    Softmax as Softmax,
    Softplus as Softplus,
    Tanh as Tanh,
)
from .probabilities import log_softmax as log_softmax, softmax as softmax
