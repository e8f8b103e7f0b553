"""Module 03, layers: what all layers and models are, the first of them, and their starting values."""

from . import init as init
from .containers import ModuleList as ModuleList
from .containers import Sequential as Sequential
from .dropout import Dropout as Dropout
from .dropout import dropout as dropout
from .linear import Bilinear as Bilinear
from .linear import Linear as Linear
from .linear import bilinear as bilinear
from .linear import linear as linear
from .module import Module as Module
from .module_dict import ModuleDict as ModuleDict
from .parameter import Buffer as Buffer
from .parameter import Parameter as Parameter
from .shapes import Flatten as Flatten
from .shapes import Identity as Identity
from .shapes import Unflatten as Unflatten
