"""Memory that processes share, and that vanishes with the last of them.

No name in a file system leads to it (on Windows the name is the system's and dies with its last user), so
nothing is left behind, however a process ends. It isn't bound to the size of `/dev/shm` either, which is
64 MB in many containers.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any
from uuid import uuid4

import numpy as np


class Block:
    """A piece of shared memory.

    Attributes:
        number: by which both sides call it.
        size: in bytes.
        memory: its bytes, as an array.
        holders: how many still use what is in it.
    """

    def __init__(self, number: int, size: int, handle: Any) -> None:
        self.number = number
        self.size = size
        self.handle = handle  # a file descriptor, or a name on Windows
        if sys.platform == "win32":
            self.memory: Any = np.frombuffer(mmap.mmap(-1, size, tagname=handle), np.uint8)
        else:
            self.memory = np.frombuffer(mmap.mmap(handle, size), np.uint8)
        self.address = self.memory.__array_interface__["data"][0]
        self.holders = 0

    @classmethod
    def make(cls, number: int, size: int) -> Block:
        """Return new memory of at least `size` bytes; what isn't written to costs nothing."""
        size = 1 << max(16, (size - 1).bit_length())
        if sys.platform == "win32":
            return cls(number, size, f"tinytorch-{uuid4()}")
        if hasattr(os, "memfd_create"):
            handle = os.memfd_create("tinytorch")
        else:
            with tempfile.TemporaryFile() as file:  # has no name any more
                handle = os.dup(file.fileno())
        os.ftruncate(handle, size)
        return cls(number, size, handle)

    def send(self, to: Connection) -> None:
        """Give the memory to the process at the other end, which calls `receive`."""
        if sys.platform == "win32":
            to.send((self.number, self.size, self.handle))
        else:
            to.send((self.number, self.size, None))
            reduction.send_handle(to, self.handle, None)

    @classmethod
    def receive(cls, origin: Connection) -> Block:
        """Return the memory that the other process sends."""
        number, size, handle = origin.recv()
        if handle is not None:
            return cls(number, size, handle)
        block = cls(number, size, reduction.recv_handle(origin))
        block.forget()
        return block

    def forget(self) -> None:
        """Close the file descriptor; the memory stays as long as an array is in it."""
        if sys.platform != "win32" and self.handle is not None:
            os.close(self.handle)
        self.handle = None


class Lease:
    """Holds a block for the arrays that are made in it: when the last one is gone, so is the lease.

    Args:
        block: the memory.
        ended: called with the block then; at any time and in any thread, so it must be quick.
    """

    def __init__(self, block: Block, ended: Callable[[Block], None]) -> None:
        self.block = block
        self.ended = ended
        # NumPy keeps the object that this comes from alive as long as the array and every view of it.
        self.__array_interface__ = block.memory.__array_interface__

    def __del__(self) -> None:
        self.ended(self.block)

    def array(self) -> np.ndarray:
        """Return the bytes of the block as an array that keeps the lease."""
        return np.asarray(self)
