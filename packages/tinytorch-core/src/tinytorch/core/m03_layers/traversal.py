"""Walking through a module and its child modules, their children, and so on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..m01_tensor.tensor import Tensor
from .attributes import BUFFERS, MODULE, PARAMETER, Attributes
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module


class Traversal(Attributes):
    """The part of `Module` that finds what is in it, however deep.

    Names are paths with dots, as in `encoder.0.weight`. What is reached by several paths is given once,
    under the first.
    """

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Give this module (named `prefix`) and all modules in it, with their names."""
        seen: set[Any] = set() if memo is None else memo
        if remove_duplicate:
            if self in seen:
                return
            seen.add(self)
        yield prefix, self  # type: ignore[misc]  # every Traversal is a Module
        for name, child in self._members(MODULE):
            if child is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(seen, path, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """Give this module and all modules in it."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Give the modules that are attributes of this one, with their names."""
        seen = set()
        for name, child in self._members(MODULE):
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator[Module]:
        """Give the modules that are attributes of this one."""
        for _, child in self.named_children():
            yield child

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Give the parameters with their names; `recurse` goes into the child modules too."""
        return self._named_tensors((PARAMETER,), prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Give the parameters, as an optimizer takes them."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Give the buffers with their names; `recurse` goes into the child modules too."""
        return self._named_tensors(BUFFERS, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Give the buffers."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def _named_tensors(
        self, kinds: tuple[str, ...], prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        modules: Any = [(prefix, self)]
        if recurse:
            modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        seen = set()
        for path, module in modules:
            for name, tensor in module._members(*kinds):
                if tensor is None or tensor in seen:
                    continue
                if remove_duplicate:
                    seen.add(tensor)
                yield f"{path}.{name}" if path else name, tensor

    def get_submodule(self, target: str) -> Module:
        """Return the module with this name; "" is the module itself.

        Raises:
            AttributeError: there is none; the message says where the path ends.
        """
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Attributes):
                raise AttributeError(f"`{name}` is not a Module")
        return module  # type: ignore[no-any-return]  # read by name

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter with this name.

        Raises:
            AttributeError: there is none; the message says where the path ends.
        """
        return self._get_tensor(target, (PARAMETER,), "a Parameter")  # type: ignore[no-any-return]  # read by name

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer with this name.

        Raises:
            AttributeError: there is none; the message says where the path ends.
        """
        return self._get_tensor(target, BUFFERS, "a buffer")  # type: ignore[no-any-return]  # read by name

    def _get_tensor(self, target: str, kinds: tuple[str, ...], what: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if module._kinds.get(name) not in kinds:
            raise AttributeError(f"`{name}` is not {what}")
        return getattr(module, name)
