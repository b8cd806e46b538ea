"""How the page is served: how it looks, how long files are kept, and that nothing about a visit leaves the machine."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.request import ProxyHandler, Request, build_opener

import gradio as gr

from syncedit_demo.reading.choice import make_runner
from syncedit_demo.service import EditService
from syncedit_demo.spare_memory import keep_few_arenas
from syncedit_demo.ui.door.app import Door, DoorApp
from syncedit_demo.ui.door.connections import Lines, connection_limit
from syncedit_demo.ui.door.log_lines import write_in_lines
from syncedit_demo.ui.door.names import FolderNames
from syncedit_demo.ui.door.password import Guard, Password
from syncedit_demo.ui.gradio_internals import launch_unchecked
from syncedit_demo.ui.page import build_page
from syncedit_demo.ui.shutdown import End, end_when_told
from syncedit_demo.ui.theme import theme
from syncedit_demo.ui.visits.cookie import VisitCookies
from syncedit_demo.ui.visits.examples import EXAMPLES
from syncedit_demo.ui.visits.old_files import Ages, delete_old_files
from syncedit_demo.ui.visits.work_folder import make_private, occupy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from syncedit_demo.settings import Settings

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent
CLEANING_SECONDS = 600
PAGE_READERS = 2
"""Processes that read what visitors bring where nothing else is set, a few gigabytes each at most."""

SESSIONS = 300
"""Open pages whose state is kept; that of the one that did nothing for the longest time makes room."""

ANSWER_SECONDS = (3, 6, 12, 24)
"""How long an answer of the page is waited for, again and again, before whoever started it is told that it is slow."""


def serve_page(settings: Settings) -> None:
    """Serve the page; what visitors bring is read in processes of their own, unless the settings say otherwise.

    Raises:
        SettingsError: The working folder cannot be used, or is not safe from others.
    """
    readers = PAGE_READERS if settings.readers is None else settings.readers
    with closing(EditService(settings, make_runner(settings, readers))) as service:
        serve(service)


def serve(service: EditService) -> None:
    """Build the page and serve it until the process is told to end.

    Where and on which port is Gradio's matter: `GRADIO_SERVER_NAME`, `GRADIO_SERVER_PORT`.

    Raises:
        SettingsError: The working folder cannot be used, or is not safe from others.
    """
    keep_few_arenas()
    settings = service.settings
    make_private(settings)
    occupied = occupy(settings)
    password = Password.read(settings.auth.get_secret_value()) if settings.auth else None
    cookies = VisitCookies.kept_in(settings.work_dir)
    lines = Lines(connection_limit())
    work = settings.work_dir.absolute()
    os.environ["GRADIO_TEMP_DIR"] = str(settings.uploads_dir.absolute())
    # Served from where they are: a copy among the uploads would be deleted with these.
    gr.set_static_paths([EXAMPLES])

    @asynccontextmanager
    async def cleaning(_: object) -> AsyncGenerator[None]:
        asyncio.get_running_loop().set_exception_handler(lines.quietly)
        task = asyncio.create_task(_clean(settings))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    end = End(service)
    # Before the launch, at which a platform that lends GPUs takes what it finds.
    if settings.engine != "draft":
        service.engines.begin(end.begin_anew)
    page = build_page(service)
    door = Door(
        lines=lines,
        cookies=cookies,
        names=FolderNames({"/kept": work, "/examples": EXAMPLES}),
        settings=settings,
        locked=password is not None,
        mcp=os.environ.get("GRADIO_MCP_SERVER", "").lower() == "true",
    )
    write_in_lines([work])
    address = launch_unchecked(
        page,
        DoorApp(door),
        lines.protocol,
        auth=cast("Any", Guard(password).check) if password else None,
        auth_message="This page is private." if password else None,
        state_session_capacity=SESSIONS,
        theme=theme(),
        css_paths=[HERE / "gradio.css", HERE / "page.css"],
        # In the head, so that it is there before the first file can be dropped.
        head=f"<script>{_upload_limit(settings.max_upload_mb)}</script><script>{_between_parts()}</script>",
        footer_links=["api"],
        # Of faces, no run is remembered by the browser and no traffic is shown to whoever asks.
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        max_file_size=settings.max_upload_mb * 1_000_000,
        allowed_paths=[str(settings.jobs_dir.absolute())],
        app_kwargs={"lifespan": cleaning},
    )
    logging.getLogger("uvicorn.error").addFilter(lines.once)
    _say_how_it_answers(address)
    end_when_told(page, service, end)
    if occupied is not None:
        occupied.close()
    end.follow()


def _say_how_it_answers(address: str) -> None:
    # It is this machine that is asked: no proxy knows the way.
    direct = build_opener(ProxyHandler({}))
    for seconds in ANSWER_SECONDS:
        try:
            with direct.open(Request(address, method="HEAD"), timeout=seconds):
                return
        except OSError:
            logger.warning("the page does not answer yet, this machine is busy; it is served all the same")


def _between_parts() -> str:
    return f"(() => {{\n{(HERE / 'page.js').read_text(encoding='utf-8')}\n}})()"


def _upload_limit(megabytes: int) -> str:
    script = (HERE / "upload_limit.js").read_text(encoding="utf-8")
    label = f"{megabytes / 1000:g} GB" if megabytes >= 1000 else f"{megabytes} MB"
    return f"(() => {{ const LIMIT = {megabytes * 1_000_000}, LABEL = {json.dumps(label)};\n{script}\n}})()"


async def _clean(settings: Settings) -> None:
    ages = Ages()
    while True:
        try:
            await asyncio.to_thread(delete_old_files, settings, ages)
        except Exception:
            logger.exception("old files could not be deleted; the next try is in %d s", CLEANING_SECONDS)
        await asyncio.sleep(CLEANING_SECONDS)
