"""Cases: scaled dot-product attention and multi-head attention."""

from __future__ import annotations

from ..inputs import B, T
from ..libraries import FLOATS
from ..table import case, code, code_error, error
from .modules import FILL

ONE = ("contiguous",)
MOST = ("contiguous", "transposed", "stepped")
Q, K, V = T(2, 3, 4, 5), T(2, 3, 6, 5), T(2, 3, 6, 7)
SDPA = "F.scaled_dot_product_attention"

# Half precision rounds scores and weights; PyTorch does so in other places than we do.
case(SDPA, Q, K, V, on=FLOATS, tolerance=4)
case(SDPA, query=Q, key=K, value=V, is_causal=True, on=FLOATS, tolerance=4, layouts=MOST)
case(SDPA, T(2, 3, 7, 5), T(2, 3, 4, 5), T(2, 3, 4, 5), None, 0.0, True, on=FLOATS, tolerance=4, layouts=MOST)
case(SDPA, Q, K, V, scale=0.2, on=FLOATS, tolerance=4, layouts=MOST)
case(SDPA, Q, K, V, scale=0.0, on=FLOATS, layouts=ONE, tolerance=4)
case(SDPA, Q, K, V, scale=-1, on=("float32", "float64"), layouts=ONE, tolerance=4)
case(SDPA, Q, K, V, dropout_p=1.0, on=FLOATS, layouts=ONE)
case(SDPA, T(4, 5), T(6, 5), T(6, 7), on=FLOATS, tolerance=4, layouts=MOST)
case(SDPA, T(3, 4, 5), T(3, 6, 5), T(3, 6, 7), is_causal=True, on=FLOATS, tolerance=4, layouts=MOST)
case(SDPA, T(2, 2, 3, 4, 5), T(2, 2, 3, 6, 5), T(2, 2, 3, 6, 7), on=FLOATS, tolerance=4, layouts=ONE)
for masks in ((4, 6), (1, 6), (4, 1), (3, 4, 6), (2, 1, 1, 6), (2, 3, 4, 6), (1, 3, 1, 6)):
    case(SDPA, Q, K, V, B(*masks), on=("float32", "float64"), tolerance=4, layouts=MOST)
    case(SDPA, Q, K, V, attn_mask=T(*masks), on=("float32", "float64"), tolerance=4, layouts=MOST)
case(SDPA, Q, K, V, B(values=[[False] * 6] + [[True] * 6] * 3), on=FLOATS, tolerance=4, layouts=ONE)
case(SDPA, Q, K, V, B(values=[[False] * 6] * 4), on=FLOATS, layouts=ONE)
INF = float("-inf")
case(SDPA, Q, K, V, T(values=[[INF] * 6, [0, INF, 1, 2, INF, INF], [INF] * 5 + [3], [1] * 6], grad=False), tolerance=4,
     on=("float32", "float64"), layouts=ONE)  # fmt: skip
case(SDPA, Q, K, V, T(4, 6, dtype="float32", grad=False), on=FLOATS, tolerance=4, layouts=ONE)
case(SDPA, T(4, 5), T(6, 5), T(6, 7), B(6), on=("float32",), layouts=ONE, tolerance=4)
for heads in (1, 2, 3, 6):
    shared = dict(enable_gqa=True, on=("float32", "float64"), tolerance=4, layouts=MOST)
    case(SDPA, T(2, 6, 4, 5), T(2, heads, 4, 5), T(2, heads, 4, 7), is_causal=True, **shared)
    case(SDPA, T(6, 4, 5), T(heads, 6, 5), T(heads, 6, 7), B(6, 4, 6), **shared)
case(SDPA, T(2, 6, 4, 5), T(2, 3, 6, 5), T(2, 2, 6, 7), enable_gqa=True, on=("float32",), tolerance=4, layouts=ONE)
case(SDPA, T(2, 6, 4, 5), T(1, 3, 6, 5), T(2, 3, 6, 7), enable_gqa=True, on=("float32",), tolerance=4, layouts=ONE)
for q, k, v in (
    ((2, 3, 4, 5), (1, 3, 6, 5), (1, 3, 6, 7)),
    ((2, 3, 4, 5), (2, 1, 6, 5), (2, 1, 6, 7)),
    ((3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)),
    ((2, 3, 4, 5), (2, 3, 6, 5), (2, 1, 6, 7)),
    ((4, 5), (2, 3, 6, 5), (6, 7)),
):
    case(SDPA, T(*q), T(*k), T(*v), on=("float32", "float64"), tolerance=4, layouts=ONE)
for q, k, v in (
    ((2, 3, 4, 0), (2, 3, 6, 0), (2, 3, 6, 7)),
    ((2, 3, 4, 5), (2, 3, 0, 5), (2, 3, 0, 7)),
    ((2, 3, 0, 5), (2, 3, 6, 5), (2, 3, 6, 7)),
    ((0, 3, 4, 5), (0, 3, 6, 5), (0, 3, 6, 7)),
    ((2, 0, 4, 5), (2, 0, 6, 5), (2, 0, 6, 7)),
    ((2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 0)),
):
    case(SDPA, T(*q), T(*k), T(*v), on=("float32",), layouts=ONE)
# Long enough for the blockwise form; queries fewer and more than keys.
for q, k in ((600, 600), (40, 700), (700, 530)):
    for kind in ("is_causal=True", "is_causal=False", "attn_mask=m"):
        code(
            f"{SDPA}(q, k, v, {kind})", q=T(2, q, 8), k=T(2, k, 8), v=T(2, k, 4), m=B(q, k), on=("float32", "float64"),
            tolerance=20,
        )  # fmt: skip
code(f"{SDPA}(100 * q, k, v, is_causal=True)", q=T(2, 600, 8), k=T(2, 600, 8), v=T(2, 600, 4), on=("float64",), tolerance=20)
error(SDPA, Q, K, V, B(4, 6), is_causal=True)
error(SDPA, T(5), K, V)
error(SDPA, Q, T(2, 3, 6, 4), V)
error(SDPA, Q, K, T(2, 3, 5, 7))
error(SDPA, Q, T(2, 3, 6, 5, dtype="float64"), V)
error(SDPA, Q, K, T(2, 3, 6, 7, dtype="float64"))
error(SDPA, Q, K, V, on=("int64",))
error(SDPA, T(2, 6, 4, 5), K, V)
error(SDPA, T(2, 4, 4, 5), K, V, enable_gqa=True)
error(SDPA, T(2, 1, 4, 5), K, V, enable_gqa=True)
error(SDPA, T(4, 5), T(6, 5), T(6, 7), enable_gqa=True)
for masks in (B(6), B(4, 5), B(1, 2, 3, 4, 6), B(2, 2, 3, 4, 6), T(4, 6, dtype="float64"), T(4, 6, dtype="float16"), T(4, 6, dtype="int64"),
              T(4, 6, dtype="uint8"), [[True]]):  # fmt: skip
    error(SDPA, Q, K, V, masks)
error(SDPA, T(1, 3, 4, 5), T(1, 3, 6, 5), T(1, 3, 6, 7), B(2, 1, 4, 6))
error(SDPA, T(2, 3, 1, 5), K, V, B(4, 6))
error(SDPA, Q, K, V, None, 1.5)
error(SDPA, Q, K, V, None, "a")
error(SDPA, Q, K, V, None, 0.0, 1)
error(SDPA, Q, K, V, None, 0.0, False, 0.5)
error(SDPA, Q, K, V, scale="a")
error(SDPA, Q, K, V, enable_gqa=1)
error(SDPA, Q, K, None)

# How a module is made, its arguments, and the inputs.
X, Y = T(4, 3, 8), T(5, 3, 8)  # (length, batch, width)
CALLS = (
    ("", "x, x, x", dict(x=X)),
    ("", "x, y, y", dict(x=X, y=Y)),
    ("", "query=x, key=y, value=z, need_weights=False", dict(x=X, y=Y, z=Y)),
    ("", "x, x, x, average_attn_weights=False", dict(x=X)),
    ("", "x, x, x", dict(x=T(4, 8))),
    ("", "x, y, y, average_attn_weights=False", dict(x=T(4, 8), y=T(5, 8))),
    ("", "x, x, x, p", dict(x=T(3, 8), p=B(values=[False, True, False]))),
    ("", "x, x, x, p", dict(x=X, p=B(values=[[False, False, True, True]] * 3))),
    ("", "x, x, x, key_padding_mask=p, need_weights=False", dict(x=X, p=B(values=[[False, False, True, True]] * 3))),
    ("", "x, y, y, key_padding_mask=p, attn_mask=a", dict(x=X, y=Y, p=T(3, 5), a=T(4, 5))),
    ("", "x, y, y, need_weights=False, attn_mask=a", dict(x=X, y=Y, a=B(values=[[False, True, False, False, True]] * 4))),
    ("", "x, y, y, attn_mask=a", dict(x=X, y=Y, a=B(values=[[[False, True, False, False, True]] * 4] * 6))),
    ("", "x, y, y, need_weights=False, attn_mask=a", dict(x=X, y=Y, a=T(6, 4, 5))),
    ("", "x, x, x, attn_mask=t.triu(t.ones(4, 4), 1).bool(), is_causal=True", dict(x=X)),
    ("", "x, x, x, attn_mask=t.triu(t.ones(4, 4), 1).bool(), is_causal=True, need_weights=False", dict(x=X)),
    ("", "x, x, x, None, False, t.full((4, 4), -np.inf).triu(1), True, True", dict(x=X)),
    ("bias=False", "x, x, x", dict(x=X)),
    ("batch_first=True", "x, y, y", dict(x=X, y=T(4, 5, 8))),
    ("batch_first=True", "x, x, x, need_weights=False", dict(x=X)),
    ("kdim=5, vdim=6", "x, y, z", dict(x=X, y=T(5, 3, 5), z=T(5, 3, 6))),
    ("kdim=5, bias=False", "x, y, z, need_weights=False", dict(x=X, y=T(5, 3, 5), z=T(5, 3, 8))),
    ("add_bias_kv=True", "x, x, x", dict(x=X)),
    ("add_zero_attn=True", "x, x, x", dict(x=X)),
    ("add_bias_kv=True, add_zero_attn=True", "x, y, y, key_padding_mask=p", dict(x=X, y=Y, p=B(3, 5))),
    ("add_bias_kv=True", "x, y, y, attn_mask=a, need_weights=False", dict(x=X, y=Y, a=T(4, 5))),
    ("dropout=0.5", "x, x, x", dict(x=X)),
)  # fmt: skip
for options, inputs, specs in CALLS:
    mode = ".eval()" if "dropout" in options else ""
    code(
        f"m = fill(nn.MultiheadAttention(8, 2, {options})){mode}\nfor p_ in m.parameters():\n    p_.data.mul_(0.1)\n"
        f"y_, w_ = m({inputs})\nps = list(m.parameters())\ngs = autograd.grad((y_ * y_).sum(), ps, retain_graph=True)\n"
        "out = y_, w_, gs, [n for n, _ in m.named_parameters()], list(m.state_dict()), m.training",
        on=("float32",), layouts=MOST, setup=FILL, tolerance=20, **specs,
    )  # fmt: skip
code(
    "m = nn.MultiheadAttention(embed_dim=8, num_heads=2, dropout=0.25, kdim=3, dtype=t.float64)\n"
    "out = m.embed_dim, m.num_heads, m.head_dim, m.kdim, m.vdim, m.dropout, m.batch_first, m.in_proj_weight, "
    "m.k_proj_weight.shape, m.k_proj_weight.dtype, m.in_proj_bias, m.out_proj.bias, m.bias_k, m.add_zero_attn"
)
for bad in ("8, 3", "0, 1", "8, 0", "-8, 2", "8.0, 2"):
    code_error(f"nn.MultiheadAttention({bad})")
for bad in (
    "x, x, x, t.ones(3, 5).bool()", "x, x, x, t.ones(4, 3).bool()", "x, x, x, t.ones(3, 4).long()",
    "x, x, x, attn_mask=t.ones(4, 5).bool()", "x, x, x, attn_mask=t.ones(3, 4, 4).bool()",
    "x, x, x, attn_mask=t.ones(1, 1, 4, 4).bool()", "x, x, x, attn_mask=t.ones(4, 4).long()",
    "x, x, x, attn_mask=t.ones(4, 4).double()", "x, x, x, is_causal=True", "x[0], x, x", "x, x[0], x[0]",
    "x[None], x[None], x[None]", "x[..., :7], x, x", "x, x[..., :7], x", "x, x, x[:3]", "x, x[:, :2], x[:, :2]",
    "x.double(), x.double(), x.double()",
):  # fmt: skip
    code_error(f"nn.MultiheadAttention(8, 2)({bad})", x=X)
