"""How long each phase of an edit takes."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


class Stopwatch:
    """Seconds spent in each phase, to the millisecond."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}

    def add(self, phase: str, seconds: float) -> None:
        """Count time to a phase."""
        self.timings[phase] = round(self.timings.get(phase, 0) + seconds, 3)

    @contextmanager
    def measure(self, phase: str) -> Generator[None]:
        """Count the time in the block to a phase."""
        before = time.perf_counter()
        try:
            yield
        finally:
            self.add(phase, time.perf_counter() - before)
