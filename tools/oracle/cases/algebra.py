"""Cases: products of matrices and vectors."""

from __future__ import annotations

from ..inputs import T
from ..libraries import DTYPES
from ..table import case, code_error, error

ONE = ("contiguous",)

SHAPES = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)), ((1, 2, 3), (5, 3, 4)), ((6, 1, 2, 3), (5, 3, 4)), ((5, 2, 3), (3,)), ((3,), (5, 3, 4)),
]  # fmt: skip
for a, b in SHAPES:
    case("matmul", T(*a), T(*b))
case("matmul", T(0, 3), T(3, 2), layouts=ONE)
case("matmul", T(2, 0), T(0, 3), layouts=ONE)
case("matmul", T(0), T(0), layouts=ONE)
case("matmul", T(0, 2, 3), T(3, 2), layouts=ONE)
case("matmul", T(2, 3), other=T(3, 2))
for a, b in (((3,), (4,)), ((2, 3), (4, 2)), ((), (3,)), ((3,), ()), ((2, 2, 3), (3, 3, 2)), ((2, 3), (4,))):
    error("matmul", T(*a), T(*b))
error("matmul", T(2, 3), T(3, 2, dtype="float64"))
error("matmul", T(2, 3), T(3, 2, dtype="int64"))
error("matmul", T(2, 3), 2)
error("matmul", T(2, 3))

case("mm", T(2, 3), T(3, 4))
case("mm", T(2, 3), mat2=T(3, 4))
case("mm", T(2, 0), T(0, 4), layouts=ONE)
case("bmm", T(5, 2, 3), T(5, 3, 4))
case("bmm", T(5, 2, 3), mat2=T(5, 3, 4))
case("bmm", T(0, 2, 3), T(0, 3, 4), layouts=ONE)
case("mv", T(2, 3), T(3))
case("mv", T(2, 3), vec=T(3))
case("dot", T(3), T(3))
case("dot", T(0), T(0), layouts=ONE)
case("dot", T(3), tensor=T(3))
case("outer", T(3), T(4))
case("outer", T(3), vec2=T(4))
case("outer", T(3), T(4, dtype="float64"))
error("mm", T(2, 3), T(4, 2))
error("mm", T(3), T(3, 2))
error("mm", T(2, 2, 3), T(3, 2))
error("mm", T(2, 3), T(3, 2, dtype="float64"))
error("bmm", T(2, 2, 3), T(3, 3, 4))
error("bmm", T(2, 3), T(3, 4))
error("bmm", T(2, 2, 3), T(2, 4, 3))
error("mv", T(2, 3), T(2))
error("mv", T(2, 3), T(3, 1))
error("dot", T(3), T(4))
error("dot", T(2, 3), T(3))
error("dot", T(3), T(3, dtype="float64"))
error("outer", T(2, 3), T(3))
for name in ("mm", "bmm", "mv", "dot", "outer", "matmul"):
    error(name, T(2, 2), 1.0)
    error(name, T(2, 2), None)

case("addmm", T(2, 4), T(2, 3), T(3, 4))
case("addmm", T(4), T(2, 3), T(3, 4))
case("addmm", T(), T(2, 3), T(3, 4))
case("addmm", T(2, 1), T(2, 3), T(3, 4), beta=2, alpha=3)
case("addmm", T(2, 4), T(2, 3), T(3, 4), beta=0)
case("addmm", T(2, 4), mat1=T(2, 3), mat2=T(3, 4))
case("addmm", T(values=[[float("nan")]]), T(1, 2), T(2, 1), beta=0, on=("float32", "float64"))
error("addmm", T(3), T(2, 3), T(3, 4))
error("addmm", T(2, 4), T(2, 3), T(4, 4))
error("addmm", T(2, 4), T(2, 3), T(3, 4, dtype="float64"))

EINSUM = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("i,i->", (3,), (3,)), ("i,j->ij", (3,), (4,)),
    ("bij,bjk->bik", (5, 2, 3), (5, 3, 4)), ("ii->i", (3, 3)), ("ii->", (3, 3)), ("ij->ji", (2, 3)), ("ij->", (2, 3)),
    ("ij->j", (2, 3)), ("...ij,...jk->...ik", (5, 2, 3), (3, 4)), ("b...,b...->b", (2, 3, 4), (2, 3, 4)),
    ("ij,ij->ij", (2, 3), (2, 3)), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)), ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("ij , jk -> ik", (2, 3), (3, 4)), ("ji", (2, 3)), ("...", (2, 3)), ("i...->...i", (2, 3, 4)), ("ij,kj->", (2, 3), (4, 3)),
    ("aB,Bc->ac", (2, 3), (3, 4)), ("ii,i->i", (3, 3), (3,)), ("ij,j->ij", (1, 3), (3,)), ("ij,ij->i", (2, 1), (2, 3)),
]  # fmt: skip
for equation, *shapes in EINSUM:
    case("einsum", equation, *(T(*s) for s in shapes), layouts=("contiguous", "transposed"))
case("einsum", "ij,jk->ik", [T(2, 3), T(3, 4)])
for equation, *shapes in (
    ("ij,jk->ik", (2, 3), (4, 4)), ("ij,jk->ik", (2, 3)), ("ij->ijk", (2, 3)), ("i->i", (2, 3)), ("ijk->i", (2, 3)),
    ("ij->ii", (2, 3)), ("i1->i", (2, 3)), ("ij->i->j", (2, 3)), ("ii->i", (2, 3)),
):  # fmt: skip
    error("einsum", equation, *(T(*s) for s in shapes))
error("einsum", "ij,jk->ik")
error("einsum", T(2, 3), "ij")
error("einsum", "ij,jk->ik", T(2, 3), T(3, 4, dtype="float64"))
code_error("t.matmul(x, [1.0])", x=T(1), on=DTYPES)
