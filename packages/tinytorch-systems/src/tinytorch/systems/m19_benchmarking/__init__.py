"""Benchmarking: measure so that one can believe it."""

from .case import Case as Case
from .changes import Change as Change, compare_results as compare_results
from .cli import tinytorch_bench as tinytorch_bench
from .clock import (
    Stopwatch as Stopwatch,
    call_overhead as call_overhead,
    timer_resolution as timer_resolution,
)
from .commands import run_command as run_command
from .intervals import (
    Interval as Interval,
    bootstrap as bootstrap,
    paired_ratio as paired_ratio,
    unpaired_ratio as unpaired_ratio,
)
from .machine import environment as environment
from .measure import measure_case as measure_case
from .measurement import Measurement as Measurement, TaskSpec as TaskSpec, select_unit as select_unit
from .noise import Noise as Noise
from .race import Race as Race, race as race
from .report import html_report as html_report
from .results import (
    ResultsError as ResultsError,
    load_results as load_results,
    results_file as results_file,
    rows_of as rows_of,
    save_results as save_results,
)
from .running import bench_options as bench_options, run_benchmarks as run_benchmarks
from .scenarios import (
    Offline as Offline,
    ScenarioResult as ScenarioResult,
    SingleStream as SingleStream,
    percentile as percentile,
    percentile_interval as percentile_interval,
)
from .server import Server as Server, poisson_arrivals as poisson_arrivals, queue_latencies as queue_latencies
from .simulation import SimulatedMachine as SimulatedMachine
from .table import Compare as Compare
from .timer import Timer as Timer
