"""What this is, for whoever sees the page for the first time: three pictures and a few sentences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import FileData, GradioModel

from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class Intro(GradioModel):
    """An example in three pictures, and what can be made here.

    Attributes:
        clip: The clip, a video.
        edited: Its edited first frame.
        result: The edited clip, a video.
        place: The machine that the page is served from, in words.
        engine: The engine that works here.
        can: What it can do and what not.
        other: What could be had besides, and how; empty where nothing could.
    """

    clip: FileData
    edited: FileData
    result: FileData
    place: str
    engine: str
    can: str
    other: str


def intro(value: Intro | None, *, elem_id: str) -> gr.HTML:
    """Make a place for an `Intro`; it takes no room while there is none."""
    return template(HERE, value, elem_id)
