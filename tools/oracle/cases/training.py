"""Cases: learning-rate schedules, clipping of gradients, averages of weights."""

from __future__ import annotations

from ..inputs import T
from ..table import code, code_error

# Two groups of parameters, whose learning rates (and momenta) are noted over 200 steps.
SETUP = """
def optimizer(kind):
    groups = [{"params": [t.zeros(2)], "lr": 0.1}, {"params": [t.zeros(3)], "lr": 0.03}]
    for group in groups:
        group["params"][0].requires_grad_(True)
    if kind == "adam":
        return optim.Adam(groups, lr=0.1)
    return optim.SGD(groups, lr=0.1, momentum=0.9)


def rates(make, kind="sgd", steps=200, argument=None):
    import warnings
    opt = optimizer(kind)
    s = make(opt)
    seen = []
    for i in range(steps + 1):
        last = s.get_last_lr()
        for group, lr in zip(opt.param_groups, last):
            momentum = group["betas"][0] if kind == "adam" else group["momentum"]
            seen.append([group["lr"], lr, momentum])
        if i < steps:
            opt.step()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # SequentialLR restarts its parts with a deprecated argument
                s.step() if argument is None else s.step(argument(i))
    return t.tensor(seen, dtype=t.float64)


wave = [1 / (1 + i * 0.02) + 0.05 * np.sin(i * 12.9898) for i in range(200)]
L = schedulers
"""

for source in (
    "schedulers.StepLR(o, 7)",
    "schedulers.StepLR(o, step_size=1, gamma=0.97)",
    "schedulers.MultiStepLR(o, [3, 10, 10, 50], gamma=0.3)",
    "schedulers.MultiStepLR(o, milestones=[1])",
    "schedulers.ExponentialLR(o, gamma=0.93)",
    "schedulers.ConstantLR(o)",
    "schedulers.ConstantLR(o, factor=0.4, total_iters=20)",
    "schedulers.LinearLR(o)",
    "schedulers.LinearLR(o, start_factor=0.2, end_factor=0.9, total_iters=30)",
    "schedulers.LinearLR(o, 1.0, 0.0, 30)",
    "schedulers.PolynomialLR(o)",
    "schedulers.PolynomialLR(o, total_iters=50, power=2.0)",
    "schedulers.CosineAnnealingLR(o, T_max=30, eta_min=0.001)",
    *(f"schedulers.CosineAnnealingLR(o, {n})" for n in (1, 2, 13, 300)),
    "schedulers.CosineAnnealingWarmRestarts(o, T_0=10, T_mult=2, eta_min=0.001)",
    "schedulers.CosineAnnealingWarmRestarts(o, 10)",
    "schedulers.LambdaLR(o, lr_lambda=[lambda e: 0.9**e, lambda e: 1 / (1 + e)])",
    "schedulers.LambdaLR(o, lambda e: 1 - e / 300)",
    "schedulers.MultiplicativeLR(o, lr_lambda=lambda e: 0.97 + e * 0.0001)",
    "swa.SWALR(o, swa_lr=0.05)",
    "swa.SWALR(o, 0.05, anneal_epochs=20, anneal_strategy='linear')",
    "swa.SWALR(o, 0.05, anneal_epochs=0)",
    "schedulers.OneCycleLR(o, max_lr=0.5, epochs=21, steps_per_epoch=10)",
    "schedulers.SequentialLR(o, schedulers=[L.LinearLR(o, 0.1, 1.0, 20), L.CosineAnnealingLR(o, 50), L.ExponentialLR(o, 0.9)], milestones=[20, 80])",
    "schedulers.SequentialLR(o, [L.ConstantLR(o, 0.1, 20), L.MultiplicativeLR(o, lambda e: 0.99), L.StepLR(o, 5)], [3, 80])",
    "schedulers.SequentialLR(o, [L.LambdaLR(o, lambda e: 1 + e), L.CosineAnnealingWarmRestarts(o, 7, 2), L.PolynomialLR(o, 9), L.MultiStepLR(o, [2, 4])], [10, 20, 99])",
    "schedulers.ChainedScheduler([L.ConstantLR(o, 0.1, 20), L.ExponentialLR(o, 0.9)])",
    "schedulers.ChainedScheduler(schedulers=[L.LinearLR(o), L.CosineAnnealingLR(o, 30), L.MultiStepLR(o, [40])], optimizer=o)",
):
    code(f"rates(lambda o: {source})", setup=SETUP)
for step in ("i * 0.37", "i * 1.3"):
    for multiple in (1, 2, 3):
        code(f"rates(lambda o: schedulers.CosineAnnealingWarmRestarts(o, 4, {multiple}), argument=lambda i: {step})", setup=SETUP)
for options in (
    "",
    "anneal_strategy='linear'",
    "three_phase=True",
    "pct_start=0.11, base_momentum=[0.8, 0.7], max_momentum=0.9",
    "cycle_momentum=False",
    "div_factor=10, final_div_factor=50, three_phase=True",
):
    for kind in ("sgd", "adam"):
        code(f"rates(lambda o: schedulers.OneCycleLR(o, [0.5, 0.2], total_steps=201, {options}), {kind!r})", setup=SETUP)
for options in (
    "",
    "mode='max', threshold_mode='abs', patience=3, cooldown=2",
    "patience=0, min_lr=[1e-3, 1e-2]",
    "mode='max', factor=0.5",
    "threshold_mode='abs', threshold=0.02, patience=2",
    "patience=1, eps=1e-3",
):
    code(f"rates(lambda o: schedulers.ReduceLROnPlateau(o, {options}), argument=lambda i: wave[i])", setup=SETUP)

# Going on from a state, or from a number of steps.
code("""
o = optimizer("sgd")
s = schedulers.StepLR(o, 3)
for _ in range(5):
    o.step()
    s.step()
state, groups = s.state_dict(), o.state_dict()
o = optimizer("sgd")
s = schedulers.StepLR(o, 3)
o.load_state_dict(groups)
s.load_state_dict(state)
o.step()
s.step()
out = s.get_last_lr(), s.last_epoch, [g["lr"] for g in o.param_groups]
""", setup=SETUP)  # fmt: skip
for source in (
    "StepLR(o, 3, last_epoch=4)",
    "MultiStepLR(o, [5, 7], last_epoch=4)",
    "ExponentialLR(o, 0.5, last_epoch=4)",
    "ConstantLR(o, 0.5, 5, last_epoch=4)",
    "LinearLR(o, 0.5, 1.0, 7, last_epoch=4)",
    "PolynomialLR(o, 9, last_epoch=4)",
    "CosineAnnealingLR(o, 9, last_epoch=4)",
    "LambdaLR(o, lambda e: 0.5**e, last_epoch=4)",
    "MultiplicativeLR(o, lambda e: 0.5, last_epoch=4)",
    "OneCycleLR(o, 0.5, 9, last_epoch=4, cycle_momentum=False)",
):
    code(f"""
o = optimizer("sgd")
schedulers.OneCycleLR(o, 0.5, 9, cycle_momentum=False) if "Cycle" in {source!r} else schedulers.StepLR(o, 3)
s = schedulers.{source}
o.step()
s.step()
out = s.last_epoch, s.get_last_lr()
""", setup=SETUP)  # fmt: skip
code("s = swa.SWALR(optimizer('sgd'), 0.1, last_epoch=-1)\nout = s.last_epoch", setup=SETUP)
code("s = schedulers.CosineAnnealingWarmRestarts(optimizer('sgd'), 5, last_epoch=-1)\nout = s.last_epoch", setup=SETUP)
code("o = optimizer('sgd')\ns = schedulers.SequentialLR(o, [L.StepLR(o, 2)], [], last_epoch=-1)\nout = s.last_epoch", setup=SETUP)
code("s = schedulers.LRScheduler\nout = s.__name__", setup=SETUP)
code("""
class Own(schedulers.LRScheduler):
    def get_lr(self):
        return [lr / (1 + self.last_epoch) for lr in self.base_lrs]
out = rates(lambda o: Own(o, last_epoch=-1))
""", setup=SETUP)  # fmt: skip
for source in (
    "schedulers.LRScheduler(3)",
    "schedulers.LRScheduler(optimizer('sgd'))",
    "schedulers.StepLR(3, 2)",
    "schedulers.StepLR(optimizer('sgd'), 2, last_epoch=4)",
    "schedulers.ConstantLR(optimizer('sgd'), 1.5)",
    "schedulers.LinearLR(optimizer('sgd'), 0.0)",
    "schedulers.LinearLR(optimizer('sgd'), 1.0, 1.5)",
    "schedulers.LambdaLR(optimizer('sgd'), [lambda e: 1])",
    "schedulers.CosineAnnealingWarmRestarts(optimizer('sgd'), 0)",
    "schedulers.CosineAnnealingWarmRestarts(optimizer('sgd'), 5, 0)",
    "schedulers.OneCycleLR(optimizer('sgd'), 0.1)",
    "schedulers.OneCycleLR(optimizer('sgd'), 0.1, total_steps=0)",
    "schedulers.OneCycleLR(optimizer('sgd'), 0.1, 10, pct_start=1.5)",
    "schedulers.OneCycleLR(optimizer('sgd'), [0.1], 10)",
    "schedulers.OneCycleLR(optimizer('sgd'), 0.1, 10, anneal_strategy='x')",
    "rates(lambda o: schedulers.OneCycleLR(o, 0.1, 10))",
    "schedulers.ReduceLROnPlateau(optimizer('sgd'), factor=1.0)",
    "schedulers.ReduceLROnPlateau(optimizer('sgd'), mode='x')",
    "schedulers.ReduceLROnPlateau(optimizer('sgd'), threshold_mode='x')",
    "schedulers.ReduceLROnPlateau(optimizer('sgd'), min_lr=[0.1])",
    "schedulers.SequentialLR(optimizer('sgd'), [], [])",
    "o = optimizer('sgd')\nschedulers.SequentialLR(o, [L.StepLR(o, 2)], [1])",
    "o = optimizer('sgd')\nschedulers.SequentialLR(o, [L.ReduceLROnPlateau(o)], [])",
    "schedulers.SequentialLR(optimizer('sgd'), [L.StepLR(optimizer('sgd'), 2)], [])",
    "schedulers.ChainedScheduler([])",
    "schedulers.ChainedScheduler([3])",
    "schedulers.ChainedScheduler([L.StepLR(optimizer('sgd'), 2), L.StepLR(optimizer('sgd'), 2)])",
    "swa.SWALR(optimizer('sgd'), 0.1, anneal_strategy='x')",
    "swa.SWALR(optimizer('sgd'), 0.1, -1)",
    "swa.SWALR(optimizer('sgd'), [0.1])",
):
    code_error(source, setup=SETUP)

# Clipping
GRADIENTS = """
import math
def clipped(*grads):
    ps = [t.zeros(*g.shape).requires_grad_(True) for g in grads]
    for p, g in zip(ps, grads):
        p.grad = g.clone()
    return ps
"""
for norm_type in ("1", "1.5", "2", "2.0", "3", "0.5", "math.inf"):
    for max_norm in ("0.5", "100"):
        code(f"ps = clipped(x, y)\nout = utils.clip_grad_norm_(ps, {max_norm}, norm_type={norm_type}), [p.grad for p in ps]",
             setup=GRADIENTS, x=T(3, 4, grad=False), y=T(5, grad=False))  # fmt: skip
    code(f"utils.get_total_norm([x, y], {norm_type})", setup=GRADIENTS, x=T(3, 4, grad=False), y=T(5, grad=False))
code("ps = clipped(x)\nout = utils.clip_grad_norm_(ps[0], max_norm=1.0, error_if_nonfinite=True), ps[0].grad", setup=GRADIENTS, x=T(3, grad=False))
code("ps = clipped(x)\nout = utils.clip_grad_norm_(ps, 1.0), ps[0].grad", setup=GRADIENTS, x=T(values=[1.0, float("nan")], grad=False))
code("utils.get_total_norm([x])", setup=GRADIENTS, x=T(values=[1e-170, 1e-171], grad=False), on=("float64",))
code("utils.get_total_norm([x])", setup=GRADIENTS, x=T(values=[1e-25, 1e-26], grad=False))
code("utils.clip_grad_norm_([], 1.0)", setup=GRADIENTS)
code("utils.get_total_norm(tensors=[], norm_type=2.0, error_if_nonfinite=False)", setup=GRADIENTS)
code("ps = [t.zeros(2).requires_grad_(True), *clipped(x)]\nout = utils.clip_grad_norm_(ps, 0.1), ps[1].grad, ps[0].grad", setup=GRADIENTS, x=T(3, grad=False))
code("ps = clipped(x, y)\nutils.clip_grad_value_(ps, clip_value=0.7)\nout = [p.grad for p in ps]", setup=GRADIENTS, x=T(3, 4, grad=False), y=T(5, grad=False))
code("ps = clipped(x)\nutils.clip_grad_value_(ps[0], 0.7)\nout = ps[0].grad", setup=GRADIENTS, x=T(3, 4, grad=False))
for bad in ("float('nan')", "float('inf')"):
    code_error(f"ps = clipped(t.tensor([1.0, {bad}]))\nutils.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)", setup=GRADIENTS)

# Averages of weights
MODEL = """
def model(values):
    m = nn.Linear(2, 1)
    m.register_buffer("seen", t.zeros(1))
    fill(m, values)
    return m
def fill(m, value):
    with t.no_grad():
        for x in (m.weight, m.bias, m.seen):
            x.fill_(value)
"""
for options in ("", "avg_fn=swa.get_ema_avg_fn(0.9)", "avg_fn=swa.get_ema_avg_fn(decay=0.5), use_buffers=True", "use_buffers=True"):
    code(f"""
m = model(1.0)
a = swa.AveragedModel(m, {options})
for value in (2.0, 3.0, 7.0):
    fill(m, value)
    a.update_parameters(m)
out = [a.n_averaged, a(t.ones(3, 2)), [x.detach() for x in a.state_dict().values()], list(a.state_dict())]
""", setup=MODEL)  # fmt: skip
code("swa.AveragedModel(model=model(1.0))(t.ones(3, 2))", setup=MODEL)
code_error("swa.get_ema_avg_fn(1.5)")
code_error("schedulers.LRScheduler(optimizer('sgd'), last_epoch=-1)", setup=SETUP)
for loader in ("[x, x * 2, x + 1]", "[(x, 1), (x * 2, 2)]"):
    code(f"""
m = nn.Sequential(nn.BatchNorm1d(4), nn.BatchNorm1d(4, momentum=0.3)).eval()
swa.update_bn(loader={loader}, model=m)
out = m.training, m[1].momentum, [b.float() for b in m.buffers()]
""", x=T(3, 4, grad=False))  # fmt: skip
