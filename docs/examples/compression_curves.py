"""How small can a network become before it forgets? Accuracy against the size of the file, for every method.

    python docs/examples/compression_curves.py                                    # the digits
    python docs/examples/compression_curves.py /usr/share/datasets/fashion-mnist  # Fashion-MNIST, in a folder

Trains a CNN and an MLP, makes copies smaller in every way that `tinytorch.systems` knows, each as it is and
after some more training, and measures all of them: bytes of the file, milliseconds for the test images,
accuracy on them. The table is printed, and written with all figures and a drawing to `--out`.
"""

import argparse
import copy
import json
import platform
import tempfile
import time
from pathlib import Path

from tinytorch.core import (
    AdamW,
    Flatten,
    Linear,
    ReLU,
    Sequential,
    functional as F,
    manual_seed,
    no_grad,
    randperm,
)
from tinytorch.systems import (
    GradualPruner,
    distillation_loss,
    factorize,
    finish_pruning,
    prune_channels,
    prune_model,
    quantize,
    save_compressed,
    share_weights,
    shrink,
    sparsity,
)
from tinytorch.vision import BatchNorm2d, Conv2d, MaxPool2d
from tinytorch.vision.datasets import Digits, FashionMNIST

BATCH = 32
RATE = 3e-3


def images(folder, most):
    """Return training images, their labels, test images and theirs; the digits unless a folder is given."""
    sets = [Digits(train=t) if folder is None else FashionMNIST(folder, train=t) for t in (True, False)]
    found = []
    for part in sets:
        found += [part.data[:most].float()[:, None] / 255, part.targets[:most]]  # (N, 1, H, W), (N)
    return found


def cnn(size, channels=(16, 32, 64)):
    """Return a network of three convolutions for images of size x size."""
    layers, before = [], 1
    for i, after in enumerate(channels):
        stride = 2 if i == 0 and size > 8 else 1  # large images are halved at once
        layers += [Conv2d(before, after, 3, stride, padding=1, bias=False), BatchNorm2d(after), ReLU()]
        layers += [MaxPool2d(2)] if i else []
        size = size // 2 if i or stride == 2 else size
        before = after
    return Sequential(*layers, Flatten(), Linear(before * size * size, 10))


def mlp(size, hidden=256):
    """Return a network of two hidden layers for images of size x size."""
    return Sequential(
        Flatten(), Linear(size * size, hidden), ReLU(), Linear(hidden, hidden), ReLU(), Linear(hidden, 10)
    )


def train(net, data, epochs, rate=RATE, pruner=None, teacher=None):
    """Train a network on the labels, or on them and a teacher's beliefs; the learning rate falls to zero."""
    x, y = data[:2]
    parameters = [p for p in net.parameters() if p.requires_grad]
    optimizer = AdamW(parameters, lr=rate)
    steps = epochs * -(-len(x) // BATCH)
    done = 0
    net.train()
    for _ in range(epochs):
        for batch in randperm(len(x)).split(BATCH):
            optimizer.param_groups[0]["lr"] = rate * min(1, 10 * (done + 1) / steps) * (1 - done / steps)
            scores = net(x[batch])
            if teacher is None:
                loss = F.cross_entropy(scores, y[batch])
            else:
                with no_grad():
                    beliefs = teacher(x[batch])
                loss = distillation_loss(scores, beliefs, y[batch], temperature=4.0, alpha=0.7)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            done += 1
            if pruner is not None:
                pruner(done, steps)
    return net.eval()


def look(net, x):
    """Return the scores of images, some at a time, without gradients."""
    with no_grad():
        return [net(part) for part in x.split(500)]


def measure(net, data, file):
    """Return what a network costs and can do: bytes of its file, milliseconds, accuracy."""
    net.eval()
    x, y = data[2:]
    right = sum(
        (scores.argmax(dim=1) == labels).sum().item() for scores, labels in zip(look(net, x), y.split(500))
    )
    times = []
    for _ in range(5):
        start = time.perf_counter()
        look(net, x[:500])
        times.append(time.perf_counter() - start)
    return {
        "bytes": save_compressed(net, file),
        "zeros": sparsity(net),
        "milliseconds": min(times) * 1e3,
        "accuracy": right / len(y),
    }


class Report:
    """Collects the rows of the table and prints each as soon as it is known."""

    def __init__(self, data, folder):
        self.data, self.folder, self.rows = data, Path(folder), []
        print(
            f"{'network':8} {'method':24} {'setting':>12} {'zeros':>6} {'bytes':>9} {'smaller':>8}", end=" "
        )
        print(f"{'ms':>7} {'accuracy':>9} {'trained on':>10}")

    def add(self, network, method, setting, net, tuned=None):
        """Measure a network, and what became of it by further training."""
        file = self.folder / f"{len(self.rows)}.safetensors"
        figures = measure(net, self.data, file)
        before = figures["accuracy"]
        if tuned is not None:
            figures = measure(tuned, self.data, file.with_stem(f"{file.stem}-tuned"))
        row = {"network": network, "method": method, "setting": setting, **figures}
        row["accuracy"], row["tuned"] = before, None if tuned is None else figures["accuracy"]
        first = next((r for r in self.rows if r["network"] == network), row)
        row["smaller"] = first["bytes"] / row["bytes"]
        self.rows.append(row)
        after = "" if tuned is None else f"{row['tuned']:.2%}"
        print(
            f"{network:8} {method:24} {setting:>12} {row['zeros']:6.1%} {row['bytes']:9,} "
            f"{row['smaller']:7.1f}x {row['milliseconds']:7.2f} {before:9.2%} {after:>10}",
            flush=True,
        )


def unstructured(report, name, net, epochs, shares):
    """Prune single weights: all at once, and gradually while training goes on."""
    for share in shares:
        pruned = prune_model(copy.deepcopy(net), share)
        tuned = train(copy.deepcopy(pruned), report.data, epochs, RATE / 3)
        report.add(name, "pruned", f"{share:.0%}", finish_pruning(pruned), finish_pruning(tuned))
    for share in shares[-2:]:
        pruned = copy.deepcopy(net)
        pruner = None

        def step(done, steps, share=share, pruned=pruned):
            nonlocal pruner
            if pruner is None:
                pruner = GradualPruner(pruned, final=share, end=steps // 2, every=5)
            pruner.step()

        tuned = train(pruned, report.data, epochs, RATE / 3, pruner=step)
        report.add(name, "pruned gradually", f"{share:.0%}", finish_pruning(tuned))
    pruned = prune_model(copy.deepcopy(net), method="2:4")
    tuned = train(copy.deepcopy(pruned), report.data, epochs, RATE / 3)
    report.add(name, "pruned", "2:4", finish_pruning(pruned), finish_pruning(tuned))


def structured(report, name, net, epochs, shares):
    """Prune whole channels, and build the network again without them."""
    example = report.data[0][:2]
    for share in shares:
        pruned = prune_channels(copy.deepcopy(net), share, example)
        small = shrink(pruned, example)
        tuned = train(copy.deepcopy(small), report.data, epochs, RATE / 3)
        report.add(name, "without channels", f"{share:.0%}", small, tuned)


def shared(report, name, net, epochs, bits):
    """Let the weights of a layer share a few values."""
    for n in bits:
        coded = share_weights(copy.deepcopy(net), n)
        tuned = train(copy.deepcopy(coded), report.data, epochs, RATE / 10)
        report.add(name, "shared values", f"{n} bits", coded, tuned)


def thin(report, name, net, epochs, errors):
    """Write matrices as products of thin ones."""
    for error in errors:
        product = factorize(copy.deepcopy(net), error=error)
        tuned = train(copy.deepcopy(product), report.data, epochs, RATE / 10)
        report.add(name, "low rank", f"error {error}", product, tuned)


def distilled(report, name, teacher, make, epochs, seeds):
    """Train small networks on the labels, and others that begin alike with the large one as a teacher."""
    for seed in seeds:
        manual_seed(seed)
        student = make()
        alone = train(copy.deepcopy(student), report.data, epochs)
        taught = train(student, report.data, epochs, teacher=teacher)
        report.add(name, "small, from labels", f"seed {seed}", alone)
        report.add(name, "small, from teacher", f"seed {seed}", taught)


def keep(path, text):
    """Write a file; one that is there already and differs becomes `name.bak`."""
    if path.exists() and path.read_text(encoding="utf-8") != text:
        path.replace(path.with_name(f"{path.name}.bak"))
    path.write_text(text, encoding="utf-8")


def draw(rows, title, path):
    """Draw accuracy against size, a line for each method."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print('no drawing: matplotlib isn\'t here; python -m pip install "tinytorch-systems[plot]"')
        return
    figure = Figure((9, 4.2), layout="constrained")
    networks = sorted({row["network"] for row in rows})
    for axes, network in zip(figure.subplots(1, len(networks), squeeze=False)[0], networks):
        here = [row for row in rows if row["network"] == network]
        for method in dict.fromkeys(row["method"] for row in here):
            points = sorted(
                (row["bytes"], row["accuracy"] if row["tuned"] is None else row["tuned"])
                for row in here
                if row["method"] == method
            )
            single = method.startswith("small,") or len(points) == 1
            axes.plot(*zip(*points), "o" if single else "o-", label=method, markersize=4, linewidth=1)
        axes.set_xscale("log")
        axes.set_title(f"{network}, {title}", fontsize=10)
        axes.set_xlabel("bytes of the file")
        axes.set_ylabel("test accuracy after more training")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.savefig(path, format="svg", metadata={"Date": None})


def main(folder=None, out="build/compression", seed=0, most=12_000, quick=False):
    """Measure everything, write it down, and return the rows of the table."""
    with tempfile.TemporaryDirectory() as files:
        title, rows = compare(folder, seed, most, quick, files)
    about = {"python": platform.python_version(), "machine": platform.machine(), "data": title, "seed": seed}
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    keep(out / "curves.json", json.dumps({"about": about, "rows": rows}, indent=2) + "\n")
    draw(rows, title, out / "curves.svg")
    print(f"\nfigures in {out / 'curves.json'}, drawing in {out / 'curves.svg'}")
    return rows


def compare(folder, seed, most, quick, files):
    """Make networks smaller in every way; return the data's name and the rows of the table."""
    data = images(folder, 300 if quick else most)
    title = "digits" if folder is None else "Fashion-MNIST"
    size = data[0].shape[-1]
    print(f"{title}: {len(data[0]):,} training images, {len(data[2]):,} test images\n")
    epochs, more = (2, 1) if quick else (8, 3)
    report = Report(data, files)
    shares = (0.8,) if quick else (0.5, 0.8, 0.9, 0.95, 0.98)
    for name, make in (("cnn", cnn), ("mlp", mlp)):
        manual_seed(seed)
        net = train(make(size), data, epochs)
        report.add(name, "as trained", "", net)

        report.add(name, "int8", "", quantize(net))
        unstructured(report, name, net, more, shares)
        structured(report, name, net, more, (0.5,) if quick else (0.25, 0.5, 0.75, 0.9))
        shared(report, name, net, more, (3,) if quick else (1, 2, 3, 4))
        if name == "mlp":
            thin(report, name, net, more, (0.5,) if quick else (0.2, 0.4, 0.6))
        else:
            seeds = range(seed, seed + (1 if quick else 3))
            distilled(report, name, net, lambda: cnn(size, (2, 4, 8)), epochs, seeds)
    return title, report.rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", help="where Fashion-MNIST's files are; left out, the digits")
    parser.add_argument("--out", default="build/compression", help="where the results go")
    parser.add_argument("--seed", type=int, default=0, help="of all random numbers")
    parser.add_argument("--images", type=int, default=12_000, help="how many images of each set at most")
    parser.add_argument("--quick", action="store_true", help="a few images and methods, to see that it runs")
    options = parser.parse_args()
    main(options.folder, options.out, options.seed, options.images, options.quick)
