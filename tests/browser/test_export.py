"""The menu of formats that a result is downloaded in."""

from __future__ import annotations

import zipfile
from importlib.resources import files
from typing import TYPE_CHECKING

import av
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.desk import Desk


def test_a_result_is_downloaded_in_the_format_that_is_chosen(desk: Desk, tmp_path: Path, home: Path) -> None:
    page, menu = desk.page, desk.page.locator("#export")
    opener = menu.get_by_role("button", name="Download as …")
    expect(opener).to_be_hidden()
    desk.prepare()
    desk.run()
    expect(opener).to_be_enabled()
    opener.focus()
    page.keyboard.press("Enter")
    choices = menu.get_by_role("group", name="Formats")
    expect(choices).to_contain_text("edit --format")
    expect(choices.get_by_role("button", name="GIF")).to_contain_text("up to 10 s, 480 px, 15 fps")
    page.add_style_tag(content="* { transition: none !important; animation: none !important }")
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('#export')")["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    page.keyboard.press("Escape")
    expect(choices).to_be_hidden()
    expect(opener).to_be_focused()

    def export(title: str) -> Path:
        opener.click()
        with page.expect_download() as download:
            choices.get_by_role("button", name=title).click()
        target = tmp_path / download.value.suggested_filename
        download.value.save_as(target)
        return target

    prores = export("ProRes")
    expect(menu).to_contain_text("as ProRes 422 HQ, ")
    assert prores.name == "scene-edited.mov"
    with av.open(str(prores)) as made:
        assert [stream.codec_context.name for stream in made.streams] == ["prores", "pcm_s16le"]
        assert "This file was made from the mp4" in made.metadata["comment"]
        assert str(home) not in made.metadata["comment"]
    with zipfile.ZipFile(export("PNG frames")) as file:
        assert file.testzip() is None
        assert len(file.namelist()) == 25
    # What was made is there at once the next time, and once more by the link.
    with page.expect_download() as download:
        menu.get_by_role("link", name="Download it again").click()
    assert download.value.suggested_filename == "scene-edited.zip"
    with av.open(str(export("MP4"))) as made:
        assert made.streams.video[0].codec_context.name == "h264"
    assert not list(home.rglob(".syncedit-*"))
