"""The review: two results without their names to be rated, and all ratings to take away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradio.data_classes import GradioModel

from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class ReviewBoard(GradioModel):
    """How far a review is.

    Attributes:
        runs: How many runs there are.
        state: Whether two are on show without their names, or were just named.
        pairs: How many pairs come after the one on show.
        said: What there is to say of it.
        best: The best rating there is.
        longest: Characters of a sentence.
        as_csv: All ratings, sentences and notes as a table.
        as_json: The same as JSON.
    """

    runs: int
    state: Literal["idle", "blind", "revealed"] = "idle"
    pairs: int = 0
    said: str = ""
    best: int
    longest: int
    as_csv: str
    as_json: str


def review_board(*, elem_id: str) -> gr.HTML:
    """Make a place for a `ReviewBoard`; it takes no room while there is none.

    Its events are `begin`, `together`, `following`, `leave`, and `judge` with `rating_a`, `text_a`, `rating_b` and
    `text_b`. The browser makes the files that are taken away.
    """
    return template(HERE, None, elem_id)
