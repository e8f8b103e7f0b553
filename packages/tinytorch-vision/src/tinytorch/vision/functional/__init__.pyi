"""The public names of `tinytorch.vision.functional`, and the room that each comes from."""

from ..m09_spatial import (
    batch_norm as batch_norm,
    dropout1d as dropout1d,
    dropout2d as dropout2d,
    group_norm as group_norm,
    instance_norm as instance_norm,
    interpolate as interpolate,
    pixel_shuffle as pixel_shuffle,
    pixel_unshuffle as pixel_unshuffle,
)
