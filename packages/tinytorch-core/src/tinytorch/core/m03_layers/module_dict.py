"""A module that holds other modules by name."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from .attributes import MODULE
from .module import Module


class ModuleDict(Module):
    """A dictionary of modules that counts as part of the module it is assigned to. It has no `forward`.

    Args:
        modules: a mapping from names to modules, or pairs of these.

    Examples:
        >>> heads = tt.ModuleDict({"digit": tt.Linear(8, 10), "colour": tt.Linear(8, 3)})
        >>> heads["digit"](tt.zeros(1, 8)).shape
        (1, 10)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def _dict(self) -> dict[str, Any]:
        return dict(self._members(MODULE))

    def __getitem__(self, key: str) -> Any:
        return self._dict()[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        self[key]  # a KeyError for what isn't a module of this dictionary
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._dict())

    def __iter__(self) -> Iterator[str]:
        return iter(self._dict())

    def __contains__(self, key: object) -> bool:
        return key in self._dict()

    def clear(self) -> None:
        """Take all modules out."""
        for name in self._dict():
            delattr(self, name)

    def pop(self, key: str) -> Module:
        """Take the module of this name out and return it."""
        module = self[key]
        delattr(self, key)
        return module  # type: ignore[no-any-return]  # read by name

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._dict().keys()

    def values(self) -> ValuesView[Any]:
        """Return the modules."""
        return self._dict().values()

    def items(self) -> ItemsView[str, Any]:
        """Return pairs of name and module."""
        return self._dict().items()

    def update(self, modules: Any) -> None:
        """Add the modules of a mapping, or of pairs; those with known names take the old ones' place.

        Raises:
            TypeError: neither a mapping nor pairs.
            ValueError: an element isn't a pair.
        """
        if isinstance(modules, (Mapping, ModuleDict)):
            pairs = list(modules.items())
        elif isinstance(modules, Iterable):
            pairs = list(modules)
        else:
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, "
                f"but got {type(modules).__name__}"
            )
        for number, pair in enumerate(pairs):
            if not isinstance(pair, Iterable):
                raise TypeError(
                    f"ModuleDict update sequence element #{number} should be Iterable; "
                    f"is {type(pair).__name__}"
                )
            if len(pair) != 2:
                raise ValueError(
                    f"ModuleDict update sequence element #{number} has length {len(pair)}; 2 is required"
                )
            self[pair[0]] = pair[1]
