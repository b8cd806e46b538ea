"""What the page makes of files, names and values that nobody should send it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.desk import HOSTILE, MEGABYTES, TOO_BIG, Desk

if TYPE_CHECKING:
    from tests.browser.conftest import Watch


def test_what_does_not_work_is_said_in_words(desk: Desk) -> None:
    desk.give_clip(TOO_BIG)
    expect(desk.notice("clip-message")).to_have_text(
        f"{TOO_BIG} is too big: at most 2 MB are taken. Shorten the clip, or save it at a lower rate."
    )
    desk.ask_for_size()
    desk.give_clip()
    expect(desk.notice("clip-message")).to_be_hidden()
    desk.has_clip()
    desk.clear("clip")
    desk.give_clip("words.mp4")
    expect(desk.notice("clip-message")).to_contain_text("words.mp4")
    expect(desk.generate).to_be_disabled()
    desk.clear("clip")
    desk.give_clip()
    desk.has_clip()
    expect(desk.notice("clip-message")).to_be_hidden()
    desk.give_frame("elsewhere.png")
    expect(desk.notice("frame-message")).to_contain_text("does not look like your clip's first frame")
    expect(desk.generate).to_be_disabled()
    desk.clear("frame")
    expect(desk.notice("frame-message")).to_be_hidden()
    desk.download("Download first frame", desk.media / "same.png")
    desk.give_frame("same.png")
    expect(desk.notice("frame-message")).to_contain_text("Nothing was edited")
    expect(desk.generate).to_be_disabled()
    rate = desk.page.get_by_label("Frame rate")
    rate.fill("quick")
    rate.press("Enter")
    expect(desk.notice("clip-message")).to_contain_text("'quick'")
    expect(desk.page.locator("#seed")).to_be_visible()
    expect(desk.variants, "the draft engine makes the same clip from every seed").to_have_count(0)
    expect(desk.toasts).to_have_count(0)


@pytest.mark.parametrize(
    "name", [HOSTILE[0], *(pytest.param(each, marks=pytest.mark.thorough) for each in HOSTILE[1:])]
)
def test_names_of_files_are_only_text(desk: Desk, name: str) -> None:
    desk.ask_for_size()
    desk.give_clip(name)
    expect(desk.page.locator("#clip-file .filename")).to_have_attribute("aria-label", name)
    desk.has_clip()
    desk.give_frame()
    expect(desk.generate).to_be_enabled()
    desk.run()
    expect(desk.page.locator("#runs .detail").last).to_be_visible()
    assert desk.page.locator("img[src=x]").count() == 0
    assert desk.dialogs == []


def test_what_a_browser_has_stored_is_not_believed(desk: Desk, watch: Watch) -> None:
    watch.expect_leaving()
    watch.expected += ["Error reading from localStorage"]
    desk.page.evaluate('localStorage.setItem(\'syncedit-visit\', \'{"id": "../../etc", "runs": 3}\')')
    desk.page.reload()
    desk.prepare()
    desk.run()


def test_a_file_that_is_dropped_is_refused_before_it_travels(desk: Desk) -> None:
    uploads: list[str] = []
    desk.page.on("request", lambda request: uploads.append(request.url) if "/upload" in request.url else None)
    desk.drop_clip(MEGABYTES * 1_000_000 + 1, TOO_BIG)
    expect(desk.notice("clip-message")).to_contain_text(f"{TOO_BIG} is too big: at most {MEGABYTES} MB are taken.")
    assert uploads == []
    desk.drop_clip(MEGABYTES * 1_000_000, "zeros.mp4")
    expect(desk.notice("clip-message")).to_contain_text("zeros.mp4")
    expect(desk.notice("clip-message")).not_to_contain_text("too big")
    assert len(uploads) > 0


def test_a_file_that_the_page_lets_through_is_refused_by_the_server(desk: Desk, watch: Watch) -> None:
    watch.expected += ["413"]
    desk.page.evaluate("Object.defineProperty(File.prototype, 'size', { value: 1 })")
    desk.give_clip(TOO_BIG)
    expect(desk.toasts).to_have_count(1)
    expect(desk.card).to_be_hidden()
