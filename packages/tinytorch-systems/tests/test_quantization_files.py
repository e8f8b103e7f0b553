"""Quantized models in files: small, the same bits again, and clear about what is wrong with a file."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.systems as ts
from safetensors import safe_open
from safetensors.numpy import save_file
from tinytorch.language import GPT, GPTConfig
from tinytorch.vision import BatchNorm2d, Conv2d


def make(width=32, seed=0, **options):
    tt.manual_seed(seed)
    return GPT(GPTConfig(16, 40, 2, 2, width, **options))


def net(seed=0):
    tt.manual_seed(seed)
    layers = [Conv2d(1, 12, 3, padding=1), BatchNorm2d(12), tt.ReLU(), tt.Flatten(), tt.Linear(12 * 64, 10)]
    return tt.Sequential(*layers)


def same(a, b):
    """Tell whether two models have the same state, bit by bit, and the same structure."""
    first, second = a.state_dict(), b.state_dict()
    assert list(first) == list(second)
    for name, x in first.items():
        assert x.dtype == second[name].dtype, name
        assert x.numpy().tobytes() == second[name].numpy().tobytes(), name
    return repr(a) == repr(b)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": "int4"},
        {"dtype": "quint4x2", "symmetric": False, "group_size": 10},
        {"granularity": "channel", "symmetric": False},
        {"skip": ["lm_head"]},
        {"only": ["transformer.h.0"]},
        {"activations": "dynamic"},
        {"activations": "static", "data": [tt.tensor([[1, 2, 3]])]},
    ],
)
def test_the_same_bits_come_back(options, tmp_path):
    small = ts.quantize(make(), **options)
    path = tmp_path / "new folder" / "small.safetensors"
    assert ts.save_quantized(small, path) == path.stat().st_size
    for model in (make(seed=5), small):
        again = ts.load_quantized(model, path)
        assert again is not model
        assert same(small, again)
        ids = tt.tensor([[1, 2, 3, 4]])
        with tt.no_grad():
            assert tt.equal(again(ids), small(ids))
    if "lm_head" not in options.get("skip", ()) and "only" not in options:
        assert again.lm_head.weight_data is again.transformer["wte"].weight_data
    model = make(seed=5)
    assert ts.load_quantized(model, path, inplace=True) is model
    assert same(small, model)


def test_convolutions_and_running_statistics(tmp_path):
    model = net()
    model(tt.randn(20, 1, 8, 8))
    small = ts.quantize(model.eval(), activations="static", data=[tt.randn(4, 1, 8, 8)])
    ts.save_quantized(small, tmp_path / "x.safetensors")
    again = ts.load_quantized(net(3).eval(), tmp_path / "x.safetensors")
    assert same(small, again)
    x = tt.randn(3, 1, 8, 8)
    assert tt.equal(small(x), again(x))
    assert again[1].num_batches_tracked.item() == 1


def test_a_single_layer(tmp_path):
    small = ts.quantize(tt.Linear(30, 40), inplace=True)
    ts.save_quantized(small, tmp_path / "x.safetensors")
    assert same(small, ts.load_quantized(tt.Linear(30, 40), tmp_path / "x.safetensors"))


def test_the_file_is_hardly_larger_than_the_numbers(tmp_path):
    plain = tt.Sequential(Conv2d(1, 12, 3, padding=1), Conv2d(12, 24, 3), tt.Linear(24 * 16, 10))
    for model, names in ((make(128, rotary=True), 450), (plain, 200)):
        small = ts.quantize(model)
        path = tmp_path / "small.safetensors"
        size = ts.save_quantized(small, path)
        saved = sum(x.numpy().nbytes for x in small.state_dict().values())
        if "lm_head" in dict(small.named_children()):
            saved -= small.lm_head.weight.nbytes  # which is wte's
        assert size < saved + names
        tensors = {name: x.detach().numpy() for name, x in model.named_parameters()}
        save_file(tensors, tmp_path / "large.safetensors")
        assert (tmp_path / "large.safetensors").stat().st_size / size > 3.9


def test_it_is_a_safetensors_file_without_code(tmp_path):
    path = tmp_path / "x.safetensors"
    ts.save_quantized(ts.quantize(net()), path)
    with safe_open(path, framework="numpy") as file:
        assert list(file.keys()) == ["tinytorch.quantized.1"]
        assert file.get_tensor("tinytorch.quantized.1").dtype == np.uint8
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ts.QuantizedFileError, match="is a pickle or a zip file"):
        ts.load_quantized(net(), path)


def test_every_cut_and_every_flipped_bit_is_found(tmp_path):
    model = tt.Sequential(tt.Linear(6, 5), tt.Linear(5, 3))
    path = tmp_path / "x.safetensors"
    ts.save_quantized(ts.quantize(model), path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ts.QuantizedFileError, match=r"x\.safetensors"):
            ts.load_quantized(model, path)
    random = np.random.default_rng(0)
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << random.integers(8)
        path.write_bytes(bytes(flipped))
        try:
            loaded = ts.load_quantized(model, path)
        except ts.QuantizedFileError:
            continue
        assert same(loaded, ts.quantize(model)), f"byte {place} makes a difference, and nobody sees it"
    path.write_bytes(data)
    assert same(ts.load_quantized(model, path), ts.quantize(model))


def test_files_of_others(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({"weight": np.ones(3, np.float32)}, path)
    with pytest.raises(ts.QuantizedFileError, match=r"load weights in floats"):
        ts.load_quantized(net(), path)
    save_file({"tinytorch.quantized.2": np.ones(3, np.uint8)}, path)
    with pytest.raises(ts.QuantizedFileError, match=r"newer tinytorch-systems: pip install --upgrade"):
        ts.load_quantized(net(), path)
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(ts.QuantizedFileError, match="cut off, damaged, or not a safetensors file"):
        ts.load_quantized(net(), path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        ts.load_quantized(net(), tmp_path / "nothing")


def test_files_of_other_models(tmp_path):
    path = tmp_path / "x.safetensors"
    ts.save_quantized(ts.quantize(make()), path)
    model = net()
    before = {name: x.clone() for name, x in model.state_dict().items()}
    with pytest.raises(
        ts.QuantizedFileError, match=r"another model than the Sequential.*the file lacks 0\.weight"
    ):
        ts.load_quantized(model, path, inplace=True)
    assert all(tt.equal(x, before[name]) for name, x in model.state_dict().items())
    with pytest.raises(
        ts.QuantizedFileError,
        match=r"transformer\.wte\.weight has the shape \(40, 32\) in the file and \(40, 64\)",
    ):
        ts.load_quantized(make(64), path)
    with pytest.raises(
        ts.QuantizedFileError, match=r"the file lacks lm_head|the model lacks transformer\.h\.1"
    ):
        ts.load_quantized(GPT(GPTConfig(16, 40, 1, 2, 32)), path)
    ts.save_quantized(ts.quantize(make(), skip=["lm_head"]), path)
    with pytest.raises(ts.QuantizedFileError, match="give the float model"):
        ts.load_quantized(ts.quantize(make()), path)
    assert ts.load_quantized(make(seed=4), path).lm_head.weight.requires_grad


def test_a_file_that_is_replaced_is_kept(tmp_path):
    path = tmp_path / "x.safetensors"
    sizes = []
    for seed in (0, 1, 2, 2):
        ts.save_quantized(ts.quantize(net(seed)), path)
        sizes.append(path.read_bytes())
    assert (tmp_path / "x.safetensors.bak").read_bytes() == sizes[0]
    assert (tmp_path / "x.safetensors.bak2").read_bytes() == sizes[1]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "x.safetensors",
        "x.safetensors.bak",
        "x.safetensors.bak2",
    ]
    with pytest.raises(ValueError, match="nothing in this model is quantized"):
        ts.save_quantized(net(), path)
    assert path.read_bytes() == sizes[2]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    ts.save_quantized(ts.quantize(net()), path)
    old = path.read_bytes()

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        ts.save_quantized(ts.quantize(net(1)), path)
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]
    assert path.read_bytes() == old


def test_state_dicts_work_too():
    small, other = ts.quantize(make()), ts.quantize(make(seed=1))
    other.load_state_dict({name: x.clone() for name, x in small.state_dict().items()})
    assert same(small, other)
    with pytest.raises(RuntimeError, match="Missing key"):
        other.load_state_dict(make().state_dict())
