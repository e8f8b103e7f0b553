"""From TinyTorch to PyTorch, name by name: what is the same, what differs, what is missing.

    python -m tools.oracle.mapping

writes docs/pytorch.json, of which a guide on the site is made. `test_mapping.py` fails when the file is stale.
"""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
import torch.ao.quantization
import torch.nn.utils.prune
import torch.utils.benchmark
import torch.utils.checkpoint

from .deviations import ACCEPTED
from .libraries import FACADE, FUNCTIONAL, ROOMS, facades, stub_names
from .torchvision_without_kernels import torchvision

FILE = Path(__file__).resolve().parents[2] / "docs" / "pytorch.json"
# Everything that is missing is listed for these, and for `torch` itself what people use most.
LISTED: tuple[ModuleType, ...] = (torch.nn, torch.nn.functional, torch.optim, torch.optim.lr_scheduler, torch.utils.data)
USED_MOST = (
    "addmm bernoulli bincount bitwise_and bmm broadcast_tensors bucketize cat cdist chunk clamp combinations compile complex conj cross cummax "
    "cuda deg2rad device diag diag_embed diff digamma einsum eye fft flip frexp from_numpy full gather gradient hypot histc index_select inverse "
    "jit kron lerp linalg load logaddexp logcumsumexp logsumexp lobpcg masked_select matmul median meshgrid mode moveaxis multinomial nansum "
    "nn nonzero normal optim outer pca_lowrank poisson polar quantile quantize_per_tensor rand randn renorm roll rot90 save scatter searchsorted "
    "set_default_device set_default_dtype sparse_coo_tensor special stft svd take tensordot tile trace tril unfold unique vander vmap where"
).split()
# Left out everywhere: see `deviations.GENERAL`, and what PyTorch itself calls deprecated.
EVERYWHERE = {"device", "out", "layout", "pin_memory", "memory_format", "names", "size_average", "reduce", "self"}
# What of systems is compared by the tests of its package alone: measurements differ from run to run.
ON_ITS_OWN = ("torch.profiler", "torch.utils.benchmark")
BY_ARGUMENTS = tuple(f"torch.ao.quantization.{name}" for name in ("convert", "prepare", "prepare_qat", "quantize"))
INTERNAL = re.compile(r".*(torch_function|_with_indices|DataPipe|Uninitialized|boolean_dispatch|assert_|factory|DataChunk|Container|Options|_params_).*")


def place(name: str, facade: ModuleType, functional: bool) -> str:
    """Return where PyTorch has a public name of ours; empty if it has none."""
    rooms: list[Any] = [torch.nn.functional, torch] if functional else [*(r for r in ROOMS if r is not torch.nn.functional), torch.nn.functional]
    if facade.__name__.startswith("tinytorch.vision.transforms"):
        rooms = [torchvision.transforms.functional if facade.__name__.endswith("functional") else torchvision.transforms]
    if facade.__name__.startswith("tinytorch.vision.datasets"):
        rooms = [torchvision.datasets]
    if facade.__name__.startswith("tinytorch.systems"):
        rooms += [torch.profiler, torch.utils.benchmark, torch.utils.checkpoint, torch.ao.quantization]
    if inspect.ismodule(getattr(facade, name)):
        return {"functional": "torch.nn.functional", "init": "torch.nn.init", "prune": "torch.nn.utils.prune"}.get(name, f"torchvision.{name}")
    for room in rooms:
        if not inspect.ismodule(getattr(room, name, room)):
            return f"{room.__name__}.{name}"
    return ""


def differences(name: str, functional: bool) -> list[str]:
    """Return the accepted differences that concern a name, as `deviations.py` words them."""
    start = r"(?:error |promotion |with |\.\*|\(|\\\.)*(?:(?:t|F|optim)\\\.)?\(*(?:\w+\|)*"
    found = []
    for entry in ACCEPTED:
        if re.match(rf"{start}{name}(?![\w])", entry.case) and ("F\\." in entry.case) == functional:
            found.append(entry.reason)
    return list(dict.fromkeys(reason for reason in found if "above" not in reason))


def without(ours: Any, theirs: Any) -> list[str]:
    """Return the parameters that PyTorch's function or class has and ours hasn't."""
    try:
        known, wanted = (set(inspect.signature(thing).parameters) for thing in (ours, theirs))
    except (TypeError, ValueError):
        return []
    if {"args", "kwargs"} & (known | wanted):
        return []
    return sorted(name for name in wanted - known - EVERYWHERE if not name.startswith("_"))


def mapping() -> dict[str, Any]:
    """Return for each public name its place in PyTorch and how it differs, and what is missing here."""
    names = []
    transforms = facades("transforms")
    in_transforms = transforms["functional"].functional
    of_images = dict.fromkeys(stub_names(in_transforms), in_transforms)
    for functional, table in ((False, FACADE), (True, FUNCTIONAL), (False, transforms), (False, of_images), (False, facades("datasets"))):
        for name, facade in table.items():
            thing = getattr(facade, name)
            where = place(name, facade, functional)
            theirs: Any = None
            if where:
                module, _, last = where.rpartition(".")
                theirs = getattr(find(module), last)
            entry = {"name": f"{facade.__name__}.{name}", "pytorch": where}
            differs = differences(name, functional) if where else []
            if where.startswith(ON_ITS_OWN):
                differs += ["not compared call by call, because it measures"]
            if where in BY_ARGUMENTS:
                differs += ["arguments say what is quantised and how, not a qconfig"]
            if differs:
                entry["differs"] = differs
            if where and callable(thing) and without(thing, theirs):
                entry["without"] = without(thing, theirs)
            names.append(entry)
    return {"torch": torch.__version__.partition("+")[0], "names": names, "missing": missing({e["pytorch"] for e in names})}


def find(module: str) -> Any:
    """Return a module of PyTorch's by its name."""
    first, *rest = module.split(".")
    found: Any = {"torch": torch, "torchvision": torchvision}[first]
    for part in rest:
        found = getattr(found, part)
    return found


def missing(here: set[str]) -> dict[str, list[str]]:
    """Return the names of PyTorch's that we lack."""
    lacking = {"torch": [name for name in USED_MOST if f"torch.{name}" not in here and name not in ("nn", "optim")]}
    ours = {name.rpartition(".")[2] for name in here}
    for module in LISTED:
        functions = module is torch.nn.functional
        public = {name for name in dir(module) if not name.startswith("_") and not INTERNAL.fullmatch(name)}
        kept = {name for name in public if name.islower() == functions and not name.endswith("_") and callable(getattr(module, name))}
        lacking[module.__name__] = sorted(name for name in kept - ours if inspect.isclass(getattr(module, name)) != functions)
    return lacking


def text() -> str:
    """Return the file as it should be."""
    found = mapping()
    names = ",\n".join(json.dumps(entry) for entry in found["names"])
    lacking = ",\n".join(f"{json.dumps(module)}: {json.dumps(names)}" for module, names in found["missing"].items())
    return f'{{"torch": "{found["torch"]}",\n"names": [\n{names}\n],\n"missing": {{\n{lacking}\n}}}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(f"wrote {FILE}")
