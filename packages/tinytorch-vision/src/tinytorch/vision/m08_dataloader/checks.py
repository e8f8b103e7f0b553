"""What a version of the dataloader module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import json
import random
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
import tinytorch.core as tt
from tinytorch.vision import (
    BatchSampler,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    datasets,
    default_collate,
    random_split,
    transforms,
)

Point = namedtuple("Point", ["x", "y"])


class Squares(Dataset[int]):
    """0, 1, 4, 9, ..."""

    def __init__(self, n: int = 10) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: Any) -> int:
        if not 0 <= index < self.n:
            raise IndexError(f"there is no square {index}")
        return int(index) ** 2


class Noise(Dataset[Any]):
    """Samples that draw random numbers, each from another global source."""

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: Any) -> Any:
        return int(index), random.random(), np.random.rand(), tt.rand(2)


class Count(IterableDataset[int]):
    """A stream of 0, 1, 2, ..."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.n))


def _rows(n: int = 10) -> TensorDataset:
    return TensorDataset(tt.arange(3 * n).reshape(n, 3), tt.arange(n) * 10)


def _values(thing: Any) -> Any:
    """Return tensors as lists, also those inside of lists, tuples and dicts."""
    if isinstance(thing, tt.Tensor):
        return thing.tolist()
    if isinstance(thing, dict):
        return {key: _values(value) for key, value in thing.items()}
    return [_values(part) for part in thing] if isinstance(thing, (list, tuple)) else thing


def _batches(loader: Iterable[Any]) -> Any:
    return _values(list(loader))


def _load(options: dict[str, Any]) -> Any:
    return DataLoader(Squares(), **options)


def _equal(what: str, got: Any, expected: Any, hint: str) -> None:
    assert got == expected, f"{what}: expected {expected}, got {got}. Hint: {hint}"


def _raises(error: type[Exception], do: Callable[[], Any], what: str, hint: str) -> str:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error as caught:
        return str(caught)
    except Exception as caught:
        raise AssertionError(
            f"{what}: expected {error.__name__}, got {type(caught).__name__}: {caught}. Hint: {hint}"
        ) from caught
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}. Hint: {hint}")


def check_tensor_dataset_gives_rows() -> None:
    """Give the i-th row of each tensor, and refuse tensors of different lengths."""
    data = _rows(4)
    _equal("len(TensorDataset)", len(data), 4, "the length is that of the first dimension")
    _equal("data[1]", _values(data[1]), [[3, 4, 5], 10], "a tuple with row 1 of each tensor")
    assert isinstance(data[1], tuple), "a sample of TensorDataset is a tuple, one part for each tensor"
    hint = "compare the first lengths when the dataset is made"
    _raises(AssertionError, lambda: TensorDataset(tt.zeros(2), tt.zeros(3)), "lengths 2 and 3", hint)


def check_datasets_are_put_together() -> None:
    """Take a part of a dataset, and put one behind the other."""
    part = Subset(Squares(), [7, 2, 4])
    _equal("Subset of [7, 2, 4]", [len(part), part[0], part[2]], [3, 49, 16], "look the index up first")
    whole = Squares(3) + Squares(2)
    assert isinstance(whole, ConcatDataset), "dataset + dataset is a ConcatDataset"
    got = [whole[i] for i in (0, 2, 3, 4, -1)]
    _equal("Squares(3) + Squares(2)", got, [0, 4, 0, 1, 1], "find the dataset by the sums of lengths")
    _equal("its length", len(whole), 5, "the sum of the lengths")


def check_random_split_shares_out() -> None:
    """Split at random, without losing a sample or giving it twice; fractions are rounded down."""
    parts = random_split(Squares(), [6, 4], tt.Generator().manual_seed(1))
    again = random_split(Squares(), [6, 4], tt.Generator().manual_seed(1))
    got = [sorted(part[i] for i in range(len(part))) for part in parts]
    _equal("all parts together", sorted(got[0] + got[1]), [i * i for i in range(10)], "cut one permutation")
    assert got[0] != [i * i for i in range(6)], "random_split must mix the samples before it cuts"
    _equal(
        "the same seed", [p[0] for p in again], [p[0] for p in parts], "draw from the generator that is given"
    )
    sizes = [len(p) for p in random_split(range(11), [0.5, 0.25, 0.25])]
    _equal("11 samples in 1/2, 1/4, 1/4", sizes, [6, 3, 2], "round down; the first parts get what is left")
    hint = "numbers of samples add up to the length of the dataset"
    _raises(ValueError, lambda: random_split(Squares(), [6, 5]), "lengths 6 and 5 of 10 samples", hint)


def check_order_and_batches() -> None:
    """Yield indices in order, and group them; the last group may be smaller."""
    _equal("SequentialSampler", list(SequentialSampler("abc")), [0, 1, 2], "0 to len - 1")
    got = list(BatchSampler(SequentialSampler("abcde"), 2, False))
    _equal("BatchSampler", got, [[0, 1], [2, 3], [4]], "lists of batch_size indices, and the rest")
    got = list(BatchSampler(iter([5, 6, 7]), 2, True))
    _equal("BatchSampler(drop_last=True)", got, [[5, 6]], "leave out the last one if it is smaller")
    lengths = [len(BatchSampler(range(5), 2, drop)) for drop in (False, True)]
    _equal("len(BatchSampler) without and with drop_last", lengths, [3, 2], "round up, or down")
    hint = "a batch size is a positive int (bool is none)"
    wrong: list[Any] = [0, -1, 2.0, True]
    for size in wrong:
        _raises(ValueError, partial(BatchSampler, range(5), size, False), f"batch_size={size}", hint)


def check_random_orders() -> None:
    """Draw each index once, or with replacement; the same seed gives the same order."""
    first, second = (list(RandomSampler(range(50))) for _ in range(2))
    _equal("a random order, sorted", sorted(first), list(range(50)), "each index exactly once")
    assert first != second, "RandomSampler: each iteration draws a new order"
    orders = [list(RandomSampler(range(50), generator=tt.Generator().manual_seed(2))) for _ in range(2)]
    _equal("the same seed", orders[0], orders[1], "draw from the generator that is given")
    drawn = list(RandomSampler(range(2), replacement=True, num_samples=200))
    _equal("200 draws with replacement", len(drawn), 200, "num_samples says how many")
    assert 60 < sum(drawn) < 140, f"each index is equally likely, but {sum(drawn)} of 200 draws of two were 1"
    hint = "an empty dataset has num_samples=0"
    _raises(ValueError, lambda: RandomSampler([]), "RandomSampler of an empty dataset", hint)


def check_weights_decide_how_often() -> None:
    """Draw indices in proportion to their weights."""
    drawn = list(WeightedRandomSampler([0.0, 1.0, 3.0], 400))
    counts = [drawn.count(i) for i in range(3)]
    _equal("how often weight 0 is drawn", counts[0], 0, "in proportion to the weights")
    assert 60 < counts[1] < 140, f"weights 0, 1, 3 and 400 draws: expected about [0, 100, 300], got {counts}"
    got = sorted(WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False))
    _equal("three of three without replacement", got, [0, 1, 2], "none comes twice")


def check_collate_stacks() -> None:
    """Make tensors of numbers, arrays and tensors, with one more dimension in front."""
    batch = default_collate([tt.zeros(2, 3), tt.ones(2, 3)])
    _equal("the shape of two tensors (2, 3)", batch.shape, (2, 2, 3), "stack along a new first dimension")
    got = [default_collate([1, 2]).dtype, default_collate([1.0, 2.0]).dtype]
    _equal("dtypes of ints and floats", got, [tt.int64, tt.float64], "Python's float has 64 bits")
    array = default_collate([np.zeros(2, np.uint8)] * 3)
    _equal("dtype of arrays of bytes", array.dtype, tt.uint8, "an array keeps its dtype")


def check_collate_keeps_the_form() -> None:
    """Collate tuples, dicts and namedtuples part by part, and leave text alone."""
    got = default_collate([(1, "a"), (2, "b")])
    _equal("two tuples", [_values(got[0]), list(got[1])], [[1, 2], ["a", "b"]], "first all first parts")
    nested = default_collate([{"x": [1, 2], "p": Point(3, 4)}, {"x": [5, 6], "p": Point(7, 8)}])
    _equal("dicts", _values(nested["x"]), [[1, 5], [2, 6]], "collate the values of each key")
    assert isinstance(nested["p"], Point), f"a namedtuple stays one, got {type(nested['p']).__name__}"
    _equal("a namedtuple's field", _values(nested["p"].y), [4, 8], "collate each field")


def check_collate_refuses_unequal_shapes() -> None:
    """Say which samples don't fit together, and how they differ."""
    message = _raises(
        RuntimeError,
        lambda: default_collate([tt.zeros(3), tt.zeros(3), tt.zeros(5)]),
        "shapes (3,) and (5,)",
        "compare each shape with the first",
    )
    for part in ("[3]", "[5]", "entry 2"):
        assert part in message, f"the message should tell {part}: {message}"
    _raises(TypeError, lambda: default_collate([object()]), "a sample of an unknown type", "name the type")


def check_loader_makes_batches() -> None:
    """Put dataset, sampler and collating together."""
    loader = DataLoader(Squares(), batch_size=4)
    _equal(
        "batches of 4", _batches(loader), [[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]], "the last is smaller"
    )
    _equal("len(loader)", len(loader), 3, "the number of batches")
    got = _batches(DataLoader(Squares(), 4, drop_last=True))
    _equal("drop_last=True", got, [[0, 1, 4, 9], [16, 25, 36, 49]], "leave out the smaller one")
    _equal("batch_size=None", list(DataLoader(Squares(3), None)), [0, 1, 4], "single samples, not collated")
    got = _batches(DataLoader(Squares(), 2, sampler=[3, 1, 2]))
    _equal("sampler=[3, 1, 2]", got, [[9, 1], [4]], "in the sampler's order")
    got = _batches(DataLoader(Squares(), batch_sampler=[[5], [0, 1]]))
    _equal("batch_sampler=[[5], [0, 1]]", got, [[25], [0, 1]], "the batches are given")
    got = [sum(batch) for batch in DataLoader(Squares(), 5, collate_fn=list)]
    _equal("collate_fn=list", got, [30, 255], "it gets a list of samples; its result is the batch")


def check_a_batch_of_rows() -> None:
    """Load a TensorDataset: the same rows, whether taken one by one or all at once."""
    got = _batches(DataLoader(_rows(), sampler=[2, 2, 9], batch_size=2))
    expected = [[[[6, 7, 8], [6, 7, 8]], [20, 20]], [[[27, 28, 29]], [90]]]
    _equal("rows 2, 2, 9", got, expected, "stack the rows of each tensor")
    batches = list(DataLoader(_rows(), 2))
    batches[0][0][:] = -1
    _equal("the next batch", _values(batches[1][1]), [20, 30], "no batch shares memory with another")
    _equal("the dataset", _values(_rows()[0][0]), [0, 1, 2], "nor with the dataset")
    hint = "a row that doesn't exist is an IndexError"
    _raises(IndexError, lambda: list(DataLoader(_rows(5), sampler=[0, 5])), "sample 5 of 5", hint)


def check_loader_shuffles() -> None:
    """Take the samples in a new order in each epoch, each of them once."""
    loader = DataLoader(range(40), 8, shuffle=True)
    first, second = ([x for batch in loader for x in batch.tolist()] for _ in range(2))
    _equal("an epoch, sorted", sorted(first), list(range(40)), "each sample exactly once")
    assert first != second, "shuffle=True: each epoch has an order of its own"


def check_loader_refuses_contradictions() -> None:
    """Raise an error for options that can't be, or can't be together."""
    hint = "check the options before anything else"
    for options in (
        {"batch_size": 0},
        {"batch_size": 1.5},
        {"shuffle": True, "sampler": [0]},
        {"batch_sampler": [[0]], "batch_size": 2},
        {"batch_size": None, "drop_last": True},
        {"num_workers": -1},
        {"prefetch_factor": 2},
        {"persistent_workers": True},
    ):
        _raises(ValueError, partial(_load, options), f"DataLoader with {options}", hint)
    _raises(ValueError, lambda: DataLoader([], shuffle=True), "an empty dataset, shuffled", hint)


def check_streams() -> None:
    """Load a dataset that has no numbers, only an order."""
    _equal("a stream of 5", _batches(DataLoader(Count(5), 2)), [[0, 1], [2, 3], [4]], "until it ends")
    got = _batches(DataLoader(Count(5), 2, drop_last=True))
    _equal("drop_last=True", got, [[0, 1], [2, 3]], "the last batch is smaller")
    hint = "a stream can't be shuffled by numbers that it doesn't have"
    _raises(ValueError, lambda: DataLoader(Count(5), shuffle=True), "a shuffled stream", hint)


def check_the_seed_determines_everything() -> None:
    """Give the same batches for the same seed, whatever training draws meanwhile."""
    hint = "seed anew for each batch, from the epoch's base seed and the batch's number"
    tt.manual_seed(3)
    first = _batches(DataLoader(Noise(), 5, shuffle=True))
    tt.manual_seed(3)
    second = []
    for batch in DataLoader(Noise(), 5, shuffle=True):
        second.append(_values(batch))
        tt.rand(7), random.random(), np.random.rand()
    _equal("the batches beside training that draws", second, first, hint)
    tt.manual_seed(3)
    expected = tt.rand(1).item()
    tt.manual_seed(3)
    batches = iter(DataLoader(Noise(), 5, generator=tt.Generator()))
    next(batches)
    _equal("what training draws", tt.rand(1).item(), expected, "put the generators back after each batch")


def check_workers_change_nothing() -> None:
    """Load with two processes: the same batches in the same order, and an error says where it was."""
    digits = datasets.Digits(
        transform=transforms.Compose([transforms.ToTensor(), transforms.RandomCrop(8, padding=1)])
    )
    data = Subset(digits, range(0, 60, 2))
    loaded = []
    for workers in (0, 2):
        tt.manual_seed(4)
        more: dict[str, Any] = {"num_workers": workers, "timeout": 60} if workers else {}
        loaded.append(_batches(DataLoader(data, 8, shuffle=True, **more)))
    assert loaded[0] == loaded[1], (
        "the same seed gave other batches with 2 workers than with 0. Hint: keep the order of the sampler, "
        "and seed for each batch, not for each worker"
    )
    bad = DataLoader(Subset(_rows(), [0, 1, 99]), num_workers=1, timeout=60)
    message = _raises(IndexError, lambda: list(bad), "a sample that doesn't exist", "send errors back")
    for part in ("worker", "99"):
        assert part in message, f"the message should name worker and index: {message}"


def check_resuming_in_the_middle() -> None:
    """Go on in the middle of an epoch: the rest of it, then the same epochs as without interruption."""
    tt.manual_seed(5)
    loader = DataLoader(Noise(), 3, shuffle=True)
    batches = iter(loader)
    next(batches)
    state = json.loads(json.dumps(loader.state_dict()))
    rest, after = _batches(batches), _batches(loader)
    tt.manual_seed(99)
    other = DataLoader(Noise(), 3, shuffle=True)
    other.load_state_dict(state)
    _equal("the rest of the epoch", _batches(other), rest, "store where the epoch began and how far it is")
    _equal("the next epoch", _batches(other), after, "the order of later epochs belongs to the state, too")


def check_pictures_become_tensors() -> None:
    """Make floats from 0 to 1 of bytes, channels first; scale them to mean 0 and deviation 1."""
    picture = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    x = transforms.ToTensor()(picture)
    _equal("shape and dtype", (x.shape, x.dtype), ((3, 2, 4), tt.float32), "(H, W, C) becomes (C, H, W)")
    assert np.allclose(x.numpy(), picture.transpose(2, 0, 1) / 255), "ToTensor divides bytes by 255"
    _equal("a gray picture", transforms.ToTensor()(picture[:, :, 0]).shape, (1, 2, 4), "one channel in front")
    y = transforms.Normalize((0.1, 0.2, 0.3), (0.5, 1.0, 2.0))(x)
    means, deviations = (np.array(v).reshape(3, 1, 1) for v in ((0.1, 0.2, 0.3), (0.5, 1.0, 2.0)))
    expected = (x.numpy() - means) / deviations
    assert np.allclose(y.numpy(), expected, atol=1e-6), "Normalize: (x - mean) / std, for each channel"


def check_transforms_move_pixels() -> None:
    """Compose transforms; crop, pad, flip, each at random where its name says so."""
    x = tt.arange(16).reshape(1, 4, 4)
    both = transforms.Compose([transforms.CenterCrop(2), transforms.Pad(1)])(x)
    expected = [[[0, 0, 0, 0], [0, 5, 6, 0], [0, 9, 10, 0], [0, 0, 0, 0]]]
    _equal("the middle, padded", _values(both), expected, "one after the other")
    flipped = transforms.RandomHorizontalFlip(p=1.0)(x)
    _equal("flipped", _values(flipped)[0][0], [3, 2, 1, 0], "columns in reverse order")
    tt.manual_seed(0)
    corners = {transforms.RandomCrop(3)(x)[0, 0, 0].item() for _ in range(100)}
    _equal("corners of 100 random crops", corners, {0, 1, 4, 5}, "every place is equally likely")
    kept = sum(transforms.RandomHorizontalFlip()(x)[0, 0, 0].item() == 0 for _ in range(200))
    assert 60 < kept < 140, f"RandomHorizontalFlip flips half of the time; {kept} of 200 were left"


def check_digits_are_there() -> None:
    """Give the embedded digits, transformed, as images and labels."""
    train, test = datasets.Digits(), datasets.Digits(train=False)
    _equal("how many", (len(train), len(test)), (1442, 355), "every fifth of a class is for the test")
    image, label = train[0]
    _equal("an image", (image.shape, image.dtype), ((8, 8), np.dtype("uint8")), "bytes, (H, W)")
    assert label in range(10), f"a label is an int from 0 to 9, got {label!r}"
    x, text = datasets.Digits(transform=transforms.ToTensor(), target_transform=str)[0]
    _equal(
        "transformed", (x.shape, text), ((1, 8, 8), str(label)), "transform and target_transform are called"
    )
