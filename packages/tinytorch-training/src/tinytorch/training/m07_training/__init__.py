"""The loop, taken apart: a trainer, callbacks, learning-rate schedules, checkpoints."""

from .averaging import (
    SWALR as SWALR,
    AveragedModel as AveragedModel,
    get_ema_avg_fn as get_ema_avg_fn,
    update_bn as update_bn,
)
from .callback import Callback as Callback
from .callbacks import (
    EMA as EMA,
    CSVLogger as CSVLogger,
    CurvePlot as CurvePlot,
    EarlyStopping as EarlyStopping,
    GradientMonitor as GradientMonitor,
    JSONLinesLogger as JSONLinesLogger,
    LearningRateFinder as LearningRateFinder,
    LearningRateMonitor as LearningRateMonitor,
    ModelCheckpoint as ModelCheckpoint,
    TensorBoardLogger as TensorBoardLogger,
)
from .checkpoint import (
    CheckpointError as CheckpointError,
    latest_checkpoint as latest_checkpoint,
    load_checkpoint as load_checkpoint,
    save_checkpoint as save_checkpoint,
)
from .clipping import (
    clip_grad_norm_ as clip_grad_norm_,
    clip_grad_value_ as clip_grad_value_,
    get_total_norm as get_total_norm,
)
from .faults import NonFiniteError as NonFiniteError
from .progress import ProgressBar as ProgressBar
from .random_state import seed_everything as seed_everything
from .schedulers import (
    ChainedScheduler as ChainedScheduler,
    ConstantLR as ConstantLR,
    CosineAnnealingLR as CosineAnnealingLR,
    CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts,
    ExponentialLR as ExponentialLR,
    LambdaLR as LambdaLR,
    LinearLR as LinearLR,
    LRScheduler as LRScheduler,
    MultiplicativeLR as MultiplicativeLR,
    MultiStepLR as MultiStepLR,
    OneCycleLR as OneCycleLR,
    PolynomialLR as PolynomialLR,
    ReduceLROnPlateau as ReduceLROnPlateau,
    SequentialLR as SequentialLR,
    StepLR as StepLR,
    WarmupCosineLR as WarmupCosineLR,
)
from .task import TrainingModule as TrainingModule
from .trainer import Trainer as Trainer
