"""Profiling: where time, arithmetic and memory go."""

from .averages import Average as Average, EventList as EventList
from .events import Event as Event
from .flops import (
    Call as Call,
    Count as Count,
    has_flop_formula as has_flop_formula,
    register_flop_formula as register_flop_formula,
)
from .machine import MachinePeaks as MachinePeaks, measure_machine as measure_machine
from .modules import ModuleCost as ModuleCost, ModuleTable as ModuleTable
from .profile import Profiler as Profiler, profile as profile
from .ranges import record_function as record_function
from .roofline import Roofline as Roofline, RooflinePoint as RooflinePoint, roofline as roofline
from .statistics import LayerInfo as LayerInfo, ModelStatistics as ModelStatistics
from .summary import summary as summary
