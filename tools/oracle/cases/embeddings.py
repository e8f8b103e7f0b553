"""Cases: embeddings."""

from __future__ import annotations

from ..inputs import B, I, T
from ..libraries import FLOATS
from ..table import case, code, code_error, error
from .modules import FILL

ONE = ("contiguous",)
MOST = ("contiguous", "transposed", "stepped")

for shape in ((4,), (), (0,), (2, 3), (2, 0, 3)):
    case("F.embedding", I(*shape, high=5), T(5, 3), on=FLOATS, layouts=MOST)
case("F.embedding", I(2, 3, high=5), T(5, 3), on=("int64", "bool", "uint8"))
case("F.embedding", input=I(30, high=3), weight=T(3, 4), padding_idx=-1, on=FLOATS)
case("F.embedding", I(30, high=3), T(3, 4), 1, on=FLOATS)
case("F.embedding", I(40, high=3), T(3, 4), scale_grad_by_freq=True, on=("float32", "float64"))
case("F.embedding", I(9, high=40), T(40, 4), 2, None, 2.0, True, on=("float32", "float64"))
case("F.embedding", T(2, 3, low=0, high=4, dtype="int32"), T(5, 3), on=FLOATS)
error("F.embedding", T(values=[0, -1], dtype="int64"), T(5, 3))
error("F.embedding", T(values=[0, 5], dtype="int64"), T(5, 3))
error("F.embedding", T(2), T(5, 3))
error("F.embedding", T(2, dtype="int16"), T(5, 3))
error("F.embedding", T(2, dtype="uint8"), T(5, 3))
error("F.embedding", B(2), T(5, 3))
error("F.embedding", [1], T(5, 3))
error("F.embedding", I(2, high=5), T(5))
error("F.embedding", I(2, high=5), T(5, 3, 2))
error("F.embedding", I(2, high=5), T(5, 3), padding_idx=5)
error("F.embedding", I(2, high=5), T(5, 3), padding_idx=-6)
error("F.embedding", I(2, high=5), T(5, 3), padding_idx=1.5)
for norm in (1.0, 2.0, 3.0):
    code(
        f"w = w * 1\nwith t.no_grad():\n    y = F.embedding(i, w, max_norm=2.0, norm_type={norm})\nout = y, w",
        on=("float32", "float64"), i=I(2, 3, high=6), w=T(6, 4, grad=False),
    )  # fmt: skip

LAYERS = (
    "nn.Embedding(6, 3)",
    "nn.Embedding(6, 3, 2)",
    "nn.Embedding(6, 3, padding_idx=-1)",
    "nn.Embedding(6, 3, max_norm=1.5)",
    "nn.Embedding(6, 3, None, 1.5, 1.0)",
    "nn.Embedding(6, 3, None, None, 2.0, True)",
    "nn.Embedding(num_embeddings=6, embedding_dim=3, norm_type=3.0, scale_grad_by_freq=True, dtype=t.float64)",
    "nn.Embedding(6, 3, _weight=t.ones(6, 3), _freeze=True)",
)
for make in LAYERS:
    code(
        f"m = fill({make})\ny = m(i)\n"
        "gs = autograd.grad((y * y).sum(), [m.weight]) if m.weight.requires_grad else ()\n"
        "out = repr(m), y, gs, dict(m.state_dict()), m.padding_idx, m.max_norm, m.norm_type, m.num_embeddings, "
        "m.embedding_dim, m.scale_grad_by_freq, m.weight.requires_grad",
        i=I(4, 5, high=6), setup=FILL,
    )  # fmt: skip
code("m = nn.Embedding(6, 3, padding_idx=4)\nout = m.weight[4], m.weight.shape, m.weight.dtype")
for options in ("", ", False", ", freeze=False, padding_idx=1", ", True, 0, 1.0, 1.0, True",
                ", max_norm=2.0, norm_type=1.0, scale_grad_by_freq=True"):  # fmt: skip
    code(
        f"m = nn.Embedding.from_pretrained(w{options})\nout = repr(m), m.weight, m.weight.requires_grad, m(i).sum()",
        i=I(2, high=5), w=T(5, 3, grad=False),
    )  # fmt: skip
code("m = nn.Embedding.from_pretrained(embeddings=t.ones(2, 3))\nout = m.weight")
code_error("nn.Embedding.from_pretrained(t.ones(3))")
code_error("nn.Embedding(6, 3, padding_idx=6)")
code_error("nn.Embedding(6, 3, padding_idx=-7)")
code_error("nn.Embedding(6, 3, _weight=t.ones(3, 6))")
code_error("nn.Embedding(-1, 3)")
code_error("nn.Embedding(6, 3)(x)", x=T(2))
code_error("nn.Embedding(6, 3)(x)", x=T(values=[6], dtype="int64"))
code_error("nn.Embedding(6, 3)([1])")
