"""The run record: everything needed to make the same video again.

It is inside the mp4, in the comment tag, and lies beside it as JSON, there with the report, which is made of the mp4.
Both name the inputs as seen from their folder. Where the way from there goes through the home folder's name, it begins
with "~" instead: a video and its record are given away, and that name is nobody else's business.
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
from syncedit_demo.media.atomic import write_whole
from syncedit_demo.media.container import open_container
from syncedit_demo.media.formats.registry import FormatName
from syncedit_demo.media.probe import ClipInfo
from syncedit_demo.plan import EditPlan
from syncedit_demo.settings import EngineName
from syncedit_demo.sync_report.report import SyncReport

HOME = Path("~")
"""How a record names the home folder."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file the result was made from.

    Attributes:
        path: Where it was: relative to the folder of the record, or to the home folder where it begins with "~";
            absolute while it is not in a record, and in those of older versions.
        sha256: Hash of its bytes, in hex.
    """

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> InputFile:
        """Read and hash a file."""
        with path.open("rb") as file:
            return cls(path.resolve(), hashlib.file_digest(file, "sha256").hexdigest())

    def seen_from(self, folder: Path) -> InputFile:
        """The same file, of which the absolute path is known, as a record in this folder names it."""
        folder, home = folder.resolve(), _home()
        if self.path.is_relative_to(home) and not folder.is_relative_to(home):
            return replace(self, path=HOME / self.path.relative_to(home))
        return replace(self, path=Path(os.path.relpath(self.path, folder)))


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
        report: How well the result keeps time with the clip; None where that was not looked at, or is not known yet.
        label: Whether the picture says that it is AI-edited; the hash is of the frames without.
        format: What the result is written in.
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
    label: bool = False
    format: FormatName = "mp4"

    def to_json(self) -> str:
        """The record as JSON text, rates as "30000/1001"."""
        return _ADAPTER.dump_json(self, indent=2).decode()

    @property
    def standing(self) -> tuple[float, int]:
        """What variants are ranked by, the best one highest: how well they keep time, then the lower seed."""
        return (self.report.score if self.report else 0.0, -self.seed)

    def same_but_for_seed(self, other: RunRecord) -> bool:
        """Whether both were made of the same inputs, by the same plan and by the same engine with the same options."""

        def inputs(record: RunRecord) -> tuple[object, ...]:
            return record.clip_file.sha256, record.edited_file.sha256, record.plan, record.engine

        return inputs(self) == inputs(other)


_ADAPTER = TypeAdapter(RunRecord)


def record_path(target: Path) -> Path:
    """Where the record of a result lies: `out.mp4` has `out.record.json`."""
    return target.with_suffix(".record.json")


def write_record(record: RunRecord, target: Path) -> None:
    """Write the record of a result beside it, whole or not at all.

    Raises:
        OutputError: The disk is full, or the folder is missing or not writable.
    """
    write_whole(record.to_json().encode(), record_path(target))


def load_record(path: Path) -> RunRecord:
    """Read a record, or that of a result: the one beside it, which says more, or the one it holds if that is gone.

    Returns:
        The record as it was written.

    Raises:
        RecordError: There is no record in it, or it is broken.
    """
    record = _parse(path)
    with suppress(RecordError):
        beside = _parse(record_path(path))
        if beside.frames_sha256 == record.frames_sha256:
            return beside
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
    """An input where a record in `folder` says it is, or beside that record, unchanged; named by its absolute path.

    Raises:
        RecordError: It is gone or has changed.
    """
    # Where it was, or, when record and inputs were moved together, beside the record.
    homely = [_home() / file.path.relative_to(HOME)] if file.path.is_relative_to(HOME) else []
    present = [path for path in (*homely, folder / file.path, folder / file.path.name) if path.is_file()]
    if not present:
        message = f"The {what} {file.path} is gone: put it back, or put it beside the record."
        raise RecordError(message)
    for path in present:
        candidate = InputFile.of(path)
        if candidate.sha256 == file.sha256:
            return candidate
    message = f"The {what} {present[0]} has changed since the record was written: put the original back."
    raise RecordError(message)


def _parse(path: Path) -> RunRecord:
    text = _text_of(path)
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        message = f"{path} holds no run record of this program: choose a video it made, or the .record.json beside it."
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
            # Some containers have the names of their tags in capitals.
            return next((text for name, text in container.metadata.items() if name.lower() == "comment"), "")
    except ClipError:
        return ""


def _home() -> Path:
    return Path(os.path.expanduser("~")).resolve()  # noqa: PTH111 - Path.home() raises where there is none
