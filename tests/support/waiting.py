"""Waiting for what happens in other processes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT_SECONDS = 120
"""Far more than anything takes that is waited for, also on a busy machine."""


def until(what: str, is_so: Callable[[], object]) -> None:
    """Wait until something is so.

    Args:
        what: What is waited for; a test that waits in vain fails with it.
        is_so: Whether it is.
    """
    end = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.05)
