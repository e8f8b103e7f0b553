"""What belongs to a module: some of its attributes are parameters, buffers or child modules.

All of them are ordinary attributes, so reading one costs what reading any attribute costs. Beside them a
module keeps one dictionary, which says of which kind an attribute is and in which order they came.
"""

from __future__ import annotations

from typing import Any

from ..m01_tensor.tensor import Tensor
from .parameter import Buffer, Parameter

PARAMETER, BUFFER, UNSAVED_BUFFER, MODULE = "parameter", "buffer", "unsaved buffer", "module"
BUFFERS = (BUFFER, UNSAVED_BUFFER)


class Attributes:
    """The part of `Module` that knows its parameters, buffers and child modules."""

    training: bool
    _kinds: dict[str, str]  # of which kind each registered attribute is, in order of registration

    def __init__(self) -> None:
        self.__dict__.update(training=True, _kinds={})

    # Registering by name

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; None reserves the name for one that may come later.

        Raises:
            AttributeError: `super().__init__()` wasn't called yet.
            KeyError: the name is empty, contains a dot, or is taken by another attribute.
            TypeError: `param` isn't a Parameter.
            ValueError: `param` is the result of an operation.
        """
        self._check_name("parameter", name, (PARAMETER,))
        self._register_parameter(name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that isn't learned; `persistent` makes it part of `state_dict`.

        Raises:
            AttributeError: `super().__init__()` wasn't called yet.
            KeyError: the name is empty, contains a dot, or is taken by another attribute.
            TypeError: `tensor` isn't a Tensor.
        """
        self._check_name("buffer", name, BUFFERS)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' "
                "(a Tensor or None required)"
            )
        self._store(name, BUFFER if persistent else UNSAVED_BUFFER, tensor)

    def register_module(self, name: str, module: Any) -> None:
        """Add a child module (a Module or None).

        Raises:
            AttributeError: `super().__init__()` wasn't called yet.
            KeyError: the name is empty, contains a dot, or is taken by another attribute.
            TypeError: `module` isn't a Module.
        """
        if module is not None and not isinstance(module, Attributes):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name("module", name, (MODULE,))
        self._store(name, MODULE, module)

    add_module = register_module

    def _check_name(self, what: str, name: Any, kinds: tuple[str, ...], assigned: bool = False) -> None:
        """Raise an error unless an attribute of this name may become one of these kinds."""
        known = self._known(what)
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {type(name).__name__}")
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if "." in name:
            raise KeyError(f'{what} name can\'t contain ".", got: {name}')
        if assigned:  # then it takes the place of what the instance has, but not of a method
            taken = hasattr(type(self), name)
        else:
            taken = known.get(name) not in kinds and hasattr(self, name)
        if taken:
            raise KeyError(f"attribute '{name}' already exists")

    def _known(self, what: str) -> dict[str, str]:
        kinds: dict[str, str] | None = self.__dict__.get("_kinds")
        if kinds is None:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")
        return kinds

    def _register_parameter(self, name: str, param: Any) -> None:
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' "
                "(a Parameter or None required)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(
                f"cannot assign a non-leaf Tensor to parameter '{name}': parameters must be created "
                "explicitly; to compute a value from other tensors, do it in forward()"
            )
        self._store(name, PARAMETER, param)

    def _store(self, name: str, kind: str, value: Any) -> None:
        kinds = self._kinds
        if kinds.get(name) != kind:  # the last of its kind, even if the name was known
            kinds.pop(name, None)
            kinds[name] = kind
        self.__dict__[name] = value

    # Registering by assignment

    def __setattr__(self, name: str, value: Any) -> None:
        kind = self.__dict__.get("_kinds", {}).get(name)
        if isinstance(value, Parameter):
            self._check_name("parameter", name, (PARAMETER,), assigned=True)
            self._register_parameter(name, value)
        elif kind == PARAMETER:
            self._replace(name, kind, value, type(None), "as parameter", "Parameter")
        elif isinstance(value, Attributes):
            self._known("module")
            self._store(name, MODULE, value)
        elif kind == MODULE:
            self._replace(name, kind, value, type(None), "as child module", "Module")
        elif isinstance(value, Buffer):
            self._check_name("buffer", name, BUFFERS, assigned=True)
            self._store(name, BUFFER if value.persistent else UNSAVED_BUFFER, value)
        elif kind is not None:
            self._replace(name, kind, value, (Tensor, type(None)), "to buffer", "Buffer, Tensor")
        else:
            object.__setattr__(self, name, value)

    def _replace(self, name: str, kind: str, value: Any, allowed: Any, how: str, expected: str) -> None:
        if not isinstance(value, allowed):
            raise TypeError(
                f"cannot assign '{type(value).__name__}' {how} '{name}' ({expected} or None expected)"
            )
        self._store(name, kind, value)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        self.__dict__.get("_kinds", {}).pop(name, None)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name[0].isdigit()]

    # Reading

    def _members(self, *kinds: str) -> list[tuple[str, Any]]:
        """Return the names and values (None too) of this module's own attributes of these kinds."""
        here = self.__dict__
        return [(name, here[name]) for name, kind in here["_kinds"].items() if kind in kinds]
