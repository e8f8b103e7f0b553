"""Cases: layers, containers, and what every Module can do."""

from __future__ import annotations

from ..inputs import I, T
from ..libraries import FLOATS
from ..table import case, code, code_error, error

ONE = ("contiguous",)

case("F.linear", T(2, 3), T(4, 3), T(4), on=FLOATS)
case("F.linear", T(2, 3), T(4, 3), on=FLOATS)
case("F.linear", T(5, 2, 3), T(4, 3), bias=T(4), on=FLOATS)
case("F.linear", T(3), T(4, 3), T(4), on=FLOATS)
case("F.linear", T(2, 3), T(3), on=FLOATS)
case("F.linear", T(3), T(3), on=FLOATS)
case("F.linear", T(0, 3), T(4, 3), T(4), on=FLOATS, layouts=ONE)
case("F.linear", T(2, 0), T(4, 0), T(4), on=FLOATS, layouts=ONE)
case("F.linear", input=T(2, 3), weight=T(4, 3), bias=None, on=FLOATS)
case("F.linear", T(2, 3), T(4, 3), T(4), on=("int64",))
error("F.linear", T(2, 3), T(4, 2), T(4))
error("F.linear", T(2, 3), T(4, 3), T(5))
error("F.linear", T(2, 3), T(2, 4, 3))
error("F.linear", T(2, 3), T(4, 3, dtype="float64"))
error("F.linear", T(2, 3, dtype="int64"), T(4, 3))
error("F.linear", T(), T(4, 3))
error("F.linear", T(2, 3), None)
case("F.bilinear", T(5, 3), T(5, 4), T(2, 3, 4), T(2), on=FLOATS)
case("F.bilinear", T(5, 3), T(5, 4), T(2, 3, 4), on=FLOATS)
case("F.bilinear", T(6, 5, 3), T(6, 5, 4), T(2, 3, 4), bias=T(2), on=FLOATS)
case("F.bilinear", T(3), T(4), T(2, 3, 4), on=FLOATS)
case("F.bilinear", input1=T(5, 3), input2=T(5, 4), weight=T(2, 3, 4), bias=T(2), on=FLOATS)
case("F.bilinear", T(0, 3), T(0, 4), T(2, 3, 4), on=FLOATS, layouts=ONE)
error("F.bilinear", T(5, 3), T(5, 4), T(2, 4, 4))
error("F.bilinear", T(5, 3), T(6, 4), T(2, 3, 4))
error("F.bilinear", T(5, 3), T(5, 4), T(2, 3, 4), T(3))
case("F.dropout", T(3, 4), 0.5, False)
case("F.dropout", T(3, 4), p=0.0, on=FLOATS)
case("F.dropout", T(3, 4), p=1.0, on=FLOATS)
case("F.dropout", T(3, 4), p=0.5, training=False, inplace=True)
case("F.dropout", T(0, 4), on=FLOATS, layouts=ONE)
error("F.dropout", T(3), 1.5)
error("F.dropout", T(3), -0.1)

FILL = """
def fill(m):
    rng = np.random.default_rng(1)
    with t.no_grad():
        for k, v in m.state_dict().items():
            v.copy_(t.from_numpy(np.asarray(rng.integers(-48, 48, tuple(v.shape)) / 16)))
    return m
"""
# How a module is made, and the inputs that it is called with.
LAYERS = (
    ("nn.Linear(3, 4)", "x", dict(x=T(5, 3))),
    ("nn.Linear(3, 4)", "x", dict(x=T(3))),
    ("nn.Linear(3, 4)", "x", dict(x=T(2, 5, 3))),
    ("nn.Linear(3, 4, bias=False)", "x", dict(x=T(5, 3))),
    ("nn.Linear(in_features=3, out_features=1, bias=True)", "x", dict(x=T(5, 3))),
    ("nn.Linear(3, 4, dtype=t.float64)", "x.double()", dict(x=T(5, 3))),
    ("nn.Bilinear(3, 4, 2)", "x, y", dict(x=T(5, 3), y=T(5, 4))),
    ("nn.Bilinear(3, 4, 2, bias=False)", "x, y", dict(x=T(5, 3), y=T(5, 4))),
    ("nn.Bilinear(in1_features=3, in2_features=4, out_features=2, dtype=t.float32)", "x, y", dict(x=T(3), y=T(4))),
    ("nn.Identity()", "x", dict(x=T(5, 3))),
    ("nn.Identity(54, unused=3)", "x", dict(x=T(5, 3))),
    ("nn.Flatten()", "x", dict(x=T(2, 3, 4))),
    ("nn.Flatten(0, 1)", "x", dict(x=T(2, 3, 4))),
    ("nn.Flatten(start_dim=1, end_dim=-2)", "x", dict(x=T(2, 3, 4))),
    ("nn.Unflatten(1, (2, 3))", "x", dict(x=T(5, 6))),
    ("nn.Unflatten(dim=-1, unflattened_size=(2, -1))", "x", dict(x=T(5, 6))),
    ("nn.Dropout(0.0)", "x", dict(x=T(5, 3))),
    ("nn.Dropout(p=1.0)", "x", dict(x=T(5, 3))),
    ("nn.Dropout(inplace=True).eval()", "x", dict(x=T(5, 3))),
    ("nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))", "x", dict(x=T(5, 3))),
    ("nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(6, 4), nn.Tanh()), nn.Softmax(dim=1))", "x", dict(x=T(5, 2, 3))),
    ("nn.Sequential()", "x", dict(x=T(3))),
)
for make, inputs, specs in LAYERS:
    code(
        f"m = fill({make})\ny = m({inputs})\nps = list(m.parameters())\n"
        "gs = autograd.grad((y * y).sum(), ps, retain_graph=True) if ps else ()\n"
        "out = repr(m), y, gs, dict(m.state_dict()), m.training, [n for n, _ in m.named_modules()], "
        "[(n, p.requires_grad, p.is_leaf) for n, p in m.named_parameters()]",
        layouts=("contiguous", "transposed", "stepped"), setup=FILL, **specs,
    )  # fmt: skip
    if "Identity" not in make and make != "nn.Sequential()":
        code_error(f"m = {make}\nm('a')")
code_error("nn.Linear(3, 4)(x)", x=T(5, 4))
code_error("nn.Linear(3, 4)(x)", x=T(5, 3, dtype="float64"))
code_error("nn.Linear(3, 4)(x)", x=T(5, 3, dtype="int64"))
code_error("nn.Linear(3, -1)")
code_error("nn.Linear(3)")
code_error("nn.Linear(3.5, 2)")
code_error("nn.Linear('a', 2)")
code_error("nn.Bilinear(3, 4, 2)(x, x)", x=T(5, 3))
code_error("nn.Bilinear(0, 4, 2)")
code_error("nn.Dropout(1.5)")
code_error("nn.Dropout(-0.5)")
code_error("nn.Unflatten(1, (2, 4))(x)", x=T(5, 6))
code_error("nn.Unflatten(1, 3)")
code_error("nn.Unflatten(1, (2, 'a'))")
code_error("nn.Flatten(2, 1)(x)", x=T(2, 3, 4))
code("m = nn.Linear(3, 4)\nout = m.in_features, m.out_features, type(m.weight).__name__, type(m.bias).__name__, m.weight.dtype")
code("m = nn.Linear(3, 4, bias=False)\nout = m.bias, list(m.state_dict())")
code("m = nn.Bilinear(3, 4, 2)\nout = m.in1_features, m.in2_features, m.out_features, m.weight.shape, m.bias.shape")

NET = f"""{FILL}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(4, 2))
        self.scale = nn.Parameter(t.ones(2))
        self.register_buffer('count', t.zeros(1))
        self.register_buffer('cache', t.zeros(2), persistent=False)
        self.drop = nn.Dropout(0.5)
        self.nothing = None
        self.number = 7
    def forward(self, x, factor=1.0):
        return self.rest(self.first(x)) * self.scale * factor
class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = self.a
        self.w = self.a.weight
m = fill(Net())
"""
SHOWS = """
repr(m) | [k for k in m.state_dict()] | dict(m.state_dict()) | m(x) | m(x, factor=2.0) | [n for n, _ in m.named_parameters()]
[n for n, _ in m.named_buffers()] | [n for n, _ in m.named_children()] | [n for n, _ in m.named_modules()] | len(list(m.modules()))
len(list(m.children())) | [tuple(p.shape) for p in m.parameters()] | [tuple(b.shape) for b in m.buffers()]
[n for n, _ in m.named_parameters(prefix='net')] | [n for n, _ in m.named_parameters(recurse=False)] | len(list(m.parameters(recurse=False)))
[n for n, _ in m.named_buffers(prefix='net', recurse=False)] | len(list(m.buffers(recurse=False))) | [n for n, _ in m.named_modules(prefix='net')]
[n for n, _ in Shared().named_parameters()] | list(Shared().state_dict()) | len(list(Shared().parameters())) | len(list(Shared().modules()))
[n for n, _ in Shared().named_parameters(remove_duplicate=False)] | [n for n, _ in Shared().named_modules(remove_duplicate=False)]
[n for n, _ in Shared().named_children()] | [n for n, _ in Shared().named_buffers(remove_duplicate=False)]
m.training, m.eval() is m, m.training, m.drop.training, m.train().drop.training, m.train(False).training, m.train(mode=True).rest.training
m.requires_grad_(False) is m, [p.requires_grad for p in m.parameters()] | m.requires_grad_(requires_grad=True).scale.requires_grad
m.double() is m, [(n, v.dtype) for n, v in m.state_dict().items()] | [v.dtype for v in m.half().state_dict().values()] | m.float().scale.dtype
m.to(t.float64).scale.dtype, m.count.dtype, m.cache.dtype | m.to(dtype=t.float64)(x.double()) | m.to(x.double()).scale.dtype
m.get_parameter('first.weight') is m.first.weight | m.get_submodule('rest.1') is m.rest[1] | m.get_submodule('') is m | m.get_buffer('count') is m.count
m.zero_grad(), m.scale.grad | m.nothing, m.number, m.extra_repr(), m.rest[1].extra_repr() | 'scale' in dir(m), 'first' in dir(m), 'count' in dir(m)
[type(a).__name__ for a in m.modules()] | m.state_dict(prefix='p.').keys() == {'p.' + k for k in m.state_dict()} | list(m.state_dict(prefix='a.'))
m.state_dict(keep_vars=True)['scale'].requires_grad, m.state_dict()['scale'].requires_grad | m.state_dict()['scale'] is m.scale
m.register_parameter('extra', None), list(m.state_dict()), m.extra
m.register_parameter('extra', nn.Parameter(t.ones(1))), list(m.state_dict()) | m.add_module('more', nn.ReLU()), repr(m)
m.register_module('more', nn.Tanh()), repr(m) | m.register_buffer('nil', None), list(m.state_dict()), m.nil
""".replace("\n", "|").split("|")
for show in filter(None, map(str.strip, SHOWS)):
    code(f"({show})", x=T(5, 3), setup=NET)
BAD = """
m.first = 3 | m.scale = t.ones(2) | m.count = 3 | m.nonsense | m() | m(x, x, x) | m.register_parameter('a.b', None) | m.register_parameter('', None)
m.register_parameter('first', None) | m.register_parameter('p', t.ones(2)) | m.register_parameter('p', x * 1) | m.register_buffer('scale', t.ones(1))
m.register_buffer('b', 3) | m.register_buffer('a.b', t.ones(1)) | m.register_buffer('', t.ones(1)) | m.add_module('q', 3) | m.add_module('a.b', nn.ReLU())
m.add_module('', nn.ReLU()) | m.add_module('number', nn.ReLU()) | m.get_parameter('first.nonsense') | m.get_parameter('first') | m.get_submodule('nonsense')
m.get_submodule('scale') | m.get_buffer('scale') | m.to(t.int64) | m.to('nonsense') | m.train(3) | m.load_state_dict({}) | m.load_state_dict(3)
m.load_state_dict({**m.state_dict(), 'more': t.ones(1)}) | m.load_state_dict({**m.state_dict(), 'scale': t.ones(3)})
m.load_state_dict({**m.state_dict(), 'scale': t.ones(3)}, strict=False) | m.load_state_dict({**m.state_dict(), 'scale': 3}) | m.load_state_dict({'scale': t.ones(2)})
nn.Module()(x) | nn.Module(3) | nn.Module(a=3) | m.first.weight = 3 | del m.nonsense | m.rest[5] | m.rest['a']
""".replace("\n", "|").split("|")
for bad in filter(None, map(str.strip, BAD)):
    code_error(bad, x=T(5, 3), setup=NET)
code_error("class N(nn.Module):\n    def __init__(self):\n        self.a = nn.Linear(2, 2)\nN()")
code_error("class N(nn.Module):\n    def __init__(self):\n        self.a = nn.Parameter(t.ones(2))\nN()")
code_error("class N(nn.Module):\n    def __init__(self):\n        self.register_buffer('a', t.ones(2))\nN()")
code_error("class N(nn.Module):\n    pass\nN()(x)", x=T(2))

DO = (
    "old = m.state_dict()\nn = Net()\nout = tuple(n.load_state_dict(old)), n(x), dict(n.state_dict())",
    "out = tuple(m.load_state_dict({'scale': t.ones(2), 'more': t.ones(1)}, strict=False)), m(x)",
    "out = m.load_state_dict({'scale': t.ones(2) * 3}, strict=False).missing_keys, m.scale * 1",
    "out = repr(m.load_state_dict(m.state_dict()))",
    "s = {k: v * 2 for k, v in m.state_dict().items()}\nm.load_state_dict(s, assign=True)\nout = m(x), m.scale.requires_grad, type(m.scale) is nn.Parameter",
    "s = {'old': 1}\nout = m.rest.state_dict(destination=s, prefix='q.') is s, list(s)",
    "seen = {m.first}\nout = [n for n, _ in m.named_modules(memo=seen)]",
    "out = m.forward(x), m.rest.forward(m.first.forward(x))",
    "out = m.load_state_dict({k: v.double() for k, v in m.state_dict().items()}), m.scale.dtype\nout = out[1]",
    "s = m.state_dict()\ns['scale'][0] = 9\nout = m.scale * 1",
    "p = m.scale\nm.load_state_dict({**m.state_dict(), 'scale': t.ones(2) * 5})\nout = p is m.scale, p * 1",
    "try:\n    m.load_state_dict({**m.state_dict(), 'scale': t.ones(3)})\nexcept RuntimeError:\n    pass\nout = m(x)",
    "m(x).sum().backward()\na = m.first.weight.grad * 1\nm.zero_grad()\nb = m.first.weight.grad\nm(x).sum().backward()\nout = a, b, m.scale.grad",
    "m(x).sum().backward()\nm.zero_grad(set_to_none=False)\nout = m.scale.grad",
    "m(x).sum().backward()\nm.zero_grad(set_to_none=True)\nout = m.scale.grad",
    "seen = []\nm.apply(lambda k: seen.append(type(k).__name__))\nout = seen, m.apply(lambda k: None) is m",
    "def init_(k):\n    if isinstance(k, nn.Linear):\n        with t.no_grad():\n            k.weight.fill_(0.5)\nm.apply(init_)\nout = m(x)",
    "seen = []\nh = m.first.register_forward_hook(lambda k, i, o: seen.append((type(k).__name__, len(i), o * 1)))\ny = m(x)\nh.remove()\nm(x)\nout = seen, y",
    "m.first.register_forward_hook(lambda k, i, o: o * 2)\nout = m(x)",
    "m.first.register_forward_pre_hook(lambda k, i: i[0] * 2)\nout = m(x)",
    "m.first.register_forward_pre_hook(lambda k, i: (i[0] * 2,))\nout = m(x)",
    "m.register_forward_hook(lambda k, a, kw, o: o * kw['factor'], with_kwargs=True)\nout = m(x, factor=3.0)",
    "m.register_forward_pre_hook(lambda k, a, kw: (a, {'factor': 5.0}), with_kwargs=True)\nout = m(x, factor=3.0)",
    "o = []\nm.register_forward_hook(lambda *a: o.append(1))\nm.register_forward_hook(lambda *a: o.append(2), prepend=True)\nm(x)\nout = o",
    "o = []\nm.register_forward_pre_hook(lambda *a: o.append(1))\nm.register_forward_pre_hook(lambda *a: o.append(2), prepend=True)\nm(x)\nout = o",
    "h = m.register_forward_pre_hook(lambda k, i: (i[0] * 2,))\nh.remove()\nout = m(x)",
    "m.scale = nn.Parameter(t.ones(2) * 4)\nout = m(x), list(m.state_dict())",
    "m.scale = None\nout = list(m.state_dict()), m.scale",
    "m.drop = nn.Identity()\nout = repr(m)",
    "m.count = t.ones(1) * 3\nout = dict(m.state_dict())",
    "del m.drop\nout = repr(m), list(m.state_dict())",
    "del m.scale\nout = list(m.state_dict()), hasattr(m, 'scale')",
    "del m.count\nout = list(m.state_dict()), hasattr(m, 'count')",
    "m.new = nn.Buffer(t.ones(2))\nout = list(m.state_dict()), [n for n, _ in m.named_buffers()]",
    "m.new = nn.Buffer(t.ones(2), persistent=False)\nout = list(m.state_dict()), [n for n, _ in m.named_buffers()]",
    "import copy\nn = copy.deepcopy(m)\nwith t.no_grad():\n    n.scale.fill_(0)\nout = m(x), n(x), n.scale is m.scale",
    "g = m.scale\nm.double()\nout = g is m.scale, g.dtype, m.scale.requires_grad",
    "m(x).sum().backward()\nm.double()\nout = m.scale.grad",
    "m.first.weight.requires_grad_(False)\nm(x).sum().backward()\nout = m.first.weight.grad, m.first.bias.grad",
    "m.first.requires_grad_(False)\nout = [p.requires_grad for p in m.parameters()]",
    "m.eval()\nm.drop.train()\nout = m.drop.training, m.training, m.drop(x * 0)",
)  # fmt: skip
for do in DO:
    code(do, x=T(5, 3), setup=NET)

CONTAINERS = """
nn.Sequential(nn.Linear(2, 3), nn.ReLU()) | nn.ModuleList([nn.Linear(2, 2), nn.ReLU()]) | nn.ModuleDict({'a': nn.Linear(2, 2), 'b': nn.ReLU()})
nn.ModuleList() | nn.ModuleDict() | nn.Sequential() | nn.ModuleList([nn.Linear(2, 2) for _ in range(4)]) | nn.Sequential(nn.Sequential(nn.ReLU()), nn.Tanh())
nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh()]) | nn.ModuleDict([('x', nn.Tanh()), ('y', nn.Sequential(nn.Linear(1, 1)))])
""".replace("\n", "|").split("|")
for make in filter(None, map(str.strip, CONTAINERS)):
    code(f"m = {make}\nout = repr(m), list(m.state_dict()), len(m), [n for n, _ in m.named_modules()]")
code("import collections\nm = nn.Sequential(collections.OrderedDict([('one', nn.Linear(2, 3)), ('two', nn.ReLU())]))\nout = repr(m), list(m.state_dict()), m.one is m[0]")
S = "s = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1), nn.Tanh())\n"
for show in (
    "repr(s[1:]), repr(s[-1]), repr(s[0:2]), type(s[1:]).__name__", "[type(k).__name__ for k in s], len(s)",
    "s.append(nn.ReLU()) is s, repr(s)", "repr(s.extend([nn.ReLU(), nn.Tanh()]))", "repr(s.insert(1, nn.Tanh())), len(s)",
    "[s.pop(1) is not None, repr(s)[:30], len(s)]", "repr(s + nn.Sequential(nn.ReLU()))", "repr(s * 2)", "list(s.state_dict())",
):  # fmt: skip
    code(show, setup=S)
for do in ("s[1] = nn.Tanh()\nout = repr(s)", "del s[0]\nout = repr(s), list(s.state_dict())", "del s[1:3]\nout = repr(s)", "s[-1] = nn.ReLU()\nout = repr(s)",
           "s += nn.Sequential(nn.ReLU())\nout = repr(s)", "s *= 2\nout = len(s), repr(s)"):  # fmt: skip
    code(do, setup=S)
for bad in ("s[4]", "s[-5]", "s[4] = nn.ReLU()", "s['0']", "s.append(3)", "nn.Sequential(3)", "nn.Sequential([nn.ReLU()])", "s.insert(9, nn.ReLU())", "s.pop(9)", "s + 3", "s(1, 2)", "s * 'a'", "s.insert(0, 3)"):
    code_error(bad, setup=S)
L = "s = nn.ModuleList([nn.Linear(2, 3), nn.ReLU(), nn.Tanh()])\n"
for do in (
    "out = repr(s[1:]), repr(s[-1]), type(s[1:]).__name__, len(s)", "s.append(nn.ReLU())\nout = repr(s), list(s.state_dict())",
    "s.extend([nn.ReLU(), nn.Linear(1, 1)])\nout = repr(s), list(s.state_dict())", "s.insert(0, nn.Linear(1, 1))\nout = repr(s), list(s.state_dict())",
    "k = s.pop(0)\nout = repr(k), repr(s), list(s.state_dict())", "k = s.pop(-1)\nout = repr(k), repr(s)", "s[1] = nn.Linear(4, 4)\nout = repr(s)", "del s[0]\nout = repr(s), list(s.state_dict())", "del s[0:2]\nout = repr(s)",
    "out = repr(s + nn.ModuleList([nn.ReLU()]))", "s += [nn.ReLU()]\nout = repr(s)", "out = [type(k).__name__ for k in s]", "out = s[0] in s, nn.ReLU() in s", "out = [type(k).__name__ for k in reversed(s)]",
):  # fmt: skip
    code(do, setup=L)
for bad in ("s[3]", "s[-4]", "s.append(3)", "s.extend(3)", "s(1)", "nn.ModuleList([3])", "s['a']", "s.pop(7)", "s.extend(nn.ReLU())"):
    code_error(bad, setup=L)
D_ = "s = nn.ModuleDict({'a': nn.Linear(2, 3), 'b': nn.ReLU()})\n"
for do in (
    "out = list(s), len(s), 'a' in s, 'z' in s, list(s.keys()), [type(k).__name__ for k in s.values()], [k for k, _ in s.items()]",
    "out = s['a'] is s.a, repr(s)", "s['c'] = nn.Tanh()\nout = repr(s)", "del s['a']\nout = repr(s), list(s.state_dict())", "k = s.pop('b')\nout = repr(k), repr(s)",
    "s.update({'c': nn.Tanh(), 'a': nn.ReLU()})\nout = repr(s)", "s.clear()\nout = repr(s), len(s)", "s.update([('c', nn.Tanh())])\nout = repr(s)", "s.update(nn.ModuleDict({'q': nn.Tanh()}))\nout = repr(s)",
):  # fmt: skip
    code(do, setup=D_)
for bad in ("s['z']", "s['c'] = 3", "s[3] = nn.ReLU()", "s.update(3)", "s.pop('z')", "s(1)", "nn.ModuleDict({'a': 3})", "nn.ModuleDict(3)", "del s['z']", "s['a.b'] = nn.ReLU()", "s.update([3])", "s['keys'] = nn.ReLU()"):
    code_error(bad, setup=D_)

code("p = nn.Parameter(t.ones(2, 3))\nout = p.requires_grad, p.is_leaf, repr(p), isinstance(p, t.Tensor), type(p * 2) is t.Tensor, p.shape")
code("nn.Parameter(t.ones(2), requires_grad=False).requires_grad")
code("nn.Parameter(data=t.ones(2)) * 1")
code("p = nn.Parameter(x)\np.data[0] = 9\nout = x", x=T(2, grad=False))
code_error("nn.Parameter(x)", x=T(2, dtype="int64"))
code("import copy\np = nn.Parameter(t.ones(2))\nq = copy.deepcopy(p)\nout = type(q) is nn.Parameter, q.requires_grad, q is p, q * 1")
code("p = nn.Parameter(t.ones(2))\n(p * 3).sum().backward()\nout = p.grad, type(p.detach()) is t.Tensor, type(p.data) is t.Tensor, type(p.clone()) is t.Tensor")
code("b = nn.Buffer(t.ones(2))\nout = isinstance(b, t.Tensor), b.requires_grad, b.persistent, b * 2")
code_error("nn.Parameter(3)")
code_error("nn.Parameter([1.0])")
code("p = nn.Parameter(x)\nout = p.requires_grad, p.is_leaf", x=T(2))
code("nn.CrossEntropyLoss()(nn.Linear(3, 5)(x) * 0, y)", x=T(4, 3), y=I(4, high=5))
