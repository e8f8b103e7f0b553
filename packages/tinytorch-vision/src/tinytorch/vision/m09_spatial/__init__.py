"""Layers that know that pixels have neighbours: convolution, pooling, normalisation, resizing."""

from .channel_dropout import (
    Dropout1d as Dropout1d,
    Dropout2d as Dropout2d,
    dropout1d as dropout1d,
    dropout2d as dropout2d,
)
from .norm_modules import (
    BatchNorm1d as BatchNorm1d,
    BatchNorm2d as BatchNorm2d,
    GroupNorm as GroupNorm,
    InstanceNorm2d as InstanceNorm2d,
)
from .normalization import batch_norm as batch_norm, group_norm as group_norm, instance_norm as instance_norm
from .pixels import (
    PixelShuffle as PixelShuffle,
    PixelUnshuffle as PixelUnshuffle,
    ReflectionPad2d as ReflectionPad2d,
    ZeroPad2d as ZeroPad2d,
    pixel_shuffle as pixel_shuffle,
    pixel_unshuffle as pixel_unshuffle,
)
from .resampling import Upsample as Upsample, interpolate as interpolate
