"""Cases: making tensors, getting values out, printing."""

from __future__ import annotations

from ..inputs import D, T
from ..libraries import DTYPES, FLOATS
from ..table import case, code, code_error, error

nan, inf = float("nan"), float("inf")
ONE = ("float32",)

for name in ("zeros", "ones", "empty"):
    wrap = "{}.zero_()" if name == "empty" else "{}"
    for call in ("2, 3", "(2, 3)", "[2, 3]", "0", "()", "2, 0", "4", "size=(2, 3)"):
        code(wrap.format(f"t.{name}({call})"))
    for dtype in DTYPES:
        code(wrap.format(f"t.{name}(2, dtype=t.{dtype})"))
    code(f"t.{name}(2, 3, requires_grad=True).detach() * 0")
    code(f"t.{name}(2, 3, requires_grad=True).requires_grad")
    code(f"t.{name}((2, 3), dtype=t.float64, requires_grad=True).shape")
    for call in ("-1", "2.5", "'a'", "(2, -1)", "(2, 3.5)", "None", "2, dtype='x'", "2, dtype=t.int64, requires_grad=True"):
        code_error(f"t.{name}({call})")
    for extra in ("", "dtype=t.float64", "dtype=t.int32", "dtype=t.bool", "requires_grad=False"):
        code(wrap.format(f"t.{name}_like(x, {extra})"), x=T(2, 3), on=DTYPES)
    code(f"t.{name}_like(x, requires_grad=True).requires_grad", x=T(2))
    code_error(f"t.{name}_like(3)")
    code_error(f"t.{name}_like([1.0])")
    code(wrap.format(f"x.new_{name}(2, 3)"), x=T(2), on=DTYPES)
    code(wrap.format(f"x.new_{name}((2, 3), dtype=t.int64)"), x=T(2))
for value in ("2", "2.5", "True", "-1", "1e10"):
    code(f"t.full((2, 3), {value})")
    code(f"t.full((2,), {value}, dtype=t.float64)")
    code(f"t.full_like(x, {value})", x=T(2, 3), on=("float32", "float64", "int64", "bool"))
code("t.full([2], 3, dtype=t.int32)")
code("t.full((), 3.0)")
code("t.full(size=(2,), fill_value=1.5, requires_grad=True).requires_grad")
code("t.full_like(x, 2, dtype=t.float64, requires_grad=True).detach()", x=T(2), on=DTYPES)
code("x.new_full((2,), 3)", x=T(2), on=DTYPES)
code("x.new_tensor([1, 2])", x=T(2), on=DTYPES)
code_error("t.full((2,))")
code_error("t.full((2,), 'a')")
code_error("t.full((-1,), 2)")

for call in ("5", "5.0", "0", "1, 4", "1, 4, 2", "0, 1, 0.25", "5, 1, -1", "1, 1", "0, 1, 0.3", "start=1, end=4", "2.5",
             "1, 4, step=2", "5, dtype=t.float32", "5, dtype=t.float64", "3, dtype=t.int32", "5, dtype=t.uint8",
             "0, 1, 0.1", "-3, 3", "0, 10, 3.5", "end=3", "2, requires_grad=False", "True"):  # fmt: skip
    code(f"t.arange({call})")
for call in ("1, 4, 0", "5, 1", "1, 5, -1", "'a'", "", "2, dtype=t.int64, requires_grad=True", "0, float('inf')", "None"):
    code_error(f"t.arange({call})")
code("t.arange(3.0, requires_grad=True).requires_grad")
for call in ("0, 1, 5", "0, 1, 1", "0, 1, 0", "1, -1, 4", "start=0, end=10, steps=6", "0, 1, 5, dtype=t.float64", "3, 3, 2",
             "0, 10, 5, dtype=t.int64", "0, 1, 3, dtype=t.float16", "0, 1, 101", "-5, 5, 7, requires_grad=False"):  # fmt: skip
    code(f"t.linspace({call})")
for call in ("0, 1", "0, 1, -1", "0, 1, 2.5", "'a', 1, 3"):
    code_error(f"t.linspace({call})")
code("t.linspace(0, 1, 3, requires_grad=True).requires_grad")
for call in ("3", "2, 3", "3, 0", "0", "3, dtype=t.int64", "2, 3, dtype=t.bool", "n=2, m=4", "2, requires_grad=False"):
    code(f"t.eye({call})")
code("t.eye(2, requires_grad=True).requires_grad")
for call in ("-1", "2.5", "'a'", "2, -1"):
    code_error(f"t.eye({call})")

DATA = ("1", "2.5", "True", "[]", "[[]]", "[1, 2]", "[1, 2.5]", "[True, False]", "[True, 2]", "[[1, 2], [3, 4]]", "(1, 2)", "[(1, 2), [3, 4]]",
        "[[[1.0]]]", "[float('nan'), float('inf')]", "np.float64(1.5)", "np.int32(3)", "np.ones(2)", "np.ones((2, 3), np.float32)",
        "np.arange(3)", "np.array(True)", "[np.float64(1), np.float64(2)]", "[np.int32(1), 2]", "x", "[x, x]", "[x, 2.5]",
        "[[x, x], [x, x]]", "range(3)", "[np.ones(2), np.ones(2)]", "2**40", "-1", "np.float32(2)", "[True, 2.5]", "[[], []]")  # fmt: skip
for data in DATA:
    code(f"t.tensor({data})", x=T(grad=False)) if data != "[np.ones(2), np.ones(2)]" else None
    code(f"t.tensor({data}, dtype=t.float64)", x=T(grad=False)) if "np.ones(2)," not in data else None
    code(f"t.as_tensor({data})", x=T(grad=False)) if "np.ones(2)," not in data else None
    if data not in ("1", "2.5", "True", "2**40", "-1", "np.int32(3)", "np.float64(1.5)", "np.float32(2)") and "np.ones(2)," not in data:
        code(f"t.Tensor({data})", x=T(values=2.0, grad=False))
for dtype in DTYPES:
    code(f"t.tensor([0, 1, 2], dtype=t.{dtype})")
    code(f"t.tensor([0.5, 1.5, -2.5], dtype=t.{dtype})")if dtype != "uint8" else None
    code(f"t.as_tensor([1, 2], dtype=t.{dtype})")
    code(f"t.from_numpy(np.ones(2, '{dtype}'))")
    code(f"t.as_tensor(x, dtype=t.{dtype})", x=T(2), on=DTYPES)
code("t.tensor([1.0], requires_grad=True).requires_grad")
code("t.as_tensor(data=[1.0, 2.0])")
code("t.as_tensor(x) is x", x=T(2))
code("t.tensor(x)", x=T(2, grad=False), on=DTYPES)
code("t.tensor(data=[1, 2], dtype=t.int32)")
code("a = np.ones(3)\nx = t.from_numpy(a)\na[0] = 5\nout = x")
code("a = np.ones(3)\nx = t.as_tensor(a)\na[0] = 5\nout = x")
code("a = np.ones(3)\nx = t.tensor(a)\na[0] = 5\nout = x")
code("a = np.ones(3, np.float32)\nx = t.from_numpy(a)\nx[0] = 5\nout = a")
code("a = np.ones(3, np.float32)\nx = t.from_numpy(a)\nx.add_(2)\nout = a, x.numpy() is not None")
code("t.from_numpy(np.ones((3, 4))[::2, 1:])")
for bad in ("[[1], [2, 3]]", "[[1, 2], 3]", "'a'", "['a']", "None", "[None]", "{}", "{1}", "[{}]", "object()", "[[1], [[2]]]", "2**70",
            "np.array(['a'])", "np.array([None])", "1, 2", "[1], dtype='q'", "[1.0], requires_grad=1.5", "[1], requires_grad=True",
            "", "[1, 2], dtype=t.int64, requires_grad=True"):  # fmt: skip
    code_error(f"t.tensor({bad})")
for bad in ("[[1], [2, 3]]", "'a'", "None", "[None]", "{}", "['a']"):
    code_error(f"t.as_tensor({bad})")
    code_error(f"t.Tensor({bad})")
code_error("t.tensor([1, 2]).requires_grad_()")
code_error("t.tensor([300], dtype=t.uint8)")
code_error("t.from_numpy([1.0])")
code_error("t.from_numpy(np.array(['a']))")
code_error("t.from_numpy(x)", x=T(2))
code_error("t.from_numpy(np.ones(3)[::-1])")
code_error("t.from_numpy(np.float64(3))")

for method in ("float", "double", "half", "int", "long", "short", "bool", "contiguous", "clone", "detach"):
    case(f".{method}", T(2, 3))
    case(f".{method}", T(values=[[0.0, 2.75], [-1.5, 100.0]]), on=FLOATS)
for dtype in DTYPES:
    case(".to", T(2, 3), D(dtype))
    code(f"x.to(t.{dtype}) is x", x=T(2), on=DTYPES)
case(".to", T(2, 3), dtype=D("float64"))
case(".to", T(2, 3), T(1, dtype="float64"))
case(".to", T(2, 3), D("float32"), copy=True)
case(".type_as", T(2, 3), T(1, dtype="float64"))

error(".to", T(2), "nonsense")
code("x.contiguous() is x", x=T(2, 3))
code("x.t().contiguous().is_contiguous()", x=T(2, 3))
code("[x.is_contiguous(), x.t().is_contiguous(), x[:, ::2].is_contiguous(), x[0].is_contiguous()]", x=T(2, 4))
code("[x.t().clone().is_contiguous(), x.t().exp().is_contiguous()]", x=T(2, 4))
code("[x.itemsize, x.element_size(), x.nbytes, x.is_floating_point(), x.dtype]", x=T(2, 3), on=DTYPES)
code("x.detach().numpy()", x=T(2, 3), on=DTYPES)
code("x.numpy(force=True)", x=T(2, 3), on=DTYPES)
code_error("x.numpy()", x=T(2, 3))
code("np.asarray(x)", x=T(2, 3, grad=False), on=DTYPES)
code("np.array(x.detach(), dtype=np.float64)", x=T(2, 3), on=DTYPES)
code("x.tolist()", x=T(2, 3), on=DTYPES)
code("x.tolist()", x=T(), on=DTYPES)
code("x.item()", x=T(), on=DTYPES)
code("x.item()", x=T(1, 1), on=DTYPES)
code_error("x.item()", x=T(2))
code_error("x.item()", x=T(0))
code("[float(x), int(x), bool(x)]", x=T(values=2.75), on=DTYPES)
code("[float(x), int(x), bool(x)]", x=T(values=[0]), on=DTYPES)
code("[10, 11, 12, 13][x]", x=T(values=2), on=("int64", "int32", "uint8"))
code("range(x)[-1]", x=T(values=[2]), on=("int64",))
for bad in ("float(x)", "int(x)", "bool(x)", "[1][x]", "if_ = 1 if x else 2\nout = if_"):
    code_error(bad, x=T(2))
code_error("[1, 2][x]", x=T(values=1.0))
code_error("bool(x)", x=T(0))
code("x.data", x=T(2))
code("y = x.data\ny[0] = 9\nout = x * 1", x=T(2))
code("x.is_leaf, (x * 2).is_leaf, x.requires_grad, x.grad, (x * 2).grad_fn is None", x=T(2))
code("hash(x) == hash(x), {x: 1}[x]", x=T(2))
code("import copy\ny = copy.deepcopy(x)\nout = y * 1, y.requires_grad, y is x", x=T(2))
code_error("import copy\ncopy.deepcopy(x * 2)", x=T(2))
code("import copy\ny = copy.copy(x)\nout = y * 1, y is x", x=T(2, grad=False))
code("f'{x:.2f}|{x}'", x=T(values=2.5, grad=False))
code("f'{x}'", x=T(values=[2.5], grad=False))
code_error("f'{x:.2f}'", x=T(2))
case(".copy_", T(2, 3), T(2, 3))
case(".copy_", T(2, 3), T(3))
case(".copy_", T(2, 3), T(3, dtype="float64"))
case(".copy_", T(2, 3), T(2, 3, dtype="int64"))
error(".copy_", T(2, 3), T(2))
error(".copy_", T(2, 3), [1.0])
case(".fill_", T(2, 3), 2)
case(".fill_", T(2, 3), 1.5)
case(".fill_", T(2, 3), T())
error(".fill_", T(2, grad=False), T(2))
case(".zero_", T(2, 3))
code_error("x.fill_(1)", x=T(2))
code_error("x.zero_()", x=T(2))
code_error("x.copy_(x * 2)", x=T(2))

code("[t.get_default_dtype(), t.tensor(1.5).dtype, t.zeros(2).dtype]")
code(
    "t.set_default_dtype(t.float64)\ntry:\n"
    "    out = [t.get_default_dtype(), t.tensor(1.5), t.zeros(2), t.tensor([1, 2]) / 2, t.tensor([1]) * 2.5, t.arange(0, 1, 0.5)]\n"
    "    out += [t.tensor([1], dtype=t.float32) * 2.5, t.tensor([1.0, 2]), t.full((2,), 1.5), t.eye(2), t.linspace(0, 1, 3)]\n"
    "    out += [t.tensor([1, 2]).float(), t.tensor([1, 2]).exp(), t.Tensor([1, 2])]\n"
    "finally:\n    t.set_default_dtype(t.float32)"
)
code_error("t.set_default_dtype(t.int64)")
code_error("t.set_default_dtype(3)")
code("[t.double, t.half, t.long, t.short]")
code("[t.Tensor(2, 3).shape, t.Tensor().shape, t.Tensor(0).shape, t.Tensor(2, 0, 1).dtype, t.Tensor(1, 1).requires_grad]")
code_error("t.Tensor(-1)")
code_error("t.Tensor(2, -1)")
code_error("t.Tensor(2, 3.5)")
code_error("t.Tensor([1.0], 2)")
for name in ("zeros", "ones", "empty"):
    code(f"y = x.new_{name}(2, 3, requires_grad=True)\nout = y.requires_grad, y.is_leaf", x=T(2))
    code(f"x.new_{name}(size=(2, 3)) * 0", x=T(2))
code("y = x.new_full(size=(2,), fill_value=3, dtype=t.float64, requires_grad=True)\nout = y, y.requires_grad", x=T(2), on=DTYPES)
code("y = x.new_tensor(data=[1, 2], dtype=t.float64, requires_grad=True)\nout = y, y.requires_grad", x=T(2), on=DTYPES)
code("np.asarray(x, dtype=np.float64)", x=T(2, grad=False), on=DTYPES)
code("a = np.array(x, copy=True)\na[0] = 7\nout = a, x", x=T(2, grad=False))
