"""Module 05, autograd: the engine, and the gradient rules of modules 01-04."""

from . import rules_activations as rules_activations
from . import rules_comparison as rules_comparison
from . import rules_index as rules_index
from . import rules_layers as rules_layers
from . import rules_linalg as rules_linalg
from . import rules_losses as rules_losses
from . import rules_math as rules_math
from . import rules_reduce as rules_reduce
from . import rules_shape as rules_shape
from .anomaly import detect_anomaly as detect_anomaly
from .gradients import GradcheckError as GradcheckError
from .gradients import grad as grad
from .gradients import gradcheck as gradcheck
from .graph import draw_graph as draw_graph
from .modes import enable_grad as enable_grad
from .modes import is_grad_enabled as is_grad_enabled
from .modes import no_grad as no_grad
from .modes import set_grad_enabled as set_grad_enabled
from .opcheck import opcheck as opcheck
