"""Batches for the loops: limited, and from the middle of an epoch if a run was cut off there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from .random_state import random_state, set_random_state


class Batches:
    """An iterable of batches that can be asked for a part of an epoch.

    Args:
        loader: any iterable that can be gone through once an epoch: a list, vision's DataLoader ...
        limit: at most this many batches (an int), or this part of them (a float up to 1.0).
        name: what the limit is called in errors.

    Raises:
        TypeError: `loader` isn't iterable, or is an iterator, which is at its end after one epoch.
        ValueError: the limit is out of range, or a part of an unknown number.
    """

    def __init__(self, loader: Iterable[Any], limit: int | float = 1.0, name: str = "limit_batches") -> None:
        if not isinstance(loader, Iterable):
            raise TypeError(
                f"expected batches, for example a DataLoader or a list, got {type(loader).__name__}"
            )
        if isinstance(loader, Iterator):
            raise TypeError(
                f"a {type(loader).__name__} can be gone through only once; give a list or a DataLoader"
            )
        self.loader = loader
        self.name = type(loader).__name__
        try:
            length: int | None = len(loader)  # type: ignore[arg-type]
        except TypeError:
            length = None
        if isinstance(limit, bool) or limit < 0 or (isinstance(limit, float) and limit > 1):
            raise ValueError(f"{name} is a number of batches, or a part between 0.0 and 1.0, not {limit}")
        self.stop: int | None = None  # before the loader's own end
        if isinstance(limit, float) and limit < 1:
            if length is None:
                raise ValueError(f"{name}={limit} needs to know how many batches there are; give a number")
            limit = int(length * limit)
        if isinstance(limit, int) and (length is None or limit < length):
            self.stop = length = limit
        self.length = length

    def start(self, skip: int = 0, epoch_began: dict[str, Any] | None = None) -> Iterator[Any]:
        """Return the batches of an epoch.

        Args:
            skip: how many were used before the run was cut off.
            epoch_began: the random state at the epoch's beginning. From there the same order is drawn again;
                afterwards the present random state goes on.
        """
        if not skip:
            return islice(iter(self.loader), self.stop)
        if self.length == skip:
            return iter(())
        remaining = None if self.stop is None else self.stop - skip
        if hasattr(self.loader, "load_state_dict"):  # it knows by itself where it was
            return islice(iter(self.loader), remaining)
        now = random_state()
        if epoch_began is not None:
            set_random_state(epoch_began)
        batches = iter(self.loader)
        for _ in islice(batches, skip):
            pass
        set_random_state(now)
        return islice(batches, remaining)

    def state_dict(self) -> Any:
        """Return what the loader itself remembers, or None."""
        state_dict = getattr(self.loader, "state_dict", None)
        return None if state_dict is None else state_dict()

    def load_state_dict(self, state: Any, new_epoch: bool) -> None:
        """Tell the loader where it was, before an epoch or in the middle of one."""
        if state is not None and hasattr(self.loader, "load_state_dict"):
            self.loader.load_state_dict(state)
            if new_epoch and self.stop is not None:
                next(iter(self.loader), None)  # it was left in the middle of the epoch before


class Overfit(Batches):
    """The first few batches, kept and given again and again: what can't learn these by heart is broken."""

    def __init__(self, loader: Iterable[Any], count: int | float) -> None:
        super().__init__(loader, count, "overfit_batches")
        super().__init__(list(self.start()))
