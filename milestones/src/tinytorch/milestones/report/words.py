"""The words and numbers that the stories leave open, by milestone."""

from __future__ import annotations

from html import escape

from .cnn_words import cnn
from .numbers import Facts, count, percent
from .templates import fill


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


def transformer(facts: Facts, others: dict[str, Facts]) -> dict[str, str]:
    """Return what the story of milestone 05 leaves open."""
    m, data, recipe, proofs = (
        facts["metrics"],
        facts["data"],
        facts["metrics"]["recipe"],
        facts["metrics"]["proofs"],
    )
    return {
        "parameters": count(m["parameters"]),
        "held_out": count(m["held_out"]),
        "reversed": percent(proofs["reverse"]["accuracy"]),
        "sorted": percent(proofs["sort"]["accuracy"]),
        "data_name": escape(data["name"]),
        "train_letters": count(data["train"]),
        "test_letters": count(data["test"]),
        "letters": count(data["letters"]),
        "layers": count(recipe["layers"]),
        "heads": count(recipe["heads"]),
        "context": count(recipe["context"]),
        "width": count(recipe["width"]),
        "batch": count(recipe["batch"]),
        "untrained": f"{m['test_curve'][0][1]:.2f}",
        "singles": f"{m['loss_of_singles']:.2f}",
        "pairs": f"{m['loss_of_pairs']:.2f}",
        "test_loss": f"{m['test_loss']:.3f}",
        "training_speed": count(facts["speed"]["training_tokens_per_second"]),
        "samples": samples(facts),
    }


def samples(facts: Facts) -> str:
    """Show what the network wrote along the way and at the end."""
    *early, (_, last) = facts["metrics"]["samples"]
    speed = count(facts["speed"]["writing_tokens_per_second"])
    shown = [
        ("Before the first iteration." if not i else f"After {count(i)} iterations.", text)
        for i, text in early
    ]
    shown.append((f"At the end, {speed} characters a second.", last))
    return "".join(
        fill("stories/transformer_sample.html", written=escape(text.strip("\n")), when=when)
        for when, text in shown
    )


WORDS = {"perceptron": perceptron, "xor": xor, "mlp": mlp, "cnn": cnn, "transformer": transformer}
