"""The public names of `tinytorch.vision`, and the room that each comes from."""

from . import datasets as datasets, functional as functional, transforms as transforms
from .m08_dataloader import (
    BatchSampler as BatchSampler,
    ChainDataset as ChainDataset,
    ConcatDataset as ConcatDataset,
    DataLoader as DataLoader,
    Dataset as Dataset,
    IterableDataset as IterableDataset,
    RandomSampler as RandomSampler,
    Rows as Rows,
    Sampler as Sampler,
    SequentialSampler as SequentialSampler,
    Subset as Subset,
    SubsetRandomSampler as SubsetRandomSampler,
    TensorDataset as TensorDataset,
    WeightedRandomSampler as WeightedRandomSampler,
    default_collate as default_collate,
    default_convert as default_convert,
    get_worker_info as get_worker_info,
    random_split as random_split,
)
from .m09_spatial import (
    AvgPool1d as AvgPool1d,
    AvgPool2d as AvgPool2d,
    BatchNorm1d as BatchNorm1d,
    BatchNorm2d as BatchNorm2d,
    Conv1d as Conv1d,
    Conv2d as Conv2d,
    Dropout1d as Dropout1d,
    Dropout2d as Dropout2d,
    GroupNorm as GroupNorm,
    InstanceNorm2d as InstanceNorm2d,
    MaxPool1d as MaxPool1d,
    MaxPool2d as MaxPool2d,
    PixelShuffle as PixelShuffle,
    PixelUnshuffle as PixelUnshuffle,
    ReflectionPad2d as ReflectionPad2d,
    Upsample as Upsample,
    ZeroPad2d as ZeroPad2d,
    conv2d_naive as conv2d_naive,
)

__version__: str
