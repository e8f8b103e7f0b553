"""Benchmarks of the loader of tinytorch.vision: beside PyTorch's, and its processes beside threads.

`python tools/bench/__main__.py "DataLoader: samples"` is the measurement by which processes were chosen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, repeat
from typing import Any

from harness import Case

Step = Callable[[], Any]
BATCH = 64


def taking(count: int, batches: Iterator[Any]) -> Step:
    """Return a step that takes so many batches."""

    def step() -> None:
        for _ in range(count):
            next(batches)

    return step


def loading(count: int, library: str, dataset: Any, workers: int, **options: Any) -> Step:
    """Return a step that takes batches from a loader, epoch after epoch; its workers live on."""
    if library == "torch":
        from torch.utils.data import DataLoader
    else:
        from tinytorch.vision import DataLoader
    if workers:
        options |= {"num_workers": workers, "persistent_workers": True}
    return taking(count, chain.from_iterable(repeat(DataLoader(dataset, BATCH, **options))))


def tensors(library: str, shape: tuple[int, ...], workers: int) -> Step:
    """Load images and labels of a TensorDataset in random order."""
    import numpy as np

    if library == "torch":
        from torch import from_numpy
        from torch.utils.data import TensorDataset
    else:
        from tinytorch.core import from_numpy
        from tinytorch.vision import TensorDataset
    rng = np.random.default_rng(0)
    images = rng.standard_normal((20_000, *shape), dtype=np.float32)
    dataset = TensorDataset(from_numpy(images), from_numpy(rng.integers(0, 10, len(images))))
    return loading(20, library, dataset, workers, shuffle=True)


class InPython:
    """Samples that cost about 0.5 ms each, of Python."""

    def __len__(self) -> int:
        return 2_560

    def __getitem__(self, index: int) -> Any:
        import numpy as np

        total = 0
        for i in range(6_000):
            total += i * index % 7
        return np.full((8, 8), total % 256, np.float32)


class InNumPy:
    """Samples that cost about 0.5 ms each, of NumPy: a picture is turned, scaled and cropped."""

    def __len__(self) -> int:
        return 2_560

    def __getitem__(self, index: int) -> Any:
        import numpy as np

        picture = np.full((3, 256, 256), index % 256, np.float32)[:, :, ::-1] / 255
        picture -= picture.mean()
        return np.ascontiguousarray(picture[:, 16:48, 16:48])


def in_threads(dataset: Any, workers: int) -> Step:
    """Load with threads instead, as a loader would: in order, two batches ahead for each."""
    from tinytorch.vision import default_collate

    def load(indices: range) -> Any:
        return default_collate([dataset[i] for i in indices])

    def batches() -> Iterator[Any]:
        pool, ahead = ThreadPoolExecutor(workers), deque[Any]()
        for start in chain.from_iterable(repeat(range(0, len(dataset), BATCH))):
            ahead.append(pool.submit(load, range(start, start + BATCH)))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()

    return taking(8, batches())


CASES = [
    Case(
        f"DataLoader: TensorDataset {'x'.join(map(str, shape))}, shuffled, {workers} workers",
        {library: partial(tensors, library, shape, workers) for library in ("tinytorch", "torch")},
        limits={"torch": 1.0},
        threads=(1,),
    )
    for shape in ((1, 28, 28), (3, 32, 32))
    for workers in (0, 2)
] + [
    Case(
        f"DataLoader: samples computed in {kind.__name__[2:]}, 2 workers",
        {
            "tinytorch": lambda kind=kind: loading(8, "tinytorch", kind(), 2),
            "torch": lambda kind=kind: loading(8, "torch", kind(), 2),
            "alone": lambda kind=kind: loading(8, "tinytorch", kind(), 0),
            "threads": lambda kind=kind: in_threads(kind(), 2),
        },
        limits={"torch": 1.1, "alone": 0.8},
        threads=(1,),
    )
    for kind in (InPython, InNumPy)
]
