"""Checkpoint files: they give back what was put in, and say what is wrong with them."""

import json
import math
import os
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, strategies as st
from safetensors.numpy import save_file
from tinytorch.core import SGD, Adam, Linear, Tensor, randn, tensor, zeros
from tinytorch.training import CheckpointError, latest_checkpoint, load_checkpoint, save_checkpoint

STATE = {
    "model": {"net.0.weight": tensor([[1.0, 2.0]]), "net": {"0.weight": tensor([3])}, "scalar": tensor(3)},
    "optimizer": {"state": {0: {"m": zeros(0, 3)}, 5: {"mask": np.array([True, False])}}},
    "numbers": [1, 2.5, math.inf, None, True, "text, even \u00e9"],
    "pair": (0.9, (1, [2])),
    "$tensor": "a key that looks like ours",
    "half": np.float16([1, 2]),
}


def equal(a, b):
    if isinstance(a, (Tensor, np.ndarray)):
        return (
            type(a) is type(b)
            and a.shape == b.shape
            and a.dtype == b.dtype
            and bool(np.all(np.asarray(a) == np.asarray(b)))
        )
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and a == b


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.safetensors"


def test_everything_comes_back(path):
    save_checkpoint(path, STATE)
    assert equal(load_checkpoint(path), STATE)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.tuples(inside, inside)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inside, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_any_nesting_comes_back(tmp_path_factory, state):
    path = tmp_path_factory.mktemp("state") / "x"
    save_checkpoint(path, state)
    assert equal(load_checkpoint(path), state)


@pytest.mark.parametrize("make", [lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p)])
def test_model_and_optimizer_come_back(path, make):
    model, other = Linear(3, 2), Linear(3, 2)
    optimizer, resumed = make(model.parameters()), make(other.parameters())
    for _ in range(3):
        model(randn(4, 3)).sum().backward()
        optimizer.step()
    save_checkpoint(path, {"model": model.state_dict(), "optimizer": optimizer.state_dict()})
    state = load_checkpoint(path)
    other.load_state_dict(state["model"])
    resumed.load_state_dict(state["optimizer"])
    for p, q in zip(model.parameters(), other.parameters()):
        q.grad = p.grad.clone()
    optimizer.step()
    resumed.step()
    assert (model.weight == other.weight).all()


def test_a_transposed_tensor_and_a_view(path):
    x = randn(3, 4)
    save_checkpoint(path, {"t": x.T, "row": x[1]})
    state = load_checkpoint(path)
    assert (state["t"] == x.T).all()
    assert (state["row"] == x[1]).all()


def test_safetensors_reads_it(path):
    from safetensors.numpy import load_file

    save_checkpoint(path, {"model": {"w": tensor([1.0, 2.0])}})
    assert load_file(path)["model.w"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("bad", [object(), {1, 2}, np.array(["a"]), lambda: 0])
def test_what_cant_be_kept_is_named(path, bad):
    with pytest.raises(TypeError, match=r"a\.b\.0 is a"):
        save_checkpoint(path, {"a": {"b": [bad]}})
    assert not os.listdir(path.parent)


def test_an_error_leaves_the_old_file(path, monkeypatch):
    save_checkpoint(path, {"a": 1})

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, {"a": 2})
    assert load_checkpoint(path) == {"a": 1}
    assert os.listdir(path.parent) == [path.name]


def test_a_reader_never_finds_half_a_file(path):
    """While one thread writes again and again, another reads again and again."""
    big = {"w": zeros(2**20)}
    save_checkpoint(path, big)
    done = threading.Event()

    def write():
        for _ in range(25):
            save_checkpoint(path, big)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert load_checkpoint(path)["w"].shape == (2**20,)
    writer.join()


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off(path, part):
    save_checkpoint(path, STATE)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(CheckpointError, match=r"a\.safetensors can't be read: it is cut off, damaged"):
        load_checkpoint(path)


def test_every_damaged_byte_is_noticed(path):
    """One bit anywhere: in the length, the description, the arrays."""
    save_checkpoint(path, {"w": tensor([1.0, 2.0, 3.0]), "n": 3, "text": "abc"})
    whole = path.read_bytes()
    missed = []
    for i in range(len(whole)):
        path.write_bytes(whole[:i] + bytes([whole[i] ^ 4]) + whole[i + 1 :])
        try:
            load_checkpoint(path)
        except CheckpointError:
            continue
        missed.append(i)
    assert not missed


def test_another_safetensors_file(path):
    save_file({"w": np.zeros(3, np.float32)}, path)
    with pytest.raises(CheckpointError, match=r"not a checkpoint of tinytorch\.training; load weights alone"):
        load_checkpoint(path)


@pytest.mark.parametrize("content", [b"\x80\x04\x95", b"PK\x03\x04" + bytes(40)])
def test_a_pickle_isnt_read(path, content):
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is a pickle"):
        load_checkpoint(path)


def test_a_newer_file_says_to_upgrade(path):
    save_checkpoint(path, {"a": 1})
    whole = path.read_bytes()
    length = struct.unpack("<Q", whole[:8])[0]
    header = json.loads(whole[8 : 8 + length])
    header["__metadata__"]["format"] = "99"
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + whole[8 + length :])
    with pytest.raises(CheckpointError, match=r"newer tinytorch-training \(format 99"):
        load_checkpoint(path)


def test_no_file(path):
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        load_checkpoint(path)


def test_the_newest_and_the_newest_good_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint"):
        latest_checkpoint(tmp_path)
    for i in range(3):
        save_checkpoint(tmp_path / f"{i}.safetensors", {"i": i})
        os.utime(tmp_path / f"{i}.safetensors", ns=(i * 10**9, i * 10**9))
    assert latest_checkpoint(tmp_path).name == "2.safetensors"
    bad = tmp_path / "2.safetensors"
    bad.write_bytes(bad.read_bytes()[:-1])
    os.utime(bad, ns=(9 * 10**9, 9 * 10**9))
    with pytest.raises(CheckpointError, match="skip_damaged=True takes the last good one"):
        latest_checkpoint(tmp_path)
    assert latest_checkpoint(tmp_path, skip_damaged=True).name == "1.safetensors"


MEMORY = """
import resource, sys
import numpy as np
from tinytorch.training import load_checkpoint, save_checkpoint
state = {"model": {str(i): np.ones(10**6, np.float32) for i in range(25)}}
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
start = peak()
save_checkpoint(sys.argv[1], state)
saved = peak()
load_checkpoint(sys.argv[1])
print(saved - start, peak() - saved)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells no peak memory")
def test_saving_copies_nothing_and_loading_only_once(tmp_path):
    """100 MB of arrays: saving needs a few MB beside them, loading as much as comes out."""
    command = [sys.executable, "-c", MEMORY, str(tmp_path / "x.safetensors")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    save, load = map(int, done.stdout.split())
    assert save < 20
    assert load < 115
