"""The public names of `tinytorch.vision.datasets`, and the room that each comes from."""

from ..m08_dataloader.datasets import (
    KMNIST as KMNIST,
    MNIST as MNIST,
    Digits as Digits,
    FashionMNIST as FashionMNIST,
    VisionDataset as VisionDataset,
)
