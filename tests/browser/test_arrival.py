"""A result is on the page before its report and its side-by-side video are: the page while these are made."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

from syncedit_demo.edits.make import REPORT_PHASE
from syncedit_demo.edits.record import load_record
from syncedit_demo.media.image_file import write_png
from syncedit_demo.media.probe import probe
from syncedit_demo.settings import Settings
from tests.support.clips import edited_scene, write_scene
from tests.support.desk import RUN_TIMEOUT, Desk
from tests.support.held import EDITED_FRAME, serve_held
from tests.support.limits import file_size_limit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.browser.conftest import OpenPage, Serve, Watch
    from tests.support.held import HeldService

FRAMES = 60
ENGINE, REPORT, SIDE_BY_SIDE = "Following the motion", REPORT_PHASE, "Writing the side-by-side video"

WATCH = """
() => {
  const player = document.querySelector(".compare-player");
  window.noted = { frames: [], loads: 0 };
  player.addEventListener("frame", ({ detail }) => noted.frames.push(detail.frame));
  for (const medium of player.querySelectorAll("video, audio")) {
    for (const type of ["loadstart", "emptied"]) medium.addEventListener(type, () => (noted.loads += 1));
  }
}
"""


COUNT_TONES = """
() => {
  window.tones = 0;
  const { start } = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (...when) { tones += 1; return start.apply(this, when); };
}
"""


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    clip = write_scene(folder / "scene.mp4", FRAMES, sound=True)
    edited = edited_scene(clip)
    write_png(edited, folder / "edited.png")
    write_png(edited[..., ::-1].copy(), folder / "other.png")
    return folder


@pytest.fixture(scope="module")
def app(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> tuple[HeldService, str]:
    settings = Settings(engine="draft", work_dir=tmp_path_factory.mktemp("work"))
    return serve_held(serve, settings)


@pytest.fixture
def service(app: tuple[HeldService, str]) -> Iterator[HeldService]:
    yield app[0]
    app[0].release()


@pytest.fixture
def desk(open_page: OpenPage, app: tuple[HeldService, str], media: Path, service: HeldService) -> Desk:
    """A page whose runs are held before the report and before the side-by-side video."""
    desk = Desk(open_page(app[1]), media)
    desk.prepare()
    service.hold(REPORT, SIDE_BY_SIDE)
    return desk


def is_on_show(desk: Desk, title: str) -> None:
    expect(desk.player.locator(".name.result")).to_contain_text(title, timeout=RUN_TIMEOUT)
    expect(desk.player).to_have_attribute("data-state", "ready")


def download(desk: Desk, label: str) -> Locator:
    return desk.page.locator("#downloads").get_by_role("button", name=label, exact=True)


def test_a_result_is_played_while_its_report_is_made_which_does_not_disturb_it(
    desk: Desk, service: HeldService, tmp_path: Path
) -> None:
    # The file of a silent result is played as it is.
    desk.page.get_by_label("Keep the clip's sound").uncheck()
    place = desk.place_of_the_picture()
    desk.generate.click()
    is_on_show(desk, "Run 1")
    desk.page.evaluate(COUNT_TONES)
    call = desk.page.get_by_role("button", name="Call me when it is done")
    call.click()
    expect(call).to_have_attribute("aria-pressed", "true")
    expect(desk.phase).to_have_text(REPORT)
    expect(desk.page.locator("#run-state .detail")).to_have_text(re.compile(r"Run 1 can be played · about \d+ s left"))
    expect(desk.sync).to_contain_text("How well this result keeps time with its clip is being measured …")
    expect(desk.page.locator("#runs .tile")).to_have_count(1)
    expect(download(desk, "Making side by side …")).to_be_disabled()
    desk.download("Download result", tmp_path / "early.mp4")
    assert probe(tmp_path / "early.mp4").frames == FRAMES
    assert load_record(tmp_path / "early.mp4").plan.frames == FRAMES
    expect(download(desk, "Download record")).to_be_disabled()
    assert desk.place_of_the_picture() == place
    room = desk.sync.bounding_box()

    desk.player.get_by_role("button", name="0.25×").click()
    desk.player.get_by_role("button", name="Play", exact=True).click()
    desk.page.wait_for_function("document.querySelector('.compare-player .seek').value > 2")
    desk.page.evaluate(WATCH)
    service.release(REPORT)
    expect(desk.sync.locator(".verdict")).to_have_text("In sync")
    expect(download(desk, "Making side by side …")).to_be_disabled()
    expect(download(desk, "Download record")).to_be_enabled()
    service.release(SIDE_BY_SIDE)
    expect(desk.phase).to_have_text("Run 1 is done")
    expect(call).to_be_hidden()
    desk.page.wait_for_function("tones === 2")
    expect(download(desk, "Download side by side")).to_be_enabled()
    desk.page.wait_for_function("count => noted.frames.length > count", arg=desk.page.evaluate("noted.frames.length"))
    desk.player.get_by_role("button", name="Pause").click()
    noted = desk.page.evaluate("noted")
    assert noted["loads"] == 0
    # It plays on, but for the end of a loop, where a busy machine may skip a frame.
    back = [(before, after) for before, after in pairwise(noted["frames"]) if after <= before]
    assert [step for step in back if step[0] < FRAMES - 3 or step[1] > 2] == []

    assert (desk.place_of_the_picture(), desk.sync.bounding_box()) == (place, room)
    assert desk.download("Download side by side", tmp_path / "both.mp4") == "scene-side-by-side.mp4"
    assert probe(tmp_path / "both.mp4").frames == FRAMES
    desk.download("Download result", tmp_path / "late.mp4")
    assert (tmp_path / "late.mp4").read_bytes() == (tmp_path / "early.mp4").read_bytes()
    desk.download("Download record", tmp_path / "late.record.json")
    assert load_record(tmp_path / "late.record.json").report is not None


def test_stop_keeps_the_inputs_and_frees_the_device(desk: Desk, service: HeldService) -> None:
    for _ in range(2):
        service.hold(ENGINE)
        desk.generate.click()
        expect(desk.phase).to_have_text(ENGINE)
        desk.stop.click()
        expect(desk.stop).to_have_text("Stopping …")
        service.release(ENGINE)
        expect(desk.phase).to_have_text("Stopped")
        expect(desk.generate).to_be_enabled()
    expect(desk.page.locator("#runs .tile")).to_have_count(0)


@pytest.mark.parametrize(
    ("phase", "missing", "said"),
    [
        (REPORT, "report and side-by-side video", "was not measured when it was made"),
        pytest.param(
            *(SIDE_BY_SIDE, "side-by-side video", "The result keeps time with the clip."), marks=pytest.mark.thorough
        ),
    ],
)
def test_stop_keeps_a_result_that_is_there(
    desk: Desk, service: HeldService, watch: Watch, tmp_path: Path, phase: str, missing: str, said: str
) -> None:
    watch.expect_leaving()
    if phase == SIDE_BY_SIDE:
        service.release(REPORT)
    desk.generate.click()
    is_on_show(desk, "Run 1")
    expect(desk.phase).to_have_text(phase)
    desk.stop.click()
    expect(desk.stop).to_have_text("Stopping …")
    service.release(phase)
    expect(desk.phase).to_have_text("Stopped")
    expect(desk.page.locator("#run-state .detail")).to_have_text(f"Run 1 is kept without {missing}.")
    expect(desk.generate).to_be_enabled()

    def is_kept() -> None:
        is_on_show(desk, "Run 1")
        expect(desk.sync).to_contain_text(said)
        expect(download(desk, "No side by side")).to_be_disabled()
        expect(download(desk, "Download record")).to_be_enabled()
        desk.download("Download result", tmp_path / "result.mp4")
        assert probe(tmp_path / "result.mp4").frames == FRAMES
        expect(desk.page.locator("#runs .tile")).to_have_count(1)

    is_kept()
    desk.page.reload()
    is_kept()


def test_a_failure_keeps_a_result_that_is_there(desk: Desk, service: HeldService) -> None:
    service.release(REPORT)
    desk.generate.click()
    is_on_show(desk, "Run 1")
    expect(desk.phase).to_have_text(SIDE_BY_SIDE)
    # Other visits may have left theirs.
    results = service.settings.jobs_dir.glob("*/run-*/scene-edited.mp4")
    result = max(results, key=lambda file: file.stat().st_mtime_ns)
    message = desk.notice("run-message")
    with file_size_limit(result.stat().st_size + 1000):
        service.release(SIDE_BY_SIDE)
        expect(message).to_contain_text("scene-side-by-side.mp4 cannot be written: ")
        expect(message).to_contain_text("Run 1 is kept without side-by-side video.")
        expect(download(desk, "No side by side")).to_be_disabled()
    assert "/" not in message.inner_text(), "where the server keeps its files"
    expect(desk.generate).to_be_enabled()
    is_on_show(desk, "Run 1")


def test_who_looks_at_another_run_is_not_disturbed(desk: Desk, service: HeldService) -> None:
    choose = desk.page.locator("#runs .choose")
    service.release(REPORT, SIDE_BY_SIDE)
    desk.run()
    service.hold(ENGINE, REPORT, SIDE_BY_SIDE)
    desk.generate.click()
    expect(desk.phase).to_have_text(ENGINE)
    choose.click()
    is_on_show(desk, "Run 1")
    service.release(ENGINE)
    expect(desk.notice("runs-message")).to_have_text("Run 2 is there: choose it to look at it.", timeout=RUN_TIMEOUT)
    expect(choose).to_have_count(2)
    is_on_show(desk, "Run 1")
    expect(desk.sync.locator(".verdict")).to_have_text("In sync")
    expect(download(desk, "Download side by side")).to_be_enabled()

    choose.last.click()
    is_on_show(desk, "Run 2")
    expect(desk.notice("runs-message")).to_be_hidden()
    expect(desk.sync).to_contain_text("is being measured")
    expect(download(desk, "Making side by side …")).to_be_disabled()

    desk.page.get_by_role("button", name="Compare Run 1 with the one on show").click()
    expect(desk.player.locator(".name.result")).to_contain_text("Run 1")
    service.release(REPORT, SIDE_BY_SIDE)
    expect(desk.phase).to_have_text("Run 2 is done")
    expect(download(desk, "Download side by side"), "downloads are of Run 2").to_be_enabled()
    expect(desk.sync).to_contain_text("A · Run 2")
    expect(desk.sync.locator(".verdict")).to_have_text("In sync")
    expect(desk.page.locator("#sync-beside .sync")).to_contain_text("B · Run 1")
    expect(desk.player.locator(".name.reference")).to_contain_text("Run 2")


def test_an_answer_about_a_frame_that_is_gone_is_dropped(desk: Desk, service: HeldService) -> None:
    desk.unfold("frame")
    desk.download("Download first frame", desk.media / "same.png")
    service.hold(EDITED_FRAME)
    desk.clear("frame")
    expect(desk.notice("run-message")).to_have_text("First give back the edited frame.")
    desk.give_frame("other.png")
    expect(desk.notice("frame-message")).to_have_text("Checking the edited frame …")
    # The test sees to the page's requests, which would wait for it.
    while not service.is_reached(EDITED_FRAME, seconds=0):
        desk.page.wait_for_timeout(50)
    expect(desk.generate).to_be_disabled()
    desk.clear("frame")
    expect(desk.notice("run-message")).to_have_text("First give back the edited frame.")
    service.release(EDITED_FRAME)
    # By the time of the next answer the late one has come.
    desk.give_frame("same.png")
    expect(desk.notice("frame-message")).to_contain_text("Nothing was edited")
    expect(desk.head("frame")).to_have_attribute("data-state", "open")
    expect(desk.generate).to_be_disabled()
