"""A visit: what one visitor brought and got, in one folder on disk.

A browser knows its visit by a signed cookie with an id that cannot be guessed, and nothing else: every path is made
here, from that id and from what lies in the folder.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncedit_demo.edits.record import RunRecord, load_record, record_path
from syncedit_demo.errors import BusyError, DeletedError, NoRoomError, OutputError, RecordError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.ui.visits.room import Room, room_of
from syncedit_demo.ui.visits.run_facts import RunFacts, load_facts, write_facts

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from syncedit_demo.frames import Frame
    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.plan import EditPlan, PlanOptions
    from syncedit_demo.settings import EngineName, Settings

logger = logging.getLogger(__name__)

LONGEST_NAME = 60
ENGINES: dict[EngineName, str] = {"draft": "Draft", "sync-lora": "Sync-LoRA"}
"""What engines are called where there is little room."""

UPLOAD = "upload"
RUN_PREFIX, RECORDS, RESULTS = "run-", "*.record.json", "*-edited.mp4"


@dataclass(frozen=True, slots=True)
class ClipRange:
    """The part of a clip that is to be edited.

    Attributes:
        folder: Where the files made of it lie.
        path: The clip.
        clip: What the clip holds.
        options: What the visitor decided.
        plan: What will be made of it.
    """

    folder: Path
    path: Path
    clip: ClipInfo
    options: PlanOptions
    plan: EditPlan

    @property
    def frame(self) -> Path:
        """Frame 0 as a PNG, pixel for pixel what an engine sees."""
        return self.folder / f"{self.path.stem[:LONGEST_NAME]}-frame0.png"

    @property
    def reference(self) -> Path:
        """The reference as an engine sees it, as an mp4 that browsers play."""
        return self.folder / "reference.mp4"


@dataclass(frozen=True, slots=True)
class Run:
    """An edit whose result can be played.

    Attributes:
        folder: Where its files lie. The side-by-side video comes last, and may be left out.
        number: What it is counted as in the visit, from 1.
        record: How it was made; the report in it comes after the result, and may be left out.
        facts: What there is beside that.
    """

    folder: Path
    number: int
    record: RunRecord
    facts: RunFacts = field(default_factory=RunFacts)

    @property
    def id(self) -> str:
        """Its name within the visit."""
        return self.folder.name

    @property
    def title(self) -> str:
        """What it is called in the page."""
        return f"Run {self.number}"

    @property
    def edited(self) -> str:
        """What its edited frame was called, without the kind of file."""
        return Path(self.facts.edited or self.record.edited_file.path.name).stem

    @property
    def made(self) -> str:
        """Its engine and size, in words."""
        plan = self.record.plan
        return f"{ENGINES[self.record.engine.name]} · {plan.width}×{plan.height}"

    @property
    def inputs(self) -> tuple[Path, Path]:
        """The clip and the edited frame that it was made from, which lie beside it."""
        record = self.record
        return self.folder / record.clip_file.path.name, self.folder / record.edited_file.path.name

    def keeps_step_with(self, other: Run) -> bool:
        """Whether both have as many frames at the same rate, so that they can be played on one clock."""
        one, two = self.record.plan, other.record.plan
        return (one.frames, one.frame_rate) == (two.frames, two.frame_rate)

    def rank(self, runs: Sequence[Run]) -> tuple[int, int] | None:
        """Its rank, from 1, among the runs that differ from it by their seed only, and how many these are.

        Of two that keep time equally well the one with the lower seed comes first. None where there is nothing to rank:
        it has no report, there are no others that have one, or they have the very same frames.
        """
        if self.record.report is None:
            return None
        alike = [run for run in runs if run.record.report and run.record.same_but_for_seed(self.record)]
        results = {run.record.frames_sha256: run.record.standing for run in alike}
        own = results[self.record.frames_sha256]
        better = sum(other > own for other in results.values())
        return (1 + better, len(results)) if len(results) > 1 else None

    @property
    def files(self) -> RunFiles:
        """Its files."""
        return RunFiles.of(self.folder, self.record.clip_file.path)


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Where the files of a run lie; those to download are named after the clip."""

    result: Path
    side_by_side: Path
    reference: Path
    picture: Path

    @classmethod
    def of(cls, folder: Path, clip: Path) -> RunFiles:
        """The files in a folder, none of which has the name of the clip."""
        stem = clip.stem[:LONGEST_NAME]
        # The result of a long name is edited again: cut at the same place, the name would be the same once more.
        if clip.stem.startswith(f"{stem}-"):
            stem = stem[:-1]
        return cls(
            folder / f"{stem}-edited.mp4",
            folder / f"{stem}-side-by-side.mp4",
            folder / f"{stem}-as-reference.mp4",
            folder / "picture.jpg",
        )

    @property
    def record(self) -> Path:
        """The run record."""
        return record_path(self.result)

    @property
    def facts(self) -> Path:
        """The `RunFacts`."""
        return self.result.with_suffix(".facts.json")


@dataclass(frozen=True, slots=True)
class Visit:
    """The folder of one visitor.

    A run in it counts once its record is there, which comes when the result was compared with its clip. A visit knows
    besides of the runs that were begun with it, so that these count as soon as their result can be played.
    """

    folder: Path
    room: Room = field(repr=False, compare=False)
    _shown: dict[Path, RunRecord] = field(default_factory=dict[Path, RunRecord], init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """What the browser knows it by."""
        return self.folder.name

    def keep(self, upload: Path, name: str | None = None) -> Path:
        """A file of the visitor in a folder of its own in the visit.

        Args:
            upload: The file; one that was kept before stays where it is.
            name: What it is called, its own name if None.

        Raises:
            DeletedError: It is gone.
            NoRoomError: The visit keeps too much already; the upload is gone then.
        """
        if name is None and upload.parent.parent == self.folder and upload.parent.name.startswith(UPLOAD):
            _size(upload)
            return upload
        try:
            self.room.check_visit(self.folder, _size(upload))
        except NoRoomError:
            self.room.forget(upload)
            raise
        kept = self._new_folder(UPLOAD) / Path(name or upload.name).name
        try:
            link(upload, kept)
        except Exception:
            shutil.rmtree(kept.parent, ignore_errors=True)
            raise
        return kept

    def keep_painting(self, painting: Frame) -> Path:
        """A painting in a folder of its own in the visit, as a PNG that was written here.

        Raises:
            NoRoomError: The visit keeps too much already.
            OutputError: The disk is full.
        """
        self.room.check_visit(self.folder, painting.nbytes)
        path = self._new_folder(UPLOAD) / "painting.png"
        write_png(painting, path)
        return path

    def new_range(self, path: Path, clip: ClipInfo, options: PlanOptions, plan: EditPlan) -> ClipRange:
        """A cut of a clip, with a folder for what is made of it."""
        return ClipRange(self._new_folder("cut"), path, clip, options, plan)

    def example_folder(self, name: str) -> Path:
        """A folder for what is made of an example to show it."""
        folder = self._own() / f"example-{name}"
        folder.mkdir(exist_ok=True)
        return folder

    @contextmanager
    def making_run(self) -> Generator[Path]:
        """A folder for a run, which is gone afterwards unless the run has a record by then.

        Raises:
            NoRoomError: The visit, or all of them together, keep too much already.
        """
        self.room.check_visit(self.folder)
        # Who is given the address of one result cannot guess that of another.
        folder = self._own() / f"{RUN_PREFIX}{time.time_ns()}-{uuid.uuid4().hex}"
        folder.mkdir()
        try:
            yield folder
        finally:
            self._shown.pop(folder, None)
            if not any(folder.glob(RECORDS)):
                shutil.rmtree(folder, ignore_errors=True)

    def show(self, folder: Path, record: RunRecord, edited: str = "") -> Run:
        """Count a run in the making, as its result can be played, or as more of it is there.

        Args:
            folder: Its folder.
            record: How it is made, as far as that is known.
            edited: The name of the edited frame as it was given.
        """
        self._shown[folder] = record
        runs = self.runs()
        run = next(run for run in runs if run.folder == folder)
        if run.facts.number is not None:
            return run
        number = 1 + max((each.number for each in runs if each.folder != folder), default=0)
        # On a full disk the run is worth more than its name.
        with suppress(OutputError):
            return self.note(replace(run, number=number), number=number, edited=edited)
        return run

    def note(self, run: Run, **changes: Any) -> Run:  # noqa: ANN401 - the fields of RunFacts
        """A run with other facts, which are written down; it counts as new from now on.

        Raises:
            OutputError: The disk is full, or the run is gone.
        """
        facts = replace(run.facts, **changes)
        write_facts(facts, run.files.facts)
        return replace(run, facts=facts)

    def delete(self, run: Run) -> None:
        """Delete a run with all its files, its record too.

        Raises:
            BusyError: It is still being made.
        """
        if run.folder in self._shown:
            message = f"{run.title} is still being made: stop it, or wait until it is whole."
            raise BusyError(message)
        shutil.rmtree(run.folder, ignore_errors=True)

    def runs(self) -> list[Run]:
        """The runs, oldest first."""
        records = self._shown.copy()
        for file in self.folder.glob(f"{RUN_PREFIX}*/{RECORDS}"):
            try:
                records[file.parent] = load_record(file)
            except RecordError:
                # Made by a version of this program that wrote other records, or being deleted.
                logger.warning("a run is left out, its record cannot be read: %s", file.parent)
        # By when they were finished: one that waited for a device may have been begun before others.
        ordered = sorted(records.items(), key=lambda each: (each[1].created, each[0]))
        runs: list[Run] = []
        for number, (folder, record) in enumerate(ordered, start=1):
            facts = load_facts(RunFiles.of(folder, record.clip_file.path).facts)
            runs.append(Run(folder, facts.number or number, record, facts))
        return runs

    def run(self, run_id: object) -> Run | None:
        """The run that a browser names, if there is one."""
        return next((run for run in self.runs() if run.id == run_id), None)

    def _new_folder(self, kind: str) -> Path:
        folder = self._own() / f"{kind}-{uuid.uuid4().hex}"
        folder.mkdir()
        return folder

    def _own(self) -> Path:
        """The folder of the visit, which is made when there is something to keep in it, and again once it was old."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.folder


def open_visit(settings: Settings, visit_id: str | None) -> Visit:
    """A visit by its id, or a new one, whose id cannot be guessed.

    Args:
        settings: The settings of this process.
        visit_id: The id, as the signed cookie of a browser names it; nobody else may choose one.
    """
    return Visit(settings.jobs_dir / (visit_id or uuid.uuid4().hex), room_of(settings))


def link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where that cannot be.

    Raises:
        DeletedError: The file is gone.
        FileExistsError: The name is taken; it may be that of an upload, which must not be written over.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except FileNotFoundError as error:
        raise DeletedError(source) from error
    except OSError:
        shutil.copyfile(source, target)


def _size(upload: Path) -> int:
    try:
        return upload.stat().st_size
    except FileNotFoundError as error:
        raise DeletedError(upload) from error


def name_beside(clip: Path, edited: Path) -> Path:
    """Where an edited frame goes beside its clip, which may have any name."""
    name = f"edited-frame{edited.suffix}"
    return clip.with_name(f"its-{name}" if clip.name == name else name)
