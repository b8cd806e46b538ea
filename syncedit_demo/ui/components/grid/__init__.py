"""Up to nine results in a grid, on one clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import FileData, GradioModel
from pydantic import PositiveInt

from syncedit_demo.ui.components.exact_rate import ExactRate
from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent

MOST = 9
"""Videos that play at once: more are too small to tell apart, and too much for a laptop to decode."""


class GridVideo(GradioModel):
    """One of the results.

    Attributes:
        picture: An mp4 that browsers play, without a sound track.
        label: What it is called; any text.
    """

    picture: FileData
    label: str


class Grid(GradioModel):
    """Results of the same frame count and rate.

    Attributes:
        videos: One to `MOST` of them; the first one leads.
        width: Width of the first one in pixels; with `height` it fixes the shape of all.
        height: Its height in pixels.
        frames: Number of frames of each.
        rate: Frames per second, exact; goes to the page as numerator and denominator.
    """

    videos: list[GridVideo]
    width: PositiveInt
    height: PositiveInt
    frames: PositiveInt
    rate: ExactRate


def grid(*, elem_id: str) -> gr.HTML:
    """Make a place for a `Grid`; it takes no room while there is none. Its event is `close`."""
    return template(HERE, None, elem_id)
