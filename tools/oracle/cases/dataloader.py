"""Cases: datasets, samplers, collating, the loader. What is drawn differs, so it is compared sorted."""

from __future__ import annotations

from ..inputs import T
from ..table import code, code_error

SETUP = """
from collections import OrderedDict, namedtuple
import warnings
warnings.filterwarnings("ignore", message="This DataLoader will create")
Point = namedtuple("Point", ["x", "y"])


class Squares(data.Dataset):
    def __init__(self, n=10):
        self.n = n
    def __len__(self):
        return self.n
    def __getitem__(self, i):
        if not 0 <= i < self.n:
            raise IndexError(i)
        return i * i


class Count(data.IterableDataset):
    def __init__(self, n=7):
        self.n = n
    def __iter__(self):
        info = data.get_worker_info()
        first, step = (info.id, info.num_workers) if info else (0, 1)
        return iter(range(first, self.n, step))


class Sized(Count):
    def __len__(self):
        return self.n


class Mine(data.Sampler):
    def __iter__(self):
        return iter([2, 0, 1])
    def __len__(self):
        return 3


def rows(n=10):
    return data.TensorDataset(t.arange(3 * n).reshape(n, 3), t.arange(n) * 1.5)


def ints(batches):
    return sorted(int(x) for batch in batches for x in batch)


def ids(i):
    data.get_worker_info().dataset.n += 100 * (i + 1)


g = t.Generator()
g.manual_seed(3)
"""


def both(*sources: str, **options: object) -> None:
    for source in sources:
        code(source, setup=SETUP, **options)  # type: ignore[arg-type]


def refused(*sources: str) -> None:
    for source in sources:
        code_error(source, setup=SETUP)


# Datasets
both(
    "d = rows()\nout = len(d), d[3], d[-1], d[2:5], list(d.tensors)",
    "list(data.TensorDataset(x)[1])",
    x=T(3, 4),
)
both(
    "d = Squares(3) + Squares(2)\nout = len(d), [d[i] for i in range(5)], d[-1], d[-5], d.cumulative_sizes, len(d.datasets)",
    "d = data.ConcatDataset(datasets=[rows(2), rows(3)])\nout = [d[i] for i in (0, 1, 2, -1)]",
    "d = data.Subset(dataset=Squares(), indices=[4, 2, 7])\nout = len(d), d[0], d[-1], list(d), d.indices, d.__getitems__([1, 2])",
    "d = data.Subset(data.Subset(Squares(), [4, 2, 7]), [2, 0])\nout = list(d)",
    "d = Count(2) + Count(3)\nout = list(d)",
    "d = data.ChainDataset(datasets=[Sized(2), Sized(3)])\nout = len(d), list(d)",
    "[len(p) for p in data.random_split(Squares(), [7, 3])]",
    "[len(p) for p in data.random_split(dataset=range(11), lengths=[1 / 3, 1 / 3, 1 / 3], generator=g)]",
    "[len(p) for p in data.random_split(Squares(), [0.55, 0.25, 0.2], g)]",
    "sorted(i for p in data.random_split(Squares(), (6, 4)) for i in p.indices)",
    "[len(p) for p in data.random_split(range(1), [0.5, 0.5])]",
    "[len(p) for p in data.random_split([], [0, 0])]",
)
refused(
    "data.TensorDataset(t.zeros(2), t.zeros(3))",
    "data.TensorDataset(t.zeros(2), [1, 2])",
    "rows()[10]",
    "data.Dataset()[0]",
    "next(iter(data.IterableDataset()))",
    "iter(data.Sampler())",
    "data.ConcatDataset([])",
    "data.ConcatDataset([Count()])",
    "(Squares(3) + Squares(2))[-6]",
    "(Squares(3) + Squares(2))[5]",
    "list(data.ChainDataset([Squares()]))",
    "len(data.ChainDataset([Squares()]))",
    "data.random_split(Squares(), [7, 4])",
    "data.random_split(Squares(), [1.5, -0.5])",
    "data.random_split(Squares(), [0.5, 0.4])",
    "class Half(data.Subset):\n    def __getitem__(self, i):\n        return 0\nHalf(Squares(), [0])",
)

# Samplers
both(
    "s = data.SequentialSampler(data_source=Squares())\nout = len(s), list(s)",
    "s = data.RandomSampler(data_source=range(9))\nout = len(s), sorted(s), s.replacement, s.num_samples",
    "s = data.RandomSampler(range(4), replacement=False, num_samples=10, generator=g)\ndrawn = list(s)\nout = len(s), len(drawn), sorted(drawn[:4]), sorted(drawn[4:8])",
    "s = data.RandomSampler(range(1), True, 5)\nout = len(s), list(s)",
    "s = data.SubsetRandomSampler(indices=[4, 9, 2], generator=g)\nout = len(s), sorted(s)",
    "s = data.WeightedRandomSampler(weights=[0, 1.0, 0], num_samples=4, replacement=True, generator=g)\nout = len(s), list(s), s.weights",
    "s = data.WeightedRandomSampler(t.tensor([1, 2, 3]), 3, False)\nout = len(s), sorted(s), s.weights",
    "s = data.BatchSampler(sampler=range(7), batch_size=3, drop_last=False)\nout = len(s), list(s)",
    "s = data.BatchSampler(range(7), 3, True)\nout = len(s), list(s)",
    "s = data.BatchSampler(range(6), 3, True)\nout = len(s), list(s)",
    "s = data.BatchSampler([], 3, False)\nout = len(s), list(s)",
    "list(Mine())",
)
refused(
    "data.RandomSampler([])",
    "data.RandomSampler(range(3), replacement=1)",
    *(f"data.RandomSampler(range(3), num_samples={n})" for n in ("0", "-1", "2.0", "'3'")),
    *(f"data.WeightedRandomSampler([1.0], {n})" for n in ("0", "-1", "2.0", "True", "1, None")),
    "data.WeightedRandomSampler([[1.0]], 1)",
    "list(data.WeightedRandomSampler([1.0, 1.0], 3, replacement=False))",
    "list(data.WeightedRandomSampler([-1.0, 1.0], 1))",
    "list(data.WeightedRandomSampler([0.0, 0.0], 1))",
    *(f"data.BatchSampler(range(3), {n}, False)" for n in ("0", "-1", "2.0", "True", "None")),
    "data.BatchSampler(range(3), 1, None)",
)

# Collating
both(
    *(
        f"data.default_collate({batch})"
        for batch in (
            "[1, 2]", "[1.5, 2]", "[1, 2.5]", "[True, False]", "['a', 'b']", "[b'a', b'b']", "[(1, 2.0), (3, 4.0)]", "[[1, 'a'], [2, 'b']]",
            "[{'a': 1, 'b': [1, 2]}, {'a': 3, 'b': [3, 4]}]", "[OrderedDict(b=1, a=2), OrderedDict(b=3, a=4)]", "[((1, 2), 3), ((4, 5), 6)]", "(1, 2)",
            "[np.float32(1), np.float32(2)]", "[np.int16(1), np.int16(2)]", "[np.bool_(True), np.bool_(False)]", "[np.zeros(2), np.ones(2)]",
            "[np.zeros((2, 3), np.uint8)] * 2", "[np.array(1.0), np.array(2.0)]", "[t.zeros(0, 3)] * 2", "[t.tensor(1), t.tensor(2)]", "[]  or [1]", "[{}, {}]", "[(), ()]",
        )
    ),
    "p = data.default_collate([Point(1, (2, 'a')), Point(3, (4, 'b'))])\nout = p.x, p.y, type(p).__name__",
    *(f"data.default_convert(data={x})" for x in ("3", "'a'", "np.zeros(2)", "[np.zeros(2), 'a']", "(np.ones(1), 2)", "{'a': np.zeros(1), 'b': 1}", "np.float64(2)")),
    "p = data.default_convert(Point(np.zeros(2), 1))\nout = p.x, p.y, type(p).__name__",
)  # fmt: skip
both("data.default_collate(batch=[x, x * 2])", "data.default_collate([(x, 1), (x, 2)])", "data.default_collate([{'a': x}, {'a': x}])", x=T(2, 3))
refused(
    "data.default_collate([t.zeros(2), t.zeros(3)])",
    "data.default_collate([[1, 2], [1]])",
    "data.default_collate([object()])",
    "data.default_collate([None])",
    "data.default_collate([{1, 2}])",
    "data.default_collate([np.array(['a'])])",
    "data.default_collate([t.zeros(2), 1])",
    "data.default_collate([1, 'a'])",
    "data.default_collate([{'a': 1}, {'b': 1}])",
    "data.default_collate([])",
    "list(data.DataLoader([t.zeros(1, 4), t.zeros(1, 5)], 2))",
)

# The loader, without and with workers
for workers in ("", ", num_workers=2"):
    both(
        *(
            f"loader = data.DataLoader({arguments}{workers})\nout = len(loader), len(iter(loader)), [b for b in loader], loader.batch_size, loader.drop_last"
            for arguments in (
                "rows(), 4", "dataset=rows(), batch_size=4, drop_last=True", "Squares()", "Squares(), 3, False", "Squares(3), batch_size=None", "rows(3), None", "Squares(), 2, sampler=[3, 1, 2]",
                "Squares(), sampler=Mine()", "Squares(), batch_sampler=[[0, 1], [5]]", "rows(), batch_sampler=data.BatchSampler(range(5), 2, False)", "[], 4", "'abcde', 2", "[(1, 'a'), (2, 'b'), (3, 'c')], 2",
                "Squares() + Squares(3), 5", "data.Subset(rows(), [3, 1, 4]), 2", "Squares(), 4, None, None, None", "Squares(), 4, collate_fn=sorted", "Squares(), 4, collate_fn=lambda b: (len(b), b)", "Squares(), None, collate_fn=lambda b: -b",
                "[np.zeros(2), np.ones(2)], None",
            )
        ),
        f"[b for b in data.DataLoader(Count(), 2{workers})]",
        f"[b for b in data.DataLoader(Count(), batch_size=2, drop_last=True{workers})]",
        f"[b for b in data.DataLoader(Count(), batch_size=None{workers})]",
        f"[b for b in data.DataLoader(Count(), 3, shuffle=False{workers})]",
        f"[len(data.DataLoader(Sized(), n, drop_last=drop{workers})) for n in (1, 2, 7, 9) for drop in (False, True)] + [len(data.DataLoader(Sized(), None{workers}))]",
        f"ints(data.DataLoader(range(20), 3, shuffle=True{workers}))",
        f"ints(data.DataLoader(range(20), 3, True, generator=g{workers}))",
        f"ints(data.DataLoader(range(20), 3, True, drop_last=True{workers})).__len__()",
        f"ints(data.DataLoader(Squares(), sampler=data.RandomSampler(range(10)){workers}))",
    )
both(
    "out = [b for b in data.DataLoader(Count(9), 2, num_workers=2, worker_init_fn=ids)][:4]",
    "loader = data.DataLoader(Squares(), 3, num_workers=2, prefetch_factor=3, persistent_workers=True, timeout=60)\nout = [[b for b in loader] for _ in range(3)], loader.prefetch_factor",
    "loader = data.DataLoader(Squares(), 3, num_workers=1, multiprocessing_context='fork')\nout = [b for b in loader], loader.prefetch_factor",
    "loader = data.DataLoader(Squares(), 3, pin_memory=False)\nout = [b for b in loader], loader.prefetch_factor, loader.num_workers, loader.timeout",
    "a, b = iter(data.DataLoader(Squares(), 3)), iter(data.DataLoader(Squares(), 4))\nout = next(a), next(b), next(a)",
    "data.get_worker_info()",
    "loader = data.DataLoader(Squares(4), 2)\nout = [type(x).__name__ for x in (loader.sampler, loader.batch_sampler)]",
    "loader = data.DataLoader(Squares(4), shuffle=True)\nout = [type(x).__name__ for x in (loader.sampler, loader.batch_sampler)]",
    "g.manual_seed(1)\none = [b for b in data.DataLoader(range(9), 2, True, generator=g)]\ng.manual_seed(1)\ntwo = [b for b in data.DataLoader(range(9), 2, True, generator=g)]\nout = [t.equal(x, y) for x, y in zip(one, two)]",
    "loader = data.DataLoader(range(9), 2, True)\nt.manual_seed(1)\none = [b for b in loader]\nt.manual_seed(1)\ntwo = [b for b in loader]\nout = [t.equal(x, y) for x, y in zip(one, two)]",
)
refused(
    *(
        f"data.DataLoader(Squares(), {options})"
        for options in (
            "shuffle=True, sampler=[0]", "batch_sampler=[[0]], batch_size=2", "batch_sampler=[[0]], shuffle=True", "batch_sampler=[[0]], sampler=[0]", "batch_sampler=[[0]], drop_last=True",
            "batch_size=None, drop_last=True", "num_workers=-1", "num_workers=None", "num_workers='2'", "prefetch_factor=2", "prefetch_factor=-1, num_workers=1", "persistent_workers=True", "timeout=-1", "batch_size=0", "batch_size=-1",
            "batch_size=2.0", "batch_size=True", "drop_last=1", "multiprocessing_context='fork'", "multiprocessing_context='x', num_workers=1", "multiprocessing_context=3, num_workers=1",
        )
    ),
    "data.DataLoader([], shuffle=True)",
    "data.DataLoader(Count(), shuffle=True)",
    "data.DataLoader(Count(), sampler=[0])",
    "data.DataLoader(Count(), batch_sampler=[[0]])",
    "len(data.DataLoader(Count()))",
    "list(data.DataLoader(Squares(), sampler=[0, 10]))",
    "list(data.DataLoader(Squares(), sampler=[0, 10], num_workers=1))",
    "list(data.DataLoader(rows(), 2, sampler=[0, 10]))",
    "list(data.DataLoader(Squares(), num_workers=1, worker_init_fn=lambda i: 1 / 0))",
    *(f"data.DataLoader(Squares()).{name} = None" for name in ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")),
)
