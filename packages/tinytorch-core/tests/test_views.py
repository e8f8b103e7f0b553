"""Shared memory: a gradient flows through an in-place change whichever tensor it was made through.

The expected gradients are worked out by hand, and compared with PyTorch's where it allows the change.
"""

import numpy as np
import pytest
from tinytorch.core import Tensor, arange, float64, no_grad, ones, tensor, zeros


def leaf(*values: float) -> Tensor:
    return tensor(list(values), dtype=float64, requires_grad=True)


def test_view_of_a_changed_base():
    w = leaf(1, 2, 3)
    base = w * 2
    view = base[:2]
    base.mul_(5)
    assert view.tolist() == [10.0, 20.0]
    view.sum().backward()
    assert w.grad.tolist() == [10.0, 10.0, 0.0]


def test_base_of_a_changed_view():
    w, s = leaf(1, 2, 3), leaf(4)
    base = w * 2
    base[1:].mul_(s)
    assert base.tolist() == [2.0, 16.0, 24.0]
    base.sum().backward()
    assert w.grad.tolist() == [2.0, 8.0, 8.0]
    assert s.grad.tolist() == [10.0]


def test_base_without_history_gets_one_through_its_view():
    s = leaf(3)
    base = ones(2, 2)
    assert not base.requires_grad
    base[0].mul_(s)
    assert base.requires_grad
    assert not base.is_leaf
    (base * tensor([[1.0, 2.0], [3.0, 4.0]])).sum().backward()
    assert s.grad.tolist() == [3.0]


def test_chain_of_views():
    w, s = leaf(1, 2, 3, 4), leaf(10)
    base = w * 1
    matrix = base.view(2, 2)
    column = matrix.T[1]
    column.mul_(s)
    assert base.tolist() == [1.0, 20.0, 3.0, 40.0]
    assert matrix.tolist() == [[1.0, 20.0], [3.0, 40.0]]
    base.mul_(2)
    assert column.tolist() == [40.0, 80.0]
    (column.sum() + matrix.sum()).backward()
    assert w.grad.tolist() == [2.0, 40.0, 2.0, 40.0]
    assert s.grad.tolist() == [2 * 2 * (2 + 4)]


def test_sibling_views_that_overlap():
    w, s = leaf(1, 2, 3), leaf(2)
    base = w * 1
    left, right = base[:2], base[1:]
    left.mul_(s)
    assert right.tolist() == [4.0, 3.0]
    right.mul_(s)
    assert left.tolist() == [2.0, 8.0]
    (left * tensor([1.0, 10.0])).sum().backward()
    assert w.grad.tolist() == [2.0, 40.0, 0.0]
    assert s.grad.tolist() == [1 + 10 * 2 * 2 * 2]


def test_pieces_of_a_split_may_be_changed():
    w = leaf(1, 2, 3, 4)
    base = w * 1
    first, second = base.chunk(2)
    first.mul_(3)
    second.zero_()
    base.sum().backward()
    assert w.grad.tolist() == [3.0, 3.0, 0.0, 0.0]


def test_diagonal_and_transposed_views_are_written_through():
    w = ones(3, 3, requires_grad=True)
    base = w * 1
    base.diagonal().fill_(7.0)
    base.T[0].mul_(2)
    assert base.tolist() == [[14.0, 1.0, 1.0], [2.0, 7.0, 1.0], [2.0, 1.0, 7.0]]
    base.sum().backward()
    assert w.grad.tolist() == [[0.0, 1.0, 1.0], [2.0, 0.0, 1.0], [2.0, 1.0, 0.0]]


def test_zero_dimensional_views():
    w = leaf(1, 2)
    base = w * 1
    last = base[1]
    last[...].unsqueeze(0).mul_(3)
    assert last.item() == 6
    base.sum().backward()
    assert w.grad.tolist() == [1.0, 3.0]


def test_assignment_through_a_view():
    w, v = leaf(1, 2, 3, 4), leaf(5)
    base = w * 1
    matrix = base.view(2, 2)
    matrix[:, 0] = v
    matrix[1, 1] = 9.0
    assert base.tolist() == [5.0, 2.0, 5.0, 9.0]
    (base * tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert w.grad.tolist() == [0.0, 2.0, 0.0, 0.0]
    assert v.grad.tolist() == [4.0]


def test_assignment_from_itself():
    w = leaf(1, 2, 3)
    b = w * 1
    b[0] = b[1] * 2
    b[1] = b[0] * 3
    assert b.tolist() == [4.0, 12.0, 3.0]
    b.sum().backward()
    assert w.grad.tolist() == [0.0, 8.0, 1.0]
    c = arange(4)
    c[1:] = c[:-1]
    assert c.tolist() == [0, 0, 1, 2]


def test_what_was_computed_before_the_change_keeps_its_gradient():
    w = leaf(1, 2)
    base = w * 3
    view = base[:1]
    before = view * 5
    base.mul_(2)
    (before.sum() + view.sum()).backward()
    assert w.grad.tolist() == [15 + 6, 0.0]


@pytest.mark.parametrize("change", ["base", "view", "sibling", "detached", "item"])
def test_a_needed_value_that_changed_is_an_error(change):
    w = leaf(1, 2)
    base = w * 3
    view = base[:1]
    squared = base * base
    if change == "base":
        base.mul_(2)
    elif change == "view":
        view.add_(1)
    elif change == "sibling":
        base[1:].zero_()
    elif change == "detached":
        base.detach().add_(1)
    else:
        base[0] = 5.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        squared.sum().backward()


def test_leaves_refuse():
    w = leaf(1, 2)
    for call in (
        lambda: w.mul_(2),
        lambda: w.__setitem__(0, 1.0),
        lambda: w.__setitem__([0], 1.0),
        lambda: w[:1].mul_(2),
        lambda: w.view(2, 1)[0].zero_(),
    ):
        with pytest.raises(RuntimeError, match="leaf"):
            call()
    assert w.tolist() == [1.0, 2.0]
    with no_grad():
        w[0] = 5.0
        w[1:].mul_(2)
    assert w.tolist() == [5.0, 4.0]
    assert w.is_leaf
    assert w.requires_grad


def test_a_view_that_is_itself_a_leaf():
    base = zeros(3)
    view = base[:2].requires_grad_()
    with pytest.raises(RuntimeError, match="leaf"):
        view.mul_(2)
    assert not base.requires_grad


def test_a_base_that_becomes_a_leaf_later():
    base = ones(3)
    view = base[:2]
    base.requires_grad_()
    assert view.requires_grad
    (view * 3).sum().backward()
    assert base.grad.tolist() == [3.0, 3.0, 0.0]


def test_views_taken_without_gradients():
    w = leaf(1, 2)
    base = w * 1
    with no_grad():
        view = base[:1]
    assert not view.requires_grad
    for change in (lambda: view.mul_(2), lambda: view.__setitem__(0, 5.0), lambda: view.zero_()):
        with pytest.raises(RuntimeError, match=r"no_grad\(\)"):
            change()
    with no_grad():
        view.mul_(2)
    assert base.tolist() == [2.0, 2.0]
    base.mul_(3)  # a new history, which the view follows
    view.sum().backward()
    assert w.grad.tolist() == [3.0, 0.0]


def test_a_new_history_is_followed_within_no_grad():
    w = leaf(1, 2)
    base = w * 1
    view = base[:1]
    base.mul_(3)
    with no_grad():
        assert view.requires_grad
    view.sum().backward()
    assert w.grad.tolist() == [3.0, 0.0]


def test_detached_memory_is_shared_without_history():
    w = leaf(1, 2)
    base = w * 1
    base.detach().mul_(3)
    assert base.tolist() == [3.0, 6.0]
    base.sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]


def test_expanded_memory_is_not_changed():
    x = zeros(3).expand(2, 3)
    for call in (lambda: x.add_(1), lambda: x.__setitem__(0, 1.0), lambda: x[0].fill_(1.0)):
        with pytest.raises(RuntimeError, match="read-only"):
            call()
    y = x.clone()
    y[0] = 1.0
    assert x.tolist() == zeros(2, 3).tolist()


def test_long_chains_of_views():
    w = ones(4, requires_grad=True)
    base = w * 1
    x = base
    for _ in range(3000):
        x = x.view(2, 2).view(4)
    x.mul_(2)
    assert base.tolist() == [2.0] * 4
    base.mul_(2)
    (x.sum() + base.sum()).backward()
    np.testing.assert_array_equal(w.grad.numpy(), np.full(4, 8.0))
