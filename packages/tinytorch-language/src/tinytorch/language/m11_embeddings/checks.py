"""What a version of the embeddings module must be able to do, in the order of the lesson's steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tinytorch.core as tt
import tinytorch.language as tl
from tinytorch.language import functional as F


def _numbers(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape)


def _close(got: tt.Tensor, wanted: Any, what: str, hint: str, atol: float = 1e-6) -> None:
    found = got.detach().numpy()
    assert found.shape == np.shape(wanted), (
        f"{what}: expected shape {np.shape(wanted)}, got {found.shape}. {hint}"
    )
    assert np.allclose(found, wanted, atol=atol), f"{what}: expected {wanted}, got {found}. Hint: {hint}"


def _raises(error: type[BaseException], do: Callable[[], Any], what: str, words: str = "") -> None:
    try:
        result = do()
    except NotImplementedError:
        raise  # not written yet; it would count as a RuntimeError
    except error as caught:
        message = str(caught)
    except Exception as caught:
        raise AssertionError(f"{what}: expected {error.__name__}, got {type(caught).__name__}") from caught
    else:
        raise AssertionError(f"{what}: expected {error.__name__}, got the result {result!r}")
    assert words in message, f"{what}: the message should say {words!r}, but it is: {message}"


def check_rows_are_looked_up() -> None:
    """Return the row of each id, in the shape of the ids."""
    weight = _numbers(6, 3)
    for ids in (np.array([[3, 0, 3], [5, 1, 3]]), np.array(4), np.zeros((0, 2), np.int64)):
        got = F.embedding(tt.tensor(ids), tt.tensor(weight))
        _close(got, weight[ids], f"embedding of ids of shape {ids.shape}", "it is weight[ids]")
    layer = tl.Embedding(6, 3)
    assert layer.weight.shape == (6, 3), f"Embedding(6, 3).weight: got shape {layer.weight.shape}"
    assert layer(tt.tensor([1, 2])).shape == (2, 3), "Embedding(6, 3) of 2 ids must have shape (2, 3)"


def check_wrong_ids_are_errors() -> None:
    """Refuse ids that have no row, and ids that aren't integers."""
    layer = tl.Embedding(5, 2)
    _raises(IndexError, lambda: layer(tt.tensor([0, -1])), "id -1", "-1")
    _raises(IndexError, lambda: layer(tt.tensor([0, 5])), "id 5 of 5 rows", "5")
    _raises(RuntimeError, lambda: layer(tt.tensor([1.0])), "ids that are floats", "float32")


def check_the_gradient_adds_up_equal_ids() -> None:
    """Give each row the sum of the gradients at its places, and the other rows zero."""
    for rows, count in ((6, 5), (4, 300), (1000, 50)):
        ids = np.random.default_rng(rows).integers(0, rows, count)
        g = _numbers(count, 3)
        weight = tt.tensor(_numbers(rows, 3), requires_grad=True)
        F.embedding(tt.tensor(ids), weight).backward(tt.tensor(g))
        wanted = np.zeros((rows, 3))
        np.add.at(wanted, ids, g)
        assert weight.grad is not None, "the table has no gradient"
        _close(
            weight.grad, wanted, f"gradient of {rows} rows", "grad[ids] += g loses all but one of equal ids"
        )


def check_padding_does_not_learn() -> None:
    """Start the row of padding_idx at zero and leave it without gradient."""
    layer = tl.Embedding(5, 3, padding_idx=-1)
    row = layer.weight[4].tolist()
    assert row == [0, 0, 0], f"the row of padding_idx=-1 must start at zero, got {row}"
    layer(tt.tensor([4, 0, 4])).sum().backward()
    assert layer.weight.grad is not None, "the table has no gradient"
    got = layer.weight.grad[:, 0].tolist()
    assert got == [1, 0, 0, 0, 0], f"gradient with padding_idx=-1: expected [1, 0, 0, 0, 0], got {got}"


def check_sinusoids() -> None:
    """Write sine and cosine of t / 10000 ** (2i / d) in turn."""
    table = tl.sinusoidal_positions(4, 6).numpy()
    for t in range(4):
        for i in range(3):
            angle = t / 10000 ** (2 * i / 6)
            got = table[t, 2 * i : 2 * i + 2].tolist()
            wanted = [math.sin(angle), math.cos(angle)]
            assert np.allclose(got, wanted, atol=1e-6), (
                f"position {t}, pair {i}: expected {wanted}, got {got}"
            )
    x = tt.zeros(2, 3, 6)
    _close(
        tl.SinusoidalPositionalEncoding(6)(x, offset=1)[0],
        table[1:],
        "SinusoidalPositionalEncoding with offset=1",
        "it adds the rows from the offset on",
    )


def check_learned_positions() -> None:
    """Add the rows of a table that learns, and refuse positions that it doesn't have."""
    layer = tl.PositionalEmbedding(5, 3)
    layer(tt.zeros(2, 2, 3), offset=1).sum().backward()
    assert layer.weight.grad is not None, "the table of positions has no gradient"
    got = layer.weight.grad[:, 0].tolist()
    assert got == [0, 2, 2, 0, 0], f"gradient of positions 1 and 2 in a batch of 2: got {got}"
    _raises(IndexError, lambda: layer(tt.zeros(6, 3)), "6 positions of a table of 5", "5")


def check_rotary_turns_each_pair() -> None:
    """Turn pair i at position t by t / base ** (2i / d), in both layouts."""
    x = _numbers(3, 4)
    for interleaved, pairs in ((False, [(0, 2), (1, 3)]), (True, [(0, 1), (2, 3)])):
        got = tl.RotaryEmbedding(4, base=100.0, interleaved=interleaved)(tt.tensor(x), offset=5)
        wanted = x.copy()
        for t in range(3):
            for i, (a, b) in enumerate(pairs):
                turned = complex(x[t, a], x[t, b]) * np.exp(1j * (5 + t) / 100.0 ** (2 * i / 4))
                wanted[t, a], wanted[t, b] = turned.real, turned.imag
        _close(got, wanted, f"rotary, interleaved={interleaved}", "(a cos - b sin, a sin + b cos)")


def check_rotary_tells_the_distance_and_keeps_the_length() -> None:
    """Give products that depend on the distance alone, and turn the gradient backwards."""
    rotary = tl.RotaryEmbedding(6)
    q, k = (tt.tensor(_numbers(6, seed=s)).expand(9, 6) for s in (1, 2))
    scores = (rotary(q) @ rotary(k).T).numpy()
    for distance in (-3, 0, 4):
        diagonal = np.diagonal(scores, distance)
        assert np.allclose(diagonal, diagonal[0]), f"scores at distance {distance} differ: {diagonal}"
    x = tt.tensor(_numbers(4, 6), requires_grad=True)
    g = tt.tensor(_numbers(4, 6, seed=3))
    rotary(x).backward(g)
    assert x.grad is not None, "the input of the rotation has no gradient"
    _close(rotary(x.grad), g.numpy(), "the gradient, turned forwards", "the rule turns by minus the angle")


def check_alibi() -> None:
    """Lower scores by slope times distance, for any number of heads."""
    assert tl.alibi_slopes(4).tolist() == [2**-2, 2**-4, 2**-6, 2**-8], (
        f"alibi_slopes(4): expected powers of 2**-2, got {tl.alibi_slopes(4).tolist()}"
    )
    got = tl.alibi_slopes(3).tolist()
    assert np.allclose(got, [2**-4, 2**-8, 2**-2]), (
        f"alibi_slopes(3): expected those of 2 heads, then every other one of 4 heads, got {got}"
    )
    bias = tl.alibi_bias(4, 2, 3).numpy()[0]
    wanted = [[-0.25, 0, -np.inf], [-0.5, -0.25, 0]]
    assert np.array_equal(bias, wanted), f"alibi_bias(4, 2, 3)[0]: expected {wanted}, got {bias.tolist()}"
