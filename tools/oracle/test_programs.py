"""Random programs of views, in-place changes and uses: same values and gradients, or both raise."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from . import compare
from .inputs import T, build
from .libraries import BOTH, Library
from .test_indexing import execute

# What a step may do with a tensor `a` (and another one, `b`); {n} is a new name.
VIEWS = (
    "{n} = {a}[0]", "{n} = {a}[..., 1:]", "{n} = {a}[::2]", "{n} = {a}.t()", "{n} = {a}.view(-1)", "{n} = {a}.reshape(-1)", "{n} = {a}.unsqueeze(0)",
    "{n} = {a}.squeeze()", "{n} = {a}[None]", "{n} = {a}.transpose(0, -1)", "{n} = {a}.expand(2, *{a}.shape)", "{n} = {a}.detach()", "{n} = {a}.flatten()",
    "{n} = {a}.unbind(0)[0]", "{n} = {a}.split(1)[-1]", "{n} = {a}.chunk(2)[0]", "{n} = {a}.diagonal()", "{n} = {a}[...]", "{n} = {a}.mT", "{n} = {a}.view_as({a})",
    "{n} = {a}.contiguous()", "{n} = {a}.permute(*range({a}.ndim))", "{n} = {a}.to(t.float32)", "{n} = {a}.float()", "{n} = {a}.data",
)  # fmt: skip
CHANGES = (
    "{a}.add_(1)", "{a}.mul_(2)", "{a}.mul_({b})", "{a}.add_({b})", "{a} += {b}", "{a} *= {s}", "{a}.zero_()", "{a}.fill_(1.5)", "{a}[0] = 3.0", "{a}[..., 0] = {b}.sum()", "{a}.copy_({b})",
    "{a}.exp_().clamp_(max=2)", "{a}.relu_()", "{a}.clamp_(-1, 1)", "{a}.tanh_()", "{a}.masked_fill_({a}.detach() > 0, 0.5)", "{a}[{a}.detach() > 0] *= 2", "{a}.div_(2)", "{a}.sigmoid_()",
    "{a}.sub_({a}.detach())", "{a}.pow_(2)", "{a}[{a}.detach() < 0] = 1.0", "{a}[[0]] = {b}.mean()", "{a}.neg_()", "{a} -= {b} * 0.5", "{a}.detach().add_(1)",
    "with t.no_grad(): {a}.mul_(0.5)", "with t.no_grad(): {a}.copy_({b})", "{a}.data.add_(1)",
)  # fmt: skip
USES = (
    "{n} = {a} * {b}", "{n} = {a} + {b}", "{n} = {a}.exp().clamp(max=3)", "{n} = {a}.sum()", "{n} = {a} * {a}", "{n} = {a}.sigmoid()", "{n} = {a}.clone()", "{n} = {a} * 2", "{n} = {a}.tanh()",
    "{n} = {a}.sum(0)", "{n} = t.cat([{a}, {a}])", "{n} = {a}.softmax(-1)", "{n} = {a} ** 3", "{n} = {a}.max(0).values", "{n} = t.where({a} > 0, {a}, {b})", "{n} = {a}.relu()",
    "{n} = {a} / ({b} * {b} + 1)", "{n} = t.stack([{a}, {a}])", "{n} = {a}.mean()",
    "with t.no_grad(): {n} = {a}[0]", "with t.no_grad(): {n} = {a} * 2", "{n} = {a}.cumsum(0)", "{n} = {a} @ {a}.t()",
)  # fmt: skip
# Where PyTorch refuses, another way to say the same: one of several views made by one call may not be changed,
# nor the result of an in-place function whose gradient is computed from its result.
OTHERWISE = {
    "{n} = {a}.unbind(0)[0]": "{n} = {a}[0]",
    "{n} = {a}.split(1)[-1]": "{n} = {a}[-1:]",
    "{n} = {a}.chunk(2)[0]": "{n} = {a}[: ({a}.shape[0] + 1) // 2]",
    "{a}.exp_().clamp_(max=2)": "{a}.copy_({a}.exp().clamp(max=2))",
    "{a}.relu_()": "{a}.copy_({a}.relu())",
    "{a}.tanh_()": "{a}.copy_({a}.tanh())",
    "{a}.sigmoid_()": "{a}.copy_({a}.sigmoid())",
}
STEPS = (*VIEWS, *VIEWS, *CHANGES, *CHANGES, *USES)


@st.composite
def programs(draw: Any) -> tuple[str, str]:
    """Draw a program over the leaves x (3, 2), y (2,) and the plain tensor c (3, 2).

    The second form of the program is for PyTorch: each in-place change takes copies of what it reads.
    """
    names = ["x", "y", "c"]
    lines, careful = [], []
    if draw(st.booleans()):  # start from results rather than leaves, which mustn't be changed
        lines.append("x, y = x * 1, y * 1")
        careful.append(lines[0])
    for number in range(draw(st.integers(1, 9))):
        a, b = (draw(st.sampled_from(names[-4:] if draw(st.booleans()) else names)) for _ in range(2))
        step = draw(st.sampled_from(STEPS))
        new = f"v{number}"
        lines.append(step.format(a=a, b=b, s=a, n=new))
        copy = f"{b}.clone()" if step in CHANGES else b
        careful.append(OTHERWISE.get(step, step).format(a=a, b=copy, s=f"{a}.clone()", n=new))
        if "{n}" in step:
            names.append(new)
    loss = " + ".join(f"({name} * {name}).sum()" for name in names)
    seen = ", ".join(f"{name}.detach(), {name}.requires_grad" for name in names)
    end = f"\nout = [{loss}, {seen}]"
    return "\n".join(lines) + end, "\n".join(careful) + end


SPECS = {"x": T(3, 2), "y": T(2), "c": T(3, 2, grad=False)}


@given(programs())
def test_program(program: tuple[str, str]) -> None:
    ours, theirs, careful = (run(lib, p) for lib, p in zip((BOTH.ours, BOTH.theirs, BOTH.theirs), (program[0], *program)))
    refused = theirs.error or theirs.grad_error
    if refused and not (ours.error or ours.grad_error):
        # PyTorch refuses where a change overwrote what it reads itself, for example y.mul_(y);
        # we have kept a copy, and must give what PyTorch gives for that.
        theirs = careful
    found = list(compare.differences(ours, theirs))
    assert not found, found


def run(library: Library, program: str) -> compare.Outcome:
    return compare.run(library, lambda built: execute(library, program, built), build(library, (), SPECS, "float32"))
