"""The page as a visitor uses it, driven in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Dialog, Locator, Page, expect

if TYPE_CHECKING:
    pass


SIZE = (320, 256)


FRAMES = 24


LIMIT = 40


RUN_TIMEOUT = 60_000
"""Milliseconds in which a small run is done even on a busy machine."""


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
