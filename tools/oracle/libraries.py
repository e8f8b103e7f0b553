"""The two libraries behind one face, so that a case can be run on either: PyTorch, and all tracks of ours."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import tinytorch.core as core
import torch
from torch.optim import swa_utils

torch.set_num_threads(1)  # the inputs are tiny; handing them to threads takes far longer than the work
torch.set_warn_always(True)

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8")
DTYPES = (*FLOATS, *INTEGERS, "bool")


# Where PyTorch keeps what a facade of ours has under one roof.
ROOMS: tuple[Any, ...] = (
    *(torch, torch.nn.functional, torch.nn, torch.nn.utils, torch.autograd, torch.utils.data),
    *(torch.optim, torch.optim.lr_scheduler, swa_utils),
)


class Library:
    """Where a library keeps its things, and how to get arrays in and out of its tensors."""

    name: str
    Tensor: Any
    namespace: dict[str, Any]  # what the code of a case sees: t, F, nn, optim, init, autograd, np

    def find(self, name: str) -> Any:
        """Return the function or class called `name`; None if the library has none."""
        raise NotImplementedError

    def tensor(self, array: np.ndarray) -> Any:
        """Return a tensor that shares the memory of `array`."""
        return self.namespace["t"].from_numpy(array)

    def dtype(self, name: str) -> Any:
        """Return the library's dtype of this name."""
        return getattr(self.namespace["t"], name)


class PyTorch(Library):
    """The library that is right by definition."""

    name = "torch"
    Tensor = torch.Tensor

    def __init__(self) -> None:
        self.namespace = {
            "t": torch,
            "F": torch.nn.functional,
            "nn": torch.nn,
            "optim": torch.optim,
            "init": torch.nn.init,
            "autograd": torch.autograd,
            "data": torch.utils.data,
            "schedulers": torch.optim.lr_scheduler,
            "utils": torch.nn.utils,
            "swa": swa_utils,
            "np": np,
        }

    def find(self, name: str) -> Any:
        where, _, last = name.rpartition(".")
        if where:
            return getattr(self.namespace[where], last, None)
        for room in ROOMS:
            if hasattr(room, name):
                return getattr(room, name)
        return None


class Lazily:
    """Names looked up when used, so that one broken room doesn't break every case."""

    def __init__(self, find: Callable[[str], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return self._find(name)


class TinyTorch(Library):
    """The library under test."""

    name = "tinytorch"

    def __init__(self) -> None:
        self.Tensor = core.Tensor
        facade = Lazily(lambda name: getattr(FACADE.get(name, core), name))
        self.namespace = {
            "t": facade,
            "F": Lazily(lambda name: getattr(FUNCTIONAL.get(name, core.functional), name)),
            "nn": facade,
            "optim": facade,
            "init": Lazily(lambda name: getattr(core.init, name)),
            "autograd": facade,
            "data": facade,
            "schedulers": facade,
            "utils": facade,
            "swa": facade,
            "np": np,
        }

    def find(self, name: str) -> Any:
        where, _, last = name.rpartition(".")
        if where:
            return getattr(self.namespace[where], last)
        for names in (FACADE, FUNCTIONAL):
            if name in names:
                return getattr(names[name], name)
        return None


def stub_names(module: ModuleType) -> list[str]:
    """Return the public names that the stub of a facade lists."""
    tree = ast.parse(Path(str(module.__file__)).with_suffix(".pyi").read_text(encoding="utf-8"))
    return [a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names]


def installed_tracks() -> list[ModuleType]:
    """Import every track of the course that is installed, core first."""
    homes = importlib.import_module("tinytorch").__path__
    found = {lesson.parents[1].name for home in homes for lesson in Path(home).glob("*/*/LESSON.md")}
    return [importlib.import_module(f"tinytorch.{name}") for name in sorted(found, key=lambda n: (n != "core", n))]


def facades(submodule: str = "") -> dict[str, ModuleType]:
    """Return for each public name of all tracks, sorted, the facade that has it; the first one counts."""
    found: dict[str, ModuleType] = {}
    for track in TRACKS:
        names = stub_names(track)
        if submodule:
            track = getattr(track, submodule, None) if submodule in names else None
            names = stub_names(track) if track else []
        for name in names:
            found.setdefault(name, track)
    return dict(sorted(found.items()))


TRACKS = installed_tracks()
FACADE = facades()
FUNCTIONAL = facades("functional")

OURS: Library = TinyTorch()
THEIRS: Library = PyTorch()
BOTH = SimpleNamespace(ours=OURS, theirs=THEIRS)


def is_tensor(x: Any) -> bool:
    """Tell whether `x` is a tensor of either library."""
    return isinstance(x, (torch.Tensor, core.Tensor))


def to_array(x: Any) -> np.ndarray:
    """Return the values of a tensor of either library."""
    if isinstance(x, torch.Tensor):
        return x.detach().resolve_neg().numpy()
    return np.asarray(x.detach().numpy())


def dtype_name(dtype: Any) -> str:
    """Return the name of a dtype of either library."""
    return str(dtype).removeprefix("torch.")
