"""Cases: losses, as functions and as modules, with every option."""

from __future__ import annotations

from ..inputs import I, T
from ..libraries import FLOATS
from ..table import case, code, code_error, error

ONE = ("contiguous",)
nan, inf = float("nan"), float("inf")
REDUCTIONS = ("mean", "sum", "none")

FUNCTIONS = {
    "mse_loss": ({},),
    "l1_loss": ({},),
    "smooth_l1_loss": ({}, {"beta": 0.5}, {"beta": 2.0}, {"beta": 0.0}),
    "huber_loss": ({}, {"delta": 0.5}, {"delta": 2.0}),
}
for name, all_options in FUNCTIONS.items():
    for options in all_options:
        for reduction in REDUCTIONS:
            case(f"F.{name}", T(3, 4), T(3, 4), reduction=reduction, **options)
            case(f"F.{name}", T(), T(), reduction=reduction, on=FLOATS, **options)
            case(f"F.{name}", T(0, 3), T(0, 3), reduction=reduction, on=FLOATS, layouts=ONE, **options)
        case(f"F.{name}", T(values=[1.0, nan, inf, 2.0]), T(values=[1.0, 1.0, 0.0, 2.0]), on=FLOATS, **options)
    case(f"F.{name}", T(3, 4), T(4), on=FLOATS)
    case(f"F.{name}", T(3, 4), T(3, 4, dtype="float64"), on=FLOATS)
    case(f"F.{name}", T(3, 4), T(3, 4, dtype="int64"), on=FLOATS)
    case(f"F.{name}", input=T(3), target=T(3), on=FLOATS)
    error(f"F.{name}", T(3, 4), T(3))
    error(f"F.{name}", T(3), T(3), reduction="avg")
    error(f"F.{name}", T(3), 1.0)
    error(f"F.{name}", T(3))
error("F.huber_loss", T(3), T(3), delta=0.0)
error("F.huber_loss", T(3), T(3), delta=-1.0)
error("F.smooth_l1_loss", T(3), T(3), beta=-1.0)
case("F.mse_loss", T(3, 4), T(3, 4), weight=T(3, 4, low=0, grad=False), on=FLOATS)
case("F.l1_loss", T(3, 4), T(3, 4), weight=T(3, 4, low=0, grad=False), on=FLOATS)

W5 = T(5, low=0.25, high=2, grad=False)
for classes, spatial in ((5, ()), (5, (2,)), (5, (2, 3))):
    for reduction in REDUCTIONS:
        for weight in (None, W5):
            x, y = T(4, classes, *spatial), I(4, *spatial, high=classes)
            case("F.nll_loss", x, y, weight, reduction=reduction, on=FLOATS)
            case("F.nll_loss", x, y, weight=weight, reduction=reduction, ignore_index=2, on=FLOATS)
            for smoothing in (0.0, 0.3):
                options = dict(weight=weight, reduction=reduction, label_smoothing=smoothing)
                case("F.cross_entropy", x, y, on=FLOATS, **options)
                case("F.cross_entropy", x, y, ignore_index=2, on=FLOATS, **options)
                probabilities = T(4, classes, *spatial, low=0, high=1)
                case("F.cross_entropy", x, probabilities, on=FLOATS, **options)
for reduction in REDUCTIONS:
    for name in ("cross_entropy", "nll_loss"):
        case(f"F.{name}", T(5), I(high=5), reduction=reduction, on=FLOATS)
        case(f"F.{name}", T(5), I(high=5), W5, reduction=reduction, on=FLOATS)
        case(f"F.{name}", T(5), I(values=-100, high=5), reduction=reduction, on=FLOATS)
        case(f"F.{name}", T(3, 5), I(values=[-100, -100, -100], high=5), reduction=reduction, on=FLOATS)
        case(f"F.{name}", T(3, 5), I(values=[1, -100, 3], high=5), reduction=reduction, on=FLOATS)
        case(f"F.{name}", T(3, 5), T(3, dtype="uint8", low=0, high=4), reduction=reduction, on=FLOATS)
        error(f"F.{name}", T(3, 5), T(3, dtype="int32", low=0, high=4), reduction=reduction)
        case(f"F.{name}", T(0, 5), I(0, high=5), reduction=reduction, on=FLOATS, layouts=ONE)
    case("F.cross_entropy", T(5), T(5, low=0, high=1), reduction=reduction, on=FLOATS)
    case("F.cross_entropy", T(3, 5), I(values=[-100, -100, -100], high=5), reduction=reduction, label_smoothing=0.1, on=FLOATS)
    case("F.cross_entropy", T(3, 5), I(3, high=5), reduction=reduction, label_smoothing=1.0, on=FLOATS)
case("F.cross_entropy", T(values=[[1000.0, 0.0], [-1000.0, 1000.0]]), I(values=[1, 1], high=2), on=FLOATS)
case("F.cross_entropy", T(values=[[-inf, 0.0], [inf, 0.0]]), I(values=[1, 0], high=2), on=FLOATS)
case("F.cross_entropy", input=T(3, 5), target=I(3, high=5), on=FLOATS)
case("F.cross_entropy", T(3, 5), I(3, high=5), weight=T(5, low=0.25, high=2), on=FLOATS)
case("F.nll_loss", input=T(3, 5), target=I(3, high=5), on=FLOATS)
for name in ("cross_entropy", "nll_loss"):
    error(f"F.{name}", T(3, 5), I(4, high=5))
    error(f"F.{name}", T(3, 5), I(values=[0, 1, 5], high=6))
    error(f"F.{name}", T(3, 5), I(values=[0, 1, -1], high=5))
    error(f"F.{name}", T(3, 5), I(3, 1, high=5))
    error(f"F.{name}", T(), I(high=1))
    error(f"F.{name}", T(3, 5), I(3, high=5), T(4, grad=False))
    error(f"F.{name}", T(3, 5), I(3, high=5), T(5, dtype="float64", grad=False))
    error(f"F.{name}", T(3, 5), I(3, high=5), reduction="avg")
    error(f"F.{name}", T(3, 5), T(3))
    error(f"F.{name}", T(3, 5), None)
    error(f"F.{name}", T(3, 5, dtype="int64"), I(3, high=5))
    error(f"F.{name}", T(3, 5, 2), I(3, 3, high=5))
error("F.cross_entropy", T(3, 5), T(3, 4))
error("F.cross_entropy", T(3, 5), I(3, high=5), label_smoothing=1.5)
error("F.cross_entropy", T(3, 5), T(3, 5), ignore_index=2)

P = T(3, 4, low=0.05, high=0.95)
EDGE = T(values=[0.0, 1.0, 1e-5, 0.5])
for reduction in REDUCTIONS:
    for weight in (None, T(3, 4, low=0, grad=False), T(4, low=0, grad=False)):
        case("F.binary_cross_entropy", P, T(3, 4, low=0, high=1), weight, reduction=reduction, on=FLOATS)
        for pos_weight in (None, T(4, low=0.5, grad=False)):
            case(
                "F.binary_cross_entropy_with_logits", T(3, 4), T(3, 4, low=0, high=1), weight=weight,
                pos_weight=pos_weight, reduction=reduction, on=FLOATS,
            )  # fmt: skip
    case("F.binary_cross_entropy", EDGE, T(values=[0.0, 1.0, 1.0, 0.25], grad=False), reduction=reduction, on=FLOATS)
    case("F.binary_cross_entropy", EDGE, T(values=[1.0, 0.0, 1.0, 0.25]), reduction=reduction, on=("float32", "float64"))
    case("F.binary_cross_entropy", T(0, low=0, high=1), T(0, low=0, high=1), reduction=reduction, on=FLOATS, layouts=ONE)
    case("F.binary_cross_entropy_with_logits", T(0), T(0), reduction=reduction, on=FLOATS, layouts=ONE)
    case("F.binary_cross_entropy_with_logits", T(), T(), reduction=reduction, on=FLOATS)
case("F.binary_cross_entropy_with_logits", T(values=[1000.0, -1000.0, 0.0, 100.0]), T(values=[0.0, 1.0, 0.5, 1.0]), on=FLOATS)
case("F.binary_cross_entropy", input=T(3, low=0, high=1), target=T(3, low=0, high=1), on=FLOATS)
case("F.binary_cross_entropy_with_logits", input=T(3), target=T(3), on=FLOATS)
case("F.binary_cross_entropy_with_logits", T(3, 4), T(3, 4, low=0, high=1), T(4, low=0, grad=False), on=FLOATS)
for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
    error(f"F.{name}", T(3, 4, low=0, high=1), T(4, low=0, high=1))
    error(f"F.{name}", T(3, low=0, high=1), T(3, low=0, high=1), reduction="avg")
    error(f"F.{name}", T(3, low=0, high=1), 1.0)
    error(f"F.{name}", T(3, 4, low=0, high=1), T(3, 4, low=0, high=1), T(5, grad=False))
error("F.binary_cross_entropy", T(values=[1.5, 0.5]), T(values=[1.0, 0.0]))
error("F.binary_cross_entropy", T(values=[0.5, -0.5]), T(values=[1.0, 0.0]))
error("F.binary_cross_entropy", T(3, low=0, high=1), T(3, dtype="int64", low=0, high=1))
error("F.binary_cross_entropy_with_logits", T(3), T(3, dtype="int64", low=0, high=1), on=FLOATS)

for reduction in (*REDUCTIONS, "batchmean"):
    for log_target in (False, True):
        case("F.kl_div", T(3, 4), T(3, 4, low=0, high=2), reduction=reduction, log_target=log_target, on=FLOATS)
        case("F.kl_div", T(0, 4), T(0, 4), reduction=reduction, log_target=log_target, on=FLOATS, layouts=ONE)
        case("F.kl_div", T(4), T(4, low=0), reduction=reduction, log_target=log_target, on=FLOATS)
        case("F.kl_div", T(3, 4), T(4, low=0), reduction=reduction, log_target=log_target, on=FLOATS)
case("F.kl_div", T(values=[-inf, -1.0, 0.0]), T(values=[0.0, 0.5, 0.0]), reduction="sum", on=FLOATS)
case("F.kl_div", T(values=[-1.0, -2.0]), T(values=[-0.5, 1.0]), reduction="none", on=FLOATS)
case("F.kl_div", input=T(3), target=T(3, low=0), on=FLOATS)
error("F.kl_div", T(3), T(3), reduction="avg")
error("F.kl_div", T(3), T(4))

MODULES = {
    "MSELoss": (T(3, 4), T(3, 4), ("",)),
    "L1Loss": (T(3, 4), T(3, 4), ("",)),
    "SmoothL1Loss": (T(3, 4), T(3, 4), ("", "beta=0.5")),
    "HuberLoss": (T(3, 4), T(3, 4), ("", "delta=0.5")),
    "CrossEntropyLoss": (T(4, 5), I(4, high=5), ("", "w", "weight=w", "ignore_index=2", "label_smoothing=0.2", "w, ignore_index=1, label_smoothing=0.1")),
    "NLLLoss": (T(4, 5), I(4, high=5), ("", "w", "weight=w", "ignore_index=2")),
    "BCELoss": (T(3, 5, low=0, high=1), T(3, 5, low=0, high=1), ("", "w", "weight=w")),
    "BCEWithLogitsLoss": (T(3, 5), T(3, 5, low=0, high=1), ("", "w", "weight=w", "pos_weight=w", "w, pos_weight=w")),
    "KLDivLoss": (T(3, 4), T(3, 4, low=0), ("", "log_target=True", "reduction='batchmean'")),
}  # fmt: skip
for name, (x, y, options) in MODULES.items():
    for option in options:
        for reduction in REDUCTIONS:
            arguments = option if "reduction" in option else f"{option}{', ' * bool(option)}reduction='{reduction}'"
            code(
                f"m = nn.{name}({arguments})\nout = m(x, y), repr(m), m.reduction, dict(m.state_dict())",
                x=x, y=y, w=T(5, low=0.25, high=2, grad=False), on=FLOATS,
            )  # fmt: skip
    code(f"repr(nn.{name}())")
    code_error(f"nn.{name}(reduction='avg')(x, y)", x=x, y=y)
    code_error(f"nn.{name}(nonsense=1)")
    code_error(f"nn.{name}()(x)", x=x)
code_error("nn.HuberLoss(delta=-1.0)(x, y)", x=T(3), y=T(3))
code_error("nn.SmoothL1Loss(beta=-1.0)(x, y)", x=T(3), y=T(3))
code_error("nn.CrossEntropyLoss(label_smoothing=2.0)(x, y)", x=T(3, 4), y=I(3, high=4))
code("m = nn.CrossEntropyLoss(weight=w)\nm = m.to(t.float64)\nout = m(x.double(), y), m.weight", x=T(3, 5), y=I(3, high=5), w=T(5, low=0.5, grad=False))
code("m = nn.BCEWithLogitsLoss(pos_weight=w)\nout = m.state_dict()", w=T(5, grad=False))
for reduction in REDUCTIONS:
    case("F.huber_loss", T(3, 4), T(3, 4), reduction=reduction, delta=0.5, weight=T(3, 4, low=0, grad=False), on=FLOATS)
error("F.mse_loss", T(3, 4), T(3, 4), weight=T(4))
case("F.mse_loss", T(3, 4), T(3, 4), reduction="sum", on=FLOATS)
