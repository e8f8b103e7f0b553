"""Datasets, samplers, collating, and the loader without workers."""

from __future__ import annotations

import json
import random
from collections import OrderedDict, defaultdict, namedtuple
from types import MappingProxyType

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.vision import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Rows,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    get_worker_info,
    random_split,
)

Point = namedtuple("Point", ["x", "y"])


class Squares(Dataset):
    def __init__(self, n=10):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError(f"there is no square {index}")
        return index * index


class Count(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return iter(range(self.n))


class Noise(Dataset):
    """Draws from every global source."""

    def __len__(self):
        return 12

    def __getitem__(self, index):
        return index, random.random(), np.random.randn(), tt.rand(2)


def values(batches):
    """Return batches as nested lists."""
    if isinstance(batches, tt.Tensor):
        return batches.tolist()
    if isinstance(batches, (list, tuple)):
        return [values(batch) for batch in batches]
    return batches


# Datasets


def test_tensor_dataset_gives_rows():
    data = TensorDataset(tt.arange(6).reshape(3, 2), tt.tensor([0, 1, 2]))
    assert len(data) == 3
    assert values(data[1]) == [[2, 3], 1]
    assert values(data[-1]) == [[4, 5], 2]
    assert values(data[:2]) == [[[0, 1], [2, 3]], [0, 1]]


def test_tensor_dataset_refuses_what_has_no_common_rows():
    with pytest.raises(AssertionError, match=r"Size mismatch between tensors.*\[3, 2\]"):
        TensorDataset(tt.zeros(3), tt.zeros(2))
    with pytest.raises(TypeError, match="at least one"):
        TensorDataset()
    with pytest.raises(TypeError, match="argument 1 is a ndarray"):
        TensorDataset(tt.zeros(3), np.zeros(3))
    with pytest.raises(TypeError, match="0-d"):
        TensorDataset(tt.tensor(1.0))


def test_rows_are_a_list_of_samples():
    rows = TensorDataset(tt.arange(10), tt.arange(10) * 2).__getitems__([3, -1, 3])
    assert isinstance(rows, Rows)
    assert len(rows) == 3
    assert values(rows[1]) == [9, 18]
    assert values(list(rows)) == [[3, 6], [9, 18], [3, 6]]
    assert values(list(rows[1:])) == [[9, 18], [3, 6]]
    assert values(default_collate(rows)) == [[3, 9, 3], [6, 18, 6]]
    assert values(default_collate(list(rows))) == [[3, 9, 3], [6, 18, 6]]
    assert values(default_collate(Rows([np.eye(2)]))) == [[[1, 0], [0, 1]]]
    with pytest.raises(IndexError, match="index 10 is out of range for a dataset of 10 samples"):
        Rows([tt.arange(10)], [0, 10])
    with pytest.raises(IndexError, match="index -11"):
        Rows([tt.arange(10)], [0, -11])
    with pytest.raises(TypeError, match="must be ints"):
        Rows([tt.arange(10)], [0.5])


def test_rows_of_tensors_that_require_a_gradient_have_one():
    x = tt.ones(4, 2, requires_grad=True)
    (batch,) = next(iter(DataLoader(TensorDataset(x), 2)))
    batch.sum().backward()
    assert x.grad.tolist() == [[1, 1], [1, 1], [0, 0], [0, 0]]


def test_subset_and_concat():
    subset = Subset(Squares(), [3, 1])
    assert len(subset) == 2
    assert [subset[0], subset[1]] == [9, 1]
    assert subset.__getitems__([1, 0]) == [1, 9]
    whole = Squares(3) + Squares(2)
    assert isinstance(whole, ConcatDataset)
    assert whole.cumulative_sizes == [3, 5]
    assert [whole[i] for i in range(5)] == [0, 1, 4, 0, 1]
    assert [whole[-1], whole[-5]] == [1, 0]
    with pytest.raises(ValueError, match="should not exceed"):
        whole[-6]
    with pytest.raises(IndexError, match="out of range"):
        whole[5]
    with pytest.raises(AssertionError, match="empty"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="IterableDataset"):
        ConcatDataset([Count(3)])


def test_subset_of_rows_takes_them_at_once():
    data = Subset(TensorDataset(tt.arange(10)), [5, 6, 7])
    assert isinstance(data.__getitems__([2, 0]), Rows)
    assert values(list(DataLoader(data, 2))) == [[[5, 6]], [[7]]]
    assert values(data[[0, 2]]) == [[5, 7]]


def test_a_subset_that_changes_samples_changes_batches_too():
    class Half(Subset):
        def __getitem__(self, index):
            return -1

    with pytest.raises(NotImplementedError, match="__getitems__"):
        Half(Squares(), [0])


def test_streams():
    stream = Count(2) + Count(3)
    assert isinstance(stream, ChainDataset)
    assert list(stream) == [0, 1, 0, 1, 2]
    assert values(list(DataLoader(Count(5), 2))) == [[0, 1], [2, 3], [4]]
    assert values(list(DataLoader(Count(5), 2, drop_last=True))) == [[0, 1], [2, 3]]
    assert values(list(DataLoader(Count(2), None))) == [0, 1]
    with pytest.raises(AssertionError, match="only supports"):
        list(ChainDataset([Squares()]))
    with pytest.raises(TypeError, match="has no len"):
        len(DataLoader(Count(5)))


def test_what_is_not_defined_says_so():
    with pytest.raises(NotImplementedError, match="define __getitem__"):
        Dataset()[0]
    with pytest.raises(TypeError, match="__iter__"):
        IterableDataset()
    with pytest.raises(NotImplementedError, match="define __iter__"):
        iter(Sampler())
    with pytest.raises(TypeError, match="define __len__"):
        DataLoader(Dataset())


def test_random_split():
    parts = random_split(Squares(), [7, 3], tt.Generator().manual_seed(0))
    again = random_split(Squares(), [7, 3], generator=tt.Generator().manual_seed(0))
    assert [p.indices for p in parts] == [p.indices for p in again]
    assert sorted(parts[0].indices + parts[1].indices) == list(range(10))
    assert [len(p) for p in random_split(Squares(), [0.55, 0.45])] == [6, 4]
    assert [len(p) for p in random_split(range(11), [1 / 3, 1 / 3, 1 / 3])] == [4, 4, 3]
    with pytest.warns(UserWarning, match="split at index 1 is 0"):
        random_split(range(1), [0.5, 0.5])
    for wrong, message in (
        ([3, 3], r"3 \+ 3 is 6, and the dataset has 10"),
        ([1.5, -0.5], "Fraction at index 0"),
        ([2.5, 7.5], "numbers of samples"),
        ([11, -1], "numbers of samples"),
    ):
        with pytest.raises(ValueError, match=message):
            random_split(Squares(), wrong)


# Samplers


def test_sequential_and_batches():
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert list(BatchSampler(SequentialSampler("abcde"), 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(BatchSampler(iter([5, 6, 7]), 2, True)) == [[5, 6]]
    assert len(BatchSampler("abcde", 2, False)) == 3
    assert len(BatchSampler("abcde", 2, True)) == 2


@pytest.mark.parametrize("size", [0, -1, 2.0, True, None, "4"])
def test_a_batch_size_is_a_positive_int(size):
    with pytest.raises(
        ValueError, match="batch_size should be a positive integer value, but got batch_size="
    ):
        BatchSampler([0], size, False)
    if size is not None:
        with pytest.raises(ValueError, match="batch_size should be a positive integer"):
            DataLoader(Squares(), batch_size=size)


def test_random_sampler():
    tt.manual_seed(1)
    order = list(RandomSampler(range(20)))
    assert sorted(order) == list(range(20))
    assert order != list(range(20))
    assert order != list(RandomSampler(range(20)))
    tt.manual_seed(1)
    assert list(RandomSampler(range(20))) == order
    more = list(RandomSampler(range(4), num_samples=10))
    assert sorted(more[:4]) == sorted(more[4:8]) == [0, 1, 2, 3]
    assert len(more) == len(RandomSampler(range(4), num_samples=10)) == 10
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=300))
    assert {0, 1, 2} == set(drawn)
    assert 60 < drawn.count(0) < 140
    with pytest.raises(TypeError, match="replacement should be a boolean"):
        RandomSampler(range(3), replacement=1)
    for wrong in (0, -2, 1.5):
        with pytest.raises(ValueError, match="num_samples should be a positive integer value"):
            RandomSampler(range(3), num_samples=wrong)


def test_an_empty_dataset():
    with pytest.raises(ValueError, match=r"num_samples=0: the dataset is empty"):
        DataLoader([], shuffle=True)
    assert list(DataLoader([])) == []
    assert len(DataLoader([], 4)) == 0
    shrinking = list(range(3))
    loader = DataLoader(shrinking, shuffle=True)
    shrinking.clear()
    with pytest.raises(ValueError, match="the dataset is empty"):
        list(loader)


def test_weighted_and_subset_sampler():
    g = tt.Generator().manual_seed(0)
    drawn = list(WeightedRandomSampler([0, 1.0, 3.0], 400, generator=g))
    assert drawn.count(0) == 0
    assert 60 < drawn.count(1) < 140
    assert sorted(WeightedRandomSampler([1, 1, 1], 3, replacement=False)) == [0, 1, 2]
    assert len(WeightedRandomSampler([1.0], 7)) == 7
    assert sorted(SubsetRandomSampler([5, 7, 9], generator=g)) == [5, 7, 9]
    assert len(SubsetRandomSampler([5, 7, 9])) == 3
    for wrong in (0, True, 2.5):
        with pytest.raises(ValueError, match="num_samples"):
            WeightedRandomSampler([1.0], wrong)
    with pytest.raises(ValueError, match="replacement"):
        WeightedRandomSampler([1.0], 1, replacement=None)
    with pytest.raises(ValueError, match="1d"):
        WeightedRandomSampler([[1.0]], 1)
    with pytest.raises(RuntimeError):
        list(WeightedRandomSampler([1.0, 1.0], 3, replacement=False))


# Collating


def test_numbers_and_text():
    assert default_collate([1, 2]).dtype == tt.int64
    assert default_collate([1.0, 2.0]).dtype == tt.float64
    assert default_collate([True, False]).dtype == tt.bool
    assert default_collate([np.float32(1), np.float32(2)]).dtype == tt.float32
    assert default_collate(["a", "b"]) == ["a", "b"]
    assert default_collate([b"a"]) == [b"a"]


def test_tensors_and_arrays():
    assert default_collate([tt.zeros(2, 3)] * 4).shape == (4, 2, 3)
    batch = default_collate([np.eye(2, dtype=np.uint8), np.zeros((2, 2), np.uint8)])
    assert batch.dtype == tt.uint8
    assert default_collate([tt.zeros(2), tt.ones(2, dtype=tt.float64)]).dtype == tt.float64
    assert default_collate([np.zeros((0, 3)), np.zeros((0, 3))]).shape == (2, 0, 3)
    x = tt.ones(2, requires_grad=True)
    default_collate([x, x * 2]).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_what_is_nested_keeps_its_form():
    assert values(default_collate([(0, 1), (2, 3)])) == [[0, 2], [1, 3]]
    assert type(default_collate([(0, 1), (2, 3)])) is list
    point = default_collate([Point(1, (2.0, "a")), Point(3, (4.0, "b"))])
    assert isinstance(point, Point)
    assert values(point.x) == [1, 3]
    assert values(point.y) == [[2.0, 4.0], ["a", "b"]] or values(point.y) == [[2.0, 4.0], ("a", "b")]
    for make in (dict, OrderedDict, lambda d: defaultdict(int, d), MappingProxyType):
        batch = default_collate([make({"a": 1, "b": [1, 2]}), make({"a": 3, "b": [3, 4]})])
        assert type(batch) is type(make({})) or make is MappingProxyType
        assert values(batch["a"]) == [1, 3]
        assert values(batch["b"]) == [[1, 3], [2, 4]]


def test_samples_of_different_sizes():
    with pytest.raises(RuntimeError, match=r"got \[2\] at entry 0 and \[3\] at entry 1.*Resize"):
        default_collate([tt.zeros(2), tt.zeros(3)])
    with pytest.raises(RuntimeError, match=r"equal size.*entry 0 has 2 parts and entry 1 has 1"):
        default_collate([[1, 2], [1]])
    images = [tt.zeros(1, 4, 4)] * 6 + [tt.zeros(1, 4, 5)]
    with pytest.raises(RuntimeError, match=r"\[1, 4, 5\] at entry 2 \(samples 4 and 6 of the dataset\)"):
        list(DataLoader(images, 4))


@pytest.mark.parametrize("sample", [object(), None, {1, 2}, np.array(["a"]), np.array([None])])
def test_what_cannot_be_collated(sample):
    with pytest.raises(TypeError, match="batch must contain tensors, numpy arrays, numbers, dicts or lists"):
        default_collate([sample, sample])


def test_unlike_samples():
    with pytest.raises(TypeError, match=r"must be alike, got \['Tensor', 'int'\]"):
        default_collate([tt.zeros(1), 1])
    with pytest.raises(TypeError, match=r"must be alike, got \['int', 'str'\]"):
        default_collate([1, "a"])


def test_convert():
    assert isinstance(default_convert(np.zeros(2)), tt.Tensor)
    assert default_convert(3) == 3
    converted = default_convert({"a": np.ones(1), "b": [np.zeros(1), "x"], "c": Point(np.zeros(1), 1)})
    assert values(converted["a"]) == [1.0]
    assert values(converted["b"]) == [[0.0], "x"]
    assert isinstance(converted["c"], Point)
    assert values(default_convert((np.zeros(1), 2))) == [[0.0], 2]


# The loader


def test_batches_in_order():
    loader = DataLoader(Squares(), batch_size=4)
    assert len(loader) == len(iter(loader)) == 3
    assert values(list(loader)) == [[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]]
    assert values(list(DataLoader(Squares(), 4, drop_last=True))) == [[0, 1, 4, 9], [16, 25, 36, 49]]
    assert list(DataLoader(Squares(3), batch_size=None)) == [0, 1, 4]
    assert values(list(DataLoader(Squares(), 2, sampler=[3, 1, 2]))) == [[9, 1], [4]]
    assert values(list(DataLoader(Squares(), batch_sampler=[[0, 1], [5]]))) == [[0, 1], [25]]
    assert len(DataLoader(Squares(), batch_sampler=[[0, 1], [5]])) == 2
    assert DataLoader(Squares(), batch_sampler=[[0]]).batch_size is None


def test_shuffled_batches_hold_each_sample_once():
    loader = DataLoader(TensorDataset(tt.arange(100)), 16, shuffle=True)
    first, second = ([x for (batch,) in loader for x in batch.tolist()] for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second
    assert first != list(range(100))


def test_a_collate_fn_gets_a_list_of_samples():
    seen = []

    def mine(samples):
        assert isinstance(samples, list)
        samples.sort(key=lambda sample: -sample[0].item())
        seen.append(len(samples))
        return default_collate(samples)

    batches = list(DataLoader(TensorDataset(tt.arange(5)), 3, collate_fn=mine))
    assert values(batches) == [[[2, 1, 0]], [[4, 3]]]
    assert seen == [3, 2]


def test_a_batch_is_not_overwritten_by_the_next():
    batches = list(DataLoader(TensorDataset(tt.arange(6)), 2))
    assert values(batches) == [[[0, 1]], [[2, 3]], [[4, 5]]]
    batches[0][0][:] = 9
    assert values(batches[1:]) == [[[2, 3]], [[4, 5]]]


CONTRADICTIONS = [
    (ValueError, "mutually exclusive with shuffle", {"shuffle": True, "sampler": [0]}),
    (ValueError, "batch_sampler option is mutually", {"batch_sampler": [[0]], "batch_size": 2}),
    (ValueError, "batch_sampler option is mutually", {"batch_sampler": [[0]], "shuffle": True}),
    (ValueError, "batch_sampler option is mutually", {"batch_sampler": [[0]], "sampler": [0]}),
    (ValueError, "batch_sampler option is mutually", {"batch_sampler": [[0]], "drop_last": True}),
    (ValueError, "batch_size=None", {"batch_size": None, "drop_last": True}),
    (ValueError, "num_workers option should be non-negative", {"num_workers": -1}),
    (TypeError, "num_workers should be an int", {"num_workers": 1.5}),
    (ValueError, "prefetch_factor=2 option could only", {"prefetch_factor": 2}),
    (ValueError, "prefetch_factor option should be", {"prefetch_factor": -1, "num_workers": 1}),
    (ValueError, "persistent_workers", {"persistent_workers": True}),
    (ValueError, "timeout", {"timeout": -1}),
    (ValueError, "multiprocessing_context", {"multiprocessing_context": "spawn"}),
    (ValueError, "valid start method", {"multiprocessing_context": "telepathy", "num_workers": 1}),
    (TypeError, "context", {"multiprocessing_context": 3, "num_workers": 1}),
    (TypeError, "generator", {"generator": 3}),
]


@pytest.mark.parametrize(("error", "message", "options"), CONTRADICTIONS)
def test_options_that_cannot_be(error, message, options):
    with pytest.raises(error, match=message):
        DataLoader(Squares(), **options)


def test_options_that_a_stream_cannot_have():
    for options in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}):
        with pytest.raises(ValueError, match="DataLoader with IterableDataset: expected unspecified"):
            DataLoader(Count(3), **options)
    assert values(list(DataLoader(Count(2), shuffle=False))) == [[0], [1]]


def test_what_is_fixed_once_the_loader_is_made():
    loader = DataLoader(Squares())
    for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"):
        with pytest.raises(ValueError, match=f"{name} attribute should not be set after"):
            setattr(loader, name, None)
    with pytest.warns(UserWarning, match="pin_memory"):
        DataLoader(Squares(), pin_memory=True)


def test_an_error_names_the_sample():
    with pytest.raises(IndexError, match="no square 10") as caught:
        list(DataLoader(Squares(), 2, sampler=[0, 10]))
    assert "while loading sample 10" in "".join(caught.value.__notes__)
    with pytest.raises(IndexError, match="index 7 is out of range for a dataset of 5 samples"):
        list(DataLoader(TensorDataset(tt.arange(5)), 2, sampler=[0, 7]))
    batches = iter(DataLoader(Squares(3), 1, sampler=[0, 5, 1]))
    assert next(batches).tolist() == [0]
    with pytest.raises(IndexError):
        next(batches)
    assert next(batches).tolist() == [1]  # one may go on after a bad sample


def test_the_process_is_no_worker():
    assert get_worker_info() is None


# Random numbers


def test_the_seed_determines_everything():
    tt.manual_seed(5)
    loader = DataLoader(Noise(), 5, shuffle=True)
    first, second = values(list(loader)), values(list(loader))
    assert first != second
    tt.manual_seed(5)
    assert values(list(loader)) == first  # seeding has an effect on a loader that has begun, too
    tt.manual_seed(5)
    loader = DataLoader(Noise(), 5, shuffle=True)
    for batch, expected in zip(loader, first, strict=True):
        tt.rand(3), random.random(), np.random.rand()  # what training draws has none on the samples
        assert values(batch) == expected
    assert values(list(loader)) == second


def test_loading_leaves_the_global_generators_alone():
    def drawn(load):
        tt.manual_seed(5)
        random.seed(5)
        np.random.seed(5)
        batches = iter(DataLoader(Noise(), 3, generator=tt.Generator()))
        out = []
        for _ in range(3):
            if load:
                next(batches)
            out += [tt.rand(1).item(), random.random(), np.random.rand()]
        return out

    assert drawn(True) == drawn(False)


def test_a_generator_is_used_as_it_is():
    g = tt.Generator().manual_seed(1)
    loader = DataLoader(range(9), 3, shuffle=True, generator=g)
    first, second = values(list(loader)), values(list(loader))
    assert first != second
    g.manual_seed(1)
    assert values(list(loader)) == first
    tt.manual_seed(0)
    assert values(list(loader)) == second


def test_a_sampler_of_ones_own_may_draw_along_the_way():
    class Mine(Sampler):
        def __iter__(self):
            for _ in range(6):
                yield tt.randint(9, (1,)).item() if random.random() < 0.5 else int(np.random.randint(9))

    def loaded(disturb):
        tt.manual_seed(3)
        out = []
        for batch in DataLoader(range(9), 2, sampler=Mine()):
            out.append(batch.tolist())
            if disturb:
                tt.rand(1), random.random(), np.random.rand()
        return out

    assert loaded(True) == loaded(False)


# Resuming


@pytest.mark.parametrize("taken", [0, 1, 4])
@pytest.mark.parametrize("kind", ["shuffle", "generator", "weighted", "drawing", "stream"])
def test_resuming_in_the_middle_of_an_epoch(kind, taken):
    class Drawing(Sampler):
        def __init__(self):
            self.generator = tt.Generator().manual_seed(8)

        def __iter__(self):
            for _ in range(20):
                yield tt.randint(20, (1,), generator=self.generator).item()

    def make():
        data = TensorDataset(tt.arange(20))
        if kind == "shuffle":
            return DataLoader(data, 4, shuffle=True)
        if kind == "generator":
            return DataLoader(Noise(), 3, shuffle=True, generator=tt.Generator())
        if kind == "weighted":
            weights = WeightedRandomSampler(tt.arange(20), 20, generator=tt.Generator().manual_seed(4))
            return DataLoader(data, 4, sampler=weights)
        if kind == "drawing":
            return DataLoader(data, 4, sampler=Drawing())
        return DataLoader(Count(20), 4)

    tt.manual_seed(0)
    loader = make()
    values(list(loader))
    batches = iter(loader)
    for _ in range(taken):
        next(batches, None)
    state = json.loads(json.dumps(loader.state_dict()))
    rest, after = values(list(batches)), [values(list(loader)) for _ in range(2)]

    tt.manual_seed(99)
    resumed = make()
    next(iter(resumed))
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    tt.manual_seed(98)
    assert values(list(resumed)) == rest
    assert [values(list(resumed)) for _ in range(2)] == after


def test_a_state_between_epochs_leads_to_the_next():
    tt.manual_seed(0)
    loader = DataLoader(range(20), 4, shuffle=True)
    fresh = loader.state_dict()
    first = values(list(loader))
    between = loader.state_dict()
    second = values(list(loader))
    other = DataLoader(range(20), 4, shuffle=True)
    other.load_state_dict(fresh)
    assert values(list(other)) == first
    other.load_state_dict(between)
    assert values(list(other)) == second


def test_a_wrong_state_is_refused_and_changes_nothing():
    loader = DataLoader(range(20), 4, shuffle=True, generator=tt.Generator().manual_seed(1))
    state = loader.state_dict()
    for error, wrong in (
        (TypeError, [1]),
        (ValueError, {}),
        (ValueError, {**state, "batches": -1}),
        (ValueError, {**state, "batches": "2"}),
        (ValueError, {**state, "sources": []}),
        (ValueError, {**state, "sources": [{"algorithm": "MT"}]}),
        (ValueError, {**state, "more": 1}),
    ):
        with pytest.raises(error):
            loader.load_state_dict(wrong)
    assert loader.state_dict() == state


def test_a_state_after_the_last_batch_leads_to_an_empty_rest():
    loader = DataLoader(range(4), 2, generator=tt.Generator(), shuffle=True)
    for _ in loader:
        state = loader.state_dict()  # inside the loop, as a checkpoint is made
    after = values(list(loader))
    other = DataLoader(range(4), 2, generator=tt.Generator().manual_seed(3), shuffle=True)
    other.load_state_dict(state)
    assert list(other) == []
    assert values(list(other)) == after
