"""A short text, in the tone of what it says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradio.data_classes import GradioModel

from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    from collections.abc import Sequence

    import gradio as gr

HERE = Path(__file__).parent

Tone = Literal["plain", "good", "warn", "bad", "busy"]


class Notice(GradioModel):
    """A short text.

    Attributes:
        tone: How it looks.
        lines: Its sentences, one below the other.
    """

    tone: Tone
    lines: list[str]


def notice(value: Notice | None = None, *, elem_id: str) -> gr.HTML:
    """Make a place for a `Notice`; it takes no room while there is none."""
    return template(HERE, value, elem_id)


def plain(lines: Sequence[str]) -> Notice | None:
    """A quiet notice, or none when there is nothing to say."""
    return Notice(tone="plain", lines=list(lines)) if lines else None


def bad(line: str) -> Notice:
    """A notice about what went wrong."""
    return Notice(tone="bad", lines=[line])


def busy(line: str) -> Notice:
    """A notice about what is being done, over the place of the picture that will come of it."""
    return Notice(tone="busy", lines=[line])
