"""Results in other formats: while they are made, and from the mp4 that is kept."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.export import TRANSCODED
from syncedit_demo.edits.make import EditRequest, Published
from syncedit_demo.edits.record import load_record
from syncedit_demo.engines.interface import Progress
from syncedit_demo.errors import Cancelled, OutputError
from syncedit_demo.media.formats.registry import FORMATS, FormatName
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.plan import PlanOptions
from syncedit_demo.settings import Settings
from tests.support.clips import edited_scene, write_scene
from tests.support.credentials import write_credentials
from tests.support.quick_app import QuickService


@pytest.fixture
def wanted(tmp_path: Path) -> EditRequest:
    clip, edited = tmp_path / "scene.mp4", tmp_path / "edited.png"
    write_scene(clip, 9, sound=True)
    write_png(edited_scene(clip), edited)
    return EditRequest(clip, edited, tmp_path / "out.mp4", PlanOptions(size=(320, 256)), "draft")


@pytest.fixture
def service(tmp_path: Path) -> QuickService:
    return QuickService(Settings(work_dir=tmp_path / "work"))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["prores", "gif", "webp", "png"])
def test_a_stop_leaves_nothing_and_one_after_the_result_leaves_that(
    wanted: EditRequest, service: QuickService, tmp_path: Path, name: FormatName
) -> None:
    before = names(tmp_path)
    wanted = replace(wanted, target=tmp_path / f"out{FORMATS[name].suffix}", format=name)
    cancel = CancelFlag()

    def stop(kind: type) -> None:
        for event in service.edit(wanted, cancel):
            if isinstance(event, kind):
                cancel.set()

    with pytest.raises(Cancelled):
        stop(Progress)
    assert names(tmp_path) == before
    cancel = CancelFlag()
    stop(Published)
    assert names(tmp_path) == before | {wanted.target.name, "out.record.json"}
    assert load_record(tmp_path / "out.record.json").format == name


def test_a_kept_result_is_exported_with_its_sound_and_says_what_it_was_made_from(
    wanted: EditRequest, service: QuickService, tmp_path: Path
) -> None:
    list(service.edit(wanted, CancelFlag()))
    record, kept = load_record(wanted.target), list(read_frames(wanted.target))
    target = tmp_path / "out.mov"
    steps = list(service.export(wanted.target, record, "prores", target, CancelFlag()))
    assert [(step.step, step.total) for step in steps] == [(number, 9) for number in range(1, 10)]
    with av.open(str(target)) as made:
        assert [stream.codec_context.name for stream in made.streams] == ["prores", "pcm_s16le"]
        frames = [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]
    assert len(frames) == len(kept)
    assert max(np.abs(one.astype(int) - other).mean() for one, other in zip(frames, kept, strict=True)) < 2
    # Given away, it says itself what it is; here the record beside the result says more.
    own = load_record(Path(shutil.copy(target, tmp_path / "given-away.mov")))
    assert own.format == "prores"
    assert TRANSCODED in own.notes
    # Lossless is what the kept mp4 shows, to the bit.
    list(service.export(wanted.target, record, "png", tmp_path / "out.zip", CancelFlag()))
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        assert len(file.namelist()) == 10
    assert not [name for name in names(tmp_path) if name.startswith(".")]


@pytest.mark.parametrize("name", ["webm", "ffv1", "gif"])
def test_an_export_that_is_stopped_leaves_nothing(
    wanted: EditRequest, service: QuickService, tmp_path: Path, name: FormatName
) -> None:
    list(service.edit(wanted, CancelFlag()))
    before, cancel = names(tmp_path), CancelFlag()
    target = tmp_path / f"out{FORMATS[name].suffix}"
    export = service.export(wanted.target, load_record(wanted.target), name, target, cancel)
    next(export)
    cancel.set()
    with pytest.raises(Cancelled):
        next(export)
    assert names(tmp_path) == before


def test_where_results_are_signed_others_are_not_given_out(wanted: EditRequest, tmp_path: Path) -> None:
    chain, key = write_credentials(tmp_path)
    service = QuickService(Settings(work_dir=tmp_path / "work", c2pa_certificate=chain, c2pa_key=key))
    signed: tuple[FormatName, ...] = ("prores", "webp", "gif")
    for name in signed:
        target = tmp_path / f"out{FORMATS[name].suffix}"
        list(service.edit(replace(wanted, target=target, format=name), CancelFlag()))
        with c2pa.Reader(target) as reader:
            assert reader.get_validation_state() == "Valid", reader.json()
    before = names(tmp_path)
    with pytest.raises(OutputError, match=r"signed as AI-edited here, .* choose one of \.mp4, \.mov"):
        list(service.edit(replace(wanted, target=tmp_path / "out.mkv", format="ffv1"), CancelFlag()))
    assert names(tmp_path) == before
