"""Images with labels: embedded, or read from the files that their makers published."""

from .digits import Digits as Digits
from .mnist import KMNIST as KMNIST, MNIST as MNIST, FashionMNIST as FashionMNIST
from .vision import VisionDataset as VisionDataset
