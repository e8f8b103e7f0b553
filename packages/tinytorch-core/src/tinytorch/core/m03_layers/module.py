"""The module: what all layers and models are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Self

from ..m01_tensor.dtypes import as_dtype, float16, float32, float64
from ..m01_tensor.tensor import Tensor, wrap
from ..m01_tensor.views import mark_changed
from . import state
from .attributes import BUFFERS, MODULE, PARAMETER
from .hooks import EVERY, EVERY_PRE, Hooks, OwnHooks, RemovableHandle, call_with_hooks
from .traversal import Traversal


class Module(Traversal):
    """A function of tensors with a state: its parameters, its buffers, and other modules.

    A subclass calls `super().__init__()`, assigns parameters and layers to attributes, and defines `forward`.

    Attributes:
        training: what `train()` and `eval()` set, for layers that behave differently, such as Dropout.

    Examples:
        >>> class Net(tt.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = tt.Linear(784, 128)
        ...         self.output = tt.Linear(128, 10)
        ...
        ...     def forward(self, x):
        ...         return self.output(tt.relu(self.hidden(x)))
        >>> model = Net()
        >>> model(tt.zeros(32, 784)).shape
        (32, 10)
        >>> sum(p.numel() for p in model.parameters())
        101770

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
    """

    # Replaced on an instance by its first hook, so that a call without hooks is a call of forward.
    _forward_pre_hooks: Hooks = EVERY_PRE
    _forward_hooks: Hooks = EVERY

    def _forward_missing(self, *input: Any) -> Any:
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    forward: Callable[..., Any] = _forward_missing  # each subclass defines its own, with its own arguments

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, and the hooks around it."""
        if self._forward_hooks or self._forward_pre_hooks:
            return call_with_hooks(self, args, kwargs)
        return self.forward(*args, **kwargs)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before every `forward`; what it returns replaces the arguments.

        Args:
            hook: returns None, the new argument, or a tuple of them.
            prepend: call it before the hooks that are there already.
            with_kwargs: call `hook(module, args, kwargs)`, which returns None or (args, kwargs).
        """
        if self._forward_pre_hooks is EVERY_PRE:
            self.__dict__["_forward_pre_hooks"] = OwnHooks()
        return RemovableHandle(self._forward_pre_hooks, hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after every `forward`; what it returns replaces the output.

        Args:
            hook: returns None or the new output.
            prepend: call it before the hooks that are there already.
            with_kwargs: call `hook(module, args, kwargs, output)`.
        """
        if self._forward_hooks is EVERY:
            self.__dict__["_forward_hooks"] = OwnHooks()
        return RemovableHandle(self._forward_hooks, hook, prepend, with_kwargs)

    # Changing the whole tree

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` with every module in this one, children first, and with this one."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Say whether the module, and all in it, is being trained.

        Raises:
            ValueError: `mode` isn't a bool.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Set the module, and all in it, to be used rather than trained.

        Examples:
            >>> model = tt.Sequential(tt.Linear(2, 2), tt.Dropout(0.5))
            >>> model.eval()[1].training
            False
        """
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Say whether operations with the parameters are recorded: False freezes the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; without `set_to_none`, fill them with zeros."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                if set_to_none:
                    parameter.grad = None
                else:
                    parameter.grad.array[...] = 0
                    mark_changed(parameter.grad.array)

    def to(self, dtype: Any) -> Self:
        """Convert the floating-point parameters and buffers, in this module and all in it.

        The parameters stay the same objects, so an optimizer goes on with them. Integers stay as they are.

        Args:
            dtype: a floating-point dtype, or a tensor that has it.

        Raises:
            TypeError: not a floating-point dtype.
        """
        wanted = dtype.dtype if isinstance(dtype, Tensor) else as_dtype(dtype)
        if wanted.kind != "f":
            raise TypeError(f"Module.to only accepts floating point dtypes, but got desired dtype={wanted}")
        for module in self.modules():
            for _, parameter in module._members(PARAMETER):
                for tensor in (parameter, getattr(parameter, "grad", None)):
                    if tensor is not None and tensor.array.dtype.kind == "f":
                        tensor.array = tensor.array.astype(wanted, copy=False)
            for name, buffer in module._members(*BUFFERS):
                if buffer is not None and buffer.dtype.kind == "f" and buffer.dtype != wanted:
                    module.__dict__[name] = wrap(buffer.array.astype(wanted))
        return self

    def float(self) -> Self:
        """Convert to float32."""
        return self.to(float32)

    def double(self) -> Self:
        """Convert to float64."""
        return self.to(float64)

    def half(self) -> Self:
        """Convert to float16."""
        return self.to(float16)

    # Saving and loading

    def state_dict(
        self,
        *,
        destination: dict[str, Any] | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """Return the parameters and persistent buffers by name, detached, sharing the module's memory.

        Args:
            destination: a dictionary to add them to.
            prefix: put before every name.
            keep_vars: return the parameters themselves instead.

        Examples:
            >>> list(tt.Linear(2, 1).state_dict())
            ['weight', 'bias']
        """
        return state.state_dict(self, destination, prefix, keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> state.IncompatibleKeys:
        """Copy the values of `state_dict` into the parameters and buffers with those names.

        Args:
            state_dict: tensors by name, as from another module's `state_dict()`.
            strict: a missing or an unexpected name is an error.
            assign: let the tensors take the place of the module's own, instead of copying values.

        Returns:
            the `missing_keys` and the `unexpected_keys`.

        Raises:
            RuntimeError: names or shapes don't match; the message lists them all. Nothing is loaded then.
            TypeError: `state_dict` isn't a mapping.

        Examples:
            >>> source, target = tt.Linear(2, 1), tt.Linear(2, 1)
            >>> target.load_state_dict(source.state_dict())
            <All keys matched successfully>
            >>> tt.equal(source.weight, target.weight)
            True
        """
        return state.load_state_dict(self, state_dict, strict, assign)

    # Showing

    def extra_repr(self) -> str:
        """Return what `repr` shows between the brackets; a subclass may define it."""
        return ""

    def __repr__(self) -> str:
        return show(self, [f"({name}): {child!r}" for name, child in self._members(MODULE)])


def show(module: Module, children: list[str]) -> str:
    """Return the `repr` of a module from those of its children."""
    extra = module.extra_repr()
    lines = extra.split("\n") if extra else []
    name = type(module).__name__
    if len(lines) == 1 and not children:
        return f"{name}({extra})"
    if not lines and not children:
        return f"{name}()"
    inner = "\n".join([*lines, *children]).replace("\n", "\n  ")
    return f"{name}(\n  {inner}\n)"
