"""The end of the server: jobs are told and wait for nothing, children are taken along, and it never takes long."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import TYPE_CHECKING

import psutil

from syncedit_demo.ui.gradio_internals import end_serving

if TYPE_CHECKING:
    from types import FrameType

    import gradio as gr

    from syncedit_demo.service import EditService

logger = logging.getLogger(__name__)

JOB_SECONDS = 2.5
"""How long jobs have for the step that they are in, and to tidy up; the next start sweeps what they leave then."""

CHILD_SECONDS = 0.5
"""How long children have to end when they are asked to."""

END_SECONDS = 4.5
"""How long all of it may take; then the process is gone whatever it does."""


def end_when_told(page: gr.Blocks, service: EditService) -> None:
    """Wait until the process is told to end, by SIGTERM or Ctrl-C, and end what it does."""
    told = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, tell)
    # Without an end to it, a wait is not interrupted by signals on every system.
    while not told.wait(3600):
        pass
    late = threading.Timer(END_SECONDS, os._exit, (0,))
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
