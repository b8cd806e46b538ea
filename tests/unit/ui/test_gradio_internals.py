"""What the page leans on in Gradio without a promise is there in the Gradio that is installed."""

from __future__ import annotations

import asyncio
import gc
import inspect
import socket
import time
from typing import TYPE_CHECKING, Any

import gradio as gr
import pytest
from gradio.blocks import BlocksConfig
from gradio.routes import App
from uvicorn.protocols.http.h11_impl import H11Protocol

from syncedit_demo.ui.gradio_internals import LeanStates, event_text, launch_unchecked
from tests.support.running import free_port

if TYPE_CHECKING:
    from pathlib import Path


def test_an_event_has_what_the_browser_sent() -> None:
    assert event_text(gr.EventData(None, {"id": "balloon"}), "id") == "balloon"
    assert event_text(gr.EventData(None, {"id": 3}), "id") == "3"


@pytest.mark.parametrize("sent", [None, "id", ["id"], 3, {}, {"other": "id"}], ids=repr)
def test_an_event_may_have_brought_anything(sent: object) -> None:
    assert event_text(gr.EventData(None, sent), "id") == ""


def test_launching_can_be_told_not_to_look_whether_the_page_answers() -> None:
    assert inspect.signature(gr.Blocks.launch).parameters["_frontend"].default is True


def page_of_lean_states() -> tuple[App, Any, Any]:
    """A page with a state and a text in it."""

    async def lay_out() -> tuple[App, Any, Any]:
        with gr.Blocks(analytics_enabled=False) as page:
            given, text = gr.State(["kept"]), gr.Textbox("Here.")
        app = App()
        app.state_holder = LeanStates()
        app.configure_app(page)
        return app, given, text

    return asyncio.run(lay_out())


def test_of_a_page_its_state_is_kept_and_no_copy_of_its_layout() -> None:
    app, given, text = page_of_lean_states()
    one: Any = app.state_holder["one"]
    assert one[given._id] == ["kept"]
    one[given._id] = ["changed"]
    # What Gradio does with each answer.
    one._update_value_in_config(text._id, "There.")
    one[text._id] = gr.Textbox("There.")
    assert app.state_holder["one"][given._id] == ["changed"]
    assert app.state_holder["other"][given._id] == ["kept"]
    assert app.state_holder["one"][text._id].value == "There."
    assert list(one.components) == []


def test_the_state_of_a_page_is_made_without_asking_all_its_components(monkeypatch: pytest.MonkeyPatch) -> None:
    app, _, text = page_of_lean_states()
    asked: list[object] = []

    def ask(*given: object) -> None:
        asked.append(given)

    monkeypatch.setattr(BlocksConfig, "config_for_block", ask)
    assert app.state_holder["one"][text._id] is text
    assert asked == []


class CameEarly(gr.Blocks):
    """A page that somebody connects to as soon as there is a server, before it is known what makes a connection."""

    def launch(self, **options: Any) -> tuple[App, str, str]:  # type: ignore[override]  # noqa: ANN401
        launched = super().launch(**options)
        self.early = socket.create_connection(("127.0.0.1", self.server_port), timeout=30)
        # Gradio asks its own server something too.
        here = self.early.getsockname()
        state: Any = self.server.server_state
        while not any(each.client == here for each in state.connections.copy()):
            time.sleep(0.01)
        return launched


# Gradio leaves its server's loop and sockets to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_who_connects_before_it_is_known_what_makes_a_connection_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))

    async def lay_out() -> tuple[CameEarly, App]:
        # Gradio makes loops of its own where there is none, and leaves them open.
        with CameEarly(analytics_enabled=False) as page:
            gr.HTML("Here.")
        return page, App()

    page, app = asyncio.run(lay_out())
    launch_unchecked(page, app, H11Protocol, server_port=free_port(), quiet=True)
    with page.early as line:
        assert line.recv(1) == b""
    page.close(verbose=False)
    del page, app
    gc.collect()
