"""The loader with workers, in real processes: scripts with a time limit, for each way to start a process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

METHODS = [m for m in ("fork", "spawn") if m in multiprocessing.get_all_start_methods()]
LIMIT = 300  # seconds; a script takes two or three where nothing else runs

START = """
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job begins with it ignored
    main()
"""
PRELUDE = """
import gc, json, multiprocessing, os, random, signal, sys, threading, time
from pathlib import Path
import numpy as np
import tinytorch.core as tt
from tinytorch.vision import *
from tinytorch.vision import get_worker_info

class Noise(Dataset):
    def __len__(self):
        return 14
    def __getitem__(self, i):
        return {"i": i, "a": random.random(), "b": np.random.randn(300), "c": tt.rand(2, 3), "d": "x" * i}

class Stream(IterableDataset):
    def __iter__(self):
        info = get_worker_info()
        id, n = (info.id, info.num_workers) if info else (0, 1)
        for i in range(id, 11, n):
            yield i, tt.rand(200)

class Bad(Dataset):
    def __init__(self, what):
        self.what = what
    def __len__(self):
        return 40
    def __getitem__(self, i):
        if i == 13:
            exec(self.what)
        return tt.zeros(2)

class Slow(Dataset):
    def __len__(self):
        return 1000
    def __getitem__(self, i):
        time.sleep(0.01)
        return os.getpid()

class Odd(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")

class Wide(Dataset):
    def __len__(self):
        return 200
    def __getitem__(self, i):
        return np.full(1000, i)

class Mixed(Bad):
    def __init__(self):
        pass
    def __getitem__(self, i):
        if i == 1:
            os._exit(5)
        time.sleep(90)

class Log(Dataset):
    def __init__(self, path):
        self.path = path
    def __len__(self):
        return 40
    def __getitem__(self, i):
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(f"{i}\\n")
        return i

class Keeping:
    def __init__(self):
        self.kept = []
    def __call__(self, samples):
        self.kept.append(default_collate(samples))
        return [self.kept[-1], self.kept[max(0, len(self.kept) - 4)]]

class Where(Dataset):
    def __len__(self):
        return 6
    def __getitem__(self, i):
        info = get_worker_info()
        assert info.dataset is self
        return info.id, info.num_workers, info.seed, os.getpid(), getattr(self, "mark", -1)

class Recorded(Dataset):
    def __init__(self, leaf=False):
        self.leaf = leaf
    def __len__(self):
        return 4
    def __getitem__(self, i):
        x = tt.ones(300, requires_grad=True)
        return x if self.leaf else x * i

def mark(id):
    get_worker_info().dataset.mark = id * 10

def same(batch):
    return batch

def bad_init(id):
    raise OSError("no such folder")

def flat(x):
    if isinstance(x, tt.Tensor):
        return x.tolist()
    if isinstance(x, dict):
        return {k: flat(v) for k, v in x.items()}
    return [flat(v) for v in x] if isinstance(x, (list, tuple)) else x

def raised(dataset, **options):
    began = time.monotonic()
    try:
        list(DataLoader(dataset, 5, **options))
    except Exception as error:
        assert time.monotonic() - began < 60, "it hung"
        return error
    raise AssertionError("nothing was raised")
"""


def script(tmp_path: Path, body: str, method: str = "") -> list[str]:
    """Return the command that runs `body` as the main part of a script; `W(n)` are options for n workers."""
    path = tmp_path / "script.py"
    options = f"""
METHOD = {method or multiprocessing.get_start_method()!r}

def W(n, **more):
    return more | ({{"num_workers": n, "multiprocessing_context": METHOD}} if n else {{}})
"""
    main = "def main():\n" + textwrap.indent(textwrap.dedent(body), "    ")
    path.write_text(f"{PRELUDE}{options}{main}\n{START}", encoding="utf-8")
    return [sys.executable, "-W", "error", str(path)]


def run(tmp_path: Path, body: str, method: str = "") -> str:
    """Run it and return what it printed; nothing may be left behind."""
    before = shared_memory()
    done = subprocess.run(
        script(tmp_path, body, method), capture_output=True, timeout=LIMIT, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    assert shared_memory() <= before
    return done.stdout


def shared_memory() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def alive(pid: int) -> bool:
    """Tell whether a process runs (a dead one that nobody has waited for doesn't)."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc").is_dir()


def assert_gone(pids: list[int]) -> None:
    until = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in pids if alive(pid)]


@pytest.mark.parametrize("method", METHODS)
def test_the_number_of_workers_changes_nothing(tmp_path, method):
    run(
        tmp_path,
        """
        def epochs(n):
            tt.manual_seed(3)
            loader = DataLoader(Noise(), 4, shuffle=True, **W(n))
            loaded = [[flat(batch) for batch in loader] for _ in range(2)]
            return loaded, tt.rand(2).tolist(), random.random()

        random.seed(1)
        first, after, _ = epochs(0)
        assert first[0] != first[1]
        for n in (1, 2, 4) if METHOD == "fork" else (2,):
            loaded, then, _ = epochs(n)
            assert loaded == first, n
            assert then == after, "what training draws next depends on the number of workers"

        data = TensorDataset(tt.arange(3000.0).reshape(100, 30), tt.arange(100))
        tt.manual_seed(3)
        expected = [flat(batch) for batch in DataLoader(data, 16, shuffle=True)]
        for n in (1, 2) if METHOD == "fork" else (2,):
            tt.manual_seed(3)
            assert [flat(batch) for batch in DataLoader(data, 16, shuffle=True, **W(n))] == expected
        """,
        method,
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_stream_is_shared_out_in_turn(tmp_path, method):
    run(
        tmp_path,
        """
        def numbers(n, **more):
            tt.manual_seed(0)
            return [batch[0].tolist() for batch in DataLoader(Stream(), 2, **W(n, **more))]

        assert numbers(0) == numbers(1) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9], [10]]
        assert numbers(2) == [[0, 2], [1, 3], [4, 6], [5, 7], [8, 10], [9]]
        assert numbers(2, drop_last=True) == [[0, 2], [1, 3], [4, 6], [5, 7], [8, 10]]

        tt.manual_seed(0)
        alone = [flat(batch) for batch in DataLoader(Stream(), 2)]
        tt.manual_seed(0)
        assert [flat(batch) for batch in DataLoader(Stream(), 2, **W(1))] == alone

        loader = DataLoader(Stream(), 2, **W(2))
        batches = iter(loader)
        next(batches), next(batches)
        state = loader.state_dict()
        rest = [flat(batch) for batch in batches]
        loader = DataLoader(Stream(), 2, **W(2))
        loader.load_state_dict(state)
        assert [flat(batch) for batch in loader] == rest
        """,
        method,
    )


@pytest.mark.parametrize("method", METHODS)
def test_resuming_with_another_number_of_workers(tmp_path, method):
    run(
        tmp_path,
        """
        tt.manual_seed(0)
        loader = DataLoader(Noise(), 3, shuffle=True, **W(2))
        batches = iter(loader)
        next(batches), next(batches)
        state = json.loads(json.dumps(loader.state_dict()))  # the workers have loaded more than that
        rest, after = [flat(batch) for batch in batches], [flat(batch) for batch in loader]
        assert len(rest) == 3
        for n in (0, 1):
            tt.manual_seed(n)
            loader = DataLoader(Noise(), 3, shuffle=True, **W(n))
            loader.load_state_dict(state)
            assert [flat(batch) for batch in loader] == rest
            assert [flat(batch) for batch in loader] == after
        """,
        method,
    )


@pytest.mark.parametrize("method", METHODS)
def test_an_error_in_a_worker(tmp_path, method):
    run(
        tmp_path,
        """
        error = raised(Bad("raise ValueError('bad picture')"), **W(2))
        assert type(error) is ValueError
        for part in ("worker process 0", "loading sample 13", "in __getitem__", "ValueError: bad picture"):
            assert part in str(error), (part, str(error))
        error = raised(Bad("{}['label']"), **W(1))
        assert type(error) is KeyError and "in __getitem__\\n" in str(error)
        error = raised(Bad("raise Odd(1, 2)"), **W(1))
        assert type(error) is RuntimeError and "Odd: 1 and 2" in str(error)
        error = raised(Bad("raise MemoryError('all gone')"), **W(1))
        assert type(error) is RuntimeError and "MemoryError: all gone" in str(error)
        error = raised(Bad("sys.exit(3)"), **W(1))
        assert type(error) is RuntimeError and "SystemExit: 3" in str(error)
        error = raised(Bad("raise StopIteration"), **W(1))
        assert type(error) is RuntimeError and "StopIteration while loading sample 13" in str(error)
        error = raised([tt.zeros(2)] * 7 + [tt.zeros(3)], **W(1))
        assert type(error) is RuntimeError and "samples 5 and 7 of the dataset" in str(error)
        error = raised(Recorded(), **W(1))
        assert type(error) is RuntimeError and "send tensor.detach()" in str(error)
        assert next(iter(DataLoader(Recorded(leaf=True), None, **W(1)))).requires_grad
        error = raised([threading.Lock] * 3, collate_fn=same, worker_init_fn=bad_init, **W(2))
        assert type(error) is OSError and "no such folder" in str(error) and "worker_init_fn" in str(error)
        assert multiprocessing.active_children() == []

        batches = iter(DataLoader(Bad("raise ValueError"), 5, **W(2)))
        good = 0
        for _ in range(8):
            try:
                next(batches)
                good += 1
            except ValueError:
                pass
        assert good == 7, "one may go on after a bad sample"
        """,
        method,
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_worker_that_dies(tmp_path, method):
    killed = (
        "os.kill(os.getpid(), __import__('signal').SIGKILL)" if sys.platform != "win32" else "os._exit(9)"
    )
    run(
        tmp_path,
        f"""
        error = raised(Bad("os._exit(3)"), **W(2))
        assert type(error) is RuntimeError
        for part in ("worker 0", "exit code 3", "exited unexpectedly", "samples [10, 11, 12, 13, 14]"):
            assert part in str(error), (part, str(error))
        error = raised(Bad({killed!r}), **W(2))
        assert type(error) is RuntimeError and "exited unexpectedly" in str(error)
        assert "killed by SIGKILL" in str(error) or sys.platform == "win32"
        assert multiprocessing.active_children() == []

        loader = DataLoader(Bad("os._exit(3)"), 5, persistent_workers=True, **W(1))
        for _ in range(2):  # a new epoch gets new workers
            batches = iter(loader)
            next(batches), next(batches)
            try:
                next(batches)
                raise AssertionError
            except RuntimeError as error:
                assert "exit code 3" in str(error)
            try:
                next(batches)
                raise AssertionError
            except RuntimeError as error:
                assert "have ended" in str(error)
        """,
        method,
    )


def test_a_death_is_noticed_while_another_worker_is_waited_for(tmp_path):
    run(
        tmp_path,
        """
        began = time.monotonic()
        error = raised(Mixed(), sampler=[0] * 5 + [1] * 5, **W(2))
        assert "exit code 5" in str(error)
        assert time.monotonic() - began < 30
        """,
    )


def test_too_slow_a_worker(tmp_path):
    run(
        tmp_path,
        """
        error = raised(Bad("time.sleep(90)"), timeout=3, **W(1))
        assert type(error) is RuntimeError
        assert "timed out after 3 seconds" in str(error) and "samples [10, 11" in str(error), error
        """,
    )


def test_what_cannot_be_sent(tmp_path):
    run(
        tmp_path,
        """
        class Local(Bad):
            pass

        for dataset, options in (
            (Local(""), {}),
            (Bad(""), {"collate_fn": lambda batch: batch}),
            ([threading.Lock()], {}),
        ):
            error = raised(dataset, **W(1), **options)
            assert type(error) is RuntimeError and "can't be sent to a worker process" in str(error), error
            assert "num_workers=0" in str(error)
        error = raised(Bad("return_lock"), **W(1), collate_fn=same)
        assert type(error) is NameError
        """,
        "spawn",
    )


def test_a_script_without_a_guard(tmp_path):
    """Where processes are spawned, each imports the script; without a guard it would start more of them."""
    path = tmp_path / "script.py"
    path.write_text(
        f"{PRELUDE}\nlist(DataLoader(range(4), num_workers=1, multiprocessing_context='spawn'))\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, timeout=LIMIT, encoding="utf-8", check=False
    )
    assert done.returncode == 1
    assert '`if __name__ == "__main__":`' in done.stderr


@pytest.mark.parametrize("method", METHODS)
def test_batches_stay_while_somebody_holds_them(tmp_path, method):
    run(
        tmp_path,
        """
        data = TensorDataset(tt.arange(40_000).reshape(200, 200), tt.arange(200))
        kept, views = [], []
        for rows, numbers in DataLoader(data, 4, prefetch_factor=1, **W(2)):
            kept.append(rows)
            views.append(rows[1, 5:7])
            numbers[:] = 0
        for i, rows in enumerate(kept):
            assert rows.numpy().flags.writeable
            assert (rows.numpy() == np.arange(800 * i, 800 * (i + 1)).reshape(4, 200)).all()
        del kept, rows
        gc.collect()
        for i, view in enumerate(views):
            assert view.tolist() == [800 * i + 205, 800 * i + 206]

        # When nobody holds them, their memory is used again.
        batches = iter(DataLoader(data, 1, **W(1)))
        for _ in batches:
            blocks = [len(member.unpacker.blocks) for member in batches.pool.members]
        assert blocks[0] <= 6, blocks

        # What a function keeps in the worker isn't overwritten there, either.
        data = Subset(Wide(), range(200))
        for i, (now, before) in enumerate(DataLoader(data, 4, collate_fn=Keeping(), **W(1))):
            assert (now.numpy() == np.arange(4 * i, 4 * i + 4)[:, None]).all()
            then = 4 * max(0, i - 3)
            assert (before.numpy() == np.arange(then, then + 4)[:, None]).all(), i
        """,
        method,
    )


def test_batches_of_all_sizes(tmp_path):
    run(
        tmp_path,
        """
        sizes = [1, 100, 10_000, 3, 0, 300_000, 5, 2_000, 2_000, 1_000_000, 7] * 3
        data = [np.full(n, i, np.int32) for i, n in enumerate(sizes)]
        data += [{"a": np.zeros((3, 400)).T, "b": ["x" * 100_000], "c": np.float32(2)}]
        for n in (0, 2):
            batches = list(DataLoader(data, None, **W(n)))
            for i, n in enumerate(sizes):
                assert batches[i].shape == (n,) and (batches[i].numpy() == i).all(), i
            assert batches[-1]["a"].shape == (400, 3) and batches[-1]["b"] == ["x" * 100_000]
        indices = list(range(100_000))  # a task that is larger than a pipe holds
        assert len(list(DataLoader(indices, 50_000, prefetch_factor=8, **W(1)))) == 2
        assert len(list(DataLoader(range(3000), 1, prefetch_factor=1500, **W(1)))) == 3000
        """,
    )


def test_many_batches_are_kept(tmp_path):
    """Shared memory takes open files, of which a process may have a few hundred."""
    run(
        tmp_path,
        """
        if sys.platform != "win32":
            import resource
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        data = TensorDataset(tt.arange(600_000).reshape(600, 1000))
        batches = list(DataLoader(data, 1, **W(2)))
        assert tt.equal(tt.cat([rows for (rows,) in batches]), data.tensors[0])
        """,
    )


@pytest.mark.parametrize("method", METHODS)
def test_random_transforms(tmp_path, method):
    run(
        tmp_path,
        """
        steps = [
            transforms.ToTensor(), transforms.RandomCrop(8, padding=1), transforms.RandomRotation(10),
            transforms.ColorJitter(0.3), transforms.RandomErasing(),
        ]
        for pipeline in (transforms.Compose(steps), transforms.Batched(transforms.Compose(steps))):
            data = Subset(datasets.Digits(transform=pipeline), range(50))
            loaded = []
            for n in (0, 2):
                tt.manual_seed(1)
                loaded.append([flat(batch) for batch in DataLoader(data, 16, shuffle=True, **W(n))])
            assert loaded[0] == loaded[1]
        """,
        method,
    )


def test_loading_overlaps_with_training(tmp_path):
    run(
        tmp_path,
        f"""
        path = {str(tmp_path / "log")!r}
        batches = iter(DataLoader(Log(path), 5, **W(2)))
        assert next(batches).tolist() == [0, 1, 2, 3, 4]
        until = time.monotonic() + 60
        while len(Path(path).read_text(encoding="utf-8").split()) < 25:  # this is the training
            assert time.monotonic() < until, "the workers don't load ahead"
            time.sleep(0.01)
        """,
    )


@pytest.mark.parametrize("method", METHODS)
def test_two_iterators_of_one_loader(tmp_path, method):
    run(
        tmp_path,
        """
        loader = DataLoader(range(20), 4, shuffle=True, **W(2))
        one, two = iter(loader), iter(loader)
        first, second = [], []
        for a, b in zip(one, two):
            first += a.tolist()
            second += b.tolist()
        assert sorted(first) == sorted(second) == list(range(20)) and first != second
        del one, two
        half = iter(loader)
        next(half)
        del half  # in the middle
        gc.collect()
        assert multiprocessing.active_children() == []
        for batch in loader:
            break
        assert len(list(loader)) == 5
        """,
        method,
    )


@pytest.mark.parametrize("method", METHODS)
def test_persistent_workers(tmp_path, method):
    run(
        tmp_path,
        """
        def loaded(n, **more):
            tt.manual_seed(0)
            loader = DataLoader(Noise(), 4, shuffle=True, **W(n, **more))
            epochs = []
            for take in (4, 2, 4):
                batches = iter(loader)
                epochs.append([flat(next(batches)) for _ in range(take)])
                if take == 4:
                    assert next(batches, None) is None
            return epochs

        assert loaded(2, persistent_workers=True) == loaded(2) == loaded(0)

        loader = DataLoader(Where(), None, persistent_workers=True, worker_init_fn=mark, **W(2))
        epochs = [list(loader) for _ in range(2)]
        assert [w[0] for w in epochs[0]] == [0, 1] * 3
        assert {w[3] for w in epochs[0]} == {w[3] for w in epochs[1]} and len({w[3] for w in epochs[0]}) == 2
        assert {(w[0], w[1], w[4]) for w in epochs[0]} == {(0, 2, 0), (1, 2, 10)}
        assert epochs[0][1][2] == epochs[0][0][2] + 1 != epochs[1][1][2]
        old = iter(loader)
        next(old)
        new = iter(loader)
        next(new)
        try:
            next(old)
            raise AssertionError
        except RuntimeError as error:
            assert "newer iteration" in str(error)
        assert len(list(new)) == 5
        del loader, old, new
        gc.collect()
        assert multiprocessing.active_children() == []
        """,
        method,
    )


def test_defaults_and_seeds_reach_spawned_workers(tmp_path):
    run(
        tmp_path,
        """
        tt.set_default_dtype(tt.float64)
        assert next(iter(DataLoader(Noise(), 2, **W(1))))["c"].dtype == tt.float64
        np.random.set_bit_generator(np.random.PCG64(1))
        next(iter(DataLoader(Noise(), 2, **W(1))))
        np.random.rand()
        """,
        "spawn",
    )


# How everything ends


@pytest.mark.parametrize("method", METHODS)
def test_the_interpreter_exits_in_the_middle(tmp_path, method):
    out = run(
        tmp_path,
        """
        global batches, loader
        batches = iter(DataLoader(Slow(), 2, **W(2)))
        loader = DataLoader(Slow(), 2, persistent_workers=True, **W(1))
        next(batches), next(iter(loader))
        print(*[process.pid for process in multiprocessing.active_children()])
        """,
        method,
    )
    pids = [int(word) for word in out.split()]
    assert len(pids) == 3
    if sys.platform != "win32":
        assert_gone(pids)


def interrupted(tmp_path: Path, body: str, method: str, end: signal.Signals, group: bool) -> tuple[int, str]:
    """Run a script until it prints the workers' numbers, send a signal; return its exit code and errors."""
    before = shared_memory()
    process = subprocess.Popen(
        script(tmp_path, body, method),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        (os.killpg if group else os.kill)(process.pid, end)
        _, errors = process.communicate(timeout=30)
        assert_gone(pids)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert shared_memory() <= before
    return process.returncode, errors


WAITING = """
batches = iter(DataLoader(Slow(), 300, **W(2)))
print(*[process.pid for process in multiprocessing.active_children()], flush=True)
next(batches)
"""
TRAINING = """
batches = iter(DataLoader(Slow(), 2, **W(2)))
next(batches)
print(*[process.pid for process in multiprocessing.active_children()], flush=True)
time.sleep(60)
"""

if sys.platform != "win32":  # which has no such signals

    @pytest.mark.parametrize("method", METHODS)
    @pytest.mark.parametrize("body", [WAITING, TRAINING])
    def test_ctrl_c_ends_everything(tmp_path, method, body):
        """Ctrl-C reaches all processes of the terminal's group; one traceback is enough."""
        code, errors = interrupted(tmp_path, body, method, signal.SIGINT, group=True)
        assert code == -signal.SIGINT
        assert errors.count("Traceback") == 1
        assert errors.rstrip().endswith("KeyboardInterrupt")

    @pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
    @pytest.mark.parametrize("method", METHODS)
    def test_the_workers_follow_the_loader(tmp_path, method, end):
        code, _ = interrupted(tmp_path, TRAINING, method, end, group=False)
        assert code == -end
