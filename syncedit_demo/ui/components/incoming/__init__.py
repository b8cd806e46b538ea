"""What comes into the page beside clips and edited frames: the record of a result, and the settings of a link."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from syncedit_demo.ui.components.template import template
from syncedit_demo.ui.gradio_internals import event_text

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


def incoming(*, elem_id: str) -> gr.HTML:
    """Make what listens for records and for a link, and shows nothing.

    Its events are `record`, with its `text` and the file's `name`: it is read in the browser, a result is never
    uploaded for it; and `link`, with the settings as `text`, once, where the page was opened with some.
    """
    return template(HERE, None, elem_id)


def brought_record(event: gr.EventData) -> tuple[str, str]:
    """The text of the record that was brought, and the name of its file; a browser may send any text."""
    return event_text(event, "text"), event_text(event, "name")
