"""The public names of `tinytorch.vision.transforms`, and the room that each comes from."""

from ..m08_dataloader.transforms import (
    Compose as Compose,
    ConvertImageDtype as ConvertImageDtype,
    Normalize as Normalize,
    PILToTensor as PILToTensor,
    ToPILImage as ToPILImage,
    ToTensor as ToTensor,
)
from . import functional as functional
