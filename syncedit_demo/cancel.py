"""A request to stop: made by anybody from any thread, honoured by whoever works, at the next step."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from syncedit_demo.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Generator

Item = TypeVar("Item")


class CancelFlag:
    """Set once, never taken back; every job has one of its own."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask for a stop."""
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether somebody asked for a stop."""
        return self._event.is_set()

    def raise_if_set(self) -> None:
        """End the work where a stop was asked for.

        Raises:
            Cancelled: It was.
        """
        if self._event.is_set():
            raise Cancelled

    def guard(self, items: Generator[Item]) -> Generator[Item]:
        """The same items, until somebody asks for a stop; closed with this.

        Raises:
            Cancelled: A stop was asked for.
        """
        with closing(items):
            for item in items:
                self.raise_if_set()
                yield item
