"""Modules that hold other modules in a row."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from operator import index
from typing import Any, Self, overload

from .attributes import MODULE
from .module import Module, show


class _Row(Module):
    """What Sequential and ModuleList have in common: child modules in a row."""

    def _names(self) -> list[str]:
        return [name for name, _ in self._members(MODULE)]

    def _name_at(self, position: Any) -> str:
        names, at = self._names(), index(position)
        if not -len(names) <= at < len(names):
            raise IndexError(f"index {at} is out of range")
        return names[at]

    def _refill(self, modules: Iterable[Any]) -> None:
        """Put these modules in place of all, numbered from 0."""
        for name in self._names():
            delattr(self, name)
        for number, module in enumerate(modules):
            self.register_module(str(number), module)

    def __len__(self) -> int:
        return len(self._members(MODULE))

    def __iter__(self) -> Iterator[Any]:
        return iter([module for _, module in self._members(MODULE)])

    @overload
    def __getitem__(self, idx: int) -> Any: ...
    @overload
    def __getitem__(self, idx: slice) -> Self: ...
    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice):
            return self._part(self._members(MODULE)[idx])
        return getattr(self, self._name_at(idx))

    def _part(self, members: list[tuple[str, Any]]) -> Any:
        raise NotImplementedError

    def __setitem__(self, idx: int, module: Module) -> None:
        setattr(self, self._name_at(idx), module)

    def __delitem__(self, idx: int | slice) -> None:
        gone = self._names()[idx] if isinstance(idx, slice) else [self._name_at(idx)]
        self._refill([module for name, module in self._members(MODULE) if name not in gone])

    def pop(self, key: int) -> Module:
        """Take the module at a position out and return it."""
        module = self[key]
        del self[key]
        return module  # type: ignore[no-any-return]  # read by name

    def append(self, module: Module) -> Self:
        """Add a module at the end; return the container itself.

        Raises:
            KeyError: the name it would get, its number, is taken.
        """
        name = str(len(self))
        if name in self._kinds:
            raise KeyError(f"attribute '{name}' already exists")
        self.register_module(name, module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add several modules at the end; return the container itself.

        Raises:
            TypeError: `modules` can't be iterated over.
        """
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{type(self).__name__}.extend should be called with an iterable, "
                f"but got {type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(other)


class Sequential(_Row):
    """Apply modules one after the other.

    Args:
        args: the modules, or one OrderedDict of modules with names.

    Examples:
        >>> model = tt.Sequential(tt.Linear(4, 8), tt.ReLU(), tt.Linear(8, 2))
        >>> model
        Sequential(
          (0): Linear(in_features=4, out_features=8, bias=True)
          (1): ReLU()
          (2): Linear(in_features=8, out_features=2, bias=True)
        )
        >>> model(tt.zeros(3, 4)).shape
        (3, 2)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.register_module(name, module)
        else:
            self.extend(args)

    def forward(self, input: Any) -> Any:
        """Return what the last module makes of what the one before it makes, and so on."""
        members = self.__dict__
        for name, kind in self._kinds.items():
            if kind is MODULE:
                input = members[name](input)
        return input

    def insert(self, index: int, module: Module) -> Self:
        """Add a module before the one at a position; return the container itself.

        Raises:
            IndexError: the position is out of range.
            KeyError: the modules have names of their own, so there is none for the new one.
            TypeError: it isn't a Module.
        """
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        modules = list(self)
        if not -len(modules) <= index <= len(modules):
            raise IndexError(f"Index out of range: {index}")
        if self._names() != [str(number) for number in range(len(modules))]:
            raise KeyError("can't insert into a Sequential whose modules have names of their own")
        modules.insert(index, module)
        self._refill(modules)
        return self

    def _part(self, members: list[tuple[str, Any]]) -> Any:
        return type(self)(OrderedDict(members))

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"only a Sequential can be added to a Sequential, not {type(other).__name__}")
        return Sequential(*self, *other)

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*list(self) * self._times(other))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Self:
        return self.extend(list(self) * (self._times(other) - 1))

    def _times(self, n: Any) -> int:
        if not isinstance(n, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(n)}")
        if n <= 0:
            raise ValueError(f"Non-positive multiplication factor {n} for {type(self)}")
        return n


class ModuleList(_Row):
    """A list of modules that counts as part of the module it is assigned to. It has no `forward`.

    Args:
        modules: the modules.

    Examples:
        >>> blocks = tt.ModuleList(tt.Linear(8, 8) for _ in range(3))
        >>> len(blocks), len(list(blocks.parameters()))
        (3, 6)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at a position, as `list.insert` does."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        modules = list(self)
        modules.insert(index, module)
        self._refill(modules)

    def _part(self, members: list[tuple[str, Any]]) -> Any:
        return type(self)([module for _, module in members])

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        # Equal neighbours are shown once, as "(0-2): 3 x Linear(...)".
        blocks: list[tuple[str, int, int]] = []
        for number, text in enumerate(repr(module) for module in self):
            if blocks and blocks[-1][0] == text:
                blocks[-1] = (text, blocks[-1][1], number)
            else:
                blocks.append((text, number, number))
        return show(
            self,
            [
                f"({first}): {text}" if first == last else f"({first}-{last}): {last - first + 1} x {text}"
                for text, first, last in blocks
            ],
        )
