"""Two files, brought to the same frames and followed side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

import cv2

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.record import InputFile, RunRecord, find_input, load_record
from syncedit_demo.errors import FaceModelError, RecordError, SyncEditError
from syncedit_demo.media.label import labelled
from syncedit_demo.plan import MAX_RATE, EditPlan, PlanOptions, centre_crop, plan_edit
from syncedit_demo.sync_report.faces import compare_faces
from syncedit_demo.sync_report.features import analysis_size, measure_motion
from syncedit_demo.sync_report.landmarks import follow_face, locate_face_model
from syncedit_demo.sync_report.report import SyncReport, compare_motion
from syncedit_demo.wording import describe_rate, frames_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from syncedit_demo.frames import Frame
    from syncedit_demo.media.probe import ClipInfo
    from syncedit_demo.reading.media_reader import MediaReader
    from syncedit_demo.settings import FaceModel
    from syncedit_demo.sync_report.faces import FaceTrack
    from syncedit_demo.sync_report.features import Motion

Followed = TypeVar("Followed")

FACE_SIDE = 512
"""Longer side at most, in pixels, of the pictures that faces are followed in."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two files, and which of its frames are compared.

    Attributes:
        path: The file.
        clip: What it holds.
        plan: Interval, rate and crop; its size does not matter.
    """

    path: Path
    clip: ClipInfo
    plan: EditPlan


def report_edit(
    reader: MediaReader,
    reference: Side,
    result: Path,
    edited_frame: Frame,
    face_model: FaceModel | None,
    cancel: CancelFlag,
) -> SyncReport:
    """The report on a result that was made by the reference's plan.

    Args:
        reader: Reads the two.
        reference: The clip that the result was made from.
        result: The result, without or with sound.
        edited_frame: What its first frame should be, RGB uint8 (height, width, 3).
        face_model: What faces are followed with; where that fails, the report says so. None looks for no faces.
        cancel: Set it from anywhere to stop.

    Raises:
        Cancelled: The cancel flag was set.
    """
    clip = reader.probe(result, cancel)
    plan = replace(reference.plan, start=0, crop=(0, 0, *clip.display_size), width=clip.display_size[0])
    plan = replace(plan, height=clip.display_size[1], frame_rate=clip.average_rate)
    own = Side(result, clip, plan)
    report = _report(reader, reference, own, edited_frame, cancel)
    if face_model is None:
        return report
    try:
        return _with_faces(report, reader, reference, own, locate_face_model(face_model), cancel)
    except FaceModelError as error:
        return replace(report, sentences=(*report.sentences, str(error)))


def report_files(reader: MediaReader, clip: Path, result: Path, face_model: FaceModel | None = None) -> SyncReport:
    """The report on any two files; the clip is conformed to the result's aspect, rate and frames.

    Where the result holds the record of having been made from this very clip, interval and crop are the record's, and
    its first frame is held against the edited frame if that is still there.

    Args:
        reader: Reads the two.
        clip: The reference.
        result: What is judged.
        face_model: What faces are followed with, None to look for none.

    Raises:
        ClipError: A file cannot be used.
        PlanError: The two have nothing to compare.
        FaceModelError: Faces should be followed and cannot be.
    """
    never = CancelFlag()
    clip_info, result_info = reader.probe(clip, never), reader.probe(result, never)
    faces = None if face_model is None else locate_face_model(face_model)
    record = _record(clip, result)
    own_rate = (
        None if result_info.variable_rate or result_info.average_rate > 2 * MAX_RATE else result_info.average_rate
    )
    result_plan = plan_edit(result_info, PlanOptions(rate=own_rate, max_frames=result_info.frames))
    width, height = result_info.display_size
    result_plan = replace(result_plan, width=width, height=height, crop=(0, 0, width, height))
    rate = result_plan.frame_rate
    whole = plan_edit(clip_info, PlanOptions(rate=rate, max_frames=result_plan.frames))
    plan = replace(whole, crop=centre_crop(clip_info.display_size, Fraction(width, height)))
    if record is not None:
        start = min(round(record.plan.start / record.plan.frame_rate * rate), whole.frames - 1)
        rest = plan_edit(clip_info, PlanOptions(rate=rate, start=start, max_frames=result_plan.frames))
        plan = replace(rest, crop=record.plan.crop)
    frames = min(plan.frames, result_plan.frames)
    notes: list[str] = []
    if result_plan.frames > frames:
        notes.append(
            f"The clip has only {frames_in_words(frames)} at the result's {describe_rate(rate)}: the result's other "
            f"{result_plan.frames - frames} are not compared."
        )
    edited = None
    if record is not None:
        edited = _edited_frame(reader, record, result.resolve().parent, Side(clip, clip_info, record.plan))
    reference = Side(clip, clip_info, replace(plan, frames=frames))
    own = Side(result, result_info, replace(result_plan, frames=frames))
    report = _report(reader, reference, own, edited, never)
    if faces is not None:
        report = _with_faces(report, reader, reference, own, faces, never)
    return replace(report, sentences=(*report.sentences, *notes))


def _report(
    reader: MediaReader, reference: Side, result: Side, edited_frame: Frame | None, cancel: CancelFlag
) -> SyncReport:
    size = analysis_size((result.plan.width, result.plan.height))

    def follow(side: Side) -> Motion:
        with closing(_frames(reader, side, size, cancel)) as frames:
            return measure_motion(frames, size)

    motion, own = _on_both(reference, result, follow)
    psnr = None
    if edited_frame is not None:
        psnr = _psnr(edited_frame, reader.first_frame(result.path, result.clip, result.plan, cancel))
    return compare_motion(motion, own, result.plan.frame_rate, psnr)


def _with_faces(
    report: SyncReport, reader: MediaReader, reference: Side, result: Side, model: Path, cancel: CancelFlag
) -> SyncReport:
    scale = min(1.0, FACE_SIDE / max(result.plan.width, result.plan.height))
    size = (max(2, round(result.plan.width * scale)), max(2, round(result.plan.height * scale)))
    rate = result.plan.frame_rate

    def follow(side: Side) -> FaceTrack:
        with closing(_frames(reader, side, size, cancel)) as frames:
            return follow_face(frames, rate, model)

    tracks = _on_both(reference, result, follow)
    missing = [
        f"No face is found in {what}."
        for what, track in zip(("the clip", "the result"), tracks, strict=True)
        if not track.has_face
    ]
    if missing:
        return replace(report, sentences=(*report.sentences, *missing))
    return replace(report, faces=compare_faces(*tracks))


def _on_both(reference: Side, result: Side, follow: Callable[[Side], Followed]) -> tuple[Followed, Followed]:
    with ThreadPoolExecutor(1) as worker:
        other = worker.submit(follow, reference)
        own = follow(result)
        return other.result(), own


def _frames(reader: MediaReader, side: Side, size: tuple[int, int], cancel: CancelFlag) -> Generator[Frame]:
    plan = replace(side.plan, width=size[0], height=size[1])
    return reader.conform(side.path, side.clip, plan, cancel)


def _record(clip: Path, result: Path) -> RunRecord | None:
    """The record in the result, if it was made from this clip."""
    with suppress(RecordError):
        record = load_record(result)
        if record.clip_file.sha256 == InputFile.of(clip).sha256:
            return record
    return None


def _edited_frame(reader: MediaReader, record: RunRecord, folder: Path, reference: Side) -> Frame | None:
    """The edited frame that a record names as the engine got it, None if it is gone or has changed."""
    with suppress(SyncEditError):
        image = find_input(record.edited_file, "edited frame", folder).path
        frame = reader.register(reference.path, reference.clip, reference.plan, image, CancelFlag()).frame
        return labelled(frame) if record.label else frame
    return None


def _psnr(expected: Frame, picture: Frame) -> float:
    """Peak signal to noise in dB, at the picture's size; 100 for identical ones."""
    height, width = picture.shape[:2]
    scaled = cv2.resize(expected, (width, height), interpolation=cv2.INTER_AREA)
    return float(min(100.0, cv2.PSNR(scaled, picture)))
