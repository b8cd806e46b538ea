"""A real browser and real Gradio apps for the browser tests."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypedDict, Unpack
from urllib.parse import urlsplit

import gradio as gr
import numpy as np
import pytest
from gradio.themes import ThemeClass as Theme
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    ViewportSize,
    WebError,
    expect,
    sync_playwright,
)

from tests.support.clips import edited_scene, scene, write_scene
from tests.support.desk import FRAMES, HOSTILE, LIMIT, MEGABYTES, SIZE, TOO_BIG, Desk
from tests.support.media import Sound, Video, write_clip
from tests.support.running import free_port, running_app

expect.set_options(timeout=20_000)

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
STORED = "local_storage,indexeddb,cache_storage,service_workers"
LOCAL = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|(data|blob|about):")


class LaunchOptions(TypedDict, total=False):
    theme: Theme
    css: str
    allowed_paths: list[str]
    max_file_size: str
    app_kwargs: dict[str, object]


class Serve(Protocol):
    """Serves a Blocks until the tests of the module are over and gives its address."""

    def __call__(self, app: gr.Blocks, **options: Unpack[LaunchOptions]) -> str: ...


class ContextOptions(TypedDict, total=False):
    viewport: ViewportSize
    has_touch: bool
    is_mobile: bool
    device_scale_factor: float
    color_scheme: Literal["dark", "light"]
    reduced_motion: Literal["reduce", "no-preference"]


class OpenPage(Protocol):
    """Opens an address in a browser context that it shares with nobody meanwhile.

    When nothing else is asked for it is 1440 by 900, and of somebody who wants less motion: the example that plays on
    the page would take most of a processor in every test.
    """

    def __call__(self, address: str, **options: Unpack[ContextOptions]) -> Page: ...


def pytest_configure(config: pytest.Config) -> None:
    # Gradio's own statistics use what pandas has deprecated.
    config.addinivalue_line("filterwarnings", "ignore::pandas.errors.Pandas4Warning")


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
        context.on("weberror", self._on_error)
        context.on("console", self._on_console)
        context.route(lambda url: not LOCAL.match(url), self._refuse)

    def leave(self, context: BrowserContext) -> None:
        """Listen no longer."""
        context.remove_listener("weberror", self._on_error)
        context.remove_listener("console", self._on_console)
        context.unroute_all(behavior="ignoreErrors")

    def _on_error(self, error: WebError) -> None:
        self.problems.append(f"page error: {error.error}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console error: {message.text} ({message.location.get('url', '')})")

    def _refuse(self, route: Route) -> None:
        self.problems.append(f"request leaves the machine: {route.request.url}")
        route.abort()

    def expect_leaving(self) -> None:
        """Expect what Gradio says when a page is left while it loads or is told something."""
        self.expected += ["AbortError: signal is aborted", "Connection errored out"]

    def unexpected(self) -> list[str]:
        """The problems that no expectation matches."""
        return [each for each in self.problems if not any(re.search(pattern, each) for pattern in self.expected)]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


class Contexts:
    """Browser contexts, lent to one test after another.

    What a context has loaded and compiled of Gradio's page it need not load and compile again: that is two thirds of
    opening one. All else is taken from it in between.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[BrowserContext]] = {}

    @contextmanager
    def lent(self, **options: Unpack[ContextOptions]) -> Generator[BrowserContext]:
        """One of these options that nobody uses, without cookies, storage and permissions."""
        idle = self._idle.setdefault(repr(sorted(options.items())), [])
        context = idle.pop() if idle else self._browser.new_context(**options)
        yield context
        for page in context.pages:
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
            of_page = context.new_cdp_session(page)
            of_page.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORED})
            page.close()
        context.clear_cookies()
        context.clear_permissions()
        idle.append(context)


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    return Contexts(browser)


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    with ExitStack() as stack:
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("GRADIO_ANALYTICS_ENABLED", "False")
        environment.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))

        def launch(app: gr.Blocks, **options: Unpack[LaunchOptions]) -> str:
            # A port of its own: where Gradio looks for one, it leaves its socket open on each that is taken.
            _, address, _ = app.launch(
                server_name="127.0.0.1",
                server_port=free_port(),
                prevent_thread_lock=True,
                quiet=True,
                show_error=True,
                **options,
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
def open_page(contexts: Contexts, watch: Watch) -> Iterator[OpenPage]:
    with ExitStack() as stack:

        def open_page(address: str, **options: Unpack[ContextOptions]) -> Page:
            usual: ContextOptions = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
            context = stack.enter_context(contexts.lent(**(usual | options)))
            watch.follow(context)
            stack.callback(watch.leave, context)
            page = context.new_page()
            page.goto(address)
            return page

        yield open_page


# The app in a process of its own: what most of these tests open, once for all of them.


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    edited = edited_scene(write_scene(folder / "scene.mp4", FRAMES, sound=True))
    write_scene(folder / "long.mp4", LIMIT + 20)
    for name in HOSTILE:
        (folder / name).write_bytes((folder / "scene.mp4").read_bytes())
    (folder / TOO_BIG).write_bytes(bytes(3_000_000))
    (folder / "words.mp4").write_text("These are words.")
    hevc = Video(codec="libx265", pixel_format="yuv420p10le", options={"x265-params": "log-level=none"})
    write_clip(folder / "hevc.mp4", (scene(index, SIZE) for index in range(FRAMES)), hevc, sounds=[Sound()])
    Image.fromarray(edited).save(folder / "edited.png")
    shifted = np.pad(edited, ((0, 0), (3, 0), (0, 0)), "edge")[:, : SIZE[0]]
    Image.fromarray(shifted).save(folder / "shifted.png")
    noise = np.random.default_rng(3).integers(0, 255, (32, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).resize(SIZE).save(folder / "elsewhere.png")
    return folder


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="session")
def app(home: Path) -> Iterator[str]:
    with running_app(home, max_frames=LIMIT, max_upload_mb=MEGABYTES) as address:
        yield address
    assert "Traceback" not in (home / "app.log").read_text(encoding="utf-8")


@pytest.fixture
def desk(open_page: OpenPage, app: str, media: Path) -> Desk:
    return Desk(open_page(app), media)
