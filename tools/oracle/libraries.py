"""The two libraries behind one face, so that a case can be run on either."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import tinytorch.core as core
import torch

torch.set_num_threads(1)  # the inputs are tiny; handing them to threads takes far longer than the work
torch.set_warn_always(True)

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8")
DTYPES = (*FLOATS, *INTEGERS, "bool")


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
            "np": np,
        }

    def find(self, name: str) -> Any:
        where, _, last = name.rpartition(".")
        if where:
            return getattr(self.namespace[where], last, None)
        for room in (torch, torch.nn.functional, torch.nn, torch.optim, torch.autograd):
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
        facade = Lazily(lambda name: getattr(core, name))
        self.namespace = {
            "t": facade,
            "F": Lazily(lambda name: getattr(core.functional, name)),
            "nn": facade,
            "optim": facade,
            "init": Lazily(lambda name: getattr(core.init, name)),
            "autograd": facade,
            "np": np,
        }

    def find(self, name: str) -> Any:
        where, _, last = name.rpartition(".")
        if where:
            return getattr(self.namespace[where], last)
        if name in FACADE:
            return getattr(core, name)
        if name in FUNCTIONAL:
            return getattr(core.functional, name)
        return None


def stub_names(folder: Path) -> tuple[str, ...]:
    """Return the public names that a stub lists."""
    tree = ast.parse((folder / "__init__.pyi").read_text(encoding="utf-8"))
    names = [a.asname or a.name for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names]
    return tuple(sorted(names))


_home = Path(str(core.__file__)).parent
FACADE = stub_names(_home)
FUNCTIONAL = stub_names(_home / "functional")

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
