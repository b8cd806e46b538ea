"""What a request asks for reaches the engine, the record and the files."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import EditRequest, EditResult, Queued, Started
from syncedit_demo.edits.record import load_record, record_path
from syncedit_demo.edits.variants import VariantStarted
from syncedit_demo.engines.interface import Finished, Frames
from syncedit_demo.errors import BusyError, Cancelled, EngineError, OutputError, RecordError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.probe import probe
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService, Ranked
from syncedit_demo.settings import Settings
from tests.support.clips import edited_scene, write_scene
from tests.support.media import Sound, numbered, write_clip
from tests.support.quick_app import QuickEngines, QuickService, StillEngine

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from syncedit_demo.engines.interface import EditJob, Engine, Event
    from syncedit_demo.settings import EngineChoice

GOOD_SEED = 43


class SeededEngine(StillEngine):
    """Follows the clip with one seed, and stands still with every other; keeps the jobs that it is given."""

    uses_seed = True

    def __init__(self) -> None:
        super().__init__(0)
        self.jobs: list[EditJob] = []

    def run(self, job: EditJob) -> Generator[Event]:
        self.jobs.append(job)
        if job.seed != GOOD_SEED:
            yield from super().run(job)
            return
        for frame in job.reference():
            yield Frames(frame[None])
        yield Finished()


class SeededEngines(QuickEngines):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, 0)
        self.engine = SeededEngine()

    def choose(self, choice: EngineChoice) -> tuple[Engine, str]:
        return self.engine, f"Made by the seeded engine for {choice}."


def seeded(folder: Path) -> tuple[EditService, SeededEngine]:
    settings = Settings(work_dir=folder / "work")
    service, engines = EditService(settings), SeededEngines(settings)
    service.engines = engines
    return service, engines.engine


def request(folder: Path, frames: int = 4) -> EditRequest:
    clip, edited = folder / "scene.mp4", folder / "edited.png"
    write_scene(clip, frames)
    write_png(edited_scene(clip), edited)
    return EditRequest(clip, edited, folder / "out.mp4", PlanOptions(size=(320, 256)), "draft")


@pytest.mark.parametrize("asked", [True, False])
def test_the_engine_and_the_record_have_what_was_asked_for(tmp_path: Path, asked: bool) -> None:
    service, engine = seeded(tmp_path)
    options = {"quality": "preview" if asked else "full"}
    wanted = replace(request(tmp_path), seed=7, previews=asked, label=asked, engine_options=options)
    events = list(service.edit(wanted, CancelFlag()))
    (job,) = engine.jobs
    assert (job.seed, job.previews, job.options) == (7, asked, options)
    assert isinstance(events[0], Started)
    assert not any(isinstance(event, Queued) for event in events)
    record = load_record(wanted.target)
    assert (record.seed, record.label, record.engine.options) == (7, asked, options)
    assert record.notes[0] == "Made by the seeded engine for draft."
    assert ("The picture is labelled “AI-edited”." in record.notes) == asked
    assert {"Inspecting the clip", "Registering the edited frame"} <= record.timings.keys()


def test_what_a_record_says_is_what_is_asked_for_again(tmp_path: Path) -> None:
    service, _ = seeded(tmp_path)
    given = {"quality": "preview"}
    wanted = replace(request(tmp_path), options=PlanOptions(size=(256, 256), frames=3, start=1), seed=7, audio=False)
    list(service.edit(replace(wanted, label=True, engine_options=given), CancelFlag()))
    again = service.repeat(record_path(wanted.target), tmp_path / "again.mp4", tmp_path / "both.mp4")
    record = load_record(wanted.target)
    assert again.repeat is not None
    assert again.repeat.plan == record.plan
    assert replace(again, repeat=None) == EditRequest(
        clip=wanted.clip.resolve(),
        edited_frame=wanted.edited_frame.resolve(),
        target=tmp_path / "again.mp4",
        options=PlanOptions(),
        engine="draft",
        engine_options=given,
        seed=7,
        audio=False,
        label=True,
        side_by_side=tmp_path / "both.mp4",
    )
    list(service.edit(again, CancelFlag()))
    assert load_record(again.target).plan == record.plan
    assert again.target.stat().st_size == pytest.approx(wanted.target.stat().st_size, abs=30), "but for the names"
    with pytest.raises(RecordError):
        service.repeat(tmp_path / "missing.record.json", again.target, None)


def test_two_clips_are_two(tmp_path: Path) -> None:
    service = QuickService(Settings(work_dir=tmp_path / "work"))
    for number, name in enumerate(("one.mp4", "other.mp4", "one.mp4")):
        clip, plan = service.inspect(write_scene(tmp_path / name, 3 + number), PlanOptions())
        assert (clip.frames, plan.frames) == (3 + number, 3 + number)


def test_the_first_frame_is_the_first_that_an_engine_sees(tmp_path: Path) -> None:
    service, wanted = QuickService(Settings(work_dir=tmp_path / "work")), request(tmp_path)
    clip, plan = service.inspect(wanted.clip, replace(wanted.options, start=2))
    frame = service.first_frame(wanted.clip, clip, plan)
    assert np.array_equal(frame, next(service.reader.conform(wanted.clip, clip, plan, CancelFlag())))
    assert frame.shape == (256, 320, 3)


def test_the_reference_has_the_sound_of_its_own_stretch(tmp_path: Path) -> None:
    service = QuickService(Settings(work_dir=tmp_path / "work"))
    source = write_clip(tmp_path / "sound.mp4", [numbered(number) for number in range(25)], sounds=[Sound(seconds=0.5)])
    lengths: list[Fraction] = []
    for start in (0, 10, 20):
        clip, plan = service.inspect(source, PlanOptions(size=(448, 256), start=start, frames=5))
        service.write_reference(source, clip, plan, tmp_path / f"{start}.mp4", CancelFlag())
        made = probe(tmp_path / f"{start}.mp4")
        assert made.frames == 5
        assert made.audio is not None
        lengths.append(made.duration)
    assert lengths == [Fraction(1, 5)] * 3
    stop = CancelFlag()
    stop.set()
    with pytest.raises(Cancelled):
        service.write_reference(source, clip, plan, tmp_path / "none.mp4", stop)
    assert not list(tmp_path.glob("*none*"))


def test_a_result_and_its_comparison_are_two_files(tmp_path: Path) -> None:
    service, engine = seeded(tmp_path)
    wanted = request(tmp_path)
    (tmp_path / "folder").mkdir()
    both = tmp_path / "folder" / ".." / "out.mp4"
    with pytest.raises(OutputError, match=f"{re.escape(str(both))}.*the result goes there: choose another name\\.$"):
        list(service.edit(replace(wanted, side_by_side=both), CancelFlag()))
    assert not engine.jobs


def test_an_engine_that_is_not_ready_makes_nothing(tmp_path: Path) -> None:
    service = EditService(Settings(work_dir=tmp_path / "work", weights=tmp_path / "none", engine="draft"))
    assert service.engine()[0].name == "draft"
    with pytest.raises(EngineError):
        list(service.edit(replace(request(tmp_path), engine="sync-lora"), CancelFlag()))
    assert not (tmp_path / "out.mp4").exists()


def test_a_stop_comes_before_what_is_wrong_with_the_files(tmp_path: Path) -> None:
    service, wanted, stop = QuickService(Settings(work_dir=tmp_path / "work")), request(tmp_path), CancelFlag()
    stop.set()
    no_clip = replace(wanted, clip=wanted.edited_frame, edited_frame=wanted.clip)
    with pytest.raises(Cancelled):
        list(service.edit(no_clip, stop))
    # What the clip holds is known by now.
    service.inspect(wanted.clip, wanted.options)
    with pytest.raises(Cancelled):
        list(service.edit(replace(wanted, edited_frame=wanted.clip), stop))


def test_a_report_on_files_is_the_one_of_the_edit(tmp_path: Path) -> None:
    service, wanted = QuickService(Settings(work_dir=tmp_path / "work")), request(tmp_path, 9)
    *_, result = service.edit(wanted, CancelFlag())
    assert isinstance(result, EditResult)
    assert result.record.report is not None
    found = service.report(wanted.clip, wanted.target)
    assert found == result.record.report


def test_the_variant_that_keeps_time_best_is_at_the_target(tmp_path: Path) -> None:
    service, engine = seeded(tmp_path)
    wanted = replace(request(tmp_path, 9), seed=42, side_by_side=tmp_path / "both.mp4")
    *events, ranked = service.edit_variants(wanted, 3, CancelFlag())
    assert isinstance(ranked, Ranked)
    assert [event for event in events if isinstance(event, VariantStarted)] == [
        VariantStarted(number + 1, 3, 42 + number) for number in range(3)
    ]
    assert [job.seed for job in engine.jobs] == [42, 43, 44]
    assert [result.record.seed for result in ranked.results] == [43, 42, 44]
    assert [result.target.name for result in ranked.results] == ["out.mp4", "out-seed42.mp4", "out-seed44.mp4"]
    sides = [result.side_by_side.name for result in ranked.results if result.side_by_side]
    assert sides == ["both.mp4", "both-seed42.mp4", "both-seed44.mp4"]
    for result in ranked.results:
        assert load_record(record_path(result.target)) == load_record(result.target) == result.record
        assert len(list(read_frames(result.target))) == 9
    made = {path.name for path in tmp_path.glob("*.mp4")} - {"scene.mp4"}
    assert made == {result.target.name for result in ranked.results} | set(sides)


@pytest.mark.parametrize("count", [0, -1, 17])
def test_there_are_one_to_sixteen_variants(tmp_path: Path, count: int) -> None:
    service, _ = seeded(tmp_path)
    service.check_variants("draft", 1)
    service.check_variants("draft", 16)
    with pytest.raises(EngineError, match=rf"^Ask for 1 to 16 variants, not {count}\.$"):
        list(service.edit_variants(request(tmp_path), count, CancelFlag()))


def test_an_engine_without_chance_makes_one_variant(tmp_path: Path) -> None:
    service = QuickService(Settings(work_dir=tmp_path / "work"))
    service.check_variants("draft", 1)
    with pytest.raises(EngineError, match=r"makes the same clip from every seed: leave the variants out"):
        service.check_variants("draft", 2)


def test_who_comes_too_late_is_told_when_by_what_edits_took(tmp_path: Path) -> None:
    service = QuickService(Settings(work_dir=tmp_path / "work", max_waiting=0))
    list(service.edit(request(tmp_path), CancelFlag()))
    with (
        service.taken_on("one", "draft", CancelFlag()),
        pytest.raises(
            BusyError, match=r"^This server is busy: 1 edit is before yours\. Try again in about 1 minute\.$"
        ),
        service.taken_on("another", "draft", CancelFlag()),
    ):
        pass


def test_new_shapes_speak_against_the_draft_engine_alone(tmp_path: Path) -> None:
    service = EditService(Settings(work_dir=tmp_path / "work"))
    first = np.full((256, 320, 3), 128, np.uint8)
    first[80:200, 100:220] = (200, 40, 40)
    hat = first.copy()
    hat[40:140, 120:200] = (30, 60, 220)
    doubt = service.doubt("draft", first, hat)
    assert doubt is not None
    assert doubt.startswith("This edit has new shapes, and the Draft engine (CPU) invents none: ")
    assert doubt.endswith("Recolour, or paint on what is there; new shapes need Sync-LoRA.")
    assert service.doubt("draft", first, first) is None
    other, engine = seeded(tmp_path)
    engine.name = "sync-lora"
    assert other.doubt("sync-lora", first, hat) is None


def test_a_wait_is_said_by_what_edits_took_on_as_many_devices(tmp_path: Path) -> None:
    service = QuickService(Settings(work_dir=tmp_path / "work"), step_seconds=0.01)
    assert service.waiting_seconds(2, "draft") is None
    list(service.edit(request(tmp_path), CancelFlag()))
    one = service.waiting_seconds(1, "draft")
    assert one is not None
    assert 4 * 0.01 <= one < 3600
    assert service.waiting_seconds(3, "draft") == pytest.approx(3 * one)


def test_what_cannot_be_heard_of_a_format_is_said(tmp_path: Path) -> None:
    service, _ = seeded(tmp_path)
    wanted = request(tmp_path, 9)
    write_scene(wanted.clip, 9, sound=True)
    silent = "As GIF the result is silent."
    for name, audio in (("gif", True), ("gif", False)):
        target = tmp_path / f"out.{name}"
        *_, result = service.edit(replace(wanted, format=name, audio=audio, target=target), CancelFlag())
        assert isinstance(result, EditResult)
        assert (silent in result.record.notes) == audio
    with pytest.raises(OutputError, match=r"\.gif"):
        list(service.edit(replace(wanted, format="gif", target=tmp_path / "out.mp4"), CancelFlag()))
