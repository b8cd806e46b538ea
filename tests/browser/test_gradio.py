"""What the style of the page leans on in Gradio is there in the page that the installed Gradio makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from syncedit_demo.ui import launch
from tests.support.desk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import OpenPage

STYLE = launch.HERE / "gradio.css"

SELECTORS_OF = """
css => {
  // The names of states and of what is drawn beside an element match nothing by themselves.
  const plain = selector => selector.replaceAll(/::?(after|before|hover|focus-within|focus-visible)\\b/g, "");
  const found = [];
  const collect = (rules, parent) => {
    for (const rule of rules) {
      // Commas within brackets part no selectors.
      const lists = (rule.selectorText ?? parent).split(/,(?![^(]*\\))/);
      const selectors = lists.map(each => (parent ? each.replaceAll("&", parent) : each).trim());
      if (rule.selectorText) found.push(...selectors.map(plain));
      for (const each of selectors) collect(rule.cssRules ?? [], rule.selectorText ? each : parent);
    }
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  collect(sheet.cssRules, "");
  return [...new Set(found)];
}
"""


def selectors(desk: Desk, css: str) -> set[str]:
    return set(desk.page.evaluate(SELECTORS_OF, css))


def matching(desk: Desk, among: set[str]) -> set[str]:
    """Those of some selectors that match anything in the page as it is now."""
    return {each for each in among if desk.page.evaluate("each => document.querySelector(each) !== null", each)}


def test_every_selector_of_a_sheet_is_found(desk: Desk) -> None:
    css = (
        "a:has(b, c), d::after { color: red; &:hover { color: blue } .e { color: red } } @media print { f { top: 0 } }"
    )
    assert selectors(desk, css) == {"a:has(b, c)", "d", "a:has(b, c) .e", "d .e", "f"}


def test_every_selector_for_what_gradio_draws_matches_something(open_page: OpenPage, app: str, media: Path) -> None:
    desk = Desk(open_page(app, color_scheme="dark"), media)
    wanted = selectors(desk, STYLE.read_text(encoding="utf-8"))
    assert len(wanted) > 20
    found = matching(desk, wanted)
    desk.ask_for_size()
    desk.give_clip("long.mp4")
    desk.has_clip()
    desk.unfold("clip")
    expect(desk.page.locator("#trim .trim")).to_be_visible()
    expect(desk.page.locator("#edited-file button").first).to_be_visible()
    found |= matching(desk, wanted)
    desk.give_frame()
    expect(desk.page.locator("#frame-slider img").first).to_be_attached()
    found |= matching(desk, wanted)
    assert wanted - found == set()


@pytest.mark.parametrize("path", sorted(launch.HERE.rglob("*.css")), ids=lambda path: path.name)
def test_no_other_sheet_names_what_gradio_draws(path: Path) -> None:
    names = re.findall(
        r"data-testid|\.(?:gradio-container|block|form|wrap|html-container|label-wrap)\b", path.read_text()
    )
    assert bool(names) == (path == STYLE)
