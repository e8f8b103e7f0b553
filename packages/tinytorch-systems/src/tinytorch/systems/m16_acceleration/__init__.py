"""Acceleration: the same result, sooner."""

from .accelerate import Acceleration as Acceleration, accelerate as accelerate
from .checkpointing import checkpoint as checkpoint, checkpoint_sequential as checkpoint_sequential
from .ladder import Rung as Rung, SpeedLadder as SpeedLadder, speed_ladder as speed_ladder
