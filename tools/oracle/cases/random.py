"""Cases: random tensors and initial values, as far as they don't depend on chance."""

from __future__ import annotations

from ..table import code, code_error

code_error("t.rand()")
code_error("t.randn()")
for made in ("t.rand(2, 3)", "t.rand(())", "t.rand(0)", "t.randn(2, 0)", "t.randint(3, ())", "t.randperm(0)", "t.randperm(1)",
             "t.normal(0.0, t.zeros(2, 0))", "t.multinomial(t.ones(3), 1)", "t.bernoulli(t.zeros(2, 3))", "t.rand([2, 3])", "t.rand(size=(2,))", "t.randn(size=(2,))"):  # fmt: skip
    code(f"x = {made}\nout = x * 0, x.requires_grad")
for made in ("rand", "randn"):
    code(f"x = t.{made}(3, requires_grad=True)\nout = x.requires_grad, x.is_leaf")
    code(f"x = t.{made}_like(t.ones(3), requires_grad=True)\nout = x.requires_grad, x.is_leaf")
code("x = t.randint(3, (2,), dtype=t.float32, requires_grad=True)\nout = x.requires_grad")
code("x = t.randint_like(t.ones(3), 3, requires_grad=True)\nout = x.requires_grad")
code("x = t.randperm(3, dtype=t.float32, requires_grad=True)\nout = x.requires_grad")
for name in ("relu", "leaky_relu", "tanh", "sigmoid", "linear", "selu"):
    code(f"init.calculate_gain('{name}')")
code("init.calculate_gain('leaky_relu', 0.2), init.calculate_gain(nonlinearity='leaky_relu', param=0.5)")
for call in ("uniform_", "normal_", "ones_", "zeros_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "trunc_normal_", "orthogonal_", "eye_"):
    code(f"w = t.empty(3, 4, requires_grad=True)\nv = init.{call}(w)\nout = v is w, w.requires_grad, w.is_leaf, w.grad_fn is None")
for bad in (
    "t.rand(-1)", "t.rand(2.5)", "t.rand('a')", "t.rand(2, dtype=t.int64)", "t.randn(2, dtype=t.int64)", "t.randint(0, (2,))", "t.randint(5, 2, (2,))", "t.randint(3)", "t.randint(2.5, (2,))", "t.randint(300, (2,), dtype=t.uint8)",
    "t.randperm(-1)", "t.randperm(2.5)", "t.randperm(300, dtype=t.uint8)", "t.normal(0.0, -1.0, (2,))", "t.normal(t.zeros(2), t.zeros(3))", "t.normal(0.0, 1.0)", "t.normal(t.zeros(2), -t.ones(2))",
    "t.bernoulli(t.tensor([1.5]))", "t.bernoulli(t.tensor([-0.5]))", "t.bernoulli(t.tensor([1, 0]))", "t.bernoulli(0.5)", "t.bernoulli(t.zeros(2), 1.5)",
    "t.multinomial(t.tensor([1.0, 2.0]), 3)", "t.multinomial(t.tensor([-1.0, 2.0]), 1)", "t.multinomial(t.tensor([0.0, 0.0]), 1)", "t.multinomial(t.ones(2), 0)", "t.multinomial(t.tensor([1, 2]), 1)", "t.multinomial(t.ones(2, 2, 2), 1)", "t.multinomial(t.tensor([float('nan'), 1.0]), 1)",
    "t.zeros(2).uniform_(2, 1)", "t.zeros(2).normal_(0, -1)", "t.zeros(2, dtype=t.int64).uniform_()", "t.zeros(2, dtype=t.int64).normal_()", "t.zeros(2).bernoulli_(2.0)", "t.ones(2, requires_grad=True).uniform_()",
    "t.rand_like(t.zeros(2, dtype=t.int64))", "t.randn_like(3)", "t.manual_seed('a')", "t.manual_seed(None)", "t.Generator().manual_seed('a')", "t.rand(2, generator=3)",
    "init.xavier_uniform_(t.empty(3))", "init.kaiming_normal_(t.empty(3))", "init.kaiming_uniform_(t.empty(2, 3), mode='fan')", "init.kaiming_uniform_(t.empty(2, 3), nonlinearity='nonsense')", "init.orthogonal_(t.empty(3))", "init.eye_(t.empty(3))",
    "init.calculate_gain('nonsense')", "init.calculate_gain('leaky_relu', 'a')", "init.uniform_(t.empty(2), 2, 1)", "init.normal_(t.empty(2), 0, -1)", "init.uniform_(3)", "t.zeros(2, dtype=t.int64).random_(5, 2)",
):  # fmt: skip
    code_error(bad)
code("x = t.normal(0.0, 1.0, (2,), dtype=t.float64, requires_grad=True)\nout = x.requires_grad, x.dtype")
GENERATORS = """
g, h = t.Generator(), t.Generator()
g.manual_seed(5)
h.manual_seed(5)
a, b, c = t.rand(3, generator=g), t.rand(3, generator=h), t.rand(3, generator=g)
t.manual_seed(7)
d = t.rand(2)
t.rand(2, generator=g)
e = t.rand(2)
t.manual_seed(7)
f = t.rand(4)
s = g.get_state()
k = t.rand(3, generator=g)
g.set_state(s)
l = t.rand(3, generator=g)
"""
code("[t.equal(a, b), t.equal(a, c), t.equal(t.cat([d, e]), f), t.equal(k, l)]", setup=GENERATORS)
code("g.initial_seed(), h.initial_seed(), t.initial_seed(), t.default_generator.initial_seed()", setup=GENERATORS)
code("[isinstance(g.seed(), int), isinstance(t.seed(), int), g.initial_seed() != 5]", setup=GENERATORS)
code("t.Generator().manual_seed(3).initial_seed(), t.manual_seed(4) is t.default_generator")
code("x = t.Generator()\ny = x.manual_seed(3)\nout = y is x")
for name in ("rand", "randn"):
    code(f"g = t.Generator().manual_seed(1)\nh = t.Generator().manual_seed(1)\nx = t.zeros(5)\nout = t.equal(t.{name}_like(x, generator=g), t.{name}_like(x, generator=h))")
code("g = t.Generator().manual_seed(1)\nx = t.randint_like(t.zeros(50), 2, 5, generator=g)\nout = x.min(), x.max()")
code("x = t.ones(2, 3).multinomial(2, generator=t.Generator())\nout = x.shape, x.dtype")
code("x = t.ones(2, 3).multinomial(num_samples=5, replacement=True)\nout = x.shape, x.dtype")
code("x = t.full((3,), 0.5).bernoulli(generator=t.Generator())\nout = x.shape, x.dtype")
code("x = t.zeros(3).bernoulli(p=1.0)\nout = x")
