"""The engine on its way, in the background of a server: how far it is, and what there is to say where it fails."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from syncedit_demo.errors import EngineError
from syncedit_demo.wording import time_left

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from syncedit_demo.engines.interface import Engine, Progress

logger = logging.getLogger(__name__)

FAILED = "Sync-LoRA could not be made ready on this server; its log says why."
BEGIN = "beginning"

AGAIN_SECONDS = 600.0
"""How long after a failure it is tried again: what a server cannot fetch now it may get later, with nobody there."""


class NotHereError(EngineError):
    """The engine cannot be had here, and the sentence says to whom it may concern what is missing: no fault."""


class Start:
    """Takes the steps that lead to an engine in a thread of its own.

    Args:
        steps: They return the engine; `NotHereError` is told as it is, and any other failure is told in the log and
            followed by another try, at which the engine counts as failed until it is there.
        again_seconds: How long after a failure that is.
    """

    def __init__(
        self, steps: Callable[[], Generator[Progress, None, Engine]], again_seconds: float = AGAIN_SECONDS
    ) -> None:
        self._steps = steps
        self._again_seconds = again_seconds
        self._engine: Engine | None = None
        self._failure: EngineError | None = None
        self._said = BEGIN
        threading.Thread(target=self._work, name="start", daemon=True).start()

    @property
    def coming(self) -> str | None:
        """How far it is, with the time that is left, in a sentence; None when it is over."""
        if self._engine is not None or self._failure is not None:
            return None
        return f"Sync-LoRA is not ready yet: {self._said}."

    @property
    def failed(self) -> str | None:
        """That it failed, in a sentence; None while it has not, and where the engine cannot be had here anyway."""
        return None if self._failure is None or isinstance(self._failure, NotHereError) else str(self._failure)

    def engine(self) -> Engine:
        """The engine.

        Raises:
            EngineError: It is still on its way, or failed.
        """
        if self._engine is not None:
            return self._engine
        raise self._failure or EngineError(self.coming or FAILED)

    def _work(self) -> None:
        while self._engine is None and not isinstance(self._failure, NotHereError):
            try:
                self._engine = self._follow()
                self._failure = None
            except NotHereError as error:
                self._failure = error
            except Exception:
                logger.exception("Sync-LoRA could not be made ready; it is tried again in %.0f s", self._again_seconds)
                self._failure = EngineError(FAILED)
                time.sleep(self._again_seconds)

    def _follow(self) -> Engine:
        steps, phase, began, first = self._steps(), "", 0.0, 0
        while True:
            try:
                progress = next(steps)
            except StopIteration as done:
                return done.value
            if progress.phase != phase:
                # What was there already took no time.
                phase, began, first = progress.phase, time.monotonic(), progress.step
            left = time_left(time.monotonic() - began, progress.step - first, progress.total - progress.step)
            said = phase[:1].lower() + phase[1:] if phase[1:2].islower() else phase
            if progress.step:
                said += f", {progress.step / progress.total:.0%} done"
            self._said = said + (f", {left} left" if left else "")
