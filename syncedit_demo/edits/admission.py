"""How much work is taken on: at most so many jobs at once, at most a few that wait for each visitor."""

from __future__ import annotations

import math
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncedit_demo.errors import BusyError
from syncedit_demo.wording import are

if TYPE_CHECKING:
    from collections.abc import Generator

    from syncedit_demo.cancel import CancelFlag

WAITING_EACH = 2
"""Jobs of one visitor that may wait at once."""

MEASURED_JOBS = 20
"""Of how many jobs, the latest ones, it is remembered how long they had a device."""

ENDING = "This server is about to end: try again in a few minutes."


@dataclass(slots=True, eq=False)
class Admitted:
    """A job that is taken on.

    Attributes:
        owner: Whose it is.
        cancel: Ends it.
        served: Whether it waits for nobody.
    """

    owner: str
    cancel: CancelFlag
    served: bool = field(default=False)


class Admission:
    """The jobs that are taken on and not over, and how long earlier ones took.

    Args:
        waiting: How many jobs are taken on beside one for each device.
    """

    def __init__(self, waiting: int) -> None:
        self._waiting = waiting
        self._admitted: list[Admitted] = []
        self._seconds: deque[float] = deque(maxlen=MEASURED_JOBS)
        self._ending = False
        self._changed = threading.Condition()

    @property
    def ending(self) -> bool:
        """Whether no job is taken on any more."""
        return self._ending

    @contextmanager
    def admitted(self, owner: str, cancel: CancelFlag, devices: int) -> Generator[Admitted]:
        """Take a job on, until the block is left.

        Args:
            owner: Whose it is.
            cancel: Ends it.
            devices: How many jobs can be made at once.

        Raises:
            BusyError: There is no place for it; the sentence says when there may be one.
        """
        job = Admitted(owner, cancel)
        with self._changed:
            if self._ending:
                raise BusyError(ENDING)
            self._check(owner, devices)
            self._admitted.append(job)
        try:
            yield job
        finally:
            with self._changed:
                self._admitted.remove(job)
                self._changed.notify_all()

    def measured(self, seconds: float) -> None:
        """Note for how long a job that is done had a device."""
        with self._changed:
            self._seconds.append(seconds)

    def wait_for(self, position: int, devices: int) -> float | None:
        """For about how many seconds a job waits that so many are before, None where no earlier job tells."""
        with self._changed:
            seconds = list(self._seconds)
        return position / devices * sum(seconds) / len(seconds) if seconds else None

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until there is no job, so many seconds at most; whether there is none."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._admitted, timeout)

    def end(self, timeout: float) -> bool:
        """Take no more jobs on, stop those that there are, and wait for them.

        Args:
            timeout: For how long, in seconds.

        Returns:
            Whether all of them are over.
        """
        with self._changed:
            self._ending = True
            for job in self._admitted:
                job.cancel.set()
            return self._changed.wait_for(lambda: not self._admitted, timeout)

    def _check(self, owner: str, devices: int) -> None:
        own = sum(job.owner == owner and not job.served for job in self._admitted)
        if own >= WAITING_EACH:
            when = self._when(devices) or " when one of them is done"
            message = f"{own} of your edits {are(own)} waiting already. Try again{when}."
            raise BusyError(message)
        count = len(self._admitted)
        if count >= self._waiting + devices:
            before = "1 edit is" if count == 1 else f"{count} edits are"
            message = f"This server is busy: {before} before yours. Try again{self._when(devices) or ' later'}."
            raise BusyError(message)

    def _when(self, devices: int) -> str:
        """In how long all that is taken on is done, as far as earlier jobs tell; empty where none does."""
        left = self.wait_for(len(self._admitted), devices)
        if left is None:
            return ""
        minutes = max(1, math.ceil(left / 60))
        return f" in about {minutes} minute{'s' if minutes > 1 else ''}"
