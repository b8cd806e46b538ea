"""How long an edit will take, from how long earlier ones took here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.make import REPORT_PHASE, SIDE_BY_SIDE_PHASE, EditRequest, Published
from syncedit_demo.edits.speeds import DRAFT_GUESS, PREVIEW_SHARE
from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.media.image_file import write_png
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from tests.support.clips import edited_scene, write_scene

if TYPE_CHECKING:
    from pathlib import Path

SMALL = PlanOptions(size=(320, 256))
FULL, PREVIEW = {"quality": "full"}, {"quality": "preview"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "work").mkdir()
    return Settings(engine="draft", work_dir=tmp_path / "work")


@pytest.fixture
def request_(tmp_path: Path) -> EditRequest:
    clip = write_scene(tmp_path / "scene.mp4", 4)
    write_png(edited_scene(clip), tmp_path / "edited.png")
    return EditRequest(clip, tmp_path / "edited.png", tmp_path / "out.mp4", SMALL, side_by_side=tmp_path / "both.mp4")


def test_what_was_measured_here_is_kept_from_start_to_start(settings: Settings, request_: EditRequest) -> None:
    service = EditService(settings)
    _, plan = service.inspect(request_.clip, SMALL)
    work = plan.width * plan.height * plan.frames / 1e6
    guess, measured = service.expected_seconds("draft", plan, FULL)
    assert not measured
    assert guess == {phase: rate * work for phase, rate in DRAFT_GUESS.items()}

    for event in service.edit(request_, CancelFlag()):
        if isinstance(event, Published):
            assert service.expected_seconds("draft", plan, FULL) == (guess, False), "it is not over yet"
    expected, measured = EditService(settings).expected_seconds("draft", plan, FULL)
    assert measured
    assert list(expected) == ["Following the motion", REPORT_PHASE, SIDE_BY_SIDE_PHASE]
    assert all(seconds > 0 for seconds in expected.values())
    assert expected != guess
    preview, measured = EditService(settings).expected_seconds("draft", plan, PREVIEW)
    assert measured, "the one quality tells of the other"
    assert sum(preview.values()) == pytest.approx(sum(expected.values()) * PREVIEW_SHARE)


def test_a_preview_is_expected_to_take_as_much_less_as_was_measured(settings: Settings, request_: EditRequest) -> None:
    service = EditService(settings)
    _, plan = service.inspect(request_.clip, SMALL)
    full, preview = (sum(service.expected_seconds("draft", plan, each)[0].values()) for each in (FULL, PREVIEW))
    assert preview == pytest.approx(full * PREVIEW_SHARE)


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"b": -1}}', '{"a": {"b": Infinity}}', "\x00"])
def test_a_file_that_holds_something_else_is_done_without(settings: Settings, request_: EditRequest, text: str) -> None:
    (settings.work_dir / "speeds.json").write_text(text)
    service = EditService(settings)
    _, plan = service.inspect(request_.clip, SMALL)
    assert not service.expected_seconds(DraftEngine.name, plan, FULL)[1]


def test_a_place_that_cannot_be_written_to_stops_no_edit(settings: Settings, request_: EditRequest) -> None:
    settings.work_dir.rmdir()
    service = EditService(settings)
    *_, _last = service.edit(request_, CancelFlag())
    assert request_.target.exists()
    assert not settings.work_dir.exists()
