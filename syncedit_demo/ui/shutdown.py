"""The end of the server: jobs are told and wait for nothing, children are taken along, and it never takes long."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import psutil

from syncedit_demo.ui.gradio_internals import end_serving

if TYPE_CHECKING:
    from types import FrameType

    import gradio as gr

    from syncedit_demo.service import EditService

BEGUN_ANEW = "SYNCEDIT_BEGUN_ANEW"
"""The environment variable by which a program that began anew knows that it did."""

IDLE_SECONDS = 1800.0
"""How long a server that is to begin anew waits for the jobs that it has."""

logger = logging.getLogger(__name__)

JOB_SECONDS = 2.5
"""How long jobs have for the step that they are in, and to tidy up; the next start sweeps what they leave then."""

CHILD_SECONDS = 0.5
"""How long children have to end when they are asked to."""

END_SECONDS = 4.5
"""How long all of it may take; then the process is gone whatever it does."""


class End:
    """When a server ends, and whether the program begins anew then."""

    def __init__(self, service: EditService) -> None:
        self._service = service
        self._told = threading.Event()
        self._begins_anew = False

    def tell(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """End."""
        self._told.set()

    def begin_anew(self) -> None:
        """End as soon as no job is at work, and have the program begin anew.

        Raises:
            RuntimeError: It has begun anew already, which did not help.
        """
        if BEGUN_ANEW in os.environ:
            message = "The program has begun anew already, and what it was to begin with is still not there."
            raise RuntimeError(message)
        self._service.admission.wait_until_idle(IDLE_SECONDS)
        logger.warning("the program begins anew, with what was fetched")
        self._begins_anew = True
        self.tell()

    def wait(self) -> None:
        """Wait until the server is to end."""
        # Without an end to it, a wait is not interrupted by signals on every system.
        while not self._told.wait(3600):
            pass

    def follow(self) -> None:
        """After the end: have the program take the process's place anew, where that was asked for."""
        if self._begins_anew:
            os.environ[BEGUN_ANEW] = "1"
            os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

    def leave(self) -> None:
        """Leave whatever the process still does."""
        self.follow()
        os._exit(0)


def end_when_told(page: gr.Blocks, service: EditService, end: End) -> None:
    """Wait until the process is told to end, by SIGTERM, by Ctrl-C or by itself, and end what it does."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end.tell)
    end.wait()
    late = threading.Timer(END_SECONDS, end.leave)
    late.daemon = True
    late.start()
    if not service.admission.end(JOB_SECONDS):
        logger.warning("the server ends before a job did; what it leaves is swept at the next start")
    end_serving(page)
    _end_children()


def _end_children() -> None:
    children = psutil.Process().children(recursive=True)
    for ask in (psutil.Process.terminate, psutil.Process.kill):
        for child in children:
            try:
                ask(child)
            except psutil.NoSuchProcess:
                continue
        _, children = psutil.wait_procs(children, CHILD_SECONDS)
