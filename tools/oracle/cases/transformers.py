"""Cases: normalization, and PyTorch's encoder."""

from __future__ import annotations

from ..inputs import T
from ..table import case, code, code_error, error
from .modules import FILL

ONE = ("contiguous",)
BOTH = ("float32", "float64")

for shape, over in (((5, 4), (4,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((4,), (4,)), ((2, 3, 4), (2, 3, 4)), ((3, 1), (1,))):
    for on, tolerance in ((BOTH, 4), (("float16",), 8)):
        case("F.layer_norm", T(*shape), over, on=on, tolerance=tolerance)
        case("F.layer_norm", T(*shape), over, T(*over), T(*over), on=on, tolerance=tolerance)
        case("F.rms_norm", T(*shape), over, on=on, tolerance=tolerance)
        case("F.rms_norm", T(*shape), over, T(*over), on=on, tolerance=tolerance)
case("F.layer_norm", T(5, 4), [4], T(4), on=BOTH, tolerance=4)
case("F.layer_norm", T(5, 4), [4], None, T(4), on=BOTH, tolerance=4)
case("F.layer_norm", T(5, 4), [4], T(4), T(4), 0.5, on=BOTH, tolerance=4)
case("F.layer_norm", input=T(5, 4), normalized_shape=[4], weight=T(4), bias=T(4), eps=0.1, on=BOTH, tolerance=4)
case("F.layer_norm", T(5, 4, low=1000, high=1003), [4], on=("float64",), tolerance=64)
case("F.layer_norm", T(values=[[2.0, 2.0, 2.0], [0.0, 0.0, 1e-3]]), [3], T(3), T(3), on=BOTH, tolerance=32)
case("F.layer_norm", T(values=[[float("nan"), 2.0], [float("inf"), 0.0], [1.0, 2.0]]), [2], on=BOTH, layouts=ONE, tolerance=4)
case("F.rms_norm", T(5, 4), [4], T(4), 0.5, on=BOTH, tolerance=4)
case("F.rms_norm", input=T(5, 4), normalized_shape=(4,), weight=T(4), eps=0.1, on=BOTH, tolerance=4)
case("F.rms_norm", T(values=[[0.0, 0.0], [1e-4, 1e-4], [1e-3, 0.0]]), [2], on=BOTH, layouts=ONE, tolerance=16)
for name in ("layer_norm", "rms_norm"):
    case(f"F.{name}", T(0, 3), [3], on=BOTH, layouts=ONE)
    case(f"F.{name}", T(2, 0, 3), (0, 3), on=BOTH, layouts=ONE)
    error(f"F.{name}", T(2, 3), 3)
    error(f"F.{name}", T(2, 3), [2])
    error(f"F.{name}", T(2, 3), (2, 3, 4))
    error(f"F.{name}", T(2, 3), ())
    error(f"F.{name}", T(), [1])
    error(f"F.{name}", T(2, 3), [3], T(2))
    error(f"F.{name}", T(2, 3, dtype="int64"), [3])
    error(f"F.{name}", T(2, 3))
    error(f"F.{name}", [1.0], [1])
error("F.layer_norm", T(2, 3), [3], T(3), T(2))
error("F.layer_norm", T(2, 3), [3], T(3, dtype="float64"))
error("F.layer_norm", T(2, 3, dtype="float64"), [3], T(3))

for make, shape in (
    ("nn.LayerNorm(4)", (5, 4)),
    ("nn.LayerNorm([3, 4])", (2, 3, 4)),
    ("nn.LayerNorm((4,), 0.5)", (5, 4)),
    ("nn.LayerNorm(4, elementwise_affine=False)", (5, 4)),
    ("nn.LayerNorm(normalized_shape=4, eps=1e-3, bias=False)", (2, 5, 4)),
    ("nn.LayerNorm(4, 1e-5, False, True)", (5, 4)),
    ("nn.LayerNorm(4, 1e-5, True, False)", (5, 4)),
    ("nn.LayerNorm(4, dtype=t.float64).to(t.float32)", (5, 4)),
    ("nn.RMSNorm(4)", (5, 4)),
    ("nn.RMSNorm([3, 4], 0.5)", (2, 3, 4)),
    ("nn.RMSNorm(4, eps=1e-3, elementwise_affine=False)", (5, 4)),
    ("nn.RMSNorm(normalized_shape=(4,), dtype=t.float32)", (5, 4)),
    ("nn.RMSNorm(4, None, True)", (5, 4)),
):
    code(
        f"m = {make}\nfirst = {{k: v.clone() for k, v in m.state_dict().items()}}\nm = fill(m)\ny = m(x)\nps = list(m.parameters())\n"
        "gs = autograd.grad((y * y).sum(), ps, retain_graph=True) if ps else ()\n"
        "out = repr(m), first, y, gs, m.normalized_shape, m.eps, m.elementwise_affine",
        x=T(*shape), setup=FILL, layouts=("contiguous", "transposed", "stepped"), tolerance=8,
    )  # fmt: skip
code("nn.LayerNorm(4, elementwise_affine=False).weight, nn.LayerNorm(4, bias=False).bias, nn.RMSNorm(4).weight")
code("m = fill(nn.LayerNorm(3))\nm.reset_parameters()\nout = dict(m.state_dict())", setup=FILL)
code("m = fill(nn.RMSNorm(3))\nm.reset_parameters()\nout = dict(m.state_dict())", setup=FILL)
code_error("nn.LayerNorm(2.5)")
code_error("nn.LayerNorm(3)(x)", x=T(2, 4))
code_error("nn.RMSNorm(3)(x)", x=T(2, 4))
code_error("nn.LayerNorm()")
code_error("nn.RMSNorm('a')")

SMALL = f"""{FILL}
def fill_small(m):
    rng = np.random.default_rng(1)
    with t.no_grad():
        for k, v in m.state_dict().items():
            v.copy_(t.from_numpy(np.asarray(rng.integers(-16, 16, tuple(v.shape)) / 32)))
    return m
def said(m):
    return repr(m).replace('NonDynamicallyQuantizableLinear', 'Linear')
causal = t.from_numpy(np.triu(np.full((3, 3), -np.inf, np.float32), 1))
future = t.from_numpy(np.triu(np.ones((3, 3), bool), 1))
padding = t.from_numpy(np.array([[False, False, False], [False, True, True]]))
"""
LAYERS = (
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0)", ""),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0, F.gelu, 0.1)", ""),
    ("nn.TransformerEncoderLayer(d_model=4, nhead=1, dim_feedforward=6, dropout=0.0, activation='gelu')", "src_mask=causal"),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0, 'relu', 1e-5, True)", "causal, is_causal=True"),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True, norm_first=True)", "future"),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True, norm_first=True)", "src_key_padding_mask=padding"),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True, bias=False)", "future, padding"),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True, activation=F.silu, layer_norm_eps=1e-3)", "future, padding, True"),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0, 'gelu', 1e-5, True, True, True)", ""),
    ("nn.TransformerEncoderLayer(4, 2, 8, dropout=1.0, batch_first=True).eval()", "future"),
    ("nn.TransformerEncoderLayer(4, 2, 8, dropout=1.0, batch_first=True)", "future"),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.0, dtype=t.float64).float()", ""),
    ("nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True), 2)", ""),
    ("nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True), 2, nn.LayerNorm(4))", "future, padding"),
    ("nn.TransformerEncoder(encoder_layer=nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True), num_layers=1, norm=None)", "mask=causal, is_causal=True"),
    ("nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0, batch_first=True, norm_first=True), 3)", "src_key_padding_mask=padding"),
)
for make, masks in LAYERS:
    x = T(2, 3, 4) if "batch_first=True" in make or "1e-5, True" in make else T(3, 2, 4)
    code(
        f"m = fill_small({make})\ny = m(x, {masks})\nps = list(m.parameters())\n"
        "gs = autograd.grad((y * y).sum(), ps, retain_graph=True)\n"
        "out = said(m), y, gs, list(m.state_dict()), [n for n, _ in m.named_modules()]",
        x=x, setup=SMALL, tolerance=64,
    )  # fmt: skip
code("m = fill_small(nn.TransformerEncoderLayer(4, 2, 8, 0.0))\nout = m(x), m.norm_first, m.self_attn.num_heads", x=T(3, 4), setup=SMALL, tolerance=64)
code("m = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)\na, b = (dict(l.state_dict()) for l in m.layers)\nout = m.num_layers, m.norm, all(bool((a[k] == b[k]).all()) for k in a)")
code_error("nn.TransformerEncoderLayer(4, 3)")
code_error("nn.TransformerEncoderLayer(4, 2, activation='silu')")
code_error("nn.TransformerEncoderLayer(4)")
code_error("nn.TransformerEncoderLayer(4, 2, 8)(x, is_causal=True)", x=T(3, 2, 4))
code_error("nn.TransformerEncoderLayer(4, 2, 8)(x)", x=T(3, 2, 5))
code_error("nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)(x, t.zeros(2, 2))", x=T(2, 3, 4))
code_error("nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)(x, src_key_padding_mask=t.zeros(2, 4).bool())", x=T(2, 3, 4))
code_error("nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)(x, is_causal=True)", x=T(3, 2, 4))
