"""Cases: arithmetic, comparisons and functions element by element."""

from __future__ import annotations

from ..inputs import B, D, T
from ..libraries import DTYPES, FLOATS, INTEGERS
from ..table import case, code, code_error, error

nan, inf = float("nan"), float("inf")
SPECIAL = [nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, 88.0, -88.0, 1e-4, 200.0, -200.0, 3e4]

UNARY = (
    "abs absolute acos asin atan ceil cos cosh erf exp expm1 floor isfinite isinf isnan log log10 log1p log2 "
    "neg negative reciprocal round rsqrt sigmoid sign sin sinh sqrt square tan tanh trunc relu logical_not "
    "bitwise_not clone"
).split()

for name in UNARY:
    case(name, T(2, 3))
    case(name, T())
    case(name, T(0, 3), layouts=("contiguous",))
    if name != "bitwise_not":
        case(name, T(4, 5, low=0.1, high=0.9), on=FLOATS)
        case(name, T(values=SPECIAL), on=FLOATS, layouts=("contiguous",))
    error(name)
    error(name, T(2), 1, 2, 3)
    if name not in ("clone",):
        error(f"t.{name}", 2.0)
        error(f"t.{name}", "a")

for name in UNARY:
    if name in ("isfinite", "isinf", "isnan", "clone", "logical_not", "bitwise_not"):
        continue
    case(f".{name}_", T(2, 3))
    case(f".{name}_", T(4, low=0.1, high=0.9), on=FLOATS)
    code_error(f"x.{name}_()", x=T(3))

case("round", T(values=[0.5, 1.5, 2.5, -0.5, -1.5, 1.25, 12.345, -7.8]), on=FLOATS, decimals=1)
case("round", T(values=[15.0, 25.0, 1234.0, -1250.0]), on=FLOATS, decimals=-2)
case("round", T(3), decimals=0)
case(".round_", T(values=[0.55, 1.25]), decimals=1, on=FLOATS)

ARITHMETIC = "add sub subtract mul multiply div divide true_divide floor_divide remainder maximum minimum".split()
COMPARE = "eq ne lt le gt ge".split()
LOGICAL = "logical_and logical_or logical_xor".split()
BITWISE = "bitwise_and bitwise_or bitwise_xor".split()

for name in (*ARITHMETIC, *COMPARE, *LOGICAL, *BITWISE):
    case(name, T(2, 3, low=1), T(2, 3, low=1, high=4))
    case(name, T(2, 3), T(3, low=1))
    case(name, T(2, 1, 3), T(4, 1, low=1))
    case(name, T(), T(2, low=1))
    case(name, T(3), T(low=1))
    case(name, T(0, 3), T(3, low=1), layouts=("contiguous",))
    case(name, T(0, 3), T(1, 3, low=1), layouts=("contiguous",))
    case(name, T(2, 3), T(2, 3, low=-4, high=-1), on=(*FLOATS, "int64", "int32", "int8"))
    error(name, T(2, 3), T(2))
    error(name, T(2, 3), T(4, 3))
    error(name, T(2, 3))
    error(name, T(2, 3), None)
    error(name, T(2, 3), "2")
    error(name, T(2, 3), [1.0, 2.0, 3.0])
    if name not in ("maximum", "minimum", *LOGICAL):
        for number in (2, -3, 2.5, True):
            raises = (name in BITWISE and number == 2.5) or (name in ("sub", "subtract") and number is True)
            (error if raises else case)(name, T(2, 3), number, on=DTYPES)
    if name in ARITHMETIC and name not in ("maximum", "minimum", "true_divide"):
        case(f".{name}_", T(2, 3), T(2, 3, low=1))

for name in COMPARE:
    case(name, T(values=[nan, inf, -inf, 0.0, 1.0]), T(values=[nan, inf, inf, -0.0, 1.0]), on=FLOATS)
    case(name, T(values=[1, 2, 3]), T(values=[3, 2, 1]))
for name in ("maximum", "minimum"):
    case(name, T(values=[nan, 1.0, inf, 2.0, 2.0]), T(values=[1.0, nan, -inf, 2.0, 3.0]), on=FLOATS)
for name in ("div", "floor_divide", "remainder", "true_divide"):
    case(name, T(values=[1.0, -1.0, 0.0, inf, nan]), T(values=[0.0, 0.0, 0.0, 2.0, 1.0]), on=FLOATS)
    case(name, T(values=[7.0, -7.0, 7.0, -7.0, 6.0]), T(values=[2.0, 2.0, -2.0, -2.0, 3.0]), on=FLOATS)
    case(name, T(values=[7.0, -7.0, 7.5, inf, -inf]), T(values=[inf, inf, -inf, inf, 2.0]), on=FLOATS)
    case(name, T(values=[7, 1, 7, 100]), T(values=[2, 2, 3, 7]), on=INTEGERS)
    case(name, T(values=[7, -7, 7, -7]), T(values=[2, 2, -2, -2]), on=("int8", "int32", "int64"))
for name in ("floor_divide", "remainder"):
    error(name, T(2, low=1), T(values=[0, 1]), on=INTEGERS)
    error(name, T(2, low=1), 0, on=INTEGERS)
    case(name, T(3), 0, on=FLOATS)

case("add", T(2, 3), T(3), alpha=3)
case("add", T(2, 3), T(3), alpha=0.5, on=FLOATS)
case("add", T(2, 3), 2, alpha=3)
case("sub", T(2, 3), T(3), alpha=3)
case("subtract", T(2, 3), T(3), alpha=2)
case("sub", T(2, 3), 2.0, alpha=0.5, on=FLOATS)
error("add", T(2), T(2), alpha=0.5, on=INTEGERS)
case(".add_", T(2, 3), T(3), alpha=2)
case(".sub_", T(2, 3), T(3), alpha=2)
for mode in (None, "floor", "trunc"):
    for name in ("div", "divide", "true_divide"):
        if name == "true_divide":
            continue
        case(name, T(2, 3, low=-40, high=40), T(3, low=1, high=7), rounding_mode=mode)
        case(name, T(2, 3), 2, rounding_mode=mode)
        case(f".{name}_", T(2, 3, low=-40, high=40), T(3, low=1, high=7), rounding_mode=mode)
error("div", T(2), T(2), rounding_mode="up")
case("t.add", input=T(2, 3), other=T(3), alpha=2)
case("t.mul", input=T(2, 3), other=2)
case("t.exp", input=T(3))

for base in (T(2, 3, low=0.25), T(2, 3)):
    for exponent in (0, 1, 2, 3, 4, -1, -2, 0.5, -0.5, 1.5, 2.0, 3.0, True):
        case("pow", base, exponent)
    case("pow", base, T(2, 3, low=0, high=3))
    case("pow", base, T(3, low=-2, high=3), on=FLOATS)
    case("pow", base, T(low=2, high=2))
case("t.pow", 2, T(2, 3, low=0))
case("t.pow", 2.5, T(2, 3))
case("t.pow", -2, T(2, 3, low=0), on=INTEGERS)
case("t.pow", 0, T(4), on=FLOATS)
case("t.pow", 0.0, T(values=[0.0, 1.0, -1.0]), on=FLOATS)
case("pow", T(values=[0.0, 0.0, 0.0, -1.0, nan, inf]), T(values=[0.0, 2.0, -1.0, 0.5, 0.0, -1.0]), on=FLOATS)
case("pow", T(values=[0.0, -0.0, 1.0, nan]), 0, on=FLOATS)
case("pow", T(values=[0.0, -0.0, 1.0, nan]), 1, on=FLOATS)
case("pow", T(values=[0.0, -0.0, 1.0, nan]), 0.5, on=FLOATS)
case("pow", T(3), exponent=2)
case(".pow_", T(2, 3), 2)
case(".pow_", T(2, 3, low=1), T(3), on=FLOATS)
error("pow", T(2), -1, on=INTEGERS)
error("t.pow", 2, 3)

SCALARS = (2, -3, 2.5, True, 0)
for op in ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "&", "|", "^"):
    code(f"x {op} y", x=T(2, 3, low=1), y=T(3, low=1), on=DTYPES)
    code(f"x {op} x", x=T(2, 3, low=1), on=DTYPES)
    code_error(f"x {op} 'a'", x=T(2)) if op not in ("==", "!=") else None
    code_error(f"x {op} None", x=T(2)) if op not in ("==", "!=") else None
    code_error(f"None {op} x", x=T(2)) if op not in ("==", "!=") else None
    code_error(f"x {op} y", x=T(2), y=T(3))
    for number in SCALARS:
        bits = op in ("&", "|", "^")
        raises = (op == "-" and number is True) or (bits and number == 2.5)
        if number or op not in ("//", "%"):
            (code_error if raises else code)(f"x {op} {number}", x=T(2, 3, low=1), on=DTYPES)
        if not bits:
            (code_error if raises else code)(f"{number} {op} x", x=T(2, 3, low=1), on=DTYPES)
    code(f"x {op} np.float64(2.5)", x=T(2, 3), on=DTYPES) if op not in ("&", "|", "^") else None
    code(f"x {op} np.int64(2)", x=T(2, 3), on=DTYPES)
    if op not in ("==", "!=", "<", "<=", ">", ">="):
        code(f"y = x * 1\nz = y\ny {op}= w\nout = y, y is z", x=T(2, 3, low=1), w=T(3, low=1), on=DTYPES)
        code(f"y = x.clone()\nz = y\ny {op}= 2\nout = y, y is z", x=T(2, 3, low=1), on=DTYPES)
        code(f"y = x.clone()\ny {op}= y\nout = y", x=T(2, 3, low=1), on=DTYPES)
for number in (True, 2):
    for op in ("&", "|", "^"):
        code(f"{number} {op} x", x=T(2, 3), on=("bool", *INTEGERS))
for op in ("-x", "+x", "~x", "abs(x)", "x == None", "x != None", "x == 'a'", "x != 'a'"):
    code(op, x=T(2, 3), on=DTYPES)
code("x + x * 2 - x / 4", x=T(2, 3), on=FLOATS)
code("2 ** x", x=T(3, low=0), on=DTYPES)
code("2 - x", x=T(3), on=DTYPES)
code("2 / x", x=T(3, low=1), on=DTYPES)
code("x @ y", x=T(2, 3), y=T(3, 4), on=DTYPES)
code("y = x * 1\ny @= w\nout = y", x=T(3, 3), w=T(3, 3))
code_error("x @ 2", x=T(2, 2))
code_error("2 @ x", x=T(2, 2))
code("pow(x, 2)", x=T(3), on=DTYPES)

case("clamp", T(3, 4), -1, 1)
case("clamp", T(3, 4), min=-1)
case("clamp", T(3, 4), max=0.5)
case("clamp", T(3, 4), 1, -1)
case("clamp", T(3, 4), 0, 1.5)
case("clip", T(3, 4), min=0, max=2)
case("clip", T(3, 4), T(3, 4, low=-2, high=0), T(4, low=0, high=2))
case("clamp", T(3, 4), min=T(4))
case("clamp", T(3, 4), max=T(3, 1))
case("clamp", T(3, 4), T(3, 4), T(3, 4))
case("clamp", T(values=[nan, inf, -inf, 1.0, 0.0]), 0.0, 1.0, on=FLOATS)
case(".clamp_", T(3, 4), -1, 1)
case(".clamp_", T(3, 4), min=0)
case(".clip_", T(3, 4), max=0)
error("clamp", T(3))
error("clamp", T(3), "a")
error("clamp", T(3), 1, T(3))

case("lerp", T(2, 3), T(2, 3), 0.25, on=FLOATS)
case("lerp", T(2, 3), T(3), T(2, 1), on=FLOATS)
case("lerp", T(2, 3), T(3), 0.75, on=FLOATS)
case("lerp", T(2, 3), end=T(2, 3), weight=0.5, on=FLOATS)
error("lerp", T(3), T(3), 0.5, on=INTEGERS)
error("lerp", T(3), T(3, dtype="float64"), 0.5)
case(".lerp_", T(2, 3), T(3), 0.25, on=FLOATS)

case("t.where", B(2, 3), T(2, 3), T(2, 3))
case("t.where", B(2, 3), T(3), T())
case("t.where", B(2, 1), T(3), 2)
case("t.where", B(2, 3), 2.5, T(2, 3))
case("t.where", B(2, 3), 1, 0)
case("t.where", B(2, 3), 1.5, 0)
case("t.where", B(2, 3), True, False)
case("t.where", B(2, 3))
case("t.where", T(2, 3))
case("t.where", T(0, 3), layouts=("contiguous",))
case("t.where", T())
case("t.where", T(2, 3, low=0, high=1, dtype="uint8"), T(2, 3), T(2, 3))
case(".where", T(2, 3), B(2, 3), T(2, 3))
case(".where", T(2, 3), B(2, 3), 0)
error("t.where", T(2, 3), T(2, 3), T(2, 3))
error("t.where", B(2, 3), T(2), T(3))

case("masked_fill", T(2, 3), B(2, 3), 1)
case("masked_fill", T(2, 3), B(3), -inf, on=FLOATS)
case("masked_fill", T(2, 3), B(2, 1), T())
case("masked_fill", T(3), B(2, 3), 1)
case("masked_fill", T(2, 3), mask=B(2, 3), value=2)
case(".masked_fill_", T(2, 3), B(3), 1)
case(".masked_fill_", T(2, 3), B(3), T())
error("masked_fill", T(2, 3), T(2, 3, dtype="int64"), 1)
error("masked_fill", T(2, 3), B(2), 1)
error("masked_fill", T(2, 3), B(2, 3), T(2))
case("masked_fill", T(2, 3), B(2, 3), 2.5)
error(".masked_fill_", T(3, grad=False), B(2, 3), 1)

for name in ("isclose", "allclose"):
    case(name, T(2, 3), T(2, 3))
    case(name, T(values=[1.0, nan, inf]), T(values=[1.00001, nan, inf]), on=FLOATS)
    case(name, T(values=[1.0, nan, inf]), T(values=[1.00001, nan, inf]), equal_nan=True, on=FLOATS)
    case(name, T(values=[1.0, 2.0]), T(values=[1.1, 2.1]), rtol=0.2, on=FLOATS)
    case(name, T(values=[1.0, 2.0]), T(values=[1.1, 2.1]), atol=0.2, on=FLOATS)
    case(name, T(values=[100, 2]), T(values=[101, 2]), rtol=0.02, on=(*INTEGERS, *FLOATS))
    case(name, T(values=[1.0, 2.0]), T(values=[1.0]), on=FLOATS)
    error(name, T(2), T(3))
    error(name, T(2), T(2, dtype="float64"))
    error(name, T(2), T(2), rtol=-1)
    error(name, T(2), 1.0)
case("equal", T(2, 3), T(2, 3))
case("equal", T(values=[1, 2]), T(values=[1, 2]))
case("equal", T(values=[1, 2]), T(values=[1, 3]))
case("equal", T(values=[1, 2]), T(values=[[1, 2]]))
case("equal", T(0), T(0), layouts=("contiguous",))
case("equal", T(values=[nan]), T(values=[nan]), on=FLOATS)
error("equal", T(2), 1)

case("is_floating_point", T(2))
case("t.is_tensor", T(2))
case("t.is_tensor", 3)
case("t.is_tensor", [1.0])
case("numel", T(2, 3))
case("numel", T())
error("t.numel", [1])
case("t.promote_types", D("int64"), D("float16"))
case("t.result_type", T(2), 2.5)
case("t.result_type", 2, 2.5)
case("t.result_type", T(2), T(dtype="float64", grad=False))
case("t.result_type", T(2), T(3, dtype="int32"))
error("t.promote_types", D("int64"), 3)
case(".subtract_", T(2, 3), T(3), alpha=2)
case(".true_divide_", T(2, 3), T(3, low=1))
for name in BITWISE:
    case(f".{name}_", T(2, 3), T(3), on=("bool", *INTEGERS))
    case(f".{name}_", T(2, 3), 1, on=INTEGERS)
