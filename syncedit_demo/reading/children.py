"""A few processes that read, each held to limits, ended when it goes past them, and replaced when it breaks down."""

from __future__ import annotations

import logging
import math
import multiprocessing
import signal
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from multiprocessing.shared_memory import SharedMemory
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
import psutil

from syncedit_demo.errors import LimitError, ReaderError
from syncedit_demo.reading.child import Broken, Done, Failed, FrameThere, Job, Ready, serve_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from syncedit_demo.cancel import CancelFlag
    from syncedit_demo.frames import Frame, Size
    from syncedit_demo.reading.child import Message
    from syncedit_demo.settings import ReadingLimits

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

POLL_SECONDS = 0.05
"""How often a stop is looked for while a child works, or is waited for."""

START_SECONDS = 120
"""How long a child may take to come up, on a machine that is busy."""

KEPT_BYTES = 500_000_000
"""Memory with which a child is kept for the next job: what the libraries do not give back ends with it."""


class ChildrenRunner:
    """Does the work in processes of their own; see `Runner`.

    They are started when they are needed and kept for the next job. Who finds all of them busy waits, in the order of
    arrival.

    Args:
        limits: What each job is held to.
        most: How many there are at most.
    """

    def __init__(self, limits: ReadingLimits, most: int) -> None:
        self._limits = limits
        self._most = most
        self._idle: list[_Child] = []
        self._busy: set[_Child] = set()
        self._line: deque[object] = deque()
        self._working = 0
        self._closed = False
        self._changed = threading.Condition()

    def call(self, file: str, work: Callable[..., Result], *arguments: object, cancel: CancelFlag) -> Result:
        """See `Runner`."""
        with self._borrow(cancel) as child:
            child.give(Job(file, work, arguments))
            return cast("Result", child.finished(child.answer(cancel)))

    def frames(
        self, file: str, size: Size, work: Callable[..., Generator[Frame]], *arguments: object, cancel: CancelFlag
    ) -> Generator[Frame]:
        """See `Runner`."""
        with self._borrow(cancel) as child:
            slot = SharedMemory(create=True, size=size[0] * size[1] * 3)
            try:
                child.give(Job(file, work, arguments, slot.name))
                while isinstance(message := child.answer(cancel), FrameThere):
                    frame = np.ndarray(message.shape, np.uint8, slot.buf).copy()
                    child.go_on()
                    yield frame
                child.finished(message)
            finally:
                slot.close()
                slot.unlink()

    def close(self) -> None:
        """End all of them, whatever they are at."""
        with self._changed:
            self._closed = True
            idle, busy = self._idle, list(self._busy)
            self._idle = []
        for child in busy:
            child.kill()
        for child in idle:
            child.end()

    @contextmanager
    def _borrow(self, cancel: CancelFlag) -> Generator[_Child]:
        self._take_turn(cancel)
        child: _Child | None = None
        try:
            with self._changed:
                child = self._idle.pop() if self._idle else None
            child = child or _Child(self._limits)
            with self._changed:
                self._busy.add(child)
                self._refuse_if_closed()
            child.come_up(cancel)
            yield child
        finally:
            if child is not None:
                self._take_back(child)
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def _take_back(self, child: _Child) -> None:
        fit = child.is_fit()
        with self._changed:
            self._busy.remove(child)
            if fit and not self._closed:
                self._idle.append(child)
                return
        child.end()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            message = "The program is being ended: start it again."
            raise ReaderError(message)

    def _take_turn(self, cancel: CancelFlag) -> None:
        ticket = object()
        with self._changed:
            self._line.append(ticket)
            try:
                while self._line[0] is not ticket or self._working >= self._most:
                    cancel.raise_if_set()
                    self._changed.wait(POLL_SECONDS)
                cancel.raise_if_set()
                self._refuse_if_closed()
                self._working += 1
            finally:
                self._line.remove(ticket)
                self._changed.notify_all()


class _Child:
    """One process that reads. It belongs to one job at a time."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._file = ""
        self._left = 0.0
        self._is_up = False
        self._at_work = False
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=serve_jobs, args=(theirs, limits), name="reader", daemon=True)
        self._process.start()
        # Its end is noticed by this end only when nobody else holds the other one.
        theirs.close()

    def come_up(self, cancel: CancelFlag) -> None:
        if self._is_up:
            return
        self._file, self._left = "a file", START_SECONDS
        assert isinstance(self.answer(cancel), Ready)
        self._is_up = True

    def give(self, job: Job) -> None:
        self._file, self._left, self._at_work = job.file, self._limits.read_seconds, True
        with suppress(OSError):  # It has ended: the answer will say how.
            self._connection.send(job)

    def go_on(self) -> None:
        with suppress(OSError):
            self._connection.send(None)

    def answer(self, cancel: CancelFlag) -> Message:
        """What it says next.

        Raises:
            LimitError: That takes too long.
            ReaderError: It broke down.
            Cancelled: The flag was set.
        """
        while True:
            before = time.monotonic()
            heard = self._connection.poll(min(POLL_SECONDS, max(0.0, self._left)))
            self._left -= time.monotonic() - before
            if heard:
                try:
                    return cast("Message", self._connection.recv())
                except (EOFError, OSError):
                    raise self._breakdown() from None
            cancel.raise_if_set()
            if self._left <= 0:
                message = (
                    f"Reading {self._file} takes longer than {self._limits.read_seconds} seconds, which is the limit "
                    "here. Give a shorter or smaller file."
                )
                raise LimitError(message)

    def finished(self, message: Message) -> object:
        """What a job gave.

        Raises:
            SyncEditError: Why it failed.
            RuntimeError: It failed by a defect of the program; the traceback is in it.
        """
        self._at_work = False
        match message:
            case Done(result):
                return result
            case Failed(error):
                raise error
            case Broken(trace):
                raise RuntimeError(f"a reader failed:\n{trace}")
            case _:
                raise AssertionError(message)

    def is_fit(self) -> bool:
        """Whether it can take another job."""
        if not self._is_up or self._at_work or not self._process.is_alive():
            return False
        try:
            return psutil.Process(self._process.pid).memory_info().rss < KEPT_BYTES
        except psutil.Error:
            return False

    def kill(self) -> None:
        """End the process; whoever has borrowed it is told."""
        self._process.kill()

    def end(self) -> None:
        """End the process, and free what it took; it has no borrower any more."""
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _breakdown(self) -> LimitError | ReaderError:
        self._process.join()
        code = self._process.exitcode or 0
        logger.warning("a reader ended with %d", code)
        if code == -getattr(signal, "SIGXCPU", math.inf):
            return LimitError(
                f"Reading {self._file} takes more than {self._limits.read_processor_seconds} seconds of processor "
                "time, which is the limit here. Give a shorter or smaller file."
            )
        return ReaderError(
            f"{self._file} cannot be read: the process that read it broke down over it. "
            "Export it again, or give another file."
        )
