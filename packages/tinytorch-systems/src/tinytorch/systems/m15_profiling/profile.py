"""The profiler: a block of code, and what it cost."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from .._files import PathLike, write_text
from .averages import EventList, by_operation, totals
from .events import Event
from .flame import flame_graph
from .memory import Memory
from .modules import ModuleTable, by_module
from .recorder import Recorder
from .trace import chrome_trace


class profile:
    """Note what is computed within this block: each operation, gradient rule, module call and named range.

        with profile(profile_memory=True, with_flops=True) as prof:
            loss = model(x, targets)
            loss.backward()
        print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=10))
        prof.export_chrome_trace("trace.json")

    It sees the thread that enters the block. Blocks may be nested: each sees what is within it. When it ends,
    also by an error, all is as it was, and what has been noted until then can be read.

    Args:
        record_shapes: show the shapes of the inputs in tables.
        profile_memory: watch the memory of tensors.
        with_flops: show floating-point operations and bytes moved in tables.
        with_temporaries: count in peaks of memory also the arrays that an operation makes and drops again.
            They are traced by `tracemalloc`, which slows all down, and whose own peak is reset by that.

    Raises:
        RuntimeError: (from the block) it has been used before.

    Examples:
        >>> model = tt.Linear(3, 4)
        >>> with systems.profile() as prof:
        ...     model(tt.ones(2, 3)).sum().backward()
        >>> [(row.key, row.count) for row in prof.key_averages() if row.flops]
        [('linear', 1), ('LinearBackward', 1)]
        >>> prof.total_flops  # 2 * 2 * 3 * 4 for the result, and once more for the weight's gradient
        96

    Source: https://docs.pytorch.org/docs/stable/profiler.html
    """

    def __init__(
        self,
        *,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_flops: bool = False,
        with_temporaries: bool = False,
    ) -> None:
        self.record_shapes = record_shapes
        self.profile_memory = profile_memory or with_temporaries
        self.with_flops = with_flops
        self._memory = Memory() if self.profile_memory else None
        self._recorder = Recorder(self._memory, with_temporaries)
        self._state = "new"

    def start(self) -> None:
        """Begin, as entering the block does."""
        if self._state != "new":
            raise RuntimeError(
                f"this profile {'is running already' if self._state == 'running' else 'has been used'}; "
                "make a new one for another block: with profile() as prof"
            )
        self._recorder.start()
        self._state = "running"

    def stop(self) -> None:
        """End, as leaving the block does."""
        if self._state != "running":
            raise RuntimeError("this profile isn't running: start() it, or use with profile() as prof")
        self._recorder.stop()
        self._state = "done"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    # What was noted

    def events(self) -> list[Event]:
        """Return all events, in the order in which they began or, for operations, ended.

        Raises:
            RuntimeError: the block hasn't ended yet.
        """
        if self._state != "done":
            what = "hasn't run yet" if self._state == "new" else "is still running"
            raise RuntimeError(
                f"this profile {what}: read and export it after the block, with profile() as prof: ..."
            )
        self._recorder.finish()
        return self._recorder.events

    def key_averages(self, group_by_input_shape: bool = False) -> EventList:
        """Return a row for each operation, rule, range and other work, with the sums over its calls.

        Args:
            group_by_input_shape: a row for each name and shapes of its inputs.

        Raises:
            RuntimeError: the block hasn't ended yet.
        """
        rows = by_operation(self.events(), group_by_input_shape)
        shapes = self.record_shapes and group_by_input_shape
        return EventList(rows, (shapes, self.with_flops, self.profile_memory), self.duration * 1e6)

    def module_averages(self) -> ModuleTable:
        """Return a row for each module that was called, with the sums over its calls, forward and backward.

        Raises:
            RuntimeError: the block hasn't ended yet.
        """
        return by_module(self.events())

    @property
    def duration(self) -> float:
        """Seconds that the block took."""
        self.events()
        return (self._recorder.ended - self._recorder.began) / 1e9

    @property
    def total_flops(self) -> int:
        """Floating-point operations of products, forward and backward, as PyTorch's `FlopCounterMode` has.

        What has no formula is left out: see `without_formula`.
        """
        return totals(self.events())[0].flops

    @property
    def total_elementwise_flops(self) -> int:
        """All other floating-point operations."""
        return totals(self.events())[0].elementwise

    @property
    def without_formula(self) -> dict[str, int]:
        """The operations and other work without a formula for their FLOPs, and how often they ran."""
        return totals(self.events())[1]

    @property
    def peak_memory(self) -> int:
        """The most bytes that was held of what operations and their rules made in the block.

        Without `with_temporaries` that is what they left; what they dropped again isn't seen.

        Raises:
            RuntimeError: memory wasn't watched.
        """
        return self._watched().peak

    @property
    def live_memory(self) -> int:
        """The bytes of it that were still held at the end of the block."""
        return self._watched().live

    @property
    def found_memory(self) -> int:
        """The bytes of tensors from before the block that it worked on: inputs and parameters."""
        return self._watched().found

    def _watched(self) -> Memory:
        self.events()
        if self._memory is None:
            raise RuntimeError("memory wasn't watched: use profile(profile_memory=True)")
        return self._memory

    # Exports

    def export_chrome_trace(self, path: PathLike) -> Path:
        """Write all events in the format of Chrome's tracing, which https://ui.perfetto.dev opens.

        Args:
            path: the file; one that is there and differs is kept as `name.bak` (or `name.bak2` ...).

        Returns:
            The path.

        Raises:
            RuntimeError: the block hasn't ended yet.
        """
        write_text(path, chrome_trace(self.events(), self._recorder.began))
        return Path(path)

    def export_flame_graph(self, path: PathLike, title: str = "Flame graph") -> Path:
        """Draw where the time went, as an SVG file that needs nothing else.

        Args:
            path: the file; one that is there and differs is kept as `name.bak` (or `name.bak2` ...).
            title: the line above.

        Returns:
            The path.

        Raises:
            RuntimeError: the block hasn't ended yet.
        """
        write_text(path, self.flame_graph(title))
        return Path(path)

    def flame_graph(self, title: str = "Flame graph") -> str:
        """Return the drawing of `export_flame_graph` as SVG."""
        return flame_graph(self.events(), self._recorder.ended - self._recorder.began, title)

    def __repr__(self) -> str:
        if self._state != "done":
            return f"<profile: {'not run yet' if self._state == 'new' else 'running'}>"
        return f"<profile: {len(self._recorder.events)} events in {self.duration:.3f} s>"


class Profiler(profile):
    """A `profile` that watches everything.

    Args:
        record_shapes: as of `profile`.
        profile_memory: as of `profile`.
        with_flops: as of `profile`.
        with_temporaries: as of `profile`.

    Examples:
        >>> with systems.Profiler() as prof:
        ...     x = tt.ones(1000) * 2
        ...     y = x.view(10, 100)  # a view holds no memory
        >>> prof.live_memory
        4000
    """

    def __init__(
        self,
        *,
        record_shapes: bool = True,
        profile_memory: bool = True,
        with_flops: bool = True,
        with_temporaries: bool = False,
    ) -> None:
        super().__init__(
            record_shapes=record_shapes,
            profile_memory=profile_memory,
            with_flops=with_flops,
            with_temporaries=with_temporaries,
        )
