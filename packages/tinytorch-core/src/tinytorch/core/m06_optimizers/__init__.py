"""Optimizers: how the gradients change the parameters."""

from .adagrad import Adagrad as Adagrad
from .adam import Adam as Adam, AdamW as AdamW
from .nadam import NAdam as NAdam
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
from .sgd import SGD as SGD
