"""What the handlers of the page answer, without a browser: the page is its components and the values that they hold."""

from __future__ import annotations

import asyncio
import shutil
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import gradio as gr
import numpy as np
import pytest
from gradio import helpers
from gradio.blocks import Block
from starlette.requests import Request

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.video_writer import write_clip
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.ui.page import HEAVY_LIMIT, build_page
from syncedit_demo.ui.visits.jobs import Arrival, Choices, make_runs
from syncedit_demo.ui.visits.visit import ClipRange, Visit
from tests.support.clips import edited_scene, scene

if TYPE_CHECKING:
    from gradio.block_function import BlockFunction

    from syncedit_demo.ui.visits.visit import Run

WIDE, FRAMES = (640, 384), 9
SMALL = {"size": "own", "width": 320, "height": 256}
T = TypeVar("T")


class Unseen:
    """A page that no browser shows."""

    def __init__(self, service: EditService) -> None:
        self.page = build_page(service)
        self.request = gr.Request(session_hash="page")
        self.held: dict[Block, Any] = {each: getattr(each, "value", None) for each in self.page.blocks.values()}

    def handlers(self, name: str) -> list[BlockFunction]:
        return [each for each in self.page.fns.values() if each.name == name]

    def happen(self, name: str, *extra: object, **given: object) -> dict[str | None, Any]:
        """Call a handler with what its inputs hold, and hold what it answers.

        Args:
            name: The handler.
            extra: What Gradio passes after the inputs.
            given: New values of components, by element id.

        Returns:
            What it answered about components with an element id, by that.
        """
        for block in self.held:
            if (element := getattr(block, "elem_id", None) or "").replace("-", "_") in given:
                self.held[block] = given[element.replace("-", "_")]
        handler = self.handlers(name)[0]
        assert handler.fn
        request = next((each for each in extra if isinstance(each, gr.Request)), self.request)
        event = next((each for each in extra if isinstance(each, gr.EventData)), None)
        put_in = cast("Any", helpers.special_args)
        arguments: list[Any] = put_in(handler.fn, [self.held[each] for each in handler.inputs], request, event)[0]
        answer = cast("dict[Any, Any]", handler.fn(*arguments))
        if "__type__" in answer:
            return {}
        for block, value in answer.items():
            assert block in handler.outputs
            is_update = isinstance(value, dict) and "__type__" in value
            if not is_update or "value" in value:
                self.held[block] = value["value"] if is_update else value
        return {block.elem_id: value for block, value in answer.items()}

    def give_clip(self, clip: Path, **given: object) -> dict[str | None, Any]:
        return self.happen("take_clip", clip_file=str(clip), **given)

    def pick_example(self, name: str) -> None:
        self.happen("show_example", picked(name))
        self.happen("fill_example")

    @property
    def cut(self) -> ClipRange:
        return self._state(ClipRange)

    @property
    def visit(self) -> Visit:
        return self._state(Visit)

    def _state(self, of: type[T]) -> T:
        states = [value for block, value in self.held.items() if isinstance(block, gr.State)]
        (found,) = (value for value in states if isinstance(value, of))
        return found

    def lose_state(self) -> None:
        """The server was started anew; the browser still has its cookie, which the door names the visit from."""
        scope = {"type": "http", "syncedit.visit": self.visit.id}
        self.request = gr.Request(Request(scope), session_hash="page")
        self.held |= {block: block.value for block in self.held if type(block) is gr.State}


def edited_frame(clip: Path, size: tuple[int, int] = WIDE) -> Path:
    path = clip.with_name("edited.png")
    write_png(edited_scene(clip, size), path)
    return path


def make_run(service: EditService, unseen: Unseen, clip: Path) -> Run:
    choices = Choices("draft", 42, audio=False)
    *_, last = make_runs(service, unseen.visit, unseen.cut, edited_frame(clip, (320, 256)), choices, CancelFlag())
    assert isinstance(last, Arrival)
    return last.run


def picked(name: str) -> gr.EventData:
    return gr.EventData(None, {"id": name})


@pytest.fixture
def service(tmp_path: Path) -> EditService:
    return EditService(Settings(engine="draft", work_dir=tmp_path / "work"))


@pytest.fixture
def unseen(service: EditService, monkeypatch: pytest.MonkeyPatch) -> Unseen:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(service.settings.uploads_dir))

    async def build() -> Unseen:
        return Unseen(service)

    # Where no event loop runs, Gradio makes some and leaves them open.
    return asyncio.run(build())


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    path = tmp_path / "wide.mp4"
    write_clip((scene(index, WIDE) for index in range(FRAMES)), path, frame_rate=Fraction(25), audio=None)
    return path


def test_what_takes_long_shares_one_limit(unseen: Unseen) -> None:
    names = ("take_clip", "replan", "fit_frame", "copy_reference", "fill_example")
    listeners = [each for name in names for each in unseen.handlers(name)]
    assert len(listeners) > len(names)
    assert {(each.concurrency_id, each.concurrency_limit) for each in listeners} == {("heavy", HEAVY_LIMIT)}


def test_the_size_of_an_example_is_not_that_of_the_next_clip(unseen: Unseen, wide: Path) -> None:
    unseen.give_clip(wide)
    plan = unseen.cut.plan
    unseen.pick_example("balloon")
    assert unseen.cut.plan.width == unseen.cut.plan.height
    said = unseen.give_clip(wide)
    assert unseen.cut.plan == plan
    assert (said["size"], said["width"], said["height"], said["rate"]) == ("trained", None, None, "")


def test_a_size_that_was_chosen_stays(unseen: Unseen, wide: Path) -> None:
    unseen.give_clip(wide, **SMALL)
    said = unseen.give_clip(wide)
    plan = unseen.cut.plan
    assert (plan.width, plan.height) == (320, 256)
    assert "size" not in said


def test_a_start_that_was_chosen_stays_in_sight(unseen: Unseen, wide: Path) -> None:
    assert not unseen.give_clip(wide)["start"]["visible"]
    assert unseen.happen("replan", frames=4)["start"]["visible"]
    unseen.happen("replan", start=3)
    said = unseen.happen("replan", frames=None)
    assert (unseen.cut.plan.start, unseen.cut.plan.frames) == (3, FRAMES - 3)
    assert said["start"]["visible"]


def test_a_start_at_the_first_picture_is_offered_where_the_clip_begins_black(unseen: Unseen, tmp_path: Path) -> None:
    frames = [np.zeros_like(scene(0)) for _ in range(4)] + [scene(index) for index in range(6)]
    late = tmp_path / "late.mp4"
    write_clip(frames, late, frame_rate=Fraction(25), audio=None)
    said = unseen.give_clip(late)
    assert (said["better-start"]["visible"], said["better-start"]["value"]) == (True, "Start at frame 4")
    said = unseen.happen("start_at_picture")
    assert (unseen.cut.plan.start, unseen.cut.plan.frames) == (4, 6)
    assert (said["start"]["value"], said["better-start"]["visible"]) == (4, False)


def test_a_copy_that_comes_late_does_not_take_a_result_out_of_the_player(unseen: Unseen, wide: Path) -> None:
    unseen.give_clip(wide)
    assert unseen.happen("copy_reference") == {}
    cut = unseen.cut
    unseen.happen("show_example", picked("balloon"))
    assert unseen.cut == cut, "what the example was made from is not filled in yet"
    assert set(unseen.happen("show_copy")) == {"clip-card"}


def test_a_copy_that_comes_late_does_not_show_the_clip_before(unseen: Unseen, wide: Path) -> None:
    unseen.give_clip(wide)
    assert unseen.happen("copy_reference") == {}
    unseen.give_clip(wide)
    assert unseen.happen("show_copy") == {}


def test_a_clip_without_a_result_keeps_its_place(unseen: Unseen, wide: Path) -> None:
    unseen.give_clip(wide)
    assert unseen.happen("show_copy") == {}, "the copy is not there yet"
    unseen.happen("copy_reference")
    said = unseen.happen("show_copy")
    assert said["player"].frames == FRAMES
    assert said["clip-card"].video


def test_a_page_outlives_the_folder_of_its_visit(unseen: Unseen, wide: Path) -> None:
    unseen.give_clip(wide)
    shutil.rmtree(unseen.visit.folder)
    unseen.happen("take_upload", edited_file=str(edited_frame(wide)))
    shutil.rmtree(unseen.visit.folder)
    unseen.happen("show_example", picked("balloon"))
    shutil.rmtree(unseen.visit.folder)
    assert unseen.give_clip(wide)["clip-message"] is None
    assert unseen.cut.frame.exists()


def test_a_clip_that_is_gone_is_said_to_be(unseen: Unseen, wide: Path) -> None:
    unseen.give_clip(wide)
    shutil.rmtree(unseen.visit.folder)
    for name in ("replan", "copy_reference"):
        said = unseen.happen(name, rate="12")
        assert said["clip-message"].lines == ["wide.mp4 is not kept any more: choose it again."]


def test_a_page_outlives_the_server(unseen: Unseen, service: EditService, wide: Path) -> None:
    unseen.give_clip(wide, **SMALL)
    visit = unseen.visit
    run = make_run(service, unseen, wide)
    for name, given in (
        ("take_upload", {"edited_file": str(edited_frame(wide))}),
        ("take_painting", {"editor": {"composite": str(edited_frame(wide))}}),
    ):
        unseen.lose_state()
        unseen.happen(name, **given)
        assert unseen.visit == visit
    for name, tile in (("show_run", run.id), ("compare_runs", run.id), ("show_example", "balloon")):
        unseen.lose_state()
        unseen.happen(name, picked(tile))
        assert unseen.visit == visit


def test_a_run_that_is_gone_is_said_to_be(unseen: Unseen, service: EditService, wide: Path) -> None:
    unseen.give_clip(wide, **SMALL)
    gone, kept = (make_run(service, unseen, wide) for _ in range(2))
    unseen.happen("show_run", picked(kept.id))
    shutil.rmtree(gone.folder)
    for name in ("show_run", "compare_runs"):
        said = unseen.happen(name, picked(gone.id))
        assert "were deleted" in said["gone-message"].lines[0]
        assert [(tile.id, tile.current) for tile in said["runs"].tiles] == [(kept.id, True)]
        assert "player" not in said


def test_a_painting_is_kept_while_the_editor_is_put_away(unseen: Unseen, wide: Path) -> None:
    def begins_with() -> str:
        put_out = unseen.happen("to_paint")["editor"]
        assert put_out["visible"]
        assert put_out["value"]["background"] == put_out["value"]["composite"]
        return put_out["value"]["composite"]

    assert unseen.happen("to_paint") == {}, "there is no frame 0 yet"
    unseen.give_clip(wide)
    frame, painted = str(unseen.cut.frame), edited_frame(wide)
    assert begins_with() == frame
    away = unseen.happen("put_away", editor={"composite": str(painted)})
    assert (away["editor"]["visible"], away["editor"]["value"]) == (False, None)
    assert unseen.happen("put_away") == {}, "it is away"
    kept = Path(begins_with())
    assert (kept.parent.parent, kept.read_bytes()) == (unseen.visit.folder, painted.read_bytes())
    assert unseen.happen("paint_anew")["editor"]["value"]["composite"] == frame, "the canvas was cleared"
    assert begins_with() == frame
    assert not unseen.happen("take_painting", editor={"composite": str(painted)})["editor"]["visible"]
    Path(begins_with()).unlink()
    assert begins_with() == frame, "the painting is not kept any more"

    unseen.give_clip(wide)
    assert begins_with() == str(unseen.cut.frame) != frame
    unseen.give_clip(wide)
    shutil.rmtree(unseen.cut.folder)
    assert "wide.mp4 is not kept any more" in unseen.happen("to_paint")["frame-message"].lines[0]
