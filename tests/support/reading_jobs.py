"""Jobs for a process that reads which go past what it is held to, or break it; it finds them by this module's name."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import numpy as np

from syncedit_demo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from syncedit_demo.frames import Frame


def process() -> int:
    """The process that does the job."""
    return os.getpid()


def wait_for(path: Path) -> int:
    """Come to an end once a file is there; it is told beside it by which process it is waited for."""
    path.with_name(f"{path.name}-{os.getpid()}").touch()
    while not path.exists():
        time.sleep(0.01)
    return os.getpid()


def never_end() -> None:
    time.sleep(3600)


def compute() -> None:
    while True:
        pass


def take_memory() -> None:
    # Twice what the limit of the test is.
    np.ones(600_000_000, np.uint8)


def break_down() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def fail(path: Path) -> None:
    raise OutputError(path, "the disk is full: free some space")


def divide_by_zero() -> float:
    return 1 / 0


def numbered_frames(count: int, stuck_after: int = 1 << 30) -> Generator[Frame]:
    """Frames of 4×2 that show their number; after some of them it takes for ever."""
    for number in range(count):
        if number == stuck_after:
            never_end()
        yield np.full((2, 4, 3), number, np.uint8)
