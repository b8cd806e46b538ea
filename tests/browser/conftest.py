"""A real browser and real Gradio apps for the browser tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, sync_playwright

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)
LOCAL = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|(data|blob|about):")

Serve = Callable[..., str]
"""Serves a Blocks until the test ends and gives its address; keywords go to `launch`."""

OpenPage = Callable[..., Page]
"""Opens an address in a browser of its own; keywords are those of a Playwright context."""


@dataclass
class Watch:
    """What went wrong in the pages of a test, and which of it the test is about.

    Attributes:
        expected: Regular expressions of console errors that the test provokes on purpose.
        problems: Page errors, console errors and requests that left the machine, in order.
    """

    expected: list[str] = field(default_factory=list[str])
    problems: list[str] = field(default_factory=list[str])

    def follow(self, context: BrowserContext) -> None:
        """Listen to every page of a context and keep its requests on this machine."""
        context.on("weberror", lambda error: self.problems.append(f"page error: {error.error}"))
        context.on("console", self._on_console)
        context.route(lambda url: not LOCAL.match(url), self._refuse)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console error: {message.text} ({message.location.get('url', '')})")

    def _refuse(self, route: Route) -> None:
        self.problems.append(f"request leaves the machine: {route.request.url}")
        route.abort()

    def unexpected(self) -> list[str]:
        """The problems that no expectation matches."""
        return [each for each in self.problems if not any(re.search(pattern, each) for pattern in self.expected)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:

        def launch(app: gr.Blocks, **options: Any) -> str:
            _, address, _ = app.launch(
                server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, show_error=True, **options
            )
            stack.callback(app.close, verbose=False)
            return address

        yield launch


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test at its end when a page of it had an error or asked for anything outside this machine."""
    watch = Watch()
    yield watch
    assert watch.unexpected() == []


@pytest.fixture
def open_page(browser: Browser, watch: Watch) -> Iterator[OpenPage]:
    with ExitStack() as stack:

        def open_page(address: str, **options: Any) -> Page:
            context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
            stack.callback(context.close)
            watch.follow(context)
            page = context.new_page()
            page.goto(address)
            return page

        yield open_page
