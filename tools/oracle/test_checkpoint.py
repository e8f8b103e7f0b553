"""Activation checkpointing beside torch.utils.checkpoint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tinytorch.core as tt
import tinytorch.systems as ts
import torch
from torch.utils.checkpoint import checkpoint, checkpoint_sequential


def models() -> tuple[Any, Any, Any, Any]:
    """Return the same model and input in both libraries."""
    rng = np.random.default_rng(0)
    sizes = [(5, 7), (7, 7), (7, 3)]
    weights = [(rng.standard_normal((b, a)), rng.standard_normal(b)) for a, b in sizes]
    x = rng.standard_normal((4, 5))
    made = []
    for lib, nn in ((tt, tt), (torch, torch.nn)):
        layers: list[Any] = []
        for (a, b), (w, bias) in zip(sizes, weights, strict=True):
            layer = nn.Linear(a, b, dtype=lib.float64)
            layer.load_state_dict({"weight": lib.tensor(w), "bias": lib.tensor(bias)})
            layers += [layer, nn.Tanh()]
        made += [nn.Sequential(*layers), lib.tensor(x, requires_grad=True)]
    return made[0], made[1], made[2], made[3]


def gradients(model: Any, x: Any, out: Any) -> list[Any]:
    (out * out).sum().backward()
    return [p.grad.numpy() for p in [x, *model.parameters()]]


@pytest.mark.parametrize("how", ["whole", "parts", "keyword", "several"])
def test_same_gradients(how: str) -> None:
    ours, x, theirs, y = models()
    found = []
    for model, given, one, some in (
        (ours, x, ts.checkpoint, ts.checkpoint_sequential),
        (theirs, y, checkpoint, checkpoint_sequential),
    ):
        if how == "whole":
            out = one(model, given, use_reentrant=False)
        elif how == "parts":
            out = some(model, 3, given, use_reentrant=False)
        elif how == "keyword":
            out = one(lambda a, b, model=model: model(a) * b, given, b=2.0, use_reentrant=False)
        else:
            first, second = one(lambda a, model=model: (model(a), a * 3), given, use_reentrant=False)
            out = first.sum() + second.sum()
        found.append(gradients(model, given, out))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("segments", [0, 4])
def test_a_number_of_segments_that_does_not_fit(segments: int) -> None:
    """PyTorch computes something then; we refuse."""
    ours, x, _, _ = models()
    with pytest.raises(ValueError, match="segments must be from 1"):
        ts.checkpoint_sequential(list(ours)[:3], segments, x)
