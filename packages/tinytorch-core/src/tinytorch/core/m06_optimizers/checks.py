"""What a version of the optimizers module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt

START = [1.0, -2.0, 3.0]


def _parameter(values: Any = START) -> tt.Tensor:
    return tt.tensor(values, dtype=tt.float64, requires_grad=True)


def _gradients(steps: int = 30) -> Any:
    """Return gradients of three very different sizes, for a number of steps."""
    return np.random.default_rng(0).standard_normal((steps, 3)) * [1, 10, 0.1] + [0.5, 0, 0.1]


def _path(make: Callable[[Any], Any], gradients: Any, start: Any = START) -> Any:
    """Give an optimizer one gradient after the other and return where the parameter was after each step."""
    p = _parameter(start)
    optimizer = make([p])
    places = []
    for g in gradients:
        p.grad = tt.tensor(g)
        optimizer.step()
        places.append(p.detach().numpy().copy())
    return np.array(places)


def _follows(what: str, make: Callable[[Any], Any], update: Callable[..., Any], hint: str) -> None:
    """Compare an optimizer's path with `update(t, p, g, memory)`, which returns the next p."""
    gradients = _gradients()
    got = _path(make, gradients)
    p: Any = np.array(START)
    memory: dict[str, Any] = {}
    for t, (g, place) in enumerate(zip(gradients, got, strict=True), start=1):
        p = update(t, p, g, memory)
        assert np.allclose(place, p, rtol=1e-6, atol=1e-9), (
            f"{what}, step {t}: expected {p.tolist()}, got {place.tolist()}. Hint: {hint}"
        )


def _raises(error: type[Exception], do: Callable[[], Any], what: str, hint: str) -> None:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error:
        return
    except Exception as caught:
        raise AssertionError(
            f"{what}: expected {error.__name__}, got {type(caught).__name__}: {caught}. Hint: {hint}"
        ) from caught
    raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}. Hint: {hint}")


def check_sgd_descends() -> None:
    """Take steps of lr times the gradient, against it."""
    _follows("SGD(lr=0.1)", lambda p: tt.SGD(p, lr=0.1), lambda t, p, g, m: p - 0.1 * g, "p = p - lr * g")
    x = _parameter([1.0])
    optimizer = tt.SGD([x], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (2 * x * x).sum().backward()
        optimizer.step()
    got = x.item()
    assert math.isclose(got, 0.6**3), f"three steps down 2 * x**2 from 1: expected 0.6**3 = 0.216, got {got}"


def check_sgd_remembers_its_velocity() -> None:
    """Add momentum, dampening and Nesterov's look ahead."""

    def velocity(t: int, g: Any, m: Any, dampening: float = 0.0) -> Any:
        m["v"] = g if t == 1 else 0.9 * m["v"] + (1 - dampening) * g
        return m["v"]

    _follows(
        "SGD(lr=0.1, momentum=0.9)",
        lambda p: tt.SGD(p, lr=0.1, momentum=0.9),
        lambda t, p, g, m: p - 0.1 * velocity(t, g, m),
        "v = momentum * v + g; p = p - lr * v",
    )
    _follows(
        "SGD(lr=0.1, momentum=0.9, dampening=0.5)",
        lambda p: tt.SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
        lambda t, p, g, m: p - 0.1 * velocity(t, g, m, 0.5),
        "the first velocity is the whole first gradient; later ones take up (1 - dampening) * g",
    )
    _follows(
        "SGD(lr=0.1, momentum=0.9, nesterov=True)",
        lambda p: tt.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        lambda t, p, g, m: p - 0.1 * (g + 0.9 * velocity(t, g, m)),
        "step along g + momentum * v, with the new v",
    )


def check_groups_have_their_own_options() -> None:
    """Keep parameters in groups, each with its own options, which may be changed between steps."""
    a, b = _parameter([1.0]), _parameter([1.0])
    optimizer = tt.SGD([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.1)
    a.grad = b.grad = tt.tensor([1.0], dtype=tt.float64)
    optimizer.step()
    hint = "a group's own option comes before the default"
    assert a.tolist() == [0.9], f"a with lr=0.1: expected [0.9], got {a.tolist()}. Hint: {hint}"
    assert b.tolist() == [0.5], f"b with lr=0.5: expected [0.5], got {b.tolist()}. Hint: {hint}"
    optimizer.param_groups[0]["lr"] = 0.2
    optimizer.step()
    assert np.allclose(a.tolist(), 0.7), f"a after lr was set to 0.2: expected 0.7, got {a.tolist()}"
    c = _parameter([1.0])
    optimizer.add_param_group({"params": [c]})
    c.grad = tt.tensor([1.0], dtype=tt.float64)
    optimizer.step()
    assert c.tolist() == [0.9], f"a group that was added: expected the default lr, [0.9], got {c.tolist()}"
    given = optimizer.param_groups[0]["params"]
    assert given[0] is a, "param_groups[0]['params'] must hold the very parameters"
    _raises(
        ValueError, lambda: optimizer.add_param_group({"params": [c]}), "c in two groups", "one group each"
    )


def check_step_changes_the_memory() -> None:
    """Work in the parameters' own memory, leave out those without gradient, and mark the change."""
    p, unused = _parameter(), _parameter([5.0])
    memory = p.detach()
    optimizer = tt.Adam([p, unused], lr=0.1)
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    assert optimizer.step() is None, "step() without a closure returns None"
    hint = "write into p's array; whoever else holds the parameter must see the step"
    assert memory.tolist() == p.tolist(), f"the step made a new array. Hint: {hint}"
    assert p.tolist() != START, f"the step left the parameter at {START}"
    assert p.is_leaf, "the parameter must stay a leaf. Hint: the step isn't recorded"
    assert unused.tolist() == [5], (
        f"a parameter without gradient moved to {unused.tolist()}. Hint: leave it out"
    )
    hint = "mark_changed: a backward that needs the old values must fail, not give a wrong gradient"
    _raises(RuntimeError, lambda: loss.backward(), "backward through values from before the step", hint)
    column = _parameter([[1.0, 2.0], [3.0, 4.0]]).detach().T.requires_grad_()
    column.grad = tt.ones(2, 2, dtype=tt.float64)
    tt.SGD([column], lr=1.0).step()
    assert column.tolist() == [[0, 2], [1, 3]], f"a transposed parameter: got {column.tolist()}. Hint: {hint}"
    single = tt.tensor(1.0, requires_grad=True)
    single.grad = tt.tensor(1.0)
    tt.SGD([single], lr=0.5).step()
    assert single.item() == 0.5, f"a 0-d parameter: expected 0.5, got {single.item()}"

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    before = float((p.detach() * p.detach()).sum().item())
    result = optimizer.step(closure)
    assert result is not None, "step(closure): expected the closure's loss, got None"
    assert math.isclose(result.item(), before), "step(closure) must return the loss from before the step"


def check_zero_grad_forgets() -> None:
    """Forget the gradients of all parameters in all groups."""
    a, b = _parameter([1.0]), _parameter([2.0])
    optimizer = tt.SGD([{"params": [a]}, {"params": [b]}], lr=0.1)
    (a * b).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert a.grad is not None, "zero_grad(set_to_none=False): a.grad is None. Hint: fill it with zeros"
    assert a.grad.tolist() == [0], f"zero_grad(set_to_none=False): a.grad is {a.grad.tolist()}, expected [0]"
    optimizer.zero_grad()
    assert a.grad is None, f"zero_grad(): expected a.grad to be None, got {a.grad}"
    assert b.grad is None, f"zero_grad(): expected b.grad to be None, got {b.grad}"


def check_bad_options_are_refused() -> None:
    """Refuse options out of range, and things that aren't parameters."""
    p = [_parameter()]
    for what, make in {
        "SGD(lr=-1)": lambda: tt.SGD(p, lr=-1),
        "SGD(momentum=-0.1)": lambda: tt.SGD(p, lr=0.1, momentum=-0.1),
        "SGD(nesterov) without momentum": lambda: tt.SGD(p, lr=0.1, nesterov=True),
        "Adam(betas=(1.0, 0.9))": lambda: tt.Adam(p, betas=(1.0, 0.9)),
        "Adam(eps=-1)": lambda: tt.Adam(p, eps=-1),
        "RMSprop(alpha=-1)": lambda: tt.RMSprop(p, alpha=-1),
        "Adagrad(lr_decay=-1)": lambda: tt.Adagrad(p, lr_decay=-1),
        "no parameters": lambda: tt.SGD([], lr=0.1),
        "a result instead of a leaf": lambda: tt.SGD([p[0] * 2], lr=0.1),
    }.items():
        _raises(ValueError, make, what, "check options when the optimizer is made")
    bad: Any = p[0]
    _raises(
        TypeError, lambda: tt.SGD(bad, lr=0.1), "a tensor instead of a list", "parameters come in an iterable"
    )
    bad = ["weight"]
    _raises(TypeError, lambda: tt.SGD(bad, lr=0.1), "a name instead of a tensor", "each one must be a Tensor")


def check_weight_decay_and_maximize() -> None:
    """Add weight_decay * p to the gradient, and go up instead of down on request."""
    _follows(
        "SGD(lr=0.1, weight_decay=0.2)",
        lambda p: tt.SGD(p, lr=0.1, weight_decay=0.2),
        lambda t, p, g, m: p - 0.1 * (g + 0.2 * p),
        "g = g + weight_decay * p, before anything else",
    )
    _follows(
        "SGD(lr=0.1, weight_decay=0.2, maximize=True)",
        lambda p: tt.SGD(p, lr=0.1, weight_decay=0.2, maximize=True),
        lambda t, p, g, m: p - 0.1 * (-g + 0.2 * p),
        "turn the gradient round, but not the decay",
    )
    p, g = _parameter(), tt.tensor([1.0, 1.0, 1.0], dtype=tt.float64)
    p.grad = g
    tt.Adam([p], lr=0.1, weight_decay=0.5, maximize=True).step()
    assert g.tolist() == [1, 1, 1], (
        f"the step changed the gradient to {g.tolist()}. Hint: use memory of its own"
    )


def check_adagrad_shortens_its_steps() -> None:
    """Divide by the root of the sum of all squares so far."""

    def update(t: int, p: Any, g: Any, m: Any, first: float = 0.0, decay: float = 0.0) -> Any:
        m["s"] = m.get("s", first) + g * g
        return p - 0.1 / (1 + (t - 1) * decay) * g / (np.sqrt(m["s"]) + 1e-10)

    hint = "s = s + g**2; p = p - lr * g / (sqrt(s) + eps)"
    _follows("Adagrad(lr=0.1)", lambda p: tt.Adagrad(p, lr=0.1), update, hint)
    _follows(
        "Adagrad(lr=0.1, lr_decay=0.1, initial_accumulator_value=2)",
        lambda p: tt.Adagrad(p, lr=0.1, lr_decay=0.1, initial_accumulator_value=2.0),
        lambda t, p, g, m: update(t, p, g, m, 2.0, 0.1),
        "lr / (1 + (t - 1) * lr_decay), with t = 1 for the first step",
    )


def check_rmsprop_forgets() -> None:
    """Divide by the root of a running mean of squares, with momentum or centered on request."""

    def update(t: int, p: Any, g: Any, m: Any, momentum: float = 0.0, centered: bool = False) -> Any:
        m["s"] = 0.9 * m.get("s", 0) + 0.1 * g * g
        m["a"] = 0.9 * m.get("a", 0) + 0.1 * g
        root = np.sqrt(m["s"] - m["a"] ** 2 if centered else m["s"]) + 1e-8
        m["v"] = momentum * m.get("v", 0) + g / root
        return p - 0.1 * m["v"]

    hint = "s = alpha * s + (1 - alpha) * g**2; p = p - lr * g / (sqrt(s) + eps), eps outside the root"
    _follows("RMSprop(lr=0.1, alpha=0.9)", lambda p: tt.RMSprop(p, lr=0.1, alpha=0.9), update, hint)
    _follows(
        "RMSprop(lr=0.1, alpha=0.9, momentum=0.5)",
        lambda p: tt.RMSprop(p, lr=0.1, alpha=0.9, momentum=0.5),
        lambda t, p, g, m: update(t, p, g, m, momentum=0.5),
        "v = momentum * v + g / (sqrt(s) + eps); p = p - lr * v",
    )
    _follows(
        "RMSprop(lr=0.1, alpha=0.9, centered=True)",
        lambda p: tt.RMSprop(p, lr=0.1, alpha=0.9, centered=True),
        lambda t, p, g, m: update(t, p, g, m, centered=True),
        "sqrt(s - a**2), where a is the running mean of the gradients",
    )


def check_adam_begins_with_steps_of_lr() -> None:
    """Correct both means for the zeros that they begin with, so that the first step is lr."""
    for sizes in ([1.0, -1.0, 1.0], [100.0, 0.01, -3.0]):
        moved = START - _path(lambda p: tt.Adam(p, lr=0.01), [np.array(sizes)])[0]
        expected = 0.01 * np.sign(sizes)
        assert np.allclose(moved, expected, rtol=1e-4), (
            f"Adam(lr=0.01), first step with gradients {sizes}: expected to move by {expected.tolist()}, "
            f"got {moved.tolist()}. Hint: divide m by 1 - beta1**t and v by 1 - beta2**t, with t = 1 now"
        )


def _adam(t: int, p: Any, g: Any, m: Any, lr: float = 0.1, b1: float = 0.9, b2: float = 0.999) -> Any:
    m["m"] = b1 * m.get("m", 0) + (1 - b1) * g
    m["v"] = b2 * m.get("v", 0) + (1 - b2) * g * g
    m["largest"] = np.maximum(m.get("largest", 0), m["v"])
    v = m["largest" if m.get("amsgrad") else "v"]
    return p - lr * m["m"] / (1 - b1**t) / (np.sqrt(v / (1 - b2**t)) + 1e-8)


def check_adam_over_many_steps() -> None:
    """Follow Adam's path, also with other betas, with an L2 penalty and with amsgrad."""
    hint = "m and v are running means of g and g**2; eps is added after the root of the corrected v"
    _follows("Adam(lr=0.1)", lambda p: tt.Adam(p, lr=0.1), _adam, hint)
    _follows(
        "Adam(betas=(0.5, 0.6))",
        lambda p: tt.Adam(p, lr=0.1, betas=(0.5, 0.6)),
        lambda t, p, g, m: _adam(t, p, g, m, b1=0.5, b2=0.6),
        hint,
    )
    _follows(
        "Adam(weight_decay=0.3)",
        lambda p: tt.Adam(p, lr=0.1, weight_decay=0.3),
        lambda t, p, g, m: _adam(t, p, g + 0.3 * p, m),
        "in Adam the decay is a part of the gradient",
    )
    _follows(
        "Adam(betas=(0.9, 0.5), amsgrad=True)",
        lambda p: tt.Adam(p, lr=0.1, betas=(0.9, 0.5), amsgrad=True),
        lambda t, p, g, m: _adam(t, p, g, _with(m, amsgrad=True), b2=0.5),
        "divide by the largest v so far, corrected by the present 1 - beta2**t",
    )


def _with(memory: dict[str, Any], **more: Any) -> dict[str, Any]:
    memory.update(more)
    return memory


def check_adamw_shrinks_apart_from_the_gradient() -> None:
    """Shrink the weights by lr * weight_decay, apart from the gradient and its size."""
    _follows(
        "AdamW(lr=0.1, weight_decay=0.3)",
        lambda p: tt.AdamW(p, lr=0.1, weight_decay=0.3),
        lambda t, p, g, m: _adam(t, p * (1 - 0.1 * 0.3), g, m),
        "p = (1 - lr * weight_decay) * p, then Adam's step without decay in the gradient",
    )
    got = _path(lambda p: tt.AdamW(p, lr=0.1), [np.zeros(3)])[0]
    expected = np.array(START) * (1 - 0.1 * 0.01)
    assert np.allclose(got, expected), (
        f"AdamW(lr=0.1) without gradient: expected {expected.tolist()}, got {got.tolist()}. "
        "Hint: its weight_decay is 0.01 unless given"
    )


def check_nadam_looks_ahead() -> None:
    """Mix the present gradient into the step, as Nesterov's momentum does, in Adam's measure."""

    def update(t: int, p: Any, g: Any, m: Any) -> Any:
        mu, after = (0.9 * (1 - 0.5 * 0.96 ** (n * 0.004)) for n in (t, t + 1))
        m["product"] = m.get("product", 1) * mu
        m["m"] = 0.9 * m.get("m", 0) + 0.1 * g
        m["v"] = 0.999 * m.get("v", 0) + 0.001 * g * g
        root = np.sqrt(m["v"] / (1 - 0.999**t)) + 1e-8
        ahead = (1 - mu) / (1 - m["product"]) * g + after / (1 - m["product"] * after) * m["m"]
        return p - 0.1 * ahead / root

    hint = "mu(t) = beta1 * (1 - 0.5 * 0.96**(t * momentum_decay)); see the formula in the docstring of NAdam"
    _follows("NAdam(lr=0.1)", lambda p: tt.NAdam(p, lr=0.1), update, hint)


def check_long_parameters() -> None:
    """Do long parameters in pieces that fit the cache; the numbers must not depend on it."""
    for make in (
        lambda p: tt.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1),
        lambda p: tt.AdamW(p, lr=0.1),
        lambda p: tt.RMSprop(p, lr=0.1, centered=True, momentum=0.5),
    ):
        short = _path(make, _gradients(3))[-1]
        n = 150_001
        long = _path(make, np.repeat(_gradients(3), n, axis=1), np.repeat(START, n))[-1]
        assert np.allclose(long, np.repeat(short, n)), (
            "a parameter of 450,003 elements took other steps than one of 3 with the same gradients. "
            "Hint: each piece must have its own part of every buffer; count steps once, not once a piece"
        )


def check_state_dict_resumes() -> None:
    """Save options and state, and go on from them with another optimizer as if nothing had happened."""
    gradients = _gradients(20)
    for make in (
        lambda p: tt.SGD(p, lr=0.1, momentum=0.9),
        lambda p: tt.Adam(p, lr=0.1),
        lambda p: tt.RMSprop(p, lr=0.1),
        lambda p: tt.Adagrad(p, lr=0.1),
        lambda p: tt.NAdam(p, lr=0.1),
    ):
        whole = _path(make, gradients)
        p = _parameter()
        first = make([p])
        for g in gradients[:10]:
            p.grad = tt.tensor(g)
            first.step()
        saved = first.state_dict()
        name = type(first).__name__
        assert saved["param_groups"][0]["params"] == [0], "state_dict has numbers in place of the parameters"
        q = _parameter(p.tolist())
        second = make([q])
        second.param_groups[0]["lr"] = 99.0
        second.load_state_dict(saved)
        p.grad = tt.tensor(np.ones(3))
        first.step()  # must not disturb what was loaded
        for g in gradients[10:]:
            q.grad = tt.tensor(g)
            second.step()
        got = q.tolist()
        assert np.allclose(got, whole[-1]), (
            f"{name}, resumed after 10 of 20 steps: expected {whole[-1].tolist()}, got {got}. "
            "Hint: options, buffers and the count of steps belong to the state; copy them when loading"
        )
    other = tt.Adam([_parameter(), _parameter()])
    _raises(
        ValueError, lambda: other.load_state_dict(saved), "a state of 1 parameter for 2", "compare the groups"
    )
