"""Benchmarks of tinytorch.systems's quantization: bytes in memory and on disk, and what a forward pass takes.

The peer is the same model in float32. Sizes are measured, not computed: of the arrays that the model holds,
and of the file. Untrained weights are as large as trained ones; `quantization.py` shows what accuracy does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from harness import Case

Step = Callable[[], Any]
OF_FLOATS = 1 / 3.9


def cnn() -> Any:
    """Return the network of milestone 04 for the digits."""
    from tinytorch.milestones.cnn_1998 import Net
    from tinytorch.milestones.data import digits
    from tinytorch.milestones.recipes import RECIPES

    return Net(digits(), RECIPES["digits"]).eval()


def gpt() -> Any:
    """Return the GPT of milestone 05's default run."""
    from tinytorch.milestones.transformer_2017 import QUICK, Net

    return Net(68, QUICK).eval()


def sizes(make: Callable[[], Any], options: dict[str, Any] | None, disk: bool) -> Step:
    """Return what gives the bytes of a model, quantized with options, or (None) in float32."""
    from safetensors.numpy import save_file
    from tinytorch.systems import model_nbytes, quantize, save_quantized

    model = make()
    if options is not None:
        model = quantize(model, **options)
    path = Path(tempfile.mkdtemp()) / "x.safetensors"

    def measured() -> tuple[float, float]:
        if not disk:
            return 0.0, model_nbytes(model)
        if options is None:
            save_file({name: p.detach().numpy() for name, p in model.named_parameters()}, path)
        else:
            save_quantized(model, path)
        return 0.0, path.stat().st_size

    return measured


def forward(make: Callable[[], Any], options: dict[str, Any] | None, batch: int) -> Step:
    """Build a forward pass of a model, quantized with options, or (None) in float32."""
    import tinytorch.core as tt
    from tinytorch.systems import quantize

    model = make()
    if options is not None:
        model = quantize(model, **options)
    ids = hasattr(model, "config")
    x = tt.randint(0, 68, (batch, model.config.block_size)) if ids else tt.randn(batch, 1, 8, 8)

    def step() -> None:
        with tt.no_grad():
            model(x)

    return step


def writing(options: dict[str, Any] | None) -> Step:
    """Build the writing of 48 tokens with a cache."""
    from tinytorch.systems import quantize

    model = gpt() if options is None else quantize(gpt(), **options)
    return lambda: model.generate([[0]], 48, use_cache=True)


def pair(build: Callable[..., Step], *args: Any, options: dict[str, Any]) -> dict[str, Callable[[], Step]]:
    """Return the quantized contestant and the one in float32."""

    def contestant(chosen: dict[str, Any] | None) -> Step:
        return build(args[0], chosen, *args[1:]) if args else build(chosen)

    return {"tinytorch": partial(contestant, options), "float32": partial(contestant, None)}


CASES = [
    *(
        Case(
            f"quantized, {name}, {dtype}: bytes {'of the file' if disk else 'in memory'}",
            pair(sizes, make, disk, options={"dtype": dtype}),
            limits={"float32": OF_FLOATS if dtype == "int8" else 1 / 6.5},
            kind="peak",
            threads=(1,),
        )
        for name, make in (("CNN of milestone 04", cnn), ("GPT of milestone 05", gpt))
        for dtype in ("int8", "int4")
        for disk in (False, True)
    ),
    *(
        Case(
            f"quantized, {name}, {label}: forward", pair(forward, make, batch, options=options), threads=(1,)
        )
        for name, make, batch in (("CNN of milestone 04", cnn, 64), ("GPT of milestone 05", gpt, 12))
        for label, options in (
            ("int8", {}),
            ("int4", {"dtype": "int4"}),
            ("int8 and its inputs", {"activations": "dynamic"}),
        )
    ),
    *(
        Case(
            f"quantized, GPT of milestone 05, {dtype}: 48 tokens",
            pair(writing, options={"dtype": dtype}),
            threads=(1,),
        )
        for dtype in ("int8", "int4")
    ),
]
