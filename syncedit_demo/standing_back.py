"""Threads that leave the processor to those who answer visitors."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

BEHIND = 5
"""By how much work stands back, as `nice` counts: enough to let a page be answered within what its visitor notices,
and little enough that the work is done all the same."""


def stand_back(process: int = 0) -> None:
    """Have this thread, and those it starts, stand back for others; nothing on Windows, which counts in another way.

    On Linux each thread has a rank of its own, elsewhere it is that of the whole process: there only the main thread
    of a process changes it.

    Args:
        process: The process whose main thread it stands behind, by number; this one unless it is named.
    """
    if sys.platform == "win32" or (
        sys.platform != "linux" and threading.current_thread() is not threading.main_thread()
    ):
        return
    thread = threading.get_native_id() if sys.platform == "linux" else 0
    rank = os.getpriority(os.PRIO_PROCESS, process or os.getpid()) + BEHIND
    # One may only ever go further back, and whoever starts this may stand there already.
    os.setpriority(os.PRIO_PROCESS, thread, max(rank, os.getpriority(os.PRIO_PROCESS, thread)))


def called_behind(work: Callable[[], Result]) -> Result:
    """What a function returns, called in a thread of its own that stands back; the caller waits for it."""
    with ThreadPoolExecutor(1, "behind", stand_back) as behind:
        return behind.submit(copy_context().run, work).result()
