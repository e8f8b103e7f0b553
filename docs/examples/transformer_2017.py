"""Milestone 05 with a trainer: steps instead of epochs, clipped gradients, warm-up and cosine by name."""

import numpy as np
from tinytorch.core import from_numpy, manual_seed
from tinytorch.language import CharTokenizer
from tinytorch.milestones.data.texts import plays
from tinytorch.milestones.transformer_2017 import CLIP, QUICK, Net, make_optimizer, test
from tinytorch.training import Trainer, TrainingModule, WarmupCosineLR


class Windows:
    """Batches of windows of a text, drawn anew without end; an epoch is as many as the recipe has steps."""

    def __init__(self, ids, recipe):
        self.ids = ids
        self.recipe = recipe
        self.random = np.random.default_rng(0)

    def __len__(self):
        return self.recipe.iterations

    def __iter__(self):
        for _ in range(len(self)):
            last = len(self.ids) - self.recipe.context
            starts = self.random.integers(0, last, (self.recipe.batch, 1))
            places = starts + np.arange(self.recipe.context)  # (batch, context)
            yield from_numpy(self.ids[places]), from_numpy(self.ids[places + 1])


class Writer(TrainingModule):
    """A GPT and the way to train it."""

    def __init__(self, letters, recipe):
        super().__init__()
        self.net = Net(letters, recipe)
        self.recipe = recipe

    def training_step(self, batch, batch_idx):
        """Return how surprised it was by the next characters."""
        _, loss = self.net(*batch)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        """Return AdamW with warm-up and cosine."""
        optimizer = make_optimizer(self.net, self.recipe)
        sizes = (self.recipe.warm_up, self.recipe.iterations, self.recipe.last_rate)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": WarmupCosineLR(optimizer, *sizes), "interval": "step"},
        }


def main(recipe=QUICK):
    """Learn to write plays, and return the loss on text that it hasn't seen."""
    manual_seed(0)
    data = plays()
    tokenizer = CharTokenizer.train([data.train, data.test])
    train_ids, test_ids = (np.array(tokenizer.encode(part)) for part in (data.train, data.test))
    writer = Writer(len(tokenizer.itos), recipe)
    trainer = Trainer(max_epochs=1, gradient_clip_val=CLIP)
    trainer.fit(writer, Windows(train_ids, recipe))
    return test(writer.net, test_ids, None)


if __name__ == "__main__":
    loss = main()
    print(f"test loss {loss:.3f}")
    assert loss <= QUICK.threshold
