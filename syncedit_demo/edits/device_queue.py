"""Who has a device and who waits for one."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import deque

logger = logging.getLogger(__name__)

DEVICE_TAKEN, DEVICE_FREE = "Job %s takes a device", "Job %s gives its device back"


class DeviceQueue:
    """Jobs in front of devices that can all do the same: one on each, in the order of arrival.

    From when to when a job has a device is logged.

    Args:
        devices: How many there are.
    """

    def __init__(self, devices: int = 1) -> None:
        self._devices = devices
        self._waiting: deque[str] = deque()
        self._served: set[str] = set()
        self._changed = threading.Condition()

    def join(self) -> str:
        """Take a ticket."""
        ticket = uuid.uuid4().hex[:8]
        with self._changed:
            self._waiting.append(ticket)
        return ticket

    def position(self, ticket: str, timeout: float) -> int:
        """How many jobs must end before this ticket's turn, after waiting at most `timeout` seconds for it.

        With 0 a device is taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._before(ticket) == 0, timeout)
            before = self._before(ticket)
            if before == 0 and ticket not in self._served:
                self._waiting.remove(ticket)
                self._served.add(ticket)
                logger.info(DEVICE_TAKEN, ticket)
            return before

    def leave(self, ticket: str) -> None:
        """Give the ticket back, whether it was served or not."""
        with self._changed:
            if ticket in self._served:
                self._served.remove(ticket)
                logger.info(DEVICE_FREE, ticket)
            else:
                self._waiting.remove(ticket)
            self._changed.notify_all()

    def _before(self, ticket: str) -> int:
        if ticket in self._served:
            return 0
        free = self._devices - len(self._served)
        return max(0, self._waiting.index(ticket) + 1 - free)
