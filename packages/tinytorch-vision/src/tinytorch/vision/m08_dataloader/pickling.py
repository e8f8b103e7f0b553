"""How things become bytes on their way between our own processes; arrays may go another way.

Nothing is ever read from a file, or from anything but a process that this one started or was started by.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from collections.abc import Callable, Iterable
from typing import Any

from tinytorch.core import Tensor, from_numpy


def dumps(thing: Any, take: Callable[[pickle.PickleBuffer], Any]) -> bytes:
    """Return `thing` as bytes.

    Args:
        thing: what to send.
        take: called with the memory of each array; if it returns False or None, that isn't in the bytes, and
            has to be given to `loads`.

    Raises:
        RuntimeError: a tensor in it is the result of a recorded operation.
    """
    file = io.BytesIO()
    pickler = pickle.Pickler(file, protocol=5, buffer_callback=take)
    pickler.dispatch_table = {**copyreg.dispatch_table, Tensor: _reduced}
    pickler.dump(thing)
    return file.getvalue()


def loads(data: bytes, buffers: Iterable[Any] = ()) -> Any:
    """Return what `dumps` was given."""
    return pickle.loads(data, buffers=buffers)  # noqa: S301  (see the first lines)


def _reduced(tensor: Tensor) -> tuple[Any, ...]:
    if tensor.grad_fn is not None:
        raise RuntimeError(
            "a tensor that is the result of a recorded operation can't be sent to another process, because "
            "gradients don't cross from one to the other; send tensor.detach(), or compute it under no_grad()"
        )
    return _tensor, (tensor.array, tensor.requires_grad)  # if it is a view, then without what it is a view of


def _tensor(array: Any, requires_grad: bool) -> Tensor:
    tensor = from_numpy(array)
    return tensor.requires_grad_() if requires_grad else tensor
