"""The public names of `tinytorch.vision.datasets`, and the room that each comes from."""

from ..m08_dataloader.datasets import (
    CIFAR10 as CIFAR10,
    CIFAR100 as CIFAR100,
    KMNIST as KMNIST,
    MNIST as MNIST,
    DatasetFolder as DatasetFolder,
    Digits as Digits,
    FashionMNIST as FashionMNIST,
    ImageFolder as ImageFolder,
    VisionDataset as VisionDataset,
)
