"""The page on a phone, with the keyboard alone, and for those who hear it read."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.desk import Desk

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import OpenPage


SMALL = """
() => [...document.querySelectorAll(".card :is(button, a, summary, input, label:has(input)), header a")]
  .filter(each => each.checkVisibility({ visibilityProperty: true }))
  // A box to be ticked is as large as its label.
  .filter(each => !(each.matches("input") && each.closest("label")?.querySelector("span")))
  .map(each => [each.getBoundingClientRect(), each.outerHTML.slice(0, 100)])
  .filter(([{ width, height }]) => width > 1 && (width < 44 || height < 44))
  .map(([{ width, height }, html]) => `${width} by ${height}: ${html}`)
"""


def small(page: Page) -> list[str]:
    """What is there to be touched and not as large as a finger."""
    return page.evaluate(SMALL)


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.thorough)])
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
    assert desk.is_in_sight(desk.generate)
    desk.prepare()
    room = desk.sync.bounding_box()
    assert room
    assert desk.is_in_sight(desk.generate)
    page.evaluate("scrollTo(0, 0)")
    desk.run()
    assert desk.is_in_sight(desk.player.locator(".stage")), "the page goes to the result when it is there"
    assert desk.is_in_sight(desk.generate)
    page.evaluate("scrollTo(0, 0)")
    desk.player.locator(".stage").evaluate("stage => stage.scrollIntoView({ block: 'nearest' })")
    assert desk.is_in_sight(desk.player.locator(".stage")), "nothing that comes into sight is under what stays there"
    assert small(page) == [], "what is touched is as large as a finger"
    desk.player.get_by_role("button", name="More").tap()
    desk.player.get_by_role("button", name="Onion skin").tap()
    desk.sync.get_by_role("button", name="Sync check").tap()
    desk.unfold("clip")
    desk.unfold("frame")
    assert small(page) == [], "and so is what was folded away"
    desk.sync.get_by_role("button", name="Sync check").tap()
    desk.player.get_by_role("button", name="Side by side").tap()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    foot = page.get_by_text("Everything stays on this machine").bounding_box()
    bar = page.locator("#action").bounding_box()
    assert foot
    assert bar
    assert foot["y"] + foot["height"] <= bar["y"], "nothing is hidden by what stays at the edge"
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
    desk.has_clip()
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


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.thorough)])
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
    desk.unfold("clip")
    desk.unfold("frame")
    assert serious() == []
    desk.page.get_by_role("tab", name="Paint here").click()
    expect(desk.page.locator("#editor")).to_have_attribute("data-drawn", "")
    assert serious() == []
    desk.run()
    desk.player.get_by_role("button", name="More").click()
    desk.player.get_by_role("button", name="Onion skin").click()
    desk.sync.get_by_role("button", name="Sync check").click()
    assert serious() == []
    desk.player.get_by_role("button", name="Keys").click()
    assert serious() == []
    desk.page.keyboard.press("Escape")
    desk.clear("clip")
    desk.give_clip("words.mp4")
    expect(desk.notice("clip-message")).to_have_attribute("data-tone", "bad")
    assert serious() == []
