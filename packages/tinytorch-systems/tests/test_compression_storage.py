"""Arrays without their zeros, and files of compressed models: equal, measured, whole or not there."""

import json
import os

import numpy as np
import pytest
import tinytorch.core as tt
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import load_file, save_file
from tinytorch.language import GPT, GPTConfig
from tinytorch.systems import (
    SparseTensor,
    factorize,
    finish_pruning,
    load_compressed,
    model_nbytes,
    prune,
    prune_channels,
    prune_model,
    save_compressed,
    share_weights,
    shrink,
    sparsity,
)

FORMATS = ("dense", "bitmap", "csr")
DTYPES = (np.float32, np.float64, np.float16, np.int8, np.int64, np.bool_)


def sparse_array(shape, density, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape) * (rng.random(shape) < density)
    return values.astype(dtype)


def model(**options):
    tt.manual_seed(0)
    return GPT(GPTConfig(16, 40, 2, 4, 32, **options)).eval()


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(
            dtype,
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
            elements={"allow_nan": False} if np.dtype(dtype).kind == "f" else None,
        )
    ),
    st.sampled_from([None, *FORMATS]),
)
def test_what_comes_back_is_equal(array, format):
    stored = SparseTensor(array, format)
    back = stored.to_dense()
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert np.array_equal(back.numpy(), array)
    assert stored.nbytes == sum(part.nbytes for part in stored.parts.values())
    if format is None:
        assert stored.nbytes == min(SparseTensor(array, f).nbytes for f in FORMATS)
        assert stored.is_smaller == (stored.nbytes < array.nbytes)
        assert stored.is_smaller or stored.format == "dense"


@pytest.mark.parametrize(
    ("density", "format"), [(1.0, "dense"), (0.98, "dense"), (0.9, "bitmap"), (0.3, "bitmap"), (0.01, "csr")]
)
def test_the_smallest_form_is_chosen(density, format):
    array = sparse_array((200, 300), density)
    stored = SparseTensor(tt.from_numpy(array))
    assert stored.format == format
    assert f"{stored.nbytes:,}" in repr(stored)
    if format == "bitmap":
        assert stored.nbytes == 200 * 300 // 8 + 4 * np.count_nonzero(array)


def test_infinite_and_nan_values_are_kept_and_negative_zeros_are_zeros():
    array = np.array([0.0, -0.0, np.inf, np.nan, 0.0, 0.0], np.float32)
    for format in FORMATS[1:]:
        stored = SparseTensor(array, format)
        assert stored.nonzeros == 2
        assert np.array_equal(stored.to_dense().numpy(), array, equal_nan=True)


def test_memory_is_its_own():
    array = np.ones((2, 2), np.float32)
    stored = SparseTensor(array)
    array[:] = 5
    stored.to_dense().numpy()[:] = 7
    assert stored.to_dense().tolist() == [[1, 1], [1, 1]]
    with pytest.raises(ValueError, match="dense, bitmap, csr"):
        SparseTensor(array, "coo")


def test_parts_that_do_not_fit_are_refused():
    stored = SparseTensor(sparse_array((8, 8), 0.3), "csr")
    for name, change in {
        "crow_indices": lambda x: x[:-1],
        "col_indices": lambda x: x + 8,
        "values": lambda x: x[1:],
    }.items():
        parts = {**stored.parts, name: change(stored.parts[name])}
        with pytest.raises(ValueError, match="don't fit together"):
            SparseTensor.from_parts("csr", (8, 8), "float32", parts)
    with pytest.raises(ValueError, match="needs bits"):
        SparseTensor.from_parts("bitmap", (8, 8), "float32", {"values": stored.parts["values"]})


def test_a_pruned_models_file_is_smaller_by_what_was_pruned(tmp_path):
    plain, pruned = model(), prune_model(model(), 0.9)
    ids = tt.randint(0, 40, (2, 9))
    full = save_compressed(plain, tmp_path / "plain.safetensors")
    size = save_compressed(pruned, tmp_path / "pruned.safetensors")
    assert size == (tmp_path / "pruned.safetensors").stat().st_size
    weights = (
        sum(m.weight.nbytes for m in plain.modules() if isinstance(m, tt.Linear))
        - plain.lm_head.weight.nbytes
    )
    saved = weights * (0.9 - 1 / 32)
    assert full - size == pytest.approx(saved, rel=0.02)
    loaded = load_compressed(tmp_path / "pruned.safetensors", model())
    assert np.array_equal(loaded(ids).detach().numpy(), pruned(ids).detach().numpy())
    assert sparsity(loaded) == pytest.approx(0.9, abs=0.001)
    assert loaded.lm_head.weight is loaded.transformer["wte"].weight


def test_a_shared_weight_that_is_pruned_in_one_place_only(tmp_path):
    plain = model()
    prune.l1_unstructured(plain.lm_head, "weight", 0.5)
    with pytest.raises(
        ValueError, match=r"lm_head.weight is pruned, but the same weights are used elsewhere"
    ):
        save_compressed(plain, tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())
    finish_pruning(plain)
    save_compressed(plain, tmp_path / "a.safetensors")
    ids = tt.randint(0, 40, (2, 9))
    assert load_compressed(tmp_path / "a.safetensors", model())(ids).tolist() == plain(ids).tolist()


def test_a_dense_models_file_is_not_larger(tmp_path):
    plain = model()
    size = save_compressed(plain, tmp_path / "a.safetensors")
    assert size < model_nbytes(plain) + 6000  # names and shapes
    names = {name.partition("#")[0] for name in load_file(tmp_path / "a.safetensors")}
    assert names == set(plain.state_dict()) - {"lm_head.weight"}  # one of two names of the same


@pytest.mark.parametrize(
    "compress",
    [
        lambda m: shrink(prune_channels(m, 0.5)),
        lambda m: share_weights(m, 3),
        lambda m: factorize(m, rank=4),
        lambda m: prune_model(factorize(m, rank=6), 0.5),
        lambda m: share_weights(shrink(prune_channels(m, 0.25)), 4),
        lambda m: factorize(shrink(prune_channels(m, 0.25)), rank=4),
        lambda m: shrink(prune_channels(factorize(m, rank=8), 0.25)),
    ],
)
def test_every_kind_of_compression_is_saved_and_loaded(compress, tmp_path):
    small = compress(model(mlp="swiglu", n_kv_head=2))
    fresh = model(mlp="swiglu", n_kv_head=2)
    with tt.no_grad():
        for p in fresh.parameters():
            p.zero_()
    file = tmp_path / "small.safetensors"
    size = save_compressed(small, file)
    assert size < 0.8 * model_nbytes(fresh)
    loaded = load_compressed(file, fresh)
    ids = tt.randint(0, 40, (2, 9))
    assert np.array_equal(loaded(ids).detach().numpy(), small(ids).detach().numpy())
    assert save_compressed(loaded, tmp_path / "again.safetensors") == pytest.approx(size, abs=400)
    assert not np.any(fresh.transformer["wte"].weight.detach().numpy()), "the given model changed"


def test_a_single_layer(tmp_path):
    for compress in (lambda m: share_weights(m, 2), lambda m: factorize(m, rank=2)):
        layer = compress(tt.Linear(12, 10))
        save_compressed(layer, tmp_path / "layer")
        x = tt.randn(3, 12)
        assert load_compressed(tmp_path / "layer", tt.Linear(12, 10))(x).tolist() == layer(x).tolist()


def test_the_old_file_is_kept(tmp_path):
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"somebody's work")
    save_compressed(model(), file)
    assert file.with_name("model.safetensors.bak").read_bytes() == b"somebody's work"
    save_compressed(model(), file)  # the same again: nothing to keep
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.safetensors", "model.safetensors.bak"]
    save_compressed(prune_model(model(), 0.5), file)
    assert file.with_name("model.safetensors.bak2").exists()


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "model.safetensors"
    save_compressed(model(), file)
    before = file.read_bytes()

    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        save_compressed(prune_model(model(), 0.5), file)
    assert file.read_bytes() == before
    assert not list(tmp_path.glob("*.tmp"))


def test_wrong_and_damaged_files(tmp_path):
    file = tmp_path / "model.safetensors"
    save_compressed(prune_model(model(), 0.9), file)
    data = file.read_bytes()
    with pytest.raises(ValueError, match="doesn't fit Linear"):
        load_compressed(file, tt.Linear(3, 3))
    with pytest.raises(ValueError, match="doesn't fit GPT"):
        load_compressed(file, GPT(GPTConfig(16, 40, 2, 4, 16)))
    for damaged in (data[:100], data[:-5], b"", b"\xff" * 64, data[:8] + b"x" + data[9:]):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match="cut off, damaged, or not a safetensors file"):
            load_compressed(file, model())
    save_file({"weight": np.ones(3, np.float32)}, file)
    with pytest.raises(ValueError, match="wasn't written by save_compressed"):
        load_compressed(file, model())
    kind = "tinytorch-compressed"
    about = {"kind": kind, "version": 2, "tensors": {}, "layers": {}}
    save_file({"weight": np.ones(3, np.float32)}, file, {kind: json.dumps(about)})
    with pytest.raises(ValueError, match="reads version 1"):
        load_compressed(file, model())
    about = {"kind": kind, "version": 1, "tensors": {"weight": {"format": "rle"}}, "layers": {}}
    save_file({"weight": np.ones(3, np.float32)}, file, {kind: json.dumps(about)})
    with pytest.raises(ValueError, match="doesn't fit"):
        load_compressed(file, model())
    with pytest.raises(FileNotFoundError):
        load_compressed(tmp_path / "nothing", model())
