"""Pictures to choose from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import FileData, GradioModel

from syncedit_demo.ui.components.template import template
from syncedit_demo.ui.gradio_internals import event_text

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class Tile(GradioModel):
    """A picture to choose.

    Attributes:
        id: What the choice is called in the event.
        picture: The picture.
        title: The text below it.
        detail: A second, quieter text.
        more: A third one.
        time: When it was made, as ISO 8601 has it; it is shown after the second text, in the visitor's own zone.
        called: What it is called in a sentence, which the title need not tell.
        current: Whether it is the one on show.
    """

    id: str
    picture: FileData
    title: str
    detail: str
    more: str = ""
    time: str = ""
    called: str = ""
    current: bool = False


class Tiles(GradioModel):
    """Pictures to choose from.

    Attributes:
        tiles: The pictures.
        against: Whether each can also be put beside the one on show.
    """

    tiles: list[Tile]
    against: bool = False


def tiles(value: Tiles, *, elem_id: str) -> gr.HTML:
    """Make a row of `Tiles`; its events are `pick` and `against`, both with the `id` of the tile as data."""
    return template(HERE, value, elem_id)


def picked_tile(event: gr.EventData) -> str:
    """The id of the tile that one of the events is about; a browser may send any text, or nothing, which is empty."""
    return event_text(event, "id")
