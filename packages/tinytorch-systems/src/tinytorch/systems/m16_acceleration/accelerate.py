"""`accelerate()`: faster kernels behind the same operations."""

from __future__ import annotations

import importlib
import threading
import warnings
from collections import Counter
from types import TracebackType
from typing import Any, Self

import tinytorch.core
from tinytorch.core import number_of_threads, ops

from . import attention, images, pointwise, products, rows, steps
from .compiler import NoKernels
from .library import Library, shared_library

# Operations come into being when their module is first asked for; these names ask for them.
NAMES = {
    "tinytorch.language.functional": ("embedding", "layer_norm", "scaled_dot_product_attention"),
    "tinytorch.vision.functional": ("conv2d", "max_pool2d"),
}

_using: Counter[str] = Counter()  # how many accelerations use kernels for an operation, or optimizer
_lock = threading.Lock()


class Acceleration:
    """What `accelerate()` has exchanged: a context manager that undoes it, and a table of who does what.

    Attributes:
        library: the compiled kernels, or None if NumPy does everything.
        reason: why there is no library; empty if there is one.
        served: for each operation and optimizer who does its work.
    """

    def __init__(self, library: Library | None, reason: str) -> None:
        self.library = library
        self.reason = reason
        self.served: dict[str, str] = {}
        self._blas: Any = None
        self._exchanged: list[tuple[str, Any]] = []
        if library is not None:
            with _lock:
                self._exchange(library)
            if number_of_threads() > 1:
                # Threads of NumPy's BLAS go on looking for work for a while after a product, and would keep
                # the kernels' threads from the cores. What products are left for it, it does in one.
                from threadpoolctl import ThreadpoolController

                self._blas = ThreadpoolController().select(internal_api="openblas").limit(limits=1)

    def _exchange(self, library: Library) -> None:
        for module, names in NAMES.items():
            try:
                room = importlib.import_module(module)
                for name in names:
                    getattr(room, name)
            except ImportError:
                pass  # an extra that isn't installed has no operations
        for part in (products, pointwise, rows, attention, images):
            for kernel in part.kernels(library):
                op = ops.get(kernel.name)
                if op is None:
                    self.served[kernel.name] = "nobody: its track isn't installed"
                    continue
                self._use(kernel.name, op, kernel.forward, kernel.rule)
        for name, update in steps.kernels(library).items():
            self._use(name, getattr(tinytorch.core, name), update)

    def _use(self, name: str, target: Any, *kernel: Any) -> None:
        try:
            target.use(*kernel)
        except (AttributeError, ValueError) as error:  # somebody's own version that is made otherwise
            self.served[name] = f"NumPy: {error}"
            return
        _using[name] += 1
        self._exchanged.append((name, target))
        self.served[name] = "C"

    @property
    def on(self) -> bool:
        """Whether kernels are in use."""
        return bool(self._exchanged)

    def off(self) -> None:
        """Let the operations do their own work again; other accelerations that are still on stay so."""
        with _lock:
            for name, target in self._exchanged:
                _using[name] -= 1
                if not _using[name]:
                    target.use()
            self._exchanged = []
            if self._blas is not None:
                self._blas.restore_original_limits()
                self._blas = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.off()

    def report(self) -> str:
        """Return a table of which operation is served by what; float32 arrays without gaps, that is.

        Everything else - other dtypes, gaps, sizes and options that no kernel is for - NumPy goes on doing.
        """
        if self.library is None:
            return f"everything: NumPy ({self.reason})"
        state = "on" if self.on else "off"
        head = f"{state}; C with vectors of {self.library.lanes()} floats, threads: {number_of_threads()}"
        width = max(map(len, self.served))
        return "\n".join([head, *(f"{name:{width}}  {who}" for name, who in self.served.items())])

    def __repr__(self) -> str:
        if self.library is None:
            return f"<accelerate: NumPy, because {self.reason}>"
        count = sum(who == "C" for who in self.served.values())
        return f"<accelerate: on, {count} operations in C>" if self.on else "<accelerate: off>"


def accelerate(*, compiler: str | None = None) -> Acceleration:
    """Let faster kernels do the work of operations and optimizers, with the same results to float tolerance.

    The kernels are in C. They are compiled when they are first needed, which takes some seconds, and kept in
    the user's cache folder (TINYTORCH_CACHE, if that is set). Without a compiler everything works as before,
    and a warning says in one line why. They are for float32; what else comes, NumPy does.

    Args:
        compiler: the name or path of a C compiler; left out, the first of cc, gcc and clang that is found.

    Returns:
        What was exchanged: `.report()` shows it, `.off()` or leaving a `with` undoes it.

    Examples:
        >>> with systems.accelerate() as fast:
        ...     x = tt.functional.gelu(tt.ones(2, 300))
        >>> fast.on
        False
    """
    try:
        return Acceleration(shared_library(compiler), "")
    except NoKernels as error:
        reason = " ".join(str(error).split())
        warnings.warn(f"accelerate(): NumPy goes on doing the work, because {reason}", stacklevel=2)
        return Acceleration(None, reason)
