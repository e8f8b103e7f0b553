"""MNIST and the data sets that were made in its form."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path
from typing import ClassVar

import numpy as np
from tinytorch.core import from_numpy, int64

from .files import first, listed, set_aside
from .idx import read_idx
from .vision import DamagedFile, ImageArrays, Transform


class MNIST(ImageArrays):
    """70,000 handwritten digits of 28 x 28 pixels: 60,000 to learn from, 10,000 to be tested on.

    The files may lie in `MNIST/raw` under the root, where torchvision keeps them, in `raw`, or in the root
    itself, unpacked or gzipped; nothing is written unless something is downloaded.

    Args:
        root: the folder of the data.
        train: the images to learn from, or those to be tested on.
        transform: called with the image, an array (28, 28) of bytes.
        target_transform: called with the label, an int.
        download: fetch what is missing and put it into `MNIST/raw`; an interrupted download is resumed.

    Attributes:
        data: a tensor (N, 28, 28), uint8.
        targets: a tensor (N,), int64.
        mirrors: the addresses that are tried, one after the other; more may be added to the class.
        resources: the names of the files and their MD5.

    Raises:
        RuntimeError: a file is missing, damaged or doesn't fit its partner, or can't be downloaded.

    Source: Y. LeCun et al., "Gradient-based learning applied to document recognition", 1998;
    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html
    """

    classes: list[str] = [  # noqa: RUF012  (an instance may have its own)
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
    mirrors: ClassVar[list[str]] = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
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
        try:
            images, labels = self._read()
        except RuntimeError:
            if not download:
                raise
            self.download()
            images, labels = self._read()
        self.data = from_numpy(images)
        self.targets = from_numpy(labels).to(int64)

    @property
    def raw_folder(self) -> str:
        """Where downloaded files are put."""
        return str(Path(str(self.root)) / type(self).__name__ / "raw")

    def download(self) -> None:
        """Fetch the files that aren't there yet, and those that are damaged; the latter are kept aside.

        Raises:
            RuntimeError: that isn't possible; the message says what to do instead.
        """
        from .download import NoMirror, fetch  # here: urllib takes long to import

        folder = Path(self.raw_folder)
        try:
            for name, md5 in self.resources:
                if not self._usable(name):
                    fetch([mirror + name for mirror in self.mirrors], folder / name, md5)
                    _unzip(folder / name)
        except NoMirror as error:
            raise RuntimeError(
                f"{type(self).__name__} can't be downloaded ({error}); {self._advice()}"
            ) from None
        except OSError as error:
            raise RuntimeError(
                f"{type(self).__name__} can't be downloaded, {folder} can't be written to: {error}"
            ) from error

    def _usable(self, name: str) -> bool:
        """Tell whether a file is there and not damaged; set it aside if it is."""
        path = self._find(name)
        if path is None:
            return False
        try:
            read_idx(path, 3 if "images" in name else 1)
        except DamagedFile:
            set_aside(path)
            return self._usable(name)
        return True

    def _find(self, name: str) -> Path | None:
        """Find a file under the names that are in use: unpacked or gzipped, `-idx3-` or `.idx3-`."""
        plain = name.removesuffix(".gz")
        names = [f"{base}{end}" for end in ("", ".gz") for base in (plain, plain.replace("-idx", ".idx"))]
        root = Path(str(self.root))
        return first([Path(self.raw_folder), Path(self.raw_folder).parent, root / "raw", root], names)

    def _read(self) -> tuple[np.ndarray, np.ndarray]:
        """Read the images and the labels of this part."""
        start = 0 if self.train else 2
        image_file, label_file = (self._find(name) for name, _ in self.resources[start : start + 2])
        if image_file is None or label_file is None:
            raise RuntimeError(
                f"{type(self).__name__} was not found in {self.root}; use download=True, or {self._advice()}"
            )
        images, labels = read_idx(image_file, 3), read_idx(label_file, 1)
        if len(images) != len(labels):
            raise RuntimeError(
                f"{image_file} holds {len(images)} images, but {label_file} holds {len(labels)} labels"
            )
        if not len(images):
            raise RuntimeError(f"{image_file} holds no images")
        return images, labels

    def _advice(self) -> str:
        missing = [name for name, _ in self.resources if self._find(name) is None]
        return f"put {listed(missing)} into {self.raw_folder}, as they are or unpacked"


def _unzip(path: Path) -> None:
    """Unpack a gzip file beside itself, where torchvision looks for it, and whence it is read faster."""
    plain = path.with_suffix("")
    unfinished = plain.with_name(f"{plain.name}.part")
    with gzip.open(path) as source, unfinished.open("wb") as target:
        shutil.copyfileobj(source, target)
    os.replace(unfinished, plain)


class FashionMNIST(MNIST):
    """70,000 pictures of clothes, in the form of `MNIST`, whose arguments it has.

    Source: H. Xiao et al., "Fashion-MNIST: a novel image dataset", 2017;
    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.FashionMNIST.html
    """

    classes: list[str] = [  # noqa: RUF012  (an instance may have its own)
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
    mirrors: ClassVar[list[str]] = [
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ]


class KMNIST(MNIST):
    """70,000 characters of old Japanese writing, in the form of `MNIST`, whose arguments it has.

    Source: T. Clanuwat et al., "Deep learning for classical Japanese literature", 2018;
    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.KMNIST.html
    """

    classes: list[str] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]  # noqa: RUF012
    mirrors: ClassVar[list[str]] = ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/"]
    resources: ClassVar[list[tuple[str, str]]] = [
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    ]
