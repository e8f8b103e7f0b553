"""The loop, taken apart: a trainer, callbacks, learning-rate schedules, checkpoints."""
