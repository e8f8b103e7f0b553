"""What is done to images before a network sees them."""

from .compose import Compose as Compose
from .conversions import (
    ConvertImageDtype as ConvertImageDtype,
    PILToTensor as PILToTensor,
    ToPILImage as ToPILImage,
    ToTensor as ToTensor,
)
from .normalization import Normalize as Normalize
