"""The tensor's methods that reduce dimensions."""

from __future__ import annotations

from . import reduce
from .methods_math import Method


class ReduceMethods:
    """What a tensor can do along its dimensions."""

    sum = Method(reduce.sum)
    mean = Method(reduce.mean)
