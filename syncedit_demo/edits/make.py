"""One edit: what is asked for, what is told while it is made, and the making.

It is made in four steps: the frames are encoded, the record says how, the report compares the result with its clip, and
the side-by-side video shows both.
"""

from __future__ import annotations

import platform
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from syncedit_demo import __version__
from syncedit_demo.conform.sound import audio_interval
from syncedit_demo.edits.ai_mark import described
from syncedit_demo.edits.compare_files import Side, report_edit
from syncedit_demo.edits.finishing import finish_result
from syncedit_demo.edits.frame_digest import FrameDigest
from syncedit_demo.edits.record import EngineRecord, InputFile, RunRecord, record_path, write_record
from syncedit_demo.engines.interface import EditJob, Engine, Finished, Frames, Preview, PreviewClip, Progress
from syncedit_demo.engines.options import OptionValue
from syncedit_demo.errors import Cancelled
from syncedit_demo.media.atomic import output_errors, publish, staging
from syncedit_demo.media.formats.registry import FORMATS, MP4, Format, FormatName
from syncedit_demo.media.label import labelled
from syncedit_demo.media.probe import ClipInfo
from syncedit_demo.media.video_writer import VideoFile, writing_clip
from syncedit_demo.plan import EditPlan, PlanOptions
from syncedit_demo.settings import DEFAULT_SEED

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from syncedit_demo.edits.ai_mark import Signer
    from syncedit_demo.edits.stopwatch import Stopwatch
    from syncedit_demo.engines.interface import Event
    from syncedit_demo.media.audio import AudioInterval
    from syncedit_demo.media.formats.interface import FrameWriter
    from syncedit_demo.reading.media_reader import MediaReader
    from syncedit_demo.settings import EngineChoice, FaceModel

ENCODING_PHASE = "Encoding the video"
WRITING_PHASE = "Writing the file"
REPORT_PHASE = "Comparing the motion"
SIDE_BY_SIDE_PHASE = "Writing the side-by-side video"

VIDEO = "video.mp4"
"""The name of the mp4 without sound among what is being made."""


@dataclass(frozen=True, slots=True)
class EditRequest:
    """What a user asks for.

    Attributes:
        clip: The reference clip.
        edited_frame: The edited frame 0, any image file.
        target: The file to write; its record is written beside it.
        options: What the user decides about the plan.
        engine: The engine by name, or "auto".
        engine_options: What the user decides about the engine, by the names of its options.
        previews: Whether somebody looks at pictures of the result while it is made.
        seed: Seed of whatever is random in the engine.
        audio: Whether the result gets the reference's audio.
        label: Whether the picture says that it is AI-edited.
        side_by_side: Where to write reference and result next to each other, None for nowhere.
        repeat: The record of the edit to make again; its plan is used instead of `options`.
        format: What the result is written in.
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
    label: bool = False
    side_by_side: Path | None = None
    repeat: RunRecord | None = None
    format: FormatName = "mp4"

    @property
    def form(self) -> Format:
        """The format."""
        return FORMATS[self.format]


@dataclass(frozen=True, slots=True)
class Started:
    """The inputs are understood: what will be made, by which engine, and what there is to say about it."""

    clip: ClipInfo
    plan: EditPlan
    engine: Engine
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Queued:
    """Other jobs have the devices; `position` of them must end before this one is served."""

    position: int


@dataclass(frozen=True, slots=True)
class Published:
    """A result is at its place and can be played. Its record is in it, and comes beside it when it was compared.

    Attributes:
        record: How it was made, without a report.
        target: The result.
    """

    record: RunRecord
    target: Path


@dataclass(frozen=True, slots=True)
class Recorded:
    """The record of a result is beside it.

    Attributes:
        record: How it was made, with the report.
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
        stopped: Whether a stop left something out.
    """

    target: Path
    record: RunRecord
    side_by_side: Path | None
    stopped: bool


JobEvent = Started | Queued | Progress | Preview | PreviewClip | Published | Recorded | EditResult


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit that can be made.

    Attributes:
        request: What is asked for.
        started: What will be made, as it was told.
        job: The same for the engine.
        reader: Reads the inputs.
        faces: What the report follows faces with, None where it looks for none.
        watch: Has counted what was done before, and counts the rest.
        signer: What the result is signed with, if anything.
    """

    request: EditRequest
    started: Started
    job: EditJob
    reader: MediaReader
    faces: FaceModel | None
    watch: Stopwatch
    signer: Signer | None = None

    @property
    def audio(self) -> AudioInterval | None:
        """What is heard, None for silence."""
        if not self.request.audio:
            return None
        return audio_interval(self.request.clip, self.started.clip, self.started.plan)

    @property
    def audio_notes(self) -> list[str]:
        """What there is to say about sound that cannot be read."""
        return [] if self.audio is None else self.reader.sound_notes(self.audio, self.job.cancel)


@dataclass(frozen=True, slots=True)
class Encoded:
    """What is known of a result when all its frames are there.

    Attributes:
        notes: What the engine had to say.
        frames_sha256: The hash of its frames one after the other, in hex.
    """

    notes: tuple[str, ...]
    frames_sha256: str


def make_edit(edit: Edit, events: Generator[Event | Queued]) -> Generator[JobEvent]:
    """Make the result, then its report and its record, then the side-by-side video; each is there when it is whole.

    Args:
        edit: What is made.
        events: What happens while the engine has the job; closed as soon as all frames are there.

    Yields:
        The events but those of the engine alone; one `Published`; one `Recorded`, unless the report is stopped; one
        `EditResult`.

    Raises:
        SyncEditError: Something the user can mend; what was told to be published stays.
        Cancelled: The job was stopped before the result was whole; nothing is left behind.
    """
    target, wanted = edit.request.target, edit.request.side_by_side
    both, stopped = None, True
    with ExitStack() as making:
        folder = making.enter_context(staging(target))
        encoded = yield from encode(edit, events, folder)
        record = describe(edit, encoded)
        _publish(edit, record, folder)
        # Whatever the format, an mp4 is what the result is seen by: not all formats can be read here.
        seen = folder / VIDEO
        if edit.request.form is MP4:
            seen = target
            making.close()
        yield Published(record, target)
        with suppress(Cancelled):
            try:
                record = yield from report(edit, record, seen)
            finally:
                # Whatever became of the report, the result is there and no other record of it will follow.
                write_record(record, target)
            yield Recorded(record, target)
            if wanted is not None:
                yield from write_side_by_side(edit, wanted, record, seen)
                both = wanted
            stopped = False
    yield EditResult(target, record, both, stopped)


def encode(
    edit: Edit, events: Generator[Event | Queued], folder: Path
) -> Generator[Queued | Progress | Preview | PreviewClip, None, Encoded]:
    """Write the engine's frames as they come.

    Args:
        edit: What is made.
        events: The engine's, closed with the last frame, before the encoder is done with it.
        folder: Where the frames go: into an mp4 without sound, and into a file of the format where that is another.

    Yields:
        The events that are not for this function.

    Returns:
        What is known of the frames.
    """
    notes: list[str] = []
    rate, target, form = edit.job.plan.frame_rate, edit.request.target, edit.request.form
    with FrameDigest() as digest, ExitStack() as files:
        writers: list[FrameWriter] = [files.enter_context(VideoFile(folder / VIDEO, rate, target))]
        if form is not MP4:
            writers.append(files.enter_context(form.open(folder / f"frames{form.suffix}", rate, target)))
        with closing(events), closing(_timed(events, edit.watch)) as timed:
            for event in timed:
                match event:
                    case Frames(frames):
                        with edit.watch.measure(ENCODING_PHASE):
                            for frame in frames:
                                shown = labelled(frame) if edit.request.label else frame
                                for writer in writers:
                                    writer.write(shown)
                                digest.add(frame)
                    case Finished():
                        notes += event.notes
                    case _:
                        yield event
        with edit.watch.measure(ENCODING_PHASE):
            files.close()
            return Encoded(tuple(notes), digest.hex())


def describe(edit: Edit, encoded: Encoded) -> RunRecord:
    """How a result was made, without a report; its inputs are named as seen from its folder."""
    request, started, folder = edit.request, edit.started, edit.request.target.parent
    engine = started.engine
    return RunRecord(
        program=__version__,
        created=datetime.now(UTC).replace(microsecond=0),
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        clip_file=InputFile.of(request.clip).seen_from(folder),
        edited_file=InputFile.of(request.edited_frame).seen_from(folder),
        clip=started.clip,
        plan=started.plan,
        engine=EngineRecord(engine.name, engine.title, dict(engine.versions), dict(edit.job.options)),
        seed=request.seed,
        audio=request.audio,
        label=request.label,
        format=request.format,
        notes=(*started.notes, *edit.audio_notes, *encoded.notes),
        frames_sha256=encoded.frames_sha256,
        timings=dict(edit.watch.timings),
    )


def report(edit: Edit, record: RunRecord, seen: Path) -> Generator[Progress, None, RunRecord]:
    """Compare the result, of which `seen` is an mp4, with its clip.

    Returns:
        The record with the report, and with all the time that was taken.

    Raises:
        Cancelled: The job was stopped.
    """
    yield Progress(REPORT_PHASE, 0, 1)
    reference = Side(edit.request.clip, edit.started.clip, edit.started.plan)
    with edit.watch.measure(REPORT_PHASE):
        # With the label, if it has one, it is what the result begins with.
        first = labelled(edit.job.edited_frame) if record.label else edit.job.edited_frame
        found = report_edit(edit.reader, reference, seen, first, edit.faces, edit.job.cancel)
    yield Progress(REPORT_PHASE, 1, 1)
    return replace(record, report=found, timings=dict(edit.watch.timings))


def write_side_by_side(edit: Edit, target: Path, record: RunRecord, seen: Path) -> Generator[Progress]:
    """Write reference and result, of which `seen` is an mp4, next to each other.

    Raises:
        OutputError: The disk is full, or the folder is missing or not writable.
        Cancelled: The job was stopped; nothing is left behind.
    """
    job, request, started = edit.job, edit.request, edit.started
    labels = ("Reference", started.engine.title)
    own = edit.reader.probe(seen, job.cancel)
    finishing = partial(edit.reader.finish, cancel=job.cancel)
    rate, tags = job.plan.frame_rate, described(record)
    with (
        closing(
            edit.reader.side_by_side(
                request.clip, started.clip, started.plan, seen, own.display_size, labels, job.cancel
            )
        ) as pairs,
        closing(
            writing_clip(pairs, target, frame_rate=rate, audio=edit.audio, tags=tags, finishing=finishing)
        ) as writing,
    ):
        for done in writing:
            yield Progress(SIDE_BY_SIDE_PHASE, done, job.plan.frames)


def _publish(edit: Edit, record: RunRecord, folder: Path) -> None:
    """Put a result, which holds its record, where it belongs.

    Args:
        edit: What is made.
        record: The record.
        folder: Holds what `encode` wrote.
    """
    target, form = edit.request.target, edit.request.form
    with edit.watch.measure(WRITING_PHASE):
        whole = finish_result(
            edit.reader,
            folder / VIDEO if form is MP4 else folder / f"frames{form.suffix}",
            target,
            record,
            audio=edit.audio if form.sound else None,
            signer=edit.signer,
            cancel=edit.job.cancel,
        )
        with output_errors(target):
            # What the new result replaces had a record too, which would be taken for the new one's.
            record_path(target).unlink(missing_ok=True)
        publish(whole, target)


def _timed(events: Generator[Event | Queued], watch: Stopwatch) -> Generator[Event | Queued]:
    """The same events; the time that each took to come is counted to the phase that it tells of."""
    phase = "Starting"
    before = time.perf_counter()
    for event in events:
        if isinstance(event, Progress):
            phase = event.phase
        watch.add("Waiting" if isinstance(event, Queued) else phase, time.perf_counter() - before)
        yield event
        before = time.perf_counter()
