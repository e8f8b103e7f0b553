"""Random programs of views, in-place changes and uses: same values and gradients, or both raise."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from . import compare
from .inputs import T, build
from .libraries import BOTH, Library, is_tensor

# What a step may do with a tensor `a` (and another one, `b`); {n} is a new name.
VIEWS = (
    "{n} = {a}[0]", "{n} = {a}[..., 1:]", "{n} = {a}[::2]", "{n} = {a}.t()", "{n} = {a}.view(-1)", "{n} = {a}.reshape(-1)", "{n} = {a}.unsqueeze(0)",
    "{n} = {a}.squeeze()", "{n} = {a}[None]", "{n} = {a}.transpose(0, -1)", "{n} = {a}.expand(2, *{a}.shape)", "{n} = {a}.detach()", "{n} = {a}.flatten()",
    "{n} = {a}.unbind(0)[0]", "{n} = {a}.split(1)[-1]", "{n} = {a}.chunk(2)[0]", "{n} = {a}.diagonal()", "{n} = {a}[...]", "{n} = {a}.mT", "{n} = {a}.view_as({a})",
    "{n} = {a}.contiguous()", "{n} = {a}.permute(tuple(range({a}.ndim)))", "{n} = {a}.to(t.float32)", "{n} = {a}.float()",
)  # fmt: skip
CHANGES = (
    "{a}.add_(1)", "{a}.mul_(2)", "{a}.mul_({b})", "{a}.add_({b})", "{a} += {b}", "{a} *= {s}", "{a}.zero_()", "{a}.fill_(1.5)", "{a}[0] = 3.0", "{a}[..., 0] = {b}.sum()", "{a}.copy_({b})",
    "{a}.exp_().clamp_(max=2)", "{a}.relu_()", "{a}.clamp_(-1, 1)", "{a}.tanh_()", "{a}.masked_fill_({a}.detach() > 0, 0.5)", "{a}[{a}.detach() > 0] *= 2", "{a}.div_(2)", "{a}.sigmoid_()",
    "{a}.sub_({a}.detach())", "{a}.pow_(2)", "{a}[{a}.detach() < 0] = 1.0", "{a}[[0]] = {b}.mean()", "{a}.neg_()", "{a} -= {b} * 0.5", "{a}.detach().add_(1)",
    "with t.no_grad(): {a}.mul_(0.5)", "with t.no_grad(): {a}.copy_({b})",
)  # fmt: skip
USES = (
    "{n} = {a} * {b}", "{n} = {a} + {b}", "{n} = {a}.exp().clamp(max=3)", "{n} = {a}.sum()", "{n} = {a} * {a}", "{n} = {a}.sigmoid()", "{n} = {a}.clone()", "{n} = {a} * 2", "{n} = {a}.tanh()",
    "{n} = {a}.sum(0)", "{n} = t.cat([{a}, {a}])", "{n} = {a}.softmax(-1)", "{n} = {a} ** 3", "{n} = {a}.max(0).values", "{n} = t.where({a} > 0, {a}, {b})", "{n} = {a}.relu()",
    "{n} = {a} / ({b} * {b} + 1)", "{n} = t.stack([{a}, {a}])", "{n} = {a}.mean()",
    "with t.no_grad(): {n} = {a} * 2", "{n} = {a}.cumsum(0)", "{n} = {a} @ {a}.t()",
)  # fmt: skip
# Another way to say the same to PyTorch: it lets nobody change one of several views made by one call.
ALONE = {
    "{n} = {a}.unbind(0)[0]": "{n} = {a}[0]",
    "{n} = {a}.split(1)[-1]": "{n} = {a}[-1:]",
    "{n} = {a}.chunk(2)[0]": "{n} = {a}[: ({a}.shape[0] + 1) // 2]",
}
# And where the gradient is computed from a result that a later change overwrites; we have kept it.
KEPT = {
    "{a}.exp_().clamp_(max=2)": "{a}.copy_({a}.exp().clamp(max=2))",
    "{a}.relu_()": "{a}.copy_({a}.relu())",
    "{a}.tanh_()": "{a}.copy_({a}.tanh())",
    "{a}.sigmoid_()": "{a}.copy_({a}.sigmoid())",
}
STEPS = (*VIEWS, *VIEWS, *CHANGES, *CHANGES, *USES)


@st.composite
def programs(draw: Any) -> list[tuple[str, str, str]]:
    """Draw the lines of a program over the leaves x (3, 2), y (2,) and the plain tensor c (3, 2).

    Each line has a second form for PyTorch, and a third in which a change takes copies of what it reads.
    """
    names = ["x", "y", "c"]
    lines = []
    if draw(st.booleans()):  # start from results rather than leaves, which mustn't be changed
        lines.append(("x, y = x * 1, y * 1",) * 3)
    for number in range(draw(st.integers(1, 9))):
        a, b = (draw(st.sampled_from(names[-4:] if draw(st.booleans()) else names)) for _ in range(2))
        step = draw(st.sampled_from(STEPS))
        new = f"v{number}"
        copy = f"{b}.clone()" if step in CHANGES else b
        plain = ALONE.get(step, step)
        careful = KEPT.get(plain, plain).format(a=a, b=copy, s=f"{a}.clone()", n=new)
        lines.append((*(form.format(a=a, b=b, s=a, n=new) for form in (step, plain)), careful))
        if "{n}" in step:
            names.append(new)
    return lines


OUR_LIMITS = (
    "read-only (expanded",  # PyTorch lets some changes pass where several elements share one place in memory
    "view size is not compatible",  # some results keep the order of their input's memory, PyTorch's are contiguous
)
SPECS = {"x": T(3, 2), "y": T(2), "c": T(3, 2, grad=False)}


class Run:
    """A program on its way in one library."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.built = build(library, (), SPECS, "float32")
        self.names = {**library.namespace, **self.built.kwargs}

    def step(self, line: str) -> Exception | None:
        try:
            for x in filter(is_tensor, list(self.names.values())):
                _ = x.grad_fn  # PyTorch brings the history of a view up to date only when asked for it
            compare.listening(lambda: exec(line, self.names), [])
        except Exception as error:
            return error
        return None

    def finish(self) -> compare.Outcome:
        """Go backward from all tensors that there are, and return their values and the gradients."""
        seen = [n for n in self.names if n in SPECS or (n[0] == "v" and n[1:].isdigit())]
        loss = " + ".join(f"({n} * {n}).sum()" for n in seen)
        tail = f"[{loss}, {', '.join(f'{n}.detach(), {n}.grad_fn is not None' for n in seen)}]"
        return compare.run(self.library, lambda _: eval(tail, self.names), self.built)


@given(programs())
def test_program(program: list[tuple[str, str, str]]) -> None:
    ours, theirs, plainly = Run(BOTH.ours), Run(BOTH.theirs), Run(BOTH.theirs)
    refused = False
    for line, plain, careful in program:
        a, b = ours.step(line), theirs.step(careful)
        if any(limit in str(a) for limit in OUR_LIMITS):
            return
        assert (a is None) == (b is None), (line, a, b)
        refused |= a is None and plainly.step(plain) is not None
    found, expected = ours.finish(), theirs.finish()
    if found.grad_error and not expected.grad_error:
        # We may refuse what PyTorch does with copies, if it refuses without them or errs: where a change
        # reads what it overwrites, like x.mul_(x.diagonal()), it takes some values old and some new.
        last = plainly.finish()
        refused |= bool(last.error or last.grad_error)
        assert refused or list(compare.compare(last.result, expected.result, "value")), found.grad_error
        assert isinstance(found.grad_error, RuntimeError)
        return
    assert not list(compare.differences(found, expected))
