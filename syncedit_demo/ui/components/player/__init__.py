"""The synchronised player: two videos of the same frames on one clock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.data_classes import FileData, GradioModel
from pydantic import PositiveInt

from syncedit_demo.ui.components.exact_rate import ExactRate
from syncedit_demo.ui.components.template import template

if TYPE_CHECKING:
    import gradio as gr

    from syncedit_demo.media.web_tracks import Playable
    from syncedit_demo.plan import EditPlan

HERE = Path(__file__).parent


class Side(GradioModel):
    """One of the two videos; its files have to lie where Gradio may serve them from.

    Attributes:
        picture: An mp4 that browsers play (H.264), without a sound track.
        sound: What is heard of it, an mp4 without a picture (AAC); None where there is nothing to hear.
        label: The name shown over the picture; any text.
    """

    picture: FileData
    sound: FileData | None
    label: str

    @classmethod
    def of(cls, playable: Playable, label: str) -> Side:
        """The video of two files."""
        sound = FileData(path=str(playable.sound)) if playable.sound else None
        return cls(picture=FileData(path=str(playable.picture)), sound=sound, label=label)


class Comparison(GradioModel):
    """What the player shows: two videos of the same frame count and rate.

    Attributes:
        reference: The left side, A.
        result: The right side, B. None while there is none yet: the player then shows the reference's first frame
            and keeps the place, so that nothing moves when the result arrives.
        clip: What both sides were made from, where both are results: it can be looked at beside them.
        width: Width of the picture in pixels; with `height` it fixes the shape of the box before anything is loaded.
        height: Height of the picture in pixels.
        frames: Number of frames of either video.
        rate: Frames per second, exact; goes to the page as numerator and denominator.
    """

    reference: Side
    result: Side | None = None
    clip: Side | None = None
    width: PositiveInt
    height: PositiveInt
    frames: PositiveInt
    rate: ExactRate

    @classmethod
    def of(cls, plan: EditPlan, reference: Side, result: Side | None = None, clip: Side | None = None) -> Comparison:
        """Videos that were made by a plan."""
        return cls(
            reference=reference,
            result=result,
            clip=clip,
            width=plan.width,
            height=plan.height,
            frames=plan.frames,
            rate=plan.frame_rate,
        )


def compare_player(value: Comparison | None = None, *, elem_id: str | None = None) -> gr.HTML:
    """Make the player; an event that has it as output returns a `Comparison`, or None for the empty state.

    In the page its root element, `.compare-player`, sends a bubbling `frame` CustomEvent with `detail.frame`, the
    index from 0 of the frame on show, whenever that changes; and goes to `detail.frame` of a `seekframe` CustomEvent
    dispatched on it.

    It is an instance of `gr.HTML` and not a subclass, because Gradio writes a type stub beside the source of each
    subclass, which hides later changes of that source from type checkers.

    Args:
        value: What it shows at first.
        elem_id: The id of the component in the page.
    """
    return template(HERE, value, elem_id)
