"""The service: one job at a time, whole results or none, records that repeat."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.engines import Progress
from syncedit_demo.errors import Cancelled
from syncedit_demo.plan import PlanOptions
from syncedit_demo.render import write_png
from syncedit_demo.service import DEVICE_FREE, DEVICE_TAKEN, DeviceQueue, EditRequest, EditResult, EditService, Queued
from syncedit_demo.settings import Settings
from tests.clips import edited_scene, write_scene

if TYPE_CHECKING:
    from pathlib import Path


def request(folder: Path, name: str) -> EditRequest:
    clip, edited = folder / "scene.mp4", folder / "edited.png"
    if not clip.exists():
        write_scene(clip)
        write_png(edited_scene(), edited)
    return EditRequest(clip, edited, folder / name, PlanOptions(size=(320, 256)), engine="draft")


def device_log(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object]]:
    """Who took the device and gave it back, in order."""
    told = [record for record in caplog.records if record.msg in (DEVICE_TAKEN, DEVICE_FREE)]
    return [(record.msg, record.args) for record in told]


def test_the_queue_serves_in_order_of_arrival_and_one_at_a_time() -> None:
    queue = DeviceQueue()
    tickets = [queue.join() for _ in range(3)]
    assert [queue.place(ticket, 0) for ticket in tickets] == [0, 1, 2]
    queue.leave(tickets[1])
    assert [queue.place(tickets[0], 0), queue.place(tickets[2], 0)] == [0, 1]
    queue.leave(tickets[0])
    assert queue.place(tickets[2], 0) == 0


def test_a_waiting_job_is_woken_when_its_turn_comes() -> None:
    queue = DeviceQueue()
    first, second = queue.join(), queue.join()
    places: list[int] = []
    waiting = threading.Thread(target=lambda: places.append(queue.place(second, 30)))
    waiting.start()
    queue.leave(first)
    waiting.join(30)
    assert places == [0]


def test_a_stop_frees_the_device_within_a_step_and_before_the_next_job_has_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    service = EditService(Settings(work_dir=tmp_path / "work"))  # type: ignore[call-arg]
    stop, waits = threading.Event(), threading.Event()
    first = service.edit(request(tmp_path, "first.mp4"), stop)
    done: list[EditResult] = []

    def run_second() -> None:
        for event in service.edit(request(tmp_path, "second.mp4"), threading.Event()):
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
    service = EditService(Settings(work_dir=tmp_path / "work"))  # type: ignore[call-arg]
    stop = threading.Event()
    first = service.edit(request(tmp_path, "first.mp4"), threading.Event())
    second = service.edit(request(tmp_path, "second.mp4"), stop)
    assert any(isinstance(event, Progress) for event in first)
    assert any(isinstance(event, Queued) for event in second)
    stop.set()
    with pytest.raises(Cancelled):
        next(second)
    assert any(isinstance(event, EditResult) for event in first)
    assert list(first) == []
    assert len(device_log(caplog)) == 2
