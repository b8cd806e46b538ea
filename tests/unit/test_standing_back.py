"""Work that leaves the processor to those who answer."""

from __future__ import annotations

import os
import sys
import threading
from contextvars import ContextVar

import pytest

from syncedit_demo.standing_back import BEHIND, called_behind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only on Linux has each thread a rank of its own")


def rank() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def rank_of_a_new_thread() -> int:
    ranks: list[int] = []
    thread = threading.Thread(target=lambda: ranks.append(rank()))
    thread.start()
    thread.join()
    return ranks[0]


def test_it_stands_back_with_the_threads_it_starts_and_who_waits_for_it_does_not() -> None:
    before = rank()
    behind = before + BEHIND
    assert called_behind(lambda: (rank(), rank_of_a_new_thread())) == (behind, behind)
    assert (rank(), rank_of_a_new_thread()) == (before, before)


def test_it_knows_whom_it_is_done_for() -> None:
    visitor = ContextVar[str]("visitor")
    visitor.set("somebody")
    assert called_behind(visitor.get) == "somebody"


def test_what_goes_wrong_is_told_to_who_waits() -> None:
    with pytest.raises(ZeroDivisionError):
        called_behind(lambda: 1 // 0)
