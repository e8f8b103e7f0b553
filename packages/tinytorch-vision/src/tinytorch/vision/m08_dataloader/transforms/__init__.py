"""What is done to images before a network sees them."""

from .arguments import InterpolationMode as InterpolationMode
from .coloring import ColorJitter as ColorJitter, Grayscale as Grayscale, RandomGrayscale as RandomGrayscale
from .compose import (
    Batched as Batched,
    Compose as Compose,
    Lambda as Lambda,
    RandomApply as RandomApply,
    RandomChoice as RandomChoice,
    RandomOrder as RandomOrder,
)
from .conversions import (
    ConvertImageDtype as ConvertImageDtype,
    PILToTensor as PILToTensor,
    ToPILImage as ToPILImage,
    ToTensor as ToTensor,
)
from .cropping import (
    FiveCrop as FiveCrop,
    RandomCrop as RandomCrop,
    RandomResizedCrop as RandomResizedCrop,
    TenCrop as TenCrop,
)
from .erasing import RandomErasing as RandomErasing
from .geometric import (
    CenterCrop as CenterCrop,
    Pad as Pad,
    RandomHorizontalFlip as RandomHorizontalFlip,
    RandomVerticalFlip as RandomVerticalFlip,
    Resize as Resize,
)
from .normalization import Normalize as Normalize
from .turning import RandomAffine as RandomAffine, RandomRotation as RandomRotation
