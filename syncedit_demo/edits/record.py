"""The run record: everything needed to make the same video again.

It lies beside the mp4 as JSON, where it names its inputs by absolute path, and inside the mp4's comment tag, where it
names them relative to the mp4, or by their names alone where the way there goes through the home folder's: a video is
given away, and that folder's name is nobody else's business.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from syncedit_demo.errors import ClipError, RecordError
from syncedit_demo.media.container import open_container
from syncedit_demo.media.probe import ClipInfo
from syncedit_demo.plan import EditPlan
from syncedit_demo.settings import EngineName
from syncedit_demo.sync_report.report import SyncReport


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file the result was made from.

    Attributes:
        path: Where it was: absolute, or relative to the folder of the record.
        sha256: Hash of its bytes, in hex.
    """

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> InputFile:
        """Read and hash a file."""
        with path.open("rb") as file:
            return cls(path.resolve(), hashlib.file_digest(file, "sha256").hexdigest())


@dataclass(frozen=True, slots=True)
class EngineRecord:
    """Which engine made the frames.

    Attributes:
        name: Its name on the command line.
        title: The engine and its device in words.
        versions: What decided the pixels, by name.
        options: The engine's own options, by name.
    """

    name: EngineName
    title: str
    versions: dict[str, str]
    options: dict[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One finished edit.

    Attributes:
        program: Version of this program.
        created: When the result was finished.
        machine: Operating system, processor and Python.
        clip_file: The reference clip.
        edited_file: The edited frame as it was given.
        clip: What the clip holds.
        plan: What was made of it.
        engine: What made it.
        seed: The seed.
        audio: Whether the reference's audio was kept.
        notes: What the user was told.
        frames_sha256: Hash of the engine's RGB frames one after the other, in hex.
        timings: Seconds spent in each phase.
        report: How well the result keeps time with the clip; None in records of programs that did not look.
    """

    program: str
    created: datetime
    machine: str
    clip_file: InputFile
    edited_file: InputFile
    clip: ClipInfo
    plan: EditPlan
    engine: EngineRecord
    seed: int
    audio: bool
    notes: tuple[str, ...]
    frames_sha256: str
    timings: dict[str, float]
    report: SyncReport | None = None

    def to_json(self) -> str:
        """The record as JSON text, rates as "30000/1001"."""
        return _ADAPTER.dump_json(self, indent=2).decode()

    @property
    def score(self) -> float:
        """How well the result keeps time, 0 to 1; 0 where that was not measured."""
        return self.report.score if self.report else 0.0

    def same_but_for_seed(self, other: RunRecord) -> bool:
        """Whether both were made of the same inputs, by the same plan and by the same engine with the same options."""

        def inputs(record: RunRecord) -> tuple[object, ...]:
            return record.clip_file.sha256, record.edited_file.sha256, record.plan, record.engine

        return inputs(self) == inputs(other)

    def relative_to(self, folder: Path) -> RunRecord:
        """The same record with its inputs named relative to a folder, which does not name the home folder."""
        return replace(
            self,
            clip_file=_relative(self.clip_file, folder),
            edited_file=_relative(self.edited_file, folder),
        )


_ADAPTER = TypeAdapter(RunRecord)


def record_path(target: Path) -> Path:
    """Where the record of a result lies: `out.mp4` has `out.record.json`."""
    return target.with_suffix(".record.json")


def load_record(path: Path) -> RunRecord:
    """Read a record, or the one an mp4 holds.

    Returns:
        The record as it was written; one that an mp4 holds names its inputs as the one beside that mp4 does, if that is
        there, since its own may not say where they are.

    Raises:
        RecordError: There is no record in it, or it is broken.
    """
    record = _parse(path)
    with suppress(RecordError):
        beside = _parse(record_path(path))
        if beside.frames_sha256 == record.frames_sha256:
            return replace(record, clip_file=beside.clip_file, edited_file=beside.edited_file)
    return record


def read_record(path: Path) -> RunRecord:
    """Read a record, or the one an mp4 holds, and check that its inputs are still what they were.

    Returns:
        The record, its inputs named by paths that exist.

    Raises:
        RecordError: There is no record in it, it is broken, or an input is gone or has changed.
    """
    record = load_record(path)
    folder = path.resolve().parent
    return replace(
        record,
        clip_file=find_input(record.clip_file, "clip", folder),
        edited_file=find_input(record.edited_file, "edited frame", folder),
    )


def find_input(file: InputFile, what: str, folder: Path) -> InputFile:
    """An input where a record in `folder` says it is, or beside that record, unchanged.

    Raises:
        RecordError: It is gone or has changed.
    """
    # Where it was, or, when record and inputs were moved together, beside the record.
    places = [folder / file.path, folder / file.path.name]
    present = [place for place in places if place.is_file()]
    if not present:
        message = f"The {what} {file.path} is gone: put it back, or put it beside the record."
        raise RecordError(message)
    for place in present:
        candidate = InputFile.of(place)
        if candidate.sha256 == file.sha256:
            return candidate
    message = f"The {what} {present[0]} has changed since the record was written: put the original back."
    raise RecordError(message)


def _parse(path: Path) -> RunRecord:
    text = _text_of(path)
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        message = f"{path} holds no run record of this program: choose an mp4 it made, or the .record.json beside it."
        raise RecordError(message) from error


def _text_of(path: Path) -> str | bytes:
    try:
        with path.open("rb") as file:
            is_json = file.read(1) == b"{"
        if is_json:
            return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {(error.strerror or 'unknown reason').lower()}."
        raise RecordError(message) from error
    try:
        with open_container(path) as container:
            return container.metadata.get("comment", "")
    except ClipError:
        return ""


def _relative(file: InputFile, folder: Path) -> InputFile:
    folder = folder.resolve()
    home = Path(os.path.expanduser("~")).resolve()  # noqa: PTH111 - Path.home() raises where there is none
    names_home = file.path.is_relative_to(home) and not folder.is_relative_to(home)
    return replace(file, path=Path(file.path.name if names_home else os.path.relpath(file.path, folder)))
