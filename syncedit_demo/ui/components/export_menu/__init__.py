"""The menu of formats that a result can be downloaded in, and how far the file that was asked for is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradio.data_classes import FileData, GradioModel

from syncedit_demo.ui.components.template import template
from syncedit_demo.ui.gradio_internals import event_text

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class ExportChoice(GradioModel):
    """A format to choose.

    Attributes:
        name: What it is called in the event.
        title: What it is called in the page.
        about: What it is for, and what it is held to.
    """

    name: str
    title: str
    about: str


class ExportMenu(GradioModel):
    """The menu.

    Attributes:
        choices: The formats; none where there is nothing to export.
        state: Whether a file is being made, is there, or could not be made.
        words: What there is to say about that.
        share: How far it is, from 0 to 1.
        file: The file, which the browser is given as soon as it is there.
    """

    choices: list[ExportChoice]
    state: Literal["idle", "making", "done", "failed"] = "idle"
    words: str = ""
    share: float = 0.0
    file: FileData | None = None


def export_menu(value: ExportMenu, *, elem_id: str) -> gr.HTML:
    """Make the menu; its events are `make`, with the `name` of the format as data, and `halt`."""
    return template(HERE, value, elem_id)


def picked_format(event: gr.EventData) -> str:
    """The name of the format that an event asks for; a browser may send any text, or nothing, which is empty."""
    return event_text(event, "name")
