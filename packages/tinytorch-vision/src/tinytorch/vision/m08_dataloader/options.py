"""Which arguments a DataLoader takes, and which exclude each other."""

from __future__ import annotations

import multiprocessing
import warnings
from multiprocessing.context import BaseContext
from typing import Any

from tinytorch.core import Generator


def check_workers(num_workers: Any, timeout: Any, prefetch_factor: Any, persistent_workers: Any) -> None:
    """Check the arguments that concern workers.

    Raises:
        ValueError: one is out of range, or is meant for workers and there are none.
        TypeError: one isn't a number.
    """
    for name, value in (("num_workers", num_workers), ("prefetch_factor", prefetch_factor)):
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise TypeError(f"{name} should be an int, but got {name}={value!r}")
    if num_workers is None:
        raise TypeError("num_workers should be an int, but got num_workers=None")
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to load in this process. "
            f"Got num_workers={num_workers}"
        )
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout should be a number of seconds, but got timeout={timeout!r}")
    if not timeout >= 0:
        raise ValueError(f"timeout option should be non-negative, but got timeout={timeout}")
    if num_workers == 0 and timeout:
        raise ValueError(f"timeout={timeout} needs num_workers > 0: there is nobody to wait for")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            f"prefetch_factor={prefetch_factor} option could only be specified in multiprocessing. Let "
            "num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None"
        )
    if prefetch_factor is not None and prefetch_factor < 1:
        raise ValueError(f"prefetch_factor option should be at least 1, but got {prefetch_factor}")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")


def check_options(
    streamed: bool,
    batch_size: Any,
    shuffle: Any,
    sampler: Any,
    batch_sampler: Any,
    drop_last: Any,
    pin_memory: Any,
    generator: Any,
) -> None:
    """Check the arguments that say which samples go together, and in which order.

    Raises:
        ValueError: they contradict each other.
        TypeError: the generator isn't a Generator.
    """
    if streamed:
        for name, value in (("shuffle", shuffle), ("sampler", sampler), ("batch_sampler", batch_sampler)):
            if value is not None and value is not False:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                    f"{name}={value}; a stream has an order of its own"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
            )
    elif batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )
    if pin_memory:
        warnings.warn(
            "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory "
            "won't be used",
            stacklevel=3,
        )
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(f"generator should be a Generator, but got {type(generator).__name__}")


def context_of(method: Any, num_workers: int) -> BaseContext | None:
    """Return the multiprocessing context that a user asked for, by name or as it is.

    Raises:
        ValueError: there are no workers, or this platform has no such method.
        TypeError: it is neither a name nor a context.
    """
    if method is None:
        return None
    if num_workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )
    if isinstance(method, str):
        methods = multiprocessing.get_all_start_methods()
        if method not in methods:
            raise ValueError(
                f"multiprocessing_context option should specify a valid start method in {methods}, but got "
                f"multiprocessing_context={method!r}"
            )
        return multiprocessing.get_context(method)
    if not isinstance(method, BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the "
            f"start method, but got multiprocessing_context={method}"
        )
    return method
