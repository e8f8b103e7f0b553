"""The loader's side of its workers: starts them, sends tasks, waits for results, notices when one dies."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import time
import warnings
from collections import deque
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from .failures import death, rebuilt
from .fetch import shown
from .interrupts import held_back
from .packing import Unpacker
from .parcel import Job, Parcel
from .worker import PATIENCE, work

_FAREWELL = 2.0  # seconds until a worker that doesn't end is killed


class Member:
    """A worker as the loader sees it."""

    def __init__(self, process: Any, tasks: Connection, results: Connection) -> None:
        self.process = process
        self.tasks = tasks
        self.results = results
        self.unpacker = Unpacker()
        self.waiting: deque[tuple[int, Any]] = deque()  # batches that it was told to load: number, indices


class Pool:
    """The workers of a loader.

    Raises:
        RuntimeError: the dataset (or a function) can't be sent to a process.
    """

    def __init__(self, job: Job, method: Any) -> None:
        self.owner = os.getpid()
        self.context = method or multiprocessing.get_context()
        self.forked = self.context.get_start_method() == "fork"
        self.epoch = -1
        self.members: list[Member] = []
        self.closed = False
        self.parcel = parcel = None if self.forked else Parcel(job)
        try:
            for id in range(job.num_workers):
                self._start(id, job)
            if parcel is not None:
                for member in self.members:
                    parcel.send(member.tasks)
                parcel.sent()
        except (BrokenPipeError, ConnectionError):
            raise self._death() from None
        except BaseException:
            self.close()
            raise

    def _start(self, id: int, job: Job) -> None:
        # Two pipes in both directions each, because only such a pipe can carry a file descriptor.
        their_tasks, our_tasks = self.context.Pipe(duplex=True)
        our_results, their_results = self.context.Pipe(duplex=True)
        others = [c for m in self.members for c in (m.tasks, m.results)] + [our_tasks, our_results]
        arguments = (id, job, their_tasks, their_results, others)
        process = self.context.Process(
            target=work,
            args=arguments if self.forked else (id, None, their_tasks, their_results, ()),
            daemon=True,
            name=f"DataLoader worker {id}",
        )
        self.members.append(Member(process, our_tasks, our_results))
        if sys.platform != "win32" and not self.forked:
            resource_tracker.ensure_running()  # Python's helper; when it is started, Ctrl-C is unblocked
        with held_back(), warnings.catch_warnings():
            # NumPy's own threads make Python warn of a fork; they hold no lock that a worker needs.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        their_tasks.close()
        their_results.close()

    def begin(self, base_seed: int) -> int:
        """Begin an epoch and return its number; what an earlier one waits for is forgotten."""
        self.epoch += 1
        for id, member in enumerate(self.members):
            member.waiting.clear()
            self._send(id, ("epoch", self.epoch, base_seed))
        return self.epoch

    def ask(self, id: int, number: int, indices: Any) -> None:
        """Tell a worker to load a batch."""
        member = self.members[id]
        member.waiting.append((number, indices))
        self._send(id, ("batch", self.epoch, number, indices, member.unpacker.freed()))

    def _send(self, id: int, task: tuple[Any, ...]) -> None:
        # One that has died may have left finished batches, or an error: what there is comes in its turn.
        with suppress(BrokenPipeError, ConnectionError):
            self.members[id].tasks.send(task)

    def answer(self, id: int, timeout: float) -> tuple[bool, Any]:
        """Wait for the next result of a worker; return True and a batch, or False if its stream has ended.

        Raises:
            RuntimeError: a worker died, or the time is over.
            Exception: what the worker raised, of the same type.
        """
        member = self.members[id]
        while True:
            message = self._next(id, timeout)
            kind, epoch = message[0], message[1]
            if epoch != self.epoch and epoch >= 0:
                if kind == "batch":
                    member.unpacker.drop(message[4])
                continue
            if member.waiting:
                member.waiting.popleft()
            if kind == "batch":
                return True, member.unpacker.unpack(message[3], message[4])
            if kind == "end":
                return False, None
            if epoch < 0:  # it couldn't even begin
                self.close()
            raise rebuilt(message[3], message[4])

    def _next(self, id: int, timeout: float) -> Any:
        member = self.members[id]
        began = time.monotonic()
        try:
            while True:
                while not member.results.poll(min(PATIENCE, timeout or PATIENCE)):
                    if not all(m.process.is_alive() for m in self.members) and not member.results.poll():
                        raise self._death()
                    if timeout and time.monotonic() - began >= timeout:
                        raise RuntimeError(
                            f"DataLoader timed out after {timeout} seconds, waiting for worker {id} "
                            f"({self._doing(member)})"
                        )
                message = member.results.recv()
                if message != "block":
                    return message
                member.unpacker.receive(member.results)
        except (EOFError, ConnectionError):
            raise self._death() from None
        except Exception:
            raise
        except BaseException:
            self.close()  # Ctrl-C, perhaps in the middle of a message
            raise

    def _doing(self, member: Member) -> str:
        if not member.waiting:
            return "it was starting"
        number, indices = member.waiting[0]
        what = "" if isinstance(indices, int) or indices is None else f", samples {shown(indices)}"
        return f"it was loading batch {number}{what}"

    def _death(self) -> RuntimeError:
        """Return the error that says which worker died, of what and with what in hand; end the others."""
        until = time.monotonic() + 1
        dead = None
        while dead is None and time.monotonic() < until:
            dead = next((i for i, m in enumerate(self.members) if m.process.exitcode is not None), None)
            time.sleep(0.001)
        if dead is None:
            self.close()
            return RuntimeError("a DataLoader worker exited unexpectedly")
        member = self.members[dead]
        code, pid, doing = member.process.exitcode, member.process.pid, self._doing(member)
        self.close()
        return death(dead, pid, code, doing, self.forked)

    def close(self) -> None:
        """End the workers."""
        if self.closed or os.getpid() != self.owner:  # a forked process has no business with them
            return
        self.closed = True
        for member in self.members:
            hang_up(member.tasks)
            hang_up(member.results)
        until = time.monotonic() + _FAREWELL
        for member in self.members:
            if member.process.pid is not None:
                member.process.join(max(0, until - time.monotonic()))
                if member.process.exitcode is None:
                    member.process.kill()
                    member.process.join()


def hang_up(connection: Connection) -> None:
    """Close a pipe for good, although workers of another loader may have inherited this end of it."""
    if sys.platform != "win32":
        with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    connection.close()
