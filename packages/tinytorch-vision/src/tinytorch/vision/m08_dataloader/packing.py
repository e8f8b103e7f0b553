"""How a batch gets from a worker to the loader: its arrays in shared memory, the rest through a pipe."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from .pickling import dumps, loads
from .shared import Block, Lease

_SMALL = 1024  # bytes; arrays below go through the pipe with the rest
_ALIGN = 64
_MANY = 32  # blocks of one worker that the user may hold; beyond, batches are copied

Span = tuple[int, int, int]  # number of a block, where in it, how many bytes


class Packer:
    """A worker's side: makes batches in blocks of shared memory and uses them again when they are free.

    A block is free when the loader has said so (nothing that the user holds is in it any more) and nothing
    that the dataset still holds here is in it either.
    """

    def __init__(self, to: Connection) -> None:
        self.to = to
        self.blocks: list[Block] = []
        self.free: list[Block] = []
        self.expected = 0  # bytes of the largest batch so far
        self.clear()

    def clear(self) -> None:
        """Begin the next batch."""
        self.leases: list[Lease] = []
        self.used = self.total = 0

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
        """Return an array in shared memory (in ordinary memory if it is small)."""
        count = math.prod(shape) * dtype.itemsize
        if count < _SMALL or dtype.hasobject:
            return np.empty(shape, dtype)
        return self._room(count)[0].view(dtype).reshape(shape)

    def pack(self, batch: Any) -> tuple[bytes, list[Span]]:
        """Return a batch as what goes through the pipe, and where in shared memory its arrays are."""
        spans: list[Span] = []

        def put(buffer: pickle.PickleBuffer) -> bool:
            source = np.frombuffer(buffer.raw(), np.uint8)
            if source.size < _SMALL:
                return True
            address = source.__array_interface__["data"][0]
            for lease in self.leases:
                start = address - lease.block.address
                if 0 <= start < lease.block.size:
                    break
            else:
                target, lease, start = self._room(source.size)
                target[:] = source
            spans.append((lease.block.number, start, source.size))
            return False

        data = dumps(batch, put)
        for number in {number for number, _, _ in spans}:
            self.blocks[number].holders += 1  # the loader's hold
        self.expected = max(self.expected, self.total)
        return data, spans

    def release(self, numbers: Sequence[int]) -> None:
        """Note that the loader has no more use for these blocks."""
        for number in numbers:
            self._ended(self.blocks[number])

    def _room(self, count: int) -> tuple[np.ndarray, Lease, int]:
        """Return so many bytes, aligned, in a block that belongs to this batch; the lease; where they are."""
        start = -(-self.used // _ALIGN) * _ALIGN
        if not self.leases or start + count > self.leases[-1].block.size:
            block = self._block(max(count, self.expected - self.total))
            block.holders += 1
            self.leases.append(Lease(block, self._ended))
            start = 0
        self.total += start + count - self.used if start else count
        self.used = start + count
        return self.leases[-1].array()[start : self.used], self.leases[-1], start

    def _block(self, count: int) -> Block:
        fitting = [block for block in self.free if block.size >= count]
        if fitting:
            block = min(fitting, key=lambda block: block.size)
            self.free.remove(block)
            return block
        block = Block.make(len(self.blocks), count)
        self.blocks.append(block)
        self.to.send("block")
        block.send(self.to)
        block.forget()
        return block

    def _ended(self, block: Block) -> None:
        block.holders -= 1
        if block.holders == 0:
            self.free.append(block)


class Unpacker:
    """The loader's side of one worker: makes batches of what arrives, without copying the arrays."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.free: list[int] = []  # what nobody uses any more, to be told to the worker
        self.leased: set[int] = set()  # what is in use

    def receive(self, origin: Connection) -> None:
        """Take in a new block."""
        self.blocks.append(Block.receive(origin))

    def unpack(self, data: bytes, spans: Sequence[Span]) -> Any:
        """Return the batch."""
        numbers = {number for number, _, _ in spans}
        if len(self.leased) + len(numbers) > _MANY:  # the user keeps batches; each block takes an open file
            arrays = {number: self.blocks[number].memory for number in numbers}
            buffers = [arrays[number][start : start + count].copy() for number, start, count in spans]
            self.drop(spans)
        else:
            self.leased |= numbers
            arrays = {number: Lease(self.blocks[number], self._ended).array() for number in numbers}
            buffers = [arrays[number][start : start + count] for number, start, count in spans]
        return loads(data, buffers)

    def _ended(self, block: Block) -> None:
        self.leased.discard(block.number)
        self.free.append(block.number)

    def drop(self, spans: Sequence[Span]) -> None:
        """Let a batch that nobody wants go."""
        self.free += {number for number, _, _ in spans}

    def freed(self) -> list[int]:
        """Return the blocks that have become free since the last call."""
        count = len(self.free)  # a lease may end and add to the list at any moment
        numbers = self.free[:count]
        del self.free[:count]
        return numbers
