"""Cases: activation functions and their modules."""

from __future__ import annotations

from ..inputs import D, T
from ..libraries import FLOATS, INTEGERS
from ..table import case, code, code_error, error

nan, inf = float("nan"), float("inf")
ONE = ("contiguous",)
LARGE = [-inf, -1e4, -100.0, -50.0, -20.0, -3.0, -1.0, -1e-3, -0.0, 0.0, 1e-3, 0.5, 1.0, 3.0, 6.0, 20.0, 50.0, 100.0, 1e4, inf, nan]

PLAIN = "relu leaky_relu elu selu sigmoid logsigmoid tanh gelu silu mish softplus hardtanh".split()
OPTIONS = {
    "leaky_relu": ({"negative_slope": 0.2}, {"negative_slope": 0.0}, {"negative_slope": -0.5}),
    "elu": ({"alpha": 0.5}, {"alpha": 2.0}),
    "gelu": ({"approximate": "tanh"}, {"approximate": "none"}),
    "softplus": ({"beta": 2}, {"threshold": 1}, {"beta": 0.5, "threshold": 2}, {"beta": 3, "threshold": 30}),
    "hardtanh": ({"min_val": -2, "max_val": 0.5}, {"min_val": 0.0}, {"max_val": 2}),
}
WITH_INPLACE = ("relu", "leaky_relu", "elu", "selu", "silu", "mish", "hardtanh")
for name in PLAIN:
    for options in ({}, *OPTIONS.get(name, ())):
        case(f"F.{name}", T(3, 4), **options)
        case(f"F.{name}", T(values=LARGE), on=FLOATS, layouts=ONE, **options)
        case(f"F.{name}", T(50, low=-12, high=12), on=FLOATS, **options)
        if name in WITH_INPLACE:
            arguments = ", ".join(f"{k}={v!r}" for k, v in options.items())
            code(f"y = x * 1\nz = F.{name}(y, inplace=True, {arguments})\nout = y, z, z is y", x=T(3, 4), on=FLOATS)
            code_error(f"F.{name}(x, inplace=True, {arguments})", x=T(3))
    case(f"F.{name}", T(), on=FLOATS)
    case(f"F.{name}", T(0, 3), on=FLOATS, layouts=ONE)
    case(f"F.{name}", input=T(3))
    error(f"F.{name}")
    error(f"F.{name}", 2.0)
    error(f"F.{name}", T(2), 1, 2, 3, 4)
for name in ("relu", "sigmoid", "softmax", "log_softmax"):
    args = (1,) if "softmax" in name else ()
    case(name, T(3, 4), *args)
error("F.gelu", T(3), approximate="erf")
error("F.hardtanh", T(3), min_val=2, max_val=1)

for name in ("softmax", "log_softmax"):
    for dim in (0, 1, -1):
        case(name, T(3, 4, 2), dim)
        case(name, T(3, 4), dim=dim, on=FLOATS)
        case(name, T(3, 4), dim=dim, dtype=D("float64"))
        case(f"t.{name}", T(3, 4), dim, D("float32"))
        case(f".{name}", T(3, 4), dim, D("float32"))
        case(f"F.{name}", T(3, 4), dim, dtype=D("float32"))
    case(name, T(), 0, on=FLOATS)
    case(name, T(), dim=-1, on=FLOATS)
    case(name, T(0, 3), dim=1, on=FLOATS, layouts=ONE)
    case(name, T(0, 3), dim=0, on=FLOATS, layouts=ONE)
    case(name, T(values=[[1000.0, 1000.0], [-1000.0, 0.0], [0.0, 100.0]]), dim=1, on=FLOATS)
    case(name, T(values=[[-inf, 0.0], [inf, 0.0], [-inf, -inf], [nan, 1.0]]), dim=1, on=FLOATS)
    case(f"F.{name}", T(3, 4), on=FLOATS)
    case(f"F.{name}", T(2, 3, 4), on=FLOATS)
    case(f"F.{name}", T(5), on=FLOATS)
    error(name, T(3, 4), 2)
    error(name, T(3, 4), "a")
    error(name, T(3, 4), (0, 1))
    error(name, T(3, 4), 1, on=INTEGERS)
    error(name, [1.0], 0)

MODULES = {
    "ReLU": ("", "inplace=True"),
    "LeakyReLU": ("", "0.2", "negative_slope=0.3", "inplace=True"),
    "ELU": ("", "0.5", "alpha=2.0", "inplace=True"),
    "SELU": ("", "inplace=True"),
    "Sigmoid": ("",),
    "LogSigmoid": ("",),
    "Tanh": ("",),
    "GELU": ("", "'tanh'", "approximate='none'"),
    "SiLU": ("", "inplace=True"),
    "Mish": ("", "inplace=True"),
    "Softplus": ("", "2", "beta=0.5, threshold=3", "threshold=1.5"),
    "Hardtanh": ("", "-2, 2", "min_val=0.0, max_val=6.0", "inplace=True"),
    "Softmax": ("dim=1", "0", "-1"),
    "LogSoftmax": ("dim=1", "0", "-1"),
}
for name, constructors in MODULES.items():
    for arguments in constructors:
        code(
            f"m = nn.{name}({arguments})\nout = m(x * 1), repr(m), dict(m.state_dict()), m.training, str(m)",
            x=T(3, 4), on=FLOATS, layouts=("contiguous", "transposed"),
        )  # fmt: skip
    code_error(f"nn.{name}(nonsense=3)")
    code_error(f"nn.{name}(dim=0)(None)" if "Softmax" in name else f"nn.{name}()(None)")
code("out = nn.Softmax()(x), repr(nn.Softmax())\nout = out", x=T(3, 4))
code("out = nn.LogSoftmax()(x), repr(nn.LogSoftmax())\nout = out", x=T(3, 4))
code_error("nn.Softmax(dim=2)(x)", x=T(3, 4))
code_error("nn.GELU('erf')(x)", x=T(3))
code_error("nn.Hardtanh(2, 1)")
