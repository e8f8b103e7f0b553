"""The public names of `tinytorch.vision.functional`, and the room that each comes from."""

from ..m09_spatial import (
    adaptive_avg_pool2d as adaptive_avg_pool2d,
    adaptive_max_pool2d as adaptive_max_pool2d,
    avg_pool1d as avg_pool1d,
    avg_pool2d as avg_pool2d,
    batch_norm as batch_norm,
    conv1d as conv1d,
    conv2d as conv2d,
    conv_transpose2d as conv_transpose2d,
    dropout1d as dropout1d,
    dropout2d as dropout2d,
    fold as fold,
    group_norm as group_norm,
    instance_norm as instance_norm,
    interpolate as interpolate,
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
    pixel_shuffle as pixel_shuffle,
    pixel_unshuffle as pixel_unshuffle,
    unfold as unfold,
)
