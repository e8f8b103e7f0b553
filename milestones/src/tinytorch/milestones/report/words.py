"""The words and numbers that the stories leave open, by milestone."""

from __future__ import annotations

from html import escape
from typing import Any

from .templates import fill

Facts = dict[str, Any]


def percent(share: float) -> str:
    """Write a share from 0 to 1 to be read."""
    return f"{100 * share:.1f}%"


def count(number: int) -> str:
    """Write a whole number to be read."""
    return f"{number:,}"


def perceptron(facts: Facts, others: dict[str, Facts]) -> dict[str, str]:
    """Return what the story of milestone 01 leaves open."""
    m, classes = facts["metrics"], [escape(name) for name in facts["data"]["classes"]]
    hardest = min(m["pairs"], key=lambda r: r["accuracy"])
    easy = sum(r["easy"] for r in m["pairs"])
    return {
        "pairs": count(len(m["pairs"])),
        "easy_pairs": count(easy),
        "separated_pairs": count(m["separated_pairs"]),
        "untrained": count(m["untrained_neurons"]),
        "untrained_accuracy": percent(m["untrained_accuracy"]),
        "all_pairs_accuracy": percent(m["all_pairs_accuracy"]),
        "easy_pairs_accuracy": percent(m["easy_pairs_accuracy"]),
        "easy_pairs_worst": percent(m["easy_pairs_worst"]),
        "together_accuracy": percent(m["together_accuracy"]),
        "hardest_pair": " and ".join(classes[c] for c in hardest["pair"]),
        "hardest_accuracy": percent(hardest["accuracy"]),
    }


def xor(facts: Facts, others: dict[str, Facts]) -> dict[str, str]:
    """Return what the story of milestone 02 leaves open."""
    m = facts["metrics"]
    median = m["median_steps"]
    return {
        "random_lines": count(m["random_lines"]),
        "hidden_neurons": count(m["hidden"]),
        "shown_seed": str(m["shown_seed"]),
        "seeds": count(m["seeds"]),
        "solved": count(m["solved"][str(m["hidden"])]),
        "solved_two": count(m["solved"]["2"]),
        "median_steps": "" if median is None else f", half of them within {median} steps",
    }


def mlp(facts: Facts, others: dict[str, Facts]) -> dict[str, str]:
    """Return what the story of milestone 03 leaves open."""
    m, data = facts["metrics"], facts["data"]
    classes = [escape(name) for name in data["classes"]]
    table = m["confusion"]
    wrong = [(n, i, j) for i, row in enumerate(table) for j, n in enumerate(row) if i != j]
    n, i, j = max(wrong, key=lambda entry: entry[0])
    times = "once" if n == 1 else f"{n} times"
    return {
        "parameters": count(m["parameters"]),
        "class_count": count(len(classes)),
        "size": " x ".join(map(str, data["size"])),
        "hidden_neurons": count(m["hidden"]),
        "train_images": count(data["train"]),
        "test_images": count(data["test"]),
        "untrained_accuracy": percent(m["untrained_accuracy"]),
        "test_accuracy": percent(m["test_accuracy"]),
        "train_accuracy": percent(m["train_accuracy"]),
        "wrong": count(m["wrong"]),
        "worst_confusion": f"The most frequent: {classes[i]} taken for {classes[j]}, {times}." if n else "",
        "shown_neurons": count(m["shown_neurons"]),
        "unknown_hands": unknown_hands(m),
        "comparison": comparison(facts, others.get("perceptron")),
    }


def unknown_hands(m: Facts) -> str:
    """Tell how it goes with digits by people whose hand is unknown, if that was measured."""
    if m["unknown_hands_accuracy"] is None:
        return ""
    return fill(
        "stories/mlp_unknown_hands.html",
        unknown_accuracy=percent(m["unknown_hands_accuracy"]),
        test_accuracy=percent(m["test_accuracy"]),
    )


def comparison(facts: Facts, perceptron: Facts | None) -> str:
    """Compare with the perceptrons, if they were trained on the same images."""
    if perceptron is None or perceptron["data"] != facts["data"]:
        return ""
    return (
        f"On the same test images, perceptrons in one layer name the right class for "
        f"{percent(perceptron['metrics']['together_accuracy'])}, the network with a hidden layer for "
        f"<b>{percent(facts['metrics']['test_accuracy'])}</b>."
    )


WORDS = {"perceptron": perceptron, "xor": xor, "mlp": mlp}
