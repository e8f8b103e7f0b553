"""How a parameter is pruned: a mask beside it, and a hook that multiplies the two before each forward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from tinytorch.core import Module, Parameter, Tensor, from_numpy, no_grad, ones_like

from .scores import array_of, check_scores


class Masked(Tensor):
    """A weight times its mask. Unlike other results of operations it can be copied with its module."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        memo[id(self)] = copy = self.detach().clone()
        return copy  # the copy's next forward computes it anew


class BasePruningMethod(ABC):
    """Takes the place of a parameter: `name` becomes `name_orig` times `name_mask` in every forward.

    `name_orig` is the same `Parameter` as before, so an optimizer goes on with it; its gradient is zero where
    the mask is. `name_mask` is a buffer of zeros and ones. `name` is an attribute, computed anew before each
    forward. A subclass says which entries to keep, in `compute_mask`.

    Attributes:
        PRUNING_TYPE: what a second pruning of the same parameter looks at: "unstructured" at the entries
            that are left, "structured" at the channels along `dim` that are left, "global" at everything.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.BasePruningMethod.html
    """

    PRUNING_TYPE = "unstructured"
    dim: int
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        """Compute the masked parameter: the module's hook before each forward."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return the mask for `t`, the importance of each entry: zeros where `default_mask` is, and more."""

    def apply_mask(self, module: Module) -> Tensor:
        """Return `name_orig * name_mask` of a pruned module."""
        original = getattr(module, f"{self._tensor_name}_orig")
        masked = original * getattr(module, f"{self._tensor_name}_mask").to(original.dtype)
        masked.__class__ = Masked
        result: Tensor = masked
        return result

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a parameter, on top of what has been pruned already.

        Args:
            module: whose parameter it is.
            name: the parameter's name in the module.
            args: for the method.
            importance_scores: of the parameter's shape; left out, the parameter itself.
            kwargs: for the method.

        Returns:
            The method, or a `PruningContainer` with this and the earlier ones.

        Raises:
            AttributeError: the module has no parameter of this name.
            ValueError: importances are NaN or of another shape, or nothing would be left.
        """
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        before = pruned_by(module, name)
        parameter = find_parameter(module, name)
        with no_grad():
            current = parameter if before is None else before.apply_mask(module)
        scores = current if importance_scores is None else importance_scores
        if scores.shape != parameter.shape:
            raise ValueError(
                f"importance_scores must have the shape of {name}, {parameter.shape}, not {scores.shape}"
            )
        check_scores(array_of(scores), f"{type(module).__name__}.{name}")
        if before is not None:
            method = PruningContainer(*before.steps, method)
        mask = ones_like(parameter) if before is None else getattr(module, f"{name}_mask").clone()
        mask = method.compute_mask(scores.detach(), mask.detach())  # before anything is changed
        if before is None:
            delattr(module, name)
            module.register_parameter(f"{name}_orig", parameter)
        else:
            table(module).pop(name)[1].remove()
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        table(module)[name] = (method, module.register_forward_pre_hook(method))
        return method

    @property
    def steps(self) -> tuple[BasePruningMethod, ...]:
        """The methods that were applied one after the other: this one."""
        return (self,)

    def prune(
        self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None
    ) -> Tensor:
        """Return `t` with zeros where this method would prune it."""
        scores = t if importance_scores is None else importance_scores
        check_scores(array_of(scores), "the tensor to prune")
        mask = ones_like(t) if default_mask is None else default_mask
        result: Tensor = t * self.compute_mask(scores.detach(), mask.detach())
        return result

    def remove(self, module: Module) -> None:
        """Make the pruning final: `name` is a parameter again, with zeros in it."""
        name = self._tensor_name
        masked = array_of(self.apply_mask(module))
        parameter = getattr(module, f"{name}_orig")
        for part in (name, f"{name}_orig", f"{name}_mask"):
            delattr(module, part)
        with no_grad():
            parameter.copy_(from_numpy(masked))
        module.register_parameter(name, parameter)
        table(module).pop(name)[1].remove()


def table(module: Module) -> dict[str, tuple[BasePruningMethod, Any]]:
    """Return for each pruned parameter of a module its method, and the handle of the hook."""
    found: dict[str, tuple[BasePruningMethod, Any]] = module.__dict__.setdefault("_pruned", {})
    return found


def pruned_by(module: Module, name: str) -> BasePruningMethod | None:
    """Return the method that a parameter was pruned by; None if it wasn't."""
    entry = module.__dict__.get("_pruned", {}).get(name)
    return None if entry is None else entry[0]


def find_parameter(module: Module, name: str) -> Parameter:
    """Return a parameter that may be pruned already.

    Raises:
        AttributeError: the module itself has none of this name; those in it count for themselves.
    """
    own = dict(module.named_parameters(recurse=False))
    if name in own and not name.endswith("_orig"):
        return own[name]
    if f"{name}_orig" in own:
        return own[f"{name}_orig"]
    names = ", ".join(key.removesuffix("_orig") for key in own) or "none"
    raise AttributeError(f"{type(module).__name__} has no parameter {name!r} to prune; it has: {names}")


class PruningContainer(BasePruningMethod):
    """Several prunings of one parameter: each looks at what the ones before it left.

    Args:
        args: the methods, in their order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.PruningContainer.html
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._methods: tuple[BasePruningMethod, ...] = ()
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Append a method.

        Raises:
            TypeError: it isn't a `BasePruningMethod`.
            ValueError: it acts on a parameter of another name.
        """
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method).__name__} is not a BasePruningMethod")
        if self._methods and method._tensor_name != self._tensor_name:
            raise ValueError(
                f"this container is for the parameter {self._tensor_name!r}, not {method._tensor_name!r}"
            )
        self._tensor_name = method._tensor_name
        self._methods += (method,)

    @property
    def steps(self) -> tuple[BasePruningMethod, ...]:
        """The methods that were applied one after the other."""
        return self._methods

    def __len__(self) -> int:
        return len(self._methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._methods)

    def __getitem__(self, index: int) -> BasePruningMethod:
        return self._methods[index]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return `default_mask` with what the last method prunes of the rest."""
        method = self._methods[-1]
        mask, scores = array_of(default_mask).copy(), array_of(t)
        place: Any = ...
        if method.PRUNING_TYPE == "unstructured":
            place = mask == 1
        elif method.PRUNING_TYPE == "structured":
            dim = channel_dim(t, method.dim)
            rest = tuple(d for d in range(t.ndim) if d != dim)
            place = (slice(None),) * dim + (mask.any(axis=rest),)
        elif method.PRUNING_TYPE != "global":
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask[place] = array_of(method.compute_mask(from_numpy(scores[place]), from_numpy(mask[place])))
        return from_numpy(mask)


def channel_dim(t: Tensor, dim: int) -> int:
    """Return a dimension counted from the front.

    Raises:
        ValueError: the tensor has no channels.
        IndexError: it has no such dimension.
    """
    if t.ndim < 2:
        raise ValueError(
            f"Structured pruning can only be applied to multidimensional tensors, not one of shape {t.shape}"
        )
    if not -t.ndim <= dim < t.ndim:
        raise IndexError(f"Invalid index {dim} for tensor of size {t.shape}")
    return dim % t.ndim
