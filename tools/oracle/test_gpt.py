"""GPT computes what PyTorch's own blocks compute: logits, loss and every gradient, with the same weights.

A block of GPT-2 is an encoder layer with the norms first, GELU, and the causal mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tinytorch.core as core
import torch
from tinytorch.language import GPT, GPTConfig, TransformerBlock
from torch import nn
from torch.nn import functional as F

NAMES = {
    "ln_1": "norm1",
    "ln_2": "norm2",
    "attn.c_attn.": "self_attn.in_proj_",
    "attn.c_proj": "self_attn.out_proj",
    "mlp.c_fc": "linear1",
    "mlp.c_proj": "linear2",
}


def renamed(name: str) -> str:
    """Return PyTorch's name of a parameter of a block."""
    for ours, theirs in NAMES.items():
        if name.startswith(ours):
            return theirs + name.removeprefix(ours)
    raise LookupError(name)


def copied(tensor: Any) -> torch.Tensor:
    return torch.tensor(np.array(tensor.detach().numpy()), requires_grad=True)


def near(ours: Any, theirs: torch.Tensor, what: str) -> None:
    difference = np.abs(ours.detach().numpy() - theirs.detach().numpy()).max()
    assert difference < 1e-10 * max(1.0, float(theirs.detach().abs().max())), what


def encoder_layer(block: TransformerBlock, width: int, heads: int, **options: Any) -> nn.Module:
    layer = nn.TransformerEncoderLayer(
        width, heads, 4 * width, 0.0, batch_first=True, norm_first=block.norm_first, dtype=torch.float64, **options
    )
    layer.load_state_dict({renamed(k): torch.tensor(np.array(v.numpy())) for k, v in block.state_dict().items()})
    return layer


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("mlp", ["gelu", "gelu_tanh", "relu"])
def test_gpt(norm_first: bool, tied: bool, mlp: str) -> None:
    core.manual_seed(1)
    model = GPT(GPTConfig(7, 11, 2, 3, 12, norm_first=norm_first, tie_weights=tied, mlp=mlp)).double()
    with core.no_grad():
        for p in model.parameters():
            p.add_(0.3 * core.randn(*p.shape, dtype=core.float64))
    rng = np.random.default_rng(0)
    ids, targets = rng.integers(0, 11, (2, 3, 6))
    targets[0, 2] = -100
    logits, loss = model(core.tensor(ids), core.tensor(targets))
    loss.backward()

    activation = {"gelu": F.gelu, "relu": F.relu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh")}[mlp]
    blocks = [encoder_layer(b, 12, 3, activation=activation) for b in model.transformer["h"]]
    wte, wpe = copied(model.transformer["wte"].weight), copied(model.transformer["wpe"].weight)
    head = wte if tied else copied(model.lm_head.weight)
    x = wte[torch.tensor(ids)] + wpe[:6]
    for block in blocks:
        x = block(x, torch.triu(torch.full((6, 6), -torch.inf, dtype=torch.float64), 1), is_causal=True)
    if norm_first:
        gain, shift = copied(model.transformer["ln_f"].weight), copied(model.transformer["ln_f"].bias)
        x = F.layer_norm(x, [12], gain, shift)
    their_logits = x @ head.T
    their_loss = F.cross_entropy(their_logits.view(-1, 11), torch.tensor(targets).view(-1))
    their_loss.backward()

    near(logits, their_logits, "logits")
    near(loss, their_loss, "loss")
    near(model.transformer["wte"].weight.grad, wte.grad, "wte")
    near(model.transformer["wpe"].weight.grad, wpe.grad, "wpe")
    near(model.lm_head.weight.grad, head.grad, "lm_head")
    for ours, theirs in zip(model.transformer["h"], blocks, strict=True):
        gradients = {k: p.grad for k, p in theirs.named_parameters()}
        for name, p in ours.named_parameters():
            near(p.grad, gradients[renamed(name)], name)


def test_masks_mean_the_same() -> None:
    """Padding is True where PyTorch's is, and a causal block sees neither the padding nor the future."""
    core.manual_seed(2)
    block = TransformerBlock(12, 3, mlp="relu").double()
    theirs = encoder_layer(block, 12, 3)
    rng = np.random.default_rng(0)
    x, padding = rng.standard_normal((2, 5, 12)), np.array([[False] * 5, [False, False, False, True, True]])
    ours = block(core.tensor(x), key_padding_mask=core.tensor(padding))
    mask = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
    expected = theirs(torch.tensor(x), mask, torch.tensor(padding))
    near(ours, expected, "padded and causal")
    added = rng.standard_normal((5, 5))
    ours = block(core.tensor(x), core.tensor(added))
    expected = theirs(torch.tensor(x), torch.tensor(added).masked_fill(mask, -torch.inf))
    near(ours, expected, "added and causal")
