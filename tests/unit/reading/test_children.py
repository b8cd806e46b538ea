"""What visitors bring is read by processes that cost only themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import EditRequest, EditResult
from syncedit_demo.errors import Cancelled, LimitError, OutputError, ReaderError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.plan import PlanOptions, plan_edit
from syncedit_demo.reading.children import ChildrenRunner
from syncedit_demo.reading.media_reader import MediaReader
from syncedit_demo.reading.runner import HereRunner
from syncedit_demo.service import EditService
from syncedit_demo.settings import MAX_CLIP_PIXELS, ReadingLimits, Settings
from syncedit_demo.standing_back import BEHIND, called_behind
from tests.support import reading_jobs as jobs
from tests.support.clips import edited_scene, write_scene

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def runner() -> Generator[ChildrenRunner]:
    """One process at a time, which is shared."""
    with closing(ChildrenRunner(ReadingLimits(), 1)) as made:
        yield made


def ask(runner: ChildrenRunner, work: Callable[..., object], *arguments: object) -> object:
    return runner.call("clip.mp4", work, *arguments, cancel=CancelFlag())


def own_readers() -> list[psutil.Process]:
    """The processes of this one that read or have ended without being seen off."""
    children = psutil.Process().children()
    return [each for each in children if each.status() == psutil.STATUS_ZOMBIE or "spawn_main" in str(each.cmdline())]


def test_a_clip_is_read_as_in_this_process(runner: ChildrenRunner, tmp_path: Path) -> None:
    clip, edited = write_scene(tmp_path / "scene.mp4"), tmp_path / "edited.png"
    write_png(edited_scene(clip), edited)
    here, child = (MediaReader(each, MAX_CLIP_PIXELS) for each in (HereRunner(), runner))
    never = CancelFlag()
    info = child.probe(clip, never)
    assert info == here.probe(clip, never)
    plan = plan_edit(info, PlanOptions(size=(320, 256)))
    assert np.array_equal(child.first_frame(clip, info, plan, never), here.first_frame(clip, info, plan, never))
    found = list(child.conform(clip, info, plan, never))
    assert len(found) == plan.frames
    for frame, other in zip(found, here.conform(clip, info, plan, never), strict=True):
        assert np.array_equal(frame, other)
    registered, other = (each.register(clip, info, plan, edited, never) for each in (child, here))
    assert np.array_equal(registered.frame, other.frame)
    assert (registered.notes, registered.edited_share) == (other.notes, other.edited_share)


def test_frames_come_in_order_and_each_is_the_callers_own(runner: ChildrenRunner) -> None:
    frames = list(runner.frames("clip.mp4", (4, 2), jobs.numbered_frames, 20, cancel=CancelFlag()))
    assert [frame[0, 0, 0] for frame in frames] == list(range(20))
    assert all(frame.shape == (2, 4, 3) and frame.flags.writeable for frame in frames)


def test_a_process_that_did_well_does_the_next_job_too(runner: ChildrenRunner, tmp_path: Path) -> None:
    first = ask(runner, jobs.process)
    with pytest.raises(OutputError, match="cannot be written: the disk is full"):
        ask(runner, jobs.fail, tmp_path / "clip.mp4")
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        ask(runner, jobs.divide_by_zero)
    assert ask(runner, jobs.process) == first != os.getpid()


def test_a_process_that_reads_stands_behind_the_one_that_answers(runner: ChildrenRunner) -> None:
    assert ask(runner, os.getpriority, os.PRIO_PROCESS, 0) == os.getpriority(os.PRIO_PROCESS, 0) + BEHIND


def test_a_process_that_work_asks_for_stands_no_further_behind() -> None:
    with closing(ChildrenRunner(ReadingLimits(), 1)) as runner:
        rank = called_behind(lambda: ask(runner, os.getpriority, os.PRIO_PROCESS, 0))
        assert rank == os.getpriority(os.PRIO_PROCESS, 0) + BEHIND


def test_a_crash_costs_one_process_and_the_next_job_works(runner: ChildrenRunner) -> None:
    before = ask(runner, jobs.process)
    with pytest.raises(ReaderError, match=r"^clip.mp4 cannot be read: the process that read it broke down over it\."):
        ask(runner, jobs.break_down)
    after = ask(runner, jobs.process)
    assert after != before
    assert [each.pid for each in own_readers()] == [after]


def test_a_process_that_is_killed_on_the_way_is_told_of(runner: ChildrenRunner) -> None:
    frames = runner.frames("clip.mp4", (4, 2), jobs.numbered_frames, 20, 10, cancel=CancelFlag())
    next(frames)
    (child,) = own_readers()
    child.send_signal(signal.SIGKILL)
    with pytest.raises(ReaderError, match="broke down"):
        list(frames)
    assert ask(runner, jobs.process) != child.pid


def test_a_stop_ends_a_job_and_its_process(runner: ChildrenRunner) -> None:
    cancel = CancelFlag()
    frames = runner.frames("clip.mp4", (4, 2), jobs.numbered_frames, 20, 3, cancel=cancel)
    assert [next(frames)[0, 0, 0] for _ in range(3)] == [0, 1, 2]
    (child,) = own_readers()
    cancel.set()
    with pytest.raises(Cancelled):
        next(frames)
    assert not child.is_running()
    assert ask(runner, jobs.process) != child.pid


def test_frames_that_nobody_wants_any_more_hold_nobody_up(runner: ChildrenRunner) -> None:
    frames = runner.frames("clip.mp4", (4, 2), jobs.numbered_frames, 20, cancel=CancelFlag())
    next(frames)
    frames.close()
    assert ask(runner, jobs.process)
    assert list(Path("/dev/shm").glob(f"psm_*{os.getpid()}*")) == []


def test_a_stop_ends_waiting_for_a_process(runner: ChildrenRunner) -> None:
    frames = runner.frames("clip.mp4", (4, 2), jobs.numbered_frames, 3, cancel=CancelFlag())
    next(frames)
    cancel = CancelFlag()
    told: list[str] = []

    def wait() -> None:
        try:
            runner.call("clip.mp4", jobs.process, cancel=cancel)
        except Cancelled:
            told.append("stopped")

    waiting = threading.Thread(target=wait)
    waiting.start()
    cancel.set()
    waiting.join(60)
    assert told == ["stopped"]
    assert len(list(frames)) == 2


def test_no_more_jobs_are_done_at_once_than_there_may_be_processes(tmp_path: Path) -> None:
    go, done, before = tmp_path / "go", list[object](), own_readers()
    with closing(ChildrenRunner(ReadingLimits(), 2)) as runner:
        calls = [threading.Thread(target=lambda: done.append(ask(runner, jobs.wait_for, go))) for _ in range(6)]
        for call in calls:
            call.start()
        while len(list(tmp_path.glob("go-*"))) < 2:
            time.sleep(0.02)
        assert len(own_readers()) == len(before) + 2
        go.touch()
        for call in calls:
            call.join(60)
    assert len(done) == 6
    assert len(set(done)) == len(list(tmp_path.glob("go-*"))) == 2
    assert own_readers() == before, "closed, it leaves nobody behind"


@pytest.mark.parametrize(
    ("limits", "work", "sentence"),
    [
        (ReadingLimits(read_seconds=1), jobs.never_end, "takes longer than 1 seconds, which is the limit here"),
        (ReadingLimits(read_processor_seconds=1), jobs.compute, "takes more than 1 seconds of processor time"),
        (ReadingLimits(read_memory_mb=300), jobs.take_memory, "takes more than 0.3 GB of memory"),
    ],
    ids=["time", "processor", "memory"],
)
def test_a_job_past_a_limit_is_ended_and_the_limit_named(
    limits: ReadingLimits, work: Callable[[], None], sentence: str
) -> None:
    with closing(ChildrenRunner(limits, 1)) as runner:
        with pytest.raises(LimitError, match=rf"^Reading clip.mp4 {sentence}"):
            ask(runner, work)
        assert ask(runner, jobs.process)


def test_what_is_closed_reads_no_more() -> None:
    runner = ChildrenRunner(ReadingLimits(), 1)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            ask(runner, jobs.never_end)
        except ReaderError as error:
            failures.append(error)

    with closing(runner):
        working = threading.Thread(target=work)
        before = {each.pid for each in own_readers()}
        working.start()
        while {each.pid for each in own_readers()} == before:
            time.sleep(0.02)
    working.join(60)
    assert len(failures) == 1
    assert {each.pid for each in own_readers()} == before
    with pytest.raises(ReaderError, match="being ended"):
        ask(runner, jobs.process)


def test_they_end_with_the_program_that_started_them(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from syncedit_demo.cancel import CancelFlag\n"
        "from syncedit_demo.reading.children import ChildrenRunner\n"
        "from syncedit_demo.settings import ReadingLimits\n"
        "from tests.support.reading_jobs import wait_for\n"
        "ChildrenRunner(ReadingLimits(), 1).call('x', wait_for, pathlib.Path(sys.argv[1]), cancel=CancelFlag())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "go")], cwd=ROOT) as process:
        while not (told := list(tmp_path.glob("go-*"))):
            time.sleep(0.02)
        child = psutil.Process(int(told[0].name.partition("-")[2]))
        process.kill()
    psutil.wait_procs([child], timeout=60)
    assert not child.is_running()


def test_an_edit_is_made_through_one_process(runner: ChildrenRunner, tmp_path: Path) -> None:
    clip, edited, both = write_scene(tmp_path / "scene.mp4"), tmp_path / "edited.png", tmp_path / "both.mp4"
    write_png(edited_scene(clip), edited)
    options, target = PlanOptions(size=(320, 256)), tmp_path / "out.mp4"
    request = EditRequest(clip, edited, target, options, engine="draft", side_by_side=both)
    *_, result = EditService(Settings(work_dir=tmp_path / "work"), runner).edit(request, CancelFlag())
    assert isinstance(result, EditResult)
    assert result.record.report is not None
    assert not result.stopped
    names = ["both.mp4", "edited.png", "out.mp4", "out.record.json", "scene.mp4"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
