"""Layers: what all layers and models are, the first of them, and their starting values."""

from . import init as init
from .containers import ModuleList as ModuleList, Sequential as Sequential
from .dropout import Dropout as Dropout, dropout as dropout
from .hooks import (
    register_module_forward_hook as register_module_forward_hook,
    register_module_forward_pre_hook as register_module_forward_pre_hook,
)
from .linear import Bilinear as Bilinear, Linear as Linear, bilinear as bilinear, linear as linear
from .module import Module as Module
from .module_dict import ModuleDict as ModuleDict
from .parameter import Buffer as Buffer, Parameter as Parameter
from .shapes import Flatten as Flatten, Identity as Identity, Unflatten as Unflatten
