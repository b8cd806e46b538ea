"""The page works under its own policy, and no script of it knows whose visit it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.support.desk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from tests.browser.conftest import OpenPage, Watch

LISTEN = """
globalThis.violations = [];
addEventListener("securitypolicyviolation", event =>
  violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""


def violations(page: Page) -> list[str]:
    return page.evaluate("violations")


def test_the_whole_page_works_under_its_policy(open_page: OpenPage, app: str, media: Path, watch: Watch) -> None:
    page = open_page("about:blank")
    page.add_init_script(LISTEN)
    answer = page.goto(app)
    assert answer
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    desk = Desk(page, media)
    desk.prepare()
    desk.unfold("frame")
    page.get_by_role("tab", name="Paint here").click()
    expect(page.locator("#editor canvas").first).to_be_visible()
    page.get_by_role("tab", name="Edit it anywhere").click()
    expect(page.locator("#editor")).to_be_hidden()
    expect(desk.generate).to_be_enabled()
    desk.run()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(desk.sync).to_be_visible()
    desk.clear("clip")
    page.locator("#examples button").first.click()
    expect(page.locator("#caption")).to_contain_text("Example")
    expect(desk.player).to_have_attribute("data-state", "ready")
    assert violations(page) == []
    # A policy that nothing can offend holds nothing; after that the page is loaded anew.
    assert watch.unexpected() == []
    watch.expected += [r"http://127\.0\.0\.2:9/"]
    watch.expect_leaving()
    page.evaluate("fetch('http://127.0.0.2:9/').catch(() => {})")
    page.wait_for_function("violations.length > 0")
    assert violations(page)[0].startswith("connect-src")

    known = page.context.cookies()
    assert [(each.get("name"), each.get("httpOnly")) for each in known] == [("syncedit-visit", True)]
    visit = str(known[0].get("value")).partition(".")[0]
    read = page.evaluate("JSON.stringify([document.cookie, Object.values(localStorage), window.gradio_config])")
    assert visit not in json.dumps(read)
    page.reload()
    expect(page.locator("#runs .detail").last).to_be_visible()


def test_what_it_means_to_keep_no_cookie_is_said(open_page: OpenPage, app: str) -> None:
    page = open_page("about:blank")

    def without_cookie(route: Route) -> None:
        answer = route.fetch()
        kept = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
        route.fulfill(response=answer, headers=kept)

    page.context.route(re.compile(f"^{re.escape(app)}$"), without_cookie)
    page.goto(app)
    page.context.clear_cookies()
    page.reload()
    page.context.clear_cookies()
    expect(page.locator("#gone-message .notice")).to_contain_text("keeps no cookie of this page")
