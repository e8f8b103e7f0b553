"""Imports torchvision where its compiled part can't be loaded, because it was built for a GPU.

Transforms and data sets are plain Python. But torchvision describes its compiled operators when it is
imported, and fails if they don't exist; so they are declared here, without anything behind them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch

OPERATORS = ("nms", "qnms", "roi_align", "ps_roi_align", "roi_pool", "ps_roi_pool", "deform_conv2d")


def loads(home: Path) -> bool:
    """Tell whether the compiled part can be loaded."""
    try:
        for file in home.glob("_C*"):
            torch.ops.load_library(file)
    except OSError:
        return False
    return True


spec = find_spec("torchvision")
assert spec is not None, "torchvision isn't installed"
assert spec.origin is not None
if not loads(Path(spec.origin).parent):
    library = torch.library.Library("torchvision", "DEF")
    for name in OPERATORS:
        library.define(f"{name}(Tensor input) -> Tensor")
        library.define(f"_{name}_backward(Tensor input) -> Tensor")

import torchvision as torchvision  # noqa: E402  (after its operators)
