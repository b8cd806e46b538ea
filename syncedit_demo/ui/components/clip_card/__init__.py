"""What a clip is and what will be made of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import FileData, GradioModel

from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class ClipCard(GradioModel):
    """What a clip is and what will be made of it.

    Attributes:
        picture: Frame 0.
        video: The reference, once there is a copy that browsers play.
        width: Width of either in pixels.
        height: Height of either in pixels.
        source: The clip in words.
        result: The result in words.
        notes: Every change, as sentences.
    """

    picture: FileData
    video: FileData | None = None
    width: int
    height: int
    source: str
    result: str
    notes: list[str]


def clip_card(*, elem_id: str) -> gr.HTML:
    """Make a place for a `ClipCard`."""
    return template(HERE, None, elem_id)
