"""What the page leans on in Gradio without a promise is there in the Gradio that is installed."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

import gradio as gr
import pytest

from syncedit_demo.ui.gradio_internals import event_text, serve_from

if TYPE_CHECKING:
    from pathlib import Path


def test_an_event_has_what_the_browser_sent() -> None:
    assert event_text(gr.EventData(None, {"id": "balloon"}), "id") == "balloon"
    assert event_text(gr.EventData(None, {"id": 3}), "id") == "3"


@pytest.mark.parametrize("sent", [None, "id", ["id"], 3, {}, {"other": "id"}], ids=repr)
def test_an_event_may_have_brought_anything(sent: object) -> None:
    assert event_text(gr.EventData(None, sent), "id") == ""


def test_the_files_of_a_component_are_served_from_a_folder(tmp_path: Path) -> None:
    async def build() -> gr.ImageEditor:
        with gr.Blocks(analytics_enabled=False):
            return gr.ImageEditor()

    # Where no event loop runs, Gradio makes some and leaves them open.
    editor = asyncio.run(build())
    picture = tmp_path / "picture.png"
    picture.touch()
    before = editor.move_resource_to_block_cache(picture)
    assert before
    assert tmp_path / "served" not in (tmp_path / before).parents
    serve_from(editor, tmp_path / "served")
    served = editor.move_resource_to_block_cache(picture)
    assert served
    assert tmp_path / "served" in (tmp_path / served).parents


def test_launching_can_be_told_not_to_look_whether_the_page_answers() -> None:
    assert inspect.signature(gr.Blocks.launch).parameters["_frontend"].default is True
