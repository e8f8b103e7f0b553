"""Cases: how tensors look when printed."""

from __future__ import annotations

from ..inputs import T
from ..libraries import DTYPES, FLOATS
from ..table import code

nan, inf = float("nan"), float("inf")

VALUES = (
    [1.0, 2.0, 3.0], [1.5, -2.25, 100.0], [1e-5, 1.0], [1e5, 1.0], [1e8, 1.0], [1e9, 1.5], [nan, 1.0], [inf, -inf, 0.0], [nan, inf], 0.1,
    2.5, 3.0, nan, 1e10, 1e-10, [[1.0, 2.0], [3.0, 4.5]], [[[1.0], [2.0]], [[3.0], [4.0]]], [0.0], [0.1234567, 12.3456789], [-0.0],
    [1e-3, 1e3], [1e-4, 1e4], [1234567.0, 0.5], [1.0] * 40, [0.5] * 30, [123456.0, 1.0], [1e-8, 2e-8], [0.0, 1e-30], [1e4, 1e-2], [99999.5],
)  # fmt: skip
for values in VALUES:
    code("repr(x)", x=T(values=values, grad=False), on=("float32", "float64"))
for values in ([1, 2, 300], [-1, 22, 3], 5, [[1, 20], [-300, 4]], [], [[1, 2, 3]] * 2):
    code("repr(x)", x=T(values=values, grad=False), on=("int64", "int32"))
code("repr(x)", x=T(values=list(range(50)), grad=False), on=("int64",))
for values in ([0, 1], 1, [[1, 0], [0, 1]], []):
    code("repr(x)", x=T(values=values, grad=False), on=DTYPES)
for shape in ((0,), (0, 3), (2, 0), (1,), (1, 1, 1), (2, 3, 4), (1001,), (40, 40), (100, 11), (3, 2, 2, 2), (12, 12, 12), (1100, 2), (20,)):
    code("repr(x)", x=T(*shape, grad=False), on=("float32", "float64", "int64", "bool", "float16"))
    code("str(x)", x=T(*shape, grad=False))
code("repr(x)", x=T(3), on=FLOATS)
code("repr(x)", x=T(), on=FLOATS)
code("repr(x.detach())", x=T(3))
code("repr(nn.Parameter(x.detach()))", x=T(2, 3), on=FLOATS)
code("repr(nn.Parameter(x.detach(), requires_grad=False))", x=T(2))
for options in ("precision=2", "threshold=5", "edgeitems=1, threshold=5", "linewidth=30", "sci_mode=True", "sci_mode=False", "profile='short'", "profile='full'"):
    code(
        f"t.set_printoptions({options})\ntry:\n    out = repr(x), repr(y)\nfinally:\n    t.set_printoptions(profile='default')\n",
        x=T(3, 12, grad=False), y=T(values=[1e-5, 1.0], grad=False),
    )  # fmt: skip
