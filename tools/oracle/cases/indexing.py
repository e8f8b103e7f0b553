"""Cases: indexing and everything that takes or puts elements by index."""

from __future__ import annotations

from ..inputs import B, I, T
from ..libraries import DTYPES, FLOATS, INTEGERS
from ..table import case, code, code_error, error

ONE = ("contiguous",)

EXPRESSIONS = """
0 | -1 | 2 | : | 1: | ::2 | :0 | 1:3, 2 | ..., 0 | 0, ... | None | :, None | ..., None | 0, 1 | -1, -1 | 1, :, None
[0, 2] | [0, 2], [1, 1] | :, [2, 0] | [True, False, True] | [-1, 0], 1 | [0], :2 | None, [1]
True | False | ..., ... | i, r | i | i, j | :, i | i, 1 | i, : | ..., i | k | k, 0 | m | m, 0 | mm | ~mm | r | r, 1 | :, c | z | i[0]
i, None | None, i | i, None, j | ... | () | slice(1, None) | np.array([0, 1]) | np.int64(1) | t.tensor(1) | i32
[] | :, [] | x > 0 | (x > 0) & (x < 2) | 100: | -100:100 | 2:1
""".replace("\n", "|").split("|")
ILLEGAL = """
3 | -4 | 0, 4 | 0, 0, 0 | ::-1 | 1.0 | "a" | [3] | :, [4] | [0, 1], [0, 1, 2] | i, t.tensor([0, 1, 2]) | m3 | mm3 | f | 0.5, 1
slice(0.5, 1) | ::0 | None, 0, 0, 0 | t.tensor(5) | {} | 2+3j
""".replace("\n", "|").split("|")
NAMES = dict(
    i=I(values=[0, -1], high=3),
    j=I(values=[-3, 2], high=4),
    k=I(values=[[1], [2]], high=3),
    m=B(3, values=[True, False, True]),
    mm=B(3, 4),
    r=I(values=[[2], [0]], high=3),
    c=I(values=[[0, 3], [1, -2]], high=4),
    z=I(0, high=1),
    m3=B(2),
    mm3=B(3, 3),
    f=T(2),
    i32=T(values=[2, 1], dtype="int32"),
)


def used(text: str) -> dict[str, T]:
    import re

    return {name: spec for name, spec in NAMES.items() if re.search(rf"\b{name}\b", text)}


for text in filter(None, map(str.strip, EXPRESSIONS)):
    names = used(text)
    code(f"x[{text}]", x=T(3, 4), layouts=("contiguous", "transposed"), on=("float32", "int64", "bool"), **names)
    code(f"y = x * 1\ny[{text}] = 1.5\nout = y", x=T(3, 4), on=("float32", "int64", "bool"), **names)
    code(f"y = x.clone()\ny[{text}] = v\nout = y", x=T(3, 4), v=T(), on=("float32", "int32"), **names)
    code(f"y = x.clone()\ny[{text}] = y[{text}] * 2\nout = y", x=T(3, 4), **names)
    code(f"y = x.clone()\ny[{text}] += 2\nout = y", x=T(3, 4), **names)
    code(f"y = x.clone()\ny[{text}] *= y[{text}]\nout = y", x=T(3, 4), **names)
for text in filter(None, map(str.strip, ILLEGAL)):
    names = used(text)
    code_error(f"x[{text}]", x=T(3, 4), **names)
    code_error(f"y = x * 1\ny[{text}] = 1.5\nout = y", x=T(3, 4), **names)
# Repeated indices: reading adds their gradients up.
REPEATED = dict(i=I(4, high=3, low=-3), j=I(4, high=4, low=-4), k=I(2, 2, high=3), r=I(3, 1, high=3), c=I(2, 3, high=4))
for text, names in (("i", "i"), ("i, j", "ij"), (":, j", "j"), ("i, 1", "i"), ("k", "k"), ("r, j", "rj"), (":, c", "c"), ("..., j", "j"), ("i, None", "i")):
    code(f"x[{text}]", x=T(3, 4), on=FLOATS, layouts=("contiguous", "transposed"), **{n: REPEATED[n] for n in names})
code("x[[0, 0, 0]], x[0, [1, 1]]", x=T(3, 4))
# Repeated indices: writing; which value stays is the last one's.
code("y = x * 1\ny[i] = 1.5\nout = y", x=T(3, 4), i=I(values=[0, 0, 2], high=3))
code("y = x * 1\ny[i] = v\nout = y", x=T(3, 4), v=T(3, 4), i=I(values=[0, 0, 2], high=3))
code("y = x * 1\ny[i] += 1\nout = y", x=T(3, 4), i=I(values=[0, 0, 2], high=3))
code("x[[[0, 1], [2, 0]]]", x=T(3, 4))
code("x[u8]", x=T(3, 4), u8=T(3, dtype="uint8", low=0, high=1))
code("x[()]", x=T())
code("x[...]", x=T())
code("x[None]", x=T())
code("x[True]", x=T())
code("x[x > 0]", x=T())
code_error("x[0]", x=T())
code_error("x[:]", x=T())
code("x[i]", x=T(0, 3), i=I(0, high=1))
code_error("x[i]", x=T(0, 3), i=I(1, high=1))
code("x[i, :, j]", x=T(3, 2, 4), i=I(5, high=3), j=I(5, high=4), on=FLOATS)
code("x[:, i, j]", x=T(2, 3, 4), i=I(5, high=3), j=I(5, high=4), on=FLOATS)
code("x[:, m]", x=T(2, 3), m=B(3))
code("x[m, :, i]", x=T(3, 2, 4), m=B(3, values=[True, False, True]), i=I(2, high=4))
code("x[0, :, i]", x=T(3, 2, 4), i=I(2, high=4))
code("x[i, 0, :]", x=T(3, 2, 4), i=I(2, high=3))
code("x[..., 0, i]", x=T(3, 2, 4), i=I(2, high=4))
code("y = x * 1\ny[i] = v\nout = y", x=T(4, 3), i=I(values=[0, 2], high=4), v=T(2, 3), on=DTYPES)
code("y = x * 1\ny[1:3] = v\nout = y", x=T(4, 3), v=T(3), on=DTYPES)
code("y = x * 1\ny[1:3] = v\nout = y", x=T(4, 3), v=T(1, 2, 3), on=DTYPES)
code("y = x * 1\ny[m] = v\nout = y", x=T(2, 2), m=B(values=[[True, False], [False, True]]), v=T(2), on=DTYPES)
code("y = x * 1\ny[m] = 0\nout = y", x=T(2, 3), m=B(2, 3), on=DTYPES)
code("y = x * 1\ny[0] = v\nout = y", x=T(2, 3), v=T(3, dtype="float64"), on=DTYPES)
code("y = x.clone()\ny[0] = 7\nout = x, y", x=T(2, 3))
code("x[0] = 1\nout = x", x=T(2, 3, grad=False), on=DTYPES)
code("x[0] = 2.75\nout = x", x=T(2, 3, grad=False), on=DTYPES)
code("x[0] = 300\nout = x", x=T(2, 3, grad=False), on=("int32", "int64", "float16", "float32"))
code_error("x[0] = 1", x=T(2, 3))
code_error("y = x * 1\ny[0] = v\nout = y", x=T(2, 3), v=T(2))
code_error("y = x * 1\ny[i] = v\nout = y", x=T(4, 3), i=I(2, high=4), v=T(3, 3))
code_error("y = x * 1\ny[m] = v\nout = y", x=T(2, 2), m=B(values=[[True, False], [False, True]]), v=T(3))
code_error("y = x * 1\ny[0] = 'a'\nout = y", x=T(2, 3))
code_error("y = x * 1\ny[0] = None\nout = y", x=T(2, 3))
code_error("y = x * 1\ny[0] = [1.0, 2.0, 3.0]\nout = y", x=T(2, 3))
code_error("del x[0]", x=T(2, 3))
code("2.0 in x", x=T(2, 3))
code("x in x", x=T(), on=FLOATS)

case("gather", T(3, 4), 1, I(3, 2, high=4))
case("gather", T(3, 4), 0, I(2, 4, high=3))
case("gather", T(3, 4), dim=-1, index=I(2, 5, high=4))
case("gather", T(3, 4, 2), 1, I(3, 2, 2, high=4))
case("gather", T(3), 0, I(high=3))
case("gather", T(), 0, I(high=1))
case("gather", T(3, 4), 1, I(0, 2, high=4), layouts=ONE)
error("gather", T(3, 4), 1, I(4, 2, high=4))
error("gather", T(3, 4), 1, I(values=[[4]], high=4))
error("gather", T(3, 4), 1, I(values=[[-1]], high=4))
error("gather", T(3, 4), 2, I(3, 2, high=4))
error("gather", T(3, 4), 1, I(2, high=4))
error("gather", T(3, 4), 1, T(3, 2))
error("gather", T(3, 4), 1, T(3, 2, dtype="uint8", low=0))
case("take_along_dim", T(3, 4), I(3, 2, high=4), 1)
case("take_along_dim", T(3, 4), I(1, 2, high=4), dim=1)
case("take_along_dim", T(3, 4), indices=I(5, high=12), layouts=ONE)
error("take_along_dim", T(3, 4), T(3, 4), 1)
error("take_along_dim", T(3, 4), I(2, high=4), 1)

S = I(values=[[0, 1, 2], [2, 0, 1]], high=3)
for name in ("scatter", "scatter_add", ".scatter_", ".scatter_add_"):
    case(name, T(3, 3), 0, S, T(2, 3))
    case(name, T(3, 3), 0, S, T(3, 4))
    case(name, T(2, 4), 1, S, T(2, 3))
    case(name, T(2, 4), dim=-1, index=S, src=T(2, 3))
    error(name, T(2, 3), 0, S, T(2, 3))
    error(name, T(3, 3), 0, S, T(2, 2))
    error(name, T(3, 3), 2, S, T(2, 3))
    error(name, T(3, 3), 0, T(2, 3), T(2, 3))
    error(name, T(3, 3), 0, S, T(2, 3, dtype="float64"))
for name in ("scatter", ".scatter_"):
    case(name, T(3, 3), 0, S, 2)
    case(name, T(3, 3), 0, S, 1.5, on=FLOATS)
case("scatter_add", T(3, 3), 0, I(2, 3, high=3), T(2, 3))
case("scatter_add", T(2), 0, I(values=[0, 0, 1], high=2), T(3))
case(".scatter_add_", T(2), 0, I(values=[0, 0, 1], high=2), T(3))

case("index_select", T(3, 4), 0, I(5, high=3))
case("index_select", T(3, 4), dim=1, index=I(2, high=4))
case("index_select", T(3, 4), -1, T(values=[0, 2], dtype="int32"))
case("index_select", T(3, 4), 0, I(high=3))
case("index_select", T(), 0, I(1, high=1))
case("index_select", T(3, 4), 0, I(0, high=3), layouts=ONE)
error("index_select", T(3, 4), 0, I(values=[3], high=4))
error("index_select", T(3, 4), 0, I(values=[-1], high=4))
error("index_select", T(3, 4), 2, I(1, high=3))
error("index_select", T(3, 4), 0, I(2, 2, high=3))
error("index_select", T(3, 4), 0, T(2))
for name in ("index_add", ".index_add_"):
    case(name, T(3, 4), 0, I(5, high=3), T(5, 4))
    case(name, T(3, 4), 1, I(2, high=4), T(3, 2), alpha=2)
    case(name, T(3, 4), dim=0, index=I(2, high=3), source=T(2, 4))
    case(name, T(3), 0, I(2, high=3), T(2))
    error(name, T(3, 4), 0, I(2, high=3), T(3, 4))
    error(name, T(3, 4), 0, I(2, high=3), T(2, 3))
    error(name, T(3, 4), 0, I(values=[3], high=3), T(1, 4))
    error(name, T(3, 4), 2, I(1, high=3), T(1, 4))
    error(name, T(3, 4), 0, I(2, high=3), T(2, 4, dtype="float64"))
case("masked_select", T(2, 3), B(2, 3))
case("masked_select", T(2, 3), B(3))
case("masked_select", T(3), mask=B(2, 3))
case("masked_select", T(), B(values=True))
error("masked_select", T(2, 3), T(2, 3))
error("masked_select", T(2, 3), B(2))
case("one_hot", I(5, high=4))
case("one_hot", I(2, 3, high=4), 6)
case("one_hot", I(high=4), num_classes=4)
case("one_hot", I(0, high=4), num_classes=4, layouts=ONE)
error("one_hot", I(values=[0, 3], high=4), 2)
error("one_hot", I(3, low=-3, high=0))
error("one_hot", T(3), on=(*FLOATS, "int32", "uint8", "bool"))
error("one_hot", I(0, high=4))
case("masked_fill", T(3, 4), B(3, 4), 2)
code("x[0].item()", x=T(3), on=(*FLOATS, *INTEGERS, "bool"))
case(".narrow", T(3, 4), 1, 1, 2)
case(".narrow", T(3, 4), dim=0, start=-2, length=1)
case(".narrow", T(3, 4), 0, 3, 0)
error(".narrow", T(3, 4), 1, 3, 2)
error(".narrow", T(3, 4), 1, 0, -1)
error(".narrow", T(3, 4), 2, 0, 1)
error(".narrow", T(), 0, 0, 1)
case(".select", T(3, 4), 1, 2)
case(".select", T(3, 4), dim=0, index=-1)
error(".select", T(3, 4), 0, 3)
error(".select", T(3, 4), 2, 0)
error(".select", T(), 0, 0)
code("y = x * 1\ny.narrow(0, 1, 2).mul_(2)\ny.select(1, 0).add_(1)\nout = y", x=T(3, 4))
case(".scatter", T(3, 3), 0, index=S, value=2)
case(".scatter_", T(3, 3), 0, index=S, value=2)
error("scatter", T(3, 3), 0, S)
