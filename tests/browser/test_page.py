"""The page in a real browser, over the app in a process of its own, with the draft engine."""

from __future__ import annotations

import re
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Dialog, Locator, Page, expect

from syncedit_demo.edits.record import load_record
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.ui.visits.examples import EXAMPLES
from tests.browser.drift import Drift
from tests.clips import edited_scene, scene, write_scene
from tests.media import Sound, Video, write_clip
from tests.running import running_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import OpenPage, Watch

SIZE = (320, 256)
FRAMES = 24
RATE = Fraction(25)
LIMIT = 40
RUN_TIMEOUT = 60_000
"""Milliseconds in which a small run is done even on a busy machine."""

HOSTILE = ("<img src=x onerror=alert(1)>.mp4", "${alert(1)}.mp4")
TOO_BIG = "<img src=x> is {{value}} big.mp4"

expect.set_options(timeout=20_000)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    write_scene(folder / "scene.mp4", FRAMES, sound=True)
    write_scene(folder / "long.mp4", LIMIT + 20)
    for name in HOSTILE:
        (folder / name).write_bytes((folder / "scene.mp4").read_bytes())
    (folder / TOO_BIG).write_bytes(bytes(3_000_000))
    (folder / "words.mp4").write_text("These are words.")
    hevc = Video(codec="libx265", pixel_format="yuv420p10le", options={"x265-params": "log-level=none"})
    write_clip(folder / "hevc.mp4", (scene(index, SIZE) for index in range(FRAMES)), hevc, sounds=[Sound()])
    Image.fromarray(edited_scene(SIZE)).save(folder / "edited.png")
    shifted = np.pad(edited_scene(SIZE), ((0, 0), (3, 0), (0, 0)), "edge")[:, : SIZE[0]]
    Image.fromarray(shifted).save(folder / "shifted.png")
    noise = np.random.default_rng(3).integers(0, 255, (32, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).resize(SIZE).save(folder / "elsewhere.png")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def app(home: Path) -> Iterator[str]:
    with running_app(home, max_frames=LIMIT, max_upload_mb=2) as address:
        yield address
    assert "Traceback" not in (home / "app.log").read_text(encoding="utf-8")


class Desk:
    """The page as a visitor uses it."""

    def __init__(self, page: Page, media: Path) -> None:
        self.page = page
        self.media = media
        self.dialogs: list[str] = []
        page.on("dialog", self._refuse)
        self.generate = page.locator("#generate")
        self.stop = page.locator("#stop")
        self.phase = page.locator("#run-state .phase")
        self.player = page.locator(".compare-player")
        self.sync = page.locator("#sync .sync")
        expect(page.locator("#clip-file button").first).to_be_visible()

    def _refuse(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def ask_for_size(self, width: int = SIZE[0], height: int = SIZE[1]) -> None:
        self.page.get_by_role("button", name="Advanced").click()
        self.page.get_by_label("Own size").check()
        for name, side in (("Width", width), ("Height", height)):
            self.page.get_by_label(name, exact=True).fill(str(side))

    def give_clip(self, name: str = "scene.mp4") -> None:
        self.page.locator("#clip-file input[type=file]").set_input_files(self.media / name)

    def give_frame(self, name: str = "edited.png") -> None:
        self.page.locator("#edited-file input[type=file]").set_input_files(self.media / name)

    def prepare(self, width: int = SIZE[0], height: int = SIZE[1]) -> None:
        self.ask_for_size(width, height)
        self.give_clip()
        expect(self.card).to_be_visible()
        self.give_frame()
        expect(self.generate).to_be_enabled()

    def run(self) -> None:
        self.generate.click()
        self.is_done()

    def is_done(self) -> None:
        expect(self.phase).to_contain_text("is done", timeout=RUN_TIMEOUT)
        expect(self.player).to_have_attribute("data-state", "ready")

    def place_of_the_picture(self) -> list[float]:
        """Where in the page the picture of the player is, wherever the page is scrolled to."""
        self.page.evaluate("scrollTo(0, 0)")
        return self.player.locator(".stage").evaluate(
            "stage => (({x, y, width, height}) => [x, y, width, height])(stage.getBoundingClientRect())"
        )

    @property
    def card(self) -> Locator:
        return self.page.locator(".clip-card")

    def notice(self, name: str) -> Locator:
        return self.page.locator(f"#{name} .notice")

    def download(self, button: str, target: Path) -> str:
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name=button, exact=True).click()
        download.value.save_as(target)
        return download.value.suggested_filename


@pytest.fixture
def desk(open_page: OpenPage, app: str, media: Path) -> Desk:
    return Desk(open_page(app), media)


def test_from_a_clip_to_its_comparison(desk: Desk, tmp_path: Path) -> None:
    expect(desk.generate).to_be_disabled()
    expect(desk.notice("run-message")).to_have_text("First choose a clip.")
    desk.ask_for_size()
    desk.give_clip()
    expect(desk.card).to_contain_text(f"320×256 · 25 fps · {FRAMES} frames · 1.0 s · with sound")
    expect(desk.card).to_contain_text("25 are generated by holding the last frame")
    expect(desk.notice("run-message")).to_have_text("First give back the edited frame.")

    frame = tmp_path / "frame0.png"
    assert desk.download("Download frame 0", frame) == "scene-frame0.png"
    service = EditService(Settings(work_dir=tmp_path))
    clip, plan = service.inspect(desk.media / "scene.mp4", PlanOptions(size=SIZE))
    seen = service.first_frame(desk.media / "scene.mp4", clip, plan)
    assert np.array_equal(np.asarray(Image.open(frame)), seen)

    picture = seen.copy()
    picture[100:140, 60:120] = (30, 90, 200)
    Image.fromarray(picture).save(desk.media / "mine.png")
    desk.give_frame("mine.png")
    expect(desk.notice("frame-message")).to_contain_text("of the frame is edited")
    expect(desk.page.locator("#frame-slider img").first).to_be_visible()
    expect(desk.notice("run-message")).to_be_hidden()

    place, room = desk.place_of_the_picture(), desk.sync.bounding_box()
    desk.run()
    assert desk.place_of_the_picture() == place
    assert desk.sync.bounding_box() == room
    expect(desk.sync.locator(".verdict")).to_have_text("In sync")
    expect(desk.player.locator(".name.result")).to_contain_text("Draft engine (CPU)")
    expect(desk.notice("caption")).to_contain_text("made by Draft engine (CPU)")
    expect(desk.player.locator(".counter")).to_have_text(f"frame 1 / {FRAMES}")

    result, record = tmp_path / "result.mp4", tmp_path / "record.json"
    assert desk.download("Download result", result) == "scene-edited.mp4"
    assert desk.download("Download side by side", tmp_path / "both.mp4") == "scene-side-by-side.mp4"
    assert desk.download("Download record", record) == "scene-edited.record.json"
    for made in (result, record):
        told = load_record(made)
        assert told.plan == plan
        assert told.clip_file.path == Path("scene.mp4")
    assert (service.inspect(tmp_path / "both.mp4", PlanOptions())[0]).display_size == (640, 304)


@pytest.mark.parametrize("kept", [True, False], ids=["both are heard", "one is heard"])
def test_the_two_videos_stay_together(desk: Desk, kept: bool) -> None:
    desk.prepare()
    desk.page.get_by_label("Keep the clip's sound").set_checked(kept)
    desk.run()
    expect(desk.player.get_by_role("button", name="Sound of A")).to_be_enabled()
    expect(desk.player.get_by_role("button", name="Sound of B")).to_be_enabled(enabled=kept)
    drift = Drift(desk.page, RATE)
    desk.player.get_by_role("button", name="Play", exact=True).click()
    drift.wait_for_loops(2)
    drift.seek_around(FRAMES, times=20)
    samples = drift.samples()
    assert len(samples.gaps) > FRAMES
    assert samples.largest_gap < 0.5


def test_hevc_is_shown_and_compared_as_h264(desk: Desk, tmp_path: Path) -> None:
    desk.ask_for_size()
    desk.give_clip("hevc.mp4")
    shown = desk.card.locator("video")
    expect(shown).to_be_visible()
    shown.evaluate("video => video.play()")
    desk.page.wait_for_function("video => video.currentTime > 0.2", arg=shown.element_handle())
    shown.evaluate("video => video.pause()")
    desk.give_frame()
    desk.run()
    desk.player.get_by_role("button", name="Play", exact=True).click()
    for video in (shown, *desk.player.locator("video").all()):
        desk.page.wait_for_function("video => video.currentTime > 0.2", arg=video.element_handle())
        address = video.evaluate("video => video.currentSrc")
        (tmp_path / "seen.mp4").write_bytes(desk.page.request.get(address).body())
        assert probe(tmp_path / "seen.mp4").codec == "h264"
    assert probe(desk.media / "hevc.mp4").codec == "hevc"

    shown.evaluate("video => video.play()")
    desk.page.get_by_role("button", name="Clear").first.click()
    expect(desk.card).to_be_hidden()
    assert shown.evaluate("video => video.paused"), "what is out of sight is not heard"


def test_a_frame_that_an_editor_shifted_is_put_back(desk: Desk) -> None:
    desk.ask_for_size()
    desk.give_clip()
    expect(desk.card).to_be_visible()
    desk.give_frame("shifted.png")
    expect(desk.notice("frame-message")).to_contain_text("Shifted by 3 px: corrected.")
    expect(desk.notice("frame-message")).to_contain_text("of the frame is edited")
    expect(desk.generate).to_be_enabled()


def test_the_report_follows_the_player_and_leads_it(desk: Desk) -> None:
    expect(desk.sync).to_contain_text("will be said here")
    desk.prepare()
    desk.run()
    counter = desk.player.locator(".counter")
    expect(desk.sync.locator(".score")).to_have_text(re.compile(r"Score (0\.[89]|1\.0)"))
    expect(desk.sync.locator(".words")).to_contain_text("The result keeps time with the clip.")
    # Where nearly all agrees there is no worst second to look at.
    expect(desk.sync.locator(".words")).not_to_contain_text("worst")
    expect(desk.sync.get_by_role("button", name="Worst second")).to_have_count(0)
    frames = desk.sync.get_by_role("slider", name="Frame on the curves")
    frames.focus()
    desk.page.keyboard.press("End")
    expect(counter).to_have_text(f"frame {FRAMES} / {FRAMES}")
    desk.page.keyboard.press("ArrowLeft")
    expect(counter).to_have_text(f"frame {FRAMES - 1} / {FRAMES}")
    expect(frames).to_have_attribute("aria-valuetext", re.compile(rf"Frame {FRAMES - 1} of {FRAMES}, \d+ % agrees"))
    box = frames.bounding_box()
    assert box
    frames.click(position={"x": box["width"] * 10 / (FRAMES - 1), "y": box["height"] / 2})
    expect(counter).to_have_text(f"frame 11 / {FRAMES}")
    desk.player.get_by_role("button", name="One frame forward").click()
    expect(frames).to_have_value("11")
    desk.player.get_by_role("button", name="Play", exact=True).click()
    desk.page.wait_for_function("document.querySelector('#sync .frame').value != 11")


def test_a_long_clip_has_a_start_to_choose(desk: Desk, tmp_path: Path) -> None:
    desk.ask_for_size()
    desk.give_clip("long.mp4")
    expect(desk.card).to_contain_text("The last 20 frames of the clip are left out")
    start = desk.page.locator("#start").get_by_role("spinbutton")
    start.fill("15")
    start.press("Enter")
    expect(desk.card).to_contain_text("The first 15 frames of the clip are left out")
    service = EditService(Settings(work_dir=tmp_path))
    clip, plan = service.inspect(desk.media / "long.mp4", PlanOptions(size=SIZE, start=15, max_frames=LIMIT))
    desk.download("Download frame 0", tmp_path / "frame.png")
    seen = service.first_frame(desk.media / "long.mp4", clip, plan)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "frame.png")), seen)


def test_a_frame_painted_in_the_page_is_an_edited_frame(desk: Desk) -> None:
    canvas = desk.page.locator("#editor canvas").first
    upload, paint = (desk.page.get_by_role("tab", name=name) for name in ("Edit it anywhere", "Paint here"))
    use = desk.page.get_by_role("button", name="Use this painting")
    uploads: list[str] = []
    desk.page.on(
        "request",
        lambda request: uploads.append(request.url) if request.method == "POST" and "/upload" in request.url else None,
    )
    desk.ask_for_size()
    desk.give_clip()
    paint.click()
    expect(canvas).to_be_visible()
    use.click()
    expect(desk.notice("frame-message")).to_contain_text("Nothing was edited")
    expect(desk.notice("run-message")).to_contain_text("the same as frame 0")
    expect(upload).to_have_attribute("aria-selected", "true")
    expect(canvas).to_have_count(0)

    paint.click()
    expect(canvas).to_be_visible()
    desk.page.locator("#editor [aria-label='Brush']").first.click()
    box = canvas.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    desk.page.mouse.move(x - 20, y)
    desk.page.mouse.down()
    desk.page.mouse.move(x + 20, y, steps=8)
    desk.page.mouse.up()
    # A painting stays while the other tab is looked at, and when it was used.
    upload.click()
    expect(canvas).to_have_count(0)
    paint.click()
    expect(canvas).to_be_visible()
    use.click()
    expect(desk.notice("frame-message")).to_contain_text("of the frame is edited")
    paint.click()
    expect(canvas).to_be_visible()

    # Gradio uploads what is in an editor with every piece of news, so it is put away for a run.
    desk.run()
    expect(canvas).to_have_count(0)
    uploads.clear()
    desk.generate.click()
    expect(desk.phase).to_have_text("Run 2 is done", timeout=RUN_TIMEOUT)
    assert uploads == []


def test_what_does_not_work_is_said_in_words(desk: Desk) -> None:
    desk.give_clip(TOO_BIG)
    expect(desk.notice("clip-message")).to_have_text(
        f"{TOO_BIG} is too big: at most 2 MB are taken. Shorten the clip, or save it at a lower rate."
    )
    desk.ask_for_size()
    desk.give_clip()
    expect(desk.notice("clip-message")).to_be_hidden()
    expect(desk.card).to_be_visible()
    desk.page.get_by_role("button", name="Clear").first.click()
    desk.give_clip("words.mp4")
    expect(desk.notice("clip-message")).to_contain_text("words.mp4")
    expect(desk.generate).to_be_disabled()
    desk.page.get_by_role("button", name="Clear").first.click()
    desk.give_clip()
    expect(desk.card).to_be_visible()
    expect(desk.notice("clip-message")).to_be_hidden()
    desk.give_frame("elsewhere.png")
    expect(desk.notice("frame-message")).to_contain_text("another scene")
    expect(desk.generate).to_be_disabled()
    desk.page.locator("#edited-file").get_by_role("button", name="Clear").click()
    expect(desk.notice("frame-message")).to_be_hidden()
    desk.download("Download frame 0", desk.media / "same.png")
    desk.give_frame("same.png")
    expect(desk.notice("frame-message")).to_contain_text("Nothing was edited")
    expect(desk.generate).to_be_disabled()
    rate = desk.page.get_by_label("Frame rate")
    rate.fill("quick")
    rate.press("Enter")
    expect(desk.notice("clip-message")).to_contain_text("'quick'")
    expect(desk.page.locator("#variants"), "the draft engine makes the same clip from every seed").to_have_count(0)
    expect(desk.page.locator(".toast-body")).to_have_count(0)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_files_are_only_text(desk: Desk, name: str) -> None:
    desk.ask_for_size()
    desk.give_clip(name)
    expect(desk.page.locator("#clip-file .filename")).to_have_attribute("aria-label", name)
    expect(desk.card).to_be_visible()
    desk.give_frame()
    expect(desk.generate).to_be_enabled()
    desk.run()
    expect(desk.page.locator("#runs .detail")).to_be_visible()
    assert desk.page.locator("img[src=x]").count() == 0
    assert desk.dialogs == []


def test_a_closed_page_stops_its_run_and_another_visitor_sees_his_place(
    desk: Desk, open_page: OpenPage, app: str, media: Path, home: Path
) -> None:
    desk.prepare(1024, 832)
    second = Desk(open_page(app), media)
    second.prepare()
    desk.generate.click()
    expect(desk.phase).to_have_text("Following the motion", timeout=RUN_TIMEOUT)
    before = len(list(home.glob("work/jobs/*/run-*")))
    second.generate.click()
    expect(second.phase).to_have_text("Waiting")
    expect(second.page.locator("#run-state .detail")).to_have_text("1 edit is before yours")
    desk.page.close()
    second.is_done()
    assert len(list(home.glob("work/jobs/*/run-*"))) == before + 1
    assert list(home.glob("work/jobs/*/making-*")) == []


def test_runs_are_kept_compared_and_found_again(desk: Desk, home: Path, watch: Watch) -> None:
    watch.expect_leaving()
    desk.prepare()
    desk.run()
    desk.page.get_by_label("Seed").fill("7")
    desk.generate.click()
    expect(desk.page.locator("#runs .tile")).to_have_count(2, timeout=RUN_TIMEOUT)
    expect(desk.notice("caption")).to_contain_text("seed 7")
    desk.page.get_by_role("button", name="Compare Run 1 with the one on show").click()
    expect(desk.player.locator(".name.reference")).to_contain_text("Run 2 · seed 7")
    expect(desk.player.locator(".name.result")).to_contain_text("Run 1 · seed 42")
    expect(desk.sync).to_contain_text("Two results are on show")
    desk.page.locator("#runs .choose").first.click()
    expect(desk.player.locator(".name.reference")).to_contain_text("Reference")
    expect(desk.notice("caption")).to_contain_text("Run 1")

    desk.page.reload()
    expect(desk.page.locator("#runs .tile")).to_have_count(2)
    expect(desk.player).to_have_attribute("data-state", "ready")
    expect(desk.notice("caption")).to_contain_text("seed 7")

    visit = max(home.glob("work/jobs/*/run-*"), key=lambda run: run.stat().st_mtime).parent
    visit.rename(visit.with_name("gone"))
    desk.page.reload()
    expect(desk.notice("gone-message")).to_have_text(
        "Earlier results of this visit were deleted: they are kept for 24 hours."
    )
    expect(desk.page.locator("#runs .tile")).to_have_count(0)


def test_an_example_shows_its_result_at_once_and_can_be_made_again(desk: Desk, tmp_path: Path) -> None:
    desk.page.locator("#examples .choose").first.click()
    expect(desk.player).to_have_attribute("data-state", "ready")
    expect(desk.notice("caption")).to_contain_text("Example “Balloon”, made by")
    expect(desk.card).to_contain_text("512×512")
    expect(desk.notice("frame-message")).to_contain_text("of the frame is edited")
    expect(desk.generate).to_be_enabled()
    expect(desk.player).to_have_attribute("data-state", "ready")
    expect(desk.player.locator(".counter")).to_contain_text("/ 81")
    assert desk.download("Download result", tmp_path / "output.mp4") == "output.mp4"
    assert (tmp_path / "output.mp4").read_bytes() == (EXAMPLES / "balloon" / "output.mp4").read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_on_a_phone(open_page: OpenPage, app: str, media: Path, scheme: str) -> None:
    page = open_page(
        app,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    desk = Desk(page, media)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 200) == (scheme == "dark")
    desk.prepare()
    room = desk.sync.bounding_box()
    assert room
    desk.run()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    after = desk.sync.bounding_box()
    assert after
    assert after["height"] == room["height"]
    wide = page.evaluate(
        "[...document.querySelectorAll('.card *')].filter(each => each.checkVisibility() && "
        "each.getBoundingClientRect().right > 391 && !each.closest('#editor, .visually-hidden'))"
        ".map(each => each.outerHTML.slice(0, 80))"
    )
    assert wide == []


def test_everything_can_be_reached_with_the_keyboard(desk: Desk) -> None:
    page = desk.page
    desk.ask_for_size()
    page.keyboard.press("Home")
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement?.closest(selector) !== null", selector):
                return
        pytest.fail(f"{selector} cannot be reached with the Tab key")

    def choose(selector: str, name: str) -> None:
        """Press the button that opens the file dialogue, and then choose a file without that dialogue."""
        tab_to(f"{selector} button")
        page.evaluate(
            "selector => document.querySelector(`${selector} input`).addEventListener('click', "
            "event => { event.preventDefault(); window.asked = selector; })",
            selector,
        )
        page.keyboard.press("Enter")
        page.wait_for_function("selector => window.asked === selector", arg=selector)
        page.locator(f"{selector} input[type=file]").set_input_files(desk.media / name)

    choose("#clip-file", "scene.mp4")
    expect(desk.card).to_be_visible()
    choose("#edited-file", "edited.png")
    expect(desk.generate).to_be_enabled()
    tab_to("#generate")
    page.keyboard.press("Enter")
    desk.is_done()
    tab_to(".compare-player .play")
    page.keyboard.press("Space")
    expect(desk.player.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    page.keyboard.press("2")
    expect(desk.player).to_have_attribute("data-view", "wipe")
    tab_to("#runs .choose")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(open_page: OpenPage, app: str, media: Path, scheme: str) -> None:
    desk = Desk(open_page(app, color_scheme="dark" if scheme == "dark" else "light"), media)
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    # A button on its way from disabled to enabled has, for a moment, neither colour.
    desk.page.add_style_tag(content="* { transition: none !important; animation: none !important }")

    def serious() -> list[str]:
        desk.page.evaluate(axe)
        found = desk.page.evaluate("axe.run()")["violations"]
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    assert serious() == []
    desk.prepare()
    desk.run()
    assert serious() == []


def test_what_a_browser_has_stored_is_not_believed(desk: Desk, watch: Watch) -> None:
    watch.expect_leaving()
    watch.expected += ["Error reading from localStorage"]
    desk.page.evaluate('localStorage.setItem(\'syncedit-visit\', \'{"id": "../../etc", "runs": 3}\')')
    desk.page.reload()
    desk.prepare()
    desk.run()
