"""Runs that a visitor names, writes notes about, deletes and uses again, and what comes back with the page."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import gradio as gr
import pytest

from syncedit_demo.cancel import CancelFlag
from syncedit_demo.edits.record import read_record
from syncedit_demo.errors import BusyError, Cancelled, NoRoomError
from syncedit_demo.media.video_writer import write_clip
from syncedit_demo.settings import Settings
from syncedit_demo.ui.visits.everything import everything_path, pack_everything
from syncedit_demo.ui.visits.reviews import in_step
from syncedit_demo.ui.visits.room import MB, disk_use
from syncedit_demo.ui.visits.visit import Run
from tests.support.clips import scene
from tests.support.quick_app import QuickService
from tests.support.unseen import SMALL, Unseen, edited_frame, make_run, open_unseen, picked

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 9


@pytest.fixture
def service(tmp_path: Path) -> QuickService:
    return QuickService(Settings(engine="draft", work_dir=tmp_path / "work", max_visit_mb=4))


@pytest.fixture
def unseen(service: QuickService, monkeypatch: pytest.MonkeyPatch) -> Unseen:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(service.settings.uploads_dir))
    return open_unseen(service)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "scene.mp4"
    write_clip((scene(index) for index in range(FRAMES)), path, frame_rate=Fraction(25), audio=None)
    return path


@pytest.fixture
def run(service: QuickService, unseen: Unseen, clip: Path) -> Run:
    unseen.give_clip(clip, **SMALL)
    made = make_run(service, unseen, clip)
    unseen.happen("show_run", picked(made.id))
    return made


def about(run: Run, **more: str) -> gr.EventData:
    return gr.EventData(None, {"id": run.id, **more})


def test_a_run_is_called_by_its_edited_frame_and_keeps_its_number(
    service: QuickService, unseen: Unseen, clip: Path, run: Run
) -> None:
    second = make_run(service, unseen, clip)
    (tile, other) = unseen.happen("show_run", picked(run.id))["runs"].tiles
    assert (tile.title, tile.detail, tile.more) == ("edited", "Run 1 · Draft", "320×256 · seed 42")
    assert tile.time == run.record.created.isoformat()
    assert other.called == "Run 2"
    unseen.happen("remove", about(run))
    assert [each.title for each in unseen.visit.runs()] == ["Run 2"]
    assert make_run(service, unseen, clip).title == "Run 3"
    # One of an earlier version has no facts beside its record, and is counted by its place.
    second.files.facts.unlink()
    (old, _) = unseen.visit.runs()
    assert (old.title, old.edited) == ("Run 1", "edited-frame")
    second.files.facts.write_text("{")
    assert unseen.visit.runs()[0].facts == old.facts


def test_a_note_is_one_line_of_bounded_length(unseen: Unseen, run: Run) -> None:
    card = unseen.happen("write_note", about(run, text="the hat\n flickers\x07 "))["run-card"]
    assert (card.note, card.trouble) == ("the hat flickers", "")
    said = unseen.happen("write_note", about(run, text="x" * 301))["run-card"]
    assert (said.note, said.trouble) == ("the hat flickers", "A note has at most 300 characters: shorten it.")
    assert set(unseen.happen("write_note", gr.EventData(None, {"id": "../elsewhere", "text": "x"}))) <= {None}
    (kept,) = unseen.visit.runs()
    assert kept.facts.note == "the hat flickers"


def test_a_run_is_deleted_with_its_record_and_what_is_kept_stays(
    service: QuickService, unseen: Unseen, clip: Path, run: Run
) -> None:
    second, third = (make_run(service, unseen, clip) for _ in range(2))
    card = unseen.happen("keep", about(run, on="on"))["run-card"]
    assert (card.kept, card.others) == (True, 2)
    said = unseen.happen("remove", about(third))
    assert not third.folder.exists()
    assert "Run 1" in said["caption"].lines[0], "the one on show stays on show"
    said = unseen.happen("remove_others")
    assert not second.folder.exists()
    assert [tile.called for tile in said["runs"].tiles] == ["Run 1"]
    said = unseen.happen("remove", about(run))
    assert (said["runs"].tiles, said["player"], said["run-card"]) == ([], None, None)
    # What was deleted on purpose is not said to be gone.
    assert unseen.happen("restore")["gone-message"].lines[0].startswith("Your browser keeps no cookie")


def test_a_run_that_is_being_made_is_not_deleted(unseen: Unseen, run: Run) -> None:
    unseen.visit.show(run.folder, run.record)
    with pytest.raises(BusyError, match=r"^Run 1 is still being made"):
        unseen.visit.delete(run)
    assert unseen.happen("remove", about(run))["run-card"].trouble.startswith("Run 1 is still being made")
    assert run.folder.exists()


def test_everything_of_a_run_makes_it_again(unseen: Unseen, clip: Path, run: Run, tmp_path: Path) -> None:
    (made,) = unseen.visit.runs()
    assert made.folder == run.folder
    _, steps = (list(pack_everything(unseen.visit, made, CancelFlag())) for _ in range(2))
    assert steps[-1].step == steps[-1].total
    with zipfile.ZipFile(everything_path(made)) as file:
        names = file.namelist()
        file.extractall(tmp_path / "out")
    stem = "scene-edited"
    inside = [f"{stem}.mp4", "scene-side-by-side.mp4", f"{stem}.record.json", "edited-frame.png", f"{stem}.report.json"]
    assert sorted(names) == sorted(inside)
    (tmp_path / "out" / "scene.mp4").write_bytes(clip.read_bytes())
    assert read_record(tmp_path / "out" / f"{stem}.record.json").seed == 42
    assert "verdict" in json.loads((tmp_path / "out" / f"{stem}.report.json").read_text())

    before = {path.name for path in made.folder.iterdir()} - {everything_path(made).name}
    stopped = CancelFlag()
    stopped.set()
    with pytest.raises(Cancelled):
        list(pack_everything(unseen.visit, made, stopped))
    (unseen.visit.folder / "filler").write_bytes(bytes(4 * MB - disk_use(unseen.visit.folder) - 5000))
    with pytest.raises(NoRoomError, match=r"This visit may keep"):
        list(pack_everything(unseen.visit, made, CancelFlag()))
    assert {path.name for path in made.folder.iterdir()} == before


def fill(unseen: Unseen) -> dict[str | None, Any]:
    filled = unseen.happen("fill_again")
    unseen.happen("fit_frame")
    unseen.happen("remember")
    return filled


def test_the_inputs_of_a_run_come_back(unseen: Unseen, run: Run, clip: Path, tmp_path: Path) -> None:
    cut = unseen.cut
    unseen.give_clip(write_another(tmp_path), size="trained", seed=7)
    begun = unseen.happen("use_run", about(run))
    assert begun["clip-message"].lines == ["Reading the clip …"]
    assert not begun["generate"]["interactive"]
    filled = fill(unseen)
    assert (filled["width"], filled["height"], filled["seed"]) == (320, 256, 42)
    assert unseen.cut.plan == cut.plan
    assert unseen.cut.path.read_bytes() == clip.read_bytes()
    assert unseen.cut.path.parent.name.startswith("upload-"), "it stays when the run is deleted"
    assert unseen.happen("fit_frame") == {}
    assert filled["edited-file"].endswith("/edited.png")
    unseen.visit.delete(unseen.visit.runs()[0])
    assert unseen.happen("replan", frames=4)["clip-message"] is None
    assert "were deleted" in unseen.happen("use_run", about(run))["gone-message"].lines[0]


def write_another(folder: Path) -> Path:
    path = folder / "another.mp4"
    write_clip((scene(index, (640, 384)) for index in range(4)), path, frame_rate=Fraction(25), audio=None)
    return path


def test_a_page_that_is_loaded_anew_has_its_inputs_again(unseen: Unseen, clip: Path) -> None:
    unseen.give_clip(clip, **SMALL)
    unseen.happen("replan", frames=5)
    unseen.happen("take_upload", edited_file=str(edited_frame(clip, (320, 256))))
    unseen.happen("fit_frame")
    unseen.happen("remember", seed=7)
    plan, folder = unseen.cut.plan, unseen.visit.folder
    before = sorted(path.name for path in folder.iterdir())

    unseen.lose_state()
    assert unseen.happen("restore", seed=42)["clip-message"].lines == ["Reading the clip …"]
    filled = fill(unseen)
    assert (unseen.cut.plan, filled["seed"], filled["frames"]) == (plan, 7, 5)
    assert unseen.happen("fit_frame") == {}, "the edited frame is checked"
    new = {path.name for path in folder.iterdir()} - set(before)
    assert all(name.startswith("cut-") for name in new), "nothing that was given is kept twice"

    unseen.happen("await_clip", clip_file=None)
    unseen.happen("take_clip")
    unseen.happen("fit_frame")
    unseen.happen("remember")
    unseen.lose_state()
    assert "clip-message" not in unseen.happen("restore"), "a clip that was taken away does not come back"


def test_a_record_brings_its_settings_back(unseen: Unseen, run: Run, tmp_path: Path) -> None:
    record = replace(run.record, frames_sha256="another", seed=9)
    brought = gr.EventData(None, {"text": record.to_json(), "name": "out.mp4"})
    unseen.happen("await_clip", clip_file=None)
    unseen.happen("take_clip")
    said = unseen.happen("take_record", brought)
    assert said["settings-message"].lines == [
        "The settings of out.mp4 are set. Give the clip and the edited frame that it was made from."
    ]
    assert (said["width"], said["frames"], said["rate"], said["seed"]) == (320, FRAMES, "25", 9)
    # They are for the clip that comes next, of which they are what the page says.
    filled = unseen.give_clip(write_another(tmp_path))
    assert "has 4 frames" in filled["clip-message"].lines[0]
    unseen.happen("take_record", brought)

    same = gr.EventData(None, {"text": run.record.to_json(), "name": "scene-edited.mp4"})
    said = unseen.happen("take_record", same)
    assert said["settings-message"].lines[0].startswith("scene-edited.mp4 is Run 1: its clip")
    fill(unseen)
    assert unseen.cut.path.name == "scene.mp4"


@pytest.mark.parametrize(
    "text",
    ["", "words", "{}", "[" * 100_000, "{" + '"x":' * 9, '{"plan":1,"engine":2}', "x" * 300_001],
    ids=["nothing", "words", "empty", "deep", "broken", "no record", "long"],
)
def test_what_is_no_record_is_a_sentence(unseen: Unseen, clip: Path, text: str) -> None:
    unseen.give_clip(clip)
    said = unseen.happen("take_record", gr.EventData(None, {"text": text, "name": "../<b>.json"}))
    assert said["settings-message"].lines[0].startswith("<b>.json: This holds no run record of this program")
    assert set(said) <= {None, "settings-message"}


def test_a_review_names_two_runs_only_when_they_are_rated(
    service: QuickService, unseen: Unseen, clip: Path, run: Run
) -> None:
    unseen.happen("follow")
    said = unseen.happen("begin")
    assert said["review"].said.startswith("No two runs here")
    runs = {each.id: each for each in (run, make_run(service, unseen, clip), make_run(service, unseen, clip))}
    seen: list[set[str]] = []
    said = unseen.happen("begin")
    for left in (2, 1, 0):
        board, player = said["review"], said["player"]
        assert (board.state, board.pairs) == ("blind", left)
        assert (player.reference.label, player.result.label) == ("hidden", "hidden")
        assert said["run-card"] is None
        assert not any(tile.current for tile in said["runs"].tiles)
        assert "Run" not in said["caption"].lines[0]
        assert said["sync"].report is None
        assert unseen.happen("follow")["review"].state == "blind"
        pair = [str(side.picture.path) for side in (player.reference, player.result)]
        shown = [name for path in pair for name in runs if name in path]
        seen.append(set(shown))
        if left:
            said = unseen.happen("go_on")
    assert len({frozenset(pair) for pair in seen}) == 3, "every pair comes once"

    refused = unseen.happen("judge", rated("4", ""))
    assert (refused["review"].state, refused["review"].said[:10]) == ("blind", "Rate both:")
    said = unseen.happen("judge", rated("4", "2"))
    assert said["review"].state == "revealed"
    assert said["review"].said.startswith(f"A is {runs[shown[0]].title} (edited, Draft · 320×256), rated 4; B is ")
    assert said["player"].reference.label.startswith(runs[shown[0]].title)
    assert said["sync"].about == f"A · {runs[shown[0]].title}"
    assert said["sync-beside"].about == f"B · {runs[shown[1]].title}"
    assert unseen.happen("follow")["review"] == said["review"]
    first = unseen.visit.run(shown[0])
    assert first is not None
    assert (first.facts.rating, first.facts.sentence, first.facts.blind) == (4, "sharper", True)

    # To look at a run ends the review.
    unseen.happen("show_run", picked(run.id))
    assert unseen.happen("follow")["review"].state == "idle"
    assert unseen.happen("judge", rated("1", "1"))["review"].state == "idle"
    assert unseen.visit.run(shown[0]) == first


def rated(first: str, second: str) -> gr.EventData:
    return gr.EventData(None, {"rating_a": first, "text_a": "sharper", "rating_b": second, "text_b": "=SUM(A1)"})


def test_ratings_are_taken_away_with_the_records_they_are_of(
    service: QuickService, unseen: Unseen, clip: Path, run: Run
) -> None:
    other = make_run(service, unseen, clip)
    card = unseen.happen("rate", about(run, rating="5", text="crisp, “clean”"))["run-card"]
    assert (card.rating, card.sentence) == (5, "crisp, “clean”")
    for wrong in ("6", "0", "five", "1" * 5000):
        assert "from 1 to 5" in unseen.happen("rate", about(run, rating=wrong))["run-card"].trouble
    unseen.happen("rate", about(other, rating="", text="=HYPERLINK(1)"))
    board = unseen.happen("follow")["review"]
    first, second = csv.DictReader(io.StringIO(board.as_csv))
    assert (first["record"], first["rating"], first["sentence"]) == (run.record.frames_sha256, "5", "crisp, “clean”")
    assert (second["rating"], second["sentence"]) == ("", "'=HYPERLINK(1)"), "no spreadsheet computes it"
    assert json.loads(board.as_json)[1]["sentence"] == "=HYPERLINK(1)"
    assert [row["run"] for row in json.loads(board.as_json)] == ["Run 1", "Run 2"]


def test_runs_of_one_length_play_together(service: QuickService, unseen: Unseen, clip: Path, run: Run) -> None:
    assert unseen.happen("play_together")["review"].said.startswith("No two runs here")
    other = make_run(service, unseen, clip)
    unseen.happen("replan", frames=5)
    make_run(service, unseen, clip)
    grid = unseen.happen("play_together")["grid"]
    assert [video.label for video in grid.videos] == ["Run 1 · edited", "Run 2 · edited"]
    assert (grid.width, grid.height, grid.frames, grid.rate) == (320, 256, FRAMES, 25)
    assert other.folder.name in grid.videos[1].picture.path
    # Of more than nine it is the one on show and the latest others.
    many = [Run(run.folder.with_name(str(number)), number, run.record) for number in range(1, 21)]
    assert [each.number for each in in_step(many, many[2], 9)] == [3, *range(13, 21)]
    assert in_step(many[:9], many[0], 9) == many[:9]


def linked(text: str, source: str = "") -> gr.EventData:
    return gr.EventData(None, {"text": text, "source": source})


def test_settings_are_told_as_text_and_set_by_it(unseen: Unseen, clip: Path) -> None:
    def told(purpose: str) -> str:
        bar = unseen.happen("tell", gr.EventData(None, {"purpose": purpose}))["settings-bar"]
        assert bar.purpose == purpose[:60]
        return bar.text

    assert told("link") == ""
    said = unseen.happen(
        "take_settings", linked("size=320x256&frames=5&start=2&seed=7&quality=preview&path=/etc/passwd")
    )
    assert said["settings-message"].lines == [
        "The settings of the link are set.",
        "“path” is no setting of this page: left out.",
    ]
    assert (said["width"], said["frames"], said["seed"]) == (320, 5, 7)
    # The clip comes after the link, and start and frames are for it.
    given = unseen.give_clip(clip)
    plan = unseen.cut.plan
    assert (plan.width, plan.height, plan.start, plan.frames) == (320, 256, 2, 5)
    assert given["option-quality"]["value"] == "preview"
    text = told("preset:" + "x" * 99)
    assert text == "size=320x256&frames=5&start=2&seed=7&quality=preview"
    # What they are for is that clip alone.
    unseen.give_clip(clip)
    assert (unseen.cut.plan.start, unseen.cut.plan.frames) == (0, FRAMES)
    said = unseen.happen("take_settings", linked(text, "mine"))
    assert said["settings-message"].lines == ["The settings of “mine” are set."]
    assert unseen.cut.plan == plan
    assert said["option-quality"]["value"] == "preview"
    # Where the plan stays as it is, the rest is set all the same.
    assert unseen.happen("take_settings", linked(text.replace("seed=7", "seed=8")))["seed"] == 8
    assert "too long" in unseen.happen("take_settings", linked("x=1&" * 300))["settings-message"].lines[0]
    assert unseen.cut.plan == plan

    unseen.happen("fit_frame")
    unseen.happen("remember")
    unseen.lose_state()
    unseen.happen("restore")
    # What the visit was given last is on its way into the page when the link comes.
    unseen.happen("take_settings", linked("size=512x512"))
    fill(unseen)
    assert (unseen.cut.plan.width, unseen.cut.plan.frames) == (512, FRAMES)
