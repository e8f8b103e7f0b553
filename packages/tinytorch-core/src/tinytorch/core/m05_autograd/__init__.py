"""Module 05, autograd: the engine, and the gradient rules of modules 01-04."""

from . import rules_math as _rules_math
