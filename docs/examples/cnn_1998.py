"""Milestone 04 with a trainer: distorting the images is part of the step, the rates are a schedule."""

from tinytorch.core import AdamW, CrossEntropyLoss, manual_seed
from tinytorch.milestones.cnn_1998 import Net, batches, centring, learning_rates
from tinytorch.milestones.data import digits
from tinytorch.milestones.recipes import RECIPES
from tinytorch.training import LambdaLR, Trainer, TrainingModule
from tinytorch.vision import transforms


class Reader(TrainingModule):
    """The network, what happens to its images, and how it learns."""

    def __init__(self, data, recipe, steps):
        super().__init__()
        self.net = Net(data, recipe)
        self.centre = centring(data.train_images)
        self.distort = transforms.Batched(transforms.Compose([*recipe.distort, self.centre]))
        self.rates = list(learning_rates(1.0, steps))
        self.highest = recipe.rate

    def training_step(self, batch, batch_idx):
        """Return the loss of distorted images."""
        images, labels = batch
        return CrossEntropyLoss()(self.net(self.distort(images)), labels)

    def validation_step(self, batch, batch_idx):
        """Log the share of right answers for images as they are."""
        images, labels = batch
        right = self.net(self.centre(images)).argmax(dim=1) == labels
        self.log("test_accuracy", right.float().mean(), prog_bar=True)

    def configure_optimizers(self):
        """Return AdamW, with the milestone's learning rate for each step."""
        optimizer = AdamW(self.parameters(), lr=self.highest)
        schedule = LambdaLR(optimizer, lambda step: self.rates[min(step, len(self.rates) - 1)])
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def main(seed=0):
    """Learn to read digits, and return the accuracy on images that it hasn't seen."""
    manual_seed(seed)
    data, recipe = digits(), RECIPES["digits"]
    training = batches(data.train_images, data.train_labels, recipe.batch, shuffle=True)
    unknown = batches(data.test_images, data.test_labels, 256)
    reader = Reader(data, recipe, recipe.epochs * len(training))
    trainer = Trainer(max_epochs=recipe.epochs)
    trainer.fit(reader, training, unknown)
    return trainer.callback_metrics["test_accuracy"]


if __name__ == "__main__":
    accuracy = main()
    print(f"test accuracy {accuracy:.1%}")
    assert accuracy >= 0.985
