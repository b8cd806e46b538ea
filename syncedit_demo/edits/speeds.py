"""How fast this machine was so far with each engine, so that it can be said how long an edit will take."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from syncedit_demo.edits.make import REPORT_PHASE, SIDE_BY_SIDE_PHASE, EditResult, Queued
from syncedit_demo.engines.interface import Progress
from syncedit_demo.errors import OutputError
from syncedit_demo.media.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.engines.options import OptionValue
    from syncedit_demo.plan import EditPlan

logger = logging.getLogger(__name__)

Event = TypeVar("Event")

WEIGHT = 0.5
"""What the latest run counts against all before it."""

DRAFT_GUESS = {"Following the motion": 0.42, REPORT_PHASE: 0.05, SIDE_BY_SIDE_PHASE: 0.05}
"""Seconds per megapixel of all frames that the draft engine takes on two cores, as long as nothing was measured: from
the records of the examples, of 81 frames at 512×512. Two cores that others kept busy too worked 0.8 s each."""

PREVIEW_SHARE = 0.4
"""Share of a full edit's time that its preview takes, of a quarter of the pixels: the clip is decoded and the report is
made all the same. It was 0.39 with the draft engine (81 frames at 768×576), 0.54 with Sync-LoRA on an H200."""

_KEPT = TypeAdapter(dict[str, dict[str, Annotated[float, Field(ge=0, le=1e6)]]])

MOST_KEPT = 64
"""Engines and qualities of which speeds are kept: nobody has more, and the file stays small."""


class Speeds:
    """Seconds per megapixel for each phase of an edit, by engine and quality; kept in a file from start to start.

    Args:
        file: Where they are kept. One that cannot be read, or written, is done without.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._kept = _read(file)

    def expected(
        self, engine: Engine, plan: EditPlan, options: Mapping[str, OptionValue]
    ) -> tuple[dict[str, float], bool]:
        """Seconds of each phase of an edit in their order, and whether this machine was measured.

        Of a quality that was not, what was measured of another one of the same engine tells. Nothing where nothing was
        measured and nothing is known of the engine.
        """
        with self._lock:
            alike = [rates for name, rates in self._kept.items() if name.startswith(f"{engine.title}, ")]
            kept = self._kept.get(_name(engine, options), alike[-1] if alike else None)
        rates = kept if kept is not None else DRAFT_GUESS if engine.name == "draft" else {}
        work = _megapixels(plan, options)
        return {phase: rate * work for phase, rate in rates.items()}, kept is not None

    def measuring(
        self, events: Generator[Event], engine: Engine, plan: EditPlan, options: Mapping[str, OptionValue]
    ) -> Generator[Event]:
        """The events of an edit; how long its phases took is kept when it came to its end.

        What comes before the first phase is not counted, nor is the wait for a device.
        """
        seconds: dict[str, float] = {}
        phase: str | None = None
        before = time.perf_counter()
        for event in events:
            # The time until the news of a phase was spent in it, the first time too.
            if isinstance(event, Progress):
                phase = event.phase
            elif isinstance(event, Queued):
                phase = None
            now = time.perf_counter()
            if phase is not None:
                seconds[phase] = seconds.get(phase, 0) + now - before
            if isinstance(event, EditResult) and not event.stopped:
                self._note(_name(engine, options), seconds, _megapixels(plan, options))
            yield event
            before = time.perf_counter()

    def _note(self, name: str, seconds: dict[str, float], work: float) -> None:
        with self._lock:
            old = self._kept.pop(name, {})
            new = {
                phase: (1 - WEIGHT) * old.get(phase, taken / work) + WEIGHT * taken / work
                for phase, taken in seconds.items()
            }
            self._kept[name] = new
            self._kept = dict(list(self._kept.items())[-MOST_KEPT:])
            text = json.dumps(self._kept, indent=2)
        # Only who serves the page has that folder; one edit of the command line is not worth making it.
        if not self._file.parent.is_dir():
            return
        try:
            write_whole(text.encode(), self._file)
        except OutputError as error:
            logger.warning("how fast this machine was is not kept: %s", error)


def _name(engine: Engine, options: Mapping[str, OptionValue]) -> str:
    return f"{engine.title}, {options.get('quality', 'full')}"


def _megapixels(plan: EditPlan, options: Mapping[str, OptionValue]) -> float:
    """Of all frames of a full edit; of a preview, of one that takes as long."""
    share = PREVIEW_SHARE if options.get("quality") == "preview" else 1
    return plan.width * plan.height * plan.frames * share / 1e6


def _read(file: Path) -> dict[str, dict[str, float]]:
    try:
        return _KEPT.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return {}
