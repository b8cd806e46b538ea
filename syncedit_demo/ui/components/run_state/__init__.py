"""How far a run is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradio.data_classes import GradioModel

from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent


class RunState(GradioModel):
    """How far a run is.

    Attributes:
        state: Whether it still runs.
        phase: What is being done.
        detail: How long all of it still takes, or what became of it, in words.
        share: How much of all is done, from 0 to 1; None when it cannot be said.
        picture: The result so far as a data URL.
    """

    state: Literal["running", "done", "stopped"]
    phase: str
    detail: str = ""
    share: float | None = None
    picture: str | None = None


def run_state(*, elem_id: str) -> gr.HTML:
    """Make a place for a `RunState`."""
    return template(HERE, None, elem_id)
