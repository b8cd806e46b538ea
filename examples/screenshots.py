"""Takes the pictures of the page for docs/ from the page itself, in Chromium, at a desk and on a phone, light and dark.

`python -m examples.screenshots` makes an example's edit on the page and writes docs/states/*.webp, one for each state
with its four looks beside each other, and the larger pictures of docs/page.md. It takes minutes.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.running import running_app

ROOT = Path(__file__).parents[1]
DOCS, EXAMPLES = ROOT / "docs", ROOT / "examples"
CHROMIUM = "/usr/bin/chromium"
CLIP, EDITED = EXAMPLES / "toy-train/reference.mp4", EXAMPLES / "toy-train/edited.png"
OTHER = EXAMPLES / "balloon/edited.png"

DESK, PHONE = (1440, 900), (390, 844)
"""Width and height in pixels of the screens."""

ROW_HEIGHT, GAP = 450, 8
"""Of the four looks beside each other, in pixels."""

QUALITY = 80
"""Of the WebP encoder, from 0 to 100: the ten states stay below a megabyte together."""

STATES = (
    *("arrival", "first-frame", "trim", "painting", "refused"),
    *("edited-frame", "running", "result", "wipe", "report"),
)
"""In the order in which docs/page.md shows them."""

LARGER = {
    "page": ("result", "desk-light"),
    "page-dark": ("result", "desk-dark"),
    "page-phone": ("result", "phone-dark"),
    "report": ("report", "desk-light"),
}
"""The pictures that docs/ shows by themselves: of which state, in which look."""

PATIENCE = 300_000
"""Milliseconds in which everything happens, an edit too."""

MIDDLE = "place => place.scrollIntoView({ block: 'center' })"

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

Shoot = Callable[..., None]
"""Keeps a picture of a state, by its name, in both schemes or in one."""


class Album:
    """The pictures by state and look."""

    def __init__(self) -> None:
        self.pictures: dict[str, dict[str, Image.Image]] = {}

    def add(self, state: str, look: str, png: bytes) -> None:
        """Keep a picture."""
        self.pictures.setdefault(state, {})[look] = Image.open(io.BytesIO(png)).convert("RGB")

    def write(self) -> None:
        """Write the pictures that docs/ shows."""
        folder = DOCS / "states"
        folder.mkdir(exist_ok=True)
        for number, state in enumerate(STATES, 1):
            _row(list(self.pictures[state].values())).save(
                folder / f"{number:02}-{state}.webp", quality=QUALITY, method=6
            )
        for name, (state, look) in LARGER.items():
            self.pictures[state][look].save(DOCS / f"{name}.webp", quality=QUALITY, method=6)


def _row(pictures: list[Image.Image]) -> Image.Image:
    reduced = [each.resize((round(each.width * ROW_HEIGHT / each.height), ROW_HEIGHT)) for each in pictures]
    row = Image.new("RGB", (sum(each.width + GAP for each in reduced) - GAP, ROW_HEIGHT), (128, 128, 128))
    left = 0
    for each in reduced:
        row.paste(each, (left, 0))
        left += each.width + GAP
    return row


def main() -> None:
    """Take the pictures."""
    album = Album()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        with running_app(Path(name)) as address:
            for device, size in (("desk", DESK), ("phone", PHONE)):
                page = _open(browser, address, size, is_phone=device == "phone")
                _walk(page, partial(_shoot, album, page, device))
                page.context.close()
                for scheme in SCHEMES:
                    # The painter looks as the page did when it was opened.
                    page = _open(browser, address, size, is_phone=device == "phone", scheme=scheme)
                    _paint(page)
                    _shoot(album, page, device, "painting", scheme)
                    page.context.close()
        browser.close()
    album.write()
    for path in sorted(DOCS.rglob("*.webp")):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def _open(browser: Browser, address: str, size: tuple[int, int], *, is_phone: bool, scheme: Scheme = "light") -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
        has_touch=is_phone,
        is_mobile=is_phone,
        color_scheme=scheme,
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#clip-file button").first).to_be_visible()
    # What is on its way from one colour to another has neither.
    page.add_style_tag(content="* { transition: none !important; animation: none !important }")
    return page


def _shoot(album: Album, page: Page, device: str, state: str, *schemes: Scheme) -> None:
    for scheme in schemes or SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)
        album.add(state, f"{device}-{scheme}", page.screenshot())


def _paint(page: Page) -> None:
    """Go to where a visitor paints."""
    _give_clip(page)
    page.get_by_role("tab", name="Paint here").click()
    expect(page.locator("#editor")).to_have_attribute("data-drawn", "")
    page.locator("#editor").evaluate(MIDDLE)


def _give_clip(page: Page) -> None:
    page.locator("#clip-file input[type=file]").set_input_files(CLIP)
    expect(page.locator("#clip-head .step-head")).to_have_attribute("data-state", "done")
    expect(page.locator("#trim .last")).to_be_attached()
    page.wait_for_function("document.querySelector('#trim .last').naturalWidth > 0")
    page.wait_for_function("document.querySelector('#clip-card video').src")


def _walk(page: Page, shoot: Shoot) -> None:
    """Go the way of a visitor, and shoot each state."""
    player = page.locator(".compare-player")
    expect(player).to_have_attribute("data-state", "ready")
    shoot("arrival")
    _give_clip(page)
    shoot("first-frame")
    page.locator("#clip-head button").click()
    page.locator("#trim").evaluate(MIDDLE)
    shoot("trim")
    page.locator("#clip-head button").click()
    page.locator("#edited-file input[type=file]").set_input_files(OTHER)
    expect(page.locator("#frame-message .notice")).to_have_attribute("data-tone", "bad")
    page.locator("#frame-message").evaluate(MIDDLE)
    shoot("refused")
    page.locator("#frame-step").get_by_role("button", name="Clear").click()
    page.locator("#edited-file input[type=file]").set_input_files(EDITED)
    expect(page.locator("#generate")).to_be_enabled()
    page.locator("#frame-head button").click()
    page.locator("#frame-slider").evaluate(MIDDLE)
    shoot("edited-frame")
    page.locator("#frame-head button").click()
    page.locator("#generate").click()
    expect(page.locator("#run-state img")).to_be_visible()
    shoot("running")
    expect(page.locator("#run-state .phase")).to_contain_text("is done")
    expect(player).to_have_attribute("data-state", "ready")
    player.locator(".stage").evaluate("stage => stage.scrollIntoView({ block: 'nearest' })")
    shoot("result")
    page.locator(".compare-player .more").click()
    page.locator(".compare-player [value=wipe]").click()
    page.locator(".compare-player .bar").evaluate(MIDDLE)
    shoot("wipe")
    page.locator(".compare-player .more").click()
    page.locator(".compare-player [value=side]").click()
    page.locator("#sync .open").click()
    page.locator("#sync").evaluate(MIDDLE)
    shoot("report")


if __name__ == "__main__":
    main()
