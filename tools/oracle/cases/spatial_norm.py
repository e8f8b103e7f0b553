"""Cases: normalisation over channels, dropout of channels, images in another size."""

from __future__ import annotations

from ..inputs import T
from ..libraries import DTYPES, FLOATS
from ..table import case, code, code_error, error

ONE = ("contiguous",)
TWO = ("float32", "float64")
SHAPES = ((4, 3), (4, 3, 5), (2, 3, 4, 5), (2, 3, 2, 2, 3), (1, 3, 2, 2), (6, 3, 1, 1))

# batch_norm, group_norm, instance_norm: with and without what is learned, and with values far from zero,
# where a variance from sums of squares has no digits left.
for shape in SHAPES:
    for weight, bias in ((T(3), T(3)), (None, None), (T(3), None), (None, T(3))):
        # Not on expanded memory: a variance of 0 makes every error of rounding 300 times larger.
        case("F.batch_norm", T(*shape), None, None, weight, bias, True, on=TWO, layouts=("contiguous", "transposed", "stepped"), tolerance=8)
        case("F.batch_norm", T(*shape), T(3, grad=False), T(3, low=0.5, high=2, grad=False), weight, bias, on=TWO, tolerance=8)
        if weight is not None or bias is None:  # with a bias alone PyTorch fails in backward
            case("F.group_norm", T(*shape), 1, weight, bias, on=TWO, tolerance=8)
            if len(shape) > 2 and shape[2] > 1:
                case("F.group_norm", T(*shape), 3, weight, bias, on=TWO, tolerance=8)
        if len(shape) > 2 and shape[2] > 1:
            case("F.instance_norm", T(*shape), weight=weight, bias=bias, on=TWO, tolerance=8)
            case("F.instance_norm", T(*shape), T(3, grad=False), T(3, low=0.5, high=2, grad=False), weight, bias, False, on=TWO, tolerance=8)
for name, args in (("batch_norm", (None, None)), ("group_norm", (2,)), ("instance_norm", ())):
    options = {"training": True} if name == "batch_norm" else {}
    case(f"F.{name}", T(3, 4, 2, 3), *args, on=("float16",), layouts=ONE, tolerance=16, **options)
    case(f"F.{name}", T(3, 4, 2, 3), *args, eps=0.1, on=TWO, tolerance=8, **options)
    case(f"F.{name}", T(3, 4, 2, 3, low=100, high=101), *args, on=("float64",), layouts=ONE, tolerance=64, **options)
    case(f"F.{name}", T(0, 4, 2, 3), *args, on=TWO, layouts=ONE, **options)
    case(f"F.{name}", T(3, 4, 0, 3), *args, on=TWO, layouts=ONE, **options)
    case(f"F.{name}", T(values=[[[1.0, 2.0], [float("nan"), 1.0]], [[0.0, 2.0], [3.0, float("inf")]]]), *((2,) if name == "group_norm" else args), on=TWO, layouts=ONE, **options)
    error(f"F.{name}", T(3, 4, 2, 3), *args, on=("int64", "bool", "uint8"), **options)
    error(f"F.{name}", T(3, 4, 2, 3), *args, weight=T(3), **options)
    error(f"F.{name}", T(3, 4, 2, 3), *args, bias=T(5), **options)
    error(f"F.{name}", T(3, 4, 2, 3), *args, weight=T(4, dtype="float64"), **options)
    error(f"F.{name}", None, *args, **options)
case("F.batch_norm", input=T(4, 3), running_mean=None, running_var=None, weight=T(3), bias=T(3), training=True, momentum=0.5, eps=1e-3, on=TWO, tolerance=8)
case("F.group_norm", input=T(4, 4), num_groups=2, weight=T(4), bias=T(4), eps=1e-3, on=TWO, tolerance=8)
case("F.instance_norm", input=T(4, 3, 5), running_mean=None, running_var=None, weight=T(3), bias=T(3), use_input_stats=True, momentum=0.5, eps=1e-3, on=TWO, tolerance=8)
case("F.batch_norm", T(4, 3, dtype="float16"), T(3, grad=False), T(3, low=0.5, high=2, grad=False), T(3), T(3), on=("float32",), layouts=ONE, tolerance=16)
case("F.batch_norm", T(4, 3, dtype="float16"), None, None, T(3), T(3), True, on=("float32",), layouts=ONE, tolerance=16)
for moved in ("0.1", "0.5", "1.0", "0.0"):
    code(f"y = F.batch_norm(x, m, v, training=True, momentum={moved})\nout = y, m, v", x=T(4, 3, 5), m=T(3, grad=False), v=T(3, low=0.5, high=2, grad=False), on=TWO, tolerance=8)
    code(f"y = F.instance_norm(x, m, v, momentum={moved})\nout = y, m, v", x=T(4, 3, 5), m=T(3, grad=False), v=T(3, low=0.5, high=2, grad=False), on=TWO, tolerance=8)
code("y = F.batch_norm(x, m, v, training=True)\nout = y, m, v", x=T(0, 3), m=T(3, grad=False), v=T(3, grad=False))
for shape in ((1, 3), (1, 3, 1), (1, 3, 1, 1)):
    error("F.batch_norm", T(*shape), None, None, training=True)
error("F.batch_norm", T(3), None, None, training=True)
error("F.batch_norm", T(), None, None, training=True)
error("F.batch_norm", T(4, 3), None, None)
error("F.batch_norm", T(4, 3), T(3, grad=False), None, training=True)
error("F.batch_norm", T(4, 3), T(4, grad=False), T(4, grad=False), training=True)
error("F.batch_norm", T(4, 3), T(3, grad=False, dtype="float64"), T(3, grad=False, dtype="float64"), training=True)
error("F.group_norm", T(4, 3), 2)
error("F.group_norm", T(4, 3), 0)
error("F.group_norm", T(3), 1)
error("F.group_norm", T(1, 4), 4)
error("F.instance_norm", T(2, 3, 1, 1))
error("F.instance_norm", T(2, 3))
error("F.instance_norm", T(2, 3, 4), use_input_stats=False)
error("F.instance_norm", T(2, 3, 4), T(3, grad=False))

FILL = """
def fill(m):
    rng = np.random.default_rng(1)
    with t.no_grad():
        for k, v in m.named_parameters():
            v.copy_(t.from_numpy(np.asarray(rng.integers(-48, 48, tuple(v.shape)) / 16)))
    return m
"""
NORMS = (
    ("nn.BatchNorm1d(3)", (4, 3)), ("nn.BatchNorm1d(3)", (4, 3, 5)), ("nn.BatchNorm1d(3, 1e-3, 0.3)", (4, 3)),
    ("nn.BatchNorm1d(3, momentum=None)", (4, 3)), ("nn.BatchNorm1d(3, affine=False)", (4, 3)), ("nn.BatchNorm1d(3, bias=False)", (4, 3)),
    ("nn.BatchNorm1d(3, track_running_stats=False)", (4, 3)), ("nn.BatchNorm1d(num_features=3, eps=1e-4, momentum=0.2, affine=True, track_running_stats=True, dtype=t.float64)", (4, 3)),
    ("nn.BatchNorm2d(3)", (2, 3, 4, 5)), ("nn.BatchNorm2d(3, 1e-3, 0.3)", (2, 3, 4, 5)), ("nn.BatchNorm2d(3, momentum=None)", (2, 3, 4, 5)),
    ("nn.BatchNorm2d(3, affine=False)", (2, 3, 4, 5)), ("nn.BatchNorm2d(3, track_running_stats=False)", (2, 3, 4, 5)), ("nn.BatchNorm2d(3, bias=False)", (2, 3, 4, 5)),
    ("nn.BatchNorm2d(3)", (1, 3, 4, 5)), ("nn.BatchNorm2d(3)", (0, 3, 4, 5)), ("nn.BatchNorm2d(3, affine=False, track_running_stats=False)", (2, 3, 1, 1)),
    ("nn.BatchNorm2d(num_features=3, eps=1e-4, momentum=0.2, affine=True, track_running_stats=True, dtype=t.float64)", (2, 3, 4, 5)),
    ("nn.GroupNorm(1, 4)", (2, 4, 3, 3)), ("nn.GroupNorm(2, 4)", (2, 4, 3)), ("nn.GroupNorm(4, 4, 1e-3)", (2, 4, 3)), ("nn.GroupNorm(2, 4, affine=False)", (2, 4)), ("nn.GroupNorm(2, 4, bias=False)", (2, 4)),
    ("nn.GroupNorm(num_groups=2, num_channels=4, eps=1e-4, affine=True, dtype=t.float64)", (2, 4, 3)),
    ("nn.InstanceNorm2d(3)", (2, 3, 4, 5)), ("nn.InstanceNorm2d(3)", (3, 4, 5)), ("nn.InstanceNorm2d(3, affine=True)", (2, 3, 4, 5)), ("nn.InstanceNorm2d(3, 1e-3, 0.5, True, True)", (2, 3, 4, 5)),
    ("nn.InstanceNorm2d(3, track_running_stats=True)", (2, 3, 4, 5)), ("nn.InstanceNorm2d(num_features=3, eps=1e-4, momentum=0.3, affine=True, track_running_stats=True, dtype=t.float64)", (3, 4, 5)),
    ("nn.InstanceNorm2d(3)", (2, 4, 4, 5)), ("nn.InstanceNorm2d(3, affine=True, bias=False)", (2, 3, 4, 5)),
)  # fmt: skip
for make, shape in NORMS:
    x = "x.double()" if "float64" in make else "x"
    code(
        f"m = fill({make})\na = m({x})\nb = m({x} * 2)\ns = {{k: v.clone() for k, v in m.state_dict().items()}}\nm.eval()\nc = m({x} + 1)\n"
        "(a * a + c * b + c).sum().backward()\n"
        "out = a, b, c, s, list(s), repr(m), [p.grad for p in m.parameters()], x.grad",
        x=T(*shape), setup=FILL, layouts=("contiguous", "transposed"), tolerance=32,
    )  # fmt: skip
code("m = nn.BatchNorm2d(3)\nm(x)\nm.reset_running_stats()\nout = m.state_dict()", x=T(2, 3, 4, 5))
code("m = nn.BatchNorm2d(3)\nm(x)\nm.weight.data.fill_(3)\nm.reset_parameters()\nout = m.state_dict()", x=T(2, 3, 4, 5))
code("m = nn.GroupNorm(1, 3)\nm.weight.data.fill_(3)\nm.reset_parameters()\nout = m.state_dict()")
code("m = nn.BatchNorm1d(3)\nn = nn.BatchNorm1d(3)\nm(x)\nout = str(n.load_state_dict(m.state_dict())), n.state_dict(), n.eval()(x)", x=T(4, 3), tolerance=8)
code("m = nn.BatchNorm1d(3).double()\nout = {k: v.dtype for k, v in m.state_dict().items()}, m(x.double())", x=T(4, 3), tolerance=8)
code("import copy\nm = nn.BatchNorm1d(3)\nn = copy.deepcopy(m)\nn(x)\nout = m.state_dict(), n.state_dict()", x=T(4, 3), tolerance=8)
code("m = nn.BatchNorm1d(3)\nm.eval()\nm(x)\nout = m.state_dict()", x=T(4, 3))
code("m = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU())\nout = list(m.state_dict()), [n for n, _ in m.named_buffers()], repr(m)")
for bad in (
    "nn.BatchNorm1d(3)(t.ones(1, 3))", "nn.BatchNorm1d(3)(t.ones(3))", "nn.BatchNorm1d(3)(t.ones(2, 3, 4, 5))", "nn.BatchNorm2d(3)(t.ones(2, 3))",
    "nn.BatchNorm2d(3)(t.ones(2, 4, 2, 2))", "nn.BatchNorm2d(3)(t.ones(1, 3, 1, 1))", "nn.BatchNorm1d(3)(t.ones(2, 3).double())", "nn.BatchNorm2d(-1)", "nn.BatchNorm2d('3')",
    "nn.GroupNorm(3, 4)", "nn.GroupNorm(0, 4)", "nn.GroupNorm(2, 4)(t.ones(2, 3))", "nn.InstanceNorm2d(3, affine=True)(t.ones(2, 4, 3, 3))", "nn.InstanceNorm2d(3)(t.ones(2, 3))",
    "nn.InstanceNorm2d(3)(t.ones(2, 3, 1, 1))", "nn.BatchNorm2d(3, nonsense=1)", "nn.GroupNorm(2)",
):  # fmt: skip
    code_error(bad)

for name, shape in (("dropout1d", (3, 4, 2)), ("dropout1d", (4, 2)), ("dropout2d", (3, 4, 2, 2)), ("dropout2d", (3, 4, 2))):
    # Times 1, because without a batch PyTorch returns a view where we return the input itself.
    code(f"F.{name}(x, 0.5, False) * 1", x=T(*shape), on=DTYPES)
    code(f"F.{name}(x, p=0.0) * 1", x=T(*shape), on=FLOATS)
    case(f"F.{name}", T(*shape), p=1.0, on=FLOATS)
    code(f"F.{name}(input=x * 1, p=0.5, training=False, inplace=True)", x=T(*shape), on=FLOATS)
    code(f"F.{name}(x) * 1", x=T(0, *shape[1:]), on=FLOATS)
    # What survives differs, what that looks like doesn't: whole channels, scaled up.
    code(
        f"y = F.{name}(x * 0 + 1, 0.25)\nz = y.reshape(-1, {shape[-1] * (2 if len(shape) == 4 else 1)})\nout = y.shape, (z == z[:, :1]).all(), ((z == 0) | ((z - 4 / 3).abs() < 1e-6)).all()",
        x=T(*shape),
    )  # fmt: skip
    code(f"y = x * 1\nz = F.{name}(y, 1.0, True, True)\nout = y, z, z is y", x=T(*shape))
    error(f"F.{name}", T(*shape), 1.5)
    error(f"F.{name}", T(*shape), -0.1)
    error(f"F.{name}", T(*shape), 0.5, on=("int64",))
    error(f"F.{name}", 3.0)
error("F.dropout1d", T(3))
error("F.dropout1d", T(2, 2, 2, 2))
for name in ("Dropout1d", "Dropout2d"):
    for arguments in ("", "0.2", "p=0.0, inplace=True", "p=1.0"):
        code(f"m = nn.{name}({arguments})\nout = repr(m), m.eval()(x), m.p", x=T(2, 3, 4))
    code(f"out = nn.{name}(0.0)(x), nn.{name}(1.0)(x)", x=T(2, 3, 4))
    code_error(f"nn.{name}(2.0)")

IMAGES = {"nearest": ((2, 3, 5), (2, 3, 4, 5), (1, 2, 2, 3, 4)), "linear": ((2, 3, 5),), "bilinear": ((2, 3, 4, 5),), "trilinear": ((1, 2, 2, 3, 4),), "bicubic": ((2, 3, 4, 5),)}
IMAGES["nearest-exact"] = IMAGES["nearest"]
for mode, shapes in IMAGES.items():
    corners = ({},) if mode.startswith("nearest") else ({}, {"align_corners": True}, {"align_corners": False})
    for shape in shapes:
        dims = len(shape) - 2
        for options in corners:
            for size in (1, 2, 7, 10, shape[2:], tuple(2 * n for n in shape[2:]), tuple(range(3, 3 + dims))):
                case("F.interpolate", T(*shape), size, None, mode, on=TWO, layouts=ONE, tolerance=16, **options)
            # PyTorch's own gradient of "nearest" in 5-D is wrong for such factors.
            for factor in (2, 3.0) if dims == 3 and mode.startswith("nearest") else (2, 1.5, 0.5, 0.7, 2.3, 3.0, tuple(1.6 + i for i in range(dims))):
                case("F.interpolate", T(*shape), scale_factor=factor, mode=mode, on=TWO, layouts=ONE, tolerance=16, **options)
                case("F.interpolate", T(*shape), scale_factor=factor, mode=mode, recompute_scale_factor=True, on=TWO, layouts=ONE, tolerance=16, **options)
            case("F.interpolate", T(*shape), 6, mode=mode, tolerance=16, on=FLOATS, **options)
        case("F.interpolate", T(0, *shape[1:]), 6, mode=mode, on=FLOATS, layouts=ONE)
        case("F.interpolate", T(*shape), scale_factor=2.0, mode=mode, recompute_scale_factor=False, on=TWO, layouts=ONE, tolerance=16)
        code(f"m = nn.Upsample(scale_factor=2, mode={mode!r})\nout = m(x), repr(m), list(m.state_dict())", x=T(*shape), tolerance=16)
        error("F.interpolate", T(2, *shape[1:2], 0, *shape[3:]), 6, mode=mode)
        error("F.interpolate", T(*shape), 0, mode=mode)
for mode in ("nearest", "nearest-exact"):
    case("F.interpolate", T(2, 3, 4, 5), 7, mode=mode, on=("uint8",))
    for factor in (1.3, 1.7, 0.7, 2.3, 1 / 3, 0.6):
        # Of float64 images PyTorch rounds positions now in float32, now in float64.
        case("F.interpolate", T(1, 1, 57), scale_factor=factor, mode=mode, on=("float32",), layouts=ONE)
        case("F.interpolate", T(1, 1, 57), size=int(57 * factor), mode=mode, on=TWO, layouts=ONE)
inf = float("inf")
case("F.interpolate", T(values=[[[0.0, inf, 1.0, -inf, 2.0]]]), 4, on=TWO, layouts=ONE)
case("F.interpolate", T(values=[[[0.0, inf, 1.0, 5.0, 2.0, 3.0]]]), 3, mode="linear", on=TWO, layouts=ONE)
for arguments in ("scale_factor=2", "scale_factor=(2, 3), mode='bilinear'", "4, mode='nearest-exact'", "(4, 5)", "size=3, mode='bicubic', align_corners=True", "scale_factor=1.5, recompute_scale_factor=True", "None, 1.5"):
    code(f"m = nn.Upsample({arguments})\nout = m(x), repr(m), m.size, m.scale_factor, m.mode, m.align_corners", x=T(2, 3, 4, 5), tolerance=16)
error("F.interpolate", T(2, 3, 4, 5))
error("F.interpolate", T(2, 3, 4, 5), 2, 2)
error("F.interpolate", T(2, 3, 4, 5), (2,))
error("F.interpolate", T(2, 3, 4, 5), scale_factor=(2,))
error("F.interpolate", T(2, 3, 4, 5), scale_factor=-1.0)
error("F.interpolate", T(2, 3, 4, 5), 5, align_corners=True)
error("F.interpolate", T(2, 3, 4, 5), 5, mode="cubic")
error("F.interpolate", T(2, 3, 4, 5), 5, mode="linear")
error("F.interpolate", T(2, 3, 4), 5, mode="bilinear")
error("F.interpolate", T(2, 3, 4), 5, mode="bicubic")
error("F.interpolate", T(2, 3), 5)
error("F.interpolate", T(2, 3, 4, 5), 5, recompute_scale_factor=True)
error("F.interpolate", T(2, 3, 4, 5), 5.5)
error("F.interpolate", T(2, 3, 4, 5), (5.5, 2))
error("F.interpolate", T(2, 0, 4, 5), 5)
error("F.interpolate", T(2, 3, 4, 5), 5, on=("int64", "bool"))

for shape in ((4, 2, 3), (2, 8, 2, 3), (2, 1, 4, 1, 1)):
    case("F.pixel_shuffle", T(*shape), 2)
    code("m = nn.PixelShuffle(2)\nout = m(x), repr(m), nn.PixelUnshuffle(2)(m(x))", x=T(*shape))
for shape in ((0, 4, 2, 2), (4, 0, 2), (0, 2, 3)):
    case("F.pixel_shuffle", T(*shape), 2)
for shape in ((1, 4, 6), (2, 3, 2, 4), (1, 2, 3, 2, 2)):  # an empty one keeps its shape in PyTorch
    case("F.pixel_unshuffle", T(*shape), 2)
case("F.pixel_shuffle", input=T(9, 1, 2), upscale_factor=3)
case("F.pixel_unshuffle", input=T(1, 3, 6), downscale_factor=3)
code("repr(nn.PixelUnshuffle(3)), repr(nn.PixelShuffle(upscale_factor=3)), repr(nn.PixelUnshuffle(downscale_factor=2))")
for bad in ((T(3, 2, 2), 2), (T(4, 2), 2), (T(4, 2, 2), 0), (T(4, 2, 2), -1), (T(4, 2, 2), 2.0)):
    error("F.pixel_shuffle", *bad)
for bad in ((T(3, 2, 3), 2), (T(3, 3, 2), 2), (T(4, 2), 2), (T(4, 2, 2), 0), (T(4, 2, 2), 2.0)):
    error("F.pixel_unshuffle", *bad)

for name, paddings in (("ZeroPad2d", ("1", "(1, 2, 0, 3)", "(1, -1, 0, -2)", "padding=2")), ("ReflectionPad2d", ("1", "(1, 2, 0, 3)", "padding=2"))):
    for padding in paddings:
        code(f"m = nn.{name}({padding})\nout = m(x), m(x[0]), repr(m), m.padding", x=T(2, 3, 4, 5), on=FLOATS)
code_error("nn.ReflectionPad2d(4)(x)", x=T(2, 3, 4, 5))
code_error("nn.ReflectionPad2d(1)(x)", x=T(4, 5))
code_error("nn.ZeroPad2d(1.5)(x)", x=T(4, 5))
