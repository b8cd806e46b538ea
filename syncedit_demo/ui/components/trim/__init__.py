"""Two handles on a clip: the part of it that is used, with its first and its last picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import FileData, GradioModel
from pydantic import NonNegativeInt, PositiveInt

from syncedit_demo.ui.components.exact_rate import ExactRate
from syncedit_demo.ui.components.template import template
from syncedit_demo.ui.gradio_internals import event_text

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class Trim(GradioModel):
    """The part of a clip that is used.

    Attributes:
        first: The first picture of the part.
        last: The last one, None while it is being fetched.
        width: Width of either in pixels; with `height` it fixes their shape.
        height: Height of either in pixels.
        start: Frames before the part.
        frames: Frames of the part.
        total: Frames of the whole clip.
        most: Frames that the part may have.
        rate: Frames per second, exact; goes to the page as numerator and denominator.
        asked: The number of the event that this is the answer to. None where nobody moved a handle.
    """

    first: FileData
    last: FileData | None
    width: PositiveInt
    height: PositiveInt
    start: NonNegativeInt
    frames: PositiveInt
    total: PositiveInt
    most: PositiveInt
    rate: ExactRate
    asked: int | None


def trim(*, elem_id: str) -> gr.HTML:
    """Make a place for a `Trim`.

    Its event is `trim`, once a handle is let go: with `start` and `frames` of the part, and the number of the event as
    `asked`. An answer with an older number leaves the handles where they are, and so does any while one is held.
    """
    return template(HERE, None, elem_id)


def trimmed(event: gr.EventData) -> tuple[int, int, int] | None:
    """Start, frames and number of a `trim` event; a browser may send anything, of which None is left."""
    texts = [event_text(event, name) for name in ("start", "frames", "asked")]
    if not all(text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER for text in texts):
        return None
    start, frames, asked = map(int, texts)
    return start, frames, asked


LONGEST_NUMBER = 9
"""Digits of a number of frames."""
