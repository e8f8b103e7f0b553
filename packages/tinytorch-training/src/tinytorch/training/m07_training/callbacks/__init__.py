"""Callbacks that are ready: checkpoints, stopping early, monitors, loggers, averages, curves, a search."""

from .averaging import EMA as EMA
from .checkpointing import ModelCheckpoint as ModelCheckpoint
from .curves import CurvePlot as CurvePlot
from .finder import LearningRateFinder as LearningRateFinder
from .loggers import (
    CSVLogger as CSVLogger,
    JSONLinesLogger as JSONLinesLogger,
    TensorBoardLogger as TensorBoardLogger,
)
from .monitors import GradientMonitor as GradientMonitor, LearningRateMonitor as LearningRateMonitor
from .stopping import EarlyStopping as EarlyStopping
