"""Acceleration: the same result, sooner."""

from .accelerate import Acceleration as Acceleration, accelerate as accelerate
