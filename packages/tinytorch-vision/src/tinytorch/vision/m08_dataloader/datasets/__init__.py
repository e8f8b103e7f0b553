"""Images with labels: embedded, or read from the files that their makers published."""

from .cifar import CIFAR10 as CIFAR10, CIFAR100 as CIFAR100
from .digits import Digits as Digits
from .folder import DatasetFolder as DatasetFolder, ImageFolder as ImageFolder
from .mnist import KMNIST as KMNIST, MNIST as MNIST, FashionMNIST as FashionMNIST
from .vision import VisionDataset as VisionDataset
