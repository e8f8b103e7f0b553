"""The optimizers: steps against transcribed formulas, groups, state, closures, threads, errors."""

import copy
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from tinytorch.core import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    NAdam,
    Optimizer,
    RMSprop,
    Tensor,
    float16,
    float32,
    float64,
    from_numpy,
    no_grad,
    tensor,
    zeros,
)
from tinytorch.core.m01_tensor import threads
from tinytorch.core.m06_optimizers import chunks

# Transcriptions of the formulas, whole arrays at a time in float64. Each yields, from an endless list of
# gradients, the values after each step.


def signed(g, p, maximize=False, weight_decay=0, **_):
    return (-g if maximize else g) + weight_decay * p


def plain_sgd(p, gradients, lr=1e-3, momentum=0, dampening=0, nesterov=False, **options):
    v = None
    for g in gradients:
        g = signed(g, p, **options)
        if momentum:
            v = g if v is None else momentum * v + (1 - dampening) * g
            g = g + momentum * v if nesterov else v
        p = p - lr * g
        yield p


def plain_adam(
    p,
    gradients,
    lr=1e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    amsgrad=False,
    maximize=False,
    decoupled_weight_decay=False,
):
    m = v = v_max = np.zeros_like(p)
    for t, g in enumerate(gradients, 1):
        if decoupled_weight_decay:
            p = p - lr * weight_decay * p
            g = signed(g, p, maximize)
        else:
            g = signed(g, p, maximize, weight_decay)
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        v_max = np.maximum(v_max, v)
        m_hat = m / (1 - betas[0] ** t)
        v_hat = (v_max if amsgrad else v) / (1 - betas[1] ** t)
        p = p - lr * m_hat / (np.sqrt(v_hat) + eps)
        yield p


def plain_adamw(p, gradients, weight_decay=1e-2, **options):
    return plain_adam(p, gradients, weight_decay=weight_decay, decoupled_weight_decay=True, **options)


def plain_nadam(
    p,
    gradients,
    lr=2e-3,
    betas=(0.9, 0.999),
    eps=1e-8,
    weight_decay=0,
    momentum_decay=4e-3,
    decoupled_weight_decay=False,
    maximize=False,
):
    m = v = np.zeros_like(p)
    product = 1.0
    for t, g in enumerate(gradients, 1):
        if decoupled_weight_decay:
            p = p - lr * weight_decay * p
            g = signed(g, p, maximize)
        else:
            g = signed(g, p, maximize, weight_decay)
        mu, mu_next = (betas[0] * (1 - 0.5 * 0.96 ** (s * momentum_decay)) for s in (t, t + 1))
        product *= mu
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g**2
        m_hat = mu_next * m / (1 - product * mu_next) + (1 - mu) * g / (1 - product)
        p = p - lr * m_hat / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
        yield p


def plain_rmsprop(p, gradients, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0, centered=False, **options):
    s = a = v = np.zeros_like(p)
    for g in gradients:
        g = signed(g, p, **options)
        s = alpha * s + (1 - alpha) * g**2
        a = alpha * a + (1 - alpha) * g
        scaled = g / (np.sqrt(s - a**2 if centered else s) + eps)
        v = momentum * v + scaled
        p = p - lr * v
        yield p


def plain_adagrad(p, gradients, lr=1e-2, lr_decay=0, initial_accumulator_value=0, eps=1e-10, **options):
    s = np.full_like(p, initial_accumulator_value)
    for t, g in enumerate(gradients, 1):
        g = signed(g, p, **options)
        s = s + g**2
        p = p - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s) + eps)
        yield p


def grid(**values):
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


PLAIN = {
    SGD: plain_sgd,
    Adam: plain_adam,
    AdamW: plain_adamw,
    NAdam: plain_nadam,
    RMSprop: plain_rmsprop,
    Adagrad: plain_adagrad,
}
COMMON = {"weight_decay": [0, 0.1], "maximize": [False, True]}
OPTIONS = {
    SGD: [
        *grid(lr=[0.05], momentum=[0, 0.9], dampening=[0, 0.3], **COMMON),
        *grid(lr=[0.05], momentum=[0.9], nesterov=[True], **COMMON),
    ],
    Adam: grid(
        lr=[0.02],
        betas=[(0.9, 0.999), (0.0, 0.5)],
        eps=[1e-8, 0.1],
        amsgrad=[False, True],
        decoupled_weight_decay=[False, True],
        **COMMON,
    ),
    AdamW: [{}, *grid(lr=[0.02], betas=[(0.5, 0.9)], eps=[0.1], amsgrad=[False, True], **COMMON)],
    NAdam: [
        {},
        *grid(
            betas=[(0.5, 0.9)],
            eps=[0.1],
            momentum_decay=[4e-3, 0.3],
            decoupled_weight_decay=[False, True],
            **COMMON,
        ),
    ],
    RMSprop: [
        {},
        *grid(alpha=[0.9], eps=[1e-8, 0.1], momentum=[0, 0.9], centered=[False, True], **COMMON),
    ],
    Adagrad: [
        {},
        *grid(lr=[0.05], lr_decay=[0, 0.1], initial_accumulator_value=[0, 0.5], eps=[0.1], **COMMON),
    ],
}
CASES = [(kind, options) for kind, sets in OPTIONS.items() for options in ({}, *sets)]
KINDS = list(PLAIN)


def leaf(array) -> Tensor:
    return from_numpy(np.array(array)).requires_grad_()


def gradients(shape, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    while True:
        yield np.array(rng.standard_normal(shape) + 0.3, dtype)


def run(optimizer: Optimizer, p: Tensor, source, steps: int) -> None:
    for _, g in zip(range(steps), source, strict=False):
        p.grad = from_numpy(np.array(g))
        optimizer.step()


class TestFormulas:
    @pytest.mark.parametrize(
        ("kind", "options"), CASES, ids=[f"{kind.__name__}-{options}" for kind, options in CASES]
    )
    def test_agrees_with_the_formula(self, kind, options):
        start = np.random.default_rng(1).standard_normal((4, 3))
        expected = PLAIN[kind](start, gradients((4, 3)), **options)
        p = leaf(start)
        optimizer = kind([p], **options)
        for g, values in zip(itertools.islice(gradients((4, 3)), 30), expected, strict=False):
            p.grad = from_numpy(g)
            optimizer.step()
            # mu_product of NAdam is kept in float32, as in PyTorch
            np.testing.assert_allclose(p.numpy(force=True), values, rtol=1e-6 if kind is NAdam else 1e-12)
            assert p.grad.array is g

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize(("dtype", "tolerance"), [(float32, 1e-5), (float16, 0.02)])
    def test_other_dtypes(self, kind, dtype, tolerance):
        options = {} if dtype == float32 or kind is SGD else {"eps": 1e-3}
        start = np.random.default_rng(1).standard_normal(7).astype(dtype)
        p = leaf(start)
        run(kind([p], **options), p, gradients(7, dtype=dtype), 20)
        expected = PLAIN[kind](start.astype(np.float64), gradients(7), **options)
        values = next(itertools.islice(expected, 19, None))
        assert p.dtype == dtype
        np.testing.assert_allclose(p.numpy(force=True), values, atol=tolerance)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0), (2, 3, 4)])
    def test_shapes(self, kind, shape):
        p = leaf(np.ones(shape))
        run(kind([p]), p, gradients(shape), 3)
        expected = next(itertools.islice(PLAIN[kind](np.ones(shape), gradients(shape)), 2, None))
        assert p.shape == shape
        np.testing.assert_allclose(p.numpy(force=True), expected, rtol=1e-6)

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("lay", [lambda a: np.asfortranarray(a), lambda a: np.repeat(a, 2, 0)[::2]])
    def test_scattered_memory(self, kind, lay):
        start = np.random.default_rng(1).standard_normal((5, 4))
        p, q = from_numpy(lay(start)).requires_grad_(), leaf(start)
        memory = p.array
        one, other = kind([p], weight_decay=0.1), kind([q], weight_decay=0.1)
        for g in itertools.islice(gradients((5, 4)), 3):
            p.grad, q.grad = from_numpy(lay(g)), from_numpy(g)
            one.step()
            other.step()
        assert p.array is memory
        assert np.array_equal(p.numpy(force=True), q.numpy(force=True))

    @pytest.mark.parametrize("kind", KINDS)
    def test_converted_model_goes_on(self, kind):
        p = leaf(np.ones(3, np.float32))
        optimizer = kind([p])
        run(optimizer, p, gradients(3, dtype=np.float32), 2)
        p.array = p.array.astype(np.float64)  # what Module.double() does
        run(optimizer, p, gradients(3), 2)
        assert p.dtype == float64


class TestChunks:
    """Long parameters are done in chunks and by several threads; nobody may see that in the result."""

    @pytest.mark.parametrize("threads", ["1", "3"])
    @pytest.mark.parametrize("kind", KINDS)
    def test_same_values_as_in_one_piece(self, kind, threads, monkeypatch):
        options = {"weight_decay": 0.1, "maximize": True}
        shapes = [(40, 30), (7,), (1,), (64,), (65,)]

        def train():
            ps = [leaf(np.random.default_rng(i).standard_normal(s)) for i, s in enumerate(shapes)]
            optimizer = kind(ps, **options)
            for step in range(3):
                for p in ps:
                    p.grad = from_numpy(next(gradients(p.shape, step)))
                optimizer.step()
            return [p.numpy(force=True) for p in ps]

        whole = train()
        monkeypatch.setattr(chunks, "CHUNK", 64)
        monkeypatch.setattr(chunks, "_local", chunks._Local())  # scratch of that length, for this test only
        monkeypatch.setattr(chunks, "MANY", 128)
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        assert chunks.number_of_threads() == int(threads)
        for one, other in zip(whole, train(), strict=True):
            assert np.array_equal(one, other)

    @pytest.mark.parametrize("threads", ["1", "3"])
    def test_error_in_an_update_reaches_the_caller(self, threads, monkeypatch):
        class Broken(Optimizer):
            def rule(self, group, state):
                def update(p, g):
                    raise ZeroDivisionError("no step today")

                return update

        monkeypatch.setattr(chunks, "CHUNK", 8)
        monkeypatch.setattr(chunks, "_local", chunks._Local())  # scratch of that length, for this test only
        monkeypatch.setattr(chunks, "MANY", 16)
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        p = leaf(np.ones(100))
        p.grad = from_numpy(np.ones(100))
        for _ in range(2):
            with pytest.raises(ZeroDivisionError, match="no step today"):
                Broken([p], {}).step()

    def test_number_of_threads(self, monkeypatch):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
        assert threads.number_of_threads() == 2
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        assert threads.number_of_threads() == 1
        monkeypatch.setenv("OMP_NUM_THREADS", "999")
        assert threads.number_of_threads() == threads.MOST_THREADS
        monkeypatch.setenv("OMP_NUM_THREADS", "many")
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
        assert 1 <= threads.number_of_threads() <= threads.MOST_THREADS

    def test_no_warnings_about_infinities(self):
        p = leaf(np.float32([1, 1]))
        p.grad = from_numpy(np.float32([np.inf, 1e30]))
        for kind in KINDS:
            kind([p]).step()


FORK = """
import os, warnings
import numpy as np
from tinytorch.core import Adam, from_numpy
from tinytorch.core.m06_optimizers import chunks

os.environ["OMP_NUM_THREADS"] = "2"
chunks.CHUNK, chunks.MANY = 64, 128
p = from_numpy(np.ones(1000)).requires_grad_()
p.grad = from_numpy(np.ones(1000))
optimizer = Adam([p])
optimizer.step()
warnings.simplefilter("ignore")
child = os.fork()
if child == 0:
    optimizer.step()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
optimizer.step()
"""

if hasattr(os, "fork"):

    def test_steps_in_a_forked_process():
        # In a process of its own, since Python warns of forking one that has threads.
        subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60)


class TestStep:
    @pytest.mark.parametrize("kind", KINDS)
    def test_parameters_without_gradient_stay(self, kind):
        p, q = leaf([1.0]), leaf([2.0])
        q.grad = tensor([1.0], dtype=float64)
        optimizer = kind([p, q], weight_decay=0.5)
        optimizer.step()
        assert p.tolist() == [1]
        assert q.tolist() != [2]

    def test_a_parameter_counts_its_own_steps(self):
        p, q = leaf([1.0]), leaf([1.0])
        optimizer = Adam([p, q])
        for step in range(3):
            p.grad = tensor([1.0], dtype=float64)
            q.grad = tensor([1.0], dtype=float64) if step == 2 else None
            optimizer.step()
        assert optimizer.state[p]["step"].item() == 3
        assert optimizer.state[q]["step"].item() == 1

    def test_closure(self):
        p = leaf([3.0])
        optimizer = SGD([p], lr=0.25)

        def closure():
            optimizer.zero_grad()
            loss = (p * p).sum()
            loss.backward()
            return loss

        with no_grad():  # the closure records all the same
            loss = optimizer.step(closure)
        assert loss.item() == 9
        assert p.tolist() == [1.5]
        assert optimizer.step() is None

    def test_error_in_a_closure_leaves_the_mode_as_it_was(self):
        optimizer = SGD([leaf([3.0])])

        def closure():
            raise KeyError("data")

        with no_grad():
            with pytest.raises(KeyError):
                optimizer.step(closure)
            assert not (leaf([1.0]) * 2).requires_grad

    def test_zero_grad(self):
        p = leaf([3.0])
        optimizer = SGD([p])
        p.grad = tensor([1.0], dtype=float64)
        kept = p.grad
        optimizer.zero_grad(set_to_none=False)
        assert p.grad is kept
        assert kept.tolist() == [0]
        optimizer.zero_grad()
        assert p.grad is None
        optimizer.zero_grad(set_to_none=False)
        assert p.grad is None

    def test_pending_backward_notices_the_step(self):
        p = leaf([3.0])
        loss = (p * p).sum()
        p.grad = tensor([1.0], dtype=float64)
        SGD([p]).step()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()

    def test_parameters_change_in_their_own_memory(self):
        p = leaf([3.0])
        memory = p.array
        view = p.detach()
        p.grad = tensor([1.0], dtype=float64)
        SGD([p], lr=1).step()
        assert p.array is memory
        assert view.tolist() == [2]

    def test_gradient_of_another_shape(self):
        p = leaf([3.0])
        p.grad = tensor([[1.0]], dtype=float64)
        with pytest.raises(RuntimeError, match=r"gradient has shape \(1, 1\).*parameter has shape \(1,\)"):
            SGD([p]).step()
        assert p.tolist() == [3]

    def test_gradient_of_another_dtype(self):
        p = leaf(np.float32([3]))
        p.grad = tensor([1.0], dtype=float64)
        SGD([p], lr=1).step()
        assert p.dtype == float32
        assert p.tolist() == [2]

    def test_finds_the_minimum(self):
        target = tensor([1.0, -2.0, 3.0])
        for kind, options in (
            (SGD, {"lr": 0.1}),
            (SGD, {"lr": 0.05, "momentum": 0.9, "nesterov": True}),
            (Adam, {"lr": 0.1}),
            (AdamW, {"lr": 0.1, "weight_decay": 0}),
            (NAdam, {"lr": 0.1}),
            (RMSprop, {"lr": 0.01}),
            (Adagrad, {"lr": 1.0}),
        ):
            p = zeros(3).requires_grad_()
            optimizer = kind([p], **options)
            for _ in range(500):
                optimizer.zero_grad()
                ((p - target) * (p - target)).sum().backward()
                optimizer.step()
            np.testing.assert_allclose(p.numpy(force=True), target.numpy(), atol=0.02)

    def test_learners_optimizer(self):
        class Momentum(Optimizer):
            def __init__(self, params, lr=0.01, momentum=0.9):
                super().__init__(params, {"lr": lr, "momentum": momentum})

            def buffers(self, group):
                return ("velocity",)

            def rule(self, group, state):
                lr, momentum = group["lr"], group["momentum"]

                def update(p, g, velocity):
                    velocity *= momentum
                    velocity += g
                    p -= lr * velocity

                return update

        p, q = leaf(np.ones((2, 3))), leaf(np.ones((2, 3)))
        run(Momentum([p]), p, gradients((2, 3)), 5)
        run(SGD([q], lr=0.01, momentum=0.9), q, gradients((2, 3)), 5)
        np.testing.assert_allclose(p.numpy(force=True), q.numpy(force=True))

    def test_optimizer_without_rule(self):
        p = leaf([1.0])
        p.grad = tensor([1.0], dtype=float64)
        with pytest.raises(NotImplementedError, match="Optimizer doesn't define rule"):
            Optimizer([p], {}).step()


class TestGroups:
    def test_options_of_groups(self):
        p, q, r = leaf([1.0]), leaf([1.0]), leaf([1.0])
        optimizer = SGD([{"params": [p]}, {"params": q, "lr": 0.5}], lr=0.1)
        optimizer.add_param_group({"params": (x for x in [r]), "lr": 0.25})
        for x in (p, q, r):
            x.grad = tensor([1.0], dtype=float64)
        optimizer.step()
        assert [p.item(), q.item(), r.item()] == [0.9, 0.5, 0.75]

    def test_options_may_change_between_steps(self):
        p = leaf([1.0])
        p.grad = tensor([1.0], dtype=float64)
        optimizer = SGD([p], lr=0.5)
        optimizer.param_groups[0]["lr"] = 0.25
        optimizer.step()
        assert p.item() == 0.75

    def test_amsgrad_may_begin_late(self):
        p = leaf([1.0])
        optimizer = Adam([p])
        run(optimizer, p, gradients(1), 1)
        optimizer.param_groups[0]["amsgrad"] = True
        run(optimizer, p, gradients(1), 1)
        assert "max_exp_avg_sq" in optimizer.state[p]

    def test_own_dictionary_isnt_changed(self):
        group = {"params": [leaf([1.0])]}
        SGD([group])
        assert list(group) == ["params"]

    def test_named_parameters(self):
        p, q = leaf([1.0]), leaf([1.0])
        optimizer = SGD([("weight", p), ("bias", q)])
        assert optimizer.param_groups[0]["params"] == [p, q]
        assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
        assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
        with pytest.raises(ValueError, match="with/without names"):
            optimizer.add_param_group({"params": [leaf([1.0])]})
        with pytest.raises(ValueError, match="Some param names are missing"):
            SGD([("weight", p), q])

    def test_repr(self):
        text = repr(SGD([leaf([1.0])], lr=0.5))
        assert text == (
            "SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.5\n    maximize: False\n"
            "    momentum: 0\n    nesterov: False\n    weight_decay: 0\n)"
        )


class TestState:
    @pytest.mark.parametrize("kind", KINDS)
    def test_round_trip_goes_on_bit_by_bit(self, kind):
        options = {"momentum": 0.9} if kind in (SGD, RMSprop) else {}
        if kind is RMSprop:
            options["centered"] = True
        shapes = [(3, 2), (4,), ()]

        def steps(optimizer, ps, which):
            for step in which:
                for p in ps:
                    p.grad = from_numpy(next(gradients(p.shape, step, np.float32)))
                optimizer.step()

        def start():
            ps = [leaf(np.ones(shape, np.float32)) for shape in shapes]
            return ps, kind([{"params": ps[:1]}, {"params": ps[1:], "lr": 0.3}], **options)

        ps, optimizer = start()
        steps(optimizer, ps, range(3))
        qs, other = start()
        for p, q in zip(ps, qs, strict=True):
            q.array[...] = p.array
        other.param_groups[1]["lr"] = 7.0  # comes back with the state
        other.load_state_dict(optimizer.state_dict())
        steps(optimizer, ps, range(3, 6))
        steps(other, qs, range(3, 6))
        for p, q in zip(ps, qs, strict=True):
            assert np.array_equal(p.numpy(force=True), q.numpy(force=True))
            assert p.numpy(force=True).tobytes() == q.numpy(force=True).tobytes()

    def test_format(self):
        p, q = leaf(np.ones((2, 3), np.float32)), leaf(np.ones(3, np.float32))
        optimizer = Adam([{"params": [p]}, {"params": [q], "lr": 0.1}])
        q.grad = from_numpy(np.ones(3, np.float32))
        optimizer.step()
        state = optimizer.state_dict()
        assert list(state) == ["state", "param_groups"]
        assert list(state["state"]) == [1]
        kept = state["state"][1]
        assert list(kept) == ["step", "exp_avg", "exp_avg_sq"]
        assert kept["step"].item() == 1
        assert kept["step"].dtype == float32
        np.testing.assert_allclose(kept["exp_avg"].numpy(), [0.1] * 3, rtol=1e-6)
        np.testing.assert_allclose(kept["exp_avg_sq"].numpy(), [0.001] * 3, rtol=1e-6)
        assert state["param_groups"][1] == {
            "lr": 0.1,
            "betas": (0.9, 0.999),
            "eps": 1e-8,
            "weight_decay": 0,
            "amsgrad": False,
            "maximize": False,
            "decoupled_weight_decay": False,
            "params": [1],
        }

    @pytest.mark.parametrize(
        ("optimizer", "names"),
        [
            (lambda ps: SGD(ps), set()),
            (lambda ps: SGD(ps, momentum=0.9), {"momentum_buffer"}),
            (lambda ps: Adam(ps, amsgrad=True), {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}),
            (lambda ps: NAdam(ps), {"step", "mu_product", "exp_avg", "exp_avg_sq"}),
            (lambda ps: RMSprop(ps), {"step", "square_avg"}),
            (
                lambda ps: RMSprop(ps, momentum=0.9, centered=True),
                {"step", "square_avg", "momentum_buffer", "grad_avg"},
            ),
            (lambda ps: Adagrad(ps), {"step", "sum"}),
        ],
    )
    def test_names_are_pytorchs(self, optimizer, names):
        p = leaf([1.0])
        p.grad = tensor([1.0], dtype=float64)
        made = optimizer([p])
        made.step()
        assert set(made.state_dict()["state"].get(0, {})) == names

    def test_adagrad_has_its_sum_from_the_start(self):
        p = leaf([1.0, 2.0])
        kept = Adagrad([p], initial_accumulator_value=0.5).state_dict()["state"][0]
        assert kept["sum"].tolist() == [0.5, 0.5]
        assert kept["step"].item() == 0

    def test_loaded_state_is_a_copy(self):
        p = leaf([1.0])
        optimizer, other = Adam([p]), Adam([p])
        run(optimizer, p, gradients(1), 1)
        state = optimizer.state_dict()
        other.load_state_dict(state)
        before = copy.deepcopy(state)
        run(other, p, gradients(1), 1)
        assert state["state"][0]["exp_avg"].item() == before["state"][0]["exp_avg"].item()
        other.param_groups[0]["lr"] = 9
        assert state["param_groups"][0]["lr"] == 1e-3

    def test_loads_arrays_numbers_and_lists(self):
        p = leaf(np.ones(2, np.float32))
        optimizer = Adam([p])
        optimizer.load_state_dict(
            {
                "state": {0: {"step": 3, "exp_avg": np.ones(2), "exp_avg_sq": np.ones(2, np.float32)}},
                "param_groups": [{"lr": 0.5, "betas": [0.5, 0.5], "params": [0]}],
            }
        )
        run(optimizer, p, gradients(2, dtype=np.float32), 1)
        assert optimizer.state[p]["step"].item() == 4
        assert optimizer.state[p]["exp_avg"].dtype == float32
        assert optimizer.param_groups[0]["eps"] == 1e-8  # not saved: the default

    def test_state_that_doesnt_fit_changes_nothing(self):
        p, q = leaf([1.0]), leaf([1.0, 2.0])
        optimizer, other = Adam([p], lr=0.5), Adam([q])
        run(optimizer, p, gradients(1), 1)
        run(other, q, gradients(2), 1)
        with pytest.raises(
            ValueError, match=r"'exp_avg' of parameter 0 has shape \(2,\), the parameter \(1,\)"
        ):
            optimizer.load_state_dict(other.state_dict())
        with pytest.raises(ValueError, match="1 instead of 2"):
            Adam([p, leaf([1.0])]).load_state_dict(other.state_dict())
        with pytest.raises(ValueError, match="different number of parameter groups: 1 instead of 2"):
            Adam([{"params": p}, {"params": q}]).load_state_dict(other.state_dict())
        with pytest.raises(KeyError, match="param_groups"):
            optimizer.load_state_dict({"state": {}})
        with pytest.raises(TypeError, match="dict-like, got list"):
            optimizer.load_state_dict([])
        with pytest.raises(ValueError, match="parameter 5, which is in no group"):
            optimizer.load_state_dict({**optimizer.state_dict(), "state": {5: {}}})
        wrong = optimizer.state_dict()
        wrong["param_groups"][0]["lr"] = -1
        with pytest.raises(ValueError, match="Invalid learning rate: -1"):
            optimizer.load_state_dict(wrong)
        assert optimizer.param_groups[0]["lr"] == 0.5
        assert optimizer.state[p]["step"].item() == 1
        assert optimizer.state[p]["exp_avg"].shape == (1,)

    def test_deepcopy(self):
        p = leaf([1.0])
        optimizer = Adam([p])
        run(optimizer, p, gradients(1), 1)
        twin = copy.deepcopy(optimizer)
        q = twin.param_groups[0]["params"][0]
        run(twin, q, gradients(1), 1)
        assert optimizer.state[p]["step"].item() == 1
        assert twin.state[q]["step"].item() == 2


class TestErrors:
    p = leaf([1.0])

    @pytest.mark.parametrize("kind", KINDS)
    def test_parameters(self, kind):
        p = self.p
        with pytest.raises(ValueError, match="optimizer got an empty parameter list"):
            kind([])
        with pytest.raises(TypeError, match="should be an iterable of Tensors or dicts, but got Tensor"):
            kind(p)
        with pytest.raises(TypeError, match="should be an iterable of Tensors or dicts, but got NoneType"):
            kind(None)
        with pytest.raises(TypeError, match="can only optimize Tensors, but one of the params is float"):
            kind([1.0])
        with pytest.raises(ValueError, match="can't optimize a non-leaf Tensor"):
            kind([p * 1])
        with pytest.raises(ValueError, match="appear in more than one parameter group"):
            kind([{"params": [p]}, {"params": [p]}])
        with pytest.raises(TypeError, match="ordered collections"):
            kind([{"params": {p}}])
        with pytest.raises(KeyError, match="params"):
            kind([{"lr": 1}])
        with pytest.raises(TypeError, match="param_group must be a dict, but got Tensor"):
            kind([{"params": [p]}, leaf([1.0])])
        with pytest.raises(TypeError, match="foreach"):
            kind([p], foreach=True)

    def test_repeated_parameters(self):
        p = leaf([1.0])
        with pytest.warns(UserWarning, match="duplicate parameters") as caught:
            optimizer = SGD([p, leaf([2.0]), p], lr=1)
        assert caught[0].filename == __file__
        p.grad = tensor([1.0], dtype=float64)
        optimizer.step()
        assert p.item() == 0
        assert len(optimizer.param_groups[0]["params"]) == 2

    @pytest.mark.parametrize(
        ("kind", "option", "message"),
        [
            *[(kind, {"lr": -1}, "Invalid learning rate: -1") for kind in KINDS],
            *[(kind, {"lr": float("nan")}, "Invalid learning rate: nan") for kind in KINDS],
            *[(kind, {"weight_decay": -1}, "Invalid weight_decay value: -1") for kind in KINDS],
            *[(kind, {"eps": -1}, "Invalid epsilon value: -1") for kind in KINDS if kind is not SGD],
            *[
                (kind, {"betas": betas}, message)
                for kind in (Adam, AdamW, NAdam)
                for betas, message in [
                    ((1.0, 0.9), r"Invalid beta parameter at index 0: 1\.0"),
                    ((-0.1, 0.9), r"Invalid beta parameter at index 0: -0\.1"),
                    ((0.9, 1.5), r"Invalid beta parameter at index 1: 1\.5"),
                ]
            ],
            (SGD, {"momentum": -1}, "Invalid momentum value: -1"),
            (SGD, {"nesterov": True}, "Nesterov momentum requires a momentum and zero dampening"),
            (SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, "Nesterov momentum requires"),
            (RMSprop, {"momentum": -1}, "Invalid momentum value: -1"),
            (RMSprop, {"alpha": -1}, "Invalid alpha value: -1"),
            (Adagrad, {"lr_decay": -1}, "Invalid lr_decay value: -1"),
            (Adagrad, {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value: -1"),
            (NAdam, {"momentum_decay": -1}, "Invalid momentum_decay value: -1"),
        ],
    )
    def test_options_out_of_range(self, kind, option, message):
        with pytest.raises(ValueError, match=message):
            kind([self.p], **option)
        with pytest.raises(ValueError, match=message):
            kind([{"params": [self.p], **option}])

    def test_options_of_the_wrong_type(self):
        with pytest.raises(TypeError, match="learning rate: expected a number, got str 'fast'"):
            SGD([self.p], lr="fast")
        for betas in (0.9, (0.9,), "ab", (0.9, None)):
            with pytest.raises(TypeError, match=r"pair of numbers|expected a number"):
                Adam([self.p], betas=betas)

    def test_group_that_doesnt_fit_isnt_added(self):
        optimizer = SGD([self.p])
        with pytest.raises(ValueError, match="learning rate"):
            optimizer.add_param_group({"params": [leaf([1.0])], "lr": -1})
        assert len(optimizer.param_groups) == 1
