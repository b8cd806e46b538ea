"""Edits in threads of their own, each of which its visitor can stop."""

from __future__ import annotations

import shutil
import threading
from contextlib import closing, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from PIL import Image

from syncedit_demo.engines import OptionValue
from syncedit_demo.errors import Cancelled
from syncedit_demo.playback import Playable
from syncedit_demo.render import read_frames
from syncedit_demo.service import EditRequest, EditResult, JobEvent
from syncedit_demo.ui.visit import Cut, Run, RunFiles, Visit, link

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from syncedit_demo.service import EditService
    from syncedit_demo.settings import EngineChoice

POLL_SECONDS = 0.3
"""How often a waiting page is asked whether it is still there."""

PICTURE_SIDE = 320


@dataclass(frozen=True, slots=True)
class Choices:
    """What a visitor decides about a run, apart from the plan."""

    engine: EngineChoice
    seed: int
    audio: bool
    engine_options: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])
    previews: bool = False


class Flags:
    """The cancel flag of each visitor's present job; starting another job cancels the one before."""

    def __init__(self) -> None:
        self._flags: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def start(self, visitor: str) -> threading.Event:
        """The flag of a new job of this visitor."""
        with self._lock:
            self._cancel(visitor)
            flag = self._flags[visitor] = threading.Event()
        return flag

    def stop(self, visitor: str) -> None:
        """Cancel this visitor's job, if there is one."""
        with self._lock:
            self._cancel(visitor)

    def _cancel(self, visitor: str) -> None:
        if (flag := self._flags.pop(visitor, None)) is not None:
            flag.set()


class Job:
    """A run in a thread of its own; its events wait here until they are asked for.

    Args:
        steps: The run; its last event is the `Run`.
    """

    def __init__(self, steps: Iterator[JobEvent | Run]) -> None:
        self._steps = steps
        self._events: SimpleQueue[JobEvent | Run | Exception] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def news(self) -> Iterator[list[JobEvent | Run]]:
        """What happened since the last time, again and again until the job is over; often that is nothing.

        Raises:
            Exception: What ended the job early.
        """
        while True:
            alive = self._thread.is_alive()
            news: list[JobEvent | Run] = []
            with suppress(Empty):
                event = self._events.get(timeout=POLL_SECONDS if alive else 0)
                while True:
                    if isinstance(event, Exception):
                        raise event
                    news.append(event)
                    event = self._events.get_nowait()
            yield news
            if not alive:
                return

    def _work(self) -> None:
        try:
            for event in self._steps:
                self._events.put(event)
        except Exception as error:
            self._events.put(error)


def make_run(
    service: EditService, visit: Visit, cut: Cut, edited: Path, choices: Choices, cancel: threading.Event
) -> Iterator[JobEvent | Run]:
    """Edit a clip and keep the result in the visit; what is not finished leaves nothing behind.

    The inputs lie beside the result, so that the record names them without saying where on this machine they are.

    Yields:
        The service's events, and at the end the finished run.

    Raises:
        SyncEditError: Something the visitor can mend.
        Cancelled: The flag was set.
    """
    folder = visit.start_run()
    try:
        clip, frame = folder / cut.path.name, folder / f"edited-frame{edited.suffix}"
        link(cut.path, clip)
        link(edited, frame)
        files = RunFiles.of(folder, clip)
        request = EditRequest(
            clip=clip,
            edited_frame=frame,
            target=files.result,
            options=cut.options,
            engine=choices.engine,
            engine_options=choices.engine_options,
            previews=choices.previews,
            seed=choices.seed,
            audio=choices.audio,
            side_by_side=files.side_by_side,
        )
        for event in service.edit(request, cancel):
            if isinstance(event, EditResult):
                files.record.write_text(event.record.relative_to(folder).to_json(), encoding="utf-8")
            else:
                yield event
        if cut.reference.exists():
            link(cut.reference, files.reference)
        else:
            service.write_reference(clip, cut.clip, cut.plan, files.reference, cancel)
        for video in (files.reference, files.result):
            Playable.of(video, folder)
        with closing(read_frames(files.result)) as frames:
            picture = Image.fromarray(next(iter(frames)))
        picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
        picture.save(files.picture)
        if cancel.is_set():
            raise Cancelled
        yield visit.finish_run(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
