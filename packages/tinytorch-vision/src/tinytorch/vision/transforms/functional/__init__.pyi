"""The public names of `tinytorch.vision.transforms.functional`, and where each comes from."""

from ...m08_dataloader.transforms.conversions import convert_image_dtype as convert_image_dtype
from ...m08_dataloader.transforms.images import (
    get_dimensions as get_dimensions,
    get_image_num_channels as get_image_num_channels,
    get_image_size as get_image_size,
    pil_to_tensor as pil_to_tensor,
    to_pil_image as to_pil_image,
    to_tensor as to_tensor,
)
from ...m08_dataloader.transforms.normalization import normalize as normalize
