"""Cases: convolution, pooling, windows."""

from __future__ import annotations

from ..inputs import T
from ..libraries import FLOATS
from ..table import case, code, code_error, error

ONE = ("contiguous",)
TWO = ("float32", "float64")

# conv2d, conv1d: stride, padding, dilation, groups
X, W, B = T(2, 4, 6, 7), T(6, 4, 3, 2), T(6)
for options in (
    {},
    {"stride": 2},
    {"stride": (1, 2), "padding": (2, 1)},
    {"padding": "same"},
    {"padding": "valid", "stride": 2},
    {"padding": 1, "dilation": 2},
    {"padding": (4, 3), "dilation": (1, 3), "stride": [2, 1]},
    {"stride": (2,), "padding": (1,), "dilation": (1,)},
):
    case("F.conv2d", X, W, B, on=TWO, tolerance=8, **options)
    case("F.conv2d", X, W, on=TWO, layouts=ONE, tolerance=8, **options)
    case("F.conv2d", T(4, 6, 7), T(6, 2, 3, 2), B, groups=2, on=TWO, layouts=ONE, tolerance=8, **options)
    case("F.conv2d", X, T(8, 1, 3, 2), T(8), groups=4, on=TWO, layouts=ONE, tolerance=8, **options)
for options in ({}, {"stride": 2}, {"padding": 2}, {"padding": "same"}, {"dilation": 2, "padding": (1,), "stride": (3,)}):
    case("F.conv1d", T(2, 4, 7), T(6, 4, 3), B, on=TWO, tolerance=8, **options)
    case("F.conv1d", T(4, 7), T(6, 2, 3), None, groups=2, on=TWO, layouts=ONE, tolerance=8, **options)
case("F.conv2d", X, W, B, 2, 1, 1, 1, on=FLOATS, layouts=ONE, tolerance=16)
case("F.conv1d", T(2, 4, 7), T(6, 4, 3), B, 2, 1, 1, 1, on=FLOATS, layouts=ONE, tolerance=16)
case("F.conv2d", input=X, weight=W, bias=B, stride=1, padding=0, dilation=1, groups=1, on=TWO, layouts=ONE, tolerance=8)
case("F.conv1d", input=T(2, 4, 7), weight=T(6, 4, 3), bias=B, stride=1, padding=0, dilation=1, groups=1, on=TWO, layouts=ONE, tolerance=8)
case("F.conv2d", T(2, 16, 9, 8), T(16, 16, 3, 3), T(16), padding=1, on=TWO, layouts=ONE, tolerance=32)  # pairs of rows
case("F.conv2d", T(3, 3, 12, 12), T(8, 3, 5, 5), T(8), padding=2, on=TWO, layouts=ONE, tolerance=32)
case("F.conv2d", T(2, 5, 4, 4), T(3, 5, 1, 1), T(3), on=TWO, tolerance=8)
case("F.conv2d", T(2, 5, 4, 4), T(3, 5, 1, 1), T(3), stride=2, padding=1, on=TWO, layouts=ONE, tolerance=8)
case("F.conv2d", T(0, 4, 6, 7), W, B, on=TWO, layouts=ONE)
case("F.conv1d", T(0, 4, 7), T(6, 4, 3), B, on=TWO, layouts=ONE)
case("F.conv2d", T(2, 4, 6, 7), W, B, on=("int64", "int32"), layouts=ONE)
case("F.conv2d", T(1, 1, 3, 3, values=[[[[1.0, float("inf"), 2.0], [0.0, float("nan"), 1.0], [0.0, 1.0, 2.0]]]]), T(1, 1, 2, 1), on=TWO, layouts=ONE)
for bad in (
    dict(weight=T(6, 3, 3, 2)), dict(weight=T(6, 4, 9, 2)), dict(weight=T(6, 4, 3)), dict(groups=3), dict(groups=0), dict(groups=-1),
    dict(weight=T(7, 2, 3, 2), groups=2), dict(weight=T(0, 4, 3, 2)), dict(padding="same", stride=2), dict(padding="full"), dict(padding=-1),
    dict(stride=0), dict(stride=-1), dict(stride=(1, 2, 3)), dict(stride=1.5), dict(stride="a"), dict(dilation=0), dict(dilation=4),
    dict(bias=T(5)), dict(bias=T(6, 1)), dict(bias=T(6, dtype="float64")), dict(weight=T(6, 4, 3, 2, dtype="float64")), dict(input=T(6, 7)),
    dict(input=T(1, 2, 4, 6, 7)), dict(input=T(2, 4, 0, 7), padding=2), dict(input=None), dict(weight=None), dict(groups="a"),
):  # fmt: skip
    error("F.conv2d", **{"input": X, "weight": W, **bad})
error("F.conv2d", T(2, 4, 6, 7), T(6, 4, 3, 2), on=("bool",))
for bad in (
    dict(weight=T(6, 3, 3)), dict(weight=T(6, 4, 9)), dict(weight=T(6, 4, 3, 3)), dict(groups=3), dict(padding="same", stride=2), dict(padding=(1, 2)),
    dict(padding=-1), dict(stride=0), dict(dilation=0), dict(bias=T(5)), dict(input=T(7)), dict(input=T(2, 2, 4, 7)), dict(input=T(2, 4, 0)),
):  # fmt: skip
    error("F.conv1d", **{"input": T(2, 4, 7), "weight": T(6, 4, 3), **bad})

# conv_transpose2d
V = T(4, 3, 3, 2)
for options in (
    {},
    {"stride": 2},
    {"stride": 2, "output_padding": 1},
    {"stride": (3, 1), "padding": (1, 0), "output_padding": (2, 0)},
    {"padding": (2, 1), "dilation": 2},
    {"dilation": (2, 1), "output_padding": (1, 0)},
    {"stride": 2, "padding": 1, "output_padding": (0, 1), "dilation": (1, 2)},
):
    case("F.conv_transpose2d", T(2, 4, 4, 5), V, T(3), on=TWO, tolerance=8, **options)
    case("F.conv_transpose2d", T(4, 4, 5), V, T(6), groups=2, on=TWO, layouts=ONE, tolerance=8, **options)
case("F.conv_transpose2d", T(2, 4, 4, 5), V, None, 2, 1, 1, 1, 1, on=FLOATS, layouts=ONE, tolerance=16)
case("F.conv_transpose2d", input=T(2, 4, 4, 5), weight=V, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1, on=TWO, layouts=ONE, tolerance=8)
case("F.conv_transpose2d", T(0, 4, 4, 5), V, T(3), on=TWO, layouts=ONE)
case("F.conv_transpose2d", T(2, 4, 4, 5), V, on=("int64",), layouts=ONE)
for bad in (
    dict(weight=T(3, 4, 3, 2)), dict(weight=T(4, 3, 3)), dict(groups=3), dict(groups=0), dict(output_padding=1), dict(output_padding=-1),
    dict(output_padding=2, stride=2), dict(padding=-1), dict(padding=9), dict(padding="same"), dict(stride=0), dict(dilation=0), dict(bias=T(4)),
    dict(input=T(4, 5)), dict(input=T(2, 4, 0, 5)), dict(weight=T(4, 3, 3, 2, dtype="float64")),
):  # fmt: skip
    error("F.conv_transpose2d", **{"input": T(2, 4, 4, 5), "weight": V, **bad})

# Pooling
TIES = T(2, 3, 7, 6, low=-1, high=1, values=[[[[(i * 5 + j * 3 + k) % 4 - 1.0 for i in range(6)] for j in range(7)] for k in range(3)]] * 2)
NAN = T(values=[[[1.0, float("nan"), 2.0, 0.0], [float("nan"), 3.0, 1.0, -float("inf")], [0.0, 1.0, float("inf"), 2.0]]])
WINDOWS = (
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": (2, 1)},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    {"kernel_size": (2, 3), "stride": 3, "padding": (1, 0), "ceil_mode": True},
    {"kernel_size": [2, 4], "stride": (1,)},
)
for options in WINDOWS:
    for x in (T(2, 3, 7, 6), TIES, T(3, 7, 6), T(0, 3, 7, 6)):
        layouts = ("contiguous", "transposed", "stepped", "expanded") if x.shape[0] == 2 else ONE
        case("F.max_pool2d", x, **options, on=(*FLOATS, "int64"), layouts=layouts)
        case("F.max_pool2d", x, **options, return_indices=True, on=(*TWO, "uint8"), layouts=ONE)
        for more in ({}, {"count_include_pad": False}, {"divisor_override": 3}, {"divisor_override": -2, "count_include_pad": False}):
            case("F.avg_pool2d", x, **options, **more, on=TWO, layouts=layouts, tolerance=4)
    line = {k: v if isinstance(v, (bool, int)) else v[-1] for k, v in options.items()}
    for x in (T(2, 3, 7), T(3, 7), T(0, 3, 7)):
        case("F.max_pool1d", x, **line, on=FLOATS)
        case("F.max_pool1d", x, **line, return_indices=True, on=TWO, layouts=ONE)
        case("F.avg_pool1d", x, **line, on=TWO, tolerance=4)
        case("F.avg_pool1d", x, **line, count_include_pad=False, on=TWO, layouts=ONE, tolerance=4)
for options in ({"dilation": 2}, {"dilation": (1, 2), "padding": 1, "ceil_mode": True, "stride": 2}):
    case("F.max_pool2d", T(2, 3, 7, 6), 2, **options, on=TWO)
    case("F.max_pool2d", TIES, 2, **options, return_indices=True, on=TWO, layouts=ONE)
case("F.max_pool1d", T(2, 3, 7), 2, dilation=3, on=TWO)
for name in ("max_pool2d", "adaptive_max_pool2d"):
    case(f"F.{name}", NAN, 2, return_indices=True, on=TWO, layouts=ONE)
case("F.max_pool2d", NAN, 2, 1, 1, return_indices=True, on=TWO, layouts=ONE)
case("F.avg_pool2d", NAN, 2, 1, 1, on=TWO, layouts=ONE)
case("F.adaptive_avg_pool2d", NAN, 2, on=TWO, layouts=ONE)
case("F.max_pool2d", T(2, 3, 7, 6), 2, None, 0, 1, False, False)
case("F.max_pool1d", T(2, 3, 7), 2, None, 0, 1, False, False)
case("F.avg_pool2d", T(2, 3, 7, 6), 2, 2, 0, False, True, None, on=("float64", "float16", "int64"), layouts=ONE, tolerance=4)
case("F.avg_pool1d", T(2, 3, 7), 2, 2, 0, False, True, on=("float64", "int64"), layouts=ONE)
case("F.max_pool2d", input=T(2, 3, 7, 6), kernel_size=2, stride=1, padding=1, dilation=1, ceil_mode=False, return_indices=False)
case("F.max_pool1d", input=T(2, 3, 7), kernel_size=2, stride=1, padding=1, dilation=1, ceil_mode=False, return_indices=False)
case("F.avg_pool2d", input=T(2, 3, 7, 6), kernel_size=2, stride=1, padding=1, ceil_mode=False, count_include_pad=True, divisor_override=None, on=TWO, tolerance=4)
case("F.avg_pool1d", input=T(2, 3, 7), kernel_size=2, stride=1, padding=1, ceil_mode=False, count_include_pad=True, on=TWO, tolerance=4)
for name in ("max_pool2d", "avg_pool2d"):
    for bad in (
        dict(kernel_size=8), dict(kernel_size=0), dict(kernel_size=-1), dict(kernel_size=(1, 2, 3)), dict(kernel_size=2.5), dict(kernel_size="a"),
        dict(kernel_size=None), dict(stride=0), dict(stride=-1), dict(stride=1.5), dict(padding=2), dict(padding=-1), dict(input=T(3, 0, 6)),
        dict(input=T(2, 0, 7, 6)), dict(input=T(1, 2, 3, 7, 6)), dict(input=T(7, 6)), dict(input=None),
    ):  # fmt: skip
        error(f"F.{name}", **{"input": T(2, 3, 7, 6), "kernel_size": 2, **bad})
    error(f"F.{name}", T(2, 3, 7, 6), 2, on=("bool",))
for name in ("max_pool1d", "avg_pool1d"):
    for bad in (
        dict(kernel_size=8), dict(kernel_size=0), dict(kernel_size=(1, 2)), dict(stride=0), dict(padding=2), dict(padding=-1), dict(input=T(3, 0)),
        dict(input=T(7)), dict(input=T(2, 2, 3, 7)),
    ):  # fmt: skip
        error(f"F.{name}", **{"input": T(2, 3, 7), "kernel_size": 2, **bad})
error("F.max_pool2d", T(2, 3, 7, 6), 2, dilation=0)
error("F.max_pool1d", T(2, 3, 7), 2, dilation=0)
error("F.max_pool1d", T(2, 3, 7), 2, on=("int64", "bool"))
error("F.avg_pool2d", T(2, 3, 7, 6), 2, divisor_override=0)
error("F.avg_pool2d", T(2, 3, 7, 6), 2, divisor_override=1.5)

for size in (1, 2, 3, 9, (2, 5), (None, 2), (3, None), [4, 1]):
    case("F.adaptive_avg_pool2d", T(2, 3, 7, 6), size, on=FLOATS, tolerance=4)
    case("F.adaptive_max_pool2d", T(2, 3, 7, 6), size, on=FLOATS)
    case("F.adaptive_max_pool2d", TIES, size, return_indices=True, on=TWO, layouts=ONE)
for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
    case(f"F.{name}", input=T(3, 7, 6), output_size=2, on=TWO, layouts=ONE, tolerance=4)
    case(f"F.{name}", T(0, 3, 7, 6), 2, on=TWO, layouts=ONE)
    for bad in (-1, (2,), (1, 2, 3), 1.5, None, "a"):
        error(f"F.{name}", T(2, 3, 7, 6), bad)
    error(f"F.{name}", T(7, 6), 2)
    error(f"F.{name}", T(1, 2, 3, 7, 6), 2)
    error(f"F.{name}", T(2, 3, 0, 6), 2)
    error(f"F.{name}", T(2, 3, 7, 6), 2, on=("int64", "bool"))

# Windows
for options in ({}, {"stride": 2}, {"padding": (1, 0), "stride": (1, 2)}, {"dilation": (2, 1), "padding": 1}):
    case("F.unfold", T(2, 3, 6, 5), (2, 3), **options, on=FLOATS)
    case("F.unfold", T(3, 6, 5), 2, **options, on=TWO, layouts=ONE)
case("F.fold", T(2, 18, 15), (6, 5), (2, 3), on=FLOATS, tolerance=4)
case("F.fold", T(12, 20), (6, 5), 2, on=TWO, layouts=ONE, tolerance=4)
case("F.fold", T(2, 18, 6), (6, 5), (2, 3), stride=2, on=TWO, tolerance=4)
case("F.fold", T(2, 18, 9), output_size=(6, 5), kernel_size=(2, 3), dilation=(2, 1), padding=(1, 1), stride=(2, 2), on=TWO, layouts=ONE, tolerance=4)
case("F.unfold", input=T(2, 3, 6, 5), kernel_size=2, dilation=1, padding=0, stride=1, on=TWO, layouts=ONE)
case("F.unfold", T(0, 3, 6, 5), 2, on=TWO, layouts=ONE)
case("F.fold", T(0, 12, 20), (6, 5), 2, on=TWO, layouts=ONE)
case("F.unfold", T(2, 3, 6, 5), 2, on=("bool",), layouts=ONE)
for bad in (dict(kernel_size=7), dict(kernel_size=0), dict(kernel_size=(1, 2, 3)), dict(stride=0), dict(padding=-1), dict(dilation=0),
            dict(input=T(6, 5)), dict(input=T(5)), dict(input=T(1, 2, 3, 6, 5)), dict(input=T(2, 3, 0, 5)), dict(kernel_size=2.5)):  # fmt: skip
    error("F.unfold", **{"input": T(2, 3, 6, 5), "kernel_size": 2, **bad})
for bad in (dict(input=T(2, 11, 20)), dict(input=T(2, 12, 19)), dict(input=T(20)), dict(input=T(2, 12, 0)), dict(stride=0), dict(padding=-1),
            dict(dilation=0), dict(kernel_size=0), dict(output_size=0), dict(output_size=(1, 2, 3)), dict(kernel_size=7)):  # fmt: skip
    error("F.fold", **{"input": T(2, 12, 20), "output_size": (6, 5), "kernel_size": 2, **bad})
for name, args in (("unfold", (2,)), ("fold", ((6, 5), 2))):
    error(f"F.{name}", T(2, 3, 6, 5) if name == "unfold" else T(2, 12, 20), *args, on=("int64",))

# Layers: how each is made, and its input
FILL = """
def fill(m):
    rng = np.random.default_rng(1)
    with t.no_grad():
        for k, v in m.state_dict().items():
            v.copy_(t.from_numpy(np.asarray(rng.integers(-48, 48, tuple(v.shape)) / 16)))
    return m
"""
IMAGE, LINE = dict(x=T(2, 4, 6, 7)), dict(x=T(2, 4, 7))
LAYERS = (
    ("nn.Conv2d(4, 6, 3)", IMAGE),
    ("nn.Conv2d(4, 6, (3, 2), stride=2, padding=(1, 0), dilation=2, groups=2, bias=False)", IMAGE),
    ("nn.Conv2d(4, 4, 3, 1, 'same', 1, 4, True, 'zeros')", IMAGE),
    ("nn.Conv2d(in_channels=4, out_channels=6, kernel_size=3, stride=1, padding=1, dilation=1, groups=1, bias=True, padding_mode='reflect', dtype=t.float32)", IMAGE),
    ("nn.Conv2d(4, 6, 3, padding=(2, 1), padding_mode='replicate')", IMAGE),
    ("nn.Conv2d(4, 6, (3, 4), padding='same', padding_mode='circular')", IMAGE),
    ("nn.Conv2d(4, 6, 3, padding='valid', padding_mode='circular')", IMAGE),
    ("nn.Conv2d(4, 6, 3)", dict(x=T(4, 6, 7))),
    ("nn.Conv1d(4, 6, 3)", LINE),
    ("nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2, bias=False)", LINE),
    ("nn.Conv1d(in_channels=4, out_channels=6, kernel_size=2, stride=1, padding='same', dilation=1, groups=1, bias=True, padding_mode='circular', dtype=t.float32)", LINE),
    ("nn.Conv1d(4, 6, 3, padding=1, padding_mode='reflect')", LINE),
    ("nn.ConvTranspose2d(4, 6, 3)", IMAGE),
    ("nn.ConvTranspose2d(4, 6, (3, 2), 2, 1, (1, 0), 2, False, 2, 'zeros')", IMAGE),
    ("nn.ConvTranspose2d(in_channels=4, out_channels=6, kernel_size=3, stride=2, padding=1, output_padding=1, groups=1, bias=True, dilation=1, padding_mode='zeros', dtype=t.float32)", IMAGE),
    ("nn.MaxPool2d(2)", IMAGE),
    ("nn.MaxPool2d(kernel_size=(2, 3), stride=1, padding=1, dilation=(1, 2), return_indices=False, ceil_mode=True)", IMAGE),
    ("nn.MaxPool1d(2)", LINE),
    ("nn.MaxPool1d(kernel_size=3, stride=2, padding=1, dilation=1, return_indices=False, ceil_mode=True)", LINE),
    ("nn.AvgPool2d(2)", IMAGE),
    ("nn.AvgPool2d(kernel_size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=False, divisor_override=4)", IMAGE),
    ("nn.AvgPool1d(2)", LINE),
    ("nn.AvgPool1d(kernel_size=3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)", LINE),
    ("nn.AdaptiveAvgPool2d((None, 3))", IMAGE),
    ("nn.AdaptiveAvgPool2d(output_size=1)", IMAGE),
    ("nn.AdaptiveMaxPool2d(output_size=(2, 3), return_indices=False)", IMAGE),
    ("nn.Unfold(2)", IMAGE),
    ("nn.Unfold(kernel_size=(2, 3), dilation=2, padding=1, stride=(1, 2))", IMAGE),
    ("nn.Fold((6, 5), 2)", dict(x=T(2, 12, 20))),
    ("nn.Fold(output_size=(6, 5), kernel_size=(2, 3), dilation=1, padding=0, stride=2)", dict(x=T(2, 18, 6))),
)
for make, specs in LAYERS:
    code(
        f"m = fill({make})\ny = m(x)\nps = [x, *m.parameters()]\ngs = autograd.grad((y * y).sum(), ps, retain_graph=True)\n"
        "out = repr(m), y, gs, dict(m.state_dict()), [(n, p.shape) for n, p in m.named_parameters()]",
        setup=FILL, layouts=("contiguous", "stepped"), tolerance=64, **specs,
    )  # fmt: skip
    code_error(f"{make}('a')")
for make in ("nn.MaxPool2d(2, return_indices=True)", "nn.AdaptiveMaxPool2d(3, True)"):
    code(f"out = {make}(x)", **IMAGE)
code("out = nn.MaxPool1d(2, return_indices=True)(x)", **LINE)
for size in ("[13, 15]", "(14, 16)", "x.shape[:1] + (6,) + (13, 16)"):
    code(f"m = fill(nn.ConvTranspose2d(4, 6, 3, stride=2))\nout = m(x, output_size={size}), m(x, {size}).shape", setup=FILL, tolerance=8, **IMAGE)
for size in ("[12, 15]", "[13, 20]", "[13]", "[1, 13, 15]"):
    code_error(f"nn.ConvTranspose2d(4, 6, 3, stride=2)(x, output_size={size})", **IMAGE)
# Both draw their own numbers, so the start is compared by its distribution.
code(
    "m = nn.Conv2d(16, 300, 3, groups=2)\nout = [(k, v.shape, round(float(v.abs().max()) * (8 * 9) ** 0.5, 1), abs(float(v.mean())) < 0.01, "
    "round(float(v.std()) * (8 * 9) ** 0.5, 1)) for k, v in m.state_dict().items()]"
)
for bad in (
    "nn.Conv2d(4, 6, 3, groups=3)", "nn.Conv2d(4, 6, 3, groups=4)", "nn.Conv2d(4, 6, 3, groups=0)", "nn.Conv2d(4, 6, 3, padding='full')",
    "nn.Conv2d(4, 6, 3, 2, padding='same')", "nn.Conv2d(4, 6, 3, padding_mode='mirror')", "nn.Conv2d(4, 6, 3.5)", "nn.Conv2d(4, 6, 'a')",
    "nn.Conv2d(4.0, 6, 3)", "nn.Conv2d(-4, 6, 3)", "nn.Conv2d(4, 6)", "nn.Conv1d(4, 6, 3, groups=3)", "nn.Conv1d(4, 6, 3, 2, padding='same')",
    "nn.ConvTranspose2d(4, 6, 3, groups=3)", "nn.ConvTranspose2d(4, 6, 3, padding_mode='reflect')",
):  # fmt: skip
    code_error(bad)
for bad in (
    "nn.Conv2d(3, 6, 3)", "nn.Conv2d(4, 6, 9)", "nn.Conv2d(4, 6, 3, stride=0)", "nn.Conv2d(4, 6, 3, padding=-1)", "nn.Conv2d(4, 6, 3, padding=9, padding_mode='reflect')",
    "nn.Conv2d(4, 6, (3, 3, 3))", "nn.Conv2d(4, 6, 3, dtype=t.float64)", "nn.Conv1d(4, 6, 3)", "nn.ConvTranspose2d(3, 6, 3)",
    "nn.ConvTranspose2d(4, 6, 3, output_padding=1)", "nn.MaxPool2d(9)", "nn.MaxPool2d(2, padding=2)", "nn.MaxPool1d(2)", "nn.AvgPool2d(9)",
    "nn.AdaptiveAvgPool2d(-1)", "nn.Unfold(9)", "nn.Fold(5, 2)",
):  # fmt: skip
    code_error(f"{bad}(x)", **IMAGE)
