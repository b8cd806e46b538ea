"""One edit: what is asked for, what is told while it is made, and the making."""

from __future__ import annotations

import hashlib
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import numpy as np

from syncedit_demo import __version__
from syncedit_demo.conform.sound import audio_interval
from syncedit_demo.edits.compare_files import Side, report_edit
from syncedit_demo.edits.record import EngineRecord, InputFile, RunRecord, record_path
from syncedit_demo.engines.interface import EditJob, Engine, Finished, Frames, Preview, PreviewClip, Progress
from syncedit_demo.engines.options import OptionValue
from syncedit_demo.errors import Cancelled
from syncedit_demo.media.atomic import output_errors, publish, staging
from syncedit_demo.media.audio import AudioInterval
from syncedit_demo.media.probe import ClipInfo
from syncedit_demo.media.side_by_side import side_by_side
from syncedit_demo.media.video_writer import VideoFile, finish, read_frames, writing_clip
from syncedit_demo.plan import EditPlan, PlanOptions
from syncedit_demo.settings import DEFAULT_SEED

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from syncedit_demo.engines.interface import Event
    from syncedit_demo.frames import Frame
    from syncedit_demo.settings import EngineChoice, Settings

REPORT_PHASE = "Comparing the motion"


@dataclass(frozen=True, slots=True)
class EditRequest:
    """What a user asks for.

    Attributes:
        clip: The reference clip.
        edited_frame: The edited frame 0, any image file.
        target: The mp4 to write; its record is written beside it.
        options: What the user decides about the plan.
        engine: The engine by name, or "auto".
        engine_options: What the user decides about the engine, by the names of its options.
        previews: Whether somebody looks at pictures of the result while it is made.
        seed: Seed of whatever is random in the engine.
        audio: Whether the result gets the reference's audio.
        side_by_side: Where to write reference and result next to each other, None for nowhere.
        repeat: The record of the edit to make again; its plan is used instead of `options`.
    """

    clip: Path
    edited_frame: Path
    target: Path
    options: PlanOptions
    engine: EngineChoice = "auto"
    engine_options: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])
    previews: bool = False
    seed: int = DEFAULT_SEED
    audio: bool = True
    side_by_side: Path | None = None
    repeat: RunRecord | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The inputs are understood: what will be made, by which engine, and what there is to say about it."""

    clip: ClipInfo
    plan: EditPlan
    engine: Engine
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Queued:
    """Other jobs have the devices; `place` of them must end before this one is served."""

    place: int


@dataclass(frozen=True, slots=True)
class Published:
    """A result and its record are at their places, to be used; what the record lacks is made next.

    Attributes:
        record: The record as it is so far.
        target: The result.
    """

    record: RunRecord
    target: Path


@dataclass(frozen=True, slots=True)
class EditResult:
    """The last event of an edit that went well.

    Attributes:
        target: The result.
        record: How it was made; without a report if that was stopped.
        side_by_side: The reference and the result, None where that was not asked for, or was stopped.
    """

    target: Path
    record: RunRecord
    side_by_side: Path | None


JobEvent = Started | Queued | Progress | Preview | PreviewClip | Published | EditResult


class Stopwatch:
    """Seconds spent in each phase, by laps."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._last = time.perf_counter()

    def restart(self) -> None:
        """Leave out the time since the last lap."""
        self._last = time.perf_counter()

    def lap(self, phase: str) -> None:
        """Count the time since the last lap to `phase`."""
        now = time.perf_counter()
        self.timings[phase] = round(self.timings.get(phase, 0) + now - self._last, 3)
        self._last = now


def make_edit(
    request: EditRequest,
    started: Started,
    job: EditJob,
    events: Generator[Event | Queued],
    watch: Stopwatch,
    settings: Settings,
) -> Iterator[JobEvent]:
    """Make the result, then its report, then the side-by-side video; each is at its place when it is whole.

    Args:
        request: What is asked for.
        started: What will be made, as it was told.
        job: The same for the engine.
        events: What happens while the engine has the job; closed as soon as all frames are there.
        watch: Has counted what was done before.
        settings: What the report follows faces with, and the largest picture that is decoded for it.

    Yields:
        The events but those of the engine alone; two `Published`, or one if the report is stopped; one `EditResult`.

    Raises:
        SyncEditError: Something the user can mend; what was told to be published stays.
        Cancelled: The job was stopped before the result was whole; nothing is left behind.
    """
    plan, engine = started.plan, started.engine
    audio = audio_interval(request.clip, started.clip, plan) if request.audio else None
    notes = list(started.notes)
    with staging(request.target) as folder:
        with (
            _Digest() as digest,
            VideoFile(folder / "video.mp4", plan.frame_rate, request.target) as video,
            closing(events),
        ):
            phase = "Starting"
            for event in events:
                match event:
                    case Frames(frames):
                        watch.lap(phase)
                        for frame in frames:
                            video.write(frame)
                            digest.add(frame)
                        watch.lap("Encoding the video")
                    case Finished():
                        notes += event.notes
                    case Queued():
                        watch.lap("Waiting")
                        yield event
                    case Progress():
                        watch.lap(event.phase)
                        phase = event.phase
                        yield event
                    case Preview() | PreviewClip():
                        yield event
        watch.lap("Encoding the video")
        record = RunRecord(
            program=__version__,
            created=datetime.now(UTC).replace(microsecond=0),
            machine=f"{platform.platform()}, Python {platform.python_version()}",
            clip_file=InputFile.of(request.clip),
            edited_file=InputFile.of(request.edited_frame),
            clip=started.clip,
            plan=plan,
            engine=EngineRecord(engine.name, engine.title, dict(engine.versions), dict(job.options)),
            seed=request.seed,
            audio=request.audio,
            notes=tuple(notes),
            frames_sha256=digest.hex,
            timings=dict(watch.timings),
        )
        _publish(record, folder, request.target, audio)
        watch.lap("Writing the file")
        yield Published(record, request.target)
        watch.restart()
        with suppress(Cancelled):
            yield Progress(REPORT_PHASE, 0, 1)
            reference = Side(request.clip, started.clip, plan, settings.max_clip_pixels)
            report = report_edit(reference, request.target, job.edited_frame, settings.faces, job.cancel)
            yield Progress(REPORT_PHASE, 1, 1)
            watch.lap(REPORT_PHASE)
            record = replace(record, timings=dict(watch.timings), report=report)
            _publish(record, folder, request.target, audio)
            yield Published(record, request.target)
    both = None
    if request.side_by_side is not None:
        with suppress(Cancelled):
            yield from _write_side_by_side(request.target, request.side_by_side, job, engine.title, audio)
            both = request.side_by_side
    yield EditResult(request.target, record, both)


def _publish(record: RunRecord, folder: Path, target: Path, audio: AudioInterval | None) -> None:
    """Put a result and its record, which the result holds too, where they belong.

    Args:
        record: The record.
        folder: Holds the result's `video.mp4`, without sound.
        target: Where the result goes.
        audio: What is heard, None for silence.
    """
    comment = record.relative_to(target.parent).to_json()
    finish(folder / "video.mp4", folder / "result.mp4", target, audio=audio, comment=comment)
    with output_errors(target):
        (folder / "record.json").write_text(record.to_json(), encoding="utf-8")
    publish(folder / "result.mp4", target)
    publish(folder / "record.json", record_path(target))


def _write_side_by_side(
    result: Path, target: Path, job: EditJob, label: str, audio: AudioInterval | None
) -> Iterator[Progress]:
    pairs = side_by_side(job.reference(), read_frames(result), ("Reference", label))
    writing = writing_clip(job.cancel.guard(pairs), target, frame_rate=job.plan.frame_rate, audio=audio)
    with closing(writing):
        for done in writing:
            yield Progress("Writing the side-by-side video", done, job.plan.frames)


class _Digest:
    """The SHA-256 of frames one after the other, made in a thread beside the work that makes them."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._worker = ThreadPoolExecutor(1, "digest")

    def add(self, frame: Frame) -> None:
        """Append a frame, not to be changed afterwards."""
        self._worker.submit(self._digest.update, np.ascontiguousarray(frame).data)

    @property
    def hex(self) -> str:
        """Of all frames, once the block is left."""
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._worker.shutdown()
