"""Layers that know that pixels have neighbours: convolution, pooling, normalisation, resizing."""

from .adaptive_pooling import (
    AdaptiveAvgPool2d as AdaptiveAvgPool2d,
    AdaptiveMaxPool2d as AdaptiveMaxPool2d,
    adaptive_avg_pool2d as adaptive_avg_pool2d,
    adaptive_max_pool2d as adaptive_max_pool2d,
)
from .avg_pooling import (
    avg_pool1d as avg_pool1d,
    avg_pool2d as avg_pool2d,
)
from .channel_dropout import (
    Dropout1d as Dropout1d,
    Dropout2d as Dropout2d,
    dropout1d as dropout1d,
    dropout2d as dropout2d,
)
from .convolution import (
    conv1d as conv1d,
    conv2d as conv2d,
)
from .convolution_modules import (
    Conv1d as Conv1d,
    Conv2d as Conv2d,
)
from .group_norm_module import GroupNorm as GroupNorm
from .max_pooling import (
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
)
from .naive import (
    conv2d_naive as conv2d_naive,
)
from .norm_modules import (
    BatchNorm1d as BatchNorm1d,
    BatchNorm2d as BatchNorm2d,
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
from .pooling_modules import (
    AvgPool1d as AvgPool1d,
    AvgPool2d as AvgPool2d,
    MaxPool1d as MaxPool1d,
    MaxPool2d as MaxPool2d,
)
from .resampling import Upsample as Upsample, interpolate as interpolate
from .sliding import (
    Fold as Fold,
    Unfold as Unfold,
    fold as fold,
    unfold as unfold,
)
from .transposed import (
    conv_transpose2d as conv_transpose2d,
)
from .transposed_modules import (
    ConvTranspose2d as ConvTranspose2d,
)
