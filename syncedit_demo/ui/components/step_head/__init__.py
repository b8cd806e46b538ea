"""The head of a step: one line that says how far the step is, and folds what belongs to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradio.data_classes import FileData, GradioModel

from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

HERE = Path(__file__).parent

State = Literal["waiting", "open", "busy", "done"]
"""What another step has to bring is waited for; to be done; what was given is looked at; done."""


class StepHead(GradioModel):
    """How far a step is.

    Attributes:
        number: Its place among the steps, from 1.
        title: What it is about.
        state: How far it is. A step unfolds when it is to be done, folds when it is done, and stays as it is between.
        summary: The same in words, or what was given.
        picture: What was given, as a small picture.
    """

    number: int
    title: str
    state: State
    summary: str = ""
    picture: FileData | None = None


def step_head(value: StepHead, *, elem_id: str) -> gr.HTML:
    """Make the head of a step: a column of the class `step`, whose part of the class `step-body` it folds."""
    return template(HERE, value, elem_id)
