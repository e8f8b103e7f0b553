"""Going through batches without learning from them: validation, test, prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinytorch.core import no_grad

from .results import samples_in

if TYPE_CHECKING:
    from .data import Batches
    from .trainer import Trainer

HOOK = {"validate": "validation", "test": "test", "predict": "predict"}  # as hooks call the stages
STEP = {"validate": "validation_step", "test": "test_step", "predict": "predict_step"}
SHORT = {"validate": "val", "test": "test", "predict": "predict"}


def evaluate(trainer: Trainer, stage: str, batches: Batches) -> list[Any]:
    """Run a step for each batch, in eval mode and without gradients; return what the steps returned.

    Afterwards each layer is in the mode, train or eval, in which it was.
    """
    name = HOOK[stage]
    step = getattr(trainer.task, STEP[stage])
    modes = [(layer, layer.training) for layer in trainer.task.modules()]
    trainer.task.eval()
    outputs = []
    try:
        with no_grad():
            trainer.call(f"on_{name}_start")
            trainer.results.begin(SHORT[stage])
            trainer.call(f"on_{name}_epoch_start")
            for index, batch in enumerate(batches.start()):
                trainer.call(f"on_{name}_batch_start", batch, index)
                trainer.results.batch_size = samples_in(batch)
                output = step(batch, index)
                trainer.call(f"on_{name}_batch_end", output, batch, index)
                if stage == "predict":
                    outputs.append(output)
            trainer.call(f"on_{name}_epoch_end")
            measures = trainer.results.end()
            if measures and not trainer.sanity_checking:
                trainer.call("log_metrics", measures, trainer.global_step)
            trainer.call(f"on_{name}_end")
    finally:
        for layer, mode in modes:
            layer.training = mode
    return outputs if stage == "predict" else [measures]
