"""Settings to take along: as a link, and as presets that the browser keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import GradioModel

from syncedit_demo.ui.components.template import template
from syncedit_demo.ui.gradio_internals import event_text

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class SettingsBar(GradioModel):
    """The settings of the page as text, where they were asked for.

    Attributes:
        text: The settings, as `name=value&name=value`.
        purpose: What they were asked for: "link", or the name of a preset after "preset:".
        token: Another one each time that they are asked for.
    """

    text: str
    purpose: str
    token: str


def settings_bar(*, elem_id: str) -> gr.HTML:
    """Make the bar.

    Its events are `ask`, with its `purpose`, which is answered with a `SettingsBar`, and `apply`, with the settings of
    a preset as `text` and its name as `source`.
    """
    return template(HERE, None, elem_id)


def brought_settings(event: gr.EventData) -> tuple[str, str]:
    """The settings that an event brings, and where they come from; a browser may send any text."""
    return event_text(event, "text"), event_text(event, "source")
