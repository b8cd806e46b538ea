"""What is taken on and what is refused, and how long that is said to last."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.admission import Admission
from syncedit_demo.errors import BusyError


def test_two_jobs_of_a_visitor_may_wait_and_a_third_is_refused() -> None:
    admission = Admission(10)
    with ExitStack() as jobs:
        first = jobs.enter_context(admission.admitted("one", CancelFlag(), 1))
        jobs.enter_context(admission.admitted("one", CancelFlag(), 1))
        with pytest.raises(
            BusyError, match=r"^2 of your edits are waiting already\. Try again when one of them is done"
        ):
            jobs.enter_context(admission.admitted("one", CancelFlag(), 1))
        jobs.enter_context(admission.admitted("other", CancelFlag(), 1))
        first.served = True
        jobs.enter_context(admission.admitted("one", CancelFlag(), 1))


def test_a_full_queue_says_in_how_many_minutes_what_waits_is_done() -> None:
    admission = Admission(2)
    with ExitStack() as jobs:
        for owner in "abc":
            jobs.enter_context(admission.admitted(owner, CancelFlag(), 1))
        with pytest.raises(BusyError, match=r"^This server is busy: 3 edits are before yours\. Try again later\.$"):
            jobs.enter_context(admission.admitted("d", CancelFlag(), 1))
        for seconds in (30, 90):
            admission.measured(seconds)
        with pytest.raises(BusyError, match=r"Try again in about 3 minutes\.$"):
            jobs.enter_context(admission.admitted("d", CancelFlag(), 1))
        jobs.enter_context(admission.admitted("d", CancelFlag(), 2))
    with admission.admitted("d", CancelFlag(), 1):
        pass


def test_at_the_end_all_jobs_are_told_and_waited_for_and_none_is_taken_on() -> None:
    admission, begun = Admission(2), threading.Event()
    flags = [CancelFlag(), CancelFlag()]

    def work() -> None:
        with admission.admitted("one", flags[0], 1):
            begun.set()
            while not flags[0].is_set:
                pass

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(30)
    with admission.admitted("other", flags[1], 1):
        assert not admission.end(0.01)
        assert [flag.is_set for flag in flags] == [True, True]
    assert admission.end(30)
    worker.join(30)
    with pytest.raises(BusyError, match="is about to end"), admission.admitted("one", CancelFlag(), 1):
        pass
