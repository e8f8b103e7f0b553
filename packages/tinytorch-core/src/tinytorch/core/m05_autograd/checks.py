"""What a version of the autograd module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt
from tinytorch.core import functional as F


def _leaf(values: Any) -> tt.Tensor:
    return tt.tensor(values, dtype=tt.float64, requires_grad=True)


def _compared(got: Any, expected: Any, near: Any) -> str:
    """Say what was expected and what came; of many elements only the first that differs."""
    if expected.size <= 24:
        return f"expected {expected.tolist()}, got {got.tolist()}"
    at = tuple(int(i) for i in np.argwhere(~near)[0])
    return f"at {list(at)}: expected {expected[at]}, got {got[at]}"


def _grad(tensor: Any, expected: Any, what: str, hint: str) -> None:
    """Compare a tensor's gradient with what was expected."""
    got = tensor.grad
    assert got is not None, f"{what}: expected a gradient, got None. Hint: {hint}"
    array, wanted = got.numpy(), np.asarray(expected)
    assert array.shape == wanted.shape, (
        f"{what}: expected a gradient of shape {wanted.shape}, got {array.shape}. Hint: {hint}"
    )
    near = np.isclose(array, wanted, rtol=1e-4, atol=1e-6)
    assert near.all(), f"{what}: {_compared(array, wanted, near)}. Hint: {hint}"


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


def _measure(what: str, f: Callable[..., Any], *arrays: Any) -> None:
    """Compare the gradients of `f` by all its inputs with slopes measured by moving each element."""
    inputs = [np.array(x, np.float64) for x in arrays]
    tensors = [_leaf(x) for x in inputs]
    out = f(*tensors)
    g = np.cos(np.arange(out.numel(), dtype=np.float64)).reshape(out.shape)  # a different one for each output
    out.backward(tt.tensor(g))
    eps = 1e-6
    for i, (x, t) in enumerate(zip(inputs, tensors, strict=True)):
        slopes = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            ends = []
            for moved in (x[index] + eps, x[index] - eps):
                others = [y.copy() for y in inputs]
                others[i][index] = moved
                ends.append((f(*map(tt.tensor, others)).numpy() * g).sum())
            slopes[index] = (ends[0] - ends[1]) / (2 * eps)
        hint = "measured by moving each element; see the operation's rule"
        _grad(t, slopes, f"gradient of {what} by input {i}", hint)


def _all(cases: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]) -> None:
    for what, (f, arrays) in cases.items():
        _measure(what, f, *arrays)


_rng = np.random.default_rng(0)
BATCH = _rng.standard_normal((2, 3, 4))
A, B = _rng.uniform(-2, 2, (3, 4)), _rng.uniform(0.5, 2, (3, 4))
V, W = _rng.uniform(0.5, 2, 4), _rng.uniform(-2, 2, (4, 2))


def check_chain_rule_on_numbers() -> None:
    """Walk back from a result to its leaves and multiply the slopes on the way."""
    a, b, c = _leaf(2.0), _leaf(-3.0), _leaf(10.0)
    loss = (a * b + c) ** 2
    loss.backward()
    for name, x, expected in (("a", a, -24), ("b", b, 16), ("c", c, 8)):
        _grad(
            x,
            expected,
            f"d(a*b + c)**2 / d{name} at 2, -3, 10",
            "the slope that comes in times the local one",
        )
    assert loss.grad is None, "the result itself isn't a leaf: its grad stays None"
    constant = tt.tensor(3.0, dtype=tt.float64)
    (a * constant).backward()
    assert constant.grad is None, "a tensor that doesn't require a gradient got one. Hint: its edge is None"
    hint = "there is nothing to differentiate: say so"
    _raises(RuntimeError, lambda: constant.backward(), "backward() of a constant", hint)
    hint = "without a gradient to start with, only a single number can be differentiated"
    _raises(RuntimeError, lambda: (_leaf([1.0, 2.0]) * 2).backward(), "backward() of two numbers", hint)
    x = _leaf([1.0, 2.0])
    (x * 3).backward(tt.tensor([1.0, 10.0], dtype=tt.float64))
    _grad(x, [3, 30], "backward(gradient)", "start with the gradient that was given")


def check_gradients_add_up() -> None:
    """Add the gradients of all ways from a leaf to the result, and of all calls."""
    hint = "a gradient is a sum over all ways: += and not ="
    x = _leaf(3.0)
    (x * x + x * x * x).backward()
    _grad(x, 2 * 3 + 3 * 9, "d(x*x + x*x*x)/dx at 3", hint)
    x = _leaf(2.0)
    a = x * 3
    b = a.exp() * 0.01
    ((a * b + b) * a).backward()
    e = np.exp(6) * 0.01
    expected = 3 * ((2 * 6 + 1) * e + (36 + 6) * e)
    hint = "a result may be visited only after everything that used it: the youngest first"
    _grad(x, expected, "a result that is used three times", hint)
    x = _leaf([1.0, 2.0])
    (x * 2).sum().backward()
    (x * 5).sum().backward()
    _grad(x, [7, 7], "two calls of backward", "a second call adds to .grad")
    x.grad = None
    (x * 2).sum().backward()
    _grad(x, [2, 2], "after x.grad = None", "it begins anew")


def check_deep_graphs() -> None:
    """Go through 20,000 operations in a row, and 1,000 diamonds, each of them once."""
    x = _leaf(1.0)
    y = x * 1.0
    for _ in range(20_000):
        y = y + 1e-4
    y.backward()
    _grad(x, 1, "20,000 additions in a row", "use a loop instead of recursion")
    x = _leaf(1.0)
    y = x * 1.0
    for _ in range(1_000):
        y = (y + y) * 0.5
    y.backward()
    _grad(x, 1, "1,000 diamonds in a row", "each node once, not once for each of its 2**1000 ways")


def check_broadcasting_is_undone() -> None:
    """Sum a gradient over the dimensions along which its tensor was repeated."""
    for shape in ((4,), (1, 4), (3, 1), (1, 1), (), (2, 3, 4), (1, 3, 1)):
        x, y = _leaf(np.ones(shape)), _leaf(np.full((3, 4), 2.0))
        out = x * y
        out.backward(tt.ones(out.shape, dtype=tt.float64))
        repeats = out.numel() / max(1, int(np.prod(shape)))
        hint = "sum over what was added or stretched from 1, and give it the tensor's own shape"
        _grad(x, np.full(shape, 2 * repeats), f"{shape} times (3, 4)", hint)
        _grad(y, np.full((3, 4), out.numel() / 12), f"(3, 4) times {shape}", hint)
    single, double = tt.ones(2, requires_grad=True), _leaf([1.0, 1.0])
    (single * double).sum().backward()
    assert single.grad is not None, "the float32 input of float32 * float64 got no gradient"
    assert single.grad.dtype == tt.float32, (
        f"gradient of a float32 tensor: got {single.grad.dtype}. Hint: a gradient has its tensor's dtype"
    )


def check_rules_of_arithmetic() -> None:
    """Write the rules of arithmetic and of the functions of one number."""
    _all(
        {
            "x + y": (lambda x, y: x + y, (A, V)),
            "x - y": (lambda x, y: x - y, (A, V)),
            "x * y": (lambda x, y: x * y, (A, B)),
            "x / y": (lambda x, y: x / y, (A, V)),
            "2 / x": (lambda x: 2 / x, (B,)),
            "x % y": (lambda x, y: x % y, (A, B)),
            "x ** 3": (lambda x: x**3, (A,)),
            "x ** y": (lambda x, y: x**y, (B, A)),
            "maximum": (tt.maximum, (A, B)),
            "minimum": (tt.minimum, (A, B)),
            "lerp": (tt.lerp, (A, B, A / 4 + 0.5)),
            "clamp": (lambda x: x.clamp(-0.5, 0.7), (A,)),
            "where": (lambda x, y: tt.where(x > 0, x * x, y), (A, B)),
            "masked_fill": (lambda x: x.masked_fill(x > 0, 3.0), (A,)),
        }
    )
    for name in ("exp", "log", "log1p", "log2", "sqrt", "rsqrt", "reciprocal", "sin", "cos", "tan", "tanh"):
        _measure(name, getattr(tt, name), B * 0.5)
    for name in ("sinh", "cosh", "erf", "abs", "neg", "square", "sign", "floor", "expm1"):
        _measure(name, getattr(tt, name), A)
    for name in ("asin", "acos", "atan", "log10"):
        _measure(name, getattr(tt, name), B * 0.4)
    x = tt.ones(2, requires_grad=True)
    (x.to(tt.float64) * 3).sum().backward()
    _grad(x, [3, 3], "to(float64)", "a conversion passes the gradient through")


def check_rules_of_reductions() -> None:
    """Write the rules of sums, means, maxima and their kin."""
    _all(
        {
            "sum": (lambda x: x.sum(), (A,)),
            "sum(dim=0)": (lambda x: x.sum(0), (A,)),
            "sum(dim=(0, 1), keepdim)": (lambda x: x.sum((0, 1), keepdim=True), (A,)),
            "mean(dim=1)": (lambda x: x.mean(1), (A,)),
            "var(dim=1)": (lambda x: x.var(1), (A,)),
            "std": (lambda x: x.std(), (A,)),
            "prod(dim=0)": (lambda x: x.prod(0), (np.where(A > 1.5, 0, A),)),
            "max(dim=1)": (lambda x: x.max(1).values, (A,)),
            "amin(dim=(0, 1))": (lambda x: x.amin((0, 1)), (A,)),
            "cumsum(dim=1)": (lambda x: x.cumsum(1), (A,)),
            "cumprod(dim=1)": (lambda x: tt.cumprod(x, 1), (A,)),
            "logsumexp(dim=1)": (lambda x: x.logsumexp(1), (A * 10,)),
            "norm": (lambda x: x.norm(), (A,)),
        }
    )


def check_rules_of_products() -> None:
    """Write the rules of matrix products, for vectors, matrices and batches."""
    _all(
        {
            "(3, 4) @ (4, 2)": (lambda x, y: x @ y, (A, W)),
            "(4,) @ (4,)": (lambda x, y: x @ y, (V, V + 1)),
            "(3, 4) @ (4,)": (lambda x, y: x @ y, (A, V)),
            "(4,) @ (4, 2)": (lambda x, y: x @ y, (V, W)),
            "(2, 3, 4) @ (4, 2)": (lambda x, y: x @ y, (BATCH, W)),
            "(2, 3, 4) @ (1, 4, 2)": (lambda x, y: x @ y, (BATCH, W[None])),
            "einsum": (lambda x, y: tt.einsum("bij,jk->bk", x, y), (BATCH, W)),
            "mm": (tt.mm, (A, W)),
            "bmm": (tt.bmm, (BATCH, BATCH.transpose(0, 2, 1).copy())),
            "mv": (tt.mv, (A, V)),
            "dot": (tt.dot, (V, V + 1)),
            "outer": (tt.outer, (V, V[:2])),
            "addmm": (lambda x, y, z: tt.addmm(x, y, z, beta=0.5, alpha=2.0), (V[:2], A, W)),
        }
    )


def _assigned(x: Any, y: Any) -> Any:
    x = x * 1
    x[tt.tensor([2, 0])] = y
    return x


def check_rules_of_shapes_and_indices() -> None:
    """Write the rules of operations that move numbers; what is taken twice gets both gradients."""
    twice = tt.tensor([0, 2, 0])
    places = tt.tensor([[0, 1, 1, 2], [2, 2, 0, 0], [1, 0, 1, 0]])
    _all(
        {
            "reshape": (lambda x: x.reshape(2, 6), (A,)),
            "permute": (lambda x: x.permute(1, 0), (A,)),
            "T of a product": (lambda x: (x * x).T, (A,)),
            "transpose, movedim": (lambda x: x.transpose(0, 2).movedim(0, 1), (BATCH,)),
            "roll": (lambda x: x.roll(1, 0), (A,)),
            "expand": (lambda x: x.expand(2, 3, 4), (A,)),
            "squeeze, unsqueeze": (lambda x: x.unsqueeze(1).squeeze(), (A,)),
            "repeat": (lambda x: x.repeat(2, 1), (A,)),
            "flip": (lambda x: x.flip((0,)), (A,)),
            "tril": (lambda x: x.tril(), (A,)),
            "triu": (lambda x: x.triu(1), (A,)),
            "diagonal": (lambda x: tt.diagonal(x), (A,)),
            "diag": (lambda x: tt.diag(x), (V,)),
            "cat": (lambda x, y: tt.cat([x, y, x], 1), (A, B)),
            "stack": (lambda x, y: tt.stack([x, y]), (A, B)),
            "split": (lambda x: x.split([1, 3], 1)[1], (A,)),
            "x[1:, None, ::2]": (lambda x: x[1:, None, ::2], (A,)),
            "x[[0, 2, 0]]": (lambda x: x[twice], (A,)),
            "x[x > 0]": (lambda x: x[x > 0], (A,)),
            "gather": (lambda x: x.gather(0, places), (A,)),
            "scatter_add": (lambda x, y: x.scatter_add(0, places, y), (A, B)),
            "scatter": (lambda x, y: x.scatter(1, tt.tensor([[1], [0], [3]]), y), (A, B[:, :1])),
            "index_add": (lambda x, y: x.index_add(0, twice, y), (A, B)),
            "x[[2, 0]] = y": (_assigned, (A, B[:2])),
            "index_select": (lambda x: x.index_select(0, twice), (A,)),
            "sort": (lambda x: x.sort(1).values, (A,)),
            "pad": (lambda x: F.pad(x, (1, 2)), (A,)),
            "clone": (lambda x: x.clone(), (A,)),
        }
    )


def check_rules_of_networks() -> None:
    """Write the rules of activations, layers and losses."""
    for name in (
        "relu",
        "leaky_relu",
        "elu",
        "selu",
        "sigmoid",
        "logsigmoid",
        "tanh",
        "gelu",
        "silu",
        "mish",
    ):
        _measure(name, getattr(F, name), A)
    classes = tt.tensor([1, 3, 0])
    yes = 1 / (1 + np.exp(-B))
    weight = tt.tensor(V)
    _all(
        {
            "gelu by tanh": (lambda x: F.gelu(x, approximate="tanh"), (A,)),
            "softplus": (lambda x: F.softplus(x, 2.0, 1.0), (A,)),
            "hardtanh": (F.hardtanh, (A,)),
            "softmax": (lambda x: F.softmax(x, dim=1), (A,)),
            "log_softmax": (lambda x: F.log_softmax(x, dim=0), (A,)),
            "linear": (F.linear, (BATCH, W.T, V[:2])),
            "bilinear": (F.bilinear, (A, B, np.outer(V, np.arange(8)).reshape(2, 4, 4), V[:2])),
            "mse_loss": (F.mse_loss, (A, B)),
            "l1_loss": (F.l1_loss, (A, B)),
            "huber_loss": (lambda x, y: F.huber_loss(x, y, delta=0.7), (A, B)),
            "cross_entropy": (lambda x: F.cross_entropy(x, classes), (A,)),
            "cross_entropy with options": (
                lambda x: F.cross_entropy(x, classes, weight, ignore_index=3, label_smoothing=0.2),
                (A,),
            ),
            "cross_entropy of probabilities": (lambda x: F.cross_entropy(x, tt.tensor(yes)), (A,)),
            "nll_loss": (lambda x: F.nll_loss(x, classes, reduction="none"), (A,)),
            "binary_cross_entropy": (lambda x: F.binary_cross_entropy(x, tt.tensor(yes)), (yes**2,)),
            "with logits": (
                lambda x: F.binary_cross_entropy_with_logits(x, tt.tensor(yes), pos_weight=weight),
                (A,),
            ),
            "kl_div": (lambda x, y: F.kl_div(x, y, reduction="batchmean"), (A, B)),
        }
    )
    tt.manual_seed(0)
    x = _leaf(np.ones(1000))
    out = F.dropout(x, 0.5)
    out.sum().backward()
    _grad(x, out.detach().numpy(), "dropout", "the same mask as on the way forwards, scaled alike")


def check_gradients_share_no_memory() -> None:
    """Let no rule change what it was given or saved, and let no two gradients share an array."""
    x, y = _leaf([1.0, 2.0]), _leaf([3.0, 4.0])
    g = tt.tensor([1.0, 10.0], dtype=tt.float64)
    (x + y).backward(g)
    assert x.grad is not None, "x of x + y got no gradient"
    x.grad.zero_()
    _grad(y, [1, 10], "y.grad after x.grad was zeroed", "x + y gives both the same g: copy it for the leaves")
    assert g.tolist() == [1, 10], "the gradient that was given shares memory with x.grad. Hint: copy it"
    for name in ("exp", "sigmoid", "relu", "tanh", "silu"):
        x = _leaf([-0.5, 0.3])
        out = getattr(tt if name == "exp" else F, name)(x)
        before = out.detach().numpy().copy()
        g = tt.tensor([1.0, 2.0], dtype=tt.float64)
        out.backward(g, retain_graph=True)
        first = None if x.grad is None else x.grad.numpy().copy()
        x.grad = None
        hint = "a rule must not write into g, the inputs or the output; make an array of your own"
        assert g.tolist() == [1, 2], f"the rule of {name} changed the gradient it was given. Hint: {hint}"
        assert np.array_equal(out.detach().numpy(), before), f"the rule of {name} changed out. Hint: {hint}"
        assert x.tolist() == [-0.5, 0.3], f"the rule of {name} changed its input. Hint: {hint}"
        out.backward(g)
        _grad(x, first, f"second gradient of {name}", hint)
    x, y = _leaf([1.0, 2.0]), _leaf([1.0, 1.0])
    total = x + y
    (total * 2 + x + total).sum().backward()
    _grad(y, [3, 3], "y in (x + y) * 2 + x + (x + y)", "add in place only to arrays that nobody else holds")


def check_graph_is_freed() -> None:
    """Let go of what was kept as the walk proceeds, leave no cycles, and refuse a second walk."""
    x = _leaf([1.0, 2.0])
    loss = x.exp().sum()
    loss.backward()
    message = _raises(
        RuntimeError, lambda: loss.backward(), "a second backward", "what it needs is gone: say so"
    )
    assert "second time" in message, f"the error should say that this is the second time, but says: {message}"
    loss = x.exp().sum()
    loss.backward(retain_graph=True)
    loss.backward()
    _grad(
        x,
        3 * np.exp([1.0, 2.0]),
        "three backwards in all",
        "retain_graph=True keeps everything for another one",
    )
    gc.collect()
    gc.disable()
    try:
        alive = [ref for ref in _dropped(x) if ref() is not None]
    finally:
        gc.enable()
    assert not alive, "results live on after they were dropped. Hint: a node must not refer to its own output"


def _dropped(x: Any) -> list[Any]:
    """Make two results and walk back from them; return weak references to them, which were dropped."""
    middle = x * 2
    result = middle.exp().sum()
    result.backward()
    return [weakref.ref(middle), weakref.ref(result)]


def check_in_place_changes_are_noticed() -> None:
    """Refuse a gradient whose rule needs a value that was changed meanwhile; allow all other changes."""
    x = _leaf([1.0, 2.0])
    y = x.exp()
    y.add_(1)
    hint = "the rule of exp needs its output: compare the time of the change with the node's birth"
    message = _raises(RuntimeError, lambda: y.sum().backward(), "exp, changed in place", hint)
    assert "inplace" in message, f"the error should mention an inplace operation, but says: {message}"
    x, w = _leaf([1.0, 2.0]), tt.tensor([3.0, 4.0], dtype=tt.float64)
    loss = (x * w).sum()
    w[0] = 100
    _raises(RuntimeError, lambda: loss.backward(), "a factor, changed by assignment", "x * w needs w for x")
    x = _leaf([1.0, 2.0])
    y = x * 2
    y.mul_(3)
    y.sum().backward()
    _grad(x, [6, 6], "(x * 2) times 3 in place", "the rule of x * 2 doesn't need its output")
    x = _leaf([1.0, 2.0, 3.0])
    y = x * 1
    y[1:] = y[1:] * 10
    y.sum().backward()
    _grad(x, [1, 10, 10], "an assignment to a part", "the gradient flows through the change of a view")


def check_no_grad_records_nothing() -> None:
    """Switch recording off and on again, as a context, as a decorator, and after errors."""
    x = _leaf([1.0, 2.0])
    with tt.no_grad():
        y = x * 2
        with tt.enable_grad():
            z = x * 2
        for inner in (tt.no_grad(), tt.set_grad_enabled(True)):
            with inner:
                pass
        assert not (x * 2).requires_grad, "an inner block must restore what was before it, not switch on"
    assert not y.requires_grad, "a result under no_grad() requires a gradient"
    assert y.grad_fn is None, "a result under no_grad() has a history"
    assert z.requires_grad, "enable_grad() inside no_grad() must switch recording on again"
    assert (x * 2).requires_grad, "recording must be on again after the block"

    @tt.no_grad()
    def double(t: Any) -> Any:
        return t * 2

    assert not double(x).requires_grad, "no_grad() must work as a decorator"
    try:
        with tt.no_grad():
            raise ValueError
    except ValueError:
        pass
    assert tt.is_grad_enabled(), (
        "recording stayed off after an error in the block. Hint: __exit__ always runs"
    )
    with tt.no_grad():
        x -= 0.5
    assert x.tolist() == [0.5, 1.5], "a leaf may be changed under no_grad()"
    assert x.is_leaf, "a leaf that was changed under no_grad() must stay a leaf"
    with tt.set_grad_enabled(False):
        assert not (x * 2).requires_grad, "set_grad_enabled(False) must switch recording off"


def check_hooks_and_grad() -> None:
    """Show gradients on their way to hooks, keep them on request, and return them without storing."""
    x = _leaf([1.0, 2.0])
    y = x * 3
    seen: list[Any] = []
    y.register_hook(lambda g: seen.append(g.tolist()))
    handle = x.register_hook(lambda g: g * 10)
    y.retain_grad()
    (y * y).sum().backward()
    assert seen == [[6, 12]], f"the hook on y: expected one call with [6, 12], got {seen}"
    _grad(y, [6, 12], "y.grad after retain_grad()", "keep it, though y isn't a leaf")
    _grad(
        x,
        [180, 360],
        "x.grad with a hook that returns g * 10",
        "what a hook returns takes the gradient's place",
    )
    handle.remove()
    x.grad = None
    (x * 3).sum().backward()
    _grad(x, [3, 3], "x.grad after the hook was removed", "remove() takes it away")
    x, y = _leaf([1.0, 2.0]), _leaf([1.0, 1.0])
    z = x * y
    gx, gz = tt.grad((z * z).sum(), (x, z))
    assert gx is not None, "grad((z * z).sum(), (x, z)) gave None for x"
    assert gz is not None, "grad((z * z).sum(), (x, z)) gave None for z"
    assert gx.tolist() == [2, 4], f"grad by the leaf x: expected [2, 4], got {gx.tolist()}"
    assert gz.tolist() == [2, 4], f"grad by the result z: expected [2, 4], got {gz.tolist()}"
    assert x.grad is None, "grad() must not store anything in x.grad"
    assert y.grad is None, "grad() must not store anything in y.grad"
    _raises(
        RuntimeError, lambda: tt.grad((x * 2).sum(), y), "grad by an unused input", "unless allow_unused=True"
    )
    assert tt.grad((x * 2).sum(), y, allow_unused=True) == (None,), "allow_unused=True gives None"


def check_tools_find_faults() -> None:
    """Find wrong rules by measuring, the origin of a nan, and draw what was recorded."""
    x = _leaf([[0.5, -1.0], [2.0, 0.1]])
    assert tt.gradcheck(lambda t: tt.exp(t) @ t, x), "gradcheck must accept a right gradient"

    def wrong(t: Any) -> Any:
        return t * t.detach()

    assert not tt.gradcheck(wrong, x, raise_exception=False), "gradcheck must see that d(x*x)/dx isn't x"
    _raises(RuntimeError, lambda: tt.gradcheck(wrong, x), "gradcheck of a wrong gradient", "GradcheckError")
    assert x.grad is None, "gradcheck must not leave gradients behind"

    def forwards() -> None:
        with tt.detect_anomaly():
            tt.log(x).sum()

    message = _raises(RuntimeError, forwards, "log of a negative number", "detect_anomaly() watches results")
    assert "log" in message, f"the error should name the operation 'log', but says: {message}"

    def backwards() -> None:
        zero = _leaf([0.0])
        with tt.detect_anomaly():
            (tt.sqrt(zero) * 0).sum().backward()

    message = _raises(RuntimeError, backwards, "0 * inf in the gradient of sqrt(0)", "watch the walk, too")
    assert "sqrt" in message, f"the error should name the operation 'sqrt', but says: {message}"
    loss = (x * 2).sum()
    drawn = tt.draw_graph(loss, names={"x": x})
    for word in ("x 2x2", "mul", "sum", "-->"):
        assert word in drawn, f"draw_graph((x * 2).sum()) should contain {word!r}, but gives:\n{drawn}"
    assert "->" in tt.draw_graph(loss, format="dot"), "draw_graph(format='dot') should contain arrows, '->'"
    loss.backward()
    _grad(x, np.full((2, 2), 2), "backward after drawing", "drawing must change nothing")
    tt.opcheck(tt.exp, (x.detach(),))
