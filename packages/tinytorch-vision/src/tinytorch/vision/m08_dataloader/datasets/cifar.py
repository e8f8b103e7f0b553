"""CIFAR-10 and CIFAR-100: small photographs, in the three forms in which they are found.

As published for Python, batches are pickles of dicts with "data", bytes (N, 3072), and "labels" (CIFAR-100:
"fine_labels"); as published for C, they are files of records: the label (CIFAR-100: coarse, then fine label),
then 3,072 bytes of pixels. Either form lies in a folder, or still in its tar archive. The pixels of an image
are 32 x 32 of red, then of green, then of blue.

Source: https://www.cs.toronto.edu/~kriz/cifar.html
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .classes import CIFAR10_CLASSES, CIFAR100_CLASSES
from .files import check_together, listed, set_aside
from .unpickling import read_pickle
from .vision import DamagedFile, ImageArrays, Transform

Batch = tuple[np.ndarray, list[int]]
Parse = Callable[[Path, bytes], Batch]


class CIFAR10(ImageArrays):
    """60,000 coloured photographs of 32 x 32 pixels in ten classes: 50,000 to learn from, 10,000 to test.

    What is found in the root is read: the folder `cifar-10-batches-py` or `cifar-10-batches-bin`, the files
    of one of them, or the archive of one of them, which need not be unpacked; nothing is written unless
    something is downloaded. The pickles are read with a reader that admits arrays only.

    Args:
        root: the folder of the data.
        train: the images to learn from, or those to be tested on.
        transform: called with the image, an array (32, 32, 3) of bytes.
        target_transform: called with the label, an int.
        download: fetch the archive if nothing is there, and unpack it; an interrupted download is resumed.

    Attributes:
        data: an array (N, 32, 32, 3), uint8.
        targets: a list of ints.
        url: where the archive is; mirrors: addresses to which its name is appended, which are tried next.

    Raises:
        RuntimeError: files are missing or damaged, or can't be downloaded.

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009;
    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.CIFAR10.html
    """

    classes: list[str] = CIFAR10_CLASSES
    base_folder: ClassVar[str] = "cifar-10-batches-py"
    filename: ClassVar[str] = "cifar-10-python.tar.gz"
    tgz_md5: ClassVar[str] = "c58f30108f718f92721af3b95e74349a"
    url: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    mirrors: ClassVar[list[str]] = []
    train_list: ClassVar[list[tuple[str, str]]] = [
        ("data_batch_1", "c99cafc152244af753f735de768cd75f"),
        ("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        ("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        ("data_batch_4", "634d18415352ddfa80567beed471001a"),
        ("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
    ]
    test_list: ClassVar[list[tuple[str, str]]] = [("test_batch", "40351d587109b95175f43aff81a1287e")]
    binary_folder: ClassVar[str] = "cifar-10-batches-bin"
    binary_filename: ClassVar[str] = "cifar-10-binary.tar.gz"
    labels_key: ClassVar[str] = "labels"
    record_labels: ClassVar[int] = 1  # label bytes before the pixels of a record; the last one counts

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
            batches = self._read(train)
        except RuntimeError:
            if not download:
                raise
            self.download()
            batches = self._read(train)
        pixels = np.concatenate([images.reshape(-1, 3, 32, 32) for images, _ in batches])
        self.data = pixels.transpose(0, 2, 3, 1)
        self.targets = [label for _, labels in batches for label in labels]

    def download(self) -> None:
        """Fetch and unpack the archive unless usable data are there; what is damaged is kept aside.

        Raises:
            RuntimeError: that isn't possible; the message says what to do instead.
        """
        from .archives import unpack
        from .download import NoMirror, fetch  # here: urllib takes long to import

        root = Path(str(self.root))
        try:
            if self._usable():
                return
            urls = [self.url, *(mirror + self.filename for mirror in self.mirrors)]
            fetch(urls, root / self.filename, self.tgz_md5)
            unpack(root / self.filename, root)
        except NoMirror as error:
            raise RuntimeError(
                f"{type(self).__name__} can't be downloaded ({error}); {self._advice()}"
            ) from None
        except OSError as error:
            raise RuntimeError(
                f"{type(self).__name__} can't be downloaded, {root} can't be written to: {error}"
            ) from error

    def _usable(self) -> bool:
        """Tell whether both parts are there and not damaged; set aside what is."""
        try:
            self._read(True)
            self._read(False)
        except DamagedFile as damaged:
            set_aside(damaged.path)
            return self._usable()
        except RuntimeError:
            return False
        return True

    def _advice(self) -> str:
        root = Path(str(self.root))
        names = listed(name for name, _ in self.train_list + self.test_list)
        return f"put {self.filename} into {root}, or {names}, which are in it, into {root / self.base_folder}"

    def _read(self, train: bool) -> list[Batch]:
        """Read the batches of a part from wherever they lie."""
        root = Path(str(self.root))
        names = [name for name, _ in (self.train_list if train else self.test_list)]
        kinds: list[tuple[str, str, str, Parse]] = [
            (self.base_folder, self.filename, "", self._pickled),
            (self.binary_folder, self.binary_filename, ".bin", self._records),
        ]
        for folder, _, end, parse in kinds:
            for home in (root / folder, root):
                paths = [home / f"{name}{end}" for name in names]
                if all(path.is_file() for path in paths):
                    if not end:
                        everything = {home / name: md5 for name, md5 in self.train_list + self.test_list}
                        check_together({path: md5 for path, md5 in everything.items() if path.is_file()})
                    return [parse(path, path.read_bytes()) for path in paths]
        for _, filename, end, parse in kinds:
            archive = root / filename
            if archive.is_file():
                return _from_archive(archive, [f"{name}{end}" for name in names], parse)
        raise RuntimeError(
            f"{type(self).__name__} was not found in {root}; use download=True, or {self._advice()}"
        )

    def _pickled(self, path: Path, content: bytes) -> Batch:
        """Take the images and labels out of a pickle."""
        batch = read_pickle(path, content)
        for key in ("data", self.labels_key):
            if key not in batch:
                raise DamagedFile(path, f"has no {key!r}; it has {sorted(batch)}")
        images, labels = batch["data"], batch[self.labels_key]
        if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images[:1].size not in (0, 3072):
            what = (
                f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
            )
            raise DamagedFile(path, f"holds images as {what}, expected uint8 (N, 3072)")
        return images, self._checked(path, labels, len(images))

    def _records(self, path: Path, content: bytes) -> Batch:
        """Take the images and labels out of records."""
        size = self.record_labels + 3072
        if len(content) % size:
            raise DamagedFile(
                path, f"is truncated: it has {len(content)} bytes, no multiple of the {size} of an image"
            )
        records = np.frombuffer(content, np.uint8).reshape(-1, size)
        labels = records[:, self.record_labels - 1].tolist()
        return records[:, self.record_labels :], self._checked(path, labels, len(records))

    def _checked(self, path: Path, labels: Any, count: int) -> list[int]:
        """Return the labels as ints, if there is one for each image and each is one of a class."""
        if not count:
            raise DamagedFile(path, "holds no images")
        labels = labels.tolist() if isinstance(labels, np.ndarray) else labels
        if not isinstance(labels, list) or len(labels) != count:
            number = len(labels) if isinstance(labels, list) else "no list of"
            raise DamagedFile(path, f"holds {count} images but {number} labels")
        wrong = [x for x in labels if type(x) is not int or not 0 <= x < len(self.classes)]
        if wrong:
            raise DamagedFile(path, f"holds label {wrong[0]!r}, expected 0 to {len(self.classes) - 1}")
        return labels


def _from_archive(archive: Path, names: list[str], parse: Parse) -> list[Batch]:
    """Read the batches of these names from an archive."""
    from .archives import read_members

    members = read_members(archive, names)
    missing = [name for name in names if name not in members]
    if missing:
        raise DamagedFile(archive, f"doesn't hold {listed(missing)}")
    try:
        return [parse(Path(name), members[name]) for name in names]
    except DamagedFile as damaged:
        raise DamagedFile(archive, f"holds a damaged file: {damaged.path} {damaged.problem}") from None


class CIFAR100(CIFAR10):
    """60,000 photographs as in `CIFAR10`, whose arguments and attributes it has, in 100 classes.

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009;
    https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.CIFAR100.html
    """

    classes: list[str] = CIFAR100_CLASSES
    base_folder: ClassVar[str] = "cifar-100-python"
    filename: ClassVar[str] = "cifar-100-python.tar.gz"
    tgz_md5: ClassVar[str] = "eb9058c3a382ffc7106e4002c42a8d85"
    url: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    train_list: ClassVar[list[tuple[str, str]]] = [("train", "16019d7e3df5f24257cddd939b257f8d")]
    test_list: ClassVar[list[tuple[str, str]]] = [("test", "f0ef6b0ae62326f3e7ffdfab6717acfc")]
    binary_folder: ClassVar[str] = "cifar-100-binary"
    binary_filename: ClassVar[str] = "cifar-100-binary.tar.gz"
    labels_key: ClassVar[str] = "fine_labels"
    record_labels: ClassVar[int] = 2
