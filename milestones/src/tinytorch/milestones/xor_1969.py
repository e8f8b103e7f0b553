"""Milestone 02, 1969: XOR.

"One or the other, but not both": Minsky and Papert proved that no single layer can learn it, whatever its
weights are. A layer in between can, if there is a way to train it. Here 100 networks of each kind try, each
from its own random start.

Needs modules "losses", "autograd" and "optimizers". Run it: `python -m tinytorch.milestones.xor_1969`

Source: M. Minsky and S. Papert, Perceptrons: An Introduction to Computational Geometry, MIT Press, 1969.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from tinytorch.core import (
    SGD,
    BCEWithLogitsLoss,
    Linear,
    Module,
    Sequential,
    Tanh,
    Tensor,
    from_numpy,
    manual_seed,
    no_grad,
    tensor,
)

from .command import script
from .outcome import Check, Options, Outcome
from .progress import Progress

SEEDS = 100
HIDDEN = 4
WIDTHS = (2, 3, 4)  # how many hidden neurons are tried
STEPS = 150
SOLVED = 0.05  # a loss at which all four answers are clear
RANDOM_LINES = 100_000

QUESTIONS = tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])  # (4, 2)
ANSWERS = tensor([[0.0], [1.0], [1.0], [0.0]])  # (4, 1)
TRUE = ANSWERS > 0


# ---- Net -----------------------------------------------------------------------------------------------


def make_net(hidden: int) -> Module:
    """Return a network with one layer (`hidden` is 0) or with a hidden layer of that many neurons."""
    if hidden == 0:
        return Linear(2, 1)
    return Sequential(Linear(2, hidden), Tanh(), Linear(hidden, 1))


# ---- train ---------------------------------------------------------------------------------------------


def train(net: Module, steps: int) -> tuple[list[float], float]:
    """Train on all four questions at once until the answers are clear or the steps are used up.

    Returns:
        The loss before each step, and the best accuracy that the network had at any time.
    """
    loss_of = BCEWithLogitsLoss()
    optimizer = SGD(net.parameters(), lr=1.0, momentum=0.9)
    losses, best = [], test(net)
    for _ in range(steps):
        output = net(QUESTIONS)  # (4, 1), above zero means "true"
        loss = loss_of(output, ANSWERS)
        losses.append(loss.item())
        best = max(best, accuracy(output))
        if losses[-1] < SOLVED:
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, best


# ---- test ----------------------------------------------------------------------------------------------


def accuracy(output: Tensor) -> float:
    """Return the share of the four questions that are answered rightly."""
    right = (output > 0) == TRUE
    return float(right.float().mean().item())


@no_grad()
def test(net: Module) -> float:
    """Return the network's accuracy."""
    return accuracy(net(QUESTIONS))


@no_grad()
def test_random_lines() -> tuple[float, tuple[list[float], float]]:
    """Return the best of very many random single layers: chance may find what training can't.

    Returns:
        Its accuracy, and its weights and bias: a straight line across the square.
    """
    lines = Linear(2, RANDOM_LINES)
    weight, bias = lines.parameters()  # (RANDOM_LINES, 2), (RANDOM_LINES,)
    sums = lines(QUESTIONS)  # (4, RANDOM_LINES)
    accuracies = ((sums > 0) == TRUE).float().mean(dim=0)
    best = accuracies.max()
    clearest = (sums.abs().amin(dim=0) * (accuracies == best)).argmax()  # far from every corner
    return best.item(), (weight[clearest].tolist(), bias[clearest].item())


# ---- main ----------------------------------------------------------------------------------------------


def try_seeds(seeds: range, hidden: int, steps: int, progress: Progress) -> list[dict[str, Any]]:
    """Train one network from each seed."""
    label = "one layer" if hidden == 0 else f"{hidden} hidden neurons"
    tries, solved = [], 0
    for seed in progress(seeds, label):
        manual_seed(seed)
        net = make_net(hidden)
        losses, best = train(net, steps)
        final = test(net)
        solved += final == 1.0
        progress.note(f"solved: {solved}")
        tries.append({"seed": seed, "net": net, "losses": losses, "best": best, "accuracy": final})
    return tries


@no_grad()
def surface(net: Module) -> np.ndarray[Any, Any]:
    """Return how sure the network is of "true" over the square from -0.5 to 1.5, as (101, 101) in 0 to 1."""
    side = np.linspace(-0.5, 1.5, 101, dtype=np.float32)
    points = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)  # (101 * 101, 2)
    beliefs: Tensor = net(from_numpy(points)).sigmoid()
    return beliefs.numpy().reshape(101, 101)


def main(options: Options, progress: Progress) -> Outcome:
    """Let 100 single layers and 100 networks with a hidden layer, of each width, try to learn XOR."""
    steps = STEPS if options.epochs is None else options.epochs
    seeds = range(options.seed * SEEDS, (options.seed + 1) * SEEDS)
    single = try_seeds(seeds, 0, steps, progress)
    double = {hidden: try_seeds(seeds, hidden, steps, progress) for hidden in WIDTHS}
    manual_seed(options.seed)
    best_line, line = test_random_lines()

    best_single = max(single, key=lambda t: t["best"])
    solved = {hidden: sum(t["accuracy"] == 1.0 for t in tries) for hidden, tries in double.items()}
    shown = next((t for t in double[HIDDEN] if t["accuracy"] == 1.0), double[HIDDEN][0])
    with no_grad():
        first = shown["net"][:2]  # up to the hidden layer
        grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 21, dtype=np.float32)] * 2), axis=-1)  # (21, 21, 2)
        hidden_grid = first(from_numpy(grid)).numpy()  # (21, 21, HIDDEN)
        hidden_points = first(QUESTIONS).numpy()  # (4, HIDDEN)
    out = shown["net"][2]
    steps_needed = sorted(len(t["losses"]) - 1 for t in double[HIDDEN] if t["accuracy"] == 1.0)
    return Outcome(
        epochs=steps,
        checks=[
            Check(f"seeds solved with {HIDDEN} hidden neurons", solved[HIDDEN], at_least=95, of=SEEDS),
            Check("best single layer", max(best_single["best"], best_line), at_most=0.75),
        ],
        metrics={
            "seeds": SEEDS,
            "first_seed": seeds[0],
            "hidden": HIDDEN,
            "solved": {str(hidden): count for hidden, count in solved.items()},
            "best_single_layer": best_single["best"],
            "best_of_random_lines": best_line,
            "random_lines": RANDOM_LINES,
            "mean_final_loss_single_layer": sum(t["losses"][-1] for t in single if t["losses"]) / SEEDS,
            "median_steps": steps_needed[len(steps_needed) // 2] if steps_needed else None,
            "shown_seed": shown["seed"],
            "shown_accuracy": shown["accuracy"],
        },
        data={"name": "the four rows of the truth table", "train": 4, "test": 4, "credit": None},
        show={
            "single_surface": surface(best_single["net"]),
            "best_line": line,
            "double_surface": surface(shown["net"]),
            "single_losses": [t["losses"] for t in single],
            "double_losses": [t["losses"] for t in double[HIDDEN]],
            "grid": grid,
            "hidden_grid": hidden_grid,
            "hidden_points": hidden_points,
            "readout": (out.weight.detach().numpy()[0], out.bias.item()),
        },
    )


if __name__ == "__main__":
    raise SystemExit(script("xor", main))
