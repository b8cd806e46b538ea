"""Visits and their runs, over a real service with the draft engine."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import Queued
from syncedit_demo.edits.record import load_record
from syncedit_demo.engines.interface import Progress
from syncedit_demo.errors import Cancelled, DeletedError, SyncEditError
from syncedit_demo.media.image_file import read_image, write_png
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.standing_back import BEHIND
from syncedit_demo.ui.visits import jobs
from syncedit_demo.ui.visits.jobs import Arrival, CancelFlags, Choices, Job, make_runs
from syncedit_demo.ui.visits.old_files import delete_old_files
from syncedit_demo.ui.visits.visit import Run, RunFiles, Visit, link, name_beside, open_visit
from tests.support.clips import edited_scene, write_scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncedit_demo.ui.visits.jobs import RunEvent

SMALL = PlanOptions(size=(320, 256))
CHOICES = Choices("draft", 42, audio=True)


@pytest.fixture
def service(tmp_path: Path) -> EditService:
    return EditService(Settings(work_dir=tmp_path / "work", job_max_age_hours=1))


def steps(service: EditService, visit: Visit, folder: Path, cancel: CancelFlag, frames: int = 12) -> Iterator[RunEvent]:
    clip = visit.keep(write_scene(folder / "scene.mp4", frames))
    image = folder / "edited.png"
    write_png(edited_scene(clip), image)
    info, plan = service.inspect(clip, SMALL)
    cut = visit.new_range(clip, info, SMALL, plan)
    return make_runs(service, visit, cut, image, CHOICES, cancel)


def start(service: EditService, visit: Visit, folder: Path, cancel: CancelFlag, frames: int = 12) -> Job:
    return Job(steps(service, visit, folder, cancel, frames))


def names_of_runs(visit: Visit) -> list[str]:
    """The folders of runs, of those in the making too."""
    return [folder.name for folder in visit.folder.glob("run-*")]


def follow(job: Job) -> list[RunEvent]:
    return [event for news in job.news() for event in news]


def test_a_visit_has_a_folder_once_there_is_something_in_it(service: EditService, tmp_path: Path) -> None:
    visit, other = open_visit(service.settings, None), open_visit(service.settings, None)
    assert visit.id != other.id
    assert not service.settings.jobs_dir.exists(), "whoever only looks leaves nothing"
    visit.keep(write_scene(tmp_path / "scene.mp4", 1))
    assert list(service.settings.jobs_dir.iterdir()) == [visit.folder]
    assert visit.folder.stat().st_mode & 0o777 == 0o700
    assert open_visit(service.settings, visit.id) == visit


def test_a_run_is_kept_with_all_its_files(service: EditService, tmp_path: Path) -> None:
    visit = open_visit(service.settings, None)
    arrivals = [event for event in follow(start(service, visit, tmp_path, CancelFlag())) if isinstance(event, Arrival)]
    assert [arrival.whole for arrival in arrivals] == [False, False, True]
    run = arrivals[-1].run
    assert visit.runs() == [run]
    assert visit.run(run.id) == run
    assert visit.run("../" + visit.id) is None
    files = run.files
    for file in (files.result, files.side_by_side, files.reference, files.picture, files.record):
        assert file.stat().st_size > 0
    assert str(tmp_path) not in files.record.read_text(encoding="utf-8")


def test_a_run_is_kept_as_soon_as_its_result_can_be_played(service: EditService, tmp_path: Path) -> None:
    visit = open_visit(service.settings, None)
    making = steps(service, visit, tmp_path, CancelFlag())
    seen: list[tuple[bool, bool, bool]] = []
    results: set[tuple[int, int]] = set()
    for arrival in (event for event in making if isinstance(event, Arrival)):
        run, files = arrival.run, arrival.run.files
        assert visit.runs() == [run]
        assert probe(files.result).frames == probe(files.reference).frames == 12
        assert read_image(files.picture).pixels.shape == (256, 320, 3)
        assert files.record.exists() == (run.record.report is not None)
        assert load_record(files.result) == run.record
        found = files.result.stat()
        results.add((found.st_ino, found.st_mtime_ns))
        seen.append((run.record.report is not None, files.side_by_side.exists(), arrival.whole))
    assert seen == [(False, False, False), (True, False, False), (True, True, True)]
    assert len(results) == 1, "a result that is played is not written again"
    (run,) = visit.runs()
    assert open_visit(service.settings, visit.id).runs() == [run]
    assert names_of_runs(visit) == [run.folder.name for run in visit.runs()]


@pytest.mark.parametrize("arrivals", [1, 2], ids=["before its report", "after its report"])
def test_a_stop_keeps_a_run_that_can_be_played(service: EditService, tmp_path: Path, arrivals: int) -> None:
    visit, stop = open_visit(service.settings, None), CancelFlag()
    making = steps(service, visit, tmp_path, stop)
    seen = [next(event.run for event in making if isinstance(event, Arrival)) for _ in range(arrivals)]
    run = seen[-1]
    stop.set()
    rest: list[RunEvent] = []
    with pytest.raises(Cancelled):
        rest.extend(making)
    assert rest[-1] == Arrival(run, whole=True)
    assert visit.runs() == [run]
    assert (run.record.report is None) == (arrivals == 1)
    assert not run.files.side_by_side.exists()
    assert names_of_runs(visit) == [run.folder.name for run in visit.runs()]


def test_a_run_without_a_record_does_not_count_and_is_swept(service: EditService, tmp_path: Path) -> None:
    visit = open_visit(service.settings, None)
    making = steps(service, visit, tmp_path, CancelFlag())
    run = next(event.run for event in making if isinstance(event, Arrival))
    # As it is when the process ends here.
    left = open_visit(service.settings, visit.id)
    assert load_record(run.files.result).seed == 42
    assert (left.runs(), names_of_runs(left)) == ([], [run.folder.name])
    long_ago = time.time() - 3700
    for each in (run.folder, *run.folder.rglob("*")):
        os.utime(each, (long_ago, long_ago))
    delete_old_files(service.settings)
    assert names_of_runs(left) == []


def test_a_failure_while_the_report_is_made_keeps_a_run_with_its_record(service: EditService, tmp_path: Path) -> None:
    visit = open_visit(service.settings, None)
    making = steps(service, visit, tmp_path, CancelFlag())
    run = next(event.run for event in making if isinstance(event, Arrival))
    (run.folder / "scene.mp4").write_bytes(b"no clip any more")
    with pytest.raises(SyncEditError):
        list(making)
    assert visit.runs() == open_visit(service.settings, visit.id).runs() == [run]
    assert run.record.report is None


def test_what_happened_before_a_failure_is_told_first() -> None:
    def failing() -> Iterator[RunEvent]:
        yield Queued(1)
        raise Cancelled

    before = threading.enumerate()
    job = Job(failing())
    for thread in threading.enumerate():
        if thread not in before:
            thread.join(30)
    told: list[RunEvent] = []
    with pytest.raises(Cancelled):
        told.extend(event for news in job.news() for event in news)
    assert told == [Queued(1)]


@pytest.mark.skipif(sys.platform != "linux", reason="only on Linux has each thread a rank of its own")
def test_a_run_leaves_the_processor_to_those_who_answer() -> None:
    ranks: list[int] = []

    def work() -> Iterator[RunEvent]:
        ranks.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        yield Queued(1)

    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    follow(Job(work()))
    assert ranks == [own + BEHIND]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


def test_what_happens_at_about_the_same_time_is_told_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "POLL_SECONDS", 60)

    def quick() -> Iterator[RunEvent]:
        for step in range(50):
            time.sleep(0.001)
            yield Progress("Writing", step, 50)

    (news,) = Job(quick()).news()
    assert len(news) == 50


def test_a_run_without_a_report_has_no_rank(service: EditService, tmp_path: Path) -> None:
    visit = open_visit(service.settings, None)
    *_, last = steps(service, visit, tmp_path, CancelFlag())
    assert isinstance(last, Arrival)
    first = last.run.record
    record = replace(first, seed=43, frames_sha256="other")
    runs = [Run(tmp_path, number, each) for number, each in enumerate((first, record, replace(record, report=None)))]
    assert [run.rank(runs) for run in runs] == [(1, 2), (2, 2), None]
    assert runs[0].rank([runs[0], runs[2]]) is None


def test_a_stopped_run_is_over_before_the_next_one_begins(service: EditService, tmp_path: Path) -> None:
    visit, flags = open_visit(service.settings, None), CancelFlags()
    order: list[str] = []
    first = start(service, visit, tmp_path, flags.start("visitor"), frames=60)
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
        if any(isinstance(event, Arrival) and event.whole for event in news):
            order.append("second is done")
    waiting.join(30)
    assert order == ["first is over", "second is done"]
    assert len(visit.runs()) == 1
    assert names_of_runs(visit) == [run.folder.name for run in visit.runs()]


def test_what_a_visit_has_ages_piece_by_piece(service: EditService, tmp_path: Path) -> None:
    left, visit = open_visit(service.settings, None), open_visit(service.settings, None)
    clip = write_scene(tmp_path / "scene.mp4", 1)
    old, young = visit.keep(clip), visit.keep(clip)
    left.folder.mkdir()
    upload = service.settings.uploads_dir / "copy" / "scene.mp4"
    upload.parent.mkdir(parents=True)
    link(clip, upload)
    long_ago = time.time() - 3700
    for each in (clip, old.parent, upload.parent, left.folder):
        os.utime(each, (long_ago, long_ago))
    delete_old_files(service.settings)
    assert list(service.settings.jobs_dir.glob("*/*")) == [young.parent]
    assert list(service.settings.jobs_dir.iterdir()) == [visit.folder]
    assert list(service.settings.uploads_dir.iterdir()) == []


def test_a_visit_goes_on_after_its_folder_was_deleted(service: EditService, tmp_path: Path) -> None:
    visit = open_visit(service.settings, None)
    assert visit.keep(write_scene(tmp_path / "scene.mp4", 1)).exists()
    shutil.rmtree(visit.folder)
    assert visit.example_folder("balloon").is_dir()


def test_the_result_of_a_result_has_another_name(tmp_path: Path) -> None:
    for length in range(40, 80):
        clip = tmp_path / f"{'a' * length}.mp4"
        for _ in range(20):
            files = RunFiles.of(tmp_path, clip)
            assert clip not in (files.result, files.side_by_side, files.reference)
            clip = files.result


@pytest.mark.parametrize("name", ["edited-frame.gif", "its-edited-frame.gif", "scene.mp4"])
def test_an_edited_frame_has_a_name_of_its_own_beside_any_clip(tmp_path: Path, name: str) -> None:
    clip, edited = tmp_path / name, tmp_path / "upload" / "edited.gif"
    clip.write_bytes(b"clip")
    edited.parent.mkdir()
    edited.write_bytes(b"frame")
    beside = name_beside(clip, edited)
    link(edited, beside)
    assert (clip.read_bytes(), beside.read_bytes()) == (b"clip", b"frame")


def test_a_run_says_which_of_its_inputs_is_not_kept_any_more(service: EditService, tmp_path: Path) -> None:
    visit = open_visit(service.settings, None)
    making = steps(service, visit, tmp_path, CancelFlag())
    (tmp_path / "edited.png").unlink()
    with pytest.raises(DeletedError, match=r"^edited\.png is not kept any more: choose it again\.$"):
        next(making)
    assert names_of_runs(visit) == [run.folder.name for run in visit.runs()]


def test_a_link_never_writes_over_a_file(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"upload")
    other.write_bytes(b"another")
    with pytest.raises(FileExistsError):
        link(other, one)
    assert one.read_bytes() == b"upload"


LONG = "a" * 60
NAMES = ["reference.mp4", "picture.mp4", "edited-frame.mp4", "scene-edited.mp4"]


@pytest.mark.parametrize("name", [*NAMES, f"{LONG}-edited.mp4", f"{LONG}-side-by-side.mp4", f"{LONG}-as-reference.mp4"])
def test_a_clip_of_any_name_is_edited_and_stays_as_it_was(service: EditService, tmp_path: Path, name: str) -> None:
    clip = write_scene(tmp_path / name)
    before = clip.read_bytes()
    files = RunFiles.of(tmp_path, clip)
    made = (files.result, files.side_by_side, files.reference, files.picture, files.record)
    assert clip not in made
    info, plan = service.inspect(clip, SMALL)
    service.write_reference(clip, info, plan, files.reference, CancelFlag())
    assert clip.read_bytes() == before
