"""Cases: 100 steps of each optimizer with each option, and what optimizers can do beside."""

from __future__ import annotations

from ..inputs import T
from ..table import code, code_error

OPTIONS = {
    "SGD": (
        "", "lr=0.1", "lr=0.05, momentum=0.9", "lr=0.05, momentum=0.9, dampening=0.3", "lr=0.05, momentum=0.9, nesterov=True", "lr=0.05, weight_decay=0.1",
        "lr=0.01, maximize=True", "lr=0.05, momentum=0.8, weight_decay=0.1, nesterov=True", "lr=0.01, momentum=0.5, dampening=0.2, weight_decay=0.01, maximize=True", "lr=0.0", "0.1, 0.9, 0.1, 0.01, False",
    ),
    "Adam": (
        "", "lr=0.05", "lr=0.05, betas=(0.8, 0.9)", "lr=0.05, eps=1e-3", "lr=0.05, weight_decay=0.1", "lr=0.05, amsgrad=True", "lr=0.05, maximize=True",
        "lr=0.05, weight_decay=0.1, amsgrad=True, maximize=True", "0.05, (0.9, 0.99), 1e-6, 0.01, True", "lr=0.05, decoupled_weight_decay=True, weight_decay=0.1",
    ),
    "AdamW": ("", "lr=0.05", "lr=0.05, betas=(0.8, 0.9)", "lr=0.05, eps=1e-3", "lr=0.05, weight_decay=0.2", "lr=0.05, amsgrad=True", "lr=0.05, maximize=True", "lr=0.05, weight_decay=0.1, amsgrad=True, maximize=True"),
    "RMSprop": (
        "", "lr=0.02", "lr=0.02, alpha=0.9", "lr=0.02, eps=1e-3", "lr=0.02, weight_decay=0.1", "lr=0.02, momentum=0.5", "lr=0.02, centered=True", "lr=0.02, maximize=True",
        "lr=0.02, alpha=0.95, momentum=0.9, centered=True, weight_decay=0.1", "0.02, 0.9, 1e-6, 0.1, 0.5, True",
    ),
    "Adagrad": ("", "lr=0.1", "lr=0.1, lr_decay=0.1", "lr=0.1, weight_decay=0.1", "lr=0.1, initial_accumulator_value=0.5", "lr=0.1, eps=1e-3", "lr=0.1, maximize=True", "0.1, 0.05, 0.1, 0.2, 1e-6"),
    "NAdam": (
        "", "lr=0.02", "lr=0.02, betas=(0.8, 0.9)", "lr=0.02, eps=1e-3", "lr=0.02, weight_decay=0.1", "lr=0.02, momentum_decay=0.01", "lr=0.02, decoupled_weight_decay=True, weight_decay=0.1", "lr=0.02, maximize=True",
        "0.02, (0.9, 0.99), 1e-6, 0.1, 0.002",
    ),
}  # fmt: skip

START = """
c = t.tensor([[9.0, -8, 10], [-7, 9, 11], [8, -9, 7], [-10, 8, -8]], dtype=x.dtype)
w = t.tensor([[0.1, 0.2, 0.3]], dtype=x.dtype)
ps = [nn.Parameter(x.detach().clone()), nn.Parameter(y.detach().clone()), nn.Parameter(y.detach().clone(), requires_grad=False), nn.Parameter(z.detach().clone())]
def loss_of(ps):
    # Convex, and with minima so far away that no step's direction hangs on the last digit.
    pull = (w * (ps[0] - c) ** 2).sum() + (ps[1] - 9) ** 2 @ t.ones(3, dtype=c.dtype) / 4
    return pull + (ps[0] @ ps[1]).sum() / 64 + (ps[3] + 7) ** 2 / 3
def step(o, count=1):
    losses = []
    for i in range(count):
        o.zero_grad()
        loss = loss_of(ps)
        loss.backward()
        o.step()
        losses.append(loss.item())
    return losses
def plain(v):
    return {k: plain(w) for k, w in v.items()} if isinstance(v, dict) else [plain(w) for w in v] if isinstance(v, (list, tuple)) else v
"""
INPUTS = dict(setup=START, x=T(4, 3, low=-2, high=2, grad=False), y=T(3, low=-1, high=1, grad=False), z=T(low=1, high=1, grad=False))
# Options of PyTorch's implementation that choose how a step is computed, which we don't have.
HOW = "('foreach', 'fused', 'capturable', 'differentiable')"

for name, all_options in OPTIONS.items():
    for options in all_options:
        code(
            f"o = optim.{name}(ps{', ' * bool(options)}{options})\nlosses = step(o, 100)\nout = [p * 1 for p in ps], losses[-1]",
            on=("float32", "float64"), tolerance=0.5, **INPUTS,
        )  # fmt: skip
        code(
            f"o = optim.{name}(ps{', ' * bool(options)}{options})\nstep(o, 2)\nd = o.state_dict()\n"
            f"groups = [{{k: v for k, v in sorted(g.items()) if k not in {HOW}}} for g in d['param_groups']]\n"
            "states = {i: {k: v for k, v in sorted(s.items()) if v is not None} for i, s in sorted(d['state'].items())}\n"
            "out = list(d), plain(groups), states",
            on=("float32", "float64"), **INPUTS,
        )  # fmt: skip
        code(
            f"import copy\no = optim.{name}(ps{', ' * bool(options)}{options})\nstep(o, 5)\nd = copy.deepcopy(o.state_dict())\n"
            f"q = optim.{name}(ps, lr=0.5)\nq.load_state_dict(d)\nstep(q, 5)\nout = [p * 1 for p in ps], q.param_groups[0]['lr']",
            on=("float32",), **INPUTS,
        )  # fmt: skip
    code(f"o = optim.{name}(ps, lr=0.1)\nout = [l for l in repr(o).splitlines() if l.split(':')[0].strip() not in {HOW}]", **INPUTS)
    code(f"o = optim.{name}([{{'params': ps[:1]}}, {{'params': ps[1:], 'lr': 0.01}}], lr=0.1)\nstep(o, 20)\nout = [p * 1 for p in ps], len(o.param_groups)", **INPUTS)
    code(f"o = optim.{name}([{{'params': ps[0], 'weight_decay': 0.1}}, {{'params': ps[1:]}}], lr=0.02)\nstep(o, 20)\nout = [p * 1 for p in ps]", **INPUTS)
    code(f"o = optim.{name}(iter(ps), lr=0.1)\nstep(o)\nout = [p * 1 for p in ps]", **INPUTS)
    code(f"o = optim.{name}([(str(i), p) for i, p in enumerate(ps)], lr=0.1)\nstep(o)\nout = [p * 1 for p in ps], o.state_dict()['param_groups'][0]['param_names']", **INPUTS)
    code(f"o = optim.{name}(nn.Linear(3, 2).parameters())\nout = len(o.param_groups[0]['params'])", **INPUTS)
    code(
        f"o = optim.{name}(ps, lr=0.1)\ndef closure():\n    o.zero_grad()\n    loss = loss_of(ps)\n    loss.backward()\n    return loss\n"
        "a = [o.step(closure) * 1 for _ in range(3)]\nb = o.step(closure=closure)\nout = a, b, [p * 1 for p in ps]",
        **INPUTS,
    )
    code(f"o = optim.{name}(ps, lr=0.1)\nout = o.step(), o.state_dict()['state']", **INPUTS)
    code(f"o = optim.{name}(ps[:1], lr=0.1)\no.add_param_group({{'params': ps[1:], 'lr': 0.2}})\nstep(o, 5)\nout = [p * 1 for p in ps], len(o.param_groups)", **INPUTS)
    code(f"o = optim.{name}(ps, lr=0.1)\nfor g in o.param_groups:\n    g['lr'] = 0.01\nstep(o, 5)\nout = [p * 1 for p in ps]", **INPUTS)
    code(f"o = optim.{name}(ps, lr=0.1)\nloss_of(ps).backward()\no.zero_grad()\na = ps[0].grad\nloss_of(ps).backward()\no.zero_grad(set_to_none=False)\nout = a, ps[0].grad", **INPUTS)
    code(f"o = optim.{name}(ps, lr=0.1)\nstep(o)\nout = sorted(len(s) > 0 for s in o.state.values()), type(o.defaults['lr']).__name__, isinstance(o, optim.Optimizer)", **INPUTS)
    code(f"o = optim.{name}(ps, lr=0.1)\nstep(o)\nout = ps[0].requires_grad, ps[0].is_leaf, ps[0].grad", **INPUTS)
    code(f"o = optim.{name}([ps[3]], lr=0.1)\nps[3].grad = t.zeros(())\no.step()\nout = ps[3] * 1", **INPUTS)
    for bad in (
        "[]", "3", "ps[0]", "[3]", "[ps[0] * 2]", "ps, lr=-0.1", "ps, lr='a'", "ps, weight_decay=-1.0", "[{'params': ps[:1]}, {'params': ps[:1]}]",
        "[{'params': [ps[0] * 2]}]", "[{'parms': ps}]", "ps, nonsense=1", "[{'params': {ps[0], ps[1]}}]", "None",
    ):  # fmt: skip
        code_error(f"optim.{name}({bad})", **INPUTS)
    code_error(f"o = optim.{name}(ps)\no.load_state_dict(3)", **INPUTS)
    code_error(f"o = optim.{name}(ps)\no.load_state_dict({{}})", **INPUTS)
    code_error(f"o = optim.{name}(ps)\no.load_state_dict(optim.{name}(ps[:1]).state_dict())", **INPUTS)
    code_error(f"o = optim.{name}(ps)\no.load_state_dict(optim.{name}([{{'params': p}} for p in ps]).state_dict())", **INPUTS)
    code_error(f"o = optim.{name}(ps)\no.add_param_group({{'params': ps[:1]}})", **INPUTS)
    code_error(f"o = optim.{name}(ps)\no.add_param_group(3)", **INPUTS)
for bad in ("momentum=-1.0", "nesterov=True", "momentum=0.9, dampening=0.1, nesterov=True", "lr='x'"):
    code_error(f"optim.SGD(ps, {bad})", **INPUTS)
for name in ("Adam", "AdamW", "NAdam"):
    for bad in ("betas=(1.0, 0.9)", "betas=(0.9, 1.0)", "betas=(-0.1, 0.9)", "eps=-1.0", "betas=0.9"):
        code_error(f"optim.{name}(ps, {bad})", **INPUTS)
for bad in ("alpha=-0.1", "eps=-1.0", "momentum=-1.0"):
    code_error(f"optim.RMSprop(ps, {bad})", **INPUTS)
for bad in ("lr_decay=-0.1", "eps=-1.0", "initial_accumulator_value=-1.0"):
    code_error(f"optim.Adagrad(ps, {bad})", **INPUTS)
code_error("optim.NAdam(ps, momentum_decay=-0.1)", **INPUTS)
code(
    "class Signs(optim.Optimizer):\n    def __init__(self, params, lr):\n        super().__init__(params, dict(lr=lr))\n"
    "    @t.no_grad()\n    def step(self, closure=None):\n        for g in self.param_groups:\n            for p in g['params']:\n"
    "                if p.grad is not None:\n                    p.add_(p.grad.sign(), alpha=-g['lr'])\n"
    "o = Signs(ps, 0.1)\nstep(o, 3)\nout = [p * 1 for p in ps], repr(o), o.state_dict(), list(o.defaults)",
    **INPUTS,
)
code_error("loss_of(ps).backward()\noptim.Optimizer(ps, {}).step()", **INPUTS)
