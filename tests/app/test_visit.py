"""Visits and their runs, over a real service with the draft engine."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from syncedit_demo.engines import Progress
from syncedit_demo.errors import Cancelled
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.ui.jobs import Choices, Flags, Job, make_run
from syncedit_demo.ui.visit import Run, Visit, open_visit
from tests.clips import edited_scene, write_scene

if TYPE_CHECKING:
    from pathlib import Path

    from syncedit_demo.ui.jobs import RunEvent

SMALL = PlanOptions(size=(320, 256))
CHOICES = Choices("draft", 42, audio=True)


@pytest.fixture
def service(tmp_path: Path) -> EditService:
    return EditService(Settings(work_dir=tmp_path / "work", job_max_age_hours=1))  # type: ignore[call-arg]


def start(service: EditService, visit: Visit, folder: Path, cancel: threading.Event) -> Job:
    clip = visit.keep(write_scene(folder / "scene.mp4"))
    image = folder / "edited.png"
    Image.fromarray(edited_scene()).save(image)
    info, plan = service.inspect(clip, SMALL)
    cut = visit.new_cut(clip, info, SMALL, plan)
    return Job(make_run(service, visit, cut, image, CHOICES, cancel))


def follow(job: Job) -> list[RunEvent]:
    return [event for news in job.news() for event in news]


@pytest.mark.parametrize("stored", [None, 7, "", "../../etc", "f" * 31, "F" * 32, "f" * 32, {"id": "x"}])
def test_only_a_visit_that_exists_is_taken_up(service: EditService, stored: object) -> None:
    opened = open_visit(service, stored)
    assert opened.folder.parent == service.settings.jobs_dir
    assert opened.id != stored
    assert open_visit(service, opened.id) == opened


def test_a_run_is_kept_with_all_its_files(service: EditService, tmp_path: Path) -> None:
    visit = open_visit(service, None)
    run = follow(start(service, visit, tmp_path, threading.Event()))[-1]
    assert isinstance(run, Run)
    assert visit.runs() == [run]
    assert visit.run(run.id) == run
    assert visit.run("../" + visit.id) is None
    files = run.files
    for file in (files.result, files.side_by_side, files.reference, files.picture, files.record):
        assert file.stat().st_size > 0
    assert str(tmp_path) not in files.record.read_text(encoding="utf-8")


def test_a_stopped_run_is_over_before_the_next_one_begins(service: EditService, tmp_path: Path) -> None:
    visit, flags = open_visit(service, None), Flags()
    order: list[str] = []
    first = start(service, visit, tmp_path, flags.start("visitor"))
    for news in first.news():
        if any(isinstance(event, Progress) for event in news):
            break
    second = start(service, visit, tmp_path, flags.start("visitor"))

    def stopped() -> None:
        with pytest.raises(Cancelled):
            follow(first)
        order.append("first is over")

    waiting = threading.Thread(target=stopped)
    waiting.start()
    for news in second.news():
        if any(isinstance(event, Run) for event in news):
            order.append("second is done")
    waiting.join(30)
    assert order == ["first is over", "second is done"]
    assert len(visit.runs()) == 1
    assert not list(visit.folder.glob("making-*"))


def test_old_files_are_deleted_and_young_ones_kept(service: EditService) -> None:
    old, young = open_visit(service, None), open_visit(service, None)
    upload = service.settings.uploads_dir / "old"
    upload.mkdir(parents=True)
    for folder in (old.folder, upload):
        os.utime(folder, (0, time.time() - 3700))
    service.delete_old_files()
    assert [young.folder] == list(service.settings.jobs_dir.iterdir())
    assert not upload.exists()
