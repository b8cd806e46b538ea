"""The synchronised player in a real browser.

The clips carry their frame number in the picture, as eight black or white blocks along the top, so that the tests read
from the pixels which frames are really on show.
"""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

import random
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np
import pytest
from gradio.themes import Base
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, Route, expect

from syncedit_demo.media.web_tracks import Playable
from syncedit_demo.ui.components.player import Comparison, Side, compare_player
from tests.support.drift import Drift
from tests.support.numbered import FRAMES, HEIGHT, PATCH, PATCH_STEP, RATE, WIDTH, write_numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.browser.conftest import OpenPage, Serve

FIRST_PART = 250_000
"""Bytes of the heavy clip that come at once where the rest is held back; about half of it."""


HOSTILE = ("<img src=x onerror=\"document.title='owned'\">", "${document.title='owned'}{{value}}`\\")

PROBE = """
(() => {
  const root = document.querySelector(".compare-player");
  const videos = () => [...root.querySelectorAll("video[src]")];
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const frameOf = (video) => {
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    context.drawImage(video, 0, 0);
    const block = video.videoWidth / 8;
    let frame = 0;
    for (let bit = 0; bit < 8; bit++) {
      frame |= (context.getImageData(block * (bit + 0.5), block / 2, 1, 1).data[0] > 127) << bit;
    }
    return frame;
  };
  window.probe = {
    frames: () => videos().map(frameOf),
    still: (frame) => videos().every((video) => video.paused && !video.seeking && frameOf(video) === frame),
    playing: () => videos().every((video) => !video.paused),
    starved: () =>
      root.dataset.state === "waiting" &&
      videos()[1].buffered.length > 0 &&
      videos()[1].buffered.end(0) - videos()[1].currentTime < 0.3,
    calm: 0,
  };
  const rest = () => {
    probe.calm = videos().every((video) => video.paused) ? probe.calm + 1 : 0;
    requestAnimationFrame(rest);
  };
  rest();
})()
"""


@pytest.fixture(scope="module")
def address(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An app that holds the player, and a button for every value it is to show."""
    folder = tmp_path_factory.mktemp("clips")
    broken = folder / "broken.mp4"
    broken.write_bytes(b"not a video")

    def side(path: Path, label: str) -> Side:
        return Side.of(Playable.of(path, folder), label)

    def pair(first: Side, second: Side | None) -> Comparison:
        return Comparison(reference=first, result=second, width=WIDTH, height=HEIGHT, frames=FRAMES, rate=RATE)

    reference, result = write_numbered(folder / "reference.mp4"), write_numbered(folder / "result.mp4", step=PATCH_STEP)
    heard, heard_result = (
        write_numbered(folder / "heard.mp4", tone=440),
        write_numbered(folder / "heard_result.mp4", tone=880),
    )
    silent = side(reference, "Reference")
    values = {
        "pair": pair(silent, side(result, "Draft engine · seed 42")),
        "other": pair(silent, side(heard_result, "Draft engine · seed 43")),
        "heard": pair(side(heard, "Reference"), side(heard_result, "Draft engine · seed 44")),
        "one heard": pair(side(heard, "Reference"), side(result, "Draft engine · seed 45")),
        "short": pair(silent, side(write_numbered(folder / "short.mp4", frames=FRAMES - 2), "Short")),
        "hostile": pair(side(reference, HOSTILE[0]), side(result, HOSTILE[1])),
        "heavy": pair(silent, side(write_numbered(folder / "heavy.mp4", noise=True), "Heavy")),
        "broken": pair(silent, Side.of(Playable(broken, None), "Broken")),
        "pending": pair(silent, None),
        "three": pair(side(result, "Run 1"), side(heard_result, "Run 2")).model_copy(update={"clip": silent}),
        "nothing": None,
    }

    def giving(value: Comparison | None) -> Callable[[], Comparison | None]:
        return lambda: value

    with gr.Blocks() as app:
        player = compare_player(values["pair"], elem_id="player")
        note = gr.Textbox(label="Note", interactive=True)
        for name, value in values.items():
            gr.Button(name).click(giving(value), outputs=player, show_progress="hidden")
        gr.Button("press").click(lambda: "pressed", outputs=note, show_progress="hidden")
    return serve(app, theme=Base())


class Player:
    """The player of a page, as a viewer and as the pixels see it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".compare-player")
        self.stage = self.root.locator(".stage")
        expect(self.root).to_have_attribute("data-state", "ready")
        page.evaluate(PROBE)

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def give(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def shows(self, frame: int) -> None:
        """Wait until both videos rest on this frame; a wrong one never gets there."""
        self.page.wait_for_function("frame => probe.still(frame)", arg=frame)
        expect(self.root.locator(".counter")).to_have_text(f"frame {frame + 1} / {FRAMES}")

    def plays(self) -> None:
        self.page.wait_for_function("probe.playing()")

    def rests(self) -> None:
        """Wait until it is still, and for longer than it takes to go back to the start of a loop."""
        self.page.evaluate("probe.calm = 0")
        self.page.wait_for_function("probe.calm > 40")

    def seek(self, frame: int) -> None:
        self.root.evaluate(
            "(root, frame) => root.dispatchEvent(new CustomEvent('seekframe', {detail: {frame}}))", frame
        )

    def place(self) -> list[float]:
        """Where in the page the stage is: x, y, width and height."""
        return self.stage.evaluate(
            "stage => (({x, y, width, height}) => [x + scrollX, y + scrollY, width, height])"
            "(stage.getBoundingClientRect())"
        )

    def pixels(self, video: str) -> NDArray[np.uint8]:
        """What is seen where a video is, at the size of the clip; `(HEIGHT, WIDTH, 3)`, RGB."""
        box = self.root.locator(f"video.{video}").bounding_box()
        assert box
        shot = Image.open(BytesIO(self.page.screenshot(clip=box)))
        return np.asarray(shot.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BOX))


@pytest.fixture
def player(open_page: OpenPage, address: str) -> Player:
    return Player(open_page(address))


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("pair", "seed 42"),
        pytest.param("other", "seed 43", marks=pytest.mark.thorough),
        ("heard", "seed 44"),
        pytest.param("one heard", "seed 45", marks=pytest.mark.thorough),
    ],
)
def test_the_videos_keep_one_clock_whichever_of_them_is_heard(player: Player, value: str, label: str) -> None:
    player.give(value)
    expect(player.root.locator(".name.result")).to_contain_text(label)
    player.shows(0)
    drift = Drift(player.page, RATE)
    player.button("Play").click()
    drift.wait_for_loops(2)
    whole_loops = drift.samples()
    drift.seek_around(FRAMES, times=20)
    samples = drift.samples()
    assert len(samples.gaps) > FRAMES
    assert samples.largest_gap < 0.5
    # Two neighbours are on show while one changes before the other; a busy machine may skip a frame of one.
    assert np.mean(np.abs(samples.presented) > 1) < 0.05
    if value != "pair":
        assert np.median(np.abs(whole_loops.heard)) < 1
    player.button("Pause").click()
    player.rests()
    first, second = player.page.evaluate("probe.frames()")
    assert first == second


def test_every_seek_lands_both_on_the_frame(player: Player) -> None:
    for frame in random.Random(7).choices(range(FRAMES), k=20):
        player.seek(frame)
        player.shows(frame)


def test_the_seek_bar_counts_in_frames(player: Player) -> None:
    bar = player.root.get_by_role("slider", name="Frame")
    bar.fill("17")
    player.shows(17)
    bar.press("ArrowRight")
    player.shows(18)
    expect(bar).to_have_attribute("aria-valuetext", f"Frame 19 of {FRAMES}")


def test_a_scrub_through_the_bar_ends_where_it_was_let_go(player: Player) -> None:
    player.button("Play").click()
    player.plays()
    box = player.root.locator(".seek").bounding_box()
    assert box
    player.page.mouse.move(box["x"] + 3, box["y"] + 10)
    player.page.mouse.down()
    player.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10, steps=15)
    player.rests()
    player.shows(FRAMES // 2)
    player.page.mouse.up()
    player.plays()


def test_steps_are_single_frames_and_stop_at_the_ends(player: Player) -> None:
    player.button("One frame back").click()
    player.shows(0)
    for frame in (1, 2, 3):
        player.button("One frame forward").click()
        player.shows(frame)
    player.button("One frame back").click()
    player.shows(2)
    player.seek(FRAMES - 1)
    player.button("One frame forward").click()
    player.shows(FRAMES - 1)


def test_the_keyboard_drives_the_player_under_the_pointer(player: Player) -> None:
    player.root.locator(".counter").hover()
    press = player.page.keyboard.press
    press("End")
    player.shows(FRAMES - 1)
    press("ArrowLeft")
    player.shows(FRAMES - 2)
    press("Home")
    player.shows(0)
    press("ArrowRight")
    player.shows(1)
    press(" ")
    player.plays()
    press(" ")
    player.rests()
    press("l")
    expect(player.button("Loop")).to_have_attribute("aria-pressed", "false")
    for key, name in {"2": "Wipe", "3": "Flip A and B", "4": "Difference", "1": "Side by side"}.items():
        press(key)
        expect(player.button(name)).to_have_attribute("aria-pressed", "true")


def test_the_keyboard_drives_the_player_that_has_the_focus(player: Player) -> None:
    player.page.mouse.move(2, 2)
    player.button("Wipe").focus()
    player.page.keyboard.press("ArrowRight")
    player.shows(1)
    player.page.keyboard.press(" ")
    expect(player.button("Wipe")).to_have_attribute("aria-pressed", "true")
    player.shows(1)


def test_keys_are_not_taken_from_a_text_or_a_button(player: Player) -> None:
    note = player.page.get_by_label("Note")
    note.focus()
    player.root.locator(".counter").hover()
    player.page.keyboard.type("l 4 1")
    expect(note).to_have_value("l 4 1")
    expect(player.button("Loop")).to_have_attribute("aria-pressed", "true")
    player.page.get_by_role("button", name="press").focus()
    player.page.keyboard.press(" ")
    expect(note).to_have_value("pressed")
    player.shows(0)
    player.page.mouse.move(2, 2)
    player.page.keyboard.press("ArrowRight")
    player.shows(0)


def test_without_loop_it_ends_on_the_last_frame_and_starts_again_from_the_first(player: Player) -> None:
    player.button("Loop").click()
    player.seek(FRAMES - 5)
    player.button("Play").click()
    expect(player.button("Play")).to_be_visible()
    player.shows(FRAMES - 1)
    drift = Drift(player.page, RATE)
    player.button("Play").click()
    drift.wait_for_loops(1)
    expect(player.button("Play")).to_be_visible()
    player.shows(FRAMES - 1)


def test_a_video_that_ends_early_holds_its_last_frame(player: Player) -> None:
    player.give("short")
    expect(player.root.locator(".name.result")).to_contain_text("Short")
    drift = Drift(player.page, RATE)
    player.button("0.25×").click()
    player.button("Play").click()
    player.plays()
    player.seek(FRAMES - 2)
    drift.wait_for_loops(1)
    player.plays()
    assert drift.samples().largest_gap < 0.5
    player.button("Pause").click()
    player.seek(FRAMES - 1)
    player.page.wait_for_function(f"`${{probe.frames()}}` === '{FRAMES - 1},{FRAMES - 3}'")


def test_speed_is_that_of_both_videos(player: Player) -> None:
    player.button("0.25×").click()
    player.button("Play").click()
    player.plays()
    rates = player.root.locator("video.reference, video.result").evaluate_all(
        "videos => videos.map(video => video.playbackRate)"
    )
    assert rates == [pytest.approx(0.25, rel=0.5)] * 2
    drift = Drift(player.page, RATE)
    player.button("0.5×").click()
    expect(player.button("0.5×")).to_have_attribute("aria-pressed", "true")
    expect(player.button("0.25×")).to_have_attribute("aria-pressed", "false")
    drift.wait_for_loops(1)
    assert drift.samples().largest_gap < 0.5


def test_one_sound_is_heard_or_none(player: Player) -> None:
    expect(player.button("Sound of A")).to_be_disabled()
    expect(player.button("No sound")).to_have_attribute("aria-pressed", "true")
    player.give("heard")
    expect(player.button("Sound of A")).to_have_attribute("aria-pressed", "true")
    player.button("Play").click()
    heard = "audio => [audio.src, !audio.paused && !audio.muted && audio.webkitAudioDecodedByteCount > 0]"
    sound = player.root.locator("audio")
    for name, file in {"Sound of A": "heard.sound.mp4", "Sound of B": "heard_result.sound.mp4"}.items():
        player.button(name).click()
        player.plays()
        player.page.wait_for_function(f"({heard})(document.querySelector('.compare-player audio'))[1]")
        assert sound.evaluate(heard)[0].endswith(f"/{file}")
    player.button("No sound").click()
    player.plays()
    assert sound.evaluate("audio => audio.paused && !audio.hasAttribute('src')")
    assert player.root.locator("video").evaluate_all("videos => videos.every(video => video.muted)")


def test_the_wipe_shows_the_reference_left_of_the_divider(player: Player) -> None:
    player.button("Wipe").click()
    patch_left, patch_right = PATCH[1].start, PATCH[1].stop
    divider = player.root.get_by_role("slider", name="Divider between the videos")

    def brightness() -> tuple[float, float]:
        patch = player.pixels("reference")[92:116]
        return float(patch[:, patch_left + 4 : 140].mean()), float(patch[:, 150 : patch_right - 4].mean())

    box = player.root.locator("video.reference").bounding_box()
    assert box
    player.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    player.page.mouse.down()
    player.page.mouse.move(box["x"] + box["width"] * 144 / WIDTH, box["y"] + box["height"] / 2, steps=4)
    player.page.mouse.up()
    expect(divider).to_have_value("75")
    left, right = brightness()
    assert right - left == pytest.approx(PATCH_STEP, abs=4)
    divider.press("Home")
    left, right = brightness()
    assert left == pytest.approx(100 + PATCH_STEP, abs=4)
    assert right == pytest.approx(100 + PATCH_STEP, abs=4)
    divider.press("End")
    left, right = brightness()
    assert left == pytest.approx(100, abs=4)
    assert right == pytest.approx(100, abs=4)
    divider.press("ArrowLeft")
    expect(divider).to_have_value("99.5")
    player.shows(0)


def test_flip_shows_one_and_then_the_other_in_the_same_place(player: Player) -> None:
    def patch() -> float:
        return float(player.pixels("reference")[92:116, 124:164].mean())

    player.button("Flip A and B").click()
    assert patch() == pytest.approx(100, abs=4)
    player.button("Flip: A is on show").click()
    assert patch() == pytest.approx(100 + PATCH_STEP, abs=4)
    player.page.keyboard.press("3")
    assert patch() == pytest.approx(100, abs=4)
    expect(player.root.locator(".name.result")).to_be_hidden()


def test_difference_is_black_but_for_what_differs_and_amplified(player: Player) -> None:
    player.button("Difference").click()
    seen = player.pixels("reference").astype(int)
    same = seen[40:80, 20:100]
    assert same.mean() < 6
    assert seen[92:116, 124:164].mean() == pytest.approx(4 * PATCH_STEP, abs=10)


def test_two_results_are_seen_beside_their_clip(player: Player) -> None:
    three, videos = player.button("Clip, A and B"), player.root.locator("video[src]")
    expect(three).to_be_hidden()
    player.page.keyboard.press("6")
    expect(player.root).to_have_attribute("data-view", "side")
    player.give("three")
    expect(player.root.locator(".name.reference")).to_contain_text("Run 1")
    player.shows(0)
    player.seek(12)
    player.shows(12)
    expect(videos).to_have_count(2)
    three.click()
    expect(videos).to_have_count(3)
    expect(player.root.locator(".name.clip")).to_have_text("Reference")
    player.shows(12)
    boxes = [player.root.locator(f"video.{name}").bounding_box() for name in ("clip", "reference", "result")]
    places = [(box["x"], box["width"], box["y"]) for box in boxes if box]
    assert [x for x, _, _ in places] == sorted(x for x, _, _ in places)
    assert len({(round(width), round(y)) for _, width, y in places}) == 1, "they are of one size, in one row"
    drift = Drift(player.page, RATE)
    player.button("Play").click()
    player.plays()
    drift.wait_for_loops(1)
    player.button("Pause").click()
    player.rests()
    assert len(set(player.page.evaluate("probe.frames()"))) == 1
    player.give("pair")
    expect(player.root).to_have_attribute("data-view", "side")
    expect(videos).to_have_count(2)


def test_a_click_on_the_picture_plays_and_pauses(player: Player) -> None:
    player.stage.click(position={"x": 600, "y": 200})
    player.plays()
    player.stage.click(position={"x": 200, "y": 200})
    player.rests()


def test_another_result_takes_the_place_of_the_last_one(player: Player) -> None:
    player.button("Wipe").click()
    player.seek(12)
    player.shows(12)
    before = player.place()
    player.give("other")
    expect(player.root.locator(".name.result .label")).to_have_text("Draft engine · seed 43")
    player.shows(12)
    assert player.place() == before
    assert player.page.evaluate("scrollY") == 0
    expect(player.button("Wipe")).to_have_attribute("aria-pressed", "true")
    player.button("Play").click()
    player.plays()
    player.give("pair")
    expect(player.root.locator(".name.result .label")).to_have_text("Draft engine · seed 42")
    player.plays()


def test_without_a_result_the_place_is_kept(player: Player) -> None:
    before = player.place()
    player.give("pending")
    expect(player.stage).to_contain_text("The result will appear here.")
    expect(player.button("Play")).to_be_disabled()
    assert player.place() == before
    player.give("nothing")
    expect(player.stage).to_contain_text("The comparison will appear here.")
    expect(player.root.locator(".name")).to_have_count(3)
    expect(player.root.locator(".name:visible")).to_have_count(0)
    assert player.place() == before
    player.give("pair")
    player.shows(0)
    expect(player.button("Play")).to_be_enabled()


def test_a_broken_video_is_said_in_a_sentence_and_can_be_replaced(player: Player) -> None:
    player.button("Play").click()
    player.give("broken")
    expect(player.stage).to_contain_text("Video B could not be loaded. Reload the page to try again.")
    expect(player.button("Play")).to_be_disabled()
    player.give("pair")
    expect(player.stage).not_to_contain_text("could not be loaded")
    player.button("Play").click()
    player.plays()


def test_hostile_labels_are_text(player: Player) -> None:
    player.give("hostile")
    for side, label in zip(("reference", "result"), HOSTILE, strict=True):
        expect(player.root.locator(f".name.{side} .label")).to_have_text(label)
    player.shows(0)
    expect(player.root.locator("img")).to_have_count(0)
    assert "owned" not in player.page.title()


def test_one_video_waits_for_the_other(open_page: OpenPage, address: str) -> None:
    player = Player(open_page(address))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    player.page.route("**/heard_result.picture.mp4", hold)
    player.button("Play").click()
    player.plays()
    player.give("other")
    expect(player.root).to_have_attribute("data-state", "waiting")
    expect(player.button("Pause")).to_be_visible()
    assert player.root.locator("video.reference").evaluate("video => video.paused")
    for route in held:
        route.continue_()
    player.page.unroute("**/heard_result.picture.mp4")
    player.plays()
    expect(player.root).to_have_attribute("data-state", "ready")


def test_one_video_that_stalls_stops_the_other(open_page: OpenPage, address: str) -> None:
    player = Player(open_page(address))
    held: list[Route] = []

    def give_the_first_part(route: Route) -> None:
        start = int(route.request.headers["range"].removeprefix("bytes=").partition("-")[0])
        if start < FIRST_PART:
            route.continue_(headers={**route.request.headers, "range": f"bytes={start}-{FIRST_PART - 1}"})
        else:
            held.append(route)

    player.page.route("**/heavy.mp4", give_the_first_part)
    drift = Drift(player.page, RATE)
    player.button("Play").click()
    player.give("heavy")
    expect(player.root.locator(".name.result")).to_contain_text("Heavy")
    player.page.wait_for_function("probe.starved()")
    player.rests()
    assert held
    expect(player.root).to_have_attribute("data-state", "waiting")
    for route in held:
        route.continue_()
    player.page.unroute("**/heavy.mp4")
    drift.wait_for_loops(drift.loops + 2)
    # The page may be told between two refreshes.
    assert drift.alone <= 1
    assert drift.samples().largest_gap < 0.5


def test_a_hidden_page_stands_still(player: Player) -> None:
    player.button("Play").click()
    player.plays()
    hide = """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    player.page.evaluate(hide, True)
    player.rests()
    player.page.evaluate(hide, False)
    player.plays()


def test_updates_leave_no_listeners_behind(open_page: OpenPage, address: str) -> None:
    page = open_page("about:blank")
    page.add_init_script("""
      window.listeners = 0;
      const ours = (target) => target === document || target.closest?.(".compare-player");
      for (const [method, change] of [["addEventListener", 1], ["removeEventListener", -1]]) {
        const original = EventTarget.prototype[method];
        EventTarget.prototype[method] = function (...given) {
          if (ours(this)) window.listeners += change;
          return original.apply(this, given);
        };
      }
    """)
    page.goto(address)
    player = Player(page)
    player.shows(0)
    before = page.evaluate("listeners")
    for seed, name in ((43, "other"), (42, "pair")) * 3:
        player.give(name)
        expect(player.root.locator(".name.result")).to_contain_text(f"seed {seed}")
        player.shows(0)
    assert page.evaluate("listeners") == before


def test_full_screen_is_the_whole_player(player: Player) -> None:
    player.button("Full screen").click()
    expect(player.button("Full screen")).to_have_attribute("aria-pressed", "true")
    assert player.page.evaluate("document.fullscreenElement?.className") == "compare-player"
    player.button("Full screen").click()
    expect(player.button("Full screen")).to_have_attribute("aria-pressed", "false")


def test_every_control_has_a_name(player: Player) -> None:
    player.button("Wipe").click()
    for control in player.root.locator("button:visible, input:visible").all():
        name = control.evaluate("control => control.getAttribute('aria-label') || control.textContent.trim()")
        assert name
        expect(control).to_have_accessible_name(name)


def test_a_phone_has_no_sideways_scroll_and_works_by_touch(open_page: OpenPage, address: str) -> None:
    phone = open_page(address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    player = Player(phone)
    for view in ("Side by side", "Wipe", "Flip A and B", "Difference"):
        player.button(view).tap()
        assert player.page.evaluate("document.documentElement.scrollWidth") == 390
        box = player.root.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    player.button("Flip A and B").tap()
    player.button("Flip: A is on show").tap()
    expect(player.root.locator(".name.reference")).to_be_hidden()
    player.button("Play").tap()
    player.plays()


def test_less_motion_means_no_transitions(open_page: OpenPage, address: str) -> None:
    player = Player(open_page(address, reduced_motion="reduce"))
    durations = player.root.locator("button, .busy").evaluate_all(
        "all => all.map(each => getComputedStyle(each).transitionDuration)"
    )
    assert set(durations) == {"0s"}


def test_both_sides_are_zoomed_and_moved_together(player: Player) -> None:
    box = player.root.locator("video.reference").bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    zoom = "root => ['--zoom', '--x', '--y'].map(name => Number(root.style.getPropertyValue(name)))"

    def patch(video: str) -> float:
        # The zoomed video is larger than its box: what is seen of it is looked at, in the box of the whole one.
        x = box["x"] if video == "reference" else box["x"] + box["width"] + 6
        clip: FloatRect = {"x": x, "y": box["y"], "width": box["width"], "height": box["height"]}
        shot = Image.open(BytesIO(player.page.screenshot(clip=clip))).convert("RGB").resize((WIDTH, HEIGHT))
        return float(np.asarray(shot)[50:80, 80:112].mean())

    player.page.mouse.move(*middle)
    player.page.mouse.wheel(0, -100)
    # Without Ctrl a wheel on its way down the page is not caught.
    assert player.root.evaluate(zoom) == [1, 0, 0]
    # At four times, where the patch is at 3/4 of the width and 13/16 of the height.
    player.page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.8125)
    player.page.keyboard.down("Control")
    for _ in range(6):
        player.page.mouse.wheel(0, -100)
    player.page.keyboard.up("Control")
    player.page.mouse.wheel(0, 1)
    scale, x, y = player.root.evaluate(zoom)
    assert 4 < scale < 4.6
    player.page.mouse.down()
    player.page.mouse.move(*middle, steps=4)
    player.page.mouse.up()
    assert player.root.evaluate(zoom) == [scale, pytest.approx(x - 0.25, abs=0.01), pytest.approx(y - 0.3125, abs=0.01)]
    # What was dragged did not begin to play, and shows the same place on both sides, not spilling over its box.
    expect(player.button("Play")).to_be_visible()
    assert patch("reference") == pytest.approx(100, abs=4)
    assert patch("result") == pytest.approx(100 + PATCH_STEP, abs=4)
    player.page.keyboard.press("Shift+ArrowLeft")
    assert player.root.evaluate(zoom)[1] == pytest.approx(x - 0.15, abs=0.01)
    player.shows(0)
    for _ in range(9):
        player.page.keyboard.press("+")
    assert player.root.evaluate(zoom)[0] == 8
    player.page.keyboard.press("0")
    assert player.root.evaluate(zoom) == [1, 0, 0]
    player.button("Wipe").click()
    player.button("More").click()
    player.button("Zoom in").click()
    expect(player.root.locator(".zoom-level")).to_have_text("141 %")
    # In the wipe the divider stays where it is seen, and is held by its handle.
    handle = player.root.locator(".handle svg").bounding_box()
    assert handle
    player.page.mouse.move(handle["x"] + 15, handle["y"] + 15)
    player.page.mouse.down()
    player.page.mouse.move(handle["x"] - 60, handle["y"] + 15, steps=4)
    player.page.mouse.up()
    assert float(player.root.get_by_role("slider", name="Divider").input_value()) < 45


def test_two_fingers_zoom(open_page: OpenPage, address: str) -> None:
    player = Player(open_page(address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))
    box = player.root.locator("video.reference").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = player.page.context.new_cdp_session(player.page)

    def touch(kind: str, *apart: float) -> None:
        points = [{"x": x + each, "y": y, "id": index} for index, each in enumerate(apart)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -20, 20)
    for wide in (30, 40, 60):
        touch("touchMove", -wide, wide)
    touch("touchEnd")
    assert player.root.evaluate("root => Number(root.style.getPropertyValue('--zoom'))") == pytest.approx(3, abs=0.1)
    assert player.page.evaluate("visualViewport.scale") == 1
    expect(player.button("Play")).to_be_visible()
    # All that is touched is large enough for a finger.
    player.button("More").tap()
    player.button("Onion skin").tap()
    sizes = player.root.locator("button:visible, input:visible").evaluate_all(
        "all => all.map(each => [each.ariaLabel || each.textContent, each.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)"
    )
    assert sizes == []
    assert player.page.evaluate("document.documentElement.scrollWidth") == 390


def test_one_goes_to_a_frame_or_a_time_marks_it_and_loops_a_region(player: Player) -> None:
    page = player.page
    time = player.root.locator(".time")
    player.root.locator(".current").click()
    field = player.root.get_by_label("Frame to go to")
    field.fill("ten")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("11")
    field.press("Enter")
    player.shows(10)
    expect(time).to_have_text("0.33 s")
    page.keyboard.press("m")
    page.keyboard.press("i")
    page.keyboard.press("g")
    page.keyboard.type("0.6s")
    page.keyboard.press("Enter")
    player.shows(17)
    page.keyboard.press("o")
    page.keyboard.press("m")
    player.button("More").click()
    expect(player.root.locator(".region-words")).to_have_text("11–18")
    expect(player.button("Mark this frame")).to_have_attribute("aria-pressed", "true")
    player.button("Mark after").click()
    player.shows(10)
    page.keyboard.press(",")
    player.shows(17)
    player.root.evaluate(
        "root => { window.seen = []; root.addEventListener('frame', event => seen.push(event.detail.frame)); }"
    )
    player.button("0.25×").click()
    player.button("Play").click()
    # Round and round; a page that is busy may look at the clock a frame late.
    page.wait_for_function("seen.filter((frame, at) => at && frame < seen[at - 1]).length >= 3")
    assert set(range(11, 17)) <= set(page.evaluate("seen")) <= set(range(10, 19))
    page.keyboard.press("l")
    expect(player.button("Play")).to_be_visible()
    player.shows(17)
    player.button("1×").click()
    player.button("Play all frames").click()
    player.button("Play").click()
    expect(player.button("Play")).to_be_visible()
    player.shows(FRAMES - 1)


def test_the_frame_on_show_is_saved_as_it_is_seen(player: Player, tmp_path: Path) -> None:
    def saved() -> tuple[str, NDArray[np.uint8]]:
        with player.page.expect_download() as download:
            player.page.keyboard.press("s")
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path.name, np.asarray(Image.open(path).convert("RGB"))

    def frame_of(picture: NDArray[np.uint8]) -> int:
        return sum(int(picture[8, 24 * bit + 12, 0] > 127) << bit for bit in range(8))

    player.root.locator(".time").hover()
    player.seek(21)
    player.shows(21)
    name, both = saved()
    assert (name, both.shape) == ("frame-0022-side.png", (HEIGHT, 2 * WIDTH, 3))
    assert frame_of(both[:, :WIDTH]) == frame_of(both[:, WIDTH:]) == 21
    assert both[PATCH].mean() == pytest.approx(100, abs=3)
    assert both[:, WIDTH:][PATCH].mean() == pytest.approx(100 + PATCH_STEP, abs=3)
    player.page.keyboard.press("5")
    _, onion = saved()
    assert onion[PATCH].mean() == pytest.approx(100 + PATCH_STEP / 2, abs=3)
    player.page.keyboard.press("4")
    _, difference = saved()
    assert difference[PATCH].mean() == pytest.approx(4 * PATCH_STEP, abs=10)
    assert difference[40:80, 20:100].mean() < 6
    # While it plays, it comes to rest first, on one frame.
    player.page.keyboard.press("1")
    player.page.keyboard.press(" ")
    player.plays()
    name, both = saved()
    assert frame_of(both[:, :WIDTH]) == frame_of(both[:, WIDTH:]) == int(name[6:10]) - 1


def test_a_key_shows_the_keys(player: Player) -> None:
    player.root.locator(".time").hover()
    player.page.keyboard.press("?")
    keys = player.page.get_by_role("dialog", name="What the keys do")
    expect(keys).to_contain_text("Save this frame as a PNG")
    player.page.keyboard.press("End")
    player.page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    player.shows(0)
