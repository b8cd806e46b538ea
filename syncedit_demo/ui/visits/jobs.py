"""Edits in threads of their own, each of which its visitor can stop."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from PIL import Image

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import EditRequest, EditResult, JobEvent, Published, Queued, Recorded
from syncedit_demo.edits.variants import VariantStarted, make_variants
from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.options import OptionValue
from syncedit_demo.standing_back import stand_back
from syncedit_demo.ui.visits.visit import ClipRange, Run, RunFiles, Visit, link, name_beside

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from syncedit_demo.edits.admission import Admitted
    from syncedit_demo.service import EditService
    from syncedit_demo.settings import EngineChoice

Event = TypeVar("Event")

POLL_SECONDS = 0.3
"""How often a waiting page is told what happened, and asked whether it is still there."""

REFUSALS_AT_ONCE = 4
"""How many jobs are told at once that too much waits already."""

MOST_DEVICES = 8
"""Devices that an engine is taken to have which is not ready yet."""

PICTURE_SIDE = 320


@dataclass(frozen=True, slots=True)
class Arrival:
    """A run can be looked at: at first its result, then its report too, in the end all that is made of it.

    Attributes:
        run: The run with what is there of it.
        whole: Whether nothing of it is still being made.
    """

    run: Run
    whole: bool


RunEvent = JobEvent | VariantStarted | Arrival


@dataclass(frozen=True, slots=True)
class Choices:
    """What a visitor decides about a run, apart from the plan. Each of the variants is a run with a seed of its own."""

    engine: EngineChoice
    seed: int
    audio: bool
    label: bool = False
    variants: int = 1
    engine_options: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])
    previews: bool = False


class CancelFlags:
    """The cancel flag of each visitor's present job; starting another job cancels the one before."""

    def __init__(self) -> None:
        self._flags: dict[str, CancelFlag] = {}
        self._lock = threading.Lock()

    def start(self, visitor: str) -> CancelFlag:
        """The flag of a new job of this visitor."""
        with self._lock:
            self._cancel(visitor)
            flag = self._flags[visitor] = CancelFlag()
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
        steps: The run; its last event is an `Arrival`.
    """

    def __init__(self, steps: Iterator[RunEvent]) -> None:
        self._steps = steps
        self._events: SimpleQueue[RunEvent | Exception] = SimpleQueue()
        # Who a lent GPU is asked for is read from the request that the page is answering.
        self._thread = threading.Thread(target=copy_context().run, args=(self._work,), daemon=True)
        self._thread.start()

    def news(self) -> Iterator[list[RunEvent]]:
        """What happened since the last time, again and again until the job is over; often that is nothing.

        Raises:
            Exception: What ended the job early.
        """
        while True:
            # Each time is an update of the page, which costs as much as some frames of work: events are told together.
            self._thread.join(POLL_SECONDS)
            alive = self._thread.is_alive()
            news: list[RunEvent] = []
            failure: Exception | None = None
            with suppress(Empty):
                while not isinstance(event := self._events.get_nowait(), Exception):
                    news.append(event)
                failure = event
            yield news
            if failure is not None:
                raise failure
            if not alive:
                return

    def _work(self) -> None:
        stand_back()
        try:
            for event in self._steps:
                self._events.put(event)
        except Exception as error:
            self._events.put(error)


def edits_at_once(service: EditService) -> int:
    """How many jobs are followed at once: those that may be taken on, and some that hear that they are not.

    Gradio would keep others waiting without a word.
    """
    devices = [
        service.engines.choose(name)[0].devices for name, state in service.engines.states().items() if state == "ready"
    ]
    if service.engines.coming:
        devices.append(MOST_DEVICES)
    return service.settings.max_waiting + max(devices, default=1) + REFUSALS_AT_ONCE


def make_runs(
    service: EditService, visit: Visit, cut: ClipRange, edited: Path, choices: Choices, cancel: CancelFlag
) -> Iterator[RunEvent]:
    """Edit a clip with as many seeds as there are to be variants; each result is kept, whatever comes after it.

    Yields:
        For each variant, if there are several, one `VariantStarted`; the events of `make_run`.

    Raises:
        BusyError: Too much waits already.
        SyncEditError: Something else that the visitor can mend.
        Cancelled: The flag was set.
    """
    service.check_variants(choices.engine, choices.variants)

    def make(seed: int) -> Iterator[JobEvent | Arrival]:
        return make_run(service, visit, cut, edited, replace(choices, seed=seed), cancel)

    with service.taken_on(visit.id, choices.engine, cancel) as job:
        yield from noting_turns(make_variants(make, choices.seed, choices.variants, cancel), job)


def noting_turns(events: Iterator[Event], job: Admitted) -> Iterator[Event]:
    """The events of a job, of which it is noted when it waits for its turn and when it has it."""
    for event in events:
        if isinstance(event, Queued | Progress):
            job.served = isinstance(event, Progress)
        yield event


def make_run(
    service: EditService, visit: Visit, cut: ClipRange, edited: Path, choices: Choices, cancel: CancelFlag
) -> Iterator[JobEvent | Arrival]:
    """Edit a clip in a folder of the visit, where the result is kept; if there is none, nothing is left behind.

    The inputs lie beside the result, so that the record names them without saying where on this machine they are.

    Yields:
        The service's events, but an `Arrival` for `Published`, for `Recorded` and for `EditResult`.

    Raises:
        SyncEditError: Something the visitor can mend.
        Cancelled: The flag was set before the result was whole.
    """
    with visit.making_run() as folder:
        clip = folder / cut.path.name
        frame = name_beside(clip, edited)
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
            label=choices.label,
            side_by_side=files.side_by_side,
        )
        with closing(service.edit(request, cancel)) as events:
            for event in events:
                match event:
                    case Published(record):
                        _make_playable(service, cut, files)
                        yield Arrival(visit.show(folder, record, edited.name), whole=False)
                    case Recorded(record):
                        yield Arrival(visit.show(folder, record), whole=False)
                    case EditResult(record=record):
                        yield Arrival(visit.show(folder, record), whole=True)
                    case _:
                        yield event


def _make_playable(service: EditService, cut: ClipRange, files: RunFiles) -> None:
    """Put beside a result what the page needs to show it: the reference, both for the player, and a picture."""
    if cut.reference.exists():
        link(cut.reference, files.reference)
    else:
        # The result can be played against nothing else, so a stop does not stop this.
        service.write_reference(cut.path, cut.clip, cut.plan, files.reference, CancelFlag())
    for video in (files.reference, files.result):
        service.reader.playable(video, video.parent, CancelFlag())
    picture = Image.fromarray(service.reader.picture_of(files.result, CancelFlag()))
    picture.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    picture.save(files.picture)
