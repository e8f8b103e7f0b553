"""The public names of `tinytorch.vision.transforms.functional`, and where each comes from."""

from ...m08_dataloader.transforms.arguments import (
    InterpolationMode as InterpolationMode,
)
from ...m08_dataloader.transforms.colors import (
    adjust_brightness as adjust_brightness,
    adjust_contrast as adjust_contrast,
    adjust_gamma as adjust_gamma,
    adjust_hue as adjust_hue,
    adjust_saturation as adjust_saturation,
    invert as invert,
    rgb_to_grayscale as rgb_to_grayscale,
    to_grayscale as to_grayscale,
)
from ...m08_dataloader.transforms.conversions import (
    convert_image_dtype as convert_image_dtype,
)
from ...m08_dataloader.transforms.geometry import (
    center_crop as center_crop,
    crop as crop,
    erase as erase,
    five_crop as five_crop,
    hflip as hflip,
    pad as pad,
    ten_crop as ten_crop,
    vflip as vflip,
)
from ...m08_dataloader.transforms.images import (
    get_dimensions as get_dimensions,
    get_image_num_channels as get_image_num_channels,
    get_image_size as get_image_size,
    pil_to_tensor as pil_to_tensor,
    to_pil_image as to_pil_image,
    to_tensor as to_tensor,
)
from ...m08_dataloader.transforms.normalization import (
    normalize as normalize,
)
from ...m08_dataloader.transforms.resizing import (
    resize as resize,
    resized_crop as resized_crop,
)
from ...m08_dataloader.transforms.warping import (
    affine as affine,
    rotate as rotate,
)
