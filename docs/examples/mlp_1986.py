"""Milestone 03 with a trainer: the schedule is named, and the batches come from a DataLoader."""

from tinytorch.core import SGD, CrossEntropyLoss, manual_seed
from tinytorch.milestones.data import digits
from tinytorch.milestones.mlp_1986 import BATCH, EPOCHS, MOMENTUM, RATE, Net, prepare
from tinytorch.training import LambdaLR, Trainer
from tinytorch.vision import DataLoader, TensorDataset


def accuracy(scores, labels):
    """Return the share of right answers."""
    return (scores.argmax(dim=1) == labels).float().mean()


def main():
    """Learn to read digits, and return the accuracy on images that it hasn't seen."""
    manual_seed(0)
    data = digits()
    train_x, train_y, test_x, test_y = prepare(data)
    batches = DataLoader(TensorDataset(train_x, train_y), BATCH, shuffle=True)
    net = Net(train_x.shape[1], len(data.classes))
    optimizer = SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
    steps = EPOCHS * len(batches)
    to_zero = LambdaLR(optimizer, lambda step: 1 - step / steps)
    trainer = Trainer(max_epochs=EPOCHS)
    trainer.fit(
        net,
        batches,
        [(test_x, test_y)],
        loss=CrossEntropyLoss(),
        optimizer=optimizer,
        scheduler={"scheduler": to_zero, "interval": "step"},
        metrics={"accuracy": accuracy},
    )
    return trainer.callback_metrics["val_accuracy"]


if __name__ == "__main__":
    reached = main()
    print(f"test accuracy {reached:.1%}")
    assert reached >= 0.96
