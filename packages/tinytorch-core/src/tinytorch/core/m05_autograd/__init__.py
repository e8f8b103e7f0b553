"""Autograd: the engine, and the gradient rules of the modules before it."""

from . import (
    rules_activations as rules_activations,
    rules_comparison as rules_comparison,
    rules_index as rules_index,
    rules_layers as rules_layers,
    rules_linalg as rules_linalg,
    rules_losses as rules_losses,
    rules_math as rules_math,
    rules_reduce as rules_reduce,
    rules_shape as rules_shape,
)
from .anomaly import detect_anomaly as detect_anomaly
from .gradients import GradcheckError as GradcheckError, grad as grad, gradcheck as gradcheck
from .graph import draw_graph as draw_graph
from .modes import (
    enable_grad as enable_grad,
    is_grad_enabled as is_grad_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)
from .opcheck import opcheck as opcheck
