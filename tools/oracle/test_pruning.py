"""Masks, names and errors of pruning are those of torch.nn.utils.prune, alone and one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tinytorch.core as core
import torch
from tinytorch.systems import prune as ours
from tinytorch.vision import Conv2d
from torch.nn.utils import prune as theirs

Step = Callable[[Any, Any, Any], Any]  # (prune, module, library) -> None


def twins(kind: str = "linear", seed: int = 0) -> tuple[Any, Any]:
    """Return a layer of each library with the same weights."""
    rng = np.random.default_rng(seed)
    if kind == "linear":
        a, b = core.Linear(12, 10), torch.nn.Linear(12, 10)
    else:
        a, b = Conv2d(4, 6, 3), torch.nn.Conv2d(4, 6, 3)
    for name in ("weight", "bias"):
        values = rng.standard_normal(tuple(getattr(b, name).shape)).astype(np.float32)
        with core.no_grad():
            getattr(a, name).copy_(core.from_numpy(values))
        getattr(b, name).data = torch.tensor(values)
    return a, b


def compare(a: Any, b: Any) -> None:
    """Raise an error unless two layers have the same state, names included."""
    mine, other = a.state_dict(), b.state_dict()
    assert list(mine) == list(other)
    for name in mine:
        assert mine[name].dtype.name == str(other[name].dtype).removeprefix("torch.")
        assert np.array_equal(mine[name].numpy(), other[name].numpy()), name
    assert ours.is_pruned(a) == theirs.is_pruned(b)
    for name in ("weight", "bias"):
        assert np.array_equal(getattr(a, name).detach().numpy(), getattr(b, name).detach().numpy())


STEPS: dict[str, Step] = {
    "l1, a share": lambda p, m, lib: p.l1_unstructured(m, "weight", amount=0.37),
    "l1, a number": lambda p, m, lib: p.l1_unstructured(m, "weight", amount=11),
    "l1, nothing": lambda p, m, lib: p.l1_unstructured(m, "weight", amount=0),
    "l1 of a bias": lambda p, m, lib: p.l1_unstructured(m, name="bias", amount=2),
    "rows": lambda p, m, lib: p.ln_structured(m, "weight", amount=0.3, n=2, dim=0),
    "columns, l1": lambda p, m, lib: p.ln_structured(m, "weight", amount=1, n=1, dim=1),
    "columns, inf": lambda p, m, lib: p.ln_structured(m, "weight", amount=1, n=float("inf"), dim=-1),
    "rows, -inf": lambda p, m, lib: p.ln_structured(m, "weight", amount=1, n=float("-inf"), dim=0),
    "identity": lambda p, m, lib: p.identity(m, "weight"),
    "custom": lambda p, m, lib: p.custom_from_mask(m, "weight", mask=mask(m, lib)),
    "scores": lambda p, m, lib: p.l1_unstructured(m, "weight", 0.3, importance_scores=scores(m, lib)),
    "scores of rows": lambda p, m, lib: p.ln_structured(
        m, "weight", 2, 2, 0, importance_scores=scores(m, lib)
    ),
}


def mask(module: Any, lib: Any) -> Any:
    return lib.from_numpy(
        (np.random.default_rng(5).random(tuple(module.weight.shape)) < 0.6).astype(np.float32)
    )


def scores(module: Any, lib: Any) -> Any:
    return lib.from_numpy(np.random.default_rng(6).random(tuple(module.weight.shape)).astype(np.float32))


@pytest.mark.parametrize("kind", ["linear", "convolution"])
@pytest.mark.parametrize(
    "second", [name for name in STEPS if name != "rows, -inf"]
)  # rows with a zero are all equal then
@pytest.mark.parametrize("first", STEPS)
def test_two_prunings_and_the_end(first: str, second: str, kind: str) -> None:
    a, b = twins(kind)
    for step in (first, second):
        STEPS[step](ours, a, core)
        STEPS[step](theirs, b, torch)
        compare(a, b)
    for name in ("weight", "bias"):
        if hasattr(b, f"{name}_orig"):
            assert ours.remove(a, name=name) is a
            theirs.remove(b, name=name)
    compare(a, b)


@pytest.mark.parametrize("amount", [0.0, 0.2, 0.55, 50])
def test_global_pruning_and_training(amount: float) -> None:
    a = core.Sequential(core.Linear(12, 10), core.ReLU(), core.Linear(10, 5))
    b = torch.nn.Sequential(torch.nn.Linear(12, 10), torch.nn.ReLU(), torch.nn.Linear(10, 5))
    b.load_state_dict({k: torch.tensor(np.array(v.numpy())) for k, v in a.state_dict().items()})
    given = np.random.default_rng(0).standard_normal((8, 12)).astype(np.float32)
    for _ in range(2):
        ours.global_unstructured([(a[0], "weight"), (a[2], "weight")], ours.L1Unstructured, amount=amount)
        theirs.global_unstructured([(b[0], "weight"), (b[2], "weight")], theirs.L1Unstructured, amount=amount)
        for i in (0, 2):
            assert np.array_equal(a[i].weight_mask.numpy(), b[i].weight_mask.numpy())
        mine, other = (
            core.SGD(a.parameters(), lr=0.1, momentum=0.9),
            torch.optim.SGD(b.parameters(), lr=0.1, momentum=0.9),
        )
        for _ in range(3):
            mine.zero_grad()
            a(core.from_numpy(given)).square().sum().backward()
            mine.step()
            other.zero_grad()
            b(torch.tensor(given)).square().sum().backward()
            other.step()
        a(core.from_numpy(given)), b(torch.tensor(given))  # PyTorch takes the weights of the last forward
        for x, y in zip(a.parameters(), b.parameters(), strict=True):
            assert np.allclose(x.detach().numpy(), y.detach().numpy(), rtol=1e-4, atol=1e-5)


def test_random_pruning_prunes_as_many() -> None:
    for do in (
        lambda p, m: p.random_unstructured(m, "weight", amount=0.3),
        lambda p, m: p.random_structured(m, "weight", amount=0.3, dim=0),
        lambda p, m: p.random_structured(m, "weight", amount=2, dim=-1),
    ):
        a, b = twins()
        do(ours, a)
        do(theirs, b)
        for axis in (0, 1):
            whole = a.weight_mask.numpy().any(axis=axis).sum() == b.weight_mask.numpy().any(axis=axis).sum()
            assert whole or axis == 0
        assert a.weight_mask.sum().item() == b.weight_mask.sum().item()


def test_the_classes_of_pruning() -> None:
    for name in ours.__all__:
        assert hasattr(theirs, name) or name in ("NMStructured", "n_m_structured")
    values = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    for make in (lambda p: p.L1Unstructured(amount=7), lambda p: p.LnStructured(amount=2, n=2, dim=0)):
        mine, other = make(ours), make(theirs)
        assert mine.PRUNING_TYPE == other.PRUNING_TYPE
        assert np.array_equal(
            mine.prune(core.from_numpy(values)).numpy(), other.prune(torch.tensor(values)).numpy()
        )
    for module, p in zip(twins(), (ours, theirs)):
        p.l1_unstructured(module, "weight", 0.2)
        method = p.L1Unstructured.apply(module, "weight", 0.2)
        assert len(method) == 2
        assert method[1].amount == 0.2
        assert [type(m).__name__ for m in method] == ["L1Unstructured", "L1Unstructured"]


ERRORS: dict[str, Callable[[Any, Any], Any]] = {
    "a negative number": lambda p, m: p.l1_unstructured(m, "weight", -1),
    "a share above 1": lambda p, m: p.l1_unstructured(m, "weight", 1.1),
    "more than there are": lambda p, m: p.l1_unstructured(m, "weight", 1000),
    "text": lambda p, m: p.random_unstructured(m, "weight", "half"),
    "no such parameter": lambda p, m: p.l1_unstructured(m, "wieght", 0.5),
    "no such dimension": lambda p, m: p.ln_structured(m, "weight", 0.5, 2, 4),
    "a vector's channels": lambda p, m: p.random_structured(m, "bias", 0.5, 0),
    "not pruned": lambda p, m: p.remove(m, "weight"),
    "global by channels": lambda p, m: p.global_unstructured(
        [(m, "weight")], p.LnStructured, amount=0.5, n=2
    ),
    "global of nothing iterable": lambda p, m: p.global_unstructured(3, p.L1Unstructured, amount=0.5),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_of_the_same_kind(name: str) -> None:
    raised = []
    for module, p in zip(twins(), (ours, theirs)):
        with pytest.raises(Exception) as caught:  # noqa: PT011  (compared below)
            ERRORS[name](p, module)
        raised.append(caught.type)
    assert raised[0] is raised[1]


def test_what_differs() -> None:
    """Pruning everything and NaN weights are errors here; a pruned module can be copied."""
    import copy

    a, b = twins()
    theirs.l1_unstructured(b, "weight", 1.0)
    assert not b.weight.any()
    with pytest.raises(ValueError, match="would prune everything"):
        ours.l1_unstructured(a, "weight", 1.0)
    ours.l1_unstructured(a, "weight", 0.5)
    copy.deepcopy(a)
    with pytest.raises(RuntimeError):
        copy.deepcopy(b)
