"""The engine: order, accumulation, freeing, hooks, modes, errors."""

import copy
import gc
import sys
import threading
import weakref

import numpy as np
import pytest
from tinytorch.core import (
    Module,
    Tensor,
    detect_anomaly,
    draw_graph,
    enable_grad,
    grad,
    gradcheck,
    is_grad_enabled,
    log,
    no_grad,
    relu,
    set_grad_enabled,
    sqrt,
    tensor,
)
from tinytorch.core.m05_autograd import GradcheckError


def leaf(*values: float) -> Tensor:
    return tensor(values[0] if len(values) == 1 else list(values), requires_grad=True)


class TestBackward:
    def test_product_rule(self):
        x, y = leaf(2.0), leaf(3.0)
        (x * y + x).backward()
        assert x.grad.item() == 4
        assert y.grad.item() == 2

    def test_leaf_used_many_times(self):
        x = leaf(1.0, 2.0)
        (x * x + x * x + x).sum().backward()
        assert x.grad.tolist() == [5, 9]

    def test_gradients_accumulate_over_calls(self):
        x = leaf(2.0)
        (x * 3).backward()
        first = x.grad
        (x * 4).backward()
        assert x.grad.item() == 7
        assert x.grad is first

    def test_leaves_do_not_share_gradient_memory(self):
        x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
        (x + y).backward(tensor([1.0, 1.0]))
        x.grad.zero_()
        assert y.grad.tolist() == [1, 1]

    def test_given_gradient_is_not_aliased(self):
        x, g = leaf(1.0, 2.0), tensor([1.0, 1.0])
        (x + 0).backward(g)
        x.grad.zero_()
        assert g.tolist() == [1, 1]

    def test_intermediate_gradient_shared_by_two_consumers(self):
        x = leaf(1.0, 2.0)
        h = x * 2
        a, b = h + 1, h + 1
        (a * a + b).sum().backward()
        assert x.grad.tolist() == [14, 22]

    def test_leaf_backward_on_itself(self):
        x = leaf(2.0)
        x.backward()
        assert x.grad.item() == 1

    def test_dtype_of_the_gradient_is_the_leafs(self):
        x = tensor([1.0, 2.0], requires_grad=True)
        y = tensor([1.0, 2.0], dtype=np.float64, requires_grad=True)
        (x * y).sum().backward()
        assert x.grad.dtype == np.float32
        assert y.grad.dtype == np.float64

    def test_broadcast_is_undone(self):
        x = tensor(np.ones((2, 1, 3), np.float32), requires_grad=True)
        y = tensor(np.ones((4, 1), np.float32), requires_grad=True)
        (x * y).sum().backward()
        assert x.grad.shape == (2, 1, 3)
        assert (x.grad == 4).all()
        assert y.grad.shape == (4, 1)
        assert (y.grad == 6).all()

    def test_retain_graph(self):
        x = leaf(3.0)
        y = x * x
        y.backward(retain_graph=True)
        y.backward()
        assert x.grad.item() == 12
        with pytest.raises(RuntimeError, match="second time"):
            y.backward()

    def test_second_backward_changes_nothing(self):
        x = leaf(3.0)
        y = x + 1
        y.backward()
        with pytest.raises(RuntimeError, match="second time"):
            y.backward()
        assert x.grad.item() == 1

    def test_shared_part_freed_by_first_loss(self):
        x = leaf(3.0)
        h = x * x
        a, b = h + 1, h * 2
        a.backward()
        before = x.grad.item()
        with pytest.raises(RuntimeError, match="second time"):
            b.backward()
        assert x.grad.item() == before


class TestErrors:
    def test_non_scalar(self):
        with pytest.raises(RuntimeError, match=r"scalar outputs.*\(2,\)"):
            (leaf(1.0, 2.0) * 2).backward()

    def test_no_graph(self):
        with pytest.raises(RuntimeError, match="does not require grad"):
            tensor(1.0).backward()

    def test_integers_cannot_require_gradients(self):
        with pytest.raises(RuntimeError, match="floating point"):
            tensor([1, 2]).requires_grad_()
        with pytest.raises(RuntimeError, match="does not require grad"):
            tensor([1, 2]).sum().backward()

    def test_gradient_of_wrong_shape(self):
        with pytest.raises(RuntimeError, match="Mismatch in shape"):
            (leaf(1.0, 2.0) * 2).backward(tensor([1.0]))

    def test_gradient_of_wrong_type(self):
        with pytest.raises(TypeError, match="must be Tensors"):
            (leaf(1.0, 2.0) * 2).backward([1.0, 1.0])

    def test_create_graph_is_refused(self):
        x = leaf(1.0)
        with pytest.raises(NotImplementedError, match="create_graph"):
            (x * x).backward(create_graph=True)
        assert x.grad is None

    def test_operation_without_rule_is_named(self):
        from tinytorch.core.m01_tensor.op import Array, op, ops

        @op
        def unruly(input: Array) -> Array:
            return input * 2

        try:
            x = leaf(1.0)
            y = unruly(x) * x
            with pytest.raises(NotImplementedError, match="unruly"):
                y.backward()
            assert x.grad is None, "nothing half done"
        finally:
            del ops["unruly"]

    def test_value_changed_in_place(self):
        x = leaf(1.0, 2.0)
        h = x * 2
        y = h * h
        h.add_(1)
        with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*'mul'"):
            y.sum().backward()
        assert x.grad is None

    def test_parameter_stepped_before_backward(self):
        w = leaf(1.0, 2.0)
        x = leaf(3.0, 4.0)
        y = (w * x).sum()
        with no_grad():
            w.sub_(0.1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()

    def test_change_of_a_value_that_is_not_needed(self):
        x = leaf(1.0, 2.0)
        h = x + 1
        y = h + 1  # addition needs no values
        h.mul_(3)
        y.sum().backward()
        assert x.grad.tolist() == [1, 1]

    def test_change_of_a_value_that_only_a_constants_gradient_would_need(self):
        x = leaf(1.0, 2.0)
        h = x + 1
        y = h * tensor([3.0, 4.0])
        h.zero_()
        y.sum().backward()
        assert x.grad.tolist() == [3, 4]

    def test_change_through_numpy_view_of_other_tensor(self):
        base = tensor([1.0, 2.0, 3.0])
        part = base[1:]
        x = leaf(1.0, 2.0)
        y = (x * part).sum()
        base.zero_()
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()


class TestDepth:
    def test_long_chain(self):
        x = leaf(1.0)
        y = x
        for _ in range(100_000):
            y = y + 1
        y.backward()
        assert x.grad.item() == 1

    def test_long_chain_thrown_away(self):
        y = leaf(1.0)
        for _ in range(100_000):
            y = y + 1
        del y  # would overflow the stack if it were freed by recursion

    def test_diamonds(self):
        x = leaf(1.0)
        y = x
        for _ in range(3000):
            y = y * 0.5 + y * 0.5  # 2**3000 paths
        y.backward()
        assert x.grad.item() == 1

    def test_no_reference_cycles(self):
        gc.collect()
        gc.disable()
        try:
            x = leaf(1.0, 2.0)
            h = x * 2
            h.retain_grad()
            h[0] = 5
            view = h[1:]
            view.mul_(3)
            y = (h * h).sum()
            watched = [weakref.ref(t) for t in (h, view, y)]
            y.backward()
            del h, view, y
            assert [w() for w in watched] == [None] * 3
            z = (x * 2).exp().sum()
            watched = [weakref.ref(z)]
            del z
            assert watched[0]() is None
        finally:
            gc.enable()

    def test_graph_is_freed_as_it_walks(self):
        x = leaf(1.0, 2.0)
        h = x.exp()
        array = weakref.ref(h.array)
        y = h.log().sum()
        del h
        assert array() is not None
        y.backward()
        assert array() is None

    def test_what_only_a_constants_gradient_would_need_is_not_kept(self):
        x = leaf(1.0, 2.0)
        h = x.exp()
        array = weakref.ref(h.array)
        y = (h + 0) * 2.0
        z = y * tensor([3.0, 4.0])
        kept = weakref.ref(y.array)
        del h, y
        assert kept() is None
        assert array() is not None, "exp needs its output"
        z.sum().backward()
        np.testing.assert_allclose(x.grad.array, [6 * np.exp(1), 8 * np.exp(2)], rtol=1e-6)

    def test_nothing_is_kept_without_gradients(self):
        x = leaf(1.0, 2.0)
        with no_grad():
            y = (x * 2).exp()
        assert y._node is None
        assert not y.requires_grad
        assert y.is_leaf
        h = tensor([1.0]) * 2
        array = weakref.ref(h.array)
        z = h.exp()
        del h
        assert array() is None
        assert z._node is None


class TestModes:
    def test_no_grad_forms(self):
        x = leaf(1.0)

        @no_grad()
        def with_call():
            return (x * 2).requires_grad

        @no_grad
        def without_call():
            return (x * 2).requires_grad

        assert not with_call()
        assert not without_call()
        assert is_grad_enabled()

    def test_nesting_and_errors(self):
        context = no_grad()
        with context:
            with context:
                assert not is_grad_enabled()
            with enable_grad():
                assert is_grad_enabled()
            assert not is_grad_enabled()
            with pytest.raises(KeyError), enable_grad():
                raise KeyError
            assert not is_grad_enabled()
        assert is_grad_enabled()

    def test_set_grad_enabled(self):
        with set_grad_enabled(False):
            assert not is_grad_enabled()
        assert is_grad_enabled()
        set_grad_enabled(False)
        assert not is_grad_enabled()
        set_grad_enabled(True)
        assert is_grad_enabled()

    def test_generator(self):
        @no_grad()
        def numbers():
            received = yield is_grad_enabled()
            yield (received, is_grad_enabled())
            return 3

        it = numbers()
        assert next(it) is False
        assert is_grad_enabled()
        assert it.send("x") == ("x", False)
        with pytest.raises(StopIteration) as stop:
            next(it)
        assert stop.value.value == 3

    def test_recursive_function(self):
        @no_grad()
        def down(n):
            return is_grad_enabled() if n == 0 else down(n - 1) or is_grad_enabled()

        assert down(3) is False
        assert is_grad_enabled()

    def test_each_thread_has_its_own_mode(self):
        seen = []
        with no_grad():
            thread = threading.Thread(target=lambda: seen.append((leaf(1.0) * 2).requires_grad))
            thread.start()
            thread.join()
        assert seen == [True]


class TestGrad:
    def test_leaf_and_intermediate(self):
        x = leaf(2.0)
        h = x * 3
        y = h * h
        gh, gx = grad(y, [h, x])
        assert gh.item() == 12
        assert gx.item() == 36
        assert x.grad is None

    def test_several_outputs(self):
        x = leaf(1.0, 2.0)
        (g,) = grad([x * 2, x * x], x, [tensor([1.0, 1.0]), tensor([1.0, 1.0])])
        assert g.tolist() == [4, 6]

    def test_output_that_is_an_input(self):
        x = leaf(2.0)
        h = x * 3
        (g,) = grad(h, h)
        assert g.item() == 1

    def test_unused(self):
        x, z = leaf(1.0), leaf(1.0)
        y = x * 2
        with pytest.raises(RuntimeError, match="allow_unused"):
            grad(y, [x, z], retain_graph=True)
        assert grad(y, [x, z], retain_graph=True, allow_unused=True)[1] is None
        assert grad(y, [x, z], materialize_grads=True)[1].item() == 0

    def test_input_without_gradient(self):
        with pytest.raises(RuntimeError, match="does not require grad"):
            grad(leaf(1.0) * 2, tensor(1.0))

    def test_gradcheck(self):
        x = tensor(np.random.default_rng(0).standard_normal((2, 3)), requires_grad=True)
        assert gradcheck(lambda t: (t.exp(), t.sum()), x)

    def test_gradcheck_finds_a_wrong_rule(self):
        from tinytorch.core.m01_tensor.op import Array, op, ops

        @op
        def wrong(input: Array) -> Array:
            return input * input

        @wrong.backward
        def wrong_backward(g, input):
            return lambda: g * input  # forgot the 2

        try:
            x = tensor([1.0, 2.0], dtype=np.float64, requires_grad=True)
            with pytest.raises(GradcheckError, match="measured"):
                gradcheck(wrong, x)
            assert gradcheck(wrong, x, raise_exception=False) is False
        finally:
            del ops["wrong"]

    def test_gradcheck_needs_an_input(self):
        with pytest.raises(ValueError, match="requires_grad"):
            gradcheck(lambda t: t * 2, tensor([1.0]))


class TestHooks:
    def test_on_leaf_and_intermediate(self):
        x = leaf(2.0)
        h = x * 3
        seen = []
        h.register_hook(lambda g: seen.append(g.item()))
        x.register_hook(lambda g: g * 10)
        (h * h).backward()
        assert seen == [12]
        assert x.grad.item() == 360

    def test_replaces_on_the_way(self):
        x = leaf(2.0)
        h = x * 3
        h.register_hook(lambda g: g * 0)
        (h * h).backward()
        assert x.grad.item() == 0

    def test_sees_the_sum_once(self):
        x = leaf(2.0)
        seen = []
        x.register_hook(lambda g: seen.append(g.item()))
        (x * 2 + x * 3).backward()
        assert seen == [5]

    def test_remove(self):
        x = leaf(2.0)
        handle = x.register_hook(lambda g: g * 0)
        handle.remove()
        handle.remove()
        (x * 2).backward()
        assert x.grad.item() == 2

    def test_errors(self):
        with pytest.raises(RuntimeError, match="doesn't require gradient"):
            tensor(1.0).register_hook(print)
        x = leaf(1.0, 2.0)
        x.register_hook(lambda g: tensor([1.0]))
        with pytest.raises(RuntimeError, match="changed the size"):
            (x * 2).sum().backward()
        assert x.grad is None

    def test_retain_grad(self):
        x = leaf(2.0)
        h = x * 3
        h.retain_grad()
        h.retain_grad()
        (h * h).backward()
        assert h.grad.item() == 12


class TestAnomaly:
    def test_forward(self):
        x = leaf(-1.0)
        with detect_anomaly(), pytest.raises(RuntimeError, match="'log'"):
            log(x)

    def test_nan_that_came_in_is_not_blamed(self):
        x = tensor([float("nan")], requires_grad=True)
        with detect_anomaly():
            x * 2

    def test_backward_names_operation_and_line(self):
        x = leaf(0.0)
        with detect_anomaly():
            y = sqrt(x) * 0  # here
            with pytest.raises(RuntimeError, match=r"'sqrt'.*test_autograd.py.*here"):
                y.backward()
        assert x.grad is None

    def test_off_afterwards(self):
        with detect_anomaly():
            pass
        assert np.isnan(log(leaf(-1.0)).item())


class TestDrawGraph:
    def test_mermaid(self):
        w = leaf(1.0, 2.0)
        text = draw_graph((w * w).sum(), names={"weight": w})
        assert text.startswith("graph TD\n")
        assert '(["weight 2"])' in text
        assert '["mul 2"]' in text
        assert '["sum scalar"]' in text
        assert text.count("-->") == 3

    def test_dot(self):
        text = draw_graph(leaf(1.0) * 2, format="dot")
        assert text.startswith("digraph {")
        assert 'label="mul scalar"' in text
        assert "n0 -> n1;" in text

    def test_deep(self):
        y = leaf(1.0)
        for _ in range(sys.getrecursionlimit() * 2):
            y = y + 1
        assert draw_graph(y).count("-->") == sys.getrecursionlimit() * 2

    def test_errors(self):
        y = leaf(1.0) * 2
        with pytest.raises(ValueError, match="mermaid"):
            draw_graph(y, format="svg")
        with pytest.raises(RuntimeError, match="does not require grad"):
            draw_graph(tensor(1.0))
        y.backward()
        with pytest.raises(RuntimeError, match="freed"):
            draw_graph(y)


def test_an_operation_is_copied_like_a_function():
    class Net(Module):
        def __init__(self):
            super().__init__()
            self.activation = relu

    assert copy.deepcopy(Net()).activation is relu
