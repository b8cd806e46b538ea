"""The app with an engine that takes no time but what it is told to: for what is not about pictures.

As a program, `python -m tests.support.quick_app`, it waits `QUICK_STEP` seconds in each of its steps.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.engines.interface import Finished, Frames, Progress
from syncedit_demo.engines.registry import Engines
from syncedit_demo.errors import SyncEditError
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings, load_settings
from syncedit_demo.ui.launch import serve

if TYPE_CHECKING:
    from collections.abc import Generator

    from syncedit_demo.engines.interface import EditJob, Engine, Event
    from syncedit_demo.settings import EngineChoice


class StillEngine(DraftEngine):
    """Shows the edited frame from the first to the last.

    Args:
        step_seconds: How long each frame takes.
    """

    def __init__(self, step_seconds: float) -> None:
        super().__init__()
        self._step_seconds = step_seconds

    def run(self, job: EditJob) -> Generator[Event]:
        """As every engine does."""
        for step in range(job.plan.frames):
            job.cancel.raise_if_set()
            time.sleep(self._step_seconds)
            yield Progress("Standing still", step + 1, job.plan.frames)
            yield Frames(np.stack([job.edited_frame]))
        yield Finished()


class QuickEngines(Engines):
    """The still engine under the draft engine's name."""

    def __init__(self, settings: Settings, step_seconds: float) -> None:
        super().__init__(settings)
        self._still = StillEngine(step_seconds)

    def choose(self, choice: EngineChoice) -> tuple[Engine, str]:
        """Whatever is asked for."""
        return self._still, f"Made by the still engine for {choice}."


class QuickService(EditService):
    """The service with that engine."""

    def __init__(self, settings: Settings, step_seconds: float = 0) -> None:
        super().__init__(settings)
        self.engines = QuickEngines(settings, step_seconds)


def main() -> None:
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        serve(QuickService(load_settings(), float(os.environ.get("QUICK_STEP", "0"))))
    except SyncEditError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
