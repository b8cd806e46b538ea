"""The working folder: private, swept of what is half made, never of what somebody makes or has made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.errors import NoRoomError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.plan import PlanOptions
from syncedit_demo.settings import Settings
from syncedit_demo.ui.messages import explain
from syncedit_demo.ui.visits.jobs import Arrival, Choices, make_runs
from syncedit_demo.ui.visits.old_files import JUMP_SECONDS, Ages, delete_old, delete_old_files
from syncedit_demo.ui.visits.room import Room, disk_use
from syncedit_demo.ui.visits.visit import Visit, open_visit
from syncedit_demo.ui.visits.work_folder import make_private, occupy
from tests.support.clips import edited_scene, write_scene
from tests.support.quick_app import QuickService
from tests.support.small_disk import remount, small_disk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncedit_demo.ui.visits.jobs import RunEvent

SMALL = PlanOptions(size=(256, 256), frames=2)
CHOICES = Choices("draft", 42, audio=True)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Making a folder private makes the process so."""
    mask = os.umask(0o022)
    yield
    os.umask(mask)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(work_dir=tmp_path / "work")


def steps(settings: Settings, visit: Visit, folder: Path) -> Iterator[RunEvent]:
    service = QuickService(settings)
    clip, image = folder / "scene.mp4", folder / "edited.png"
    if not clip.exists():
        write_scene(clip)
        write_png(edited_scene(clip), image)
    kept = visit.keep(clip)
    info, plan = service.inspect(kept, SMALL)
    return make_runs(service, visit, visit.new_range(kept, info, SMALL, plan), image, CHOICES, CancelFlag())


def files_of(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_folders_that_others_may_read_are_closed_and_later_ones_too(settings: Settings) -> None:
    for folder in (settings.work_dir, settings.jobs_dir, settings.uploads_dir):
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
    make_private(settings)
    # As Gradio does it, when the folder was deleted meanwhile.
    shutil.rmtree(settings.uploads_dir)
    (settings.uploads_dir / "hash").mkdir(parents=True)
    folders = [settings.work_dir, settings.jobs_dir, settings.uploads_dir, settings.uploads_dir / "hash"]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 4
    assert (
        open_visit(settings, None).keep(write_scene(settings.work_dir / "a.mp4", 1)).parent.stat().st_mode & 0o77 == 0
    )


def test_a_folder_that_is_everybody_s_is_left_to_everybody(tmp_path: Path) -> None:
    public = tmp_path / "public"
    public.mkdir()
    public.chmod(0o1777)
    make_private(Settings(work_dir=public))
    assert public.stat().st_mode & 0o7777 == 0o1777
    assert (public / "jobs").stat().st_mode & 0o777 == 0o700


def test_the_next_start_sweeps_what_is_half_made_and_keeps_what_is_whole(settings: Settings, tmp_path: Path) -> None:
    make_private(settings)
    visit = open_visit(settings, None)
    made = [event for event in steps(settings, visit, tmp_path) if isinstance(event, Arrival)][-1].run
    half = steps(settings, visit, tmp_path)
    whole = next(event.run for event in half if isinstance(event, Arrival))
    begun = visit.folder / "run-1"
    (begun / ".syncedit-x").mkdir(parents=True)
    staged = made.folder / ".syncedit-y"
    staged.mkdir()
    (settings.uploads_dir / "tmpabc").write_bytes(b"part")
    (settings.uploads_dir / "hash").mkdir()
    before = files_of(made.folder)

    # As if the process were killed here: what it has begun stays as it is.
    held = occupy(settings)
    assert held is not None
    assert not begun.exists()
    assert [path.name for path in settings.uploads_dir.iterdir()] == ["hash"]
    assert files_of(made.folder) == [name for name in before if not name.startswith(".syncedit")]
    runs = open_visit(settings, visit.id).runs()
    assert [run.folder for run in runs] == [made.folder, whole.folder], "a result that is whole is not lost"
    held.close()
    half.close()  # type: ignore[attr-defined]


HOLDER = """
import sys
from syncedit_demo.settings import Settings
from syncedit_demo.ui.visits.work_folder import occupy
held = occupy(Settings(work_dir=sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_what_another_server_is_making_is_left_alone_until_that_is_killed(settings: Settings) -> None:
    make_private(settings)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.work_dir)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdin is not None
    assert other.stdout is not None
    with other, other.stdin, other.stdout:
        assert other.stdout.readline() == b"held\n"
        making = settings.jobs_dir / "visit" / "run-1"
        making.mkdir(parents=True)
        for expected in (True, False):
            held = occupy(settings)
            assert held is not None
            held.close()
            assert making.exists() == expected
            other.kill()
            other.wait(30)


def test_nothing_is_deleted_because_the_clock_was_set(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    make_private(settings)
    kept = open_visit(settings, None).keep(write_scene(settings.work_dir / "a.mp4", 1))
    ages, real, day = Ages(), time_of_day(), 86400.0
    monkeypatch.setattr("time.time", lambda: real + 3 * day)
    delete_old_files(settings, ages)
    assert kept.exists()
    monkeypatch.setattr("time.time", lambda: real - 3 * day)
    delete_old_files(settings, ages)
    assert kept.exists()
    assert kept.stat().st_mtime < real - 2 * day, "what seems to be of the future is of now"
    assert Ages().oldest(60) == real - 3 * day - 60, "a clock that runs on is believed"


def time_of_day() -> float:
    import time  # noqa: PLC0415 - as it is before it is set

    return time.time()


def test_an_old_file_is_deleted_where_the_clock_runs_on(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    os.utime(tmp_path / "old", (1, 1))
    delete_old(tmp_path, Ages().oldest(JUMP_SECONDS))
    assert files_of(tmp_path) == []


def test_names_of_one_file_are_counted_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(10_000))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b").hardlink_to(tmp_path / "a")
    (tmp_path / "empty").touch()
    assert disk_use(tmp_path) == 10_000 + 4096
    assert disk_use(tmp_path / "none") == 0


def test_a_visit_that_keeps_too_much_is_told_so_and_leaves_no_more(tmp_path: Path) -> None:
    settings = Settings(work_dir=tmp_path / "work", max_visit_mb=1)
    make_private(settings)
    visit = open_visit(settings, None)
    visit.folder.mkdir()
    (visit.folder / "result").write_bytes(bytes(990_000))
    upload = settings.uploads_dir / "hash" / "clip.mp4"
    upload.parent.mkdir()
    upload.write_bytes(bytes(20_000))
    with pytest.raises(NoRoomError, match=r"^This visit may keep 0\.0 GB, which is used up: .* 24 hours, or take a"):
        visit.keep(upload)
    assert files_of(settings.uploads_dir) == []
    assert files_of(visit.folder) == ["result"]
    (visit.folder / "result").write_bytes(bytes(1_100_000))
    with pytest.raises(NoRoomError), visit.making_run():
        pass
    assert files_of(visit.folder) == ["result"]


def test_a_run_on_a_disk_that_is_full_anywhere_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full a little later each time, until all of the run has room."""
    monkeypatch.setattr("syncedit_demo.ui.visits.room.KEPT_SHARE", -10.0)
    disk, outcomes = tmp_path / "disk", list[str]()
    with small_disk(disk, 600):
        settings = Settings(work_dir=disk / "work")
        make_private(settings)
        for free in (4, 20, 36, 60, 84, 540):
            shutil.rmtree(settings.jobs_dir)
            visit = open_visit(settings, None)
            filler = disk / "filler"
            filler.unlink(missing_ok=True)
            making = steps(settings, visit, tmp_path)
            space = os.statvfs(disk)
            filler.write_bytes(bytes(max(0, space.f_bfree * space.f_bsize - free * 1024)))
            try:
                list(making)
                outcomes.append("whole")
            except Exception as error:
                outcomes.append(explain(error))
            filler.unlink(missing_ok=True)
            left = open_visit(settings, visit.id)
            assert not list(disk.rglob(".syncedit-*"))
            assert sorted(disk.glob("work/jobs/*/run-*")) == sorted(run.folder for run in left.runs())
            assert all(run.files.result.stat().st_size and run.files.record.exists() for run in left.runs())
            assert (len(left.runs()) == 1) or outcomes[-1] != "whole"
    assert outcomes[-1] == "whole"
    assert "whole" not in outcomes[:2]
    assert not [said for said in outcomes if "not your fault" in said], outcomes


def test_a_folder_that_is_deleted_or_read_only_is_told_in_words(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, 2000):
        settings = Settings(work_dir=disk / "work", max_visit_mb=1)
        make_private(settings)
        visit = open_visit(settings, None)
        clip = write_scene(tmp_path / "scene.mp4", 1)
        kept = visit.keep(clip)
        remount(disk, "ro")
        with pytest.raises(OSError, match="Read-only") as refused:
            visit.keep(clip)
        assert explain(refused.value).startswith("This server cannot keep files now.")
        assert kept.exists()
        remount(disk, "rw")
        shutil.rmtree(settings.work_dir)
        Room(settings).check(1)
        assert visit.keep(clip).exists()
