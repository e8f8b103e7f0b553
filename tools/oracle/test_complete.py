"""Everything public is compared: each name, each method, each parameter has a case."""

from __future__ import annotations

import ast
import inspect
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import tinytorch.core as core
import torch

from . import cases  # noqa: F401  (fills the table)
from .inputs import T
from .libraries import FACADE, FUNCTIONAL, ROOMS as PYTORCH
from .table import table
from .test_promotion import expressions
from .test_random import SAMPLES

# What has no counterpart in PyTorch, or none that could be compared.
EXEMPT = {
    "draw_graph": "PyTorch has no such function; tested in the package",
    "conv2d_naive": "the definition of a convolution, for the lesson; tested in the package",
    "functional": "a module; its names are compared",
    "datasets": "a module of torchvision's; tested in the package",
    "transforms": "a module of torchvision's; compared in test_transforms.py and test_transform_classes.py",
    "init": "a module; its names are compared",
    "op": "for authors of operations",
    "opcheck": "for authors of operations",
    "Array": "for authors of operations",
    "Arrays": "for authors of operations",
    "Operand": "for authors of operations",
    "Part": "for authors of operations",
    "mark_changed": "for authors of operations",
    "Rows": "for authors of datasets; tested in the package",
    "ops": "for authors of operations",
    **dict.fromkeys(
        "MachinePeaks ModelStatistics Profiler Roofline has_flop_formula measure_machine profile record_function "
        "register_flop_formula roofline summary".split(),
        "times and sums, not tensors; FLOPs and totals are compared in test_profiling.py, the rest is tested in the package",
    ),
    "Watcher": "for authors of profilers",
    "register_module_forward_hook": "torch.nn.modules.module's; tested in the package",
    "register_module_forward_pre_hook": "torch.nn.modules.module's; tested in the package",
    "lazy": "for authors of tracks",
    "BertNormalizer": "compared with tokenizers in test_tokenizers.py",
    "BPETokenizer": "compared with tokenizers and tiktoken in test_tokenizers.py",
    "CharTokenizer": "no library has one; tested in the package",
    "Encoding": "compared with tokenizers in test_tokenizers.py",
    "WordPieceTokenizer": "compared with tokenizers in test_tokenizers.py",
    "plays": "a text; tested in the package",
    "number_of_threads": "for authors of operations",
    "share": "for authors of operations",
    "small_is_fast": "for authors of operations",
    "Optimizer.use": "for authors of kernels; tested in the package",
    **dict.fromkeys(
        "Acceleration Rung SpeedLadder accelerate speed_ladder".split(),
        "PyTorch has none; kernels are compared with the operations that they stand in for, in the package",
    ),
    **dict.fromkeys(
        "checkpoint checkpoint_sequential".split(), "torch.utils.checkpoint's; compared in test_checkpoint.py"
    ),
    **dict.fromkeys(
        "Case Change Interval Noise Offline Race ResultsError ScenarioResult Server SimulatedMachine SingleStream Stopwatch bench_options "
        "bootstrap call_overhead compare_results environment html_report load_results measure_case paired_ratio percentile "
        "percentile_interval poisson_arrivals queue_latencies race results_file rows_of run_benchmarks run_command save_results "
        "timer_resolution tinytorch_bench unpaired_ratio".split(),
        "PyTorch has none; tested in the package",
    ),
    **dict.fromkeys(
        "Compare Measurement TaskSpec Timer select_unit".split(),
        "torch.utils.benchmark's; compared in test_benchmark.py",
    ),
    "Optimizer.rule": "how our optimizers are written",
    "Optimizer.buffers": "how our optimizers are written",
    "Optimizer.check_options": "how our optimizers are written",
    **dict.fromkeys(
        "Contestant Conversation Corpus ServerLimits TinyGPT TinyGPTError TinyGPTOptions TinyGPTServer TinyGPTTraining olympics "
        "read_corpus tinytorch_gpt".split(),
        "TinyGPT; tested in the package",
    ),
    **dict.fromkeys(
        "Callback CSVLogger CurvePlot EMA EarlyStopping GradientMonitor JSONLinesLogger LearningRateFinder LearningRateMonitor "
        "ModelCheckpoint ProgressBar TensorBoardLogger Trainer TrainingModule seed_everything".split(),
        "PyTorch Lightning's; tested in the package",
    ),
    **dict.fromkeys(
        "CheckpointError NonFiniteError WarmupCosineLR latest_checkpoint load_checkpoint save_checkpoint".split(),
        "PyTorch has none; tested in the package",
    ),
    **dict.fromkeys(
        "F.apply_rotary GroupedQueryAttention PositionalEmbedding RotaryEmbedding SinusoidalPositionalEncoding alibi_bias alibi_slopes "
        "causal_mask padding_mask sinusoidal_positions".split(),
        "PyTorch has none; tested in the package",
    ),
    **dict.fromkeys(
        "GPT GPTConfig LayerCache MLP SelfAttention SwiGLU TransformerBlock".split(),
        "PyTorch has none; compared with its encoder layers in test_gpt.py",
    ),
    **dict.fromkeys(
        "choose_token discourage_repetition keep_top_k keep_top_p".split(),
        "PyTorch has none; tested in the package",
    ),
    **dict.fromkeys(
        "BeamResult ContinuousBatcher GenerationRequest KVCache LayerMemory Speculation StepCost beam_search speculative_generate "
        "step_costs".split(),
        "PyTorch has none; compared with full forward passes in the package",
    ),
    **dict.fromkeys(
        "FakeQuantize MinMaxObserver MovingAverageMinMaxObserver PerChannelMinMaxObserver quantize_per_channel quantize_per_tensor qint8 "
        "quint8 quint4x2".split(),
        "torch.ao.quantization's, or needs tensors of its kind; compared in test_quantization.py",
    ),
    **dict.fromkeys(
        "F.integer_linear MSEObserver PercentileObserver QuantizedConv2d QuantizedDtype QuantizedEmbedding QuantizedFileError "
        "QuantizedLinear QuantizedTensor convert load_quantized model_nbytes prepare prepare_qat qint4x2 quantize quantize_tensor "
        "save_quantized".split(),
        "PyTorch has none, or with other arguments; tested in the package",
    ),
    "prune": "a module; its names are compared in test_pruning.py",
    **dict.fromkeys(
        "GradualPruner LowRankLinear SparseTensor cubic_sparsity distillation_loss factorize finish_pruning load_compressed low_rank "
        "prunable prune_channels prune_model save_compressed share_weights shrink sparsity unshare_weights".split(),
        "PyTorch has none; tested in the package",
    ),
}
EXEMPT_PARAMETERS = {
    "from_": "random_'s first parameter, which no Python call can name in PyTorch",
    "function": "no_grad and enable_grad as decorators without parentheses",
    "args": "passed on to a function that has cases of its own",
    "kwargs": "passed on to a function that has cases of its own",
}
ROOMS = {"t": "", "nn": "", "optim": "", "autograd": "", "data": "", "schedulers": "", "utils": "", "swa": "", "F": "F.", "init": "init."}
CLASSES = (core.Tensor, core.Module, core.Sequential, core.ModuleList, core.ModuleDict, core.Optimizer, core.Generator)
OPERATORS = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow",
    ast.MatMult: "matmul", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor", ast.Eq: "eq", ast.NotEq: "ne", ast.Lt: "lt", ast.LtE: "le",
    ast.Gt: "gt", ast.GtE: "ge", ast.In: "contains", ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
}  # fmt: skip
BUILTINS = {
    "len": "len", "float": "float", "int": "int", "bool": "bool", "list": "iter", "repr": "repr", "str": "repr", "hash": "hash",
    "abs": "abs", "dir": "dir", "range": "index", "reversed": "reversed",
}  # fmt: skip
FUNCTIONS = {"np.asarray": "array", "np.array": "array", ".deepcopy": "deepcopy"}


def surface() -> Iterator[tuple[str, Any]]:
    """Yield every public thing, by the name that a case uses for it."""
    for name, facade in FACADE.items():
        yield name, getattr(facade, name)
    for name, facade in FUNCTIONAL.items():
        yield f"F.{name}", getattr(facade, name)
    for name, thing in vars(core.init).items():
        if not name.startswith("_") and callable(thing) and thing.__module__.startswith("tinytorch.core.m03"):
            yield f"init.{name}", thing
    for kind in CLASSES:
        for name in dir(kind):
            thing = inspect.getattr_static(kind, name)
            own = any(name in vars(c) for c in kind.__mro__ if c.__module__.startswith("tinytorch"))
            bookkeeping = ("__init__", "__module__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__slots__", "__call__")
            special = name.startswith("__") and name.endswith("__") and callable(thing) and name not in bookkeeping
            if own and (special or not name.startswith("_")):
                yield f"{'' if kind is core.Tensor else kind.__name__}.{name}", getattr(kind, name)


class Evidence(ast.NodeVisitor):
    """What a piece of code uses: names, and for each the ways in which it is called."""

    def __init__(self) -> None:
        self.calls: dict[str, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)

    def note(self, name: str, arguments: int = 0, keywords: tuple[str, ...] = ()) -> None:
        self.calls[name].append((arguments, keywords))

    def visit_Call(self, node: ast.Call) -> None:
        keywords = tuple(k.arg for k in node.keywords if k.arg)
        arguments = len(node.args) + 20 * any(isinstance(a, ast.Starred) for a in node.args)
        if isinstance(node.func, ast.Attribute):
            self.note(self.label(node.func), arguments, keywords)
            if self.label(node.func) in FUNCTIONS:
                self.note(f".__{FUNCTIONS[self.label(node.func)]}__")
        elif isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
            self.note(f".__{BUILTINS[node.func.id]}__", 0)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.note(self.label(node))
        self.generic_visit(node)

    @staticmethod
    def label(node: ast.Attribute) -> str:
        if isinstance(node.value, ast.Name):
            if node.value.id in ROOMS:
                return ROOMS[node.value.id] + node.attr
            if node.value.id == "np":
                return f"np.{node.attr}"
        return f".{node.attr}"

    def visit_BinOp(self, node: ast.BinOp) -> None:
        reflected = isinstance(node.left, (ast.Constant, ast.UnaryOp))
        self.note(f".__{'r' * reflected}{OPERATORS.get(type(node.op), '')}__", 1)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.note(f".__i{OPERATORS[type(node.op)]}__", 1)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for op in node.ops:
            self.note(f".__{OPERATORS.get(type(op), '')}__", 1)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self.note(f".__{OPERATORS.get(type(node.op), '')}__")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        context = {ast.Load: "get", ast.Store: "set", ast.Del: "del"}[type(node.ctx)]
        self.note(f".__{context}item__", 2)
        self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        self.note(".__format__", 1)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        self.note(".__delattr__", 1)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(t, ast.Attribute) for t in node.targets):
            self.note(".__setattr__", 2)
        self.generic_visit(node)


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    found = Evidence()
    codes = [*SAMPLES, *(code for _, code in expressions())]
    for case in table:
        codes += [case.source, case.setup]
        name, keywords = case.name, tuple(case.kwargs)
        if case.source:
            continue
        if name.startswith("."):
            found.note(name, len(case.args) - 1, keywords)
            continue
        found.note(name.removeprefix("t."), len(case.args), keywords)
        if "." not in name:
            found.note(f"F.{name}", len(case.args), keywords)
            if case.args and isinstance(case.args[0], T):
                found.note(f".{name}", len(case.args) - 1, keywords)
    for code in codes:
        try:
            found.visit(ast.parse(code))
        except SyntaxError:
            continue  # a case of wrong code
    return found


SURFACE = dict(surface())


@pytest.mark.parametrize("name", [n for n in SURFACE if n not in EXEMPT])
def test_is_compared(name: str, evidence: Evidence) -> None:
    thing = SURFACE[name]
    member = "." in name and not name.startswith(("F.", "init."))
    calls = evidence.calls[f".{name.partition('.')[2]}" if member else name]
    same = name.removeprefix("F.")
    if name.startswith("F.") and thing is SURFACE.get(same):
        calls = calls + evidence.calls[same]
    assert calls, f"no case uses {name}"
    if name.startswith(".__") or isinstance(thing, property) or not callable(thing):
        return
    try:
        parameters = dict(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return
    if member and next(iter(parameters), "") in ("self", "input"):
        parameters.pop(next(iter(parameters)))
    unused = set(parameters) - used_parameters(parameters, calls) - set(EXEMPT_PARAMETERS)
    assert not unused, f"no case uses these parameters of {name}: {unused}"


def used_parameters(parameters: dict[str, inspect.Parameter], calls: list[tuple[int, tuple[str, ...]]]) -> set[str]:
    """Return which parameters some call gives a value."""
    used: set[str] = set()
    positional = [n for n, p in parameters.items() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    variadic = {p.kind: n for n, p in parameters.items()}
    for count, keywords in calls:
        used.update(positional[:count])
        used.update(keywords)
        if count > len(positional) and inspect.Parameter.VAR_POSITIONAL in variadic:
            used.add(variadic[inspect.Parameter.VAR_POSITIONAL])
        if set(keywords) - set(parameters) and inspect.Parameter.VAR_KEYWORD in variadic:
            used.add(variadic[inspect.Parameter.VAR_KEYWORD])
    return used


def test_exempt_names_exist() -> None:
    assert not set(EXEMPT) - set(SURFACE)


@pytest.mark.parametrize("name", [n for n in SURFACE if n not in EXEMPT])
def test_exists_in_pytorch(name: str) -> None:
    where, _, last = name.rpartition(".")
    rooms: dict[str, tuple[Any, ...]] = {
        "": (torch.Tensor,) if name.startswith(".") else PYTORCH,
        "F": (torch.nn.functional,),
        "init": (torch.nn.init,),
        "Optimizer": (torch.optim.Optimizer,),
        "Generator": (torch.Generator,),
    }
    assert any(hasattr(room, last) for room in rooms.get(where, (getattr(torch.nn, where, None),))), name
