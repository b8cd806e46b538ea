"""The run on show: a note and a rating of its visitor, and what can be done with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import GradioModel

from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class RunCard(GradioModel):
    """A run.

    Attributes:
        id: What it is called in the events.
        title: What it is counted as.
        note: What the visitor wrote down about it.
        rating: What the visitor gave it, from 1 to `best`, None while it was not rated.
        sentence: Why.
        best: The best rating there is.
        kept: Whether it stays when the others are deleted.
        others: How many there are that would not stay.
        longest: Characters of a note.
        trouble: What went wrong, empty where nothing did.
    """

    id: str
    title: str
    note: str
    rating: int | None
    sentence: str
    best: int
    kept: bool
    others: int
    longest: int
    trouble: str = ""


def run_card(*, elem_id: str) -> gr.HTML:
    """Make a place for a `RunCard`; it takes no room while there is none.

    Its events have the `id` of the run as data: `again`, `remove`, `remove_others`, `keep`, with `on` as "on" or "off",
    `note`, with its `text`, and `rate`, with its `rating`, empty where it is taken back, and its sentence as `text`.
    """
    return template(HERE, None, elem_id)
