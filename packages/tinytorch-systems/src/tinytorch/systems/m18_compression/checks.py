"""What a version of the compression module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import copy
import math
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tinytorch.core as tt
import tinytorch.systems as ts
from tinytorch.language import GPT, GPTConfig
from tinytorch.systems import prune


def _layer(rows: int = 4, columns: int = 6, seed: int = 0) -> Any:
    made = tt.Linear(columns, rows)
    values = np.random.default_rng(seed).standard_normal((rows, columns)).astype(np.float32)
    with tt.no_grad():
        made.weight.copy_(tt.from_numpy(values))
    return made


def _net() -> Any:
    tt.manual_seed(0)
    return tt.Sequential(tt.Linear(8, 16), tt.ReLU(), tt.Linear(16, 12), tt.ReLU(), tt.Linear(12, 4))


def _gpt() -> Any:
    tt.manual_seed(0)
    return GPT(GPTConfig(8, 20, 2, 4, 16)).eval()


def _array(tensor: Any) -> Any:
    return tensor.detach().numpy()


def _apart(a: Any, b: Any, x: Any) -> float:
    with tt.no_grad():
        return float(np.abs(_array(a(x)) - _array(b(x))).max())


def _raises(error: type[Exception], do: Callable[[], Any], what: str, hint: str) -> None:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error:
        return
    except Exception as caught:
        raise AssertionError(
            f"{what}: expected {error.__name__}, got {type(caught).__name__}: {caught}. Hint: {hint}"
        ) from caught
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}. Hint: {hint}")


def check_the_smallest_magnitudes_go() -> None:
    """Prune single weights by magnitude, with PyTorch's names of what remains."""
    layer = _layer()
    weight = layer.weight
    sizes = np.abs(_array(weight)).copy()
    prune.l1_unstructured(layer, "weight", amount=7)
    mask = layer.weight_mask.numpy()
    assert (mask == 0).sum() == 7, f"amount=7: expected 7 zeros in weight_mask, got {(mask == 0).sum()}"
    assert sizes[mask == 0].max() < sizes[mask == 1].min(), "a pruned weight was larger than one that is left"
    names = list(layer.state_dict())
    assert names == ["bias", "weight_orig", "weight_mask"], (
        f"the state: expected bias, weight_orig, weight_mask; got {names}. Hint: delete the parameter, "
        "register it again as weight_orig, and the mask as a buffer"
    )
    assert layer.weight_orig is weight, "weight_orig must be the same Parameter, so that optimizers go on"
    prune.remove(layer, "weight")
    assert list(layer.state_dict()) == ["bias", "weight"], "remove: weight must be a parameter again"
    zeros = int((_array(layer.weight) == 0).sum())
    assert zeros == 7, f"after remove: expected 7 zeros in weight, got {zeros}"


def check_masks_hold_while_training() -> None:
    """Multiply by the mask before each forward, so that an optimizer can't bring anything back."""
    layer, x = _layer(), tt.randn(16, 6)
    prune.l1_unstructured(layer, "weight", amount=0.5)
    mask = layer.weight_mask.numpy().copy()
    optimizer = tt.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    for _ in range(5):
        optimizer.zero_grad()
        (layer(x) - 1).square().mean().backward()
        gradient = layer.weight_orig.grad.numpy()
        assert not gradient[mask == 0].any(), "a pruned weight got a gradient. Hint: weight = orig * mask"
        optimizer.step()
    layer(x)
    weight = _array(layer.weight)
    assert not weight[mask == 0].any(), "after 5 steps a pruned weight isn't zero. Hint: a forward pre-hook"
    expected = _array(layer.weight_orig) * mask
    assert np.allclose(weight, expected), "layer.weight must be weight_orig * weight_mask of now"
    copied = copy.deepcopy(layer)
    assert np.allclose(_array(copied(x)), _array(layer(x))), "a deep copy computes something else"


def check_shares_count_what_is_left() -> None:
    """Prune again on top of a mask: what is gone stays gone, and a share is one of the rest."""
    layer = _layer()
    prune.l1_unstructured(layer, "weight", amount=0.5)
    first = layer.weight_mask.numpy().copy()
    prune.l1_unstructured(layer, "weight", amount=0.5)
    second = layer.weight_mask.numpy()
    assert second.sum() == 6, f"half of half of 24: expected 6 weights left, got {second.sum():.0f}"
    assert (second <= first).all(), "a weight came back. Hint: compute the new mask on the old one's ones"


def check_channels_and_groups() -> None:
    """Prune whole rows by their norm, and all but n of every m neighbours."""
    layer = _layer()
    norms = np.linalg.norm(_array(layer.weight), axis=1)
    prune.ln_structured(layer, "weight", amount=2, n=2, dim=0)
    gone = np.flatnonzero(~layer.weight_mask.numpy().any(axis=1)).tolist()
    expected = sorted(np.argsort(norms)[:2].tolist())
    assert gone == expected, f"rows of norms {norms.round(2).tolist()}: expected {expected} to go, got {gone}"
    layer = _layer(3, 8)
    sizes = np.abs(_array(layer.weight)).reshape(-1, 4)
    prune.n_m_structured(layer, "weight", n=2, m=4)
    kept = layer.weight_mask.numpy().reshape(-1, 4) > 0
    assert (kept.sum(axis=1) == 2).all(), f"2:4: expected 2 of each 4, got {kept.sum(axis=1).tolist()}"
    order = np.argsort(-sizes, axis=1)[:, :2]
    assert all(kept[i, row].all() for i, row in enumerate(order)), "2:4 must keep the two largest of four"


def check_global_pruning() -> None:
    """Compare the weights of all layers with each other."""
    model = _net()
    with tt.no_grad():
        model[0].weight.mul_(100.0)
    ts.prune_model(model, 0.3)
    assert model[0].weight_mask.numpy().all(), "the first layer's weights are 100 times larger: none may go"
    share = ts.sparsity(model)
    assert math.isclose(share, 0.3, abs_tol=0.003), f"sparsity: expected 0.3, got {share}"
    ts.finish_pruning(model)
    assert not prune.is_pruned(model), "finish_pruning must remove every mask"
    assert math.isclose(ts.sparsity(model), 0.3, abs_tol=0.003), "finish_pruning must leave the zeros"


def check_nothing_left_is_an_error() -> None:
    """Refuse to prune everything, amounts out of range, unknown names, and weights that are NaN."""
    layer = _layer()
    for amount in (1.0, 24, 25, -1, 1.5, math.nan):
        _raises(
            ValueError,
            partial(prune.l1_unstructured, layer, "weight", amount),
            f"amount={amount} of 24 weights",
            "check it before anything is changed",
        )
    _raises(
        AttributeError, lambda: prune.l1_unstructured(layer, "w", 0.5), "a name that isn't there", "say it"
    )
    _raises(ValueError, lambda: prune.remove(layer, "weight"), "remove without pruning", "there is no mask")
    assert list(layer.state_dict()) == ["weight", "bias"], "an error must leave the layer as it was"
    with tt.no_grad():
        layer.weight[0, 0] = math.nan
    _raises(
        ValueError,
        lambda: prune.l1_unstructured(layer, "weight", 0.5),
        "a NaN weight",
        "NaN has no place in an order",
    )


def check_the_cubic_schedule() -> None:
    """Prune fast at first and slowly in the end, step by step."""
    for step, expected in ((0, 0.0), (10, 0.0), (35, 0.8 * (1 - 0.75**3)), (110, 0.8), (500, 0.8)):
        share = ts.cubic_sparsity(step, begin=10, end=110, final=0.8)
        assert math.isclose(share, expected, abs_tol=1e-9), f"step {step}: expected {expected}, got {share}"
    model = _net()
    pruner = ts.GradualPruner(model, final=0.6, end=10)
    shares = [pruner.step() for _ in range(12)]
    for step, share in enumerate(shares, start=1):
        wanted = ts.cubic_sparsity(step, 0, 10, 0.6)
        assert abs(share - wanted) < 0.01, (
            f"GradualPruner, step {step}: expected {wanted:.3f}, got {share:.3f}"
        )


def check_sparse_storage() -> None:
    """Store what isn't zero, in the smallest of three forms, and measure it."""
    rng = np.random.default_rng(0)
    for share, form in ((0.0, "dense"), (0.5, "bitmap"), (0.99, "csr")):
        array = (rng.standard_normal((100, 200)) * (rng.random((100, 200)) >= share)).astype(np.float32)
        stored = ts.SparseTensor(tt.from_numpy(array))
        back = _array(stored.to_dense())
        assert np.array_equal(back, array), f"{share:.0%} zeros, {stored.format}: other values come back"
        assert stored.format == form, f"{share:.0%} zeros: expected {form}, got {stored.format}"
        measured = sum(part.nbytes for part in stored.parts.values())
        assert stored.nbytes == measured, f"{form}: nbytes is {stored.nbytes}, its arrays take {measured}"
        assert stored.is_smaller == (measured < array.nbytes), f"{form}: is_smaller is {stored.is_smaller}"
    bitmap = ts.SparseTensor(np.array([0, 3, 0, 0, 5, 0, 0, 0, 7], np.float32), "bitmap")
    assert bitmap.nbytes == 2 + 3 * 4, f"9 bits and 3 floats: expected 14 bytes, got {bitmap.nbytes}"


def check_small_models_compute_the_same() -> None:
    """Take masked channels, hidden features and heads out of a model without changing what it computes."""
    hint = "a channel's row in one layer, its bias, and its column in the next go together"
    for model, x in ((_net(), tt.randn(5, 8)), (_gpt(), tt.tensor([[1, 2, 3, 4]]))):
        full = sum(p.numel() for p in model.parameters())
        ts.prune_channels(model, 0.5)
        small = ts.shrink(model)
        left = sum(p.numel() for p in small.parameters())
        name = type(model).__name__
        assert left < 0.75 * full, f"{name}: {left} of {full} numbers are left. Hint: {hint}"
        apart = _apart(model, small, x)
        assert apart < 1e-5, f"{name}: the small model's output differs by {apart:.2g}. Hint: {hint}"
    layer = tt.Sequential(tt.Linear(6, 8), tt.Sigmoid(), tt.Linear(8, 3))
    prune.ln_structured(layer[0], "weight", amount=0.5, n=2, dim=0)
    apart = _apart(layer, ts.shrink(layer), tt.randn(5, 6))
    hint = "sigmoid(bias) isn't zero: add what the channel always contributes to the next layer's bias"
    assert apart < 1e-5, f"channels that are constant but not zero: off by {apart:.2g}. Hint: {hint}"


def check_low_rank_has_the_least_error() -> None:
    """Find the nearest matrix of a rank, know how far it is off, and use it only if it is smaller."""
    layer: Any = _layer(24, 32)
    weight = _array(layer.weight).astype(np.float64)
    s = np.linalg.svd(weight, compute_uv=False)
    low_rank: Any = ts.low_rank
    thin = low_rank(layer, rank=5)
    product = _array(thin.second.weight).astype(np.float64) @ _array(thin.first.weight)
    error = np.linalg.norm(weight - product) / np.linalg.norm(weight)
    best = math.sqrt((s[5:] ** 2).sum() / (s**2).sum())
    assert math.isclose(error, best, rel_tol=1e-4), (
        f"rank 5: expected an error of {best:.4f}, got {error:.4f}"
    )
    assert math.isclose(thin.error, best, rel_tol=1e-4), f"thin.error: expected {best:.4f}, got {thin.error}"
    x = tt.randn(3, 32)
    expected = _array(x) @ product.T + _array(layer.bias)
    assert np.allclose(_array(thin(x)), expected, atol=1e-4), "the layer must compute second(first(x)) + bias"
    assert low_rank(layer, rank=14) is layer, (
        "14 * (24 + 32) weights aren't fewer than 24 * 32: keep the layer"
    )
    rank = low_rank(layer, error=0.8).rank
    wanted = next(r for r in range(1, 25) if math.sqrt((s[r:] ** 2).sum() / (s**2).sum()) <= 0.8)
    assert rank == wanted, f"error=0.8: expected rank {wanted}, the smallest that will do, got {rank}"
    for wrong in ({"rank": 0}, {"energy": 1.5}, {"error": -0.1}):
        _raises(ValueError, partial(low_rank, layer, **wrong), str(wrong), "say what is allowed")


def check_shared_weights() -> None:
    """Keep a codebook and packed numbers instead of weights, and train the codebook."""
    layer, x = _layer(20, 30), tt.randn(4, 30)
    before = _array(layer.weight).copy()
    ts.share_weights(layer, bits=3)
    taken = layer.weight_indices.nbytes
    assert taken == 225, f"600 numbers of 3 bits: expected 225 bytes, got {taken}. Hint: no gaps"
    out = layer(x)
    out.square().sum().backward()
    gradient = _array(layer.weight_codebook.grad)
    plain: Any = ts.unshare_weights(copy.deepcopy(layer))
    values = _array(plain.weight)
    assert len(np.unique(values)) <= 8, f"3 bits: expected at most 8 values, got {len(np.unique(values))}"
    nearest = np.abs(before[..., None] - np.unique(values)).min(axis=-1)
    assert np.allclose(np.abs(before - values), nearest, atol=1e-6), "each weight goes to the nearest value"
    plain(x).square().sum().backward()
    for value, got in zip(_array(layer.weight_codebook), gradient):
        wanted = _array(plain.weight.grad)[values == value].sum()
        assert math.isclose(got, wanted, rel_tol=1e-3, abs_tol=1e-3), (
            f"value {value:.3f}: expected the gradient {wanted:.4f}, the sum over its weights, got {got:.4f}"
        )


def check_distillation() -> None:
    """Mix a teacher's beliefs, softened by a temperature, with the labels."""
    rng = np.random.default_rng(0)
    student, teacher = (tt.from_numpy(rng.standard_normal((5, 4))) for _ in range(2))
    labels = tt.tensor([0, 3, 1, 2, 2])

    def softmax(z: Any) -> Any:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    p, q = softmax(teacher.numpy() / 3), softmax(student.numpy() / 3)
    soft = 9 * (p * np.log(p / q)).sum(axis=1).mean()
    hard = -np.log(softmax(student.numpy())[np.arange(5), labels.numpy()]).mean()
    for alpha in (0.0, 0.25, 1.0):
        got = ts.distillation_loss(student, teacher, labels, temperature=3.0, alpha=alpha).item()
        wanted = alpha * soft + (1 - alpha) * hard
        assert math.isclose(got, wanted, rel_tol=1e-6), (
            f"T=3, alpha={alpha}: expected {wanted:.6f}, got {got:.6f}. Hint: T**2 * KL(teacher || student)"
        )
    student.requires_grad_()
    teacher.requires_grad_()
    ts.distillation_loss(student, teacher, labels).backward()
    assert teacher.grad is None, "the teacher got a gradient. Hint: detach its logits"
    assert student.grad is not None, "the student got no gradient"


def check_files() -> None:
    """Write compressed models to files whose size tells, and read them back."""
    ids = tt.tensor([[1, 2, 3, 4]])
    with tempfile.TemporaryDirectory() as folder:
        sizes = {}
        ways: dict[str, Callable[[Any], Any]] = {
            "whole": lambda m: m,
            "pruned": lambda m: ts.prune_model(m, 0.9),
            "small": lambda m: ts.shrink(ts.prune_channels(m, 0.5)),
            "shared": lambda m: ts.share_weights(m, 4),
            "thin": lambda m: ts.factorize(m, rank=2),
        }
        for name, compress in ways.items():
            model, file = compress(_gpt()), Path(folder) / name
            sizes[name] = ts.save_compressed(model, file)
            size = file.stat().st_size
            assert sizes[name] == size, f"save_compressed returned {sizes[name]}, the file has {size} bytes"
            apart = _apart(model, ts.load_compressed(file, _gpt()), ids)
            assert apart == 0, f"{name}: what was loaded computes something else, by {apart:.2g}"
            assert name == "whole" or size < 0.9 * sizes["whole"], f"{name}: {size} of {sizes['whole']} bytes"
        ts.save_compressed(ts.prune_model(_gpt(), 0.5), Path(folder) / "whole")
        old = Path(folder) / "whole.bak"
        assert old.exists(), "a file that is written over must be kept as name.bak"
        old.write_bytes(b"nonsense")
        _raises(ValueError, lambda: ts.load_compressed(old, _gpt()), "a damaged file", "say which file it is")
