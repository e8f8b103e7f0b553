"""Layers and containers: values, gradients, shapes, errors, texts."""

import math
from collections import OrderedDict

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import (
    Bilinear,
    Dropout,
    Flatten,
    Identity,
    Linear,
    ModuleDict,
    ModuleList,
    Parameter,
    ReLU,
    Sequential,
    Unflatten,
    functional as F,
    manual_seed,
    no_grad,
    opcheck,
    tensor,
)
from tinytorch.core.m03_layers.dropout import _dropout
from tinytorch.core.m03_layers.linear import bilinear, linear


def randn(*shape, dtype=np.float64, seed=0):
    return tensor(np.random.default_rng(seed).standard_normal(shape).astype(dtype))


class TestLinear:
    @pytest.mark.parametrize(
        ("x", "w", "b"),
        [
            ((4, 3), (5, 3), (5,)),
            ((4, 3), (5, 3), None),
            ((3,), (5, 3), (5,)),
            ((2, 4, 3), (5, 3), (5,)),
            ((2, 1, 4, 3), (1, 3), (1,)),
            ((4, 3), (5, 3), (1,)),
            ((4, 3), (5, 3), ()),
            ((2, 4, 3), (5, 3), (4, 5)),
            ((4, 3), (3,), None),
            ((3,), (3,), None),
            ((2, 4, 3), (3,), None),
            ((0, 3), (5, 3), (5,)),
            ((2, 0, 3), (5, 3), (5,)),
            ((2, 0), (5, 0), (5,)),
            ((2, 3, 0), (5, 0), (5,)),
            ((4, 3), (0, 3), (0,)),
            ((0, 0), (5, 0), (5,)),
        ],
    )
    def test_value_and_rule(self, x, w, b):
        x, w = randn(*x), randn(*w, seed=1)
        b = None if b is None else randn(*b, seed=2)
        out = F.linear(x, w, b)
        expected = x.numpy() @ w.numpy().T + (0 if b is None else b.numpy())
        assert out.shape == expected.shape
        np.testing.assert_allclose(out.numpy(), expected, rtol=1e-12)
        opcheck(linear, [x, w] if b is None else [x, w, b])

    def test_bias_is_not_changed(self):
        b = tensor([1.0, 2.0])
        F.linear(tensor([[1.0]]), tensor([[1.0], [1.0]]), b)
        assert b.tolist() == [1, 2]

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_dtypes(self, dtype):
        x, w, b = randn(4, 64, dtype=dtype), randn(5, 64, dtype=dtype, seed=1), randn(5, dtype=dtype, seed=2)
        for t in (x, w, b):
            t.requires_grad_()
        out = F.linear(x, w, b)
        exact = x.detach().numpy().astype(float) @ w.detach().numpy().astype(float).T + b.detach().numpy()
        np.testing.assert_allclose(out.detach().numpy(), exact, atol=20 * np.finfo(dtype).eps)
        out.sum().backward()
        assert [t.grad.dtype for t in (x, w, b)] == [np.dtype(dtype)] * 3
        assert b.grad.tolist() == [4] * 5

    def test_integers(self):
        out = F.linear(tensor([[1, 2]]), tensor([[3, 4], [5, 6]]), tensor([10, 20]))
        assert out.dtype == tt.int64
        assert out.tolist() == [[21, 37]]

    def test_weight_gradient_is_fresh_and_contiguous(self):
        x, w = randn(2, 4, 3), randn(5, 3).requires_grad_()
        F.linear(x, w).sum().backward()
        assert w.grad.shape == (5, 3)
        assert w.grad.is_contiguous()
        assert w.grad.numpy().base is None

    def test_only_what_is_needed_is_kept(self):
        x, layer = randn(4, 3, dtype=np.float32), Linear(3, 5)
        saved = layer(x).grad_fn.saved
        assert [a for a in saved if isinstance(a, np.ndarray)] == [x.array, layer.weight.detach().array]

    def test_expanded_gradient_and_inputs(self):
        # sum() sends back an expanded 1, which BLAS can't take as it is
        w = randn(5, 3).requires_grad_()
        x = tt.from_numpy(np.broadcast_to(np.array([1.0, 2.0, 3.0]), (4, 3)))
        out = F.linear(x, w)
        np.testing.assert_allclose(out.detach().numpy(), x.numpy() @ w.detach().numpy().T)
        out.sum().backward()
        np.testing.assert_allclose(w.grad.numpy(), np.tile([4.0, 8.0, 12.0], (5, 1)))

    @pytest.mark.parametrize(
        ("x", "w", "b", "message"),
        [
            ((64, 3), (128, 784), None, r"shapes cannot be multiplied \(64x3 and 784x128\)"),
            ((3,), (5, 4), None, r"\(1x3 and 4x5\)"),
            ((2, 2, 3), (5, 4), (5,), r"\(4x3 and 4x5\)"),
            ((2, 3), (4,), None, r"\(2x3 and 4x1\)"),
            ((2, 3), (5, 3), (4,), r"a bias of shape \(4,\) can't be added to \(2, 5\)"),
            ((2, 3), (5, 3), (7, 2, 5), r"a bias of shape \(7, 2, 5\) can't be added"),
            ((2, 3), (3,), (1,), "needs a weight of 2 dimensions"),
            ((2, 3), (4, 5, 3), None, r"1 or 2 dimensions, but its shape is \(4, 5, 3\)"),
            ((2, 3), (), None, r"1 or 2 dimensions, but its shape is \(\)"),
            ((), (1, 1), None, "0D and 2D"),
        ],
    )
    def test_wrong_shapes(self, x, w, b, message):
        with pytest.raises(RuntimeError, match=message):
            F.linear(randn(*x), randn(*w), None if b is None else randn(*b))

    def test_wrong_dtypes(self):
        x, w = randn(2, 3), randn(5, 3, dtype=np.float32)
        with pytest.raises(RuntimeError, match="same dtype, and not bool, but got float64 and float32"):
            F.linear(x, w)
        with pytest.raises(RuntimeError, match="same dtype, and not bool, but got int64 and float32"):
            F.linear(tensor([[1, 2, 3]]), w)
        with pytest.raises(RuntimeError, match="bias and weight must have the same dtype, but got float32"):
            F.linear(x, randn(5, 3), randn(5, dtype=np.float32))
        with pytest.raises(RuntimeError, match="not bool"):
            F.linear(tensor([[True]]), tensor([[True]]))

    def test_wrong_types(self):
        with pytest.raises(TypeError, match="argument 'input' must be a Tensor, not int"):
            F.linear(3, randn(1, 1))
        with pytest.raises(TypeError, match="argument 'weight' must be a Tensor, not NoneType"):
            F.linear(randn(1), None)

    def test_module(self):
        layer = Linear(3, 4)
        assert layer.weight.shape == (4, 3)
        assert layer.bias.shape == (4,)
        x = tensor(np.ones((2, 3), np.float32))
        np.testing.assert_allclose(
            layer(x).detach().numpy(),
            x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy(),
        )
        assert repr(layer) == "Linear(in_features=3, out_features=4, bias=True)"

    def test_module_without_bias(self):
        layer = Linear(3, 4, bias=False)
        assert layer.bias is None
        assert [n for n, _ in layer.named_parameters()] == ["weight"]
        assert layer(tensor(np.ones((2, 3), np.float32))).shape == (2, 4)
        assert repr(layer) == "Linear(in_features=3, out_features=4, bias=False)"

    def test_module_dtype(self):
        layer = Linear(3, 4, dtype=tt.float64)
        assert layer.weight.dtype == layer.bias.dtype == tt.float64
        with pytest.raises(RuntimeError, match="floating point"):
            Linear(3, 4, dtype=tt.int64)
        with pytest.raises(TypeError):
            Linear(3, 4, True, "cpu")

    def test_module_without_features(self):
        with pytest.warns(UserWarning, match="zero-element"):
            layer = Linear(0, 2)
        assert layer(tensor(np.ones((3, 0), np.float32))).tolist() == [[0, 0]] * 3
        with pytest.warns(UserWarning, match="zero-element"):
            assert Linear(2, 0)(tensor([1.0, 2.0])).shape == (0,)

    @pytest.mark.parametrize("size", [(-1, 2), (2, -1)])
    def test_negative_features(self, size):
        with pytest.raises(RuntimeError, match="non-negative, got -1"):
            Linear(*size)

    @pytest.mark.parametrize("size", [(2.5, 1), ("a", 1), (None, 1)])
    def test_features_that_are_not_ints(self, size):
        with pytest.raises(TypeError):
            Linear(*size)


class TestBilinear:
    @pytest.mark.parametrize("lead", [(2,), (), (2, 3), (0,)])
    @pytest.mark.parametrize("biased", [True, False])
    def test_value_and_rule(self, lead, biased):
        a, b, w, c = randn(*lead, 3), randn(*lead, 4, seed=1), randn(5, 3, 4, seed=2), randn(5, seed=3)
        out = F.bilinear(a, b, w, c if biased else None)
        expected = np.einsum("...i,oij,...j->...o", a.numpy(), w.numpy(), b.numpy()) + biased * c.numpy()
        assert out.shape == (*lead, 5)
        np.testing.assert_allclose(out.numpy(), expected, rtol=1e-10)
        opcheck(bilinear, [a, b, w, c] if biased else [a, b, w])

    @pytest.mark.parametrize(
        ("a", "b", "w", "c", "message"),
        [
            ((2, 3), (3, 4), (5, 3, 4), None, r"batch dimensions do not match: got \(2, 3\) and \(3, 4\)"),
            ((1, 3), (2, 4), (5, 3, 4), None, "batch dimensions do not match"),
            ((2, 3), (2, 2, 4), (5, 3, 4), None, "dimensions do not match"),
            ((), (), (5, 3, 4), None, "dimensions do not match"),
            ((2, 3), (2, 5), (5, 3, 4), None, "input2 size does not match weight size: got 5 but expected 4"),
            ((2, 7), (2, 4), (5, 3, 4), None, "input1 size does not match weight size: got 7 but expected 3"),
            ((2, 3), (2, 4), (3, 4), None, "weight must have 3 dimensions"),
            ((2, 3), (2, 4), (5, 3, 4), (4,), r"bias size does not match weight size: got \(4,\)"),
            ((2, 3), (2, 4), (5, 3, 4), (1,), "bias size does not match weight size"),
        ],
    )
    def test_wrong_shapes(self, a, b, w, c, message):
        with pytest.raises(RuntimeError, match=message):
            F.bilinear(randn(*a), randn(*b), randn(*w), None if c is None else randn(*c))

    def test_wrong_dtypes(self):
        with pytest.raises(RuntimeError, match="same dtype, got float64, float32, float64"):
            F.bilinear(randn(3), randn(4, dtype=np.float32), randn(5, 3, 4))

    def test_module(self):
        layer = Bilinear(2, 3, 4)
        assert layer.weight.shape == (4, 2, 3)
        assert layer(randn(7, 2, dtype=np.float32), randn(7, 3, dtype=np.float32)).shape == (7, 4)
        assert repr(layer) == "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)"
        plain = Bilinear(1, 2, 3, bias=False, dtype=tt.float64)
        assert plain.bias is None
        assert plain.weight.dtype == tt.float64
        assert repr(plain) == "Bilinear(in1_features=1, in2_features=2, out_features=3, bias=False)"
        with pytest.raises(ValueError, match=r"in1_features must be > 0, but got \(in1_features=0\)"):
            Bilinear(0, 1, 1)


class TestDropout:
    @pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
    @pytest.mark.parametrize("dtype", [tt.float16, tt.float32, tt.float64])
    def test_share_and_scale(self, p, dtype):
        manual_seed(0)
        out = F.dropout(tt.ones(200, 200, dtype=dtype), p)
        assert out.dtype == dtype
        kept = out.numpy() != 0
        np.testing.assert_allclose(out.numpy()[kept], 1 / (1 - p), rtol=1e-3)
        assert kept.mean() == pytest.approx(1 - p, abs=5 * math.sqrt(p * (1 - p)) / 200)

    def test_seed(self):
        x = tt.ones(1000)
        manual_seed(3)
        first = F.dropout(x).tolist()
        assert F.dropout(x).tolist() != first
        manual_seed(3)
        assert F.dropout(x).tolist() == first

    def test_gradient_uses_the_same_mask(self):
        x = tt.ones(5, 7, requires_grad=True)
        y = F.dropout(x, 0.4)
        y.sum().backward()
        assert x.grad.tolist() == y.tolist()

    def test_rule(self):
        mask = np.array([[0, 2.0, 2], [2, 0, 2]])
        opcheck(_dropout, [randn(2, 3), mask])

    def test_only_the_mask_is_kept(self):
        x = tt.ones(5, requires_grad=True)
        saved = F.dropout(x).grad_fn.saved
        assert len(saved) == 1
        assert saved[0] is not x.detach().array

    def test_passes_through(self):
        x = tt.ones(3)
        assert F.dropout(x, 0.0) is x
        assert F.dropout(x, 0.5, training=False) is x
        assert F.dropout(x, 0.5, False, True) is x
        empty = tt.ones(0)
        assert F.dropout(empty) is empty

    def test_all(self):
        x = tt.ones(3, requires_grad=True)
        y = F.dropout(x, 1.0)
        assert y.tolist() == [0, 0, 0]
        y.sum().backward()
        assert x.grad.tolist() == [0, 0, 0]
        assert F.dropout(tensor([1, 2]), 1).tolist() == [0, 0]

    def test_0d_and_strided(self):
        manual_seed(1)
        assert {F.dropout(tensor(1.0)).item() for _ in range(50)} == {0, 2}
        base = np.arange(1.0, 41).reshape(5, 8)
        x = tt.from_numpy(base[::2, ::-2])
        y = F.dropout(x).numpy()
        assert set((y / x.numpy()).ravel()) == {0, 2}

    def test_inplace(self):
        x = tt.ones(100)
        assert F.dropout(x, 0.5, inplace=True) is x
        assert set(x.tolist()) == {0, 2}
        leaf = tt.ones(100, requires_grad=True)
        h = leaf * 1
        F.dropout(h, 0.5, inplace=True).sum().backward()
        assert leaf.grad.tolist() == h.tolist()
        with pytest.raises(RuntimeError, match="a leaf tensor that requires grad"):
            F.dropout(leaf, inplace=True)

    @pytest.mark.parametrize("p", [1.5, -0.1, math.nan, 2])
    def test_bad_probability(self, p):
        for make in (lambda: F.dropout(tt.ones(3), p), lambda: Dropout(p)):
            with pytest.raises(ValueError, match=f"has to be between 0 and 1, but got {p}"):
                make()

    def test_bad_input(self):
        with pytest.raises(RuntimeError, match="can't be cast to the desired output type int64"):
            F.dropout(tensor([1, 2]))
        with pytest.raises(TypeError, match="must be a Tensor, not int"):
            F.dropout(3)
        with pytest.raises(TypeError):
            F.dropout(tt.ones(3), "a")

    def test_module(self):
        layer = Dropout(0.25)
        x = tt.ones(1000)
        out = layer(x).numpy()
        assert np.unique(out).tolist() == [0, pytest.approx(4 / 3)]
        assert layer.eval()(x) is x
        assert repr(layer) == "Dropout(p=0.25, inplace=False)"
        assert repr(Dropout()) == "Dropout(p=0.5, inplace=False)"
        assert repr(Dropout(0.3, True)) == "Dropout(p=0.3, inplace=True)"
        assert Dropout(inplace=True)(x) is x


class TestShapes:
    def test_flatten(self):
        x = randn(2, 3, 4)
        assert Flatten()(x).shape == (2, 12)
        assert Flatten(0)(x).shape == (24,)
        assert Flatten(0, 1)(x).shape == (6, 4)
        assert Flatten(0)(tensor(3.0)).shape == (1,)
        assert np.shares_memory(Flatten()(x).numpy(), x.numpy())
        with pytest.raises(IndexError):
            Flatten()(randn(2))
        assert repr(Flatten()) == "Flatten(start_dim=1, end_dim=-1)"

    def test_unflatten(self):
        x = randn(3, 10)
        assert Unflatten(1, (2, 5))(x).shape == (3, 2, 5)
        assert Unflatten(-1, [2, -1])(x).shape == (3, 2, 5)
        with pytest.raises(RuntimeError, match=r"\[2, 4\]"):
            Unflatten(1, (2, 4))(x)
        assert repr(Unflatten(1, (2, 5))) == "Unflatten(dim=1, unflattened_size=(2, 5))"
        assert repr(Unflatten(1, [2, 5])) == "Unflatten(dim=1, unflattened_size=[2, 5])"

    def test_unflatten_arguments(self):
        with pytest.raises(TypeError, match="must be a tuple of ints, but found type int"):
            Unflatten(1, 5)
        with pytest.raises(TypeError, match="element of type str at pos 1"):
            Unflatten(1, (2, "a"))
        with pytest.raises(TypeError, match="dim must be int, but found type str"):
            Unflatten("a", (2, 5))

    def test_identity(self):
        x = randn(2)
        assert Identity(3, anything=4)(x) is x
        assert repr(Identity(3)) == "Identity()"


def sizes(modules):
    return [m.in_features for m in modules]


def numbered(container):
    return [name for name, _ in container.named_children()]


def three(kind):
    layers = [Linear(1, 1), Linear(2, 2), Linear(3, 3)]
    return Sequential(*layers) if kind is Sequential else ModuleList(layers)


@pytest.mark.parametrize("kind", [Sequential, ModuleList])
class TestRows:
    def test_reading(self, kind):
        s = three(kind)
        assert len(s) == 3
        assert sizes(s) == [1, 2, 3]
        assert s[-1] is s[2]
        assert s[1] in s
        assert type(s[1:]) is kind
        assert sizes(s[1:]) == [2, 3]
        assert s[1:][0] is s[1]
        assert sizes(s[::-1]) == [3, 2, 1]
        assert s[np.int64(1)] is s[1]

    def test_bad_positions(self, kind):
        s = three(kind)
        for position in (3, -4):
            with pytest.raises(IndexError, match=f"index {position} is out of range"):
                s[position]
            with pytest.raises(IndexError):
                del s[position]
            with pytest.raises(IndexError):
                s[position] = ReLU()
            with pytest.raises(IndexError):
                s.pop(position)
        for position in ("a", 1.0, None):
            with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
                s[position]
        assert sizes(s) == [1, 2, 3]

    def test_writing(self, kind):
        s = three(kind)
        s[0] = Linear(9, 9)
        assert sizes(s) == [9, 2, 3]
        s[-1] = Linear(8, 8)
        assert sizes(s) == [9, 2, 8]
        with pytest.raises(TypeError, match="cannot assign 'int' as child module '0'"):
            s[0] = 3

    def test_deleting_renumbers(self, kind):
        s = three(kind)
        del s[0]
        assert sizes(s) == [2, 3]
        assert numbered(s) == ["0", "1"]
        s = three(kind)
        del s[:2]
        assert sizes(s) == [3]
        assert numbered(s) == ["0"]
        assert not hasattr(s, "2")

    def test_pop(self, kind):
        s = three(kind)
        assert s.pop(0).in_features == 1
        assert s.pop(-1).in_features == 3
        assert sizes(s) == [2]

    def test_adding(self, kind):
        s = three(kind)
        assert s.append(Linear(4, 4)) is s
        assert s.extend([Linear(5, 5)]) is s
        s += [Linear(6, 6)]
        assert sizes(s) == [1, 2, 3, 4, 5, 6]
        s.insert(1, Linear(7, 7))
        s.insert(-1, Linear(8, 8))
        assert sizes(s) == [1, 7, 2, 3, 4, 5, 8, 6]
        assert numbered(s) == list("01234567")
        s.extend(s)
        assert len(s) == 16

    def test_adding_rows(self, kind):
        s, t = three(kind), three(kind)
        both = s + t
        assert type(both) is kind
        assert list(both) == [*s, *t]
        assert len(s) == 3

    def test_wrong_modules(self, kind):
        s = three(kind)
        for f in (lambda: s.append(3), lambda: s.extend([3]), lambda: s.insert(0, 3)):
            with pytest.raises(TypeError, match="int is not a Module subclass"):
                f()
        with pytest.raises(TypeError, match="iterable"):
            s.extend(3)
        assert sizes(s) == [1, 2, 3]

    def test_parameters_belong_to_the_owner(self, kind):
        net = tt.Module()
        net.layers = three(kind)
        assert [n for n, _ in net.named_parameters()][:2] == ["layers.0.weight", "layers.0.bias"]
        assert len(net.state_dict()) == 6


class TestSequential:
    def test_forward(self):
        net = Sequential(Linear(2, 3), ReLU(), Linear(3, 1))
        x = randn(4, 2, dtype=np.float32)
        assert net(x).tolist() == net[2](F.relu(net[0](x))).tolist()
        assert Sequential()(3) == 3

    def test_with_names(self):
        net = Sequential(OrderedDict(a=Linear(1, 2), b=ReLU(), c=Linear(2, 1)))
        assert net.a is net[0]
        assert numbered(net[1:]) == ["b", "c"]
        assert next(iter(net.state_dict())) == "a.weight"
        net[1] = Identity()
        assert numbered(net) == ["a", "b", "c"]
        net.append(ReLU())
        assert numbered(net) == ["a", "b", "c", "3"]
        with pytest.raises(KeyError, match="names of their own"):
            net.insert(0, ReLU())
        assert net(tensor([1.0])).shape == (1,)
        del net[1]
        assert numbered(net) == ["0", "1", "2"]

    def test_append_never_overwrites(self):
        net = Sequential(OrderedDict([("1", ReLU())]))
        with pytest.raises(KeyError, match="attribute '1' already exists"):
            net.append(ReLU())

    @pytest.mark.parametrize("argument", [3, [ReLU()], {"a": ReLU()}])
    def test_wrong_arguments(self, argument):
        with pytest.raises(TypeError, match=f"{type(argument).__name__} is not a Module subclass"):
            Sequential(argument)

    def test_insert_out_of_range(self):
        with pytest.raises(IndexError, match="Index out of range: 9"):
            three(Sequential).insert(9, ReLU())

    def test_repeating(self):
        net = three(Sequential)
        assert list(net * 2) == list(2 * net) == [*net, *net]
        assert len(net) == 3
        same = net
        net *= 2
        assert net is same
        assert len(net) == 6
        with pytest.raises(ValueError, match="Non-positive multiplication factor 0"):
            net * 0
        with pytest.raises(TypeError, match="unsupported operand"):
            net * "a"
        with pytest.raises(ValueError, match="only a Sequential can be added"):
            net + 3

    def test_learns(self):
        manual_seed(0)
        net = Sequential(Linear(2, 8), tt.Tanh(), Linear(8, 1), tt.Sigmoid())
        x, t = tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), tensor([[0.0], [1], [1], [0]])
        for _ in range(800):
            loss = ((net(x) - t) ** 2).mean()
            net.zero_grad()
            loss.backward()
            with no_grad():
                for p in net.parameters():
                    p -= 1.0 * p.grad
        assert ((net(x) > 0.5).numpy() == (t.numpy() > 0.5)).all()


class TestModuleList:
    def test_from_any_iterable(self):
        assert sizes(ModuleList(Linear(n, n) for n in (1, 2))) == [1, 2]
        assert len(ModuleList()) == len(ModuleList(None)) == 0
        for bad in (3, ReLU()):
            with pytest.raises(TypeError, match=f"iterable, but got {type(bad).__name__}"):
                ModuleList(bad)

    def test_no_forward(self):
        with pytest.raises(NotImplementedError, match=r"Module \[ModuleList\] is missing"):
            ModuleList()(3)

    def test_insert_at_the_end(self):
        s = three(ModuleList)
        s.insert(9, Linear(9, 9))
        assert sizes(s) == [1, 2, 3, 9]

    def test_none(self):
        s = three(ModuleList).append(None)
        assert s[3] is None
        assert len(list(s.children())) == 3

    def test_repr_joins_equal_neighbours(self):
        s = ModuleList([Linear(2, 3), Linear(2, 3), Linear(2, 3), ReLU(), ReLU(), Linear(2, 3)])
        assert repr(s) == (
            "ModuleList(\n"
            "  (0-2): 3 x Linear(in_features=2, out_features=3, bias=True)\n"
            "  (3-4): 2 x ReLU()\n"
            "  (5): Linear(in_features=2, out_features=3, bias=True)\n"
            ")"
        )
        nested = ModuleList([Sequential(ReLU()), Sequential(ReLU())])
        assert repr(nested) == "ModuleList(\n  (0-1): 2 x Sequential(\n    (0): ReLU()\n  )\n)"
        assert repr(ModuleList()) == "ModuleList()"


class TestModuleDict:
    def make(self):
        return ModuleDict({"a": Linear(1, 1), "b": Linear(2, 2)})

    def test_reading(self):
        d = self.make()
        assert len(d) == 2
        assert list(d) == list(d.keys()) == ["a", "b"]
        assert "a" in d
        assert "z" not in d
        assert "training" not in d
        assert d["a"] is d.a
        assert list(d.values()) == [d.a, d.b]
        assert list(d.items()) == [("a", d.a), ("b", d.b)]
        for f in (lambda: d["z"], lambda: d.pop("z"), lambda: d.__delitem__("z"), lambda: d["training"]):
            with pytest.raises(KeyError):
                f()

    def test_writing(self):
        d = self.make()
        d["weight"] = Linear(3, 3)
        a = d["a"] = Linear(4, 4)
        assert list(d) == ["a", "b", "weight"]
        assert d.pop("a") is a
        del d["b"]
        assert list(d) == ["weight"]
        d.clear()
        assert len(d) == 0
        assert repr(d) == "ModuleDict()"

    @pytest.mark.parametrize(
        ("key", "value", "error", "message"),
        [
            ("keys", ReLU(), KeyError, "attribute 'keys' already exists"),
            ("training", ReLU(), KeyError, "attribute 'training' already exists"),
            ("a.b", ReLU(), KeyError, "name can.*contain"),
            ("", ReLU(), KeyError, "empty"),
            (3, ReLU(), TypeError, "should be a string. Got int"),
            ("a", 3, TypeError, "int is not a Module subclass"),
        ],
    )
    def test_wrong_items(self, key, value, error, message):
        d = self.make()
        with pytest.raises(error, match=message):
            d[key] = value
        assert list(d) == ["a", "b"]

    def test_update(self):
        d = self.make()
        b = Linear(9, 9)
        d.update({"b": b})
        d.update([("q", ReLU()), ["r", ReLU()]])
        assert list(d) == ["a", "b", "q", "r"]
        assert d["b"] is b
        assert list(ModuleDict(d)) == list(d)
        assert list(ModuleDict([("a", ReLU())])) == ["a"]
        for bad, error, message in (
            (3, TypeError, "iterable of key/value pairs, but got int"),
            ([3], TypeError, "element #0 should be Iterable; is int"),
            ([("a", ReLU(), 3)], ValueError, "element #0 has length 3; 2 is required"),
        ):
            with pytest.raises(error, match=message):
                d.update(bad)

    def test_repr_and_parameters(self):
        d = self.make()
        assert repr(d) == (
            "ModuleDict(\n"
            "  (a): Linear(in_features=1, out_features=1, bias=True)\n"
            "  (b): Linear(in_features=2, out_features=2, bias=True)\n"
            ")"
        )
        assert list(d.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias"]
        with pytest.raises(NotImplementedError):
            d(3)


def test_a_layer_of_ones_own():
    class Scale(tt.Module):
        def __init__(self, n):
            super().__init__()
            self.factor = Parameter(tt.ones(n))

        def forward(self, x):
            return x * self.factor

    net = Sequential(Linear(2, 3), Scale(3))
    net(randn(4, 2, dtype=np.float32)).sum().backward()
    assert net[1].factor.grad.shape == (3,)
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.factor"]
