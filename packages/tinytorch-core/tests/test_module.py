"""Module: what is registered, how it is found, called, changed, saved, loaded and shown."""

import copy
import gc
import weakref
from collections import OrderedDict

import numpy as np
import pytest
import tinytorch.core as tt
from tinytorch.core import Buffer, Linear, Module, Parameter, ReLU, Sequential, Tensor, no_grad, tensor


class Net(Module):
    """Something of everything."""

    def __init__(self):
        super().__init__()
        self.fc = Linear(2, 3)
        self.register_buffer("count", tensor([1.0, 2.0]))
        self.register_parameter("nothing", None)
        self.w = Parameter(tensor([5.0, 6.0]))
        self.k = 3

    def forward(self, x):
        return self.fc(x)


def names(pairs):
    return [name for name, _ in pairs]


class TestParameter:
    def test_shares_memory_and_requires_a_gradient(self):
        data = tensor([1.0, 2.0])
        p = Parameter(data)
        assert isinstance(p, Tensor)
        assert p.requires_grad
        assert p.is_leaf
        assert not data.requires_grad
        data[0] = 7
        assert p.tolist() == [7, 2]

    def test_repr(self):
        assert (
            repr(Parameter(tensor([1.0, 2.0])))
            == "Parameter containing:\ntensor([1., 2.], requires_grad=True)"
        )
        assert repr(Parameter(tensor([1.0, 2.0]), False)) == "Parameter containing:\ntensor([1., 2.])"
        assert repr(Parameter()) == "Parameter containing:\ntensor([], requires_grad=True)"

    def test_operations_give_plain_tensors(self):
        p = Parameter(tensor([1.0, 2.0]))
        for t in (p + 1, p * p, p[0], p.detach(), p.data, p.clone(), p.reshape(2, 1)):
            assert type(t) is Tensor

    def test_of_integers(self):
        with pytest.raises(RuntimeError, match="floating point"):
            Parameter(tensor([1, 2]))
        assert Parameter(tensor([1, 2]), requires_grad=False).dtype == tt.int64

    @pytest.mark.parametrize("data", [[1.0], 3.0, np.ones(2), "x"])
    def test_needs_a_tensor(self, data):
        with pytest.raises(TypeError, match=f"expected a Tensor, not {type(data).__name__}"):
            Parameter(data)

    def test_of_a_computed_tensor_is_a_leaf(self):
        assert Parameter(Parameter(tensor(1.0)) * 2).is_leaf

    def test_deepcopy(self):
        p = Parameter(tensor([1.0]), requires_grad=False)
        q = copy.deepcopy(p)
        assert type(q) is Parameter
        assert not q.requires_grad
        assert not np.shares_memory(p.numpy(), q.numpy())
        b = copy.deepcopy(Buffer(tensor([1.0]), persistent=False))
        assert type(b) is Buffer
        assert b.persistent is False

    def test_buffer(self):
        b = Buffer(tensor([1.0]))
        assert repr(b) == "tensor([1.])"
        assert b.persistent
        assert not b.requires_grad
        assert Buffer().shape == (0,)
        assert Buffer(tensor([1.0], requires_grad=True)).requires_grad
        with pytest.raises(TypeError, match="expected a Tensor"):
            Buffer(3)


class TestAssignment:
    def test_kinds(self):
        net = Net()
        assert names(net.named_parameters()) == ["w", "fc.weight", "fc.bias"]
        assert names(net.named_buffers()) == ["count"]
        assert names(net.named_children()) == ["fc"]
        assert net.nothing is None
        assert net.k == 3

    @pytest.mark.parametrize(
        ("assign", "what"),
        [
            (lambda m: setattr(m, "w", Parameter(tensor(1.0))), "parameter"),
            (lambda m: setattr(m, "fc", Linear(1, 1)), "module"),
            (lambda m: setattr(m, "b", Buffer(tensor(1.0))), "buffer"),
            (lambda m: m.register_parameter("w", None), "parameter"),
            (lambda m: m.register_buffer("b", None), "buffer"),
            (lambda m: m.add_module("fc", None), "module"),
        ],
    )
    def test_before_init(self, assign, what):
        class Early(Module):
            def __init__(self):
                assign(self)
                super().__init__()

        with pytest.raises(AttributeError, match=rf"cannot assign {what} before Module.__init__\(\) call"):
            Early()

    def test_plain_attributes_before_init_are_fine(self):
        class Early(Module):
            def __init__(self):
                self.size = 3
                super().__init__()

        assert Early().size == 3

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("w", tensor([1.0]), "cannot assign 'Tensor' as parameter 'w'"),
            ("w", 3, "cannot assign 'int' as parameter 'w'"),
            ("nothing", tensor([1.0]), "cannot assign 'Tensor' as parameter 'nothing'"),
            ("w", ReLU(), "cannot assign 'ReLU' as parameter 'w'"),
            ("fc", 3, "cannot assign 'int' as child module 'fc'"),
            ("fc", tensor([1.0]), "cannot assign 'Tensor' as child module 'fc'"),
            ("count", "x", "cannot assign 'str' to buffer 'count'"),
            ("count", 3, "cannot assign 'int' to buffer 'count'"),
        ],
    )
    def test_of_another_kind(self, name, value, message):
        net = Net()
        before = getattr(net, name)
        with pytest.raises(TypeError, match=message):
            setattr(net, name, value)
        assert getattr(net, name) is before

    def test_none_keeps_the_name(self):
        net = Net()
        net.w = net.fc = net.count = None
        assert names(net.named_parameters()) == []
        assert list(net.children()) == []
        assert list(net.buffers()) == []
        assert list(net.state_dict()) == []
        net.w = Parameter(tensor([1.0]))
        assert names(net.named_parameters()) == ["w"]
        with pytest.raises(TypeError, match="as child module 'fc'"):
            net.fc = 3

    def test_changing_kind(self):
        net = Net()
        net.k = Linear(1, 1)
        assert names(net.named_children()) == ["fc", "k"]
        net.fc = Parameter(tensor([1.0]))
        assert names(net.named_children()) == ["k"]
        assert names(net.named_parameters(recurse=False)) == ["w", "fc"]
        net.count = Parameter(tensor([1.0]))
        assert names(net.named_parameters(recurse=False)) == ["w", "fc", "count"]
        assert list(net.buffers()) == []

    def test_replacing_keeps_the_order(self):
        net = Sequential(Linear(1, 1), Linear(1, 1))
        net[0] = Linear(2, 2)
        assert names(net.named_children()) == ["0", "1"]

    def test_plain_tensors_are_not_registered(self):
        net = Net()
        net.t = tensor([1.0], requires_grad=True)
        assert "t" not in names(net.named_parameters())
        assert "t" not in net.state_dict()
        net.count = tensor([3.0])  # but this name is a buffer's
        assert net.state_dict()["count"].tolist() == [3]

    def test_buffers(self):
        net = Net()
        net.register_buffer("hidden", tensor([1.0]), persistent=False)
        net.b = Buffer(tensor([2.0]))
        net.c = Buffer(tensor([3.0]), persistent=False)
        assert names(net.named_buffers()) == ["count", "hidden", "b", "c"]
        assert [n for n in net.state_dict() if "fc" not in n] == ["w", "count", "b"]
        net.hidden = tensor([5.0])
        assert "hidden" not in net.state_dict()
        net.count = Buffer(tensor([1.0]), persistent=False)
        assert "count" not in net.state_dict()

    def test_delete(self):
        net = Net()
        del net.fc, net.w, net.count, net.k
        assert list(net.state_dict()) == []
        assert not hasattr(net, "w")
        net.w = 3
        assert names(net.named_parameters()) == []
        with pytest.raises(AttributeError, match="zz"):
            del net.zz
        with pytest.raises(AttributeError, match="'Net' object has no attribute 'zz'"):
            net.zz  # noqa: B018

    @pytest.mark.parametrize(
        "register", ["register_parameter", "register_buffer", "register_module", "add_module"]
    )
    def test_names(self, register):
        net = Net()
        f = getattr(net, register)
        for name, error, message in (
            ("a.b", KeyError, 'name can\'t contain "."'),
            ("", KeyError, "name can't be empty string"),
            ("train", KeyError, "attribute 'train' already exists"),
            ("k", KeyError, "attribute 'k' already exists"),
            (3, TypeError, "name should be a string. Got int"),
        ):
            with pytest.raises(error) as caught:
                f(name, None)
            assert message in caught.value.args[0]
        assert names(net.named_parameters()) == ["w", "fc.weight", "fc.bias"]

    def test_wrong_values(self):
        net = Net()
        with pytest.raises(TypeError, match="cannot assign 'Tensor' object to parameter 'q'"):
            net.register_parameter("q", tensor([1.0]))
        with pytest.raises(TypeError, match="cannot assign 'int' object to buffer 'q'"):
            net.register_buffer("q", 3)
        with pytest.raises(TypeError, match="int is not a Module subclass"):
            net.add_module("q", 3)
        leaf = Parameter(tensor([1.0]))
        moved = Parameter(tensor([0.0]))
        with no_grad():
            moved.zero_()
        moved._node = (leaf * 2).grad_fn  # as after an in-place operation that was recorded
        with pytest.raises(ValueError, match="non-leaf Tensor to parameter 'q'"):
            net.register_parameter("q", moved)

    def test_names_by_assignment(self):
        net = Net()
        for name in ("a.b", "", "forward", "train"):
            with pytest.raises(KeyError):
                setattr(net, name, Parameter(tensor(1.0)))

    def test_a_class_attribute_is_in_the_way(self):
        class Declared(Module):
            bias = None

        with pytest.raises(KeyError, match="attribute 'bias' already exists"):
            Declared().bias = Parameter(tensor([1.0]))

    def test_dir(self):
        listed = dir(Sequential(Linear(1, 1)))
        assert "0" not in listed
        assert {"forward", "training", "state_dict"} <= set(listed)
        assert {"fc", "w", "count", "k"} <= set(dir(Net()))

    def test_init_takes_nothing(self):
        with pytest.raises(TypeError):
            Module(3)


class TestTraversal:
    def test_shared_modules_and_parameters_count_once(self):
        inner = Linear(2, 2)
        net = Sequential(inner, ReLU(), inner)
        net.tied = Parameter(tensor([1.0]))
        net[1].tied = net.tied
        assert names(net.named_parameters()) == ["tied", "0.weight", "0.bias"]
        assert names(net.named_modules()) == ["", "0", "1"]
        assert names(net.named_children()) == ["0", "1"]
        assert len(list(net.children())) == 2
        assert len(list(net.modules())) == 3
        assert names(net.named_parameters(remove_duplicate=False)) == [
            "tied",
            "0.weight",
            "0.bias",
            "1.tied",
            "2.weight",
            "2.bias",
        ]
        assert names(net.named_modules(remove_duplicate=False)) == ["", "0", "1", "2"]
        assert list(net.state_dict()) == ["tied", "0.weight", "0.bias", "1.tied", "2.weight", "2.bias"]

    def test_shared_buffers_count_once(self):
        net = Net()
        net.also = Buffer(tensor([1.0]))
        net.fc.also = net.also
        assert names(net.named_buffers()) == ["count", "also"]
        assert names(net.named_buffers(remove_duplicate=False)) == ["count", "also", "fc.also"]

    def test_prefix_and_recurse(self):
        net = Sequential(Net())
        assert names(net.named_parameters("p")) == ["p.0.w", "p.0.fc.weight", "p.0.fc.bias"]
        assert names(net.named_parameters(recurse=False)) == []
        assert names(net[0].named_parameters("p", recurse=False)) == ["p.w"]
        assert names(net.named_buffers("p")) == ["p.0.count"]
        assert names(net.named_modules(prefix="p")) == ["p", "p.0", "p.0.fc"]
        assert [p.shape for p in net.parameters()] == [(2,), (3, 2), (3,)]
        assert [b.shape for b in net.buffers()] == [(2,)]
        assert list(net.parameters(recurse=False)) == []

    def test_a_cycle_ends(self):
        net = Net()
        net.me = net
        assert names(net.named_modules()) == ["", "fc"]
        assert names(net.named_parameters()) == ["w", "fc.weight", "fc.bias"]

    def test_get(self):
        net = Sequential(Net())
        assert net.get_submodule("") is net
        assert net.get_submodule("0.fc") is net[0].fc
        assert net.get_parameter("0.fc.weight") is net[0].fc.weight
        assert net.get_buffer("0.count") is net[0].count
        for get, path, message in (
            (net.get_submodule, "0.x.y", "Net has no attribute `x`"),
            (net.get_submodule, "0.w", "`w` is not a Module"),
            (net.get_parameter, "0.x", "Net has no attribute `x`"),
            (net.get_parameter, "0.count", "`count` is not a Parameter"),
            (net.get_parameter, "0.k", "`k` is not a Parameter"),
            (net.get_parameter, "1.w", "Sequential has no attribute `1`"),
            (net.get_buffer, "0.w", "`w` is not a buffer"),
        ):
            with pytest.raises(AttributeError) as caught:
                get(path)
            assert caught.value.args[0] == message


class TestCall:
    def test_forward(self):
        class Scale(Module):
            def forward(self, a, *, k=1):
                return a * k

        assert Scale()(2, k=3) == 6
        with pytest.raises(NotImplementedError, match=r'Module \[Module\] is missing the required "forward"'):
            Module()(1)

    def test_forward_hook_sees_and_replaces(self):
        net, seen = Net(), []
        handle = net.register_forward_hook(lambda m, args, out: seen.append((m, args, out)))
        x = tensor([[1.0, 2.0]])
        y = net(x)
        assert len(seen) == 1
        assert seen[0][0] is net
        assert seen[0][1] == (x,)
        assert seen[0][2] is y
        handle.remove()
        handle.remove()
        net(x)
        assert len(seen) == 1
        with net.register_forward_hook(lambda m, args, out: 7):
            assert net(x) == 7
        assert net(x).shape == (1, 3)

    def test_pre_hook_replaces_the_arguments(self):
        class Pair(Module):
            def forward(self, a, b=0):
                return a, b

        m = Pair()
        with m.register_forward_pre_hook(lambda m, args: None):
            assert m(1) == (1, 0)
        with m.register_forward_pre_hook(lambda m, args: args[0] + 1):
            assert m(1) == (2, 0)
        with m.register_forward_pre_hook(lambda m, args: (5, 6)):
            assert m(1) == (5, 6)
        with m.register_forward_pre_hook(lambda m, a, k: ((a[0],), {"b": k["b"] + 1}), with_kwargs=True):
            assert m(1, b=2) == (1, 3)
        with (
            m.register_forward_pre_hook(lambda m, a, k: 3, with_kwargs=True),
            pytest.raises(RuntimeError, match=r"None or a tuple of \(new_args, new_kwargs\), but got 3"),
        ):
            m(1)
        assert m(1) == (1, 0)

    def test_order(self):
        m, order = ReLU(), []
        m.register_forward_hook(lambda *_: order.append("b"))
        m.register_forward_hook(lambda *_: order.append("c"))
        m.register_forward_hook(lambda *_: order.append("a"), prepend=True)
        m.register_forward_pre_hook(lambda *_: order.append("2"))
        m.register_forward_pre_hook(lambda *_: order.append("1"), prepend=True)
        m(tensor([1.0]))
        assert order == ["1", "2", "a", "b", "c"]

    def test_hook_with_kwargs(self):
        m, seen = ReLU(), []
        m.register_forward_hook(lambda m, a, k, out: seen.append((a, list(k))), with_kwargs=True)
        m(input=tensor([1.0]))
        assert seen == [((), ["input"])]

    def test_a_hook_may_remove_itself(self):
        m, seen = ReLU(), []
        handle = m.register_forward_hook(lambda *_: (seen.append(1), handle.remove())[0])
        m.register_forward_hook(lambda *_: seen.append(2))
        m(tensor([1.0]))
        m(tensor([1.0]))
        assert seen == [1, 2, 2]

    def test_hooks_belong_to_one_module(self):
        first, second = ReLU(), ReLU()
        first.register_forward_hook(lambda *_: 1)
        assert first(tensor([1.0])) == 1
        assert second(tensor([1.0])).tolist() == [1]

    def test_not_callable(self):
        with pytest.raises(TypeError, match="must be callable, not int"):
            ReLU().register_forward_hook(3)

    def test_hooks_of_children_run_too(self):
        net, seen = Sequential(Linear(2, 2), ReLU()), []
        for module in net:
            module.register_forward_hook(lambda m, *_: seen.append(type(m).__name__))
        net(tensor([1.0, 2.0]))
        assert seen == ["Linear", "ReLU"]


class TestChanging:
    def test_train_and_eval(self):
        net = Sequential(Net(), Sequential(ReLU()))
        assert all(m.training for m in net.modules())
        assert net.eval() is net
        assert not any(m.training for m in net.modules())
        assert net.train() is net
        assert all(m.training for m in net.modules())
        for mode in (3, None, "x"):
            with pytest.raises(ValueError, match="training mode is expected to be boolean"):
                net.train(mode)

    def test_requires_grad(self):
        net = Net()
        assert net.requires_grad_(False) is net
        assert not any(p.requires_grad for p in net.parameters())
        assert not net(tensor([1.0, 2.0])).requires_grad
        net.requires_grad_()
        assert net(tensor([1.0, 2.0])).requires_grad

    def test_zero_grad(self):
        net = Net()
        net(tensor([1.0, 2.0])).sum().backward()
        net.zero_grad(set_to_none=False)
        assert net.fc.weight.grad.tolist() == [[0, 0]] * 3
        assert net.w.grad is None
        net.zero_grad()
        assert net.fc.weight.grad is None

    def test_apply(self):
        order = []
        net = Sequential(Net(), ReLU())
        assert net.apply(lambda m: order.append(type(m).__name__)) is net
        assert order == ["Linear", "Net", "ReLU", "Sequential"]

    def test_to_changes_floats_only_and_keeps_the_parameters(self):
        net = Net()
        net.register_buffer("steps", tensor([1, 2]))
        net.register_buffer("later", None)
        parameters = list(net.parameters())
        net(tensor([1.0, 2.0])).sum().backward()
        assert net.to(tt.float64) is net
        assert [a is b for a, b in zip(net.parameters(), parameters)] == [True] * 3
        assert all(p.dtype == tt.float64 for p in net.parameters())
        assert net.fc.weight.grad.dtype == tt.float64
        assert net.count.dtype == tt.float64
        assert net.steps.dtype == tt.int64
        assert net(tensor([1.0, 2.0], dtype=tt.float64)).dtype == tt.float64
        assert net.half().w.dtype == tt.float16
        assert net.float().w.dtype == tt.float32
        assert net.double().w.dtype == tt.float64
        assert net.to(tensor([1.0])).w.dtype == tt.float32
        assert net.w.tolist() == [5, 6]

    def test_to_converts_tied_parameters_together(self):
        net = Sequential(Linear(2, 2), Linear(2, 2))
        net[1].weight = net[0].weight
        net.double()
        assert net[1].weight is net[0].weight

    @pytest.mark.parametrize("dtype", [tt.int64, tt.bool, "cuda", None, 3])
    def test_to_something_else(self, dtype):
        net = Net()
        with pytest.raises(TypeError):
            net.to(dtype)
        assert net.w.dtype == tt.float32

    def test_training_goes_on_after_to(self):
        net = Net().double()
        net(tensor([1.0, 2.0], dtype=tt.float64)).sum().backward()
        assert net.fc.weight.grad.dtype == tt.float64

    def test_deepcopy(self):
        net = Sequential(Net(), ReLU())
        net[1].tied = net[0].w
        seen = []
        net[1].register_forward_hook(lambda *_: seen.append(1))
        twin = copy.deepcopy(net)
        assert names(twin.named_parameters()) == names(net.named_parameters())
        assert twin[1].tied is twin[0].w
        assert twin[0].w is not net[0].w
        with no_grad():
            twin[0].w.zero_()
            twin[0].count.zero_()
        assert net[0].w.tolist() == [5, 6]
        assert net[0].count.tolist() == [1, 2]
        twin[0].extra = Linear(1, 1)
        assert not hasattr(net[0], "extra")
        twin[1](tensor([1.0]))
        assert seen == [1]

    def test_a_module_and_its_graph_leave_no_cycles(self):
        gc.collect()
        gc.disable()
        try:
            net = Sequential(Net(), ReLU())
            net(tensor([1.0, 2.0])).sum().backward()
            dead = [weakref.ref(x) for x in (net, net[0], net[0].fc.weight)]
            del net
            assert [r() for r in dead] == [None] * 3
        finally:
            gc.enable()


class TestStateDict:
    def test_round_trip(self):
        net, other = Sequential(Net(), Linear(3, 1)), Sequential(Net(), Linear(3, 1))
        state = net.state_dict()
        assert isinstance(state, OrderedDict)
        assert list(state) == ["0.w", "0.count", "0.fc.weight", "0.fc.bias", "1.weight", "1.bias"]
        kept = list(other.parameters())
        result = other.load_state_dict(state)
        assert repr(result) == str(result) == "<All keys matched successfully>"
        assert result == ([], [])
        for key, value in other.state_dict().items():
            assert value.tolist() == state[key].tolist()
            assert not np.shares_memory(value.numpy(), state[key].numpy())
        assert all(a is b for a, b in zip(other.parameters(), kept))

    def test_tensors_are_detached_and_share_memory(self):
        net = Net()
        state = net.state_dict()
        assert not any(t.requires_grad for t in state.values())
        assert all(type(t) is Tensor for t in state.values())
        with no_grad():
            net.w.fill_(9)
        assert state["w"].tolist() == [9, 9]
        assert net.state_dict(keep_vars=True)["w"] is net.w
        into = {"before": 1}
        assert net.fc.state_dict(destination=into, prefix="p.") is into
        assert list(into) == ["before", "p.weight", "p.bias"]

    def test_all_mistakes_in_one_error_and_nothing_loaded(self):
        net = Sequential(Linear(2, 3), Linear(3, 1))
        before = {k: v.tolist() for k, v in net.state_dict().items()}
        state = {"0.weight": tensor(np.zeros((2, 2))), "1.bias": tensor([0.0]), "1.weight": [1], "z": 3}
        with pytest.raises(RuntimeError) as caught:
            net.load_state_dict(state)
        assert str(caught.value) == (
            "Error(s) in loading state_dict for Sequential:\n"
            '\tMissing key(s) in state_dict: "0.bias". \n'
            '\tUnexpected key(s) in state_dict: "z". \n'
            "\tsize mismatch for 0.weight: copying a param with shape (2, 2) from checkpoint, "
            "the shape in current model is (3, 2).\n"
            "\tWhile copying the parameter named \"1.weight\", expected a Tensor but received <class 'list'>"
        )
        assert {k: v.tolist() for k, v in net.state_dict().items()} == before

    def test_not_strict(self):
        net = Linear(2, 3)
        result = net.load_state_dict({"bias": tensor([1.0, 2.0, 3.0]), "z": 3}, strict=False)
        assert result.missing_keys == ["weight"]
        assert result.unexpected_keys == ["z"]
        assert repr(result) == "IncompatibleKeys(missing_keys=['weight'], unexpected_keys=['z'])"
        missing, unexpected = result
        assert (missing, unexpected) == (["weight"], ["z"])
        assert net.bias.tolist() == [1, 2, 3]
        with pytest.raises(RuntimeError, match="size mismatch for bias"):
            net.load_state_dict({"bias": tensor([1.0])}, strict=False)
        assert net.bias.tolist() == [1, 2, 3]

    @pytest.mark.parametrize("state", [[1], 3, None, "x"])
    def test_not_a_mapping(self, state):
        with pytest.raises(TypeError, match=f"to be dict-like, got <class '{type(state).__name__}'>"):
            Linear(1, 1).load_state_dict(state)

    def test_dtype_is_the_modules(self):
        net = Linear(2, 1)
        net.load_state_dict({"weight": tensor([[1.5, 2.5]], dtype=tt.float64), "bias": tensor([3])})
        assert net.weight.dtype == tt.float32
        assert net.weight.tolist() == [[1.5, 2.5]]
        assert net.bias.tolist() == [3]

    def test_one_element_for_a_number(self):
        net = Module()
        net.scale = Parameter(tensor(1.0))
        net.load_state_dict({"scale": tensor([2.0])})
        assert net.scale.shape == ()
        assert net.scale.item() == 2

    def test_missing_bias(self):
        net = Linear(2, 1, bias=False)
        assert list(net.state_dict()) == ["weight"]
        with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "bias"'):
            net.load_state_dict(Linear(2, 1).state_dict())

    def test_assign(self):
        net = Net()
        state = {k: v.clone() for k, v in net.state_dict().items()}
        state["w"] = Parameter(state["w"])
        old = net.w
        net.fc.requires_grad_(False)
        net.load_state_dict(state, assign=True)
        assert net.w is state["w"]
        assert net.w is not old
        assert type(net.fc.weight) is Parameter
        assert not net.fc.weight.requires_grad
        assert np.shares_memory(net.fc.weight.numpy(), state["fc.weight"].numpy())
        assert net.count is state["count"]
        assert names(net.named_buffers()) == ["count"]

    def test_assign_that_cannot_be_leaves_all_as_it_was(self):
        net = Net()
        state = {k: v.clone() for k, v in net.state_dict().items()}
        w = net.w
        state["fc.bias"] = tensor([1, 2, 3])
        with pytest.raises(RuntimeError, match=r"fc\.bias requires a gradient.*int64"):
            net.load_state_dict(state, assign=True)
        assert net.w is w

    def test_read_only_memory_leaves_all_as_it_was(self):
        net = Net()
        frozen = np.zeros(2)
        frozen.flags.writeable = False
        net.register_buffer("frozen", tt.from_numpy(frozen))
        state = {k: v.clone() for k, v in net.state_dict().items()}
        state["w"] = tensor([0.0, 0.0])
        with pytest.raises(RuntimeError, match="the memory of frozen is read-only"):
            net.load_state_dict(state)
        assert net.w.tolist() == [5, 6]

    def test_loading_during_a_pending_backward_is_noticed(self):
        net = Net()
        y = net(tensor([[1.0, 2.0]], requires_grad=True)).sum()
        net.load_state_dict(Net().state_dict())
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            y.backward()

    def test_tied_parameters(self):
        net = Sequential(Linear(2, 2), Linear(2, 2))
        net[1].weight = net[0].weight
        loose = Sequential(Linear(2, 2), Linear(2, 2))
        loose.load_state_dict(net.state_dict())
        assert loose[1].weight.tolist() == net[0].weight.tolist()
        net.load_state_dict(loose.state_dict())
        assert net[1].weight is net[0].weight


class TestRepr:
    """Compared by hand with torch 2.13."""

    def test_nested(self):
        net = Sequential(Linear(2, 3), ReLU(), Sequential(Linear(3, 3), tt.Dropout()))
        assert repr(net) == (
            "Sequential(\n"
            "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
            "  (1): ReLU()\n"
            "  (2): Sequential(\n"
            "    (0): Linear(in_features=3, out_features=3, bias=True)\n"
            "    (1): Dropout(p=0.5, inplace=False)\n"
            "  )\n"
            ")"
        )

    def test_own(self):
        assert repr(Net()) == "Net(\n  (fc): Linear(in_features=2, out_features=3, bias=True)\n)"
        assert repr(Module()) == "Module()"

    def test_extra_repr(self):
        class Extra(Module):
            def __init__(self, text, *children):
                super().__init__()
                self.text = text
                for name in children:
                    self.add_module(name, ReLU() if name != "none" else None)

            def extra_repr(self):
                return self.text

        assert repr(Extra("x=1")) == "Extra(x=1)"
        assert repr(Extra("x=1\ny=2")) == "Extra(\n  x=1\n  y=2\n)"
        assert repr(Extra("x=1", "a", "none")) == "Extra(\n  x=1\n  (a): ReLU()\n  (none): None\n)"
        assert repr(Extra("x=1\ny=2", "a")) == "Extra(\n  x=1\n  y=2\n  (a): ReLU()\n)"
