"""The first frame as a picture, and how to edit it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import FileData, GradioModel

from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class FirstFrame(GradioModel):
    """The first frame of what is edited.

    Attributes:
        picture: A PNG.
        width: Its width in pixels.
        height: Its height in pixels.
    """

    picture: FileData
    width: int
    height: int


def first_frame(*, elem_id: str) -> gr.HTML:
    """Make a place for a `FirstFrame`."""
    return template(HERE, None, elem_id)
