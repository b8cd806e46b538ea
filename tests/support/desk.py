"""The page as a visitor uses it, driven in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Dialog, Locator, Page, expect

SIZE = (320, 256)
"""Width and height in pixels of the clips that a visitor brings."""

FRAMES = 24
"""How many frames they have."""

LIMIT = 40
"""How many frames the app of these tests takes."""

MEGABYTES = 2
"""How big a file it takes."""

HOSTILE = ("<img src=x onerror=alert(1)>.mp4", "${alert(1)}.mp4")
"""Names of clips that must not be taken for markup or for a template."""

TOO_BIG = "<img src=x> is {{value}} big.mp4"
"""The name of a file that is too big."""

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
        self.toasts = page.locator(".toast-body")
        self.variants = page.locator("#variants")
        expect(page.locator("#clip-file button").first).to_be_visible()

    def _refuse(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def ask_for_size(self, width: int = SIZE[0], height: int = SIZE[1]) -> None:
        self.page.get_by_role("button", name="Advanced").click()
        self.page.get_by_label("Custom size").check()
        for name, side in (("Width", width), ("Height", height)):
            self.page.get_by_label(name, exact=True).fill(str(side))

    def give_clip(self, name: str = "scene.mp4") -> None:
        self.page.locator("#clip-file input[type=file]").set_input_files(self.media / name)

    def has_clip(self) -> None:
        """The clip was looked at: its step is one line, and the next one is open."""
        expect(self.head("clip")).to_have_attribute("data-state", "done")
        expect(self.page.locator("#first-frame img")).to_be_attached()

    def head(self, step: str) -> Locator:
        """The line of a step, "clip" or "frame"."""
        return self.page.locator(f"#{step}-head .step-head")

    def unfold(self, step: str) -> None:
        """Open a step that is a line."""
        button = self.head(step).get_by_role("button")
        if button.get_attribute("aria-expanded") == "false":
            button.click()
        expect(button).to_have_attribute("aria-expanded", "true")

    def clear(self, step: str) -> None:
        """Take back what was given to a step."""
        self.unfold(step)
        self.page.locator(f"#{step}-step").get_by_role("button", name="Clear").click()

    def drop_clip(self, size: int, name: str) -> None:
        """Drop a file of zeros on the place for the clip."""
        self.page.evaluate(
            """([size, name]) => {
              const dataTransfer = new DataTransfer();
              dataTransfer.items.add(new File([new Uint8Array(size)], name, { type: "video/mp4" }));
              const place = document.querySelector("#clip-file button");
              place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
            }""",
            [size, name],
        )

    def give_frame(self, name: str = "edited.png") -> None:
        self.page.locator("#edited-file input[type=file]").set_input_files(self.media / name)

    def prepare(self, width: int = SIZE[0], height: int = SIZE[1]) -> None:
        self.ask_for_size(width, height)
        self.give_clip()
        self.has_clip()
        self.give_frame()
        expect(self.generate).to_be_enabled()

    def run(self) -> None:
        self.generate.click()
        self.is_done()

    def is_done(self) -> None:
        expect(self.phase).to_contain_text("is done", timeout=RUN_TIMEOUT)
        expect(self.player).to_have_attribute("data-state", "ready")

    def is_in_sight(self, place: Locator) -> bool:
        """Whether all of a place is on the screen and nothing lies over its middle."""
        return place.evaluate(
            """place => {
              const { left, top, right, bottom } = place.getBoundingClientRect();
              const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
              return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth && place.contains(over);
            }"""
        )

    def place_of_the_picture(self) -> list[float]:
        """Where in the page the picture of the player is, wherever the page is scrolled to, once it has its shape."""
        expect(self.player).to_have_attribute("data-shape", re.compile("."))
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
