"""Results of a visit in other formats: made once, within what the visit may keep, and stopped without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.errors import Cancelled, NoRoomError
from syncedit_demo.media.image_file import write_png
from syncedit_demo.plan import PlanOptions
from syncedit_demo.settings import Settings
from syncedit_demo.ui.visits.exports import export_path, export_run
from syncedit_demo.ui.visits.jobs import Choices, make_runs
from syncedit_demo.ui.visits.room import MB, disk_use
from syncedit_demo.ui.visits.visit import Run, Visit, open_visit
from tests.support.clips import edited_scene, write_scene
from tests.support.quick_app import QuickService

if TYPE_CHECKING:
    from pathlib import Path

SMALL = PlanOptions(size=(320, 256))


@pytest.fixture
def service(tmp_path: Path) -> QuickService:
    return QuickService(Settings(work_dir=tmp_path / "work", max_visit_mb=4))


@pytest.fixture
def visit(service: QuickService) -> Visit:
    return open_visit(service.settings, None)


@pytest.fixture
def run(service: QuickService, visit: Visit, tmp_path: Path) -> Run:
    clip = visit.keep(write_scene(tmp_path / "scene.mp4", 26))
    write_png(edited_scene(clip), tmp_path / "edited.png")
    info, plan = service.inspect(clip, SMALL)
    cut = visit.new_range(clip, info, SMALL, plan)
    choices = Choices("draft", 42, audio=True)
    for _ in make_runs(service, visit, cut, tmp_path / "edited.png", choices, CancelFlag()):
        pass
    (made,) = visit.runs()
    return made


def names(run: Run) -> set[str]:
    return {path.name for path in run.folder.iterdir()}


def test_a_result_is_exported_once_and_no_run_of_its_own(service: QuickService, visit: Visit, run: Run) -> None:
    before = names(run)
    steps = list(export_run(service, visit, run, "prores", CancelFlag()))
    assert [step.step for step in steps] == list(range(1, 27))
    assert names(run) == before | {"scene-edited.mov"}
    made = export_path(run, "prores").stat()
    assert list(export_run(service, visit, run, "prores", CancelFlag())) == []
    assert export_path(run, "prores").stat() == made
    assert visit.runs() == [run]
    # The mp4 is the result itself.
    assert export_path(run, "mp4") == run.files.result
    assert list(export_run(service, visit, run, "mp4", CancelFlag())) == []


def test_an_export_that_is_stopped_leaves_nothing(service: QuickService, visit: Visit, run: Run) -> None:
    before, stop = names(run), CancelFlag()
    export = export_run(service, visit, run, "webp", stop)
    next(export)
    stop.set()
    with pytest.raises(Cancelled):
        next(export)
    assert names(run) == before


def test_an_export_ends_where_the_visit_may_keep_no_more(service: QuickService, visit: Visit, run: Run) -> None:
    left = 4 * MB - disk_use(visit.folder)
    (visit.folder / "filler").write_bytes(bytes(left - 100_000))
    before = names(run)
    done: list[int] = []

    def export() -> None:
        done.extend(step.step for step in export_run(service, visit, run, "prores", CancelFlag()))

    with pytest.raises(NoRoomError, match=r"This visit may keep"):
        export()
    # It was begun, as there was room at first.
    assert len(done) < 26
    assert names(run) == before
    with (visit.folder / "filler").open("ab") as file:
        file.write(bytes(200_000))
    with pytest.raises(NoRoomError, match=r"This visit may keep"):
        export()
    assert names(run) == before
