"""What a version of the layers module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt
from tinytorch.core import functional as F


def _compared(got: Any, expected: Any, near: Any) -> str:
    """Say what was expected and what came; of many elements only the first that differs."""
    if expected.size <= 24:
        return f"expected {expected.tolist()}, got {got.tolist()}"
    at = tuple(int(i) for i in np.argwhere(~near)[0])
    return f"at {list(at)}: expected {expected[at]}, got {got[at]}"


def _near(got: Any, expected: Any, what: str, hint: str) -> None:
    """Compare a tensor's shape and values with what was expected."""
    assert isinstance(got, tt.Tensor), f"{what}: expected a Tensor, got {type(got).__name__}. Hint: {hint}"
    array, wanted = got.detach().numpy(), np.asarray(expected)
    assert array.shape == wanted.shape, (
        f"{what}: expected shape {wanted.shape}, got {array.shape}. Hint: {hint}"
    )
    near = np.isclose(array, wanted, rtol=1e-4, atol=1e-5)
    assert near.all(), f"{what}: {_compared(array, wanted, near)}. Hint: {hint}"


def _equal(got: Any, expected: Any, what: str, hint: str) -> None:
    assert got == expected, f"{what}: expected {expected!r}, got {got!r}. Hint: {hint}"


def _raises(error: type[Exception], do: Callable[[], Any], what: str, hint: str) -> str:
    """Return the message of the error that `do` must raise."""
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error as caught:
        return str(caught)
    except Exception as caught:
        raise AssertionError(
            f"{what}: expected {error.__name__}, got {type(caught).__name__}: {caught}. Hint: {hint}"
        ) from caught
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}. Hint: {hint}")


def _array(tensor: Any) -> Any:
    return tensor.detach().numpy()


# The classes stand inside functions, so that the list of checks can be read before a Module exists.


def _scale(n: int = 2) -> Any:
    """Return a module with a parameter, a buffer and an ordinary attribute that multiplies by the first."""

    class Scale(tt.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = tt.Parameter(tt.ones(n))
            self.register_buffer("mean", tt.zeros(n))
            self.note = "not a tensor"

        def forward(self, x: Any, plus: float = 0.0) -> Any:
            return x * self.factor + plus

    return Scale()


def _pair() -> Any:
    """Return a module with two children, the second of which has another name as well."""

    class Pair(tt.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = _scale()
            self.second = _scale(3)
            self.again = self.second
            self.bias = tt.Parameter(tt.zeros(1))

    return Pair()


def check_parameters_register_themselves() -> None:
    """Register a Parameter, and only a Parameter, when it is assigned to an attribute."""
    module = _scale()
    hint = "__setattr__ looks at the value: a Parameter is noted, anything else is an ordinary attribute"
    _equal([name for name, _ in module.named_parameters()], ["factor"], "names of the parameters", hint)
    assert next(module.parameters()) is module.factor, f"parameters() must give the very object. Hint: {hint}"
    _equal(module.factor.requires_grad, True, "factor.requires_grad", "a Parameter is there to be learned")
    data = tt.ones(2)
    shared = tt.Parameter(data)
    assert np.shares_memory(_array(shared), data.numpy()), "Parameter(tensor) must share the tensor's memory"
    module.factor = tt.Parameter(tt.zeros(5))
    _equal(
        [p.shape for p in module.parameters()],
        [(5,)],
        "shapes after a new assignment",
        "the new one replaces it",
    )
    hint = "once a parameter, always one: assign a Parameter or None"
    _raises(TypeError, lambda: setattr(module, "factor", tt.zeros(2)), "factor = a plain tensor", hint)
    module.extra = tt.zeros(2)
    _equal(len(list(module.parameters())), 1, "parameters after assigning a plain tensor", "it isn't one")
    del module.factor
    _equal(list(module.parameters()), [], "parameters after `del module.factor`", "__delattr__ forgets it")

    class Hasty(tt.Module):
        def __init__(self) -> None:
            self.weight = tt.Parameter(tt.ones(1))

    message = _raises(
        AttributeError, Hasty, "a parameter before super().__init__()", "say so in an AttributeError"
    )
    assert "__init__" in message, f"the error should mention __init__(), but says: {message}"


def check_buffers_are_kept_apart() -> None:
    """Register buffers: part of the state, but not parameters, and not saved if not persistent."""
    module = _scale()
    _equal([name for name, _ in module.named_buffers()], ["mean"], "names of the buffers", "register_buffer")
    module.mean = tt.ones(2)
    _near(next(module.buffers()), [1, 1], "the buffer after an assignment", "a tensor replaces the buffer")
    assert module.get_buffer("mean") is module.mean, "get_buffer('mean') must be module.mean"
    module.register_buffer("scratch", tt.zeros(1), persistent=False)
    module.limit = tt.Buffer(tt.ones(1), persistent=False)
    _equal(
        list(module.state_dict()), ["factor", "mean"], "keys of state_dict", "without what isn't persistent"
    )
    _equal(len(list(module.buffers())), 3, "number of buffers", "those that aren't saved count as well")
    hint = "a buffer must not take the place of another attribute"
    _raises(
        KeyError, lambda: module.register_buffer("forward", tt.zeros(1)), "register_buffer('forward')", hint
    )


def check_names_are_paths() -> None:
    """Walk through the tree: names are paths with dots; what is shared comes once."""
    module = _pair()
    names = [name for name, _ in module.named_modules()]
    _equal(
        names, ["", "first", "second"], "named_modules", "itself with the name '', and a shared module once"
    )
    names = [name for name, _ in module.named_parameters()]
    hint = "own parameters first, then each child's, with the child's name and a dot before them"
    _equal(names, ["bias", "first.factor", "second.factor"], "named_parameters", hint)
    names = [name for name, _ in module.named_parameters(recurse=False)]
    _equal(names, ["bias"], "named_parameters(recurse=False)", "only the module's own")
    _equal([name for name, _ in module.named_children()], ["first", "second"], "named_children", "each once")
    _equal(
        module.get_parameter("second.factor").shape, (3,), "get_parameter('second.factor')", "follow the path"
    )
    assert module.get_submodule("first") is module.first, "get_submodule('first') must be module.first"
    _raises(AttributeError, lambda: module.get_submodule("third"), "get_submodule('third')", "there is none")
    module.first.tied = module.bias
    names = [name for name, _ in module.named_parameters()]
    hint = "a parameter that two modules share comes once, or it would be updated twice"
    _equal(names, ["bias", "first.factor", "second.factor"], "named_parameters with a shared one", hint)


def check_calls_run_forward_and_hooks() -> None:
    """Make a call run forward, with hooks before and after that may replace inputs and output."""
    module, x = _scale(), tt.tensor([1.0, 2.0])
    _near(module(x), [1, 2], "module(x)", "__call__ runs forward")
    _near(module(x, plus=1.0), [2, 3], "module(x, plus=1.0)", "pass keywords on")
    seen = []
    look = module.register_forward_hook(lambda m, args, output: seen.append((m, len(args), output.shape)))
    _near(module(x), [1, 2], "module(x) with a hook that returns None", "None leaves the output as it is")
    _equal(seen, [(module, 1, (2,))], "what the hook saw", "hook(module, args, output)")
    double = module.register_forward_hook(lambda m, args, output: output * 2)
    _near(module(x), [2, 4], "module(x) with a hook that doubles", "what a hook returns replaces the output")
    shift = module.register_forward_pre_hook(lambda m, args: args[0] + 1)
    _near(module(x), [4, 6], "module(x) with a hook before", "it replaces the input: (x + 1) * 2")
    for handle in (look, double, shift):
        handle.remove()
    _near(module(x), [1, 2], "module(x) after the hooks were removed", "handle.remove() takes a hook away")
    _equal(len(seen), 3, "calls of the first hook", "one for each call until it was removed")
    _near(_scale()(x), [1, 2], "another module", "hooks belong to one module, not to the class")


def check_changes_reach_the_whole_tree() -> None:
    """Let train, eval, apply, requires_grad_, zero_grad and to change every module in the tree."""
    module = _pair()
    _equal(module.training, True, "training of a new module", "modules start in training")
    assert module.eval() is module, "eval() must return the module itself"
    _equal(
        [m.training for m in module.modules()],
        [False] * 3,
        "training after eval()",
        "go through all children",
    )
    module.train()
    _equal([m.training for m in module.modules()], [True] * 3, "training after train()", "and back")
    visited: list[Any] = []
    module.apply(visited.append)
    _equal(visited[-1] is module, True, "apply's last call was with the module itself", "children first")
    module.requires_grad_(False)
    _equal(
        any(p.requires_grad for p in module.parameters()), False, "requires_grad_(False)", "all parameters"
    )
    module.requires_grad_()
    for p in module.parameters():
        p.grad = tt.ones_like(p.detach())
    module.zero_grad(set_to_none=False)
    _near(module.bias.grad, [0], "grad after zero_grad(set_to_none=False)", "fill with zeros")
    module.zero_grad()
    _equal([p.grad for p in module.parameters()], [None] * 3, "grads after zero_grad()", "None by default")
    before = list(module.parameters())
    module.first.register_buffer("count", tt.tensor(3))
    module.to(tt.float64)
    _equal({p.dtype for p in module.parameters()}, {tt.float64}, "dtypes after to(float64)", "all parameters")
    _equal(module.first.mean.dtype, tt.float64, "dtype of a buffer after to(float64)", "buffers too")
    _equal(
        module.first.count.dtype, tt.int64, "dtype of an integer buffer after to(float64)", "integers stay"
    )
    _equal(module.float().bias.dtype, tt.float32, "dtype after float()", "to(float32)")
    _equal(module.half().bias.dtype, tt.float16, "dtype after half()", "to(float16)")
    _equal(module.double().bias.dtype, tt.float64, "dtype after double()", "to(float64)")
    assert all(a is b for a, b in zip(before, module.parameters(), strict=True)), (
        "to() made new Parameters. Hint: change their memory; an optimizer holds on to the objects"
    )


def check_init_follows_the_fans() -> None:
    """Fill tensors with numbers whose variance follows from fan-in and fan-out, so that signals survive."""
    tt.manual_seed(0)
    fan_in, fan_out = 400, 200
    cases: list[tuple[str, Callable[[Any], Any], float]] = [
        ("uniform_(w, -1, 1)", lambda w: tt.init.uniform_(w, -1, 1), 1 / 3),
        ("normal_(w, std=0.5)", lambda w: tt.init.normal_(w, std=0.5), 0.25),
        ("xavier_uniform_", tt.init.xavier_uniform_, 2 / (fan_in + fan_out)),
        ("xavier_normal_, gain 2", lambda w: tt.init.xavier_normal_(w, gain=2), 8 / (fan_in + fan_out)),
        ("kaiming_uniform_", tt.init.kaiming_uniform_, 2 / fan_in),
        ("kaiming_normal_", tt.init.kaiming_normal_, 2 / fan_in),
        ("kaiming_normal_, fan_out", lambda w: tt.init.kaiming_normal_(w, mode="fan_out"), 2 / fan_out),
        (
            "kaiming_uniform_, a=sqrt(5)",
            lambda w: tt.init.kaiming_uniform_(w, a=math.sqrt(5)),
            1 / 3 / fan_in,
        ),
    ]
    for name, fill, variance in cases:
        w = tt.Parameter(tt.empty(fan_out, fan_in))
        assert fill(w) is w, f"{name} must fill the tensor in place and return it"
        got = float(_array(w).var())
        assert abs(got / variance - 1) < 0.05, (
            f"{name}: expected a variance of {variance:.5f} for shape (200, 400), got {got:.5f}. "
            "Hint: fan_in is the second dimension; a uniform distribution up to a has the variance a**2 / 3"
        )
        _equal(w.grad_fn, None, f"grad_fn after {name}", "filling must not be recorded")
    kernel = tt.init.kaiming_normal_(tt.empty(64, 16, 3, 3)).numpy()
    assert abs(kernel.var() * 16 * 9 / 2 - 1) < 0.1, "fan_in of (64, 16, 3, 3) is 16 * 3 * 3"
    x = tt.randn(100, 128)
    for _ in range(20):
        x = F.relu(x @ tt.init.kaiming_normal_(tt.empty(128, 128)).T)
    size = x.square().mean().item()
    assert 0.05 < size < 20, f"20 ReLU layers with kaiming_normal_: mean square {size:.1e}, expected about 1"
    _raises(
        ValueError,
        lambda: tt.init.xavier_uniform_(tt.empty(3)),
        "xavier_uniform_ of a vector",
        "it has no fans",
    )


def check_init_orthogonal_and_truncated() -> None:
    """Fill with an orthogonal matrix, with a truncated normal distribution, and with constants."""
    tt.manual_seed(0)
    for shape in ((4, 6), (6, 4)):
        w = tt.init.orthogonal_(tt.empty(*shape), gain=2.0).numpy()
        gram = w @ w.T if shape[0] <= shape[1] else w.T @ w
        assert np.allclose(gram, 4 * np.eye(4), atol=1e-4), (
            f"orthogonal_ of shape {shape}, gain 2: the shorter side must be orthogonal, of length 2"
        )
    w = tt.init.trunc_normal_(tt.empty(20_000), std=1.0, a=-1.0, b=1.5).numpy()
    assert w.min() >= -1, f"trunc_normal_(a=-1): got {w.min()}"
    assert w.max() <= 1.5, f"trunc_normal_(b=1.5): got {w.max()}"
    at_the_ends = float(((w < -0.999) | (w > 1.499)).mean())
    assert at_the_ends < 0.01, "trunc_normal_: many numbers lie on the limits. Hint: draw again, don't clip"
    _near(tt.init.constant_(tt.empty(2), 3), [3, 3], "constant_", "one number everywhere")
    _near(tt.init.eye_(tt.empty(2, 3)), np.eye(2, 3), "eye_", "ones on the diagonal")
    _near(tt.init.zeros_(tt.ones(2)), [0, 0], "zeros_", "zeros")
    _near(tt.init.ones_(tt.zeros(2)), [1, 1], "ones_", "ones")


def check_linear_computes() -> None:
    """Compute `x @ weight.T + bias` for any leading dimensions, with or without bias."""
    rng = np.random.default_rng(0)
    weight, bias = rng.standard_normal((4, 3)), rng.standard_normal(4)
    w, b = tt.tensor(weight), tt.tensor(bias)
    for shape in ((3,), (5, 3), (2, 5, 3), (0, 3)):
        x = rng.standard_normal(shape)
        _near(F.linear(tt.tensor(x), w, b), x @ weight.T + bias, f"linear of {shape}", "weight is (out, in)")
    x = rng.standard_normal((3, 5))
    _near(F.linear(tt.tensor(x).T, w), x.T @ weight.T, "linear of a transposed input", "any memory layout")
    layer = tt.Linear(3, 4, dtype=tt.float64)
    expected = x.T @ _array(layer.weight).T + _array(layer.bias)
    _near(layer(tt.tensor(x.T)), expected, "Linear(3, 4)(x)", "forward is linear with its parameters")
    _equal(
        [n for n, _ in layer.named_parameters()], ["weight", "bias"], "parameters of Linear", "in this order"
    )
    bare = tt.Linear(3, 4, bias=False)
    _equal([n for n, _ in bare.named_parameters()], ["weight"], "parameters with bias=False", "weight alone")
    _equal(bare.bias, None, "bias with bias=False", "register_parameter('bias', None)")
    message = _raises(
        RuntimeError, lambda: bare(tt.ones(2, 5)), "Linear(3, 4) of (2, 5)", "inner lengths must agree"
    )
    assert "5" in message, f"the error should give the shapes, but says: {message}"


def check_linear_starts_small() -> None:
    """Start weights and bias uniform between -1 and 1 over sqrt(in_features), from the seed."""
    tt.manual_seed(1)
    layer = tt.Linear(100, 300)
    tt.manual_seed(1)
    again = tt.Linear(100, 300)
    _near(
        layer.weight, _array(again.weight), "weights after the same seed", "draw from the default generator"
    )
    for name, p in layer.named_parameters():
        values = _array(p)
        assert np.abs(values).max() <= 0.1, f"{name}: up to {np.abs(values).max():.3f}, expected up to 0.1"
        assert abs(values.std() * 10 * math.sqrt(3) - 1) < 0.15, (
            f"{name}: standard deviation {values.std():.4f}, expected 0.1 / sqrt(3). Hint: uniform numbers"
        )


def check_dropout_scales_what_it_keeps() -> None:
    """Zero elements with probability p in training and scale up the others; rest in evaluation."""
    tt.manual_seed(0)
    x = tt.ones(50_000)
    y = F.dropout(x, p=0.2).numpy()
    zeros = float((y == 0).mean())
    assert abs(zeros - 0.2) < 0.01, f"dropout(p=0.2): {zeros:.3f} of the elements are zero, expected 0.2"
    assert np.allclose(y[y != 0], 1.25), (
        f"dropout(p=0.2): kept elements are {y.max()}, expected 1 / (1 - 0.2) = 1.25. "
        "Hint: scale up in training, so that the mean stays"
    )
    _near(x, np.ones(50_000), "the input of dropout", "it must not change")
    assert not np.array_equal(F.dropout(x, p=0.2).numpy(), y), "two calls dropped the same elements"
    layer = tt.Dropout(p=0.5)
    _equal((layer(x) == 0).any().item(), True, "zeros from Dropout in training", "it starts in training")
    layer.eval()
    _near(layer(x), np.ones(50_000), "Dropout in evaluation", "nothing dropped, nothing scaled")
    _near(F.dropout(x, p=0.9, training=False), np.ones(50_000), "dropout(training=False)", "the input")
    _near(F.dropout(x, p=1.0), np.zeros(50_000), "dropout(p=1)", "all zeros, not 0 * inf")
    _raises(ValueError, lambda: tt.Dropout(p=1.5), "Dropout(p=1.5)", "a probability is between 0 and 1")


def check_shape_layers_and_bilinear() -> None:
    """Write Flatten, Unflatten, Identity and Bilinear."""
    x = tt.arange(24.0).reshape(2, 3, 4)
    _equal(tt.Flatten()(x).shape, (2, 12), "shape of Flatten()(2, 3, 4)", "all but the batch")
    _equal(tt.Flatten(0, 1)(x).shape, (6, 4), "shape of Flatten(0, 1)(2, 3, 4)", "from dim 0 to dim 1")
    _equal(
        tt.Unflatten(2, (2, -1))(x).shape, (2, 3, 2, 2), "shape of Unflatten(2, (2, -1))", "-1 is the rest"
    )
    assert tt.Identity(3, anything=True)(x) is x, "Identity takes any arguments and returns its input"
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((5, 3)), rng.standard_normal((5, 4))
    layer = tt.Bilinear(3, 4, 2, dtype=tt.float64)
    weight, bias = _array(layer.weight), _array(layer.bias)
    expected = np.einsum("ni,oij,nj->no", a, weight, b) + bias
    _near(layer(tt.tensor(a), tt.tensor(b)), expected, "Bilinear(3, 4, 2)", "x1 @ weight[k] @ x2 + bias[k]")


def check_containers_hold_modules() -> None:
    """Write Sequential, ModuleList and ModuleDict: their modules are registered children."""
    row = tt.Sequential(_scale(), tt.ReLU(), _scale())
    _near(
        row(tt.tensor([-1.0, 2.0])),
        [0, 2],
        "Sequential(...)(x)",
        "the output of each is the input of the next",
    )
    names = [name for name, _ in row.named_parameters()]
    _equal(
        names, ["0.factor", "2.factor"], "parameters of a Sequential", "children are named by their numbers"
    )
    _equal(len(row), 3, "len of a Sequential", "the number of modules")
    assert row[-1] is next(reversed(list(row))), "row[-1] must be the last module"
    _equal(len(row[:2]), 2, "len of row[:2]", "a slice is a Sequential again")
    named = tt.Sequential(OrderedDict(scale=_scale(), act=tt.ReLU()))
    _equal(
        [n for n, _ in named.named_children()], ["scale", "act"], "children", "an OrderedDict gives the names"
    )
    several = tt.ModuleList([_scale()])
    several.append(_scale())
    several.insert(0, tt.ReLU())
    _equal(
        [n for n, _ in several.named_parameters()], ["1.factor", "2.factor"], "ModuleList", "numbered anew"
    )
    row[0] = tt.Identity()
    _equal([n for n, _ in row.named_parameters()], ["2.factor"], "row[0] = Identity()", "replace the child")
    row.insert(1, _scale())
    del row[0]
    _equal([n for n, _ in row.named_parameters()], ["0.factor", "2.factor"], "insert, del", "number anew")
    last = row.pop(-1)
    _equal((len(row), isinstance(last, tt.Module)), (2, True), "row.pop(-1)", "take the last one out")
    _equal(
        len((row + tt.Sequential(tt.ReLU())) * 2), 6, "(row + Sequential(ReLU())) * 2", "one after the other"
    )
    several += [tt.ReLU()]
    _equal(
        (len(several), len(several[1:3]), len(several + tt.ModuleList([tt.ReLU()]))),
        (4, 2, 5),
        "ModuleList",
        "as a list",
    )
    table = tt.ModuleDict({"a": _scale()})
    table["b"] = tt.ReLU()
    _equal((list(table.keys()), "b" in table, len(table)), (["a", "b"], True, 2), "ModuleDict", "as a dict")
    names = [n for n, _ in table.named_parameters()]
    _equal(names, ["a.factor"], "parameters of a ModuleDict", "children by name")
    kinds = [type(m).__name__ for m in table.values()]
    _equal(kinds, ["Scale", "ReLU"], "values of a ModuleDict", "the modules")
    _equal(
        [name for name, m in table.items() if m is table[name]], ["a", "b"], "items of a ModuleDict", "pairs"
    )
    _equal((list(table), type(table.pop("b")).__name__), (["a", "b"], "ReLU"), "iteration, pop", "as a dict")
    del table["a"]
    _equal(len(table), 0, "len after all was taken out", "as a dict")

    class Holder(tt.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = tt.ModuleList([_scale(), _scale()])

    names = [name for name, _ in Holder().named_parameters()]
    _equal(
        names, ["layers.0.factor", "layers.1.factor"], "a list inside a module", "a ModuleList is a Module"
    )


def check_state_dict_shares_and_loading_copies() -> None:
    """Give the state by name without copying it, and load a state by copying its values."""
    module, other = _pair(), _pair()
    state = module.state_dict()
    keys = [
        "bias",
        "first.factor",
        "first.mean",
        "second.factor",
        "second.mean",
        "again.factor",
        "again.mean",
    ]
    _equal(
        list(state),
        keys,
        "keys of state_dict",
        "parameters, buffers, then children; each path, shared or not",
    )
    _equal(state["bias"].requires_grad, False, "requires_grad in state_dict", "detached")
    module.bias.detach().fill_(7)
    _near(state["bias"], [7], "state_dict after the module changed", "it shares the module's memory")
    snapshot = copy.deepcopy(state)
    kept = other.bias
    result = other.load_state_dict(snapshot)
    _near(other.bias, [7], "bias after load_state_dict", "copy the values")
    assert other.bias is kept, (
        "load_state_dict put a new tensor in place of the parameter. Hint: copy into it"
    )
    snapshot["bias"].fill_(9)
    _near(other.bias, [7], "bias after the loaded tensors changed", "copy values, don't share memory")
    _equal(
        (result.missing_keys, result.unexpected_keys), ([], []), "the result of loading", "two lists of names"
    )


def check_loading_reports_every_mismatch() -> None:
    """Compare all names and shapes before anything is loaded, and name every one that doesn't fit."""
    module = _scale()
    wrong = {"factor": tt.zeros(2), "mean": tt.zeros(3), "more": tt.zeros(1)}
    message = _raises(
        RuntimeError, lambda: module.load_state_dict(wrong), "loading a wrong state", "RuntimeError"
    )
    for word in ("mean", "more"):
        assert word in message, f"the error should name '{word}', but says: {message}"
    _near(module.factor, [1, 1], "factor after the failed loading", "check everything first, then copy")
    message = _raises(
        RuntimeError, lambda: module.load_state_dict({}), "loading an empty state", "missing keys"
    )
    for word in ("factor", "mean"):
        assert word in message, f"the error should name '{word}', but says: {message}"
    result = module.load_state_dict({"factor": tt.zeros(2), "more": tt.zeros(1)}, strict=False)
    _near(module.factor, [0, 0], "factor after strict=False", "what fits is loaded")
    expected = (["mean"], ["more"])
    _equal(
        (result.missing_keys, result.unexpected_keys), expected, "the result of strict=False", "both lists"
    )


def check_repr_is_a_tree() -> None:
    """Show a module as a tree of its children, each with its arguments."""
    _equal(
        repr(tt.Linear(3, 4)),
        "Linear(in_features=3, out_features=4, bias=True)",
        "repr(Linear(3, 4))",
        "extra_repr gives what stands between the brackets",
    )
    _equal(
        repr(tt.Sequential(tt.Linear(3, 4, bias=False), tt.Sequential(tt.Dropout(0.1), tt.Flatten()))),
        "Sequential(\n"
        "  (0): Linear(in_features=3, out_features=4, bias=False)\n"
        "  (1): Sequential(\n"
        "    (0): Dropout(p=0.1, inplace=False)\n"
        "    (1): Flatten(start_dim=1, end_dim=-1)\n"
        "  )\n"
        ")",
        "repr of nested Sequentials",
        "one line for each child, indented by two spaces at each level",
    )
    listed = repr(tt.ModuleList([tt.ReLU(), tt.ReLU(), tt.Unflatten(1, (2, 3))]))
    expected = "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Unflatten(dim=1, unflattened_size=(2, 3))\n)"
    _equal(listed, expected, "repr of a ModuleList", "equal neighbours are shown once, with their numbers")
    shown = repr(tt.Parameter(tt.ones(2)))
    assert shown.startswith("Parameter containing:\ntensor("), f"repr of a Parameter: got {shown!r}"
