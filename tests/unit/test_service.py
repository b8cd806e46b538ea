"""The service: one job at a time, whole results or none, records that repeat."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.device_queue import DEVICE_FREE, DEVICE_TAKEN, DeviceQueue
from syncedit_demo.edits.make import REPORT_PHASE, EditRequest, EditResult, Published, Queued, Recorded
from syncedit_demo.edits.record import load_record, read_record, record_path
from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.engines.interface import Progress
from syncedit_demo.engines.registry import Engines
from syncedit_demo.errors import Cancelled, ClipError, EditedFrameError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import read_frames
from syncedit_demo.plan import PlanOptions, plan_edit
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from tests.support.clips import clip_info, edited_scene, scene, write_scene
from tests.support.lent_page import service_over
from tests.support.media import Sound, read_number, write_clip, write_growing_clip

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.engines.interface import Engine
    from syncedit_demo.settings import EngineChoice, EngineName


def request(folder: Path, name: str) -> EditRequest:
    clip, edited = folder / "scene.mp4", folder / "edited.png"
    if not clip.exists():
        write_scene(clip)
        write_png(edited_scene(clip), edited)
    return EditRequest(clip, edited, folder / name, PlanOptions(size=(320, 256)), engine="draft")


def test_what_is_known_of_a_file_is_known_by_its_other_names(
    tmp_path: Path,
) -> None:
    wanted = request(tmp_path, "out.mp4")
    service = EditService(Settings(work_dir=tmp_path / "work"))
    clip, plan = service.inspect(wanted.clip, wanted.options)
    known = service.register_edited_frame(wanted.clip, clip, plan, wanted.edited_frame)
    other_clip, other_frame = tmp_path / "run" / "clip.mp4", tmp_path / "run" / "frame.png"
    other_clip.parent.mkdir()
    other_clip.hardlink_to(wanted.clip)
    other_frame.hardlink_to(wanted.edited_frame)
    assert service.inspect(other_clip, wanted.options)[0] is clip
    assert service.register_edited_frame(other_clip, clip, plan, other_frame) is known
    write_png(np.random.default_rng(1).integers(0, 255, (256, 320, 3), np.uint8), other_frame)
    with pytest.raises(EditedFrameError):
        service.register_edited_frame(other_clip, clip, plan, other_frame)


def test_no_picture_larger_than_the_settings_allow_is_decoded(tmp_path: Path) -> None:
    service = EditService(Settings(work_dir=tmp_path / "work", max_clip_pixels=20_000))
    with pytest.raises(ClipError, match="megapixels"):
        service.inspect(write_scene(tmp_path / "scene.mp4"), PlanOptions())
    growing, reference = write_growing_clip(tmp_path / "growing.mkv"), tmp_path / "reference.mp4"
    clip, plan = service.inspect(growing, PlanOptions(size=(448, 256)))
    service.write_reference(growing, clip, plan, reference, CancelFlag())
    assert [read_number(frame) for frame in read_frames(reference)] == [*range(20), *[19] * 20]


def test_an_edit_whose_sound_is_damaged_is_kept_and_says_so(tmp_path: Path) -> None:
    clip = tmp_path / "sound.ts"
    pictures = [scene(index) for index in range(9)]
    write_clip(clip, pictures, sounds=[Sound(seconds=0.4)])
    data = bytearray(clip.read_bytes())
    sound = [n for n in range(0, len(data), 188) if data[n + 1] & 0x1F == 1 and data[n + 2] == 1]
    for place in sound[6:]:
        data[place + 12 : place + 188] = b"\x55" * 176
    clip.write_bytes(data)
    write_png(edited_scene(clip), tmp_path / "edited.png")
    service = EditService(Settings(work_dir=tmp_path / "work"))
    wanted = replace(request(tmp_path, "out.mp4"), clip=clip)
    *_, result = service.edit(wanted, CancelFlag())
    assert isinstance(result, EditResult)
    assert "Parts of the clip's sound are damaged and cannot be read: it is silent there." in result.record.notes
    assert len(list(read_frames(result.target))) == 9


def device_log(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object]]:
    """Who took the device and gave it back, in order."""
    told = [record for record in caplog.records if record.msg in (DEVICE_TAKEN, DEVICE_FREE)]
    return [(record.msg, record.args) for record in told]


def test_the_queue_serves_in_order_of_arrival_and_one_at_a_time() -> None:
    queue = DeviceQueue()
    tickets = [queue.join() for _ in range(3)]
    assert [queue.position(ticket, 0) for ticket in tickets] == [0, 1, 2]
    queue.leave(tickets[1])
    assert [queue.position(tickets[0], 0), queue.position(tickets[2], 0)] == [0, 1]
    queue.leave(tickets[0])
    assert queue.position(tickets[2], 0) == 0


def test_a_waiting_job_is_woken_when_its_turn_comes() -> None:
    queue = DeviceQueue()
    first, second = queue.join(), queue.join()
    positions: list[int] = []
    waiting = threading.Thread(target=lambda: positions.append(queue.position(second, 30)))
    waiting.start()
    queue.leave(first)
    waiting.join(30)
    assert positions == [0]


@given(devices=st.integers(1, 4), moves=st.lists(st.integers(0, 9), max_size=40))
def test_each_device_serves_one_at_a_time_and_nobody_is_overtaken(devices: int, moves: list[int]) -> None:
    """Whatever the order in which jobs come, ask and go: the first in line are those that are served."""
    queue, line = DeviceQueue(devices), [""] * 0
    served: list[str] = []
    for move in moves:
        if not line or move < 4:
            line.append(queue.join())
        elif move < 8:
            ticket = line[move % len(line)]
            waiting = [each for each in line if each not in served]
            before = 0 if ticket in served else max(0, waiting.index(ticket) + 1 - (devices - len(served)))
            assert queue.position(ticket, 0) == before
            if before == 0 and ticket not in served:
                served.append(ticket)
        else:
            ticket = line.pop(move % len(line))
            queue.leave(ticket)
            served = [each for each in served if each != ticket]
        assert len(served) <= devices


def test_an_engine_with_two_devices_makes_two_edits_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(DraftEngine, "devices", 2)
    service = EditService(Settings(work_dir=tmp_path / "work"))
    edits = [service.edit(request(tmp_path, f"{number}.mp4"), CancelFlag()) for number in range(3)]
    for edit in edits[:2]:
        assert any(isinstance(event, Progress) for event in edit)
    assert next(event for event in edits[2] if isinstance(event, Queued)) == Queued(1)
    assert [told for told, _ in device_log(caplog)] == [DEVICE_TAKEN, DEVICE_TAKEN]
    for edit in edits:
        assert any(isinstance(event, EditResult) for event in edit)
    one, other = ((tmp_path / f"{number}.mp4").stat().st_size for number in range(2))
    assert one == pytest.approx(other, abs=20), "the names in their records may differ in length"


class Other(DraftEngine):
    """The draft engine by another name, as if it were another one."""

    name: EngineName = "sync-lora"


class Both(Engines):
    """Two engines."""

    def choose(self, choice: EngineChoice) -> tuple[Engine, str]:
        engine = Other() if choice == "sync-lora" else DraftEngine()
        return engine, f"Made by: {engine.title}."


@pytest.fixture
def both(tmp_path: Path) -> EditService:
    service = EditService(Settings(work_dir=tmp_path / "work"))
    service.engines = Both(service.settings)
    return service


def test_an_engine_does_not_wait_for_the_device_of_another(both: EditService, tmp_path: Path) -> None:
    engines: tuple[EngineChoice, ...] = ("sync-lora", "draft", "draft")
    edits = [
        both.edit(replace(request(tmp_path, f"{number}.mp4"), engine=engine), CancelFlag())
        for number, engine in enumerate(engines)
    ]
    for edit in edits[:2]:
        assert next(event for event in edit if isinstance(event, Progress | Queued)) != Queued(1)
    assert next(event for event in edits[2] if isinstance(event, Progress | Queued)) == Queued(1)
    for edit in edits:
        edit.close()


def test_seconds_are_told_of_the_engine_that_is_asked_for(both: EditService) -> None:
    plan = plan_edit(clip_info(), PlanOptions())
    assert both.expected_seconds("draft", plan, {})[0]
    assert both.expected_seconds("sync-lora", plan, {}) == ({}, False)


def test_the_result_is_there_and_the_device_free_while_the_report_is_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = EditService(Settings(work_dir=tmp_path / "work"))
    stop = CancelFlag()
    edit = service.edit(request(tmp_path, "out.mp4"), stop)
    assert any(isinstance(event, Progress) and event.phase == REPORT_PHASE for event in edit)
    assert [told for told, _ in device_log(caplog)] == [DEVICE_TAKEN, DEVICE_FREE]
    assert not (tmp_path / "out.record.json").exists()
    assert read_record(tmp_path / "out.mp4").report is None
    stop.set()
    (result,) = edit
    assert isinstance(result, EditResult)
    assert result.stopped
    assert result.record.report is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["edited.png", "out.mp4", "out.record.json", "scene.mp4"]


def test_the_result_comes_first_then_its_report_then_the_side_by_side_video(tmp_path: Path) -> None:
    service = EditService(Settings(work_dir=tmp_path / "work"))
    both = tmp_path / "both.mp4"
    wanted = replace(request(tmp_path, "out.mp4"), side_by_side=both)
    edit = service.edit(wanted, CancelFlag())
    published = next(event for event in edit if isinstance(event, Published))
    assert published.record.report is None
    assert load_record(wanted.target) == published.record
    result_file = wanted.target.read_bytes()
    recorded = next(event for event in edit if isinstance(event, Recorded))
    assert recorded.record.report is not None
    assert load_record(wanted.target) == load_record(record_path(wanted.target)) == recorded.record
    assert wanted.target.read_bytes() == result_file
    assert not both.exists()
    *steps, result = edit
    assert steps == [Progress("Writing the side-by-side video", done, 12) for done in range(1, 13)]
    assert result == EditResult(wanted.target, recorded.record, both, stopped=False)
    assert service.inspect(both, PlanOptions())[0].frames == 12


def test_a_new_result_has_no_record_of_the_one_it_replaces(tmp_path: Path) -> None:
    service = EditService(Settings(work_dir=tmp_path / "work"))
    wanted = request(tmp_path, "out.mp4")
    list(service.edit(wanted, CancelFlag()))
    other = replace(wanted, options=replace(wanted.options, frames=9))
    assert any(isinstance(event, Published) for event in service.edit(other, CancelFlag()))
    assert not record_path(wanted.target).exists()
    assert load_record(wanted.target).plan.frames == 9


@pytest.mark.parametrize("phase", [REPORT_PHASE, "Writing the side-by-side video"])
def test_a_stop_after_the_result_leaves_out_what_is_not_there_yet(tmp_path: Path, phase: str) -> None:
    service = EditService(Settings(work_dir=tmp_path / "work"))
    wanted = replace(request(tmp_path, "out.mp4"), side_by_side=tmp_path / "both.mp4")
    stop = CancelFlag()
    edit = service.edit(wanted, stop)
    assert any(isinstance(event, Progress) and event.phase == phase for event in edit)
    stop.set()
    (result,) = edit
    assert isinstance(result, EditResult)
    assert (result.record.report is None, result.side_by_side) == (phase == REPORT_PHASE, None)
    assert result.stopped
    assert load_record(tmp_path / "out.mp4") == load_record(tmp_path / "out.record.json") == result.record
    assert sorted(path.name for path in tmp_path.iterdir()) == ["edited.png", "out.mp4", "out.record.json", "scene.mp4"]


def test_a_stop_frees_the_device_within_a_step_and_before_the_next_job_has_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = EditService(Settings(work_dir=tmp_path / "work"))
    stop, waits = CancelFlag(), threading.Event()
    first = service.edit(request(tmp_path, "first.mp4"), stop)
    done: list[EditResult] = []

    def run_second() -> None:
        for event in service.edit(request(tmp_path, "second.mp4"), CancelFlag()):
            if isinstance(event, Queued):
                waits.set()
            if isinstance(event, EditResult):
                done.append(event)

    assert any(isinstance(event, Progress) for event in first)
    second = threading.Thread(target=run_second)
    second.start()
    assert waits.wait(60)
    assert len(device_log(caplog)) == 1
    stop.set()
    steps: list[Progress] = []
    with pytest.raises(Cancelled):
        steps.extend(event for event in first if isinstance(event, Progress))
    assert len(steps) <= 1
    second.join(60)
    assert len(done) == 1
    (_, one), (_, two) = device_log(caplog)[::2]
    assert device_log(caplog) == [(DEVICE_TAKEN, one), (DEVICE_FREE, one), (DEVICE_TAKEN, two), (DEVICE_FREE, two)]
    assert one != two


def test_a_job_that_is_stopped_while_it_waits_never_has_the_device(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = EditService(Settings(work_dir=tmp_path / "work"))
    stop = CancelFlag()
    first = service.edit(request(tmp_path, "first.mp4"), CancelFlag())
    second = service.edit(request(tmp_path, "second.mp4"), stop)
    assert any(isinstance(event, Progress) for event in first)
    assert any(isinstance(event, Queued) for event in second)
    stop.set()
    with pytest.raises(Cancelled):
        next(second)
    assert any(isinstance(event, EditResult) for event in first)
    assert list(first) == []
    assert len(device_log(caplog)) == 2


def test_what_sync_lora_makes_of_a_clip_is_said_where_it_is_the_engine(tmp_path: Path) -> None:
    made = plan_edit(clip_info(frames=150), PlanOptions())
    draft = EditService(Settings(engine="draft", work_dir=tmp_path))
    assert draft.plan_notes(made) == made.notes
    sync_lora = service_over(
        cast("Engine", SimpleNamespace(name="sync-lora", title="Sync-LoRA")), Settings(work_dir=tmp_path)
    )
    assert sync_lora.plan_notes(made) == (*made.notes, *made.model_notes)
    assert len(made.model_notes) == 2
