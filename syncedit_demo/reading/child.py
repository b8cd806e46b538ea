"""A process that reads: it takes one job after the other from whoever started it, and ends with them."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import psutil

from syncedit_demo.errors import LimitError, SyncEditError
from syncedit_demo.media.limits import hold_process_to
from syncedit_demo.prefetch import prefetch

# What the jobs need is loaded before the first of them comes.
from syncedit_demo.reading import media_reader as _  # noqa: F401
from syncedit_demo.spare_memory import keep_few_arenas
from syncedit_demo.standing_back import stand_back
from syncedit_demo.wording import gigabytes

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from syncedit_demo.frames import Frame
    from syncedit_demo.settings import ReadingLimits

MB = 10**6


@dataclass(frozen=True, slots=True)
class Job:
    """What a child is to do.

    Attributes:
        file: What is read, as it is named to the user.
        work: A function of a module.
        arguments: What it takes.
        slot: Name of the shared memory for a frame where the function gives frames, None for others.
    """

    file: str
    work: Callable[..., Any]
    arguments: tuple[object, ...]
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The child is up."""


@dataclass(frozen=True, slots=True)
class FrameThere:
    """A frame is in the slot, which is written to again once any answer came."""

    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The job is done; the result of a function that gives frames is None."""

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """The job failed for a reason that is the user's to know."""

    error: SyncEditError


@dataclass(frozen=True, slots=True)
class Broken:
    """The job failed by a defect of the program.

    Attributes:
        trace: The traceback as text.
    """

    trace: str


Message = Ready | FrameThere | Done | Failed | Broken


def serve_jobs(connection: Connection, limits: ReadingLimits) -> None:
    """Do one job after the other until the connection is closed."""
    # Ctrl-C in a terminal is sent to all its processes: the one that started this one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    hold_process_to(limits)
    stand_back(os.getppid())
    _limit_memory(limits)
    connection.send(Ready())
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            job: Job = connection.recv()
            _limit_processor_time(limits)
            connection.send(_carry_out(job, connection, limits))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _limit_memory(limits: ReadingLimits) -> None:
    """Bound the addresses this process may take from now on. Windows has no such limit, and macOS does not heed it."""
    if sys.platform == "win32":
        return
    keep_few_arenas()
    taken = psutil.Process().memory_info().vms
    _lower(resource.RLIMIT_AS, taken + limits.read_memory_mb * MB)
    # A crash is told of by its signal; nobody wants the picture of it on the disk.
    _lower(resource.RLIMIT_CORE, 0)


def _limit_processor_time(limits: ReadingLimits) -> None:
    if sys.platform != "win32":
        _lower(resource.RLIMIT_CPU, math.ceil(time.process_time()) + limits.read_processor_seconds)


def _lower(what: int, most: int) -> None:
    if sys.platform != "win32":
        _, highest = resource.getrlimit(what)
        most = most if highest == resource.RLIM_INFINITY else min(most, highest)
        with suppress(ValueError, OSError):  # macOS refuses what it does not heed.
            resource.setrlimit(what, (most, highest))


def _carry_out(job: Job, connection: Connection, limits: ReadingLimits) -> Message:
    try:
        if job.slot is None:
            return Done(job.work(*job.arguments))
        _send_frames(job, job.slot, connection)
        return Done(None)
    except SyncEditError as error:
        return Failed(error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:
        if isinstance(error, MemoryError) or (isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem):
            return Failed(_out_of_memory(job, limits))
        return Broken(traceback.format_exc())


def _send_frames(job: Job, slot: str, connection: Connection) -> None:
    shared = SharedMemory(slot)
    try:
        # The next one is made while this one is fetched.
        with closing(prefetch(job.work(*job.arguments))) as frames:
            for frame in frames:
                _put(frame, shared)
                connection.send(FrameThere(frame.shape))
                connection.recv()
    finally:
        shared.close()


def _put(frame: Frame, shared: SharedMemory) -> None:
    np.ndarray(frame.shape, np.uint8, shared.buf)[:] = frame


def _out_of_memory(job: Job, limits: ReadingLimits) -> LimitError:
    return LimitError(
        f"Reading {job.file} takes more than {gigabytes(limits.read_memory_mb * MB)} of memory, which is the limit "
        "here. Export it smaller."
    )
