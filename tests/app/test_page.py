"""What the handlers of the page answer, without a browser: the page is its components and the values that they hold."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from syncedit_demo.engines.draft import DraftEngine
from syncedit_demo.media.video_writer import write_clip
from syncedit_demo.settings import Settings
from syncedit_demo.ui.page import HEAVY_LIMIT
from syncedit_demo.ui.visits.examples import EXAMPLES
from tests.support.clips import scene
from tests.support.held import CLIP, EDITED_FRAME, HeldService
from tests.support.unseen import SMALL, WIDE, Unseen, edited_frame, make_run, open_unseen, picked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncedit_demo.service import EditService

FRAMES = 9
SMALL_SIZE = (160, 96)


@pytest.fixture
def service(tmp_path: Path) -> HeldService:
    return HeldService(Settings(engine="draft", work_dir=tmp_path / "work"))


@pytest.fixture
def unseen(service: EditService, monkeypatch: pytest.MonkeyPatch) -> Unseen:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(service.settings.uploads_dir))
    return open_unseen(service)


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    path = tmp_path / "wide.mp4"
    write_clip((scene(index, WIDE) for index in range(FRAMES)), path, frame_rate=Fraction(25), audio=None)
    return path


def test_what_takes_long_shares_one_limit(unseen: Unseen) -> None:
    names = ("take_clip", "replan", "trim", "show_last", "fit_frame", "copy_reference", "fill_example")
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


def trimming(start: object, frames: object, asked: object = 1) -> gr.EventData:
    return gr.EventData(None, {"start": start, "frames": frames, "asked": asked})


def test_the_part_between_the_handles_is_what_is_used(unseen: Unseen, wide: Path) -> None:
    part = unseen.give_clip(wide)["trim"]
    assert (part.start, part.frames, part.total, part.most, part.asked) == (0, FRAMES, FRAMES, 161, None)
    said = unseen.happen("trim", trimming(2, 4, 7))
    assert (unseen.cut.plan.start, unseen.cut.plan.frames, said["frames"]) == (2, 4, 4)
    assert (said["trim"].start, said["trim"].frames, said["trim"].asked) == (2, 4, 7)
    last = unseen.happen("show_last")["trim"]
    assert (last.asked, last.start) == (7, 2), "the picture comes with the same answer"
    shown = np.asarray(Image.open(last.last.path).resize(SMALL_SIZE).convert("RGB"))
    true = np.asarray(Image.fromarray(scene(5, WIDE)).resize(SMALL_SIZE))
    assert np.abs(shown.astype(int) - true).mean() < 6

    said = unseen.happen("trim", trimming(3, FRAMES - 3, 8))
    assert (unseen.cut.plan.start, unseen.cut.plan.frames) == (3, FRAMES - 3)
    assert said["frames"] is None, "to the end is not a number"
    assert unseen.happen("trim", trimming(3, FRAMES - 3, 9))["trim"].asked == 9, "what changes nothing is answered too"
    unseen.happen("replan", rate="12.5")
    assert unseen.cut.plan.start == 3, "it stays where something else is planned anew"


@pytest.mark.parametrize("sent", [(-1, 4), ("x", 4), (None, None), (1.5, 4), (10**12, 4), ([], {})], ids=repr)
def test_a_browser_may_say_anything_of_the_handles(unseen: Unseen, wide: Path, sent: tuple[object, object]) -> None:
    unseen.give_clip(wide)
    plan = unseen.cut.plan
    assert unseen.happen("trim", trimming(*sent)) == {}
    assert unseen.cut.plan == plan
    said = unseen.happen("trim", trimming(FRAMES, 4, 3))
    assert "start at 0 to 8, not 9" in said["clip-message"].lines[0]
    assert (said["trim"].start, said["trim"].frames, said["trim"].asked) == (0, FRAMES, 3), "they go back"


def test_a_start_at_the_first_picture_is_offered_where_the_clip_begins_black(unseen: Unseen, tmp_path: Path) -> None:
    frames = [np.zeros_like(scene(0)) for _ in range(4)] + [scene(index) for index in range(6)]
    late = tmp_path / "late.mp4"
    write_clip(frames, late, frame_rate=Fraction(25), audio=None)
    said = unseen.give_clip(late)
    assert (said["better-start"]["visible"], said["better-start"]["value"]) == (True, "Start at frame 5")
    said = unseen.happen("start_at_picture")
    assert (unseen.cut.plan.start, unseen.cut.plan.frames) == (4, 6)
    assert (said["trim"].start, said["better-start"]["visible"]) == (4, False)
    assert unseen.give_clip(late)["trim"].start == 0


@pytest.fixture
def slow_machine(tmp_path: Path) -> None:
    """A machine that was measured to take 3.5 seconds per megapixel."""
    (tmp_path / "work").mkdir()
    speeds = {f"{DraftEngine.title}, full": {"Following the motion": 3.5}}
    (tmp_path / "work" / "speeds.json").write_text(json.dumps(speeds))


@pytest.mark.usefixtures("slow_machine")
def test_of_a_clip_that_nobody_can_wait_for_the_first_part_is_chosen(unseen: Unseen, wide: Path) -> None:
    assert not unseen.give_clip(wide)["all-frames"]["visible"]
    said = unseen.give_clip(EXAMPLES / "toy-train" / "reference.mp4")
    assert (unseen.cut.plan.frames, said["frames"], said["option-quality"]["value"]) == (25, 25, "preview")
    assert "25 frames of 81 are chosen: about half a minute" in said["option-quality"]["info"]
    assert [name for name, _ in said["option-quality"]["choices"]] == ["Quick, about 29 s", "Full, about 1 min"]
    assert said["all-frames"]["value"] == "All 81 frames: about 2 min, Full about 4 min"
    said = unseen.happen("use_all_frames")
    assert (unseen.cut.plan.frames, said["frames"]) == (81, None)
    assert not said["all-frames"]["visible"]
    # The visitor's own part is as long as it is.
    assert unseen.happen("trim", trimming(0, 60))["all-frames"]["visible"]
    assert unseen.cut.plan.frames == 60


@pytest.fixture
def slow(unseen: Unseen, service: HeldService) -> Iterator[Slow]:
    """What answers late on the page; what is begun there ends with the test."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda moment, name: _begin(pool, unseen, service, moment, name)
        service.release()


Slow = Callable[[str, str], "Future[dict[str | None, Any]]"]


def _begin(
    pool: ThreadPoolExecutor, unseen: Unseen, service: HeldService, moment: str, name: str
) -> Future[dict[str | None, Any]]:
    service.hold(moment)
    answer = pool.submit(unseen.happen, name)
    assert service.is_reached(moment)
    return answer


def test_a_new_edited_frame_is_never_taken_for_the_one_before(
    unseen: Unseen, service: HeldService, wide: Path, slow: Slow
) -> None:
    unseen.give_clip(wide)
    first, second = edited_frame(wide), unseen.visit.keep(unseen.cut.frame)
    unseen.happen("take_upload", edited_file=str(first))
    assert unseen.happen("fit_frame")["generate"]["interactive"]

    said = unseen.happen("take_upload", edited_file=str(second))
    assert not said["generate"]["interactive"]
    assert not said["frame-slider"]["visible"]
    assert said["frame-message"].lines == ["Checking the edited frame …"]
    late = slow(EDITED_FRAME, "fit_frame")
    cleared = unseen.happen("take_upload", edited_file=None)
    assert (cleared["frame-message"], cleared["run-message"].lines) == (None, ["First give back the edited frame."])
    service.release()
    assert late.result() == {}, "it is about a frame that is not there any more"

    unseen.happen("take_upload", edited_file=str(second))
    late = slow(EDITED_FRAME, "fit_frame")
    unseen.give_clip(wide)
    service.release()
    assert late.result() == {}, "it is about a clip that is not there any more"


def test_a_new_shape_is_warned_of_before_the_draft_engine_is_waited_for(unseen: Unseen) -> None:
    bear = EXAMPLES / "bear-with-hat"
    unseen.give_clip(bear / "reference.mp4", frames=1)
    unseen.happen("take_upload", edited_file=str(bear / "edited.png"))
    said = unseen.happen("fit_frame")
    assert said["frame-message"].tone == "warn"
    assert "This edit has new shapes, and the Draft engine (CPU) invents none" in said["frame-message"].lines[-1]
    assert said["generate"]["interactive"], "it is a warning and no refusal"


def test_a_first_result_is_what_a_visitor_can_wait_for(unseen: Unseen, wide: Path) -> None:
    quality = unseen.give_clip(wide)["option-quality"]
    assert quality["value"] == "full"
    assert [name.partition(",")[0] for name, _ in quality["choices"]] == ["Quick", "Full"]
    train = unseen.give_clip(EXAMPLES / "toy-train" / "reference.mp4")["option-quality"]
    assert train["value"] == "preview"
    assert [name for name, _ in train["choices"]] == ["Quick, about 14 s", "Full, about 35 s"]
    assert "value" not in unseen.happen("replan", frames=4)["option-quality"], "what is chosen stays"


def test_a_new_clip_is_never_taken_for_the_one_before(
    unseen: Unseen, service: HeldService, wide: Path, slow: Slow
) -> None:
    unseen.give_clip(wide)
    unseen.happen("take_upload", edited_file=str(edited_frame(wide)))
    unseen.happen("fit_frame")
    (wide.parent / "words.mp4").write_text("These are words.")
    said = unseen.happen("await_clip", clip_file=str(wide.parent / "words.mp4"))
    assert not said["generate"]["interactive"]
    assert (said["clip-card"], said["player"], said["frame-message"]) == (None, None, None)
    assert said["clip-message"].lines == ["Reading the clip …"]

    late = slow(CLIP, "take_clip")
    assert unseen.happen("await_clip", clip_file=None)["clip-message"] is None
    service.release()
    assert set(late.result()) <= {None}, "what it says is about a file that was cleared"

    unseen.happen("await_clip", clip_file=str(wide.parent / "words.mp4"))
    late = slow(CLIP, "take_clip")
    said = unseen.happen("show_example", picked("balloon"))
    assert (said["clip-message"].lines, said["clip-file"]) == (["Reading the clip …"], None)
    service.release()
    assert set(late.result()) <= {None}
    assert unseen.happen("fill_example")["frame-message"].lines == ["Checking the edited frame …"]
    assert unseen.cut.path.name == "reference.mp4"


def test_a_copy_that_comes_late_does_not_take_a_result_out_of_the_player(
    unseen: Unseen, service: EditService, wide: Path
) -> None:
    unseen.give_clip(wide, **SMALL)
    assert unseen.happen("copy_reference") == {}
    unseen.happen("show_run", picked(make_run(service, unseen, wide).id))
    assert set(unseen.happen("show_copy")) == {"clip-card"}
    unseen.happen("show_example", picked("balloon"))
    assert unseen.happen("show_copy") == {}, "what the example was made from is not filled in yet"


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


def test_two_runs_are_compared_with_their_clip_at_hand_and_one_that_is_gone_is_said_to_be(
    unseen: Unseen, service: EditService, wide: Path
) -> None:
    unseen.give_clip(wide, **SMALL)
    gone, kept = (make_run(service, unseen, wide) for _ in range(2))
    assert unseen.happen("show_run", picked(kept.id))["player"].clip is None
    compared = unseen.happen("compare_runs", picked(gone.id))["player"]
    assert (compared.reference.label[:5], compared.result.label[:5], compared.clip.label) == ("Run 2", "Run 1", "Clip")
    assert Path(compared.clip.picture.path).parent == kept.folder
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
