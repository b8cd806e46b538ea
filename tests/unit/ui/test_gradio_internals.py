"""What the page leans on in Gradio without a promise is there in the Gradio that is installed."""

from __future__ import annotations

import inspect

import gradio as gr
import pytest

from syncedit_demo.ui.gradio_internals import event_text


def test_an_event_has_what_the_browser_sent() -> None:
    assert event_text(gr.EventData(None, {"id": "balloon"}), "id") == "balloon"
    assert event_text(gr.EventData(None, {"id": 3}), "id") == "3"


@pytest.mark.parametrize("sent", [None, "id", ["id"], 3, {}, {"other": "id"}], ids=repr)
def test_an_event_may_have_brought_anything(sent: object) -> None:
    assert event_text(gr.EventData(None, sent), "id") == ""


def test_launching_can_be_told_not_to_look_whether_the_page_answers() -> None:
    assert inspect.signature(gr.Blocks.launch).parameters["_frontend"].default is True
