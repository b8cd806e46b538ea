"""Every route of the installed Gradio is decided on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import gradio as gr
import pytest
from gradio.routes import App

from syncedit_demo.ui.door.routes import CALL, CONFIG, FILE, PAGE, SERVED, served_route

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

API = "/gradio_api"
REFUSED = {
    # What runs ffmpeg, fetches, or takes numbers as they come.
    f"{API}/process_recording",
    f"{API}/proxy={{url_path:path}}",
    f"{API}/deep_link",
    f"{API}/custom_component/{{id}}/{{environment}}/{{type}}/{{file_name}}",
    f"{API}/dev/reload",
    f"{API}/stream/{{event_id}}",
    f"{API}/stream/{{event_id}}/close",
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist.m3u8",
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/{{segment_id}}.{{ext}}",
    f"{API}/stream/{{session_hash}}/{{run}}/{{component_id}}/playlist-file",
    f"{API}/vibe-edit",
    f"{API}/undo-vibe-edit",
    f"{API}/vibe-code",
    f"{API}/vibe-starter-queries",
    # What tells of others, or of nothing that anybody uses.
    "/monitoring",
    "/monitoring/summary",
    "/monitoring/{key}",
    f"{API}/runs",
    f"{API}/run-history/connect",
    f"{API}/run-history/buckets",
    f"{API}/run-history/records",
    f"{API}/run-history/records/{{endpoint}}/{{record_id}}/assets/{{asset_id}}",
    f"{API}/queue/status",
    f"{API}/user",
    f"{API}/login_check",
    f"{API}/token",
    f"{API}/app_id",
    f"{API}/openapi.json",
    "/openapi.json",
    f"{API}/theme.css",
    # Other ways to what is served.
    f"{API}/api/{{api_name}}",
    f"{API}/file/{{path:path}}",
    "/svelte/{path:path}",
    "/pwa_icon",
    "/pwa_icon/{size}",
}


def routes_of(routes: Iterable[object]) -> Iterator[str]:
    for route in cast("Iterable[Any]", routes):
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes)
        else:
            yield route.path


@pytest.fixture(scope="module")
def installed() -> set[str]:
    async def build() -> set[str]:
        with gr.Blocks(analytics_enabled=False) as page:
            gr.Markdown("A page.")
        page.footer_links = []
        page.run_history = True
        return set(routes_of(App.create_app(page).routes))

    # Where no event loop runs, Gradio makes some and leaves them open.
    return asyncio.run(build())


def test_every_route_of_gradio_is_served_or_refused_on_purpose(installed: set[str]) -> None:
    assert len(installed) > 50
    undecided = {path for path in installed if path.rstrip("/") not in REFUSED and path not in SERVED}
    undecided -= {f"{path}/" for path in SERVED}
    assert undecided == set(), "an upgrade brought what nobody decided on: serve it or refuse it"


def test_what_is_served_and_refused_is_there(installed: set[str]) -> None:
    assert SERVED.keys() <= installed
    assert {each for each in REFUSED if each not in installed and f"{each}/" not in installed} == set()


def test_nothing_is_both() -> None:
    assert not REFUSED & SERVED.keys()
    for path in REFUSED:
        asked = path.replace("{", "").replace("}", "").replace(":path", "")
        assert served_route(asked) is None, path


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/", PAGE),
        ("/config", CONFIG),
        ("/gradio_api/call/edit", CALL),
        ("/gradio_api/call/edit/0123", "/gradio_api/call/{api_name}/{event_id}"),
        ("/gradio_api/call/v2/edit", "/gradio_api/call/v2/{api_name}"),
        ("/gradio_api/file=/kept/a/b.png", FILE),
        ("/gradio_api/queue/join", "/gradio_api/queue/join"),
        ("/gradio_api/queue/join/", None),
        ("//config", None),
        ("/CONFIG", None),
        ("/config/..%2fmonitoring", None),
        ("/gradio_api/file", None),
        ("", None),
    ],
)
def test_a_path_leads_to_one_route(path: str, route: str | None) -> None:
    assert served_route(path) == route


def test_the_methods_are_those_that_read_but_for_what_is_posted() -> None:
    methods = {method for each in SERVED.values() for method in each}
    assert methods == {"GET", "HEAD", "POST"}
