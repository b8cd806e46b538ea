"""The page in a real browser, over the app in a process of its own, with the draft engine."""

from __future__ import annotations

import base64
import re
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from syncedit_demo.edits.record import load_record
from syncedit_demo.media.probe import probe
from syncedit_demo.plan import PlanOptions
from syncedit_demo.service import EditService
from syncedit_demo.settings import Settings
from syncedit_demo.ui.visits.examples import EXAMPLES
from tests.support.desk import FRAMES, LIMIT, MEGABYTES, RUN_TIMEOUT, SIZE, Desk
from tests.support.drift import Drift

if TYPE_CHECKING:
    from tests.browser.conftest import OpenPage, Watch


RATE = Fraction(25)


def test_a_stranger_sees_an_example_play_and_reads_what_this_is(open_page: OpenPage, app: str) -> None:
    page = open_page(app, reduced_motion="no-preference")
    about, player = page.locator("#intro .intro"), page.locator(".compare-player")
    expect(about).to_contain_text("every other frame follows")
    expect(about).to_contain_text("On this machine: the Draft engine (CPU) moves your edit along with the clip.")
    expect(about).to_contain_text("New shapes need the other engine, Sync-LoRA, and an NVIDIA GPU")
    expect(about.locator(".story > li")).to_have_count(3)
    for name, address in (("Model", "LTX-2.3-Sync-LoRA"), ("Paper", "2512.03013"), ("Code", "SagiPolaczek/Sync-LoRA")):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("href", re.compile(address))
    expect(player).to_have_attribute("data-playing", "")
    expect(player.locator(".counter")).not_to_have_text("frame 1 / 81")
    for box, kinds in (("#clip-file", "video/*,.mkv,.gif"), ("#edited-file", "image/*")):
        expect(page.locator(f"{box} input[type=file]")).to_have_attribute("accept", kinds)
    expect(page.locator("#clip-limits")).to_contain_text(f"at most {MEGABYTES} MB")
    expect(page.get_by_text(re.compile("3d1t|dice|trained size", re.IGNORECASE))).to_have_count(0)
    about.get_by_text("How to get Sync-LoRA").click()
    expect(about.get_by_text("prepare --download")).to_be_visible()
    page.close()

    calm = open_page(app).locator(".compare-player")
    expect(calm).to_have_attribute("data-state", "ready")
    expect(calm).not_to_have_attribute("data-playing", "")
    expect(calm.locator(".counter")).to_have_text("frame 1 / 81")


def test_from_a_clip_to_its_comparison(desk: Desk, tmp_path: Path) -> None:
    expect(desk.generate).to_be_disabled()
    assert desk.is_in_sight(desk.generate)
    expect(desk.notice("run-message")).to_have_text("First choose a clip.")
    desk.ask_for_size()
    desk.give_clip()
    expect(desk.card).to_contain_text(f"320×256 · 25 fps · {FRAMES} frames · 1.0 s · with sound")
    # Which is what another engine would make of them.
    expect(desk.card).not_to_contain_text("Sync-LoRA works in steps of 8 frames")
    expect(desk.notice("run-message")).to_have_text("First give back the edited frame.")
    expect(desk.head("clip")).to_contain_text("1.0 s · 320×256")
    expect(desk.page.locator("#examples"), "examples fold away").to_be_hidden()
    expect(desk.page.locator("#intro .intro")).to_be_hidden()
    expect(desk.page.get_by_label(re.compile(r"Quick, about \d+ s"))).to_be_visible()
    expect(desk.page.get_by_label(re.compile(r"Full, about \d+ s")), "that can be waited for").to_be_checked()

    copy_first_frame(desk)

    frame = tmp_path / "frame0.png"
    assert desk.download("Download first frame", frame) == "scene-frame0.png"
    service = EditService(Settings(work_dir=tmp_path))
    clip, plan = service.inspect(desk.media / "scene.mp4", PlanOptions(size=SIZE))
    frame_0 = service.first_frame(desk.media / "scene.mp4", clip, plan)
    assert np.array_equal(np.asarray(Image.open(frame)), frame_0)

    picture = frame_0.copy()
    picture[100:140, 60:120] = (30, 90, 200)
    Image.fromarray(picture).save(desk.media / "mine.png")
    desk.give_frame("mine.png")
    expect(desk.notice("frame-message")).to_contain_text("of the frame is edited")
    expect(desk.head("frame")).to_have_attribute("data-state", "done")
    expect(desk.page.locator("#frame-slider img").first).to_be_hidden()
    desk.unfold("frame")
    expect(desk.page.locator("#frame-slider img").first).to_be_visible()
    expect(desk.notice("run-message")).to_be_hidden()

    place, room = desk.place_of_the_picture(), desk.sync.bounding_box()
    desk.run()
    assert desk.place_of_the_picture() == place
    assert desk.sync.bounding_box() == room
    assert desk.is_in_sight(desk.generate)
    assert desk.is_in_sight(desk.page.locator("#runs .choose"))
    assert desk.is_in_sight(desk.sync)
    expect(desk.page).to_have_title("SyncEdit Demo")
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


def copy_first_frame(desk: Desk) -> None:
    """Put the first frame on the clipboard, as the picture that it is."""
    desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.page.get_by_role("button", name="Copy", exact=True).click()
    expect(desk.page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    kinds = "navigator.clipboard.read().then(found => found.flatMap(each => each.types))"
    assert "image/png" in desk.page.evaluate(kinds)


@pytest.mark.parametrize(
    "kept",
    [pytest.param(True, id="both are heard"), pytest.param(False, id="one is heard", marks=pytest.mark.thorough)],
)
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
    desk.has_clip()
    desk.unfold("clip")
    shown = desk.card.locator("video")
    expect(shown).to_be_visible()
    shown.evaluate("video => video.play()")
    desk.page.wait_for_function("video => video.currentTime > 0.2", arg=shown.element_handle())
    shown.evaluate("video => video.pause()")
    desk.give_frame()
    desk.run()
    desk.player.get_by_role("button", name="Play", exact=True).click()
    for video in (shown, *desk.player.locator("video.reference, video.result").all()):
        desk.page.wait_for_function("video => video.currentTime > 0.2", arg=video.element_handle())
        address = video.evaluate("video => video.currentSrc")
        (tmp_path / "played.mp4").write_bytes(desk.page.request.get(address).body())
        assert probe(tmp_path / "played.mp4").codec == "h264"
    assert probe(desk.media / "hevc.mp4").codec == "hevc"

    shown.evaluate("video => video.play()")
    desk.clear("clip")
    expect(desk.card).to_be_hidden()
    assert shown.evaluate("video => video.paused"), "what is out of sight is not heard"


def test_a_frame_that_an_editor_shifted_is_put_back(desk: Desk) -> None:
    desk.ask_for_size()
    desk.give_clip()
    desk.has_clip()
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
    expect(frames).to_have_count(0)
    desk.sync.get_by_role("button", name="Sync check").click()
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


def test_two_handles_choose_the_part_that_is_used(desk: Desk, tmp_path: Path) -> None:
    desk.ask_for_size()
    desk.give_clip("long.mp4")
    expect(desk.card).to_contain_text("The last 20 frames of the clip are left out")
    desk.unfold("clip")
    trim = desk.page.locator("#trim .trim")
    start, end = (trim.get_by_role("slider", name=f"{name} frame that is used") for name in ("First", "Last"))
    expect(trim.locator(".words")).to_have_text(f"1.60 s of 2.40 s · frames 1 to {LIMIT} of 60")
    start.focus()
    for _ in range(17):
        desk.page.keyboard.press("ArrowRight")
    expect(start).to_have_attribute("aria-valuetext", "0.68 s, frame 18 of 60")
    expect(desk.card).to_contain_text("The first 17 frames of the clip are left out")
    expect(trim.locator(".from")).to_have_text("0.68 s")
    expect(trim.locator(".to"), "the other handle stays").to_have_text("1.56 s")
    expect(trim.locator(".last")).to_be_visible()

    box = end.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    at = [box["x"] + 11 + (box["width"] - 22) * frame / 59 for frame in (39, 59)]
    desk.page.mouse.move(at[0], y)
    desk.page.mouse.down()
    desk.page.mouse.move((at[0] + at[1]) / 2, y, steps=5)
    # What comes back while it is held, such as of the keys before, does not move it.
    moved = end.input_value()
    assert int(moved) > 45
    expect(trim).to_have_attribute("data-late", "")
    expect(desk.card).to_contain_text("The last 20 frames of the clip are left out")
    assert end.input_value() == moved
    desk.page.mouse.move(at[1] + 30, y, steps=5)
    expect(start, "no more than can be made").to_have_value("20")
    desk.page.mouse.up()
    expect(desk.card).to_contain_text("The first 20 frames of the clip are left out")
    expect(desk.card).not_to_contain_text("The last")
    expect(trim).not_to_have_attribute("data-late", "")
    assert (start.input_value(), end.input_value()) == ("20", "59")

    service = EditService(Settings(work_dir=tmp_path))
    clip, plan = service.inspect(desk.media / "long.mp4", PlanOptions(size=SIZE, start=20, max_frames=LIMIT))
    desk.download("Download first frame", tmp_path / "frame.png")
    first = service.first_frame(desk.media / "long.mp4", clip, plan)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "frame.png")), first)


def test_focus_names_and_drops_are_what_they_should_be(desk: Desk) -> None:
    page = desk.page
    for name in ("Drop or choose the clip", "Drop or choose the edited frame"):
        expect(page.get_by_role("button", name=name, exact=True, include_hidden=True)).to_have_count(1)
    advanced = page.get_by_role("button", name="Advanced")
    desk.ask_for_size()
    advanced.click()
    expect(page.get_by_label("Custom size")).to_be_hidden()
    page.keyboard.press("Space")
    expect(page.get_by_label("Custom size")).to_be_hidden()
    advanced.focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("Custom size")).to_be_visible()

    drop_beside(desk, "scene.mp4", "video/mp4")
    desk.has_clip()
    expect(page.get_by_role("button", name="Clear the clip", exact=True, include_hidden=True)).to_have_count(1)
    drop_beside(desk, "edited.png", "image/png")
    expect(desk.generate).to_be_enabled()
    # What is pasted takes the place of what is there.
    drop_beside(desk, "shifted.png", "image/png", pasted=True)
    expect(desk.notice("frame-message")).to_contain_text("Shifted by 3 px: corrected.")
    expect(desk.generate).to_be_enabled()
    desk.generate.focus()
    page.keyboard.press("Enter")
    expect(desk.stop).to_be_focused()
    desk.is_done()
    expect(desk.generate).to_be_focused()


def drop_beside(desk: Desk, name: str, kind: str, *, pasted: bool = False) -> None:
    """Drop a file on the heading of the page, where the browser would show it instead of the page, or paste it."""
    taken = desk.page.evaluate(
        """([bytes, name, type, pasted]) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([Uint8Array.from(atob(bytes), each => each.charCodeAt(0))], name, { type }));
          const place = document.querySelector("h1");
          const how = { bubbles: true, cancelable: true };
          const happen = kind => kind === "paste"
            ? new ClipboardEvent(kind, { clipboardData: dataTransfer, ...how })
            : new DragEvent(kind, { dataTransfer, ...how });
          return (pasted ? ["paste"] : ["dragover", "drop"]).every(kind => !place.dispatchEvent(happen(kind)));
        }""",
        [base64.b64encode((desk.media / name).read_bytes()).decode(), name, kind, pasted],
    )
    assert taken is True


def test_a_frame_painted_in_the_page_is_an_edited_frame(desk: Desk) -> None:
    canvas = desk.page.locator("#editor[data-drawn] canvas").first
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
    expect(desk.notice("run-message")).to_contain_text("the same as the first frame")
    expect(upload).to_have_attribute("aria-selected", "true")
    expect(canvas).to_have_count(0)

    paint.click()
    expect(canvas).to_be_visible()
    seen = np.asarray(Image.open(BytesIO(canvas.screenshot())).convert("RGB"))
    assert np.ptp(seen[seen.shape[0] // 2, seen.shape[1] // 3 : -seen.shape[1] // 3]) > 50, "no blank paper is shown"
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
    desk.unfold("frame")
    paint.click()
    expect(canvas).to_be_visible()

    # Gradio uploads what is in an editor with every piece of news, so it is put away for a run.
    desk.run()
    expect(canvas).to_have_count(0)
    uploads.clear()
    desk.generate.click()
    expect(desk.phase).to_have_text("Run 2 is done", timeout=RUN_TIMEOUT)
    assert uploads == []


def test_a_closed_page_stops_its_run_and_another_visitor_sees_his_place(
    desk: Desk, open_page: OpenPage, app: str, media: Path, home: Path
) -> None:
    desk.prepare(1024, 832)
    second = Desk(open_page(app), media)
    second.prepare()
    desk.generate.click()
    expect(desk.phase).to_have_text("Following the motion", timeout=RUN_TIMEOUT)
    before = len(list(home.glob("work/jobs/*/run-*/*.record.json")))
    second.generate.click()
    expect(second.phase).to_have_text("Waiting")
    expect(second.page.locator("#run-state .detail")).to_have_text(
        re.compile(r"1 edit is before yours · about \d+ (s|min)")
    )
    desk.page.close()
    second.is_done()
    kept = {record.parent for record in home.glob("work/jobs/*/run-*/*.record.json")}
    assert len(kept) == before + 1
    assert set(home.glob("work/jobs/*/run-*")) == kept


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
    # Each of the two was measured against the clip.
    for place, about in (("#sync", "A · Run 2"), ("#sync-beside", "B · Run 1")):
        expect(desk.page.locator(f"{place} .about")).to_have_text(about)
        expect(desk.page.locator(f"{place} .verdict")).to_have_text("In sync")
    rate_blind(desk)
    desk.page.locator("#runs .choose").first.click()
    expect(desk.player.locator(".name.reference")).to_contain_text("Reference")
    expect(desk.notice("caption")).to_contain_text("Run 1")

    desk.page.get_by_label("Note").fill("the edge flickers")
    desk.page.get_by_label("Note").press("Enter")
    expect(desk.page.locator("#runs .tile").first).to_contain_text("Run 1 · Draft · ")
    desk.download("Download result", desk.media / "made.mp4")

    desk.page.reload()
    expect(desk.page.locator("#runs .tile")).to_have_count(2)
    expect(desk.player).to_have_attribute("data-state", "ready")
    expect(desk.notice("caption")).to_contain_text("seed 7")
    # What was given is there as well, and so is the page's question whether it can start.
    expect(desk.head("frame")).to_contain_text("edited.png")
    expect(desk.generate).to_be_enabled()
    desk.page.get_by_role("button", name="Advanced").click()
    expect(desk.page.get_by_label("Seed")).to_have_value("7")
    desk.clear("clip")
    expect(desk.generate).to_be_disabled()
    drop_beside(desk, "made.mp4", "video/mp4")
    expect(desk.notice("settings-message")).to_contain_text("made.mp4 is Run 1: its clip, edited frame and settings")
    expect(desk.generate).to_be_enabled()
    expect(desk.page.get_by_label("Note")).to_have_value("the edge flickers")
    expect(desk.page.get_by_label("Seed")).to_have_value("42")
    desk.page.get_by_role("button", name="Delete", exact=True).click()
    desk.page.get_by_role("button", name="Cancel").click()
    desk.page.get_by_role("button", name="Delete", exact=True).click()
    desk.page.locator("#run-card .yes").click()
    expect(desk.page.locator("#runs .tile")).to_have_count(1)
    expect(desk.notice("caption")).to_contain_text("Run 2")
    take_settings_along(desk)

    visit = max(home.glob("work/jobs/*/run-*"), key=lambda run: run.stat().st_mtime).parent
    visit.rename(visit.with_name("gone"))
    desk.page.reload()
    expect(desk.notice("gone-message")).to_have_text(
        "Earlier results of this visit were deleted: they are kept for 24 hours."
    )
    expect(desk.page.locator("#runs .tile")).to_have_count(0)


def rate_blind(desk: Desk) -> None:
    """Compare the two runs without their names, rate them, and take the ratings away."""
    review = desk.page.locator("#review")
    review.get_by_role("button", name="Compare blind").click()
    expect(review.locator(".judging")).to_be_visible()
    for name in (".name.reference", ".name.result"):
        expect(desk.player.locator(name)).to_contain_text("hidden")
    expect(desk.page.locator("#run-card .run-card")).to_be_hidden()
    expect(desk.page.locator("#result")).not_to_contain_text("On show")
    judge = review.get_by_role("button", name="Save and show the names")
    expect(judge).to_be_disabled()
    for side, mark in (("A", "4"), ("B", "2")):
        review.get_by_role("group", name=f"Rating of {side}").get_by_role("button", name=mark).click()
    review.get_by_label("Why A, in one sentence").fill("sharper")
    judge.click()
    expect(review.locator(".said")).to_have_text(re.compile(r"^A is Run [12] \(edited, .+\), rated 4; B is Run [12] "))
    expect(desk.player.locator(".name.reference")).to_have_text(re.compile("Run [12]"))
    review.get_by_role("button", name="End the review").click()
    play_together(desk)
    with desk.page.expect_download() as download:
        review.get_by_role("button", name="CSV").click()
    rows = download.value.path().read_text(encoding="utf-8").splitlines()
    assert download.value.suggested_filename == "review.csv"
    assert sorted(line.split(",")[9:12] for line in rows[1:]) == [["2", "True", ""], ["4", "True", "sharper"]]


def play_together(desk: Desk) -> None:
    """Play both runs in the grid: they keep to one clock, and rest on one frame."""
    desk.page.locator("#review").get_by_role("button", name="Play together").click()
    grid = desk.page.get_by_role("group", name="Results on one clock")
    expect(grid.locator("figcaption")).to_have_text(["Run 1 · edited", "Run 2 · edited"])
    expect(grid.locator(".counter")).to_have_text(f"frame 1 / {FRAMES}")
    grid.get_by_role("button", name="All one frame forward").click()
    expect(grid.locator(".counter")).to_have_text(f"frame 2 / {FRAMES}")
    grid.get_by_role("button", name="Play all").click()
    expect(grid.locator(".counter")).not_to_have_text(re.compile("frame [12] /"))
    grid.get_by_role("button", name="Pause all").click()
    times = "[...document.querySelectorAll('.grid video')].map(each => each.seeking ? -1 : each.currentTime)"
    desk.page.wait_for_function(f"() => {{ const [one, other] = {times}; return one > 0 && one === other; }}")
    grid.get_by_role("button", name="Close").click()
    expect(grid).to_be_hidden()


def take_settings_along(desk: Desk) -> None:
    """Copy a link to the settings, keep them as a preset, and find both again."""
    page = desk.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Seed").fill("11")
    page.get_by_role("button", name="Copy a link to these settings").click()
    link = page.get_by_label("Link to these settings")
    expect(link).to_have_value(re.compile(r"/\?size=320x256&seed=11$"))
    assert page.evaluate("navigator.clipboard.readText()") == link.input_value()
    page.get_by_label("Name of the preset").fill("<b>mine</b>")
    page.get_by_role("button", name="Save preset").click()
    expect(page.get_by_role("button", name="Use the preset <b>mine</b>")).to_be_visible()
    page.goto(f"{link.input_value()[:-2]}9&clip=x")
    expect(desk.notice("settings-message")).to_contain_text("The settings of the link are set.")
    expect(desk.notice("settings-message")).to_contain_text("“clip” is no setting of this page: left out.")
    expect(desk.generate).to_be_enabled()
    page.get_by_role("button", name="Advanced").click()
    expect(page.get_by_label("Seed")).to_have_value("9")
    page.get_by_role("button", name="Use the preset <b>mine</b>").click()
    expect(page.get_by_label("Seed")).to_have_value("11")


def test_an_example_shows_its_result_at_once_and_can_be_made_again(desk: Desk, tmp_path: Path) -> None:
    desk.page.emulate_media(reduced_motion="no-preference")
    desk.page.locator("#examples .choose").first.click()
    expect(desk.player).to_have_attribute("data-playing", "")
    expect(desk.notice("caption")).to_contain_text("Example “A new sky at dusk”, made by")
    expect(desk.card).to_contain_text("512×512")
    expect(desk.notice("frame-message")).to_contain_text("of the frame is edited")
    expect(desk.generate).to_be_enabled()
    expect(desk.player).to_have_attribute("data-state", "ready")
    expect(desk.player.locator(".counter")).to_contain_text("/ 81")
    assert desk.download("Download result", tmp_path / "output.mp4") == "output.mp4"
    assert (tmp_path / "output.mp4").read_bytes() == (EXAMPLES / "balloon" / "output.mp4").read_bytes()
