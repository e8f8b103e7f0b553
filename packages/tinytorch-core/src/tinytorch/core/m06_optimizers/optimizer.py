"""What all optimizers share: parameter groups, the step over all parameters, state that can be saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from ..m01_tensor.record import mode
from ..m01_tensor.tensor import Tensor
from ..m01_tensor.views import mark_changed
from . import saving
from .chunks import Job, run
from .options import Group, State, Update, with_options
from .parameters import flat_buffer, flat_gradient, named_parameters

Kernel: TypeAlias = Callable[..., Update | None]


class Optimizer:
    """The base class of all optimizers.

    To write a new one, say in `rule` how one parameter changes in one step, and in `buffers` which arrays of
    the parameter's shape are carried from step to step.

    The function that `rule` returns gets flat NumPy arrays, the parameter's values and its gradient, then the
    buffers, which begin as zeros; it changes the values in place. It is called for one piece of a long
    parameter after the other, in any order, so it must work element by element; what belongs to the whole
    step, like counting, stands in `rule` before it. `scratch(p)` from `chunks` gives memory for intermediate
    results, which makes the step faster than with temporaries. An optimizer whose options include `maximize`,
    `weight_decay` or `decoupled_weight_decay` gets their effect from this class.

    Args:
        params: tensors, or pairs of name and tensor, or dictionaries with "params" and options of their own.
        defaults: the options of all groups that don't have their own.

    Attributes:
        param_groups: dictionaries with "params" and the options, which may be changed between steps.
        state: for each parameter what is remembered about it.

    Raises:
        TypeError: `params` is a single tensor, not iterable, or holds something that isn't a tensor.
        ValueError: there is no parameter, one isn't a leaf or is in two groups, or an option is out of range.

    Examples:
        >>> class Momentum(tt.Optimizer):
        ...     def __init__(self, params, lr=0.01, momentum=0.9):
        ...         super().__init__(params, dict(lr=lr, momentum=momentum))
        ...
        ...     def buffers(self, group):
        ...         return ("velocity",)
        ...
        ...     def rule(self, group, state):
        ...         lr, momentum = group["lr"], group["momentum"]
        ...
        ...         def update(p, g, velocity):
        ...             velocity *= momentum
        ...             velocity += g
        ...             p -= lr * velocity
        ...
        ...         return update
        >>> w = tt.tensor([1.0], requires_grad=True)
        >>> optimizer = Momentum([w], lr=0.1)
        >>> w.sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000], requires_grad=True)

    Source: https://docs.pytorch.org/docs/stable/optim.html
    """

    _kernel: tuple[Any, Kernel] | None = None  # and the rule that it stands in for, see `use`

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self.state: defaultdict[Tensor, State] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self.check_options(defaults)
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {type(params).__name__}"
            )
        given = list(params)
        if not given:
            raise ValueError("optimizer got an empty parameter list")
        for group in given if isinstance(given[0], dict) else [{"params": given}]:
            self.add_param_group(group)

    # What an optimizer defines

    def check_options(self, options: Mapping[str, Any]) -> None:
        """Raise an error if an option is of the wrong type or out of range; called for each group."""

    def buffers(self, group: Group) -> tuple[str, ...]:
        """Name the arrays that are kept for each parameter of the group, zeros of its shape at first."""
        return ()

    def rule(self, group: Group, state: State) -> Update:
        """Return the function `update(p, g, *buffers)` that does this step for one parameter."""
        raise NotImplementedError(f"{type(self).__name__} doesn't define rule(group, state)")

    # What a training loop calls

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; without `set_to_none`, fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad.array[...] = 0
                    mark_changed(p.grad.array)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each parameter that has a gradient by one step.

        Args:
            closure: a function that computes the loss and the gradients anew; called first, if given.

        Returns:
            what the closure returned, else None.

        Raises:
            RuntimeError: a gradient doesn't have its parameter's shape.
        """
        loss = None
        if closure is not None:
            recording, mode.grad = mode.grad, True
            try:
                loss = closure()
            finally:
                mode.grad = recording
        kernel = None
        if self._kernel is not None and self._kernel[0] is type(self).rule:
            kernel = self._kernel[1]
        whole: list[Job] = []  # by the kernel
        jobs: list[Job] = []
        changed, scattered = [], []
        for group in self.param_groups:
            names = self.buffers(group)
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                values = p.array
                update = None if kernel is None else kernel(group, state, values)
                target = jobs if update is None else whole
                if update is None:
                    update = with_options(group, self.rule(group, state))
                flat = values.reshape(-1)  # a view, or a copy if the values lie scattered
                arrays = [flat, flat_gradient(p)]
                for name in names:
                    arrays.append(flat_buffer(state, name, p))
                target.append((update, arrays))
                changed.append(values)
                if not values.flags.c_contiguous:
                    scattered.append((values, flat))
        mark_changed(*changed)
        for step, operands in whole:
            step(*operands)
        run(jobs)
        for values, flat in scattered:
            values[...] = flat.reshape(values.shape)
        return loss

    @classmethod
    def use(cls, kernel: Kernel | None = None) -> None:
        """Let faster functions do the steps of this class from now on; without any, its own rule again.

        The module acceleration exchanges faster kernels so. Subclasses with a rule of their own keep that.

        Args:
            kernel: called as `kernel(group, state, values)` in place of `rule`, it returns an `update` that
                does the whole step of one parameter, the common options included, or None to leave it to
                the rule. `values` is the parameter's array.
        """
        cls._kernel = None if kernel is None else (cls.rule, kernel)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Add parameters with options of their own, for example layers that were frozen so far.

        Args:
            param_group: a dictionary with "params" (a tensor, or tensors, or pairs of name and tensor) and
                options, which stand in for the defaults.

        Raises:
            TypeError: it isn't a dictionary, or the parameters aren't tensors in a definite order.
            KeyError: it has no "params".
            ValueError: one isn't a leaf or is in another group already, only some have names, or an option
                is out of range.
        """
        if not isinstance(param_group, Mapping):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        group = dict(param_group)
        params, names = named_parameters(group["params"])
        group["params"] = params
        if names:
            group["param_names"] = names
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        self.check_options(group)
        present = {id(p) for other in self.param_groups for p in other["params"]}
        if not present.isdisjoint(id(p) for p in params):
            raise ValueError("some parameters appear in more than one parameter group")
        if any(("param_names" in other) != bool(names) for other in self.param_groups):
            raise ValueError("all optimizer param groups should be with/without names")
        self.param_groups.append(group)

    # Saving and loading

    def state_dict(self) -> dict[str, Any]:
        """Return the state and the options, with the parameters' positions in place of the parameters.

        Returns:
            `{"state": {0: {...}, ...}, "param_groups": [{..., "params": [0, 1]}, ...]}`. The tensors in it
            are the optimizer's own; the next step changes them.
        """
        return saving.state_dict(self)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from where another optimizer, with parameters of the same shapes in the same order, was.

        Args:
            state_dict: what the other one's `state_dict()` returned. It is copied.

        Raises:
            TypeError: it isn't a mapping.
            KeyError: "state" or "param_groups" is missing.
            ValueError: the groups, or the shapes of the state's tensors, don't fit. Nothing is loaded then.
        """
        saving.load_state_dict(self, state_dict)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])
