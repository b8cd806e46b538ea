"""EditService: the one thing that the page, the API and the command line talk to."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.conform.sound import audio_interval
from syncedit_demo.edits.admission import Admission, Admitted
from syncedit_demo.edits.ai_mark import signer_of
from syncedit_demo.edits.beyond import is_beyond_draft
from syncedit_demo.edits.compare_files import report_files
from syncedit_demo.edits.device_queue import DeviceQueue
from syncedit_demo.edits.export import export
from syncedit_demo.edits.make import Edit, EditRequest, EditResult, JobEvent, Queued, Started, make_edit
from syncedit_demo.edits.record import read_record, record_path
from syncedit_demo.edits.speeds import Speeds
from syncedit_demo.edits.stopwatch import Stopwatch
from syncedit_demo.edits.variants import MAX_VARIANTS, VariantStarted, make_variants
from syncedit_demo.engines.interface import EditJob, Engine
from syncedit_demo.engines.registry import Engines, resolve_for
from syncedit_demo.errors import EngineError, OutputError
from syncedit_demo.media.atomic import check_target, publish
from syncedit_demo.media.formats.registry import MP4
from syncedit_demo.media.label import LABEL
from syncedit_demo.media.video_writer import write_clip
from syncedit_demo.plan import EditPlan, PlanOptions, plan_edit
from syncedit_demo.reading.kept import FileState, Kept
from syncedit_demo.reading.media_reader import MediaReader, Registered
from syncedit_demo.reading.runner import HereRunner
from syncedit_demo.spare_memory import give_back

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path

    from syncedit_demo.edits.record import RunRecord
    from syncedit_demo.engines.interface import Event, Progress
    from syncedit_demo.engines.options import OptionValue
    from syncedit_demo.frames import Frame
    from syncedit_demo.media.formats.registry import FormatName
    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.reading.runner import Runner
    from syncedit_demo.settings import EngineChoice, EngineName, Settings
    from syncedit_demo.sync_report.report import SyncReport

QUEUE_POLL_SECONDS = 0.2
KEPT_REGISTRATIONS = 8
"""Edited frames on their clip's grid that are kept, a few megabytes each."""

KEPT_CLIPS = 64
"""Clips about which it is kept what they hold."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The last event of an edit in several variants: all of them, the one that keeps time best first."""

    results: tuple[EditResult, ...]


class EditService:
    """Inspects clips and carries out edits, one at a time on each device of an engine.

    Attributes:
        admission: The work for visitors that is taken on.

    Args:
        settings: The settings of this process.
        runner: Where what users bring is read; in this process if none is given.

    Raises:
        SettingsError: Results should be signed and cannot be.
    """

    def __init__(self, settings: Settings, runner: Runner | None = None) -> None:
        self.settings = settings
        self.reader = MediaReader(runner or HereRunner(), settings.max_clip_pixels)
        self.engines = Engines(settings)
        self.admission = Admission(settings.max_waiting)
        self._signer = signer_of(settings)
        self._speeds = Speeds(settings.work_dir / "speeds.json")
        self._queues: dict[EngineName, DeviceQueue] = {}
        # What the page has shown is not looked for once more when it is made.
        self._probed: Kept[ClipInfo] = Kept(KEPT_CLIPS)
        self._registered: Kept[Registered] = Kept(KEPT_REGISTRATIONS)

    def close(self) -> None:
        """End what was begun for reading; jobs that are at it fail."""
        self.reader.close()

    def inspect(self, clip: Path, options: PlanOptions, cancel: CancelFlag | None = None) -> tuple[ClipInfo, EditPlan]:
        """What a clip holds and what will be made of it.

        Raises:
            ClipError: The clip cannot be used.
            LimitError: Reading it takes more than is allowed here; so wherever a file of the user is read.
            PlanError: The options do not fit it.
            Cancelled: The flag was set; so wherever there is one.
        """
        info = self._probed.get(FileState.of(clip), lambda: self.reader.probe(clip, cancel or CancelFlag()))
        return info, plan_edit(info, options)

    def engine(self) -> tuple[Engine, str]:
        """The engine that this process uses when none is asked for by name, and a sentence that says why.

        Raises:
            EngineError: The settings name an engine that is not ready; the sentence says what is missing.
        """
        return self.engines.choose(self.settings.engine)

    def first_frame(self, path: Path, clip: ClipInfo, plan: EditPlan, cancel: CancelFlag | None = None) -> Frame:
        """Frame 0 at the plan's size: exactly the pixels an engine sees."""
        return self.reader.first_frame(path, clip, plan, cancel or CancelFlag())

    def register_edited_frame(
        self, path: Path, clip: ClipInfo, plan: EditPlan, edited_frame: Path, cancel: CancelFlag | None = None
    ) -> Registered:
        """The edited frame on frame 0's grid, as an engine gets it, and what there is to say about it.

        Raises:
            EditedFrameError: The image cannot be read, or does not belong to this clip.
        """
        return self._registered.get(
            (FileState.of(path), clip, plan, FileState.of(edited_frame)),
            lambda: self.reader.register(path, clip, plan, edited_frame, cancel or CancelFlag()),
        )

    def write_reference(self, path: Path, clip: ClipInfo, plan: EditPlan, target: Path, cancel: CancelFlag) -> None:
        """The reference as the engine sees it, with its sound, as an mp4 that every browser plays.

        Raises:
            SyncEditError: The clip cannot be used, or the target cannot be written.
            Cancelled: The cancel flag was set; nothing is left behind.
        """
        audio = audio_interval(path, clip, plan)
        with closing(self.reader.conform(path, clip, plan, cancel)) as frames:
            finishing = partial(self.reader.finish, cancel=cancel)
            write_clip(frames, target, frame_rate=plan.frame_rate, audio=audio, finishing=finishing)

    def report(self, clip: Path, result: Path) -> SyncReport:
        """How well a result keeps time with a clip.

        Raises:
            ClipError: One of the two cannot be used.
            PlanError: They have nothing to compare.
            FaceModelError: Faces should be followed and cannot be.
        """
        return report_files(self.reader, clip, result, self.settings.faces)

    def export(
        self, result: Path, record: RunRecord, name: FormatName, target: Path, cancel: CancelFlag
    ) -> Generator[Progress]:
        """Write a result that is kept in another format; see `edits.export.export`.

        Raises:
            SyncEditError: Something the user can mend.
            Cancelled: The flag was set; nothing is left behind.
        """
        return export(self.reader, result, record, name, target, self._signer, cancel)

    def repeat(
        self, record_file: Path, target: Path, side_by_side: Path | None, name: FormatName | None = None
    ) -> EditRequest:
        """The request that makes the video of a record again, in another format if one is named.

        Raises:
            RecordError: The record cannot be read, or its inputs are gone or have changed.
        """
        record = read_record(record_file)
        return EditRequest(
            clip=record.clip_file.path,
            edited_frame=record.edited_file.path,
            target=target,
            options=PlanOptions(),
            engine=record.engine.name,
            engine_options=record.engine.options,
            seed=record.seed,
            audio=record.audio,
            label=record.label,
            side_by_side=side_by_side,
            repeat=record,
            format=name or record.format,
        )

    @contextmanager
    def taken_on(self, owner: str, engine: EngineChoice, cancel: CancelFlag) -> Generator[Admitted]:
        """Take a visitor's job on, in which edits are carried out one after the other.

        Args:
            owner: The visitor.
            engine: The engine asked for.
            cancel: Ends the job.

        Raises:
            BusyError: Too much is taken on already, of all visitors or of this one.
            EngineError: The engine is not ready.
        """
        chosen, _ = self.engines.choose(engine)
        try:
            with self.admission.admitted(owner, cancel, chosen.devices) as job:
                yield job
        finally:
            give_back()

    def edit(self, request: EditRequest, cancel: CancelFlag) -> Generator[JobEvent]:
        """Carry out one edit; the result appears at its target only when it is whole.

        Args:
            request: What is asked for.
            cancel: Set it from anywhere to stop the job within a step.

        Yields:
            One `Started`, `Queued` while other jobs have the devices, `Progress` and `Preview`; one `Published` when
            the result is whole, one `Recorded` when its record has the report; one `EditResult`. A stop after
            `Published` leaves out what is not there yet.

        Raises:
            SyncEditError: Something the user can mend.
            Cancelled: The cancel flag was set before the result was whole; nothing is left behind.
        """
        engine, choice = self.engines.choose(request.engine)
        options = resolve_for(engine, request.engine_options)
        self._check_targets(request)
        watch = Stopwatch()
        with watch.measure("Inspecting the clip"):
            clip, plan = self.inspect(request.clip, request.options, cancel)
        if request.repeat is not None:
            plan = request.repeat.plan
        request.form.check(request.target, plan.frame_rate, plan.frames)
        with watch.measure("Registering the edited frame"):
            registered = self.register_edited_frame(request.clip, clip, plan, request.edited_frame, cancel)
        marks = [f"The picture is labelled “{LABEL}”."] if request.label else []
        marks += request.form.notes((plan.width, plan.height), plan.frame_rate)
        if request.audio and clip.audio is not None and not request.form.sound:
            marks.append(f"As {request.form.title} the result is silent.")
        notes = (choice, *plan.notes, *_engine_notes(engine.name, plan), *registered.notes, *marks)
        started = Started(clip, plan, engine, notes)
        yield started
        # Whatever an engine leaves of its reference, nobody else waits for it.
        with ExitStack() as references:
            job = EditJob(
                plan=plan,
                edited_frame=registered.frame,
                reference=lambda: references.enter_context(
                    closing(self.reader.conform(request.clip, clip, plan, cancel))
                ),
                seed=request.seed,
                cancel=cancel,
                options=options,
                previews=request.previews,
            )
            edit = Edit(request, started, job, self.reader, self.settings.faces, watch, self._signer)
            made = make_edit(edit, self._on_device(engine, job))
            with closing(made):
                yield from self._speeds.measuring(made, engine, plan, options)

    def plan_notes(self, plan: EditPlan) -> tuple[str, ...]:
        """What there is to say of a plan before an edit is asked for, of the engine that would make it too."""
        try:
            name = self.engine()[0].name
        except EngineError:
            # It is named in the settings, and the only one there could be: on its way, or missing.
            name = self.settings.engine
        return (*plan.notes, *_engine_notes(name, plan))

    def doubt(self, engine: EngineChoice, first: Frame, edited: Frame) -> str | None:
        """What speaks against an edit by an engine, as a sentence; None where nothing does.

        Args:
            engine: The engine asked for.
            first: The first frame, as it is edited.
            edited: The edited one on its grid.

        Raises:
            EngineError: The engine is not ready.
        """
        chosen, _ = self.engines.choose(engine)
        if chosen.name != "draft" or not is_beyond_draft(first, edited):
            return None
        return (
            f"This edit has new shapes, and the {chosen.title} invents none: it will smear them, or lose them where "
            "things move. Recolour, or paint on what is there; new shapes need Sync-LoRA."
        )

    def expected_seconds(
        self, engine: EngineChoice, plan: EditPlan, options: Mapping[str, OptionValue]
    ) -> tuple[dict[str, float], bool]:
        """About how long an edit takes: seconds of each phase in their order, and whether this machine was measured.

        Nothing where this machine was not measured and nothing is known of the engine.

        Raises:
            EngineError: The engine is not ready.
        """
        chosen, _ = self.engines.choose(engine)
        return self._speeds.expected(chosen, plan, options)

    def waiting_seconds(self, position: int, engine: EngineChoice) -> float | None:
        """For about how long an edit waits that so many are before, None where no earlier edit tells.

        Raises:
            EngineError: The engine is not ready.
        """
        chosen, _ = self.engines.choose(engine)
        return self.admission.wait_for(position, chosen.devices)

    def check_variants(self, engine: EngineChoice, count: int) -> None:
        """Refuse a number of variants that would not be so many results.

        Raises:
            EngineError: The engine gives the same result whatever the seed, or `count` is no number of variants.
        """
        chosen, _ = self.engines.choose(engine)
        if not 1 <= count <= MAX_VARIANTS:
            message = f"Ask for 1 to {MAX_VARIANTS} variants, not {count}."
            raise EngineError(message)
        if not chosen.uses_seed and count > 1:
            message = (
                f"{chosen.title} makes the same clip from every seed: leave the variants out, or use an engine that "
                "generates, such as Sync-LoRA."
            )
            raise EngineError(message)

    def edit_variants(
        self, request: EditRequest, count: int, cancel: CancelFlag
    ) -> Iterator[JobEvent | VariantStarted | Ranked]:
        """Carry out one edit with several seeds and rank the results by how well they keep time.

        The best result is at the request's target in the end, and the others are beside it with their seed in their
        name: `out.mp4`, `out-seed43.mp4`, `out-seed44.mp4`. So are their records and side-by-side clips. A variant
        that is whole stays when a later one fails or is stopped.

        Args:
            request: What is asked for; its seed is the first one.
            count: Number of variants, with the seeds that follow.
            cancel: Set it from anywhere to stop within a step.

        Yields:
            For each variant one `VariantStarted`, if there are several, and the events of `edit`; one `Ranked`.

        Raises:
            EngineError: The engine gives the same result whatever the seed, or `count` is no number of variants.
            SyncEditError: Something else the user can mend.
            Cancelled: The cancel flag was set; the variants are not ranked.
        """
        self.check_variants(request.engine, count)
        both = request.side_by_side
        variants = {
            seed: replace(
                request,
                seed=seed,
                target=_with_seed(request.target, seed),
                side_by_side=None if both is None else _with_seed(both, seed),
            )
            for seed in range(request.seed, request.seed + count)
        }
        for each in (request, *variants.values()):
            self._check_targets(each)
        results: list[EditResult] = []
        for event in make_variants(lambda seed: self.edit(variants[seed], cancel), request.seed, count, cancel):
            if isinstance(event, EditResult):
                results.append(event)
            yield event
        ranked = sorted(results, key=lambda result: result.record.standing, reverse=True)
        best = ranked[0]
        for made, wanted in (
            (best.target, request.target),
            (record_path(best.target), record_path(request.target)),
            *([] if both is None else [(_with_seed(both, best.record.seed), both)]),
        ):
            publish(made, wanted)
        yield Ranked((replace(best, target=request.target, side_by_side=both), *ranked[1:]))

    def _check_targets(self, request: EditRequest) -> None:
        wanted = {request.target: request.form.suffix}
        if request.side_by_side is not None:
            if request.side_by_side.resolve() == request.target.resolve():
                raise OutputError(request.side_by_side, "the result goes there: choose another name")
            wanted[request.side_by_side] = MP4.suffix
        for target, suffix in wanted.items():
            check_target(target, suffix, (request.clip, request.edited_frame))
        if self._signer is not None:
            self._signer.check(request.target)

    def _on_device(self, engine: Engine, job: EditJob) -> Generator[Event | Queued]:
        """An engine's events once there is a device for the job, which is given back with the last of them."""
        queue = self._queues.setdefault(engine.name, DeviceQueue(engine.devices))
        ticket = queue.join()
        try:
            while position := queue.position(ticket, QUEUE_POLL_SECONDS):
                job.cancel.raise_if_set()
                yield Queued(position)
            began = time.monotonic()
            with closing(engine.run(job)) as events:
                yield from events
            self.admission.measured(time.monotonic() - began)
        finally:
            queue.leave(ticket)


def _with_seed(target: Path, seed: int) -> Path:
    return target.with_stem(f"{target.stem}-seed{seed}")


def _engine_notes(name: EngineChoice, plan: EditPlan) -> tuple[str, ...]:
    return plan.model_notes if name == "sync-lora" else ()
