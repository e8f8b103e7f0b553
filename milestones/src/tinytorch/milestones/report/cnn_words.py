"""The words and numbers that the story of milestone 04 leaves open."""

from __future__ import annotations

from html import escape

from .numbers import Facts, count, percent, times
from .templates import fill

PASSES = "six"  # of a training image are drawn


def cnn(facts: Facts, others: dict[str, Facts]) -> dict[str, str]:
    """Return what the story of milestone 04 leaves open."""
    m, data = facts["metrics"], facts["data"]
    classes = [escape(name) for name in data["classes"]]
    wrong = [(n, i, j) for i, row in enumerate(m["confusion"]) for j, n in enumerate(row) if i != j]
    n, i, j = max(wrong)
    worst = f"The most frequent: {classes[i]} taken for {classes[j]}, {times(n)}." if n else ""
    filters = [layer for layer in m["layers"] if layer != "pool"]
    total = sum(cost["multiply_adds"] for cost in m["costs"])
    last = m["costs"][-1]
    return {
        "parameters": count(m["parameters"]),
        "class_count": count(len(classes)),
        "size": " x ".join(map(str, data["size"])),
        "filters": count(filters[0]),
        "convolutions": ", then ".join(count(channels) for channels in filters),
        "train_images": count(data["train"]),
        "test_images": count(data["test"]),
        "untrained_accuracy": percent(m["untrained_accuracy"]),
        "test_accuracy": percent(m["test_accuracy"]),
        "train_accuracy": percent(m["train_accuracy"]),
        "wrong": count(m["wrong"]),
        "worst_confusion": worst,
        "distorted": distorted(facts),
        "against": against(facts),
        "costs": costs(facts),
        "multiply_adds": count(total),
        "last_parameters": percent(last["parameters"] / m["parameters"]),
        "last_multiply_adds": percent(last["multiply_adds"] / total),
    }


def distorted(facts: Facts) -> str:
    """Tell how the training images are distorted, if they are."""
    names = [text.partition("(")[0] for text in facts["metrics"]["distorted"]]
    if not names:
        return ""
    return fill("stories/cnn_distorted.html", transforms=" and ".join(names), passes=PASSES, **facts["drawn"])


def against(facts: Facts) -> str:
    """Compare with the milestone before, over several seeds, if that was measured."""
    m = facts["metrics"]
    compared = m["against_mlp"]
    if compared is None:
        return ""
    return fill(
        "stories/cnn_against.html",
        seeds=count(len(compared["seeds"])),
        cnn=percent(compared["cnn_mean"]),
        mlp=percent(compared["mlp_mean"]),
        cnn_spread=f"{100 * compared['cnn_std']:.2f}",
        mlp_spread=f"{100 * compared['mlp_std']:.2f}",
        parameters=count(m["parameters"]),
        mlp_parameters=count(compared["mlp_parameters"]),
        share=f"{(1 - compared['mlp_mean']) / max(1 - compared['cnn_mean'], 1e-9):.1f}",
        **facts["drawn"],
    )


def costs(facts: Facts) -> str:
    """Return a row of the table for each layer, and one for their sum."""
    rows = []
    totals = [0, 0, 0.0, 0.0]
    for cost, (forward, back) in zip(facts["metrics"]["costs"], facts["speed"]["milliseconds_of_layers"]):
        numbers = [cost["parameters"], cost["multiply_adds"], forward, back]
        totals = [a + b for a, b in zip(totals, numbers)]
        rows.append(row(cost["layer"], " x ".join(map(str, cost["output"])), numbers))
    return "".join([*rows, row("<b>together</b>", "", totals)])


def row(layer: str, output: str, numbers: list[float]) -> str:
    """Return a row of the table."""
    parameters, products, *milliseconds = numbers
    cells = [output, *(count(int(n)) if n else "" for n in (parameters, products))]
    cells += [f"{ms:.2f}" for ms in milliseconds]
    return f"<tr><th>{layer}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"
