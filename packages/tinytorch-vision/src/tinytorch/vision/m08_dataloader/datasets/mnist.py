"""MNIST and the data sets that were made in its form."""

from __future__ import annotations

from pathlib import Path

from tinytorch.core import from_numpy, int64

from .idx import read_idx
from .vision import ImageArrays, Transform


class MNIST(ImageArrays):
    """70,000 handwritten digits of 28 x 28 pixels: 60,000 to learn from, 10,000 to be tested on.

    Args:
        root: the folder of the data: the files, gzipped or not, lie in it or in `MNIST/raw` under it.
        train: the images to learn from, or those to be tested on.
        transform: called with the image, an array (28, 28) of bytes.
        target_transform: called with the label, an int.
        download: fetch what is missing and put it into `MNIST/raw`.

    Attributes:
        data: a tensor (N, 28, 28), uint8.
        targets: a tensor (N,), int64.

    Raises:
        RuntimeError: a file is missing, damaged or doesn't fit its partner, or can't be downloaded.

    Source: https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html
    """

    classes = [  # noqa: RUF012  (a list, as in torchvision)
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, train, transform, target_transform)
        part = "train" if train else "t10k"
        images = read_idx(self.find(f"{part}-images-idx3-ubyte"), 3)
        labels = read_idx(self.find(f"{part}-labels-idx1-ubyte"), 1)
        self.data = from_numpy(images)
        self.targets = from_numpy(labels).to(int64)

    def find(self, name: str) -> Path:
        for folder in (Path(self.raw_folder), Path(self.root)):
            for candidate in (folder / name, folder / f"{name}.gz"):
                if candidate.is_file():
                    return candidate
        raise RuntimeError("Dataset not found")

    @property
    def raw_folder(self) -> str:
        return str(Path(self.root) / type(self).__name__ / "raw")


class FashionMNIST(MNIST):
    """70,000 pictures of clothes, in the form of `MNIST`."""

    classes = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """70,000 characters of old Japanese writing, in the form of `MNIST`."""

    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
